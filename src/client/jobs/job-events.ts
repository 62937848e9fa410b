/**
 * The events of one job, from its present state to its end. After a gap the stored state, progress, last status and
 * milestones stand in for the missed events.
 */
import { JobNotFound } from "../../model/errors/errors.js";
import { decodePayload } from "../../model/value/codec.js";
import type { JobRef } from "../../model/job/job.js";
import type { Progress } from "../../model/job/progress.js";
import { isTerminal, type JobState } from "../../model/job/state.js";
import type { ConnectionContext } from "../connection/context.js";
import { EventStream } from "../connection/event-stream.js";
import { milestonesOf } from "./step-records.js";
import type { WatchEvent } from "../connection/watch-event.js";

/** An event of one job. `at` is in epoch milliseconds. */
export type JobEvent =
  /** It entered a state. The first event has its present state. */
  | { readonly kind: "state"; readonly at: number; readonly state: JobState }
  | { readonly kind: "progress"; readonly at: number; readonly progress: Progress }
  /** It took a status of its task's own. */
  | { readonly kind: "status"; readonly at: number; readonly name: string }
  /** It reached a milestone with this value. */
  | { readonly kind: "milestone"; readonly at: number; readonly name: string; readonly value: unknown }
  /** It was removed. */
  | { readonly kind: "removed"; readonly at: number }
  /** Events of the queue were missed. Those that follow say how it is now. */
  | { readonly kind: "gap"; readonly at: number; readonly queue: string };

/** An event of a queue as one of its job; `null`: it is about none. */
export function jobEventOf(
  event: Exclude<WatchEvent, { readonly kind: "gap" }>,
): Exclude<JobEvent, { readonly kind: "gap" }> | null {
  const { kind, at } = event;
  switch (kind) {
    case "state":
      return { kind, at, state: event.state };
    case "progress":
      return { kind, at, progress: event.progress };
    case "status":
      return { kind, at, name: event.name };
    case "milestone":
      return { kind, at, name: event.name, value: decodePayload(event.value) };
    case "removed":
      return { kind, at };
    default:
      return null;
  }
}

/** The events of a job until it has ended. @throws JobNotFound, EngineClosed */
export function jobEvents(context: ConnectionContext, ref: JobRef): AsyncGenerator<JobEvent, void, undefined> {
  const gap = (): WatchEvent => ({ kind: "gap", queue: ref.queue, at: context.clock.now() });
  const stream = new EventStream<WatchEvent>(() => [gap()]);
  return stream.endedBy(eventsOf(context, ref, stream, gap));
}

async function* eventsOf(
  context: ConnectionContext,
  ref: JobRef,
  stream: EventStream<WatchEvent>,
  gap: () => WatchEvent,
): AsyncGenerator<JobEvent, void, undefined> {
  const watcher = {
    id: ref.id,
    event: (event: WatchEvent) => stream.push(event),
    closed: (error: Error) => stream.end(error),
  };
  const remove = await context.watches.add(ref.queue, watcher);
  try {
    // Reading the job stands in for all earlier events; so it does after a gap.
    stream.push(gap());
    let seen = false;
    /** The last ones emitted: its status, and the JSON of each milestone. */
    let status: string | null = null;
    const shown = new Map<string, string>();
    for await (const event of stream.read()) {
      if (event.kind === "gap") {
        if (seen) yield { kind: "gap", at: event.at, queue: ref.queue };
        const record = await context.reader.getSlim(ref);
        if (record === null && !seen) throw new JobNotFound(ref.id);
        if (record === null) yield { kind: "removed", at: event.at };
        else yield { kind: "state", at: event.at, state: record.state };
        if (record?.progress) yield { kind: "progress", at: event.at, progress: record.progress };
        const now = record?.progress?.status ?? null;
        if (seen && now !== null && now !== status) yield { kind: "status", at: event.at, name: now };
        status = now;
        if (seen && record?.progress?.milestones.length) {
          for (const { name, value, at } of milestonesOf(await context.engine.checkpoints(ref))) {
            const text = JSON.stringify(value);
            if (shown.get(name) === text) continue;
            shown.set(name, text);
            yield { kind: "milestone", at, name, value };
          }
        }
        if (record === null || isTerminal(record.state)) return;
        seen = true;
        continue;
      }
      if (event.kind === "status") status = event.name;
      if (event.kind === "milestone") shown.set(event.name, event.value);
      const found = jobEventOf(event);
      if (found !== null) yield found;
      if (event.kind === "removed" || (event.kind === "state" && isTerminal(event.state))) return;
    }
  } finally {
    remove();
  }
}
