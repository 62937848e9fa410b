/** A job's own log: capped in lines and bytes, the number of lines dropped is kept. */

/** One line of a job's log. */
export interface LogLine {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
}

/** What is kept of a job's log: the newest lines. */
export interface JobLog {
  readonly lines: readonly LogLine[];
  /** How many older lines were dropped. */
  readonly dropped: number;
}

/** How many lines a job's log keeps. */
export const MOST_LOG_LINES = 1_000;

/** The longest a line may be, in characters; the rest is cut. */
export const LONGEST_LOG_LINE = 2_000;
