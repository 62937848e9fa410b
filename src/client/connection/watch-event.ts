/** What is reported of watched queues, and who receives it. */
import type { QueueEvent } from "../../model/job/event.js";

/** Something happened in a queue. */
export type WatchEvent =
  | (QueueEvent & { readonly queue: string })
  /** Events of the queue were missed. */
  | { readonly kind: "gap"; readonly queue: string; readonly at: number };

/** A receiver of events. */
export interface Watcher {
  /** Only the events of this job, and gaps; `null`: all events. */
  readonly id: string | null;
  event(event: WatchEvent): void;
  /** The connection was closed. */
  closed(error: Error): void;
}
