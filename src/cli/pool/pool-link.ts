/**
 * The messages between a pool and its workers, over the channel that Node opens between parent and child, and a worker's
 * side of it. A worker reports when it takes work and why it stops, and follows the pool's orders. It ignores Ctrl-C and
 * hang-ups, which a terminal sends to every process of the pool; the pool handles them. It drains when the pool is gone,
 * so that no worker lives on without one.
 */
import type { StopReason } from "../../worker/run/events.js";
import type { Worker } from "../../worker/worker.js";
import type { Readiness } from "../health/readiness.js";
import type { Log } from "../terminal/log.js";
import { UsageError } from "../terminal/exit.js";

/**
 * An order of a pool to a worker. Orders are steps and not counted like signals: `drain` is obeyed once, `hurry` once,
 * however often they arrive and whatever signals arrive beside them.
 */
export type PoolOrder = "drain" | "hurry";

/** What a pool asks a worker: does it take jobs? */
export const READY_QUESTION = "ready?";

/** A report of a worker to its pool. */
export type WorkerReport =
  | { readonly report: "started" }
  /** It stops; its process ends soon. */
  | { readonly report: "stopping"; readonly reason: StopReason }
  /** Its answer to the question. */
  | { readonly report: "ready"; readonly ready: boolean };

/** Is this a worker's report, and not a message sent by its tasks? */
export function isReport(message: unknown): message is WorkerReport {
  const report: unknown = typeof message === "object" && message !== null ? Reflect.get(message, "report") : undefined;
  return report === "started" || report === "stopping" || report === "ready";
}

export class PoolLink {
  #worker: Worker | null = null;
  #log: Log | null = null;
  #ready: Readiness = async () => false;
  #hurried = false;

  /** @throws UsageError when this process is not one of a pool */
  constructor() {
    if (!process.connected) throw new UsageError("--in-pool is for workers that longshore pool starts");
    process.on("message", this.#receive).on("disconnect", this.#orphaned);
    process.on("SIGINT", ignore).on("SIGHUP", ignore);
  }

  /** Reports for this worker, until the process ends. */
  join(worker: Worker, log: Log, ready: Readiness): void {
    this.#worker = worker;
    this.#log = log;
    this.#ready = ready;
    worker.on("started", () => send({ report: "started" }));
    worker.on("stopping", (reason) => send({ report: "stopping", reason }));
    // The pool may have received the signal too, and its order may arrive first: a signal alone never skips the wait.
    process.on("SIGTERM", (signal) => this.#drain({ signal }));
  }

  readonly #receive = (order: PoolOrder | typeof READY_QUESTION): void => {
    if (order === READY_QUESTION) void this.#answer();
    else if (order === "drain") this.#drain({ by: "pool" });
    else if (order === "hurry") this.#hurry();
  };

  async #answer(): Promise<void> {
    send({ report: "ready", ready: await this.#ready().catch(() => false) });
  }

  readonly #orphaned = (): void => this.#drain({ by: "end of the pool" });

  #drain(why: Readonly<Record<string, string>>): void {
    // No worker yet, so it has no jobs.
    if (this.#worker === null) process.exit();
    if (this.#worker.state !== "stopping") this.#stop(why);
  }

  #hurry(): void {
    if (this.#worker === null) process.exit();
    if (this.#hurried) return;
    this.#hurried = true;
    this.#stop({ by: "pool" });
  }

  #stop(why: Readonly<Record<string, string>>): void {
    this.#log?.write("info", "Worker stopping", { ...why, running: this.#worker?.running });
    void this.#worker?.stop();
  }
}

function ignore(): void {}

function send(report: WorkerReport): void {
  // Without a pool there is no receiver.
  if (process.connected) process.send?.(report, undefined, undefined, ignore);
}
