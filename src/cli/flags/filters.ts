/** Which jobs: the filter flags that listings and commands on many jobs share. */
import type { Command } from "commander";
import type { JobQuery, JobQueryConditions, NumberQuery, TimeWindowQuery } from "../../client/jobs/job-filter.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { isState, STATES, type JobState } from "../../model/job/state.js";
import { listed, repeated } from "./arguments.js";
import { parsePast } from "../terminal/time-text.js";

/** The flags of conditions as they are given. */
export interface ConditionFlags {
  queue?: string;
  queues?: string[];
  state?: string[];
  task?: string;
  tasks?: string[];
  tag?: string;
  tags?: string[];
  priority?: string;
  attempt?: string;
  fingerprint?: string;
  error?: string;
  idPrefix?: string;
  idContains?: string;
  worker?: string;
  withoutWorker?: boolean;
  flow?: string;
  role?: string;
  schedule?: string;
  since?: string;
  until?: string;
  startedSince?: string;
  startedUntil?: string;
  finishedSince?: string;
  finishedUntil?: string;
}

/** The filter flags as they are given. */
export interface FilterFlags extends ConditionFlags {
  not?: string[];
}

/** Adds the filter flags to a command. */
export function addFilterOptions(command: Command): Command {
  return command
    .option("--queue <name>", "jobs of this queue")
    .option("--queues <names>", "of one of these queues", listed)
    .option("--state <state>", `jobs in this state (repeat it, or use commas): ${STATES.join(", ")}`, listed)
    .option("--task <name>", "jobs of this task")
    .option("--tasks <names>", "of one of these tasks", listed)
    .option("--tag <tag>", "jobs with this tag, such as user:42")
    .option("--tags <tags>", "with all of these tags", listed)
    .option("--priority <range>", "with this priority: 5, 0..10, ..-1")
    .option("--attempt <range>", "with so many attempts so far, such as 2..")
    .option("--fingerprint <fingerprint>", "jobs whose last error has this fingerprint (see `failed`)")
    .option("--error <text>", "whose last error contains this in its name or message")
    .option("--id-prefix <text>", "whose id begins with this")
    .option("--id-contains <text>", "jobs whose id contains this")
    .option("--worker <name>", "that this worker ran last")
    .option("--without-worker", "whose task no worker of their queue knows")
    .option("--flow <id>", "of this flow")
    .option("--role <role>", "flow: only flows themselves; job: none of these")
    .option("--schedule <name>", "of this schedule")
    .option("--since <when>", "jobs created since: a duration ago (2h) or a time (2026-12-01T10:00Z)")
    .option("--until <when>", "jobs created before, given likewise")
    .option("--started-since <when>", "whose latest run started since")
    .option("--started-until <when>", "whose latest run started before")
    .option("--finished-since <when>", "that ended since")
    .option("--finished-until <when>", "that ended before")
    .option(
      "--not <condition>",
      "but not those with one of these, such as --not task=scan --not without-worker",
      repeated,
    );
}

/** The filter the flags ask for. @throws InvalidInput */
export function queryOf(flags: FilterFlags, now: number): JobQuery {
  const query = conditionsOf(flags, now);
  if (flags.not === undefined) return query;
  const not = flags.not.map((text) => conditionsOf(negatedFlag(text), now));
  return { ...query, not: Object.assign({}, ...not) as JobQueryConditions };
}

const NEGATABLE: ReadonlyMap<string, keyof ConditionFlags> = new Map(
  (
    [
      ...["queue", "queues", "state", "task", "tasks", "tag", "tags", "priority", "attempt", "fingerprint", "error"],
      ...["idPrefix", "idContains", "worker", "withoutWorker", "flow", "role", "schedule", "since", "until"],
      ...["startedSince", "startedUntil", "finishedSince", "finishedUntil"],
    ] as (keyof ConditionFlags)[]
  ).map((flag) => [flag.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), flag]),
);
const LISTS: readonly (keyof ConditionFlags)[] = ["queues", "state", "tasks", "tags"];

/** A condition such as `task=scan`, as the flag of that name would give it. @throws InvalidInput */
function negatedFlag(text: string): ConditionFlags {
  const [, name = "", value] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
  const flag = NEGATABLE.get(name);
  if (flag === undefined || (value === undefined) !== (flag === "withoutWorker")) {
    throw new InvalidInput(
      "--not",
      text,
      `NAME=VALUE with the name of another filter flag: ${[...NEGATABLE.keys()].join(", ")}`,
    );
  }
  return { [flag]: value === undefined ? true : LISTS.includes(flag) ? listed(value) : value };
}

function conditionsOf(flags: ConditionFlags, now: number): JobQueryConditions {
  const { queue, queues, state, task, tasks, tag, tags, fingerprint, idPrefix, idContains, worker, flow } = flags;
  const { priority, attempt, error, role, schedule, since, until, withoutWorker } = flags;
  const started = windowOf("started", flags.startedSince, flags.startedUntil, now);
  const finished = windowOf("finished", flags.finishedSince, flags.finishedUntil, now);
  return {
    ...(queue === undefined ? {} : { queue }),
    ...(queues === undefined ? {} : { queues }),
    ...(state === undefined ? {} : { states: parseStates(state) }),
    ...(task === undefined ? {} : { task }),
    ...(tasks === undefined ? {} : { tasks }),
    ...(tag === undefined ? {} : { tag }),
    ...(tags === undefined ? {} : { tags }),
    ...(priority === undefined ? {} : { priority: parseRange("--priority", priority) }),
    ...(attempt === undefined ? {} : { attempt: parseRange("--attempt", attempt) }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(error === undefined ? {} : { errorText: error }),
    ...(idPrefix === undefined ? {} : { idPrefix }),
    ...(idContains === undefined ? {} : { idContains }),
    ...(worker === undefined ? {} : { worker }),
    ...(withoutWorker === undefined ? {} : { noWorker: withoutWorker }),
    ...(flow === undefined ? {} : { flow }),
    ...(role === undefined ? {} : { role: parseRole("--role", role) }),
    ...(schedule === undefined ? {} : { schedule }),
    ...(since === undefined ? {} : { createdFrom: parsePast("--since", since, now) }),
    ...(until === undefined ? {} : { createdBefore: parsePast("--until", until, now) }),
    ...(started === null ? {} : { started }),
    ...(finished === null ? {} : { finished }),
  };
}

function parseRole(flag: string, role: string): "job" | "flow" {
  if (role !== "job" && role !== "flow") throw new InvalidInput(flag, role, "one of job, flow");
  return role;
}

function windowOf(
  what: string,
  since: string | undefined,
  until: string | undefined,
  now: number,
): TimeWindowQuery | null {
  if (since === undefined && until === undefined) return null;
  return {
    ...(since === undefined ? {} : { from: parsePast(`--${what}-since`, since, now) }),
    ...(until === undefined ? {} : { before: parsePast(`--${what}-until`, until, now) }),
  };
}

/** `5`, `0..10`, `..-1` or `2..`. */
function parseRange(flag: string, text: string): NumberQuery {
  const [, min = "", dots, max = ""] = /^(-?\d+)?(\.\.)?(-?\d+)?$/.exec(text) ?? [];
  if (min === "" && max === "")
    throw new InvalidInput(flag, text, "a number, or two with .. between them: 5, 0..10, 2..");
  if (dots === undefined) return Number(min);
  return { ...(min === "" ? {} : { min: Number(min) }), ...(max === "" ? {} : { max: Number(max) }) };
}

function parseStates(values: readonly string[]): JobState[] {
  if (values.length === 0) throw new InvalidInput("--state", "", `one of ${STATES.join(", ")}`);
  return values.map((value) => {
    if (!isState(value)) throw new InvalidInput("--state", value, `one of ${STATES.join(", ")}`);
    return value;
  });
}

/** A number of jobs in words: `1 job`, `3 failed jobs`. */
export function jobCount(count: number, kind = ""): string {
  return `${count}${kind === "" ? "" : ` ${kind}`} ${count === 1 ? "job" : "jobs"}`;
}

/** A filter in words: `jobs with queue=scans state=queued,delayed`; `all jobs` when it is empty. */
export function describeQuery(query: JobQuery): string {
  const { not = {}, ...others } = query;
  const conditions = [...wordsOf(others), ...wordsOf(not).map((text) => `not ${text}`)];
  return conditions.length === 0 ? "all jobs" : `jobs with ${conditions.join(" ")}`;
}

function wordsOf(conditions: JobQueryConditions): string[] {
  return Object.entries(conditions).map(([key, value]) => `${words[key] ?? key}=${textOf(value)}`);
}

const words: Readonly<Record<string, string>> = {
  states: "state",
  errorText: "error",
  idPrefix: "id-prefix",
  idContains: "id-contains",
  noWorker: "without-worker",
  createdFrom: "since",
  createdBefore: "until",
};

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object" || value === null || Array.isArray(value)) return String(value);
  const [first, last]: unknown[] = [
    Reflect.get(value, "from") ?? Reflect.get(value, "min"),
    Reflect.get(value, "before") ?? Reflect.get(value, "max"),
  ];
  return `${first === undefined ? "" : textOf(first)}..${last === undefined ? "" : textOf(last)}`;
}
