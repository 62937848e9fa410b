/** What needs attention, said in one form: what it is, how bad, of what, since when, and what to do. */
import type { JobRef } from "../job/job-ref.js";

/** `error`: jobs do not run, or may be lost. `warning`: that is to be feared. `info`: good to know. */
export type InsightSeverity = "error" | "warning" | "info";

export const SEVERITIES: readonly InsightSeverity[] = ["error", "warning", "info"];

/** What needs attention; each code has its own section in the docs. */
export const INSIGHT_CODES = [
  "no-worker",
  "quiet-workers",
  "unknown-task",
  "paused",
  "waiting-long",
  "worker-lost",
  "crash-loop",
  "clock-skew",
  "mixed-versions",
  "single-worker",
  "schedule-late",
  "schedule-unreadable",
  "store-refuses",
  "store-evicts",
  "store-nearly-full",
  "store-volatile",
  "store-save-failed",
  "store-rights",
  "shared-cause",
  "not-all-looked-at",
] as const;

export type InsightCode = (typeof INSIGHT_CODES)[number];

/** What it is about, by names and ids; of many the first 20. */
export interface InsightSubjects {
  readonly queues?: readonly string[];
  readonly tasks?: readonly string[];
  readonly workers?: readonly string[];
  readonly schedules?: readonly string[];
  /** Servers or files of the store. */
  readonly nodes?: readonly string[];
  /** Fingerprints of failure groups. */
  readonly failures?: readonly string[];
  readonly jobs?: readonly JobRef[];
}

/** One thing that needs attention. */
export interface Insight {
  readonly code: InsightCode;
  readonly severity: InsightSeverity;
  /** What is so, in one sentence. */
  readonly text: string;
  readonly subjects: InsightSubjects;
  /** Since when, as far as that is known: epoch milliseconds of the engine's clock. */
  readonly since: number | null;
  /** What to do about it. */
  readonly advice: string;
}

/** How many subjects of a kind an insight names. */
export const MOST_SUBJECTS = 20;

/** The worst first, then what is so for longest. */
export function compareInsights(a: Insight, b: Insight): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    (a.since ?? Number.POSITIVE_INFINITY) - (b.since ?? Number.POSITIVE_INFINITY) ||
    INSIGHT_CODES.indexOf(a.code) - INSIGHT_CODES.indexOf(b.code) ||
    (a.text < b.text ? -1 : 1)
  );
}

/** `1 job`, `7 jobs`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Names as a sentence has them: the first three, and how many more there are. */
export function listOf(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/** Things by what they have in common, in the order in which that comes first. */
export function groupsOf<Thing, Key>(things: readonly Thing[], keyOf: (thing: Thing) => Key): Map<Key, Thing[]> {
  const groups = new Map<Key, Thing[]>();
  for (const thing of things) {
    const known = groups.get(keyOf(thing));
    if (known === undefined) groups.set(keyOf(thing), [thing]);
    else known.push(thing);
  }
  return groups;
}
