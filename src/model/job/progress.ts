/**
 * The progress of a job. For a task that declares its steps it is computed from the steps that ended; otherwise it is
 * what the handler reported. Engines store it as one text and never look inside.
 */
import type { JobState } from "./state.js";

/** The progress of a job, and what it has shown so far. */
export interface Progress {
  /** 0 to 100; 100 only once the job has ended well. */
  readonly percent: number;
  /** The status of the task's own, where it declares any. */
  readonly status: string | null;
  /** The last message of the handler. */
  readonly message: string | null;
  /** How many steps have ended. */
  readonly done: number;
  /** How many steps there are; `null` where the task does not declare them. */
  readonly total: number | null;
  /** The step in flight; the latest begun, when there are several. */
  readonly step: string | null;
  /** The items of the step in flight, when it has any. */
  readonly items: ItemProgress | null;
  /** Named numbers that add up: `{ issues: 3 }`. */
  readonly counters: Readonly<Record<string, number>>;
  /** The names of the milestones reached, in order. */
  readonly milestones: readonly string[];
  /**
   * How long (milliseconds) after the start of the run each of its first 100 steps ended, in the order in which they did; 0 for
   * one that had ended in an earlier run.
   */
  readonly endedAfter: readonly number[];
}

/** How far a step over many items is. */
export interface ItemProgress {
  /** How many ended, those that failed included. */
  readonly done: number;
  readonly failed: number;
  readonly total: number;
}

/** How many counters, and how many milestones of different names, a job may have: they travel with its progress. */
export const MOST_COUNTERS = 50;
export const MOST_MILESTONES = 100;
/** Of how many steps the progress tells when they ended. */
export const MOST_ENDED_AFTER = 100;

/** Progress before any report. */
export const NO_PROGRESS: Progress = {
  percent: 0,
  status: null,
  message: null,
  done: 0,
  total: null,
  step: null,
  items: null,
  counters: {},
  milestones: [],
  endedAfter: [],
};

/** Progress as it is read back: a job that ended well is all done, whatever was reported last. */
export function progressIn(state: JobState, progress: Progress | null): Progress | null {
  if (progress === null || (state !== "completed" && state !== "partial")) return progress;
  return { ...progress, percent: 100, step: null, items: null };
}

/**
 * Progress from its JSON text; fields that an earlier version did not write have their defaults. @throws SyntaxError,
 * TypeError
 */
export function decodeProgress(text: string): Progress {
  const stored: Partial<Progress> = JSON.parse(text);
  if (typeof stored.percent !== "number") throw new TypeError("no percent");
  return { ...NO_PROGRESS, ...stored };
}
