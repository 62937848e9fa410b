/**
 * What jobs have to tell each other. Jobs that depend on each other may live in different places, where no command reaches both
 * at once; so whatever happens to one writes down, in the same command, that it has news, and the messages that follow from
 * it are delivered right after, or else by the next sweep. Every message may be delivered again: it changes nothing then.
 *
 * One loop for all engines, so that all of them do things in the same order.
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

/** What one job tells another. */
export type Message =
  /** To a dependency: tell me when you have ended. `round` counts how often the dependent waited anew. */
  | ({ readonly kind: "link"; readonly round: number } & Between)
  /** To a dependent: I have ended. */
  | ({ readonly kind: "end"; readonly state: DependencyEnd; readonly round: number } & Between)
  /** To a dependency: I am gone. */
  | ({ readonly kind: "unlink" } & Between)
  /** To a flow: I belong to you. `held`: and may not run before you say so. */
  | ({ readonly kind: "join"; readonly ifFailed: Membership["ifFailed"]; readonly held: boolean } & Between)
  /** To a member of a flow: you may run, or tell me how you ended. */
  | ({ readonly kind: "go"; readonly round: number } & Between)
  /** To a member of a flow that ended early; or that was never complete. */
  | ({ readonly kind: "cancel" | "drop" } & Between);

/** What is answered for a job that is not there. */
export function answerForMissing(message: Message): Message[] {
  const { kind, to, from } = message;
  switch (kind) {
    case "link":
    case "go":
      return [{ kind: "end", to: from, from: to, state: "removed", round: message.round }];
    case "end":
      return [{ kind: "unlink", to: from, from: to }];
    case "join":
      return [{ kind: "cancel", to: from, from: to }];
    default:
      return [];
  }
}

/** News of some jobs of a queue. */
export interface OutboxBatch {
  readonly messages: readonly Message[];
  /** Whose news this is: handed back once the messages have arrived. `null`: there was none. */
  readonly receipt: OutboxReceipt | null;
}

/** What names news: for whoever gave it. */
export type OutboxReceipt = readonly string[];

/** What became of messages. */
export interface DeliveryResult {
  /** What their receivers answer. */
  readonly replies: readonly Message[];
  /** The queues in which jobs have news now. */
  readonly pendingQueues: readonly string[];
}

/** The side of an engine: where news is written down, and where messages arrive. */
export interface Mailbox {
  /** The next news of a queue; `told` was delivered, and is forgotten first. At most about 500 messages. */
  takeOutbox(queue: string, receipt: OutboxReceipt | null): Awaitable<OutboxBatch>;
  /** Hands messages, at most about 500, to their receivers, all in one queue in order. */
  deliver(messages: readonly Message[]): Awaitable<DeliveryResult>;
}

type Step = () => Awaitable<OutboxBatch | DeliveryResult>;

/** Delivers the news of these queues, and what follows from it, for engines that answer at once. */
export function deliverNow(mailbox: Mailbox, queues: Iterable<string>, first: readonly Message[] = []): void {
  const delivery = deliver(mailbox, queues, first);
  for (let step = delivery.next(); step.done !== true;) {
    const answer = step.value();
    if (isThenable(answer)) throw new TypeError("an engine that answers at once answered later");
    step = delivery.next(answer);
  }
}

/** Delivers the news of these queues, and what follows from it. `first`: messages that go ahead of it. */
export async function deliverSoon(
  mailbox: Mailbox,
  queues: Iterable<string>,
  first: readonly Message[] = [],
): Promise<void> {
  const delivery = deliver(mailbox, queues, first);
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
      const news = (yield () => mailbox.takeOutbox(queue, before)) as OutboxBatch;
      yield* send(mailbox, news.messages, open);
      ({ receipt } = news);
    } while (receipt !== null);
    // Back at the end of the line, should it have news again.
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
    const { replies, pendingQueues: news } = (yield () => mailbox.deliver(sent)) as DeliveryResult;
    for (const queue of news) open.add(queue);
    outgoing = replies;
  }
}
