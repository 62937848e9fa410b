/**
 * A scenario: the load on a system and the measures. It runs in a process that holds that system alone, a round
 * at a time; a round counts only when every job was verified by id and by the system's own count.
 */
import type { Store, System } from "./system.js";

export interface Scenario {
  /** Such as "add-bulk". */
  readonly id: string;
  /** What is done, in a line. */
  readonly what: string;
  /** What a round may answer. The first is what targets are about, and where it is a speed it decides on sizes. */
  readonly measures: readonly Measure[];
  /** Does one counted round; answers a number for each measure that this system has, by its name. */
  round(context: RoundContext): Promise<Readonly<Record<string, number>>>;
}

export interface Measure {
  /** The name in results: the scenario's id, or more than it ("pickup p50"). */
  readonly name: string;
  readonly unit: "jobs/s" | "ms" | "bytes/job" | "commands/h" | "ms CPU/h" | "µs/job" | "ratio" | "MB" | "%" | "1/s";
  readonly better: "more" | "less";
}

export interface RoundContext {
  readonly system: System;
  readonly store: Store;
  /** A queue name that no other round uses. */
  readonly queue: string;
  /** How many jobs this round is about; chosen by the bench so that slow systems end too. */
  readonly jobs: number;
  /** Is this the short run? */
  readonly quick: boolean;
}

/** Thrown when jobs are missing, doubled or unknown: the round then counts for nothing. */
export class NotVerified extends Error {}
