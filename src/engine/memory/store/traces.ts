/** Traces of removed jobs (shared/trace.ts). */
import { MOST_TRACES, RESEND_WINDOW } from "../../contract/engine.js";
import { withOperation } from "../../shared/operations.js";
import { leavesTrace, type Trace } from "../../shared/trace.js";
import type { MemoryJob } from "./job.js";
import type { MemoryQueue } from "./store.js";

/** Leaves the trace of a job that is removed, by the command `op` if it is not `null`. */
export function leaveTrace(queue: MemoryQueue, job: MemoryJob, op: string | null, now: number): void {
  if (!leavesTrace(job.createdAt, op, now)) return;
  const { id, state, nonce } = job;
  const operations = op === null ? job.operations : withOperation(job.operations, op);
  queue.traces.delete(id);
  queue.traces.set(id, { state, nonce, operations, at: now });
  dropTraces(queue, now);
}

/** The trace of a job; `null` when there is none any more. */
export function traceOf(queue: MemoryQueue, id: string, now: number): Trace | null {
  const trace = queue.traces.get(id);
  return trace !== undefined && trace.at + RESEND_WINDOW > now ? trace : null;
}

/** Drops traces that are old, or too many. */
export function dropTraces({ traces }: MemoryQueue, now: number): void {
  for (const [id, { at }] of traces) {
    if (at + RESEND_WINDOW > now && traces.size <= MOST_TRACES) return;
    traces.delete(id);
  }
}
