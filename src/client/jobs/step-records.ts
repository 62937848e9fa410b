/** The checkpoints of a job's runs, as callers see them: steps that ended well, and milestones. */
import type { Checkpoint } from "../../model/job/report/checkpoint.js";
import { decodePayload } from "../../model/value/codec.js";

/** A step that ended well, or an item of one. */
export interface StepRecord {
  readonly name: string;
  /** The key of the item, for an item of `step.all`. */
  readonly key: string | null;
  /** Its output. */
  readonly value: unknown;
  /** When it ended, epoch milliseconds. */
  readonly at: number;
  /** How long it took, in milliseconds. */
  readonly took: number;
  /** What was counted in it. */
  readonly counters: Readonly<Record<string, number>>;
}

/** A milestone that was reached. */
export interface MilestoneRecord {
  readonly name: string;
  /** Its value. */
  readonly value: unknown;
  /** When it was reached, epoch milliseconds. */
  readonly at: number;
}

/** The steps among checkpoints. */
export function stepsOf(checkpoints: readonly Checkpoint[]): StepRecord[] {
  return checkpoints
    .filter(({ kind }) => kind === "step")
    .map(({ name, key, value, at, took, counters }) => {
      return { name, key, value: decodePayload(value), at, took, counters: counters ?? {} };
    });
}

/** The milestones among checkpoints, the latest of each name. */
export function milestonesOf(checkpoints: readonly Checkpoint[]): MilestoneRecord[] {
  const milestones = new Map<string, MilestoneRecord>();
  for (const { kind, name, value, at } of checkpoints) {
    if (kind === "milestone") milestones.set(name, { name, value: decodePayload(value), at });
  }
  return [...milestones.values()];
}
