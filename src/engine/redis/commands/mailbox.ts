/**
 * The outbox and inbox of jobs on Redis. Messages of a queue stay in its outbox until they are delivered
 * (scripts/links/outbox.lua); each batch is applied in one script call per receiving queue (scripts/links/inbox.lua). If the process
 * that delivers dies, the next sweep delivers again.
 */
import {
  DEPENDENCY_FAILED,
  dependencyMessage,
  isSuccess,
  POLICIES,
  type DependencyEnd,
} from "../../../model/job/dependency.js";
import { plainFailure } from "../../../model/failure/failure.js";
import type { JobRef } from "../../../model/job/job.js";
import { STATES } from "../../../model/job/state.js";
import type { DeliveryResult, Message, OutboxBatch, OutboxReceipt, Mailbox } from "../../shared/relay.js";
import { encodeFiled } from "../format/failure.js";
import type { Argument, Link } from "../connection/connection.js";
import { list, number, text } from "../connection/reply.js";
import { MESSAGE_LETTERS, MESSAGE_WIDTH, REMOVED, REMOVED_QUEUE, meaningOf } from "../connection/wire.js";

/** How many messages one script call delivers: a job that learns that another was removed may have to be moved, or to end. */
const AT_ONCE = 75;

export class RedisMailbox implements Mailbox {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  async takeOutbox(queue: string, receipt: OutboxReceipt | null): Promise<OutboxBatch> {
    const [first, ...rest] = receipt ?? [];
    const [tokens, messages] = list(
      first === REMOVED_QUEUE
        ? await this.#link.run("removal-messages", queue, [queue, ...rest])
        : await this.#link.run("outbox", queue, receipt ?? []),
    );
    const next = list(tokens).map(text);
    if (first === REMOVED_QUEUE && next.length > 0) next.unshift(REMOVED_QUEUE);
    return { messages: decodeMessages(queue, list(messages)), receipt: next.length === 0 ? null : next };
  }

  async deliver(messages: readonly Message[]): Promise<DeliveryResult> {
    const queues = [...new Set(messages.map(({ to }) => to.queue))].toSorted();
    const delivered = await Promise.all(
      queues.map((queue) =>
        this.#deliverTo(
          queue,
          messages.filter(({ to }) => to.queue === queue),
        ),
      ),
    );
    return {
      replies: delivered.flatMap(({ replies }) => replies),
      pendingQueues: delivered.flatMap(({ pendingQueues }) => pendingQueues),
    };
  }

  async #deliverTo(queue: string, messages: readonly Message[]): Promise<DeliveryResult> {
    const replies: Message[] = [];
    let pending = false;
    for (let from = 0; from < messages.length; from += AT_ONCE) {
      const args = messages.slice(from, from + AT_ONCE).flatMap(encodeMessage);
      const [outboxMarked, ...answers] = list(await this.#link.run("inbox", queue, args));
      pending ||= outboxMarked === 1;
      replies.push(...decodeMessages(queue, answers));
    }
    return { replies, pendingQueues: pending ? [queue] : [] };
  }
}

function encodeMessage(message: Message): Argument[] {
  const { kind, to, from } = message;
  const head = [MESSAGE_LETTERS[kind], to.id, `${from.queue}\0${from.id}`];
  switch (message.kind) {
    case "end":
      return [...head, numberOf(message.state), message.round, failureOf(from, message.state)];
    case "link":
    case "go":
      return [...head, message.round, 0, ""];
    case "join":
      return [...head, POLICIES.indexOf(message.ifFailed), message.held ? 1 : 0, ""];
    default:
      return [...head, 0, 0, ""];
  }
}

/** The failure of a dependent of a job that ended like this; empty after success. */
function failureOf(from: JobRef, state: DependencyEnd): string {
  if (isSuccess(state)) return "";
  const failure = plainFailure("DependencyFailed", dependencyMessage(from, state), DEPENDENCY_FAILED);
  return encodeFiled(failure);
}

function decodeMessages(queue: string, values: readonly unknown[]): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at < values.length; at += MESSAGE_WIDTH) {
    const [kind, other, id, a, b] = values.slice(at, at + MESSAGE_WIDTH);
    const between = { to: parseRef(text(other)), from: { queue, id: text(id) } };
    messages.push(decodeMessage(text(kind), between, number(a), number(b)));
  }
  return messages;
}

function decodeMessage(letter: string, between: { to: JobRef; from: JobRef }, a: number, b: number): Message {
  switch (meaningOf(MESSAGE_LETTERS, letter)) {
    case "end":
      return { kind: "end", ...between, state: endOf(a), round: b };
    case "unlink":
      return { kind: "unlink", ...between };
    case "link":
      return { kind: "link", ...between, round: a };
    case "go":
      return { kind: "go", ...between, round: a };
    case "join":
      return { kind: "join", ...between, ifFailed: POLICIES[a] === "continue" ? "continue" : "fail", held: b === 1 };
    case "cancel":
      return { kind: "cancel", ...between };
    default:
      return { kind: "drop", ...between };
  }
}

/** `queue NUL id` as a reference. */
export function parseRef(member: string): JobRef {
  const [queue = "", id = ""] = member.split("\0");
  return { queue, id };
}

/** How a dependency ended, from the number that scripts use for it. */
export function endOf(value: number): DependencyEnd {
  const state = STATES[value - 1];
  // Scripts store only the numbers of terminal states here.
  return state === undefined ? "removed" : (state as DependencyEnd);
}

function numberOf(state: DependencyEnd): number {
  return state === "removed" ? REMOVED : STATES.indexOf(state) + 1;
}
