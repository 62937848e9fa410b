/** Messages between a pool and its workers, over the channel that Node opens between parent and child. */
import type { StopReason } from "../../worker/run/events.js";

/**
 * An order of a pool to a worker. Orders are steps and not counted like signals: `drain` is obeyed once, `hurry` once,
 * in whatever number they arrive and whatever signals arrive beside them.
 */
export type PoolOrder = "drain" | "hurry";

/** A report of a worker to its pool. */
export type WorkerReport =
  | { readonly report: "started" }
  /** It stops; its process ends soon. */
  | { readonly report: "stopping"; readonly reason: StopReason };

/** Is this a worker's report, and not a message sent by its tasks? */
export function isReport(message: unknown): message is WorkerReport {
  const report: unknown = typeof message === "object" && message !== null ? Reflect.get(message, "report") : undefined;
  return report === "started" || report === "stopping";
}
