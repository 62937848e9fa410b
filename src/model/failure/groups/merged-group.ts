/** The failed runs of all queues with one fingerprint, as one group: what the groups of the queues say, added up. */
import type { JobRef } from "../../job/job-ref.js";
import {
  MOST_IN_GROUP,
  type FailedHour,
  type FailedVersion,
  type FailureGroup,
  type FailureGroupState,
  type FailureSummary,
} from "../group.js";

/** What one queue has of a group. Times are epoch milliseconds. */
export interface FailureGroupInQueue {
  readonly queue: string;
  readonly state: FailureGroupState;
  readonly changedAt: number | null;
  readonly changedBy: string | null;
  /** How many runs failed. */
  readonly runs: number;
  /** How many jobs stand failed with this error now. */
  readonly filed: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

/**
 * A failure group as it is read: the failures with one fingerprint, in whatever queue. Name, message and code are those of the latest
 * one. Times are epoch milliseconds.
 */
export interface FailureGroupSnapshot extends FailureSummary {
  readonly fingerprint: string;
  /** How many runs failed, those that were tried again included, and how many jobs failed without a run. */
  readonly runs: number;
  /**
   * How many jobs stand `failed` or `partial` with this error now: of each queue counted up to 10,000, in lists up to 1,000.
   */
  readonly filed: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** Regressed if it is in any queue, else open, else acknowledged; resolved only if it is in all of them. */
  readonly state: FailureGroupState;
  /** When it got this state last; `null`: it has been open from the beginning. */
  readonly changedAt: number | null;
  /** Who gave it this state; `null`: no person, or it is not known who. */
  readonly changedBy: string | null;
  /** The queues that have it, those in which it was seen last first. */
  readonly queues: readonly FailureGroupInQueue[];
  /** The tasks that failed: of each queue the latest 10. */
  readonly tasks: readonly string[];
  /** The code that failed, at most 10. */
  readonly versions: readonly FailedVersion[];
  /** Jobs that failed, the latest of each queue first, at most 10. Some may have been removed since. */
  readonly samples: readonly JobRef[];
  /** How many runs failed in each of the last 48 hours in which any did, the oldest first. */
  readonly hours: readonly FailedHour[];
}

/** Which state counts most. */
const ORDER: readonly FailureGroupState[] = ["regressed", "open", "acknowledged", "resolved"];

/** The groups of many queues, merged by fingerprint: those seen last come first. */
export function mergeGroups(groups: readonly FailureGroup[]): FailureGroupSnapshot[] {
  const byFingerprint = new Map<string, FailureGroup[]>();
  for (const group of groups) {
    const known = byFingerprint.get(group.fingerprint);
    if (known === undefined) byFingerprint.set(group.fingerprint, [group]);
    else known.push(group);
  }
  return [...byFingerprint.values()].flatMap((some) => mergeGroup(some) ?? []).toSorted(compareMerged);
}

/** The order of lists, by which a page goes on after another one. */
export function compareMerged(a: MergedPlace, b: MergedPlace): number {
  return b.lastAt - a.lastAt || (a.fingerprint < b.fingerprint ? 1 : a.fingerprint > b.fingerprint ? -1 : 0);
}

export type MergedPlace = Pick<FailureGroupSnapshot, "lastAt" | "fingerprint">;

/** Groups of one fingerprint as one; `null` when there are none. */
export function mergeGroup(groups: readonly FailureGroup[]): FailureGroupSnapshot | null {
  const latest = groups.toSorted((a, b) => b.lastAt - a.lastAt || (a.queue < b.queue ? -1 : 1));
  const [first] = latest;
  if (first === undefined) return null;
  const { name, message, code, fingerprint } = first;
  const state = ORDER.find((one) => groups.some((group) => group.state === one)) ?? "open";
  const inState = groups.filter((group) => group.state === state);
  const changed = inState.toSorted((a, b) => (b.changedAt ?? 0) - (a.changedAt ?? 0))[0];
  return {
    ...{ fingerprint, name, message, code },
    runs: sumOf(groups, ({ runs }) => runs),
    filed: sumOf(groups, ({ filed }) => filed),
    firstAt: Math.min(...groups.map(({ firstAt }) => firstAt)),
    lastAt: first.lastAt,
    ...{ state, changedAt: changed?.changedAt ?? null, changedBy: changed?.changedBy ?? null },
    queues: latest.map(({ queue, state: own, changedAt, changedBy, runs, filed, firstAt, lastAt }) => {
      return { queue, state: own, changedAt, changedBy, runs, filed, firstAt, lastAt };
    }),
    tasks: [...new Set(latest.flatMap(({ tasks }) => tasks))],
    versions: versionsOf(latest),
    samples: latest.flatMap(({ queue, samples }) => samples.map((id) => ({ queue, id }))).slice(0, MOST_IN_GROUP),
    hours: hoursOf(groups),
  };
}

function sumOf(groups: readonly FailureGroup[], of: (group: FailureGroup) => number): number {
  return groups.reduce((sum, group) => sum + of(group), 0);
}

function versionsOf(groups: readonly FailureGroup[]): FailedVersion[] {
  const versions = new Map<string, FailedVersion>();
  for (const version of groups.flatMap((group) => group.versions)) {
    const { task, appVersion, environment, version: own } = version;
    const key = JSON.stringify([task, appVersion, environment, own]);
    if (!versions.has(key)) versions.set(key, version);
  }
  return [...versions.values()].slice(0, MOST_IN_GROUP);
}

function hoursOf(groups: readonly FailureGroup[]): FailedHour[] {
  const hours = new Map<number, number>();
  for (const { at, count } of groups.flatMap((group) => group.hours)) hours.set(at, (hours.get(at) ?? 0) + count);
  return [...hours].toSorted(([a], [b]) => a - b).map(([at, count]) => ({ at, count }));
}
