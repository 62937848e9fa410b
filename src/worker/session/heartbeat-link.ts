/**
 * The worker's side of the heartbeat thread (`heartbeat-thread.ts`): starts it, orders which session to renew and until
 * when, receives the answers.
 */
import { Worker as Thread } from "node:worker_threads";
import type { Engine, HeartbeatAnswer as EngineAnswer } from "../../engine/contract/engine.js";
import type { ParsedTarget } from "../../engine/target.js";
import { ownFile } from "../../engine/shared/own-file.js";
import type { PackedError } from "../errors/error-transport.js";

/** What the thread is started with. */
export interface HeartbeatSetup {
  readonly target: ParsedTarget;
  /** One float: the thread may beat up to this time (on the monotonic clock). */
  readonly until: SharedArrayBuffer;
}

/** Which session to renew; `null`: none. Times in milliseconds. */
export interface HeartbeatOrder {
  readonly session: string | null;
  readonly queues: readonly string[];
  readonly ttl: number;
  readonly every: number;
  /** The identity of the storage that the worker has open; `null` when its engine has none. */
  readonly identity: string | null;
}

/** What its heartbeats carry from now on, beside the life of the session. */
export type HeartbeatNotes = Pick<Parameters<Engine["heartbeat"]>[0], "status" | "acknowledges">;

/** The answer to a heartbeat, or its failure. */
export type HeartbeatAnswer =
  | (EngineAnswer & { readonly session: string })
  | { readonly session: string | null; readonly error: PackedError };

/**
 * How long (milliseconds) the thread may take to close its connection before it is terminated. Terminating a thread
 * inside SQLite's native code crashes the process, so for SQLite the limit is as long as a locked file can block it.
 */
const PATIENCE = { memory: 1_000, sqlite: 10_000, redis: 1_000 } as const;

/**
 * The thread's compiled code. Without the thread, a handler that blocks the event loop loses its lease to another
 * worker. @throws Bundled
 */
export function heartbeatFile(): string {
  return ownFile(import.meta.url, "./heartbeat-thread.js");
}

export class HeartbeatLink {
  readonly #thread: Thread;
  readonly #until: Float64Array;
  readonly #exited: Promise<void>;
  readonly #patience: number;
  #closed = false;

  /** Starts the thread. `gone` is called when it ends unasked. @throws Bundled when its code is missing */
  constructor(target: ParsedTarget, received: (answer: HeartbeatAnswer) => void, gone: (error: Error | null) => void) {
    this.#patience = PATIENCE[target.engine];
    const until = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT);
    this.#until = new Float64Array(until);
    const workerData: HeartbeatSetup = { target, until };
    this.#thread = new Thread(heartbeatFile(), { workerData, execArgv: [], name: "longshore-heartbeat" });
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

  note(notes: HeartbeatNotes): void {
    this.#thread.postMessage({ notes }, []);
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
