/** The messages of jobs for those they are linked to: made from how a job is when it is asked, not from what happened. */
import type { JobRef } from "../../../model/job/job.js";
import { isTerminal, type JobState, type TerminalState } from "../../../model/job/state.js";
import type { Message, OutboxBatch, OutboxReceipt } from "../../shared/relay.js";
import { loadJob } from "../store/job.js";
import { stateOf } from "../store/state-codes.js";
import { forget } from "../store/transitions.js";
import type { SqliteQueue } from "../store/queue.js";
import {
  bodyOf,
  dependenciesOf,
  dependentsOf,
  dropLinksToOthers,
  isAwaitedBy,
  type LinkState,
} from "../store/dependencies.js";
import type { Sql } from "../database/sql.js";
import type { Transaction } from "../store/transaction.js";

/** How many jobs of the outbox are delivered at a time. */
const JOBS_AT_ONCE = 100;

/** A job in the outbox, as it is now. */
interface OutboxEntry extends Pick<LinkState, "flow" | "held" | "generation"> {
  readonly number: number;
  readonly ref: JobRef;
  /** `null`: it is gone. */
  readonly state: JobState | null;
}

type OutboxRow = [stateCode: number, flow: LinkState["flow"], held: number, generation: number];

const ENTRY = `SELECT j.state_code, t.flow, t.held, t.generation
  FROM links t CROSS JOIN jobs j ON j.job = t.job WHERE t.job = ?`;

/** The next messages of a queue. */
export function takeOutbox(transaction: Transaction, queue: SqliteQueue): OutboxBatch {
  const { sql } = transaction;
  const entries = transaction.takeOutbox(queue, JOBS_AT_ONCE).map(([number, id]): OutboxEntry => {
    const ref = { queue: queue.name, id };
    const row = sql.all<OutboxRow>(ENTRY, number)[0];
    if (row === undefined) return { number, ref, state: null, flow: null, held: false, generation: 0 };
    const [stateCode, flow, held, generation] = row;
    return { number, ref, state: stateOf(stateCode), flow, held: held === 1, generation };
  });
  if (entries.length === 0) return { messages: [], receipt: null };
  const messages = entries.flatMap((entry) => messagesOf(sql, entry));
  return { messages, receipt: entries.filter(goesWhenDelivered).map(({ number }) => String(number)) };
}

/** The dependency rows of a removed job stay until then. An incomplete flow is removed together with its members. */
function goesWhenDelivered({ state, flow }: OutboxEntry): boolean {
  return state === null || (flow === "open" && isTerminal(state));
}

/** The messages were delivered: removes what they were kept for. */
export function acknowledge(transaction: Transaction, queue: SqliteQueue, token: OutboxReceipt): void {
  const { sql } = transaction;
  for (const number of token.map(Number)) {
    const job = loadJob(sql, number);
    if (job !== null) forget(transaction, queue, job);
    dropLinksToOthers(sql, number);
  }
}

function messagesOf(sql: Sql, entry: OutboxEntry): Message[] {
  const { number, ref: from, state } = entry;
  if (state === null) return removalMessagesOf(sql, number, from);
  return isTerminal(state) ? messagesOfEnded(sql, entry, state) : messagesOfWaiting(sql, entry);
}

function messagesOfEnded(sql: Sql, { number, ref: from, flow }: OutboxEntry, state: TerminalState): Message[] {
  const ends = dependentsOf(sql, number).map(({ ref, generation }): Message => {
    return { kind: "end", to: ref, from, state, round: generation };
  });
  if (flow === null || ["completed", "partial", "failed"].includes(state)) return ends;
  // What was never complete is removed whole, ended members too.
  const open = flow === "open";
  const left = dependenciesOf(sql, number).filter((member) => open || member.state === null);
  return [
    ...ends,
    ...left.map(({ queue, id }): Message => ({ kind: open ? "drop" : "cancel", to: { queue, id }, from })),
  ];
}

function messagesOfWaiting(sql: Sql, { number, ref: from, flow, held, generation }: OutboxEntry): Message[] {
  // What is held may depend on jobs that are still being created.
  const silent = flow === "open" || held;
  const waited = silent ? [] : dependenciesOf(sql, number).filter(({ state }) => state === null);
  const kind = flow === null ? "link" : "go";
  const links = waited.map(({ queue, id }): Message => ({ kind, to: { queue, id }, from, round: generation }));
  const membership = flow === null ? bodyOf(sql, number)?.flow : null;
  if (membership == null || !(held || isAwaitedBy(sql, number, membership))) return links;
  const { queue, id, ifFailed } = membership;
  return [{ kind: "join", to: { queue, id }, from, ifFailed, held }, ...links];
}

function removalMessagesOf(sql: Sql, number: number, from: JobRef): Message[] {
  return [
    ...dependentsOf(sql, number).map(({ ref, generation }): Message => {
      return { kind: "end", to: ref, from, state: "removed", round: generation };
    }),
    ...dependenciesOf(sql, number).map(({ queue, id }): Message => ({ kind: "unlink", to: { queue, id }, from })),
  ];
}

const FLOWS = `SELECT j.job FROM jobs j CROSS JOIN links t ON t.job = j.job
  WHERE j.queue = ? AND t.flow IS NOT NULL AND j.finished_at IS NULL ORDER BY j.job`;
const LINKED = "SELECT job, id FROM jobs WHERE queue = ? AND linked ORDER BY id";

/** What is to be told elsewhere when a queue is removed with all its jobs. */
export function removalMessages(sql: Sql, { number, name }: SqliteQueue): Message[] {
  const linked = sql.all<[job: number, id: string]>(LINKED, number);
  const ids = new Map(linked);
  const members = sql.all<[job: number]>(FLOWS, number).flatMap(([job]) => {
    const from = { queue: name, id: ids.get(job) ?? "" };
    const left = dependenciesOf(sql, job).filter(({ state }) => state === null);
    return left.map(({ queue, id }): Message => ({ kind: "cancel", to: { queue, id }, from }));
  });
  const all = [...members, ...linked.flatMap(([job, id]) => removalMessagesOf(sql, job, { queue: name, id }))];
  return all.filter(({ to }) => to.queue !== name);
}
