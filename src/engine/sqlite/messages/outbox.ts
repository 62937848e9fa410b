/**
 * The outbox: which jobs are marked, and their messages, computed from their present state (engine/shared/reactions.ts). A job
 * may be linked to thousands: it sends its messages a part at a time, and its mark remembers how far it has come.
 */
import type { JobRef } from "../../../model/job/job.js";
import { isTerminal } from "../../../model/job/state.js";
import { messagesOf, type FlowStage, type Sender } from "../../shared/reactions.js";
import { MOST_SENDERS, type Message, type OutboxBatch, type OutboxReceipt } from "../../shared/relay.js";
import { loadJob } from "../store/job/job.js";
import { stateOf } from "../store/queue/state-codes.js";
import { forget } from "../store/transitions.js";
import {
  bodyOf,
  dependenciesAfter,
  dependentsAfter,
  dropLinksToOthers,
  dropLinksUpTo,
  isAwaitedBy,
} from "../store/job/dependencies.js";
import { releaseNumber } from "../store/remains.js";
import type { Sql } from "../database/sql.js";
import type { OutboxCursor, OutboxMark, Transaction } from "../store/transaction.js";

/** A job in the outbox, as it is now. */
type OutboxEntry = Pick<Sender, "ref" | "state" | "flow" | "held" | "round"> & { readonly number: number };

type OutboxRow = [stateCode: number, flow: FlowStage | null, held: number, round: number];

const GONE = { state: "removed", flow: null, held: false, round: 0 } as const;

const ENTRY = `SELECT j.state_code, t.flow, t.held, t.round
  FROM links t CROSS JOIN jobs j ON j.job = t.job WHERE t.job = ?`;

/** The next messages of a queue; none when the transaction has done its part. */
export function takeOutbox(transaction: Transaction, name: string): OutboxBatch {
  const { sql, left } = transaction;
  const marks = transaction.marksOf(name);
  const most = left.messages;
  const messages: Message[] = [];
  const delivered: string[] = [];
  let senders = 0;
  for (const [number, mark] of marks) {
    if (senders === MOST_SENDERS || messages.length >= most || left.links <= 0) break;
    senders += 1;
    const entry = readEntry(sql, name, number, mark);
    const rest = sendFrom(transaction, entry, mark.cursor, messages, most);
    mark.cursor = rest;
    if (rest !== null) break;
    marks.delete(number);
    if (mark.number !== null && entry.state === "removed") releaseNumber(sql, number);
    if (goesWhenDelivered(entry)) delivered.push(String(number));
  }
  return { messages, receipt: senders === 0 ? null : delivered };
}

function readEntry(sql: Sql, queue: string, number: number, { id }: OutboxMark): OutboxEntry {
  const ref = { queue, id };
  const row = sql.all<OutboxRow>(ENTRY, number)[0];
  if (row === undefined) return { number, ref, ...GONE };
  const [stateCode, flow, held, round] = row;
  return { number, ref, state: stateOf(stateCode), flow, held: held === 1, round };
}

/** An incomplete flow is removed with its members. */
function goesWhenDelivered({ state, flow }: OutboxEntry): boolean {
  return state !== "removed" && flow === "open" && isTerminal(state);
}

/** Removes incomplete flows whose messages were taken. */
export function acknowledge(transaction: Transaction, name: string, receipt: OutboxReceipt): void {
  const queue = transaction.find(name);
  for (const number of receipt.map(Number)) {
    const job = queue === null ? null : loadJob(transaction.sql, number);
    if (queue !== null && job !== null) forget(transaction, queue, job);
    dropLinksToOthers(transaction.sql, number);
  }
}

/** Adds messages of a job, until there are `most`; returns where to go on, `null` when it has sent all of them. */
function sendFrom(
  transaction: Transaction,
  entry: OutboxEntry,
  cursor: OutboxCursor | null,
  messages: Message[],
  most: number,
): OutboxCursor | null {
  const { sql, left } = transaction;
  const { number, state } = entry;
  const isGone = state === "removed";
  const room = (): number => Math.max(1, Math.min(most - messages.length, left.links));
  let after = cursor?.after ?? null;
  if (cursor?.to !== "dependencies" && (isGone || isTerminal(state))) {
    const asked = room();
    const dependents = dependentsAfter(sql, number, after, asked);
    const last = dependents.at(-1)?.ref ?? null;
    left.links -= dependents.length;
    messages.push(...messagesOf({ ...sender(sql, entry), dependents: () => dependents }));
    // Of a removed job nothing else is left: a link goes with its message.
    if (isGone && last !== null) dropLinksUpTo(sql, "dependents", number, last);
    if (dependents.length === asked) return { to: "dependents", after: isGone ? null : last };
  }
  if (cursor?.to === "dependents") after = null;
  const asked = room();
  const dependencies = dependenciesAfter(sql, number, after, asked);
  const last = placeOf(dependencies.at(-1));
  left.links -= dependencies.length;
  const isFirst = after === null;
  const membership: Sender["membership"] = () => (isFirst ? (bodyOf(sql, number)?.flow ?? null) : null);
  messages.push(...messagesOf({ ...sender(sql, entry), dependencies: () => dependencies, membership }));
  if (isGone && last !== null) dropLinksUpTo(sql, "dependencies", number, last);
  return dependencies.length === asked ? { to: "dependencies", after: isGone ? null : last } : null;
}

/** A job as `messagesOf` takes it, with no links but those that are put in. */
function sender(sql: Sql, entry: OutboxEntry): Sender {
  return {
    ...entry,
    dependents: () => [],
    dependencies: () => [],
    membership: () => null,
    isAwaitedBy: (other) => isAwaitedBy(sql, entry.number, other),
  };
}

function placeOf(link: JobRef | undefined): JobRef | null {
  return link === undefined ? null : { queue: link.queue, id: link.id };
}
