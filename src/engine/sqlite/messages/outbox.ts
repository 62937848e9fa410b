/** The outbox: which jobs are marked, and their messages, computed from their present state (engine/shared/reactions.ts). */
import { isTerminal } from "../../../model/job/state.js";
import { cancelsOf, messagesOf, type FlowStage, type Sender } from "../../shared/reactions.js";
import { MOST_SENDERS, type Message, type OutboxBatch, type OutboxReceipt } from "../../shared/relay.js";
import { loadJob } from "../store/job.js";
import { stateOf } from "../store/state-codes.js";
import { forget } from "../store/transitions.js";
import type { SqliteQueue } from "../store/queue.js";
import { bodyOf, dependenciesOf, dependentsOf, dropLinksToOthers, isAwaitedBy } from "../store/dependencies.js";
import type { Sql } from "../database/sql.js";
import type { Transaction } from "../store/transaction.js";

/** A job in the outbox, as it is now. */
type OutboxEntry = Pick<Sender, "ref" | "state" | "flow" | "held" | "round"> & { readonly number: number };

type OutboxRow = [stateCode: number, flow: FlowStage | null, held: number, round: number];

const GONE = { state: "removed", flow: null, held: false, round: 0 } as const;

const ENTRY = `SELECT j.state_code, t.flow, t.held, t.round
  FROM links t CROSS JOIN jobs j ON j.job = t.job WHERE t.job = ?`;

/** The next messages of a queue. */
export function takeOutbox(transaction: Transaction, queue: SqliteQueue): OutboxBatch {
  const { sql } = transaction;
  const entries = transaction.takeOutbox(queue, MOST_SENDERS).map(([number, id]): OutboxEntry => {
    const ref = { queue: queue.name, id };
    const row = sql.all<OutboxRow>(ENTRY, number)[0];
    if (row === undefined) return { number, ref, ...GONE };
    const [stateCode, flow, held, round] = row;
    return { number, ref, state: stateOf(stateCode), flow, held: held === 1, round };
  });
  if (entries.length === 0) return { messages: [], receipt: null };
  const messages = entries.flatMap((entry) => messagesFrom(sql, entry));
  return { messages, receipt: entries.filter(goesWhenDelivered).map(({ number }) => String(number)) };
}

/** The links of a removed job stay until its messages are delivered. An incomplete flow is removed with its members. */
function goesWhenDelivered({ state, flow }: OutboxEntry): boolean {
  return state === "removed" || (flow === "open" && isTerminal(state));
}

/** Removes links and flows that were kept until their messages were delivered. */
export function acknowledge(transaction: Transaction, queue: SqliteQueue, token: OutboxReceipt): void {
  const { sql } = transaction;
  for (const number of token.map(Number)) {
    const job = loadJob(sql, number);
    if (job !== null) forget(transaction, queue, job);
    dropLinksToOthers(sql, number);
  }
}

function messagesFrom(sql: Sql, { number, ref, state, flow, held, round }: OutboxEntry): Message[] {
  return messagesOf({
    ref,
    state,
    flow,
    held,
    round,
    dependents: () => dependentsOf(sql, number),
    dependencies: () => dependenciesOf(sql, number),
    membership: () => bodyOf(sql, number)?.flow ?? null,
    isAwaitedBy: (other) => isAwaitedBy(sql, number, other),
  });
}

const FLOWS = `SELECT j.job FROM jobs j CROSS JOIN links t ON t.job = j.job
  WHERE j.queue = ? AND t.flow IS NOT NULL AND j.finished_at IS NULL ORDER BY j.job`;
const LINKED = "SELECT job, id FROM jobs WHERE queue = ? AND linked ORDER BY id";

/** The messages to other queues when a queue is removed with all its jobs. */
export function removalMessages(sql: Sql, { number, name }: SqliteQueue): Message[] {
  const linked = sql.all<[job: number, id: string]>(LINKED, number);
  const ids = new Map(linked);
  const members = sql
    .all<[job: number]>(FLOWS, number)
    .flatMap(([job]) => cancelsOf({ queue: name, id: ids.get(job) ?? "" }, dependenciesOf(sql, job)));
  const removed = linked.flatMap(([job, id]) => messagesFrom(sql, { number: job, ref: { queue: name, id }, ...GONE }));
  return [...members, ...removed].filter(({ to }) => to.queue !== name);
}
