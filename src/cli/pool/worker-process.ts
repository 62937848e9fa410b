/** A worker of a pool as a process: starts `longshore worker` with the flags of the pool and receives its reports. */
import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { StopReason } from "../../worker/run/events.js";
import { isReport, READY_QUESTION, type PoolOrder } from "./pool-link.js";

/** How a worker's process ended. */
export interface WorkerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The error when it could not even be started. */
  readonly error: Error | null;
  /** The reason it reported for stopping; `null` without a report. */
  readonly reason: StopReason | null;
}

/** The callbacks for a worker. */
export interface WorkerListener {
  /** It takes work. */
  started(): void;
  /** It is gone. Called once, and last. */
  ended(exit: WorkerExit): void;
}

/** A running worker. */
export interface WorkerProcess {
  /** `undefined` when it could not be started. */
  readonly pid: number | undefined;
  order(order: PoolOrder): void;
  /** Does it take jobs? Answered when it answers, or when it is gone. */
  ready(): Promise<boolean>;
  /** Ends it with SIGKILL. */
  kill(): void;
}

/** Starts a worker of this name. */
export type StartWorker = (name: string, listener: WorkerListener) => WorkerProcess;

const NEVER_RAN = { code: null, signal: null, reason: null };

const main = fileURLToPath(new URL("../main.js", import.meta.url));

/** Starts workers as processes that share our standard output. `args`: what follows `longshore worker`. */
export function processStarter(args: (name: string) => readonly string[]): StartWorker {
  return (name, listener) => {
    let child: ChildProcess;
    try {
      child = spawn(process.execPath, [...process.execArgv, main, "worker", ...args(name)], {
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      });
    } catch (error) {
      // Node throws some of the system's refusals, a lack of memory among them, and emits the others.
      process.nextTick(() => listener.ended({ ...NEVER_RAN, error: error as Error }));
      return { pid: undefined, order() {}, ready: async () => false, kill() {} };
    }
    let reason: StopReason | null = null;
    let exit: Pick<WorkerExit, "code" | "signal"> | null = null;
    const question = new Question(() => child.connected && child.send(READY_QUESTION, () => {}));
    const end = (): void => {
      // Its last report may be read after its exit is known.
      if (exit !== null && !child.connected) listener.ended({ ...exit, error: null, reason });
    };
    child.on("message", (message) => {
      if (!isReport(message)) return;
      if (message.report === "started") listener.started();
      else if (message.report === "stopping") reason = message.reason;
      else question.answered(message.ready);
    });
    child.on("disconnect", () => {
      question.answered(false);
      end();
    });
    child.on("exit", (code, signal) => {
      exit = { code, signal };
      end();
    });
    child.on("error", (error) => {
      if (child.pid === undefined) listener.ended({ ...NEVER_RAN, error });
    });
    return {
      pid: child.pid,
      order(order) {
        // A worker that is about to end needs no order.
        if (child.connected) child.send(order, () => {});
      },
      ready: () => question.ask(),
      kill: () => void child.kill("SIGKILL"),
    };
  };
}

/** A question that is put once, however many want to know, until there is an answer. */
class Question {
  readonly #put: () => boolean;
  #asked: Promise<boolean> | null = null;
  #resolve: (answer: boolean) => void = () => {};

  /** @param put puts it; answers whether anybody hears it */
  constructor(put: () => boolean) {
    this.#put = put;
  }

  ask(): Promise<boolean> {
    if (this.#asked === null && !this.#put()) return Promise.resolve(false);
    this.#asked ??= new Promise((resolve) => {
      this.#resolve = resolve;
    });
    return this.#asked;
  }

  answered(answer: boolean): void {
    this.#resolve(answer);
    this.#asked = null;
  }
}
