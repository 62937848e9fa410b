/**
 * Which jobs: the filter of listings and of commands on many jobs. All conditions must hold, and none of those in `not`. What a
 * condition means is said here once, for a job in hand; engines that look for jobs in another way must agree with it.
 */
import { scheduleTag } from "../schedule-tag.js";
import type { SlimRecord } from "./fields.js";
import type { JobState } from "../state.js";
import { isReserved } from "../../value/name.js";

/** From a time on, included, until another, excluded: epoch milliseconds. */
export interface TimeWindow {
  readonly from?: number;
  readonly before?: number;
}

/** Between two numbers, both included. */
export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
}

/** Conditions on a job. */
export interface JobConditions {
  readonly queue?: string;
  /** One of these queues. */
  readonly queues?: readonly string[];
  readonly states?: readonly JobState[];
  readonly task?: string;
  /** One of these tasks. */
  readonly tasks?: readonly string[];
  readonly tag?: string;
  /** All of these tags. */
  readonly tags?: readonly string[];
  readonly priority?: NumberRange;
  /** Its attempts so far, the present one included. */
  readonly attempt?: NumberRange;
  /** Created at or after, epoch milliseconds. */
  readonly createdFrom?: number;
  /** Created before, epoch milliseconds. */
  readonly createdBefore?: number;
  readonly created?: TimeWindow;
  /** When its latest run started; a job that has not started is in no window. */
  readonly started?: TimeWindow;
  readonly finished?: TimeWindow;
  /** The name of the worker that ran it last. */
  readonly worker?: string;
  /** The id of the flow that it is a member of. */
  readonly flow?: string;
  /** Is it a flow itself, or a job? */
  readonly role?: "job" | "flow";
  /** The name of the schedule that enqueued it. */
  readonly schedule?: string;
  /** The fingerprint of the last error. */
  readonly fingerprint?: string;
  /** Text that the name or the message of the last error contains; the case of the letters a to z is not looked at. */
  readonly errorText?: string;
  /** Text that the id begins with. */
  readonly idPrefix?: string;
  /** Text that the id contains. */
  readonly idContains?: string;
  /** Its task is none of those that are known in its queue; of a queue that is not named here none is. */
  readonly unknownTo?: Readonly<Record<string, readonly string[]>>;
}

/** A filter over jobs. An empty filter matches every job. */
export interface JobFilter extends JobConditions {
  /** None of these conditions may hold. */
  readonly not?: JobConditions;
}

/** What conditions ask for, by their names. */
export type Asked = Required<JobConditions>;

type Tests = { readonly [Name in keyof Asked]: (job: SlimRecord, wanted: Asked[Name]) => boolean };

const TESTS: Tests = {
  queue: (job, queue) => job.queue === queue,
  queues: (job, queues) => queues.includes(job.queue),
  states: (job, states) => states.includes(job.state),
  task: (job, task) => job.task === task,
  tasks: (job, tasks) => tasks.includes(job.task),
  tag: (job, tag) => job.tags.includes(tag),
  tags: (job, tags) => tags.every((tag) => job.tags.includes(tag)),
  priority: (job, range) => isWithin(job.priority, range),
  attempt: (job, range) => isWithin(job.attempt, range),
  createdFrom: (job, from) => job.createdAt >= from,
  createdBefore: (job, before) => job.createdAt < before,
  created: (job, window) => isDuring(job.createdAt, window),
  started: (job, window) => isDuring(job.startedAt, window),
  finished: (job, window) => isDuring(job.finishedAt, window),
  worker: (job, worker) => job.lastWorker === worker,
  flow: (job, flow) => job.flow?.id === flow,
  role: (job, role) => job.role === role,
  schedule: (job, schedule) => job.tags.includes(scheduleTag(schedule)),
  fingerprint: (job, fingerprint) => job.error?.fingerprint === fingerprint,
  errorText: ({ error }, text) =>
    error !== null && [error.name, error.message].some((part) => lowerCase(part).includes(lowerCase(text))),
  idPrefix: (job, prefix) => job.id.startsWith(prefix),
  idContains: (job, text) => job.id.includes(text),
  unknownTo: (job, known) => !(known[job.queue] ?? []).includes(job.task),
};

/** The names of all conditions. */
export const CONDITIONS = Object.keys(TESTS) as readonly (keyof JobConditions)[];

/** Does a job match? */
export function matchesFilter(job: SlimRecord, { not = {}, ...conditions }: JobFilter): boolean {
  return (
    CONDITIONS.every((name) => holds(job, name, conditions) !== false) &&
    CONDITIONS.every((name) => holds(job, name, not) !== true)
  );
}

/** Does one condition hold? `null` when it is not given. */
function holds<Name extends keyof Asked>(
  job: SlimRecord,
  name: Name,
  given: Partial<Pick<Asked, Name>>,
): boolean | null {
  const wanted = given[name];
  return wanted === undefined ? null : TESTS[name](job, wanted);
}

function isWithin(
  value: number,
  { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: NumberRange,
): boolean {
  return value >= min && value <= max;
}

function isDuring(
  time: number | null,
  { from = Number.NEGATIVE_INFINITY, before = Number.POSITIVE_INFINITY }: TimeWindow,
): boolean {
  return time !== null && time >= from && time < before;
}

/** A text with the letters A to Z made small, and no others: engines compare like this. */
export function lowerCase(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** The queues that a filter names; `null`: all, but those that `isListed` refuses. */
export function namedQueues({ queue, queues }: JobFilter): readonly string[] | null {
  if (queue === undefined) return queues === undefined ? null : [...new Set(queues)].toSorted();
  return queues === undefined || queues.includes(queue) ? [queue] : [];
}

/** Can a queue have jobs that match? Those of the platform stand apart: no filter includes them unless it names them. */
export function isListed(name: string, filter: JobFilter): boolean {
  const { queue, queues } = filter.not ?? {};
  return (
    (namedQueues(filter)?.includes(name) ?? !isReserved(name)) && name !== queue && !(queues?.includes(name) ?? false)
  );
}

/** The tags that a job must have to match. */
export function requiredTags({ tag, tags = [], schedule }: JobFilter): readonly string[] {
  return [
    ...new Set([
      ...(tag === undefined ? [] : [tag]),
      ...tags,
      ...(schedule === undefined ? [] : [scheduleTag(schedule)]),
    ]),
  ];
}
