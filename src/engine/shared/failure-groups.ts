/** Failure groups, what is the same on every engine: what a group is made of as it is stored, and how a failed run changes it. */
import { cutText } from "../../model/text.js";
import type { Failure } from "../../model/failure/failure.js";
import {
  FAILURE_GROUP_AGE,
  FAILURE_GROUP_STATES,
  GROUP_HOURS,
  MOST_IN_GROUP,
  summaryOf,
  type FailedVersion,
  type FailureGroup,
  type FailureGroupState,
  type FailureSummary,
} from "../../model/failure/group.js";
import { ranBy, type Build } from "../contract/worker/builds.js";
import { buildOf } from "../contract/worker/session-id.js";
import type { GroupPlace } from "../contract/failure-groups.js";
import { HOUR, countedTask } from "./series.js";

const LONGEST_BY = 100;

/** A group as it is stored. Its lists have the latest last. */
export interface StoredGroup {
  runs: number;
  firstAt: number;
  lastAt: number;
  state: FailureGroupState;
  /** 0: it has been open from the beginning. */
  changedAt: number;
  changedBy: string | null;
  summary: FailureSummary;
  tasks: readonly string[];
  /** The code of a build and a task, `code:task`. */
  builds: readonly string[];
  samples: readonly string[];
  /** By hour since 1970. */
  readonly hours: Map<number, number>;
}

/** A run that failed, or a job that failed without one. */
export interface FailedRun {
  readonly id: string;
  readonly task: string;
  readonly failure: Failure;
  /** The run; `null`: it did not run. */
  readonly run: { readonly session: string; readonly leasedAt: number } | null;
}

/** Counts a failure in its group, which may be new; returns the group, and whether it regressed with this. */
export function countFailure(
  group: StoredGroup | null,
  { id, task, failure, run }: FailedRun,
  now: number,
): { readonly group: StoredGroup; readonly regressed: boolean } {
  const name = countedTask(task);
  const build = run === null ? null : buildOf(run.session);
  const known: StoredGroup = group ?? {
    ...{ runs: 0, firstAt: now, lastAt: now, state: "open", changedAt: 0, changedBy: null },
    ...{ summary: summaryOf(failure), tasks: [], builds: [], samples: [], hours: new Map() },
  };
  const regressed = known.state === "resolved" && run !== null && run.leasedAt > known.changedAt;
  if (regressed) Object.assign(known, { state: "regressed", changedAt: now, changedBy: null });
  known.runs += 1;
  known.lastAt = now;
  known.summary = summaryOf(failure);
  known.tasks = withLatest(known.tasks, name);
  if (build !== null) known.builds = withLatest(known.builds, `${build}:${name}`);
  known.samples = withLatest(known.samples, id);
  const hour = Math.floor(now / HOUR);
  known.hours.set(hour, (known.hours.get(hour) ?? 0) + 1);
  for (const old of known.hours.keys()) if (old <= hour - GROUP_HOURS || old > hour) known.hours.delete(old);
  return { group: known, regressed };
}

/** Gives a group a state by hand; returns whether that changes it. */
export function changeGroup(group: StoredGroup, state: FailureGroupState, by: string | null, now: number): boolean {
  if (group.state === state) return false;
  Object.assign(group, { state, changedAt: now, changedBy: by === null ? null : shortName(by) });
  return true;
}

/** Who changed a group, as it is stored. */
export function shortName(by: string): string {
  return cutText(by, LONGEST_BY).toWellFormed();
}

function withLatest(list: readonly string[], latest: string): readonly string[] {
  if (list.at(-1) === latest) return list;
  return [...list.filter((one) => one !== latest), latest].slice(-MOST_IN_GROUP);
}

/** Is the group old enough to be removed, once no job is filed under it? */
export function isOld({ lastAt }: StoredGroup, now: number): boolean {
  return lastAt <= now - FAILURE_GROUP_AGE;
}

/** The order of lists: those seen last come first. */
export function compareGroups(a: GroupPlace, b: GroupPlace): number {
  return b.lastAt - a.lastAt || (a.fingerprint < b.fingerprint ? 1 : a.fingerprint > b.fingerprint ? -1 : 0);
}

/** A group as it is answered. `builds`: those that the queue remembers. */
export function describeGroup(
  ref: Pick<FailureGroup, "queue" | "fingerprint">,
  group: StoredGroup,
  filed: number,
  builds: (code: string) => Build | undefined,
  now: number,
): FailureGroup {
  const { runs, firstAt, lastAt, state, changedAt, changedBy, summary, tasks, samples } = group;
  const hour = Math.floor(now / HOUR);
  return {
    ...ref,
    ...summary,
    ...{ runs, firstAt, lastAt, state, changedBy },
    changedAt: changedAt === 0 ? null : changedAt,
    tasks: tasks.toReversed(),
    versions: versionsOf(group.builds.toReversed(), builds),
    samples: samples.toReversed(),
    hours: [...group.hours]
      .filter(([at]) => at > hour - GROUP_HOURS)
      .toSorted(([a], [b]) => a - b)
      .map(([at, count]) => ({ at: at * HOUR, count })),
    filed,
  };
}

/** The code of a build in an entry of a group: codes have no colon, tasks may. */
export function codeIn(entry: string): string {
  return entry.slice(0, entry.indexOf(":"));
}

/** The versions of builds. Builds that differ in other tasks only are one version. */
function versionsOf(list: readonly string[], builds: (code: string) => Build | undefined): FailedVersion[] {
  const versions = new Map<string, FailedVersion>();
  for (const entry of list) {
    const code = codeIn(entry);
    const [build, task] = [builds(code), entry.slice(code.length + 1)];
    if (build === undefined) continue;
    const version = { task, ...ranBy(build, task) };
    versions.set(JSON.stringify(version), version);
  }
  return [...versions.values()];
}

/** The letters of the states, as they are stored. */
export const GROUP_LETTERS = { open: "o", acknowledged: "a", resolved: "r", regressed: "g" } as const satisfies Record<
  FailureGroupState,
  string
>;

/** A group as text: JSON of a list. The summary is JSON in it, so that what passes it on need not read it. */
export function encodeGroup(group: StoredGroup): string {
  const { runs, firstAt, lastAt, state, changedAt, changedBy, summary, tasks, builds, samples, hours } = group;
  return JSON.stringify([
    ...[runs, firstAt, lastAt, GROUP_LETTERS[state], changedAt, changedBy, encodeSummary(summary)],
    ...[tasks, builds, samples, [...hours].flat()],
  ]);
}

export function encodeSummary({ name, message, code }: FailureSummary): string {
  return JSON.stringify([name, message, code]);
}

/** A stored group; `null` when another hand has written what is no group. */
export function decodeGroup(text: string): StoredGroup | null {
  const [runs, firstAt, lastAt, letter, changedAt, changedBy, summary, tasks, builds, samples, hours] = listOf(text);
  const state = FAILURE_GROUP_STATES.find((one) => GROUP_LETTERS[one] === letter);
  if (![runs, firstAt, lastAt, changedAt].every((time) => Number.isSafeInteger(time)) || state === undefined)
    return null;
  const [name, message, code] = typeof summary === "string" ? listOf(summary) : [];
  const numbers = Array.isArray(hours) ? hours.map(Number) : [];
  return {
    ...{ runs: Number(runs), firstAt: Number(firstAt), lastAt: Number(lastAt), changedAt: Number(changedAt), state },
    changedBy: typeof changedBy === "string" ? changedBy : null,
    summary: { name: String(name), message: String(message), code: typeof code === "string" ? code : null },
    ...{ tasks: textsOf(tasks), builds: textsOf(builds), samples: textsOf(samples) },
    hours: new Map(numbers.flatMap((hour, index) => (index % 2 === 0 ? [[hour, numbers[index + 1] ?? 0]] : []))),
  };
}

/** What of a list is text. Lua writes an empty list as an object. */
function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

function listOf(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
