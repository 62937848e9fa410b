/** What engines answer when they are read: pages, counts, queues, events. */
import type { QueueEvent } from "../../model/job/event.js";
import type { JobRecord } from "../../model/job/job.js";
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

/** A page of a listing. */
export interface JobPage {
  readonly jobs: readonly JobRecord[];
  /** Hand it back for the next page; `null` at the end. A page may be short, even empty, before the end. */
  readonly cursor: string | null;
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
