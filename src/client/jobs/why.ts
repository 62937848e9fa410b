/**
 * Why a job does not run: the reasons that apply to it now, the decisive one first. They are read one after the other, so a
 * job that moves meanwhile may be shown between two states; nothing is stored. A call costs at most seven reads, each bounded.
 */
import type { QueueRecord, WorkerRecord } from "../../engine/contract/engine.js";
import { JobNotFound } from "../../model/errors/errors.js";
import { isSuccess, type DependencyRecord } from "../../model/job/dependency.js";
import type { RecordWith, SlimRecord } from "../../model/job/query/fields.js";
import { SUSPECT_FROM, type JobRef } from "../../model/job/job.js";
import { isTerminal, type TerminalState } from "../../model/job/state.js";
import { MOST_NAMED, type HoldingWorker, type Reason, type ReasonData } from "../../model/why/reason.js";
import { reasonText } from "../../model/why/reason-text.js";
import { hasTask, serving } from "../../model/worker/serving.js";
import type { ConnectionContext } from "../connection/context.js";

/** @throws JobNotFound */
export async function whyOf(context: ConnectionContext, ref: JobRef): Promise<Reason[]> {
  const [job] = await context.engine.getJobs({ refs: [ref], fields: ["history"] });
  if (job === undefined || job === null) throw new JobNotFound(ref.id);
  const reasons = await reasonsOf(context, job);
  const now = await context.engine.now();
  return reasons.map((reason) => ({ ...reason, text: reasonText(reason, now) }));
}

async function reasonsOf(context: ConnectionContext, job: RecordWith<"history">): Promise<ReasonData[]> {
  if (isTerminal(job.state)) return [endOf(job, job.state)];
  const workers = await context.engine.workers();
  if (job.state === "active") return [runOf(job, workers)];
  if (job.role === "flow") return [await blockOf(context, job)];
  const [queue] = await context.engine.queues({ names: [job.queue] });
  const elsewhere = [...pauseOf(queue), ...workersMissing(job, workers)];
  if (job.state === "blocked") return [await blockOf(context, job), ...elsewhere];
  if (job.state === "delayed") return [delayOf(job), ...elsewhere];
  const inQueue = [...suspicionOf(job), ...(await placeOf(context, job, queue))];
  const busy = elsewhere.length === 0 ? takenOf(job, workers) : [];
  const nothing: ReasonData[] = elsewhere.length + busy.length === 0 ? [{ kind: "soon" }] : [];
  return [...elsewhere, ...busy, ...inQueue, ...nothing];
}

function endOf(job: SlimRecord, state: TerminalState): ReasonData {
  const error = job.error === null || state === "completed" ? null : `${job.error.name}: ${job.error.message}`;
  return { kind: "ended", state, at: job.finishedAt, error };
}

function runOf(job: SlimRecord, workers: readonly WorkerRecord[]): ReasonData {
  const holding = workers.filter(({ name, queues }) => name === job.worker && queues.includes(job.queue));
  const alive = holding.find(({ liveness }) => liveness === "alive") ?? holding[0];
  const worker: HoldingWorker = {
    name: job.worker ?? "",
    liveness: alive?.liveness ?? "unknown",
    leaseEndsAt: alive?.leaseEndsAt ?? null,
  };
  return { kind: "active", worker, since: job.startedAt ?? job.runAt };
}

function pauseOf(queue: QueueRecord | undefined): ReasonData[] {
  return queue?.paused === true ? [{ kind: "paused", queue: queue.name, since: queue.pausedAt }] : [];
}

/** No worker serves the queue, or none of those that do has the task. */
function workersMissing(job: SlimRecord, workers: readonly WorkerRecord[]): ReasonData[] {
  const living = serving(workers, job.queue);
  if (living.length === 0) {
    const listed = workers.filter(({ queues }) => queues.includes(job.queue));
    const lastSeenAt = listed.length === 0 ? null : Math.max(...listed.map(({ seenAt }) => seenAt));
    return [{ kind: "no-worker", queue: job.queue, lastSeenAt }];
  }
  if (living.some((worker) => hasTask(worker, job.task))) return [];
  const names = new Set(living.flatMap(({ tasks }) => tasks.map(({ name }) => name)));
  const tasks = [...names].toSorted().slice(0, MOST_NAMED);
  return [{ kind: "no-task", task: job.task, queue: job.queue, workers: living.length, tasks }];
}

/** What keeps those that could run it from taking it: they take no work at present, or their slots are taken. */
function takenOf(job: SlimRecord, workers: readonly WorkerRecord[]): ReasonData[] {
  const able = serving(workers, job.queue).filter((worker) => hasTask(worker, job.task));
  const suspended = able.filter(({ status }) => (status?.suspended.length ?? 0) > 0);
  const working = able.filter((worker) => !suspended.includes(worker));
  if (working.some(({ running, concurrency }) => running < concurrency)) return [];
  const slots = working.reduce((sum, { concurrency }) => sum + concurrency, 0);
  const named = suspended.slice(0, MOST_NAMED).map(({ name, status }) => ({ name, why: status?.suspended ?? [] }));
  const idle: ReasonData = { kind: "suspended", workers: suspended.length, by: named };
  return [
    ...(working.length > 0 ? [{ kind: "busy" as const, workers: working.length, slots }] : []),
    ...(suspended.length > 0 ? [idle] : []),
  ];
}

function suspicionOf({ crashes }: SlimRecord): ReasonData[] {
  return crashes >= SUSPECT_FROM ? [{ kind: "suspect", crashes }] : [];
}

async function placeOf(
  { engine }: ConnectionContext,
  { queue: name, id, priority }: SlimRecord,
  queue: QueueRecord | undefined,
): Promise<ReasonData[]> {
  const place = await engine.position({ queue: name, id });
  if (place === null || place === 1) return [];
  const { jobs } = await engine.listJobs({
    filter: { queue: name, states: ["queued"] },
    cursor: null,
    limit: 1,
    fields: [],
  });
  const first = jobs[0]?.priority ?? priority;
  const of = Math.max(place, queue?.counts.queued ?? 0);
  return [{ kind: "position", place, of, priority, next: first < priority ? first : null }];
}

function delayOf({ runAt, attempt, attempts, history }: RecordWith<"history">): ReasonData {
  const last = history.at(-1)?.outcome;
  const cause = last === "failed" ? "retry" : last === "snoozed" ? "snoozed" : "scheduled";
  return { kind: "delayed", until: runAt, cause, attempt: attempt + 1, attempts };
}

async function blockOf({ engine }: ConnectionContext, job: SlimRecord): Promise<ReasonData> {
  const all: readonly DependencyRecord[] = await engine.dependencies({ queue: job.queue, id: job.id });
  const open = all.filter(({ state }) => state === null);
  if (open.length === 0 && job.role === "job") return { kind: "held" };
  const refs = open.slice(0, MOST_NAMED).map(({ queue, id }) => ({ queue, id }));
  const named = refs.length === 0 ? [] : await engine.getJobs({ refs, fields: [] });
  return {
    kind: "blocked",
    by: named.flatMap((found) =>
      found === null ? [] : [{ queue: found.queue, id: found.id, task: found.task, state: found.state }],
    ),
    open: open.length,
    all: all.length,
    isFlow: job.role === "flow",
    failed: all.filter(({ state }) => state !== null && !isSuccess(state)).length,
  };
}
