/** Upkeep of queues: recover, promote, expire, trim. Bounded, and safe to run from any worker at any time. */
import { hasDefaultAge, mayCountOut } from "../../../model/job/retention.js";
import { isTerminal, TERMINAL_STATES } from "../../../model/job/state.js";
import type { Engine, OverdueSession, SweepAnswer } from "../../contract/engine.js";
import { compareKeys, earliest, type OrderKey } from "../../shared/listing-order.js";
import { recover } from "./settle.js";
import { finish, forget, isRetained, isWatched, move } from "../store/transitions.js";
import { isDead, sweepTotal, type QueueSweep } from "../../shared/sweep.js";
import { dueSchedules, nextTick } from "./schedules.js";
import { filedIn } from "./failure-groups.js";
import { sampleOf } from "./series.js";
import { dropTraces } from "../store/traces.js";
import type { MemoryJob } from "../store/job.js";
import type { MemoryQueue, MemorySession, MemoryStore, Moment } from "../store/store.js";

/** Sweeps some queues. */
export function sweep(
  store: MemoryStore,
  { queues: names, limit, dead }: Parameters<Engine["sweep"]>[0],
  { now, monotonic }: Moment,
): SweepAnswer {
  const swept = names
    .map((name) => store.find(name))
    .filter((queue) => queue !== undefined)
    .map((queue): QueueSweep => {
      dropTraces(queue, now);
      const recovered = recoverLost(queue, store.sessions, { limit, dead }, { now, monotonic });
      const done = {
        recovered,
        promoted: promoteDue(queue, limit, now),
        expired: expireLate(queue, limit, now),
        removed: trim(queue, limit, now),
      };
      queue.series.trim(now);
      queue.failures.trim(now, () => filedIn(queue));
      queue.series.sample(now, () => sampleOf(queue, store.sessions, now));
      return {
        ...done,
        schedules: dueSchedules(queue, now),
        overdue: overdueSessions(queue, store.sessions, monotonic),
        nextDue: nextDue(queue, store.sessions, { now, monotonic }),
        nextTick: nextTick(queue, now),
        nextRemoval: nextRemoval(queue),
      };
    });
  return sweepTotal(swept, limit);
}

/** Promotes due jobs; returns how many. */
export function promoteDue(queue: MemoryQueue, limit: number, now: number): number {
  const line = queue.lines.delayed;
  let promoted = 0;
  for (let job = line.first(); job !== undefined && job.runAt <= now && promoted < limit; job = line.first()) {
    move(queue, job, "queued", "promote", now);
    promoted += 1;
  }
  return promoted;
}

/** Declares sessions dead and recovers their jobs, as they were leased; returns how many. A session without jobs left is removed. */
function recoverLost(
  queue: MemoryQueue,
  sessions: Map<string, MemorySession>,
  { limit, dead }: { limit: number; dead: readonly OverdueSession[] | undefined },
  { now, monotonic }: Moment,
): number {
  for (const overdue of overdueSessions(queue, sessions, monotonic)) {
    const life = sessions.get(overdue.session)?.queues.get(queue.name);
    if (life !== undefined && isDead(overdue, dead)) life.deadSince = now;
  }
  const isHere = (job: MemoryJob): boolean => job.queue === queue.name;
  const ended = [...sessions.values()].filter(({ queues }) => (queues.get(queue.name)?.deadSince ?? null) !== null);
  const lost = ended
    .flatMap((session) => [...session.held].filter(isHere).map((job) => ({ session, job })))
    .toSorted((a, b) => compareKeys(a.job.key, b.job.key))
    .slice(0, limit);
  for (const { session, job } of lost) recover(queue, session, job, now);
  for (const session of ended) {
    if ([...session.held].some(isHere)) continue;
    session.queues.delete(queue.name);
    if (session.queues.size === 0) sessions.delete(session.id);
  }
  return lost.length;
}

/** The overdue sessions, the earliest first. */
function overdueSessions(
  { name: queue }: MemoryQueue,
  sessions: Map<string, MemorySession>,
  monotonic: number,
): OverdueSession[] {
  return [...sessions.values()]
    .flatMap(({ id: session, queues }): OverdueSession[] => {
      const life = queues.get(queue);
      if (life === undefined || life.deadSince !== null || life.deadline > monotonic) return [];
      const { deadline, ttl } = life;
      return [{ session, queue, deadline, ttl, overdue: monotonic - deadline }];
    })
    .toSorted((a, b) => compareKeys([a.deadline, a.session], [b.deadline, b.session]));
}

/** Expires jobs that did not start in time; returns how many. */
function expireLate(queue: MemoryQueue, limit: number, now: number): number {
  const late = [...queue.jobs.values()]
    .filter((job) => job.expireAt !== null && job.expireAt <= now)
    .toSorted((a, b) => compareKeys([a.expireAt ?? 0, a.id], [b.expireAt ?? 0, b.id]))
    .slice(0, limit);
  for (const job of late) finish(queue, job, "expired", "expire", now);
  return late.length;
}

/** Removes jobs that retention no longer keeps; returns how many. */
function trim(queue: MemoryQueue, limit: number, now: number): number {
  const finished = TERMINAL_STATES.flatMap((state) => queue.lines[state].toArray().toReversed());
  const due = finished.filter((job) => job.removeAt <= now && !isRetained(queue, job));
  const usual = due.filter(isUsual);
  const special = due.filter((job) => !isUsual(job)).toSorted((a, b) => compareKeys(dueKey(a), dueKey(b)));
  const old = [...usual, ...special].slice(0, limit);
  for (const job of old) forget(queue, job, now);
  let removed = old.length;
  for (const kind of ["completed", "failed"] as const) {
    const keep = queue.keepCount[kind];
    const excess = keep === null ? 0 : queue.counted[kind].length - keep;
    const surplus = queue.counted[kind]
      .slice(0, Math.max(0, Math.min(excess, limit - removed)))
      .filter(({ finishedAt }) => mayCountOut(finishedAt ?? 0, isWatched(queue, now), now));
    for (const job of surplus) forget(queue, job, now);
    removed += surplus.length;
  }
  return removed;
}

/** When retention removes the next job by its age; `null` when none has ended. */
function nextRemoval(queue: MemoryQueue): number | null {
  const ended = TERMINAL_STATES.flatMap((state) => queue.lines[state].toArray()).filter(
    (job) => !isRetained(queue, job),
  );
  return ended.length === 0 ? null : ended.map(({ removeAt }) => removeAt).reduce((a, b) => Math.min(a, b));
}

/**
 * When retention removes the next job that is not kept for the default age: `-Infinity` when more are kept by count than are
 * asked for, `null` when there is none.
 */
export function firstRemoval(queue: MemoryQueue): number | null {
  const isSurplus = (["completed", "failed"] as const).some(
    (kind) => queue.counted[kind].length > (queue.keepCount[kind] ?? Number.POSITIVE_INFINITY),
  );
  if (isSurplus) return Number.NEGATIVE_INFINITY;
  let first: number | null = null;
  for (const job of queue.jobs.values()) {
    if (isTerminal(job.state) && !isUsual(job) && !isRetained(queue, job)) first = earliest(first, job.removeAt);
  }
  return first;
}

function dueKey(job: MemoryJob): OrderKey {
  return [job.removeAt, job.id];
}

/** Is the job kept for the default age? Those are trimmed first, in the order in which they finished. */
function isUsual({ wasRetained, state, spec }: MemoryJob): boolean {
  return !wasRetained && hasDefaultAge(state, spec.retention);
}

/** When the next `ttl` ends that is not over yet. */
export function firstExpiry(queue: MemoryQueue, now: number): number | null {
  const times = [...queue.jobs.values()].flatMap(({ expireAt }) =>
    expireAt !== null && expireAt > now ? expireAt : [],
  );
  return times.length === 0 ? null : times.reduce((a, b) => Math.min(a, b));
}

/** When the next job or session of this queue is due; `null` if none is. An overdue session does not count. */
function nextDue(queue: MemoryQueue, sessions: Map<string, MemorySession>, { now, monotonic }: Moment): number | null {
  const times: number[] = [];
  const delayed = queue.lines.delayed.first();
  if (delayed !== undefined) times.push(delayed.runAt);
  for (const { queues } of sessions.values()) {
    const life = queues.get(queue.name);
    if (life !== undefined && life.deadline > monotonic) times.push(now + life.deadline - monotonic);
  }
  for (const job of queue.jobs.values()) if (job.expireAt !== null) times.push(job.expireAt);
  return times.length === 0 ? null : times.reduce((a, b) => Math.min(a, b));
}
