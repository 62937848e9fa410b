/**
 * The parent's side of a worker process: starts it, records its reports in a log, asks what it uses, and ends it,
 * in good order or by SIGKILL. A worker process that ends by itself fails the log, so that no wait for it goes on.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ExecutionLog } from "./execution-log.js";
import { moment } from "./moment.js";
import type { Usage, WorkerMessage, WorkerOrder, WorkerRequest } from "./worker-protocol.js";

const PROGRAM = fileURLToPath(new URL("worker-process.js", import.meta.url));

export class WorkerLink {
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;
  /** Has it been asked to end? */
  #leaving = false;
  #usage: (usage: Usage) => void = () => undefined;
  #ready: () => void = () => undefined;
  #stopped: () => void = () => undefined;

  private constructor(order: WorkerOrder, log: ExecutionLog) {
    this.#process = fork(PROGRAM, [JSON.stringify(order)], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#process.on("message", (message) => this.#hear(message as WorkerMessage, log));
    this.#exited = this.#untilOver(log);
  }

  /** Starts a process; resolves when its worker takes jobs. @throws Error when it ends before that */
  static async start(order: WorkerOrder, log: ExecutionLog): Promise<WorkerLink> {
    const link = new WorkerLink(order, log);
    await link.#unlessEnded(
      new Promise<void>((resolve) => {
        link.#ready = resolve;
      }),
    );
    return link;
  }

  /** What the process uses now. */
  usage(): Promise<Usage> {
    return this.#ask(
      "usage",
      new Promise((resolve) => {
        this.#usage = resolve;
      }),
    );
  }

  /** Ends it in good order; what it did until then is in the log when this resolves. */
  async stop(): Promise<void> {
    this.#leaving = true;
    await this.#ask(
      "stop",
      new Promise<void>((resolve) => {
        this.#stopped = resolve;
      }),
    );
    await this.#exited;
  }

  /** Kills it where it stands; answers the moment. Nothing happens to one that has ended. */
  async kill(): Promise<number> {
    this.#leaving = true;
    const at = moment();
    this.#process.kill("SIGKILL");
    await this.#exited;
    return at;
  }

  #hear(message: WorkerMessage, log: ExecutionLog): void {
    switch (message.kind) {
      case "ready":
        return this.#ready();
      case "report":
        return log.record(message.report);
      case "failed":
        return log.fail(new Error(message.reason));
      case "usage":
        return this.#usage(message.usage);
      case "stopped":
        return this.#stopped();
    }
  }

  #ask<Answer>(request: WorkerRequest, answer: Promise<Answer>): Promise<Answer> {
    this.#process.send(request);
    return this.#unlessEnded(answer);
  }

  async #untilOver(log: ExecutionLog): Promise<void> {
    // The exit may be known before everything it said was read.
    await Promise.all(["exit", "disconnect"].map((event) => once(this.#process, event)));
    if (!this.#leaving) log.fail(endedByItself());
  }

  #unlessEnded<Answer>(answer: Promise<Answer>): Promise<Answer> {
    const ended = this.#exited.then(() => {
      throw endedByItself();
    });
    return Promise.race([answer, ended]);
  }
}

function endedByItself(): Error {
  return new Error("a worker process ended by itself");
}
