/** Which jobs: the filter flags that listings and commands on many jobs share. */
import type { Command } from "commander";
import type { JobQuery } from "../../client/jobs/job-filter.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { isState, STATES, type JobState } from "../../model/job/state.js";
import { listed } from "./arguments.js";
import { parsePast } from "../terminal/time-text.js";

/** The filter flags as they are given. */
export interface FilterFlags {
  queue?: string;
  state?: string[];
  task?: string;
  tag?: string;
  fingerprint?: string;
  idContains?: string;
  since?: string;
  until?: string;
}

/** Adds the filter flags to a command. */
export function addFilterOptions(command: Command): Command {
  return command
    .option("--queue <name>", "jobs of this queue")
    .option("--state <state>", `jobs in this state (repeat it, or use commas): ${STATES.join(", ")}`, listed)
    .option("--task <name>", "jobs of this task")
    .option("--tag <tag>", "jobs with this tag, such as user:42")
    .option("--fingerprint <fingerprint>", "jobs whose last error has this fingerprint (see `failed`)")
    .option("--id-contains <text>", "jobs whose id contains this")
    .option("--since <when>", "jobs created since: a duration ago (2h) or a time (2026-12-01T10:00Z)")
    .option("--until <when>", "jobs created before, given likewise");
}

/** The filter the flags ask for. @throws InvalidInput */
export function queryOf(flags: FilterFlags, now: number): JobQuery {
  const { queue, state, task, tag, fingerprint, idContains, since, until } = flags;
  return {
    ...(queue === undefined ? {} : { queue }),
    ...(state === undefined ? {} : { states: parseStates(state) }),
    ...(task === undefined ? {} : { task }),
    ...(tag === undefined ? {} : { tag }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(idContains === undefined ? {} : { idContains }),
    ...(since === undefined ? {} : { createdFrom: parsePast("--since", since, now) }),
    ...(until === undefined ? {} : { createdBefore: parsePast("--until", until, now) }),
  };
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
  const conditions = Object.entries(query).map(([key, value]) => `${words[key] ?? key}=${textOf(value)}`);
  return conditions.length === 0 ? "all jobs" : `jobs with ${conditions.join(" ")}`;
}

const words: Readonly<Record<string, string>> = {
  states: "state",
  idContains: "id-contains",
  createdFrom: "since",
  createdBefore: "until",
};

function textOf(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value);
}
