/**
 * The outbox of a queue: the jobs marked in it, and their messages, computed from their present state (see
 * engine/shared/reactions.ts).
 */
import { isTerminal } from "../../../model/job/state.js";
import { cancelsOf, messagesOf } from "../../shared/reactions.js";
import { MOST_SENDERS, type Message, type OutboxBatch } from "../../shared/relay.js";
import { isAwaitedBy, listDependencies, sortedDependents } from "../store/dependencies.js";
import { flowStage } from "../store/job.js";
import { forget } from "../store/transitions.js";
import type { MemoryQueue } from "../store/store.js";

/**
 * The next messages of a queue. The entries are taken out at once, so that a change during delivery marks the job again.
 */
export function takeOutbox(queue: MemoryQueue): OutboxBatch {
  const ids = [...queue.outbox].slice(0, MOST_SENDERS);
  for (const id of ids) queue.outbox.delete(id);
  return { messages: ids.flatMap((id) => messagesFrom(queue, id)), receipt: ids.length === 0 ? null : ids };
}

/** The messages to other queues when a queue is removed with all its jobs. */
export function removalMessages(queue: MemoryQueue): Message[] {
  const elsewhere = ({ to }: Message): boolean => to.queue !== queue.name;
  const flows = [...queue.jobs.values()].filter(({ spec, state }) => spec.role === "flow" && !isTerminal(state));
  const members = flows.flatMap(({ id }) => cancelsOf({ queue: queue.name, id }, listDependencies(queue, id)));
  const ids = [...new Set([...queue.dependents.keys(), ...queue.dependencies.keys()])].toSorted();
  queue.jobs.clear();
  return [...members, ...ids.flatMap((id) => messagesFrom(queue, id))].filter(elsewhere);
}

/** Records that the messages of these entries were delivered. */
export function acknowledge(queue: MemoryQueue, ids: readonly string[], now: number): void {
  for (const id of ids) {
    if (queue.outbox.has(id)) continue;
    const job = queue.jobs.get(id);
    // An incomplete flow is removed together with its members.
    if (job?.open === true && isTerminal(job.state)) forget(queue, job, now);
    queue.outbox.delete(id);
    if (queue.jobs.has(id)) continue;
    queue.dependencies.delete(id);
    queue.dependents.delete(id);
  }
}

function messagesFrom(queue: MemoryQueue, id: string): Message[] {
  const job = queue.jobs.get(id);
  return messagesOf({
    ref: { queue: queue.name, id },
    state: job?.state ?? "removed",
    flow: job === undefined ? null : flowStage(job),
    held: job?.held ?? false,
    round: job?.round ?? 0,
    dependents: () => sortedDependents(queue, id),
    dependencies: () => listDependencies(queue, id),
    membership: () => job?.spec.flow ?? null,
    isAwaitedBy: (ref) => job !== undefined && isAwaitedBy(queue, job, ref),
  });
}
