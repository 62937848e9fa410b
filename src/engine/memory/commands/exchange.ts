/** The exchange: per queue, in the order of the claim, due jobs are promoted, outcomes settled, and jobs leased. */
import { MOST_CLAIMED_BYTES, MOST_PROMOTED } from "../../contract/engine.js";
import type { Engine, ExchangeAnswer, FencedAnswer, Lease } from "../../contract/engine.js";
import { earliest } from "../../shared/listing-order.js";
import { describeLease, holds, leaseFrom, settleOne, type LeaseWish } from "./settle.js";
import { firstTick } from "./schedules.js";
import type { MemoryQueue, MemorySession, MemoryStore, Moment } from "../store/store.js";
import { firstExpiry, promoteDue } from "./sweep.js";

/** Runs an exchange; returns its answer and the queues it changed. */
export function exchange(
  store: MemoryStore,
  { session: id, lane, call, settle, claim }: Parameters<Engine["exchange"]>[0],
  moment: Moment,
): { answer: ExchangeAnswer; touched: string[] } {
  const { now } = moment;
  const names = [...new Set([...(claim?.queues ?? []), ...settle.map((settlement) => settlement.queue)])];
  const tasks = claim?.tasks ?? [];
  const settled: FencedAnswer[] = settle.map(() => "stale");
  const leases: Lease[] = [];
  const touched: string[] = [];
  const paused: string[] = [];
  // How many characters of input the leases of this call have.
  let text = 0;
  let alive = true;
  let more = false;
  let nextDue: number | null = null;
  for (const name of names) {
    const claimed = claim?.queues.includes(name) ?? false;
    const mine = [...settle.entries()].filter(([, settlement]) => settlement.queue === name);
    const left = claimed && text <= MOST_CLAIMED_BYTES ? (claim?.max ?? 0) - leases.length : 0;
    if (left <= 0 && mine.length === 0) continue;
    const session = store.liveSession(id, name, moment);
    if (session === null) {
      alive = false;
      continue;
    }
    const queue = store.queue(name);
    promoteDue(queue, MOST_PROMOTED, now);
    for (const [index, settlement] of mine) settled[index] = settleOne(queue, session, settlement, now);
    const suspect = (claim?.suspect ?? false) && !leases.some((lease) => lease.suspect);
    const given = left > 0 ? leaseOnce(queue, session, { lane, call, max: left, suspect, tasks, text }, now) : [];
    if (given.length > 0 && claim?.ttl !== undefined) store.shortenLife(session, name, claim.ttl, moment);
    leases.push(...given);
    for (const { body } of given) text += body?.input.length ?? 0;
    if (claimed) {
      more ||= queue.pausedAt === null && (queue.lines.queued.size > 0 || queue.aside.has(tasks));
      nextDue = earliest(nextDue, queue.lines.delayed.first()?.runAt ?? null, firstTick(queue, now));
      // A worker at rest is to know when to sweep; one at work sweeps every second.
      if (given.length === 0) nextDue = earliest(nextDue, firstExpiry(queue, now));
    }
    if (queue.pausedAt !== null) paused.push(name);
    touched.push(name);
  }
  more ||= text > MOST_CLAIMED_BYTES;
  return { answer: { alive, settled, leases, more, nextDue, ...(paused.length > 0 && { paused }) }, touched };
}

// The same call sent again leases the same jobs again: its answer was lost. A call overtaken by a later one leases nothing:
// its answer is not awaited any more, so no worker would have its leases in hand.
function leaseOnce(
  queue: MemoryQueue,
  session: MemorySession,
  { lane, call, ...wish }: LeaseWish & { readonly lane: number; readonly call: number },
  now: number,
): Lease[] {
  const key = `${queue.name}/${lane}`;
  const last = session.calls.get(key);
  if (last?.call === call) {
    return last.leases.flatMap((lease) => {
      const job = queue.jobs.get(lease.id);
      return holds(session, job, lease) ? [describeLease(job, job.suspect, job.startedAt ?? now)] : [];
    });
  }
  if (last !== undefined && last.call > call) return [];
  const leases = leaseFrom(queue, session, wish, now);
  session.calls.set(key, { call, leases: leases.map(({ id, epoch }) => ({ queue: queue.name, id, epoch })) });
  return leases;
}
