/** What engines answer when they are read: pages, counts, queues, events. */
import type { QueueEvent } from "../../model/job/event.js";
import type { LongField, RecordWith } from "../../model/job/query/fields.js";
import type { JobState } from "../../model/job/state.js";

/** The most tasks `Engine.aside` lists per queue. */
export const MOST_ASIDE = 100;
/** The highest number of jobs of a task that `Engine.aside` counts to. */
export const MOST_COUNTED_ASIDE = 10_000;

/** Jobs of one task that were set aside. */
export interface AsideRecord {
  readonly queue: string;
  readonly task: string;
  /** Their number, counted up to `MOST_COUNTED_ASIDE`. */
  readonly jobs: number;
  /** Since when the first of them, in running order, has been declined: epoch milliseconds. */
  readonly since: number;
}

/** How many bytes of jobs a page of a listing has at most, one job aside: it ends before its limit where they are long. */
export const MOST_PAGE_BYTES = 2 * 1024 * 1024;

/**
 * The order of jobs within a queue and state: `newest` has the latest to be created (blocked), due (delayed), in line (queued),
 * leased (active) or ended first, `oldest` last.
 */
export type ListOrder = "newest" | "oldest";

/** A page of a listing. */
export interface JobPage<Field extends LongField = LongField> {
  readonly jobs: readonly RecordWith<Field>[];
  /** Hand it back for the next page; `null` at the end. A page may be short, even empty, before the end. */
  readonly cursor: string | null;
  /** About how many jobs were looked at for it. */
  readonly looked: number;
}

export type StateCounts = Readonly<Record<JobState, number>>;

export interface QueueRecord {
  readonly name: string;
  readonly paused: boolean;
  /** Since when it is paused: epoch milliseconds; `null` while it is not, and where an older release paused it. */
  readonly pausedAt: number | null;
  readonly counts: StateCounts;
}

export interface WatchAnswer {
  readonly events: readonly QueueEvent[];
  /** The sequence of the last event seen. */
  readonly cursor: number;
  /** Were events missed between the cursor given and the first one answered? */
  readonly gap: boolean;
}
