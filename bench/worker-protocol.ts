/** The messages to and from a worker process. It gets its order as its only argument, as JSON. */
import type { Store, WorkOptions } from "./system.js";

/** Which system's worker it is, and how it works. */
export interface WorkerOrder {
  readonly system: string;
  readonly store: Store;
  readonly queue: string;
  readonly options: Omit<WorkOptions, "started" | "done">;
  /** Does it report starts as well as completions? */
  readonly reportsStarts: boolean;
}

export type WorkerRequest = "usage" | "stop";

/** What happened in one turn of its event loop. */
export interface WorkerReport {
  /** Jobs whose handlers began, each with its moment. */
  readonly starts: readonly (readonly [id: string, at: number])[];
  /** Jobs whose completion was stored. */
  readonly done: readonly string[];
  /** When the completion of the first of `done` was seen; a moment. */
  readonly doneAt: number;
}

export interface Usage {
  /** CPU time of the process so far, all its threads together. */
  readonly cpuMs: number;
  readonly residentMb: number;
}

export type WorkerMessage =
  | { readonly kind: "ready" | "stopped" }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "report"; readonly report: WorkerReport }
  | { readonly kind: "usage"; readonly usage: Usage };
