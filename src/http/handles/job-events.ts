/** The events of a job over HTTP, and what a stream of topics carries. */
import { HttpProblem } from "../connection/errors.js";
import { checkName } from "../connection/given.js";
import { framesOf } from "../connection/frames.js";
import type { CallOptions, OperationRequest, Transport } from "../connection/transport.js";
import type { JobState, JobSummary, Progress } from "../connection/types.js";

interface Facts {
  /** ISO 8601. */
  readonly at: string;
  readonly queue: string;
  readonly jobId: string;
  /** Its place in the flow that is followed; absent elsewhere. */
  readonly node?: string;
}

/** An event of a job, or of a job of the flow that is followed. */
export type HttpJobEvent =
  /** It entered a state. The first event has its present state. */
  | (Facts & { readonly kind: "state"; readonly state: JobState; readonly attempt: number; readonly cause?: string })
  | (Facts & { readonly kind: "progress"; readonly progress: Progress })
  /** It took a status of its task's own. */
  | (Facts & { readonly kind: "status"; readonly name: string })
  /** It reached a milestone; without the value where the token may not read payloads. */
  | (Facts & { readonly kind: "milestone"; readonly name: string; readonly value?: unknown })
  /** It was removed. */
  | (Facts & { readonly kind: "removed" })
  /** Events were missed. Those that follow say how it is now. */
  | (Facts & { readonly kind: "gap" });

/** How the topics of a stream are, or what of one changed. What else is in them: docs/http-client.md. */
export type HttpLiveFrame =
  | {
      readonly kind: "snapshot";
      readonly topic: string;
      readonly reason: string;
      readonly at: string;
      readonly [more: string]: unknown;
    }
  | { readonly kind: "delta"; readonly topic: string; readonly at: string; readonly events: readonly HttpLiveEvent[] };

/** A change of a topic. */
export interface HttpLiveEvent {
  readonly kind: string;
  readonly at: string;
  readonly [more: string]: unknown;
}

/** What a snapshot of a job or a flow has. */
interface JobSnapshot {
  readonly at: string;
  readonly job: JobSummary | null;
  readonly milestones?: readonly { readonly name: string; readonly at: string; readonly value?: unknown }[];
}

const OPEN: readonly JobState[] = ["blocked", "delayed", "queued", "active"];

/** The frames of topics, without end. */
export async function* liveFrames(
  transport: Transport,
  topics: string | readonly string[],
  call: CallOptions,
): AsyncGenerator<HttpLiveFrame, void, undefined> {
  for (const topic of [topics].flat()) checkName("topics", topic);
  for await (const { event, data } of framesOf(transport, "GET /api/events", { query: { topics } }, call)) {
    if (event === "snapshot" || event === "delta") yield { kind: event, ...(data as object) } as HttpLiveFrame;
  }
}

/** The events of a job until it has ended. */
export async function* jobEvents(
  transport: Transport,
  ref: OperationRequest<"GET /api/jobs/{id}/events">,
  call: CallOptions,
): AsyncGenerator<HttpJobEvent, void, undefined> {
  let facts: Facts = { at: "", queue: "", jobId: "" };
  /** The JSON of each milestone that was delivered. */
  const shown: Record<string, string> = {};
  try {
    for await (const { event, data } of framesOf(transport, "GET /api/jobs/{id}/events", ref, call)) {
      const events = event === "snapshot" ? eventsOf(data as JobSnapshot, facts) : ((data as HttpEvents).events ?? []);
      for (const one of events) {
        const isOwn = facts.jobId === "" || (one.jobId === facts.jobId && one.queue === facts.queue);
        if (isOwn) facts = { at: one.at, queue: one.queue, jobId: one.jobId };
        if (one.kind === "milestone") {
          const key = `${one.queue}/${one.jobId}/${one.name}`;
          const value = JSON.stringify(one.value) ?? "";
          if (shown[key] === value) continue;
          shown[key] = value;
        }
        // What was read after a move says nothing that happened.
        if (KINDS.includes(one.kind)) yield one;
        if (isOwn && (one.kind === "removed" || (one.kind === "state" && !OPEN.includes(one.state)))) return;
      }
    }
  } catch (error) {
    // It was there before: it has been removed while the stream was lost.
    if (facts.jobId === "" || !(error instanceof HttpProblem) || error.code !== "JOB_NOT_FOUND") throw error;
    yield { kind: "removed", ...facts };
  }
}

interface HttpEvents {
  readonly events?: readonly HttpJobEvent[];
}

const KINDS: readonly string[] = ["state", "progress", "status", "milestone", "removed", "gap"];

/** What a snapshot says, as events; after others it stands for those that were missed. */
function eventsOf({ at, job, milestones = [] }: JobSnapshot, before: Facts): HttpJobEvent[] {
  const gap: HttpJobEvent[] = before.jobId === "" ? [] : [{ kind: "gap", ...before, at }];
  if (job === null) return [...gap, { kind: "removed", ...before, at }];
  const { queue, jobId, state, attempt, progress } = job;
  const facts = { at, queue, jobId };
  const reached = milestones.map((one): HttpJobEvent => ({ kind: "milestone", ...facts, ...one }));
  const done: HttpJobEvent[] = progress === null ? [] : [{ kind: "progress", ...facts, progress }];
  const now: HttpJobEvent = { kind: "state", ...facts, state, attempt };
  // The end comes last.
  return OPEN.includes(state) ? [...gap, now, ...done, ...reached] : [...gap, ...done, ...reached, now];
}
