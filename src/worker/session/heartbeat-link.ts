/**
 * The worker's side of its keeper thread: starts it, tells it which session to renew and until when, hears what came
 * of it.
 */
import { Worker as Thread } from "node:worker_threads";
import type { Revocation } from "../../engine/contract/engine.js";
import type { ParsedTarget } from "../../engine/target.js";
import { ownFile } from "../../engine/shared/own-file.js";

/** What the thread is started with. */
export interface HeartbeatSetup {
  readonly target: ParsedTarget;
  /** One float: the time (on the monotonic clock) up to which it may beat. */
  readonly until: SharedArrayBuffer;
}

/** Which session to renew; `null`: none. Times in milliseconds. */
export interface HeartbeatOrder {
  readonly session: string | null;
  readonly queues: readonly string[];
  readonly ttl: number;
  readonly every: number;
  /** The storage that the worker has open, where its engine can tell. */
  readonly identity: string | null;
}

/** What came of a heartbeat. */
export type HeartbeatAnswer =
  | { readonly session: string; readonly alive: boolean; readonly revoked: readonly Revocation[] }
  | { readonly session: string | null; readonly error: string };

/**
 * How long (milliseconds) the thread may take to close its connection before it is ended. A thread that is ended inside
 * SQLite's native code takes the process along, so there it is waited for as long as a locked file can hold it up.
 */
const PATIENCE = { memory: 1_000, sqlite: 10_000, redis: 1_000 } as const;

/** Where the thread's compiled code is. Without it a handler that blocks loses its job to another worker. @throws Bundled */
export function heartbeatFile(): string {
  return ownFile(import.meta.url, "./heartbeat-thread.js");
}

export class HeartbeatLink {
  readonly #thread: Thread;
  readonly #until: Float64Array;
  readonly #exited: Promise<void>;
  readonly #patience: number;
  #closed = false;

  /** Starts the thread. `gone` is called when it ends by itself. @throws Bundled when its code is missing */
  constructor(target: ParsedTarget, received: (answer: HeartbeatAnswer) => void, gone: (error: Error | null) => void) {
    this.#patience = PATIENCE[target.engine];
    const until = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT);
    this.#until = new Float64Array(until);
    const workerData: HeartbeatSetup = { target, until };
    this.#thread = new Thread(heartbeatFile(), { workerData, execArgv: [], name: "longshore-keeper" });
    let failure: Error | null = null;
    this.#thread.on("message", received);
    this.#thread.on("error", (error) => {
      failure = error instanceof Error ? error : new Error(String(error));
    });
    this.#exited = new Promise((resolve) => {
      this.#thread.once("exit", () => {
        resolve();
        if (!this.#closed) gone(failure);
      });
    });
  }

  /** The thread may beat up to this time (on the monotonic clock). */
  set until(time: number) {
    this.#until[0] = time;
  }

  order(order: HeartbeatOrder): void {
    this.#thread.postMessage(order, []);
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#thread.postMessage("close", []);
    const timer = setTimeout(() => void this.#thread.terminate(), this.#patience);
    await this.#exited;
    clearTimeout(timer);
  }
}
