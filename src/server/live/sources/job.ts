/**
 * One job: its document, its steps and milestones. Events say how it moves and how far it is; what they do not say (its worker, its
 * error, its times) is read after each move, all jobs that moved at the same time in one command.
 */
import type { MilestoneRecord, StepRecord } from "../../../client/jobs/step-records.js";
import { JobNotFound } from "../../../model/errors/errors.js";
import type { JobRef } from "../../../model/job/job-ref.js";
import { NO_PROGRESS, type Progress } from "../../../model/job/progress.js";
import type { SlimSnapshot } from "../../../model/job/query/snapshot.js";
import { canMove, isTerminal } from "../../../model/job/state.js";
import type { View } from "../../http/view.js";
import { iso } from "../../schema/common.js";
import { jobSummary } from "../../schema/job.js";
import { changeOf, decoded, isJobEvent, liveProgress } from "./documents.js";
import { EventGate } from "../feed/event-gate.js";
import type { FeedEvent } from "../feed/queue-feed.js";
import type { LiveParts, Outlet, Source } from "./source.js";
import { Refresh } from "./refresh.js";

/** The time (milliseconds) between two reads of a job. */
const READ_TIME = 250;
/** How many of its steps a snapshot shows, the latest, and how many bytes of values of its milestones. */
const MOST_STEPS = 200;
const MOST_VALUES = 256 * 1024;

export class JobSource implements Source {
  readonly #ref: JobRef;
  readonly #tag: string | null;
  readonly #parts: LiveParts;
  readonly #outlet: Outlet;
  readonly #gate: EventGate;
  readonly #refresh: Refresh;
  readonly #listening: { readonly begun: Promise<void>; readonly stop: () => void };
  /** `null`: there is none, or none any more. */
  #job: SlimSnapshot | null = null;
  #steps: readonly StepRecord[] = [];
  #milestones = new Map<string, MilestoneRecord>();
  /** Have steps ended that are not among them? */
  #isBehind = false;
  #isKnown = false;

  /** @param tag followed only as long as it carries this; `null`: whatever it carries */
  constructor(ref: JobRef, tag: string | null, parts: LiveParts, outlet: Outlet) {
    this.#ref = ref;
    this.#tag = tag;
    this.#parts = parts;
    this.#outlet = outlet;
    this.#gate = new EventGate(
      (event) => this.#take(event),
      () => outlet.missed(),
    );
    this.#refresh = new Refresh(parts.clock, READ_TIME, () => this.#read());
    this.#listening = parts.feeds.listen(ref.queue, ref.id, this.#gate);
  }

  async load(): Promise<void> {
    await this.#listening.begun;
    await this.#gate.during(async () => {
      const job = await this.#readJob();
      if (job === null && !this.#isKnown) throw new JobNotFound(this.#ref.id);
      this.#job = job;
      this.#isKnown = true;
      await this.#readSteps();
    });
  }

  async freshen(): Promise<void> {
    if (this.#isBehind) await this.#readSteps();
  }

  snapshot(view: View): Readonly<Record<string, unknown>> {
    const job = this.#job;
    if (job === null) return { job: null, steps: [], milestones: [] };
    let left = MOST_VALUES;
    const milestones = [...this.#milestones.values()].map(({ name, value, at }) => {
      left -= (JSON.stringify(value) ?? "").length;
      const shown = left < 0 ? {} : { value: view.payload(job.task, `milestones.${name}`, value) };
      return { name, at: iso(at), ...shown };
    });
    const steps = this.#steps.slice(-MOST_STEPS).map(({ name, key, at, took }) => ({ name, key, at: iso(at), took }));
    return { job: jobDocument(job, view), steps, milestones };
  }

  stop(): void {
    this.#refresh.stop();
    this.#listening.stop();
  }

  #take(event: FeedEvent): void {
    if (!isJobEvent(event)) return;
    const job = this.#job;
    if (job === null && this.#tag !== null) {
      // Another's job may have the id by now.
      this.#refresh.want();
      return;
    }
    if (event.kind === "state") {
      // What was read may be newer than an event that comes only now.
      if (!canMove(job?.state ?? null, event.state, event.cause)) return;
      if (job !== null) this.#job = { ...job, state: event.state, attempt: event.attempt };
      // It may have been queued again from the start.
      this.#isBehind = true;
      this.#refresh.want();
    } else if (job === null) {
      return;
    } else if (event.kind === "removed") {
      this.#job = null;
    } else if (isTerminal(job.state)) {
      return;
    } else if (event.kind === "progress") {
      if (event.progress.done !== job.progress?.done) this.#isBehind = true;
      this.#job = { ...job, progress: event.progress };
    } else if (event.kind === "status") {
      this.#job = { ...job, progress: { ...(job.progress ?? NO_PROGRESS), status: event.name } };
    } else {
      if (!this.#isNew(event.name, event.value)) return;
      this.#keep({ name: event.name, value: decoded(event.value), at: event.at });
    }
    this.#outlet.changed(changeOf(event, { task: job?.task ?? null }));
  }

  /** A milestone that was read already comes as an event, too. */
  #isNew(name: string, value: string): boolean {
    const known = this.#milestones.get(name);
    return known === undefined || JSON.stringify(known.value) !== value;
  }

  #keep(milestone: MilestoneRecord): void {
    this.#milestones.delete(milestone.name);
    this.#milestones.set(milestone.name, milestone);
  }

  /** Reads the document. One that is ahead of the events is not taken: they come, and it is read again. */
  async #read(): Promise<void> {
    const asked = this.#job;
    const read = await this.#readJob();
    const before = this.#job;
    if (read === null && before !== null && this.#tag !== null) {
      this.#job = null;
      const event = { kind: "removed", seq: 0, ...this.#ref, at: this.#parts.clock.now() } as const;
      this.#outlet.changed(changeOf(event, { task: before.task }));
    }
    if (read === null || (before !== null && (read.state !== before.state || read.attempt !== before.attempt))) return;
    // Progress that came meanwhile may be newer than what was read.
    const job = before === asked ? read : { ...read, progress: before?.progress ?? null };
    this.#job = job;
    this.#outlet.changed({
      ...{ slot: "job", summary: "job", size: 1_000 },
      document: (view) => ({ kind: "job", at: iso(this.#parts.clock.now()), job: jobDocument(job, view) }),
    });
  }

  /** The job; `null` also for one that does not carry the tag. */
  async #readJob(): Promise<SlimSnapshot | null> {
    const [job = null] = await this.#parts.longshore.snapshots([this.#ref]);
    return this.#tag === null || job?.tags.includes(this.#tag) === true ? job : null;
  }

  async #readSteps(): Promise<void> {
    this.#isBehind = false;
    const progress: Progress | null = this.#job?.progress ?? null;
    if (progress === null || (progress.done === 0 && progress.milestones.length === 0)) {
      this.#steps = [];
      this.#milestones.clear();
      return;
    }
    const job = this.#parts.longshore.queue(this.#ref.queue).job(this.#ref.id);
    const [steps, milestones] = await Promise.all([job.steps(), job.milestones()]);
    this.#steps = steps;
    this.#milestones = new Map(milestones.map((one) => [one.name, one]));
  }
}

/** The document of a job; addresses are left out, as they differ from client to client. */
export function jobDocument(job: SlimSnapshot, view: View): object {
  const { links: _links, ...document } = jobSummary(job, view, "");
  return { ...document, progress: job.progress === null ? null : liveProgress(job.progress, view) };
}
