/**
 * Checkpoints: what a run stores for the runs after it. One is the output of a step, the end of a sleep, a milestone, a
 * status, or spawned jobs. A job's checkpoints are numbered in the order in which they were made; the worker that owns
 * the lease assigns the numbers, so a checkpoint sent twice is stored once.
 */
/** One checkpoint of a job. */
export interface Checkpoint {
  /** Its number, from 1. The same number again replaces it. */
  readonly seq: number;
  readonly kind: "step" | "sleep" | "milestone" | "status" | "spawn";
  /** The name of the step, sleep, milestone, status or spawned jobs. */
  readonly name: string;
  /** The key of the item, for an item of `step.all`; of the job, for one that was spawned alone. */
  readonly key: string | null;
  /**
   * JSON text: the output of the step; the end of the sleep (epoch milliseconds); the value of the milestone; the
   * spawned job, or how many were spawned; `null` for a status.
   */
  readonly value: string;
  /** When it was made, epoch milliseconds. */
  readonly at: number;
  /** How long the step took, in milliseconds. */
  readonly took: number;
  /** What was counted in the step. */
  readonly counters: Readonly<Record<string, number>> | null;
}

/** How many checkpoints a job may have. */
export const MOST_CHECKPOINTS = 10_000;

/** The most bytes of JSON a milestone may show: 16 KiB. It is delivered to every watcher. */
export const MILESTONE_CAP = 16 * 1024;

type Entry = [
  kind: Checkpoint["kind"],
  name: string,
  key: string | null,
  value: string,
  at: number,
  took: number,
  counters?: Readonly<Record<string, number>>,
];

/** A checkpoint as engines store it under its number: one line of text. */
export function encodeCheckpoint({ kind, name, key, value, at, took, counters }: Checkpoint): string {
  const entry: Entry = [kind, name, key, value, at, took];
  return JSON.stringify(counters === null ? entry : [...entry, counters]);
}

/** A checkpoint from its text. @throws SyntaxError, TypeError when it is not one */
export function decodeCheckpoint(seq: number, text: string): Checkpoint {
  const entry: unknown = JSON.parse(text);
  if (!Array.isArray(entry) || typeof entry[0] !== "string" || typeof entry[3] !== "string") {
    throw new TypeError("not a checkpoint");
  }
  const [kind, name, key, value, at, took, counters = null] = entry as Entry;
  return { seq, kind, name, key, value, at, took, counters };
}
