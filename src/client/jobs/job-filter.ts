/** Filters as users write them, checked: a misspelt condition must not match every job. */
import type { Engine, WorkerRecord } from "../../engine/contract/engine.js";
import { InvalidInput } from "../../model/errors/errors.js";
import type { JobConditions, JobFilter, NumberRange, TimeWindow } from "../../model/job/query/filter.js";
import { BULK_TASK } from "../../model/bulk/bulk.js";
import { EACH_TASK } from "../../model/flow/each.js";
import { SMOKE_TASK } from "../../model/smoke/smoke.js";
import { parseName } from "../../model/value/name.js";
import { isState, STATES, type JobState } from "../../model/job/state.js";

/** From a time on, included, until another, excluded: a `Date`, or epoch milliseconds. */
export interface TimeWindowQuery {
  from?: Date | number;
  before?: Date | number;
}

/** One number, or those between two, both included. */
export type NumberQuery = number | { min?: number; max?: number };

/** Conditions on a job. */
export interface JobQueryConditions {
  /** The queue. Default: all but those of the platform, whose names begin with `longshore:`. */
  queue?: string;
  /** One of these queues. */
  queues?: readonly string[];
  /** One state, or several. */
  states?: JobState | readonly JobState[];
  task?: string;
  /** One of these tasks. */
  tasks?: readonly string[];
  tag?: string;
  /** All of these tags. */
  tags?: readonly string[];
  priority?: NumberQuery;
  /** Its attempts so far, the present one included. */
  attempt?: NumberQuery;
  created?: TimeWindowQuery;
  /** When its latest run started. */
  started?: TimeWindowQuery;
  /** When it ended. */
  finished?: TimeWindowQuery;
  /** Created at or after: a `Date`, or epoch milliseconds. */
  createdFrom?: Date | number;
  /** Created before: a `Date`, or epoch milliseconds. */
  createdBefore?: Date | number;
  /** The name of the worker that ran it last. */
  worker?: string;
  /** The id of the flow that it belongs to. */
  flow?: string;
  /** `"flow"`: flows themselves, without their jobs; `"job"`: all that are no flows. */
  role?: "job" | "flow";
  /** The name of the schedule that enqueued it. */
  schedule?: string;
  /** The fingerprint of the last error. */
  fingerprint?: string;
  /** Text that the name or the message of the last error contains; the case of the letters a to z is not looked at. */
  errorText?: string;
  /** Text that the id begins with. */
  idPrefix?: string;
  /** Text that the id contains. */
  idContains?: string;
  /** `true`: no worker of its queue knows its task, by what workers say now; `false`: one does. */
  noWorker?: boolean;
}

/** Which jobs. All conditions must hold, and none of those in `not`; an empty filter matches every job. */
export interface JobQuery extends JobQueryConditions {
  /** None of these may hold. */
  not?: JobQueryConditions;
}

/** A filter that was checked. */
export interface ParsedQuery {
  readonly filter: JobFilter;
  /** Must the tasks of jobs be unknown to all workers, or known to one? `null`: it does not matter. */
  readonly noWorker: boolean | null;
}

type Parsers = {
  readonly [Name in keyof Required<JobQueryConditions>]: (
    field: string,
    value: Required<JobQueryConditions>[Name],
  ) => JobConditions;
};

const PARSERS: Parsers = {
  queue: (field, queue) => ({ queue: parseName(field, queue) }),
  queues: (field, queues) => ({ queues: parseList(field, queues, parseName) }),
  states: (field, states) => ({ states: parseStates(field, states) }),
  task: (field, task) => ({ task: parseName(field, task) }),
  tasks: (field, tasks) => ({ tasks: parseList(field, tasks, parseName) }),
  tag: (field, tag) => ({ tag: parseText(field, tag) }),
  tags: (field, tags) => ({ tags: parseList(field, tags, parseText) }),
  priority: (field, priority) => ({ priority: parseRange(field, priority) }),
  attempt: (field, attempt) => ({ attempt: parseRange(field, attempt) }),
  created: (field, created) => ({ created: parseWindow(field, created) }),
  started: (field, started) => ({ started: parseWindow(field, started) }),
  finished: (field, finished) => ({ finished: parseWindow(field, finished) }),
  createdFrom: (field, from) => ({ createdFrom: parseTime(field, from) }),
  createdBefore: (field, before) => ({ createdBefore: parseTime(field, before) }),
  worker: (field, worker) => ({ worker: parseText(field, worker) }),
  flow: (field, flow) => ({ flow: parseText(field, flow) }),
  role: (field, role) => ({ role: parseRole(field, role) }),
  schedule: (field, schedule) => ({ schedule: parseText(field, schedule) }),
  fingerprint: (field, fingerprint) => ({ fingerprint: parseText(field, fingerprint) }),
  errorText: (field, errorText) => ({ errorText: parseText(field, errorText) }),
  idPrefix: (field, idPrefix) => ({ idPrefix: parseText(field, idPrefix) }),
  idContains: (field, idContains) => ({ idContains: parseText(field, idContains) }),
  // What it means depends on the workers that there are when jobs are read.
  noWorker: (field, noWorker) => {
    if (typeof noWorker !== "boolean") throw new InvalidInput(field, noWorker, "true or false");
    return {};
  },
};

const NAMES = Object.keys(PARSERS) as readonly (keyof JobQueryConditions)[];

/** Checks a filter. @throws InvalidInput */
export function parseQuery(query: JobQuery): ParsedQuery {
  if (typeof query !== "object" || query === null) throw new InvalidInput("filter", query, "an object of conditions");
  const { not, ...conditions } = query;
  const all = parseConditions("", conditions);
  if (not === undefined) return { filter: all, noWorker: conditions.noWorker ?? null };
  if (typeof not !== "object" || not === null || Array.isArray(not)) {
    throw new InvalidInput("not", not, "an object of conditions");
  }
  const none = parseConditions("not.", not);
  const unwanted = not.noWorker === undefined ? null : !not.noWorker;
  const wanted = conditions.noWorker ?? unwanted;
  if (unwanted !== null && wanted !== unwanted) {
    throw new InvalidInput("not.noWorker", not.noWorker, "not the same as noWorker: no job matches both");
  }
  // Without conditions it is none itself: a filter that has no other must not look as if it had one.
  return { filter: Object.keys(none).length === 0 ? all : { ...all, not: none }, noWorker: wanted };
}

function parseConditions(within: string, given: JobQueryConditions): JobConditions {
  for (const [key, value] of Object.entries(given)) {
    if (Object.hasOwn(PARSERS, key)) continue;
    const known = within === "" ? `${NAMES.join(", ")}, not` : NAMES.join(", ");
    throw new InvalidInput(within + key, value, `no such condition; known: ${known}`);
  }
  return NAMES.reduce<JobConditions>((parsed, name) => ({ ...parsed, ...parseOne(within, name, given) }), {});
}

function parseOne<Name extends keyof JobQueryConditions>(
  within: string,
  name: Name,
  given: Partial<Pick<Required<JobQueryConditions>, Name>>,
): JobConditions {
  const value = given[name];
  return value === undefined ? {} : PARSERS[name](within + name, value);
}

/** The filter as the engine takes it, by what workers know now. */
export async function resolveFilter(engine: Engine, { filter, noWorker }: ParsedQuery): Promise<JobFilter> {
  if (noWorker === null) return filter;
  const unknownTo = knownTasks(await engine.workers());
  return noWorker ? { ...filter, unknownTo } : { ...filter, not: { ...filter.not, unknownTo } };
}

/** The tasks that every worker has, and none lists. */
const BUILT_INS = [EACH_TASK, SMOKE_TASK, BULK_TASK];

/** The tasks that workers know, by queue; those whose leases have lapsed know none. */
function knownTasks(workers: readonly WorkerRecord[]): Record<string, readonly string[]> {
  const known: Record<string, readonly string[]> = {};
  for (const { liveness, queues, tasks } of workers) {
    if (liveness === "lost") continue;
    for (const queue of queues) known[queue] = [...(known[queue] ?? BUILT_INS), ...tasks.map(({ name }) => name)];
  }
  return known;
}

function parseStates(field: string, value: unknown): JobState[] {
  const states: unknown[] = Array.isArray(value) ? value : [value];
  if (states.length === 0) throw new InvalidInput(field, value, `one or more of ${STATES.join(", ")}`);
  return states.map((state, index) => {
    if (!isState(state)) throw new InvalidInput(`${field}[${index}]`, state, `one of ${STATES.join(", ")}`);
    return state;
  });
}

function parseRole(field: string, value: unknown): "job" | "flow" {
  if (value !== "job" && value !== "flow") throw new InvalidInput(field, value, 'one of "job", "flow"');
  return value;
}

/** How many names or tags one condition may have. */
const MOST_VALUES = 100;

function parseList(field: string, value: unknown, parse: (field: string, value: unknown) => string): string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_VALUES) {
    throw new InvalidInput(field, value, `a list of 1 to ${MOST_VALUES}`);
  }
  return [...new Set(value.map((one, index) => parse(`${field}[${index}]`, one)))];
}

function parseText(field: string, value: unknown): string {
  if (typeof value !== "string" || value === "" || value.length > LONGEST_TEXT) {
    throw new InvalidInput(field, value, `text, of at most ${LONGEST_TEXT} characters`);
  }
  return value.toWellFormed();
}

/** In characters: more than an id, a tag or what a message has in common with others. */
const LONGEST_TEXT = 1_000;

function parseRange(field: string, value: unknown): NumberRange {
  if (typeof value === "number") return { min: parseNumber(field, value), max: value };
  const { min, max } = parseParts(field, value, ["min", "max"], "a number, or { min, max }");
  return {
    ...(min === undefined ? {} : { min: parseNumber(`${field}.min`, min) }),
    ...(max === undefined ? {} : { max: parseNumber(`${field}.max`, max) }),
  };
}

function parseWindow(field: string, value: unknown): TimeWindow {
  const { from, before } = parseParts(field, value, ["from", "before"], "{ from, before }");
  return {
    ...(from === undefined ? {} : { from: parseTime(`${field}.from`, from) }),
    ...(before === undefined ? {} : { before: parseTime(`${field}.before`, before) }),
  };
}

/** An object with some of these parts and no others. Parts that are `undefined` are not there, and none at all would match every job. */
function parseParts<Part extends string>(
  field: string,
  value: unknown,
  parts: readonly Part[],
  rule: string,
): { readonly [Name in Part]?: unknown } {
  const names: readonly string[] = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const known: readonly string[] = parts;
  const given = value as { readonly [Name in Part]?: unknown };
  if (!names.every((name) => known.includes(name)) || parts.every((part) => given?.[part] === undefined)) {
    throw new InvalidInput(field, value, rule);
  }
  return given;
}

function parseNumber(field: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new InvalidInput(field, value, "a number");
  return value;
}

function parseTime(field: string, value: unknown): number {
  const time = value instanceof Date ? value.getTime() : value;
  if (typeof time !== "number" || !Number.isFinite(time)) {
    throw new InvalidInput(field, value, "a valid Date, or milliseconds since the epoch");
  }
  return time;
}
