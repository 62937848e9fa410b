/** The exchange: promotes due jobs, settles outcomes and leases work, queue by queue, in one transaction. */
import { MOST_PROMOTED } from "../../contract/engine.js";
import type { Engine, ExchangeAnswer, FencedAnswer, Lease } from "../../contract/engine.js";
import { earliest } from "../../shared/listing-order.js";
import { hasAside } from "./run/aside.js";
import { settleAll } from "./run/settle.js";
import { leaseOnce } from "./run/lease.js";
import { QUEUED } from "../store/queue/state-codes.js";
import { firstTick } from "./schedules.js";
import { liveSession, shortenLife } from "./workers/sessions.js";
import type { Transaction } from "../store/transaction.js";
import { firstExpiry } from "./read.js";
import { nextDelayed, promoteDue } from "./sweep.js";

export function exchange(transaction: Transaction, params: Parameters<Engine["exchange"]>[0]): ExchangeAnswer {
  const { session, lane, call, settle, claim } = params;
  const tasks = claim?.tasks ?? [];
  const names = [...new Set([...(claim?.queues ?? []), ...settle.map((settlement) => settlement.queue)])];
  const settled: FencedAnswer[] = settle.map(() => "stale");
  const leases: Lease[] = [];
  const paused: string[] = [];
  let alive = true;
  let more = false;
  let promotable = MOST_PROMOTED;
  let next: number | null = null;
  for (const name of names) {
    const claimed = claim?.queues.includes(name) ?? false;
    const mine = [...settle.entries()].filter(([, settlement]) => settlement.queue === name);
    const left = claimed && transaction.left.claimed >= 0 ? (claim?.max ?? 0) - leases.length : 0;
    if (left <= 0 && mine.length === 0) continue;
    const queue = transaction.find(name);
    const life = queue === null ? null : liveSession(transaction, session, queue);
    if (queue === null || life === null) {
      alive = false;
      continue;
    }
    promotable -= promoteDue(transaction, queue, promotable);
    const outcomes = mine.map(([, settlement]) => settlement);
    const answers = settleAll(transaction, queue, session, outcomes);
    for (const [position, [index]] of mine.entries()) settled[index] = answers[position] ?? "stale";
    const suspect = (claim?.suspect ?? false) && !leases.some((lease) => lease.suspect);
    const given = left > 0 ? leaseOnce(transaction, queue, { session, lane, call, max: left, suspect, tasks }) : [];
    if (given.length > 0 && claim?.ttl !== undefined) shortenLife(transaction, session, queue, life, claim.ttl);
    leases.push(...given);
    if (claimed) {
      more ||= !queue.paused && (queue.jobsWith(QUEUED) > 0 || hasAside(transaction.sql, queue, tasks));
      // A worker at rest is to know when to sweep; one at work sweeps every second.
      if (given.length === 0) next = earliest(next, firstExpiry(transaction.sql, queue.number, transaction.now));
      next = earliest(next, nextDelayed(transaction, queue), firstTick(transaction.sql, queue.number, transaction.now));
    }
    if (queue.paused) paused.push(name);
    transaction.changed(name);
  }
  more ||= transaction.left.claimed < 0;
  return { alive, settled, leases, more, nextDue: next, ...(paused.length > 0 && { paused }) };
}
