/** What a pool and its workers say to each other, over the channel that Node opens between parent and child. */
import type { StopReason } from "../../worker/run/events.js";

/**
 * What a pool tells a worker. Orders are steps and not counted like signals: `drain` is obeyed once, `hurry` once, in
 * whatever number they arrive and whatever signals arrive beside them.
 */
export type PoolOrder = "drain" | "hurry";

/** What a worker tells its pool. */
export type WorkerReport =
  | { readonly report: "started" }
  /** It stops; its process ends soon. */
  | { readonly report: "stopping"; readonly reason: StopReason };

/** Is this a worker's report, and not something its tasks have sent? */
export function isReport(message: unknown): message is WorkerReport {
  const report: unknown = typeof message === "object" && message !== null ? Reflect.get(message, "report") : undefined;
  return report === "started" || report === "stopping";
}
