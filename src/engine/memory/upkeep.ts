/** Upkeep of one queue: recover, promote, expire, trim. Bounded, and safe to run from anywhere at any time. */
import { TERMINAL_STATES } from "../../model/state.js";
import { compareKeys, type OrderKey } from "../order.js";
import { recover } from "./consume.js";
import { finish, forget, isPinned, keptForDefaultAge, move, removeAt } from "./moves.js";
import type { MemoryJob, MemoryQueue, MemorySession } from "./store.js";

/** Makes what is due ready; answers how many. */
export function promoteDue(queue: MemoryQueue, limit: number, now: number): number {
  const line = queue.lines.delayed;
  let promoted = 0;
  for (let job = line.first(); job !== undefined && job.runAt <= now && promoted < limit; job = line.first()) {
    move(queue, job, "queued", "promote", now);
    promoted += 1;
  }
  return promoted;
}

/** Takes the jobs of expired sessions; answers how many. Sessions that hold nothing more are forgotten. */
export function recoverLost(
  queue: MemoryQueue,
  sessions: Map<string, MemorySession>,
  limit: number,
  now: number,
): number {
  let recovered = 0;
  for (const session of expiredSessions(queue, sessions, now)) {
    const held = [...session.held].filter((job) => job.queue === queue.name);
    for (const job of held.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit - recovered)) {
      recover(queue, session, job, now);
      recovered += 1;
    }
    if ([...session.held].some((job) => job.queue === queue.name)) break;
    session.queues.delete(queue.name);
    if (session.queues.size === 0) sessions.delete(session.id);
  }
  return recovered;
}

function expiredSessions(queue: MemoryQueue, sessions: Map<string, MemorySession>, now: number): MemorySession[] {
  const end = (session: MemorySession): number => session.queues.get(queue.name)?.deadline ?? Infinity;
  return [...sessions.values()]
    .filter((session) => end(session) <= now)
    .toSorted((a, b) => compareKeys([end(a), a.id], [end(b), b.id]));
}

/** Ends jobs that did not start in time; answers how many. */
export function expireLate(queue: MemoryQueue, limit: number, now: number): number {
  const late = [...queue.jobs.values()]
    .filter((job) => job.expireAt !== null && job.expireAt <= now)
    .toSorted((a, b) => compareKeys([a.expireAt ?? 0, a.id], [b.expireAt ?? 0, b.id]))
    .slice(0, limit);
  for (const job of late) finish(queue, job, "expired", "expire", now);
  return late.length;
}

/** Removes what retention no longer keeps; answers how many. */
export function trim(queue: MemoryQueue, limit: number, now: number): number {
  const finished = TERMINAL_STATES.flatMap((state) => queue.lines[state].toArray().toReversed());
  const due = finished.filter((job) => removeAt(job) <= now && !isPinned(queue, job));
  const usual = due.filter(keptForDefaultAge);
  const special = due.filter((job) => !keptForDefaultAge(job)).toSorted((a, b) => compareKeys(dueKey(a), dueKey(b)));
  const old = [...usual, ...special].slice(0, limit);
  for (const job of old) forget(queue, job, now);
  let removed = old.length;
  for (const kind of ["completed", "failed"] as const) {
    const keep = queue.keepCount[kind];
    const excess = keep === null ? 0 : queue.counted[kind].length - keep;
    const surplus = queue.counted[kind].slice(0, Math.max(0, Math.min(excess, limit - removed)));
    for (const job of surplus) forget(queue, job, now);
    removed += surplus.length;
  }
  return removed;
}

function dueKey(job: MemoryJob): OrderKey {
  return [removeAt(job), job.id];
}

/** When the next thing is due in this queue; `null` if nothing is. */
export function nextDue(queue: MemoryQueue, sessions: Map<string, MemorySession>): number | null {
  const times: number[] = [];
  const delayed = queue.lines.delayed.first();
  if (delayed !== undefined) times.push(delayed.runAt);
  for (const { queues } of sessions.values()) {
    const life = queues.get(queue.name);
    if (life !== undefined) times.push(life.deadline);
  }
  for (const job of queue.jobs.values()) if (job.expireAt !== null) times.push(job.expireAt);
  return times.length === 0 ? null : times.reduce((a, b) => Math.min(a, b));
}
