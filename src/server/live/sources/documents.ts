/** Events and jobs as streams show them: ISO times, `jobId`, payloads for those who may read them. */
import type { Progress } from "../../../model/job/progress.js";
import type { JobRef } from "../../../model/job/job-ref.js";
import type { JobState } from "../../../model/job/state.js";
import type { View } from "../../http/view.js";
import { iso } from "../../schema/common.js";
import { progressDocument } from "../../schema/job.js";
import type { Change } from "./change.js";
import type { FeedEvent } from "../feed/queue-feed.js";

/** What a topic adds to the events of a job. */
export interface EventContext {
  /** The task of the job; `null` where it is not known: then its milestones are shown without their values. */
  readonly task: string | null;
  /** Its place in the flow that is followed. */
  readonly node?: string;
}

/** An event of one job. */
export type JobEvent = Extract<FeedEvent, { readonly kind: "state" | "progress" | "status" | "milestone" | "removed" }>;

/** Is it about one job? */
export function isJobEvent(event: FeedEvent): event is JobEvent {
  return "id" in event && event.kind !== "member";
}

/** An event of a job as a change: of its progress the latest counts, of the rest all do. */
export function changeOf(event: JobEvent, context: EventContext): Change {
  const place = `${event.queue}\0${event.id}`;
  const base = { queue: event.queue, jobId: event.id, at: iso(event.at) };
  const node = context.node === undefined ? {} : { node: context.node };
  switch (event.kind) {
    case "state": {
      const { kind, state, task, cause, attempt, duration, fingerprint, flow } = event;
      const facts = { state, task, cause, attempt, duration, fingerprint };
      const document = { kind, ...base, ...node, ...facts, flow: flow === null ? null : refDocument(flow) };
      return { slot: null, summary: `state ${place}`, size: 350, document: () => document };
    }
    case "progress": {
      const slot = `progress ${place}`;
      const document = (view: View): unknown => {
        return { kind: "progress", ...base, ...node, progress: liveProgress(event.progress, view) };
      };
      return { slot, summary: slot, size: 300, document };
    }
    case "status": {
      const document = (view: View): unknown => ({ kind: "status", ...base, ...node, name: view.text(event.name) });
      return { slot: null, summary: `status ${place}`, size: 200, document };
    }
    case "milestone": {
      const { task } = context;
      const known = task === null ? null : { task, value: decoded(event.value) };
      const document = (view: View): unknown => {
        const shown =
          known === null ? {} : { value: view.payload(known.task, `milestones.${event.name}`, known.value) };
        return { kind: "milestone", ...base, ...node, name: event.name, ...shown };
      };
      const size = 200 + (known === null ? 0 : event.value.length);
      return { slot: null, summary: `milestone ${event.name} ${place}`, size, document };
    }
    case "removed": {
      const document = { kind: "removed", ...base, ...node };
      return { slot: null, summary: `state ${place}`, size: 150, document: () => document };
    }
  }
}

/** The progress of a job with its counters and the names of its milestones. */
export function liveProgress(progress: Progress, view: View): unknown {
  const { counters, milestones } = progress;
  return { ...progressDocument(progress, view), counters, milestones };
}

/** What lists in snapshots show of a job. */
export interface Brief {
  readonly queue: string;
  readonly id: string;
  readonly task: string;
  readonly state: JobState;
  readonly attempt: number;
  readonly progress: Progress | null;
}

export function briefDocument({ queue, id, task, state, attempt, progress }: Brief, view: View): object {
  const shown = progress === null ? null : liveProgress(progress, view);
  return { queue, jobId: id, task, state, attempt, progress: shown };
}

export function refDocument({ queue, id }: JobRef): { queue: string; jobId: string } {
  return { queue, jobId: id };
}

/** What an event says as JSON text; `null` where it is none. */
export function decoded(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
