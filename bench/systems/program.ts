/**
 * A program in another language that adds or runs jobs for the bench, spoken to over its standard streams. A line to it is a
 * request in JSON; a line from it is `ready` at first, then an answer in JSON, in order, or an event: `s<job id>` for a
 * handler that began, `d<job id>` for a completion that was stored. Closing its input ends it in good order.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const ERRORS_KEPT = 1_000;

export interface ProgramEvents {
  readonly started?: (id: string) => void;
  readonly done?: (id: string) => void;
  /** It ended without being asked to. */
  readonly failed?: (error: Error) => void;
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** The path of a source file of the bench: programs run from `bench/`, whereas this runs from `build/bench/`. */
export function sourcePath(file: string): string {
  return fileURLToPath(new URL(`../../../bench/systems/${file}`, import.meta.url));
}

export class Program {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #events: ProgramEvents;
  readonly #waiting: Waiting[] = [];
  readonly #ended: Promise<void>;
  /** Resolves when it says `ready`. */
  readonly ready: Promise<void>;
  #unfinished = "";
  /** The end of what it wrote to its standard error. */
  #errors = "";
  #leaving = false;
  #failure: Error | null = null;

  constructor(command: readonly string[], env: Readonly<Record<string, string>>, events: ProgramEvents = {}) {
    const [file = "", ...args] = command;
    this.#events = events;
    this.#child = spawn(file, args, { env: { ...process.env, ...env }, stdio: "pipe" });
    this.#child.stdin.on("error", () => undefined);
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => this.#read(text));
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-ERRORS_KEPT);
    });
    this.#ended = once(this.#child, "close").then(
      () => undefined,
      (error: unknown) => {
        this.#errors += String(error);
      },
    );
    this.ready = new Promise((resolve, reject) => {
      this.#waiting.push({ resolve: () => resolve(), reject });
    });
    this.ready.catch(() => undefined);
    void this.#failAtEnd(command.map((part) => basename(part)).join(" "));
  }

  /** Sends a request; resolves with its answer. */
  ask(request: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure);
      this.#waiting.push({ resolve, reject });
      this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  /** Lets it finish what it does; resolves when it is gone. */
  async end(): Promise<void> {
    this.#leaving = true;
    this.#child.stdin.end();
    await this.#ended;
  }

  #read(text: string): void {
    const lines = (this.#unfinished + text).split("\n");
    this.#unfinished = lines.pop() ?? "";
    for (const line of lines) this.#take(line);
  }

  #take(line: string): void {
    const { started, done } = this.#events;
    if (line.startsWith("s")) started?.(line.slice(1));
    else if (line.startsWith("d")) done?.(line.slice(1));
    else this.#waiting.shift()?.resolve(line === "ready" ? undefined : JSON.parse(line));
  }

  /** Requests that are open when the program ends are refused, and so are later ones. */
  async #failAtEnd(command: string): Promise<void> {
    await this.#ended;
    const { exitCode, signalCode } = this.#child;
    const error = new Error(`${command} ended (${signalCode ?? exitCode ?? "not started"}): ${this.#errors.trim()}`);
    this.#failure = error;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
    if (!this.#leaving) this.#events.failed?.(error);
  }
}
