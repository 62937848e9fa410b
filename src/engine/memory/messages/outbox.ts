/**
 * The outbox of a queue: the jobs marked in it, and their messages, computed from their present state (see
 * engine/shared/relay.ts).
 */
import { isTerminal } from "../../../model/job/state.js";
import type { Message, OutboxBatch } from "../../shared/relay.js";
import { bare, isAwaitedBy, listDependencies, sortedDependents } from "../store/dependencies.js";
import { forget } from "../store/transitions.js";
import type { MemoryQueue } from "../store/store.js";

/** The messages of how many jobs are delivered at a time. */
const JOBS_AT_ONCE = 100;

/**
 * The next messages of a queue. The entries are taken out at once, so that a change during delivery marks the job again.
 */
export function takeOutbox(queue: MemoryQueue): OutboxBatch {
  const ids = [...queue.outbox].slice(0, JOBS_AT_ONCE);
  for (const id of ids) queue.outbox.delete(id);
  return { messages: ids.flatMap((id) => messagesOf(queue, id)), receipt: ids.length === 0 ? null : ids };
}

/** The messages to other queues when a queue is removed with all its jobs. */
export function removalMessages(queue: MemoryQueue): Message[] {
  const elsewhere = ({ to }: Message): boolean => to.queue !== queue.name;
  const flows = [...queue.jobs.values()].filter(({ spec, state }) => spec.role === "flow" && !isTerminal(state));
  const members = flows.flatMap(({ id }) =>
    listDependencies(queue, id)
      .filter(({ state }) => state === null)
      .map((member): Message => ({ kind: "cancel", to: bare(member), from: { queue: queue.name, id } })),
  );
  const ids = [...new Set([...queue.dependents.keys(), ...queue.dependencies.keys()])].toSorted();
  queue.jobs.clear();
  return [...members, ...ids.flatMap((id) => messagesOf(queue, id))].filter(elsewhere);
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

function messagesOf(queue: MemoryQueue, id: string): Message[] {
  const from = { queue: queue.name, id };
  const job = queue.jobs.get(id);
  const state = job === undefined ? "removed" : job.state;
  const dependencies = listDependencies(queue, id);
  if (state === "removed" || isTerminal(state)) {
    const ends = sortedDependents(queue, id).map(({ ref, round }): Message => ({
      kind: "end",
      to: ref,
      from,
      state,
      round,
    }));
    if (job === undefined) {
      return [...ends, ...dependencies.map((dependency): Message => ({ kind: "unlink", to: bare(dependency), from }))];
    }
    const early = job.spec.role === "flow" && !["completed", "partial", "failed"].includes(state);
    // An incomplete flow is removed whole, ended members too.
    const left = early ? dependencies.filter((member) => job.open || member.state === null) : [];
    return [
      ...ends,
      ...left.map((member): Message => ({ kind: job.open ? "drop" : "cancel", to: bare(member), from })),
    ];
  }
  if (job === undefined) return [];
  const unfinished = dependencies.filter((dependency) => dependency.state === null);
  if (job.spec.role === "flow") {
    const { open, round } = job;
    return open ? [] : unfinished.map((member): Message => ({ kind: "go", to: bare(member), from, round }));
  }
  const { flow } = job.spec;
  const { held } = job;
  const joins = flow !== null && (held || isAwaitedBy(queue, job, flow));
  return [
    ...(joins ? [{ kind: "join", to: bare(flow), from, ifFailed: flow.ifFailed, held } satisfies Message] : []),
    // A held job may depend on jobs that are still being created.
    ...(held ? [] : unfinished).map((dependency): Message => ({
      kind: "link",
      to: bare(dependency),
      from,
      round: job.round,
    })),
  ];
}
