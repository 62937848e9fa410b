/**
 * Messages between jobs, and the loop that delivers them. Jobs that depend on each other may live in different places,
 * where no command reaches both at once. So a command that affects other jobs marks the job in an outbox, in the same
 * transaction or script; the messages that follow are delivered right after, or else by the next sweep.
 * A message may be delivered more than once: the second time it changes nothing. One loop for all engines, so that all act
 * in the same order.
 */
import type { DependencyEnd } from "../../model/job/dependency.js";
import type { Membership } from "../../model/job/membership.js";
import type { JobRef } from "../../model/job/job.js";
import { isThenable } from "../../model/value/thenable.js";
import type { Awaitable } from "../contract/engine.js";

interface Between {
  readonly to: JobRef;
  readonly from: JobRef;
}

/** A message from one job to another. */
export type Message =
  /** To a dependency: report your end to me. `round` counts how often the dependent began to wait. */
  | ({ readonly kind: "link"; readonly round: number } & Between)
  /** To a dependent: I have ended, and in which state. */
  | ({ readonly kind: "end"; readonly state: DependencyEnd; readonly round: number } & Between)
  /** To a dependency: I am removed. */
  | ({ readonly kind: "unlink" } & Between)
  /** To a flow: I am your member. `held`: I may not run before you release me. */
  | ({ readonly kind: "join"; readonly ifFailed: Membership["ifFailed"]; readonly held: boolean } & Between)
  /** To a member of a flow: you may run; report your end to me. */
  | ({ readonly kind: "go"; readonly round: number } & Between)
  /** To a member: the flow ended before it (`cancel`), or was never complete and is removed (`drop`). */
  | ({ readonly kind: "cancel" | "drop" } & Between);

/** How many jobs of an outbox send their messages at a time. */
export const MOST_SENDERS = 100;

/** Messages of some jobs of a queue. */
export interface OutboxBatch {
  readonly messages: readonly Message[];
  /** Names the outbox entries, to be handed back once the messages have arrived. `null`: the outbox was empty. */
  readonly receipt: OutboxReceipt | null;
}

/** Outbox entries, as the engine that wrote them names them. */
export type OutboxReceipt = readonly string[];

/** The result of a delivery. */
export interface DeliveryResult {
  /** The receivers' answers, to be delivered in turn. */
  readonly replies: readonly Message[];
  /** The queues whose outbox is not empty now. */
  readonly pendingQueues: readonly string[];
}

/** An engine's outbox and inbox. */
export interface Mailbox {
  /**
   * The next messages of a queue's outbox, at most about 500. `receipt`: entries whose messages have arrived; they are
   * removed first.
   */
  takeOutbox(queue: string, receipt: OutboxReceipt | null): Awaitable<OutboxBatch>;
  /** Delivers messages, at most about 500, to the inboxes of their queues; those of one queue in order. */
  deliver(messages: readonly Message[]): Awaitable<DeliveryResult>;
}

/** Messages by the queue they go to, in the order of the names of the queues; those of one queue in their order. */
export function groupByQueue(messages: readonly Message[]): [queue: string, messages: Message[]][] {
  const groups = new Map<string, Message[]>();
  for (const message of messages) {
    const group = groups.get(message.to.queue);
    if (group === undefined) groups.set(message.to.queue, [message]);
    else group.push(message);
  }
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

type Step = () => Awaitable<OutboxBatch | DeliveryResult>;

/**
 * Empties the outboxes of these queues, and those that fill while doing so, for engines that answer synchronously. `first`:
 * messages to deliver before them.
 */
export function deliverNow(mailbox: Mailbox, queues: Iterable<string>, first: readonly Message[] = []): void {
  const delivery = deliver(mailbox, queues, first);
  for (let step = delivery.next(); step.done !== true;) {
    const answer = step.value();
    if (isThenable(answer)) throw new TypeError("an engine that answers at once answered later");
    step = delivery.next(answer);
  }
}

/** Empties the outboxes of these queues, and those that fill while doing so. */
export async function deliverSoon(mailbox: Mailbox, queues: Iterable<string>): Promise<void> {
  const delivery = deliver(mailbox, queues, []);
  for (let step = delivery.next(); step.done !== true;) step = delivery.next(await step.value());
}

function* deliver(
  mailbox: Mailbox,
  queues: Iterable<string>,
  first: readonly Message[],
): Generator<Step, void, OutboxBatch | DeliveryResult> {
  const open = new Set(queues);
  yield* send(mailbox, first, open);
  for (const queue of open) {
    let receipt: OutboxReceipt | null = null;
    do {
      const before: OutboxReceipt | null = receipt;
      const batch = (yield () => mailbox.takeOutbox(queue, before)) as OutboxBatch;
      yield* send(mailbox, batch.messages, open);
      ({ receipt } = batch);
    } while (receipt !== null);
    // A queue whose outbox fills again is added again, after the others.
    open.delete(queue);
  }
}

function* send(
  mailbox: Mailbox,
  messages: readonly Message[],
  open: Set<string>,
): Generator<Step, void, OutboxBatch | DeliveryResult> {
  let outgoing = messages;
  while (outgoing.length > 0) {
    const sent: readonly Message[] = outgoing;
    const { replies, pendingQueues } = (yield () => mailbox.deliver(sent)) as DeliveryResult;
    for (const queue of pendingQueues) open.add(queue);
    outgoing = replies;
  }
}
