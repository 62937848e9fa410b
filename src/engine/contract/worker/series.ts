/** Series and totals: what an engine counts of the ends of jobs, over time and altogether, and what it is asked of them. */
import type { Figures, SeriesOutcome, Times } from "../../../model/series/figures.js";
import type { Samples } from "../../../model/series/sample.js";

/** What a worker measured of a run, for the series. The times are whole milliseconds. */
export interface Measured extends Times {
  /** The task of the job, as its lease says it; empty when that cannot be read. An engine may take it for the job's without reading that. */
  readonly task: string;
}

/** Minutes are kept for 24 hours, hours for 30 days, totals for ever. */
export const MINUTES_KEPT = 24 * 60;
export const HOURS_KEPT = 30 * 24;

/** So many tasks of a queue are told apart; ends of the others are counted under `OTHER_TASKS`. */
export const MOST_SERIES_TASKS = 64;
export const OTHER_TASKS = "other";

/** What points are told apart by. */
export type SeriesKey = "queue" | "task" | "outcome";

/** Which ends are looked at. A list that is omitted stands for all. */
export interface TotalsQuery {
  readonly queues?: readonly string[];
  readonly tasks?: readonly string[];
  readonly outcomes?: readonly SeriesOutcome[];
}

/**
 * A stretch of time in steps. `from`, `to`: epoch milliseconds; the steps that contain them are the first and the last.
 * `step`: milliseconds, a whole number of minutes below an hour, and of hours from there on; steps are counted from 1970.
 * Steps below an hour are answered for the time for which minutes are kept, others for that of hours.
 */
export interface SeriesQuery extends TotalsQuery {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  /** Keys by which ends are told apart; over all others they are added up. */
  readonly by: readonly SeriesKey[];
}

/** The ends of one step. What the query does not tell apart is `null`. */
export interface SeriesRow {
  /** When the step begins, epoch milliseconds. */
  readonly at: number;
  readonly queue: string | null;
  readonly task: string | null;
  readonly outcome: SeriesOutcome | null;
  readonly figures: Figures;
}

/** The samples of a queue in one step. */
export interface SampleRow {
  readonly at: number;
  readonly queue: string;
  readonly samples: Samples;
}

export interface SeriesAnswer {
  /** By time, queue, task and outcome. */
  readonly rows: readonly SeriesRow[];
  /** By time and queue, whatever the tasks and outcomes asked for. */
  readonly samples: readonly SampleRow[];
}

/** What ended since the queue exists. */
export interface TotalRow {
  readonly queue: string;
  readonly task: string;
  readonly outcome: SeriesOutcome;
  readonly figures: Figures;
}
