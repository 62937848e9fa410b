/** Reads records, listings and totals; changes nothing. */
import { sizeOf, withFields, type LongField, type RecordWith } from "../../../model/job/query/fields.js";
import { isListed, matchesFilter, requiredTags } from "../../../model/job/query/filter.js";
import type { JobRecord } from "../../../model/job/job.js";
import { progressIn } from "../../../model/job/progress.js";
import { perState, type JobState } from "../../../model/job/state.js";
import type { Params } from "../../contract/commands.js";
import {
  MOST_ASIDE,
  MOST_COUNTED_ASIDE,
  MOST_PAGE_BYTES,
  type AsideRecord,
  type JobPage,
  type ListOrder,
  type StateCounts,
} from "../../contract/engine.js";
import {
  compareKeys,
  decodeCursor,
  encodeCursor,
  isReversed,
  listedStates,
  type Position,
} from "../../shared/listing-order.js";
import { latestRanBy, ranBy } from "../../contract/worker/builds.js";
import { buildOf, workerOf } from "../../contract/worker/session-id.js";
import type { MemoryAttempt, MemoryJob } from "../store/job.js";
import type { MemoryQueue } from "../store/store.js";

/** The record of a job. */
export function recordOf(queue: MemoryQueue, job: MemoryJob): JobRecord {
  const { spec } = job;
  const history = [...job.history, ...runningAttempt(job)].map(({ build, ...attempt }) => ({
    ...attempt,
    ...ranBy(queue.builds.get(build ?? "")?.build, spec.task),
  }));
  return {
    id: job.id,
    queue: job.queue,
    state: job.state,
    task: spec.task,
    input: spec.input,
    result: job.result,
    meta: job.meta,
    priority: spec.priority,
    attempt: job.counted + (job.state === "active" ? 1 : 0),
    attempts: spec.attempts,
    crashes: job.crashes,
    backoff: spec.backoff,
    timeout: spec.timeout,
    ttl: spec.ttl,
    tags: spec.tags,
    unique: spec.unique,
    supersedes: spec.supersedes,
    retention: spec.retention,
    role: spec.role,
    after: spec.after,
    references: spec.references,
    flow: spec.flow,
    progress: progressIn(job.state, job.progress),
    failures: job.failures,
    error: job.error,
    history,
    ...latestRanBy(history),
    createdAt: job.createdAt,
    runAt: job.runAt,
    startedAt: job.startedAt,
    finishedAt: job.finishedAt,
    worker: job.session === null ? null : workerOf(job.session),
    lastWorker: job.session === null ? (job.history.at(-1)?.worker ?? null) : workerOf(job.session),
    problem: null,
  };
}

function runningAttempt(job: MemoryJob): MemoryAttempt[] {
  if (job.session === null) return [];
  return [
    {
      number: job.counted + 1,
      worker: workerOf(job.session),
      build: buildOf(job.session),
      startedAt: job.startedAt ?? 0,
      endedAt: null,
      outcome: null,
      error: null,
    },
  ];
}

/** How many jobs are in each state. */
export function countStates(queue: MemoryQueue): StateCounts {
  return perState(
    (state) => queue.lines[state].size + (state === "queued" ? queue.suspects.size + queue.aside.size : 0),
  );
}

/** The jobs set aside, by task. */
export function asideOf(queue: MemoryQueue): AsideRecord[] {
  return [...queue.aside.byTask()]
    .map(([task, jobs]) => ({
      queue: queue.name,
      task,
      jobs: Math.min(jobs.length, MOST_COUNTED_ASIDE),
      since: jobs[0]?.declinedAt ?? 0,
    }))
    .toSorted((a, b) => (a.task < b.task ? -1 : 1))
    .slice(0, MOST_ASIDE);
}

/** The place of a queued job in its queue, 1 = next. */
export function positionOf(queue: MemoryQueue, job: MemoryJob): number | null {
  if (job.state !== "queued") return null;
  const lines = [queue.lines.queued, queue.suspects, queue.aside];
  return lines.reduce((ahead, line) => ahead + line.rank(job.key), 1);
}

/** How many jobs one page looks at. */
const MOST_LOOKED_AT = 5_000;

/** One page of a listing over queues in the order given. */
export function listPage(
  queues: readonly MemoryQueue[],
  { filter, cursor, limit, fields, order }: Params<"listJobs">,
): JobPage {
  const after = cursor === null ? null : decodeCursor(cursor);
  const jobs: RecordWith<LongField>[] = [];
  const states = listedStates(filter);
  const required = requiredTags(filter);
  let [bytes, looked] = [0, 0];
  for (const queue of queues) {
    if (!isListed(queue.name, filter)) continue;
    for (const state of states) {
      const place = (job: MemoryJob): string => encodeCursor({ queue: queue.name, state, key: job.key });
      for (const job of jobsIn(queue, state, isReversed(state, order))) {
        if (after !== null && !isAfter(queue.name, state, job, after, { states, order })) continue;
        // As with an index of tags: jobs without them are no part of the listing, so no page ends at one.
        if (!required.every((tag) => job.spec.tags.includes(tag))) continue;
        looked += 1;
        const record = recordOf(queue, job);
        if (matchesFilter(record, filter)) {
          const asked = withFields(record, fields);
          jobs.push(asked);
          bytes += sizeOf(asked);
        }
        if (jobs.length === limit || bytes >= MOST_PAGE_BYTES || looked >= MOST_LOOKED_AT)
          return { jobs, cursor: place(job), looked };
      }
    }
  }
  return { jobs, cursor: null, looked };
}

function jobsIn(queue: MemoryQueue, state: JobState, reversed: boolean): MemoryJob[] {
  const line = queue.lines[state].toArray();
  const others = state === "queued" ? [...queue.suspects.toArray(), ...queue.aside.toArray()] : [];
  const jobs = others.length === 0 ? line : [...line, ...others].toSorted((a, b) => compareKeys(a.key, b.key));
  return reversed ? jobs.toReversed() : jobs;
}

function isAfter(
  queue: string,
  state: JobState,
  job: MemoryJob,
  after: Position,
  { states, order }: { readonly states: readonly JobState[]; readonly order: ListOrder | undefined },
): boolean {
  if (queue !== after.queue) return queue > after.queue;
  if (state !== after.state) return states.indexOf(state) > states.indexOf(after.state);
  const difference = compareKeys(job.key, after.key);
  return isReversed(state, order) ? difference < 0 : difference > 0;
}
