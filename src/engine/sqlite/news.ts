/** What jobs have to tell those they are tied to: messages follow from how a job is when it is asked, not from what happened. */
import type { JobRef } from "../../model/job.js";
import { isTerminal } from "../../model/state.js";
import type { Message, News, NewsToken } from "../delivery.js";
import { loadJob, stateOfJob, type Job } from "./job.js";
import { forget } from "./moves.js";
import type { SqliteQueue } from "./queue.js";
import { bodyOf, dependenciesOf, dependentsOf, dropTiesToOthers, isAwaitedBy, tiesOf } from "./ties.js";
import type { Sql } from "./sql.js";
import type { Transaction } from "./transaction.js";

/** The news of how many jobs is delivered at a time. */
const NEWS_AT_ONCE = 100;

/** The next news of a queue. */
export function news(transaction: Transaction, queue: SqliteQueue): News {
  const jobs = transaction.takeNews(queue, NEWS_AT_ONCE);
  const messages = jobs.flatMap(([job, id]) => newsOf(transaction.sql, job, { queue: queue.name, id }));
  return { messages, told: jobs.length === 0 ? null : jobs.map(([job]) => String(job)) };
}

/** News was delivered; what nobody asks for any more is forgotten. */
export function told(transaction: Transaction, queue: SqliteQueue, token: NewsToken): void {
  const { sql } = transaction;
  for (const number of token.map(Number)) {
    if (transaction.hasNews(queue, number)) continue;
    const job = loadJob(sql, number);
    if (job !== null) {
      // A flow that was never complete goes the way of its members.
      if (!isTerminal(stateOfJob(job)) || tiesOf(sql, job).flow !== "open") continue;
      forget(transaction, queue, job);
      transaction.dropNews(queue, number);
    }
    dropTiesToOthers(sql, number);
  }
}

/** What a job has to tell, by its number. */
function newsOf(sql: Sql, number: number, from: JobRef): Message[] {
  const job = loadJob(sql, number);
  if (job === null) return farewell(sql, number, from);
  return isTerminal(stateOfJob(job)) ? newsOfEnded(sql, job, from) : newsOfWaiting(sql, job, from);
}

function newsOfEnded(sql: Sql, job: Job, from: JobRef): Message[] {
  const state = stateOfJob(job);
  if (!isTerminal(state)) return [];
  const ends = dependentsOf(sql, job.job).map(({ ref, round }): Message => {
    return { kind: "end", to: ref, from, state, round };
  });
  const { flow } = tiesOf(sql, job);
  if (flow === null || ["completed", "partial", "failed"].includes(state)) return ends;
  // What was never complete is removed whole, ended members too.
  const open = flow === "open";
  const left = dependenciesOf(sql, job.job).filter((member) => open || member.state === null);
  return [
    ...ends,
    ...left.map(({ queue, id }): Message => ({ kind: open ? "drop" : "cancel", to: { queue, id }, from })),
  ];
}

function newsOfWaiting(sql: Sql, job: Job, from: JobRef): Message[] {
  const { flow, held, round } = tiesOf(sql, job);
  // What is held may depend on jobs that are still being created.
  const silent = flow === "open" || held;
  const waited = silent ? [] : dependenciesOf(sql, job.job).filter(({ state }) => state === null);
  const kind = flow === null ? "link" : "go";
  const links = waited.map(({ queue, id }): Message => ({ kind, to: { queue, id }, from, round }));
  const membership = bodyOf(sql, job)?.flow;
  if (membership == null || !isAwaitedBy(sql, job, membership)) return links;
  const { queue, id, on } = membership;
  return [{ kind: "join", to: { queue, id }, from, on }, ...links];
}

function farewell(sql: Sql, number: number, from: JobRef): Message[] {
  return [
    ...dependentsOf(sql, number).map(({ ref, round }): Message => {
      return { kind: "end", to: ref, from, state: "removed", round };
    }),
    ...dependenciesOf(sql, number).map(({ queue, id }): Message => ({ kind: "unlink", to: { queue, id }, from })),
  ];
}

const FLOWS = `SELECT j.job FROM jobs j CROSS JOIN ties t ON t.job = j.job
  WHERE j.queue = ? AND t.flow IS NOT NULL AND j.finished_at IS NULL ORDER BY j.job`;
const TIED = "SELECT job, id FROM jobs WHERE queue = ? AND tied ORDER BY id";

/** What is to be told elsewhere when a queue is removed with all its jobs. */
export function farewells(sql: Sql, { number, name }: SqliteQueue): Message[] {
  const tied = sql.all<[job: number, id: string]>(TIED, number);
  const ids = new Map(tied);
  const members = sql.all<[job: number]>(FLOWS, number).flatMap(([job]) => {
    const from = { queue: name, id: ids.get(job) ?? "" };
    const left = dependenciesOf(sql, job).filter(({ state }) => state === null);
    return left.map(({ queue, id }): Message => ({ kind: "cancel", to: { queue, id }, from }));
  });
  const all = [...members, ...tied.flatMap(([job, id]) => farewell(sql, job, { queue: name, id }))];
  return all.filter(({ to }) => to.queue !== name);
}
