/**
 * A flow with all its jobs, in whatever queues, those that it adds while it runs included. Its progress is reckoned from theirs, once a
 * frame.
 */
import type { MilestoneRecord } from "../../../client/jobs/step-records.js";
import { JobNotFound } from "../../../model/errors/errors.js";
import { flowProgress } from "../../../model/flow/flow-progress.js";
import { keyOf, type JobRef } from "../../../model/job/job-ref.js";
import type { DependencyRecord } from "../../../model/job/dependency.js";
import type { SlimSnapshot } from "../../../model/job/query/snapshot.js";
import { canMove, isTerminal } from "../../../model/job/state.js";
import { pause } from "../../../model/value/clock.js";
import type { View } from "../../http/view.js";
import { iso } from "../../schema/common.js";
import { briefDocument, changeOf, isJobEvent, liveProgress, type JobEvent } from "./documents.js";
import { EventGate } from "../feed/event-gate.js";
import type { FeedEvent } from "../feed/queue-feed.js";
import type { LiveParts, Outlet, Source } from "./source.js";
import { jobDocument } from "./job.js";
import { Refresh } from "./refresh.js";

/** How many of its jobs a snapshot shows. */
const MOST_MEMBERS = 1_000;
const READ_TIME = 250;
/** How often (milliseconds) it is looked whether its jobs carry the tag still. */
const TAGS_TIME = 10_000;

export class FlowSource implements Source {
  readonly #ref: JobRef;
  readonly #tag: string | null;
  readonly #parts: LiveParts;
  readonly #outlet: Outlet;
  readonly #gate: EventGate;
  readonly #refresh: Refresh;
  readonly #listening = new Map<string, { readonly begun: Promise<void>; readonly stop: () => void }>();
  readonly #members = new Map<string, SlimSnapshot>();
  #known: readonly DependencyRecord[] = [];
  #flow: SlimSnapshot | null = null;
  /** Jobs that were added, of which nothing is known yet, and their events, which wait until it is. */
  readonly #added = new Map<string, { readonly ref: JobRef; readonly events: JobEvent[] }>();
  /** The milestones of such jobs that were read, and come as events, too. */
  readonly #early = new Map<string, readonly MilestoneRecord[]>();
  #isMoved = false;
  #isKnown = false;
  readonly #over = new AbortController();

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
    void this.#listen(ref);
    if (tag !== null) void this.#watchTags();
  }

  async load(): Promise<void> {
    await this.#gate.during(async () => {
      await this.#listen(this.#ref);
      const [flow = null] = await this.#parts.longshore.snapshots([this.#ref]);
      if (flow === null && !this.#isKnown) throw new JobNotFound(this.#ref.id);
      this.#flow = flow;
      this.#isKnown = true;
      if (flow === null) return;
      this.#known = await this.#parts.longshore.queue(this.#ref.queue).job(this.#ref.id).dependencies();
      await Promise.all(this.#known.map((ref) => this.#listen(ref)));
      this.#members.clear();
      this.#added.clear();
      this.#early.clear();
      for (const member of await this.#parts.longshore.snapshots(this.#known)) {
        if (member !== null && this.#mayShow(member)) this.#members.set(keyOf(member), member);
      }
    });
  }

  snapshot(view: View): Readonly<Record<string, unknown>> {
    const flow = this.#flow;
    const members = [...this.#members.values()];
    const shown = members.slice(0, MOST_MEMBERS).map((member) => {
      return { ...briefDocument(member, view), node: member.flow?.node ?? null, parent: member.flow?.parent ?? null };
    });
    const job = flow === null ? null : jobDocument({ ...flow, progress: this.#progress(flow) }, view);
    return { job, members: shown, memberCount: members.length };
  }

  beforeFrame(): void {
    const flow = this.#flow;
    if (!this.#isMoved || flow === null) return;
    this.#isMoved = false;
    const progress = this.#progress(flow);
    const base = { kind: "progress", queue: flow.queue, jobId: flow.id, at: iso(this.#parts.clock.now()) };
    this.#outlet.changed({
      ...{ slot: "flow progress", summary: "flow progress", size: 400 },
      document: (view) => ({ ...base, progress: liveProgress(progress, view) }),
    });
  }

  stop(): void {
    this.#over.abort();
    this.#refresh.stop();
    for (const { stop } of this.#listening.values()) stop();
    this.#listening.clear();
  }

  #progress(flow: SlimSnapshot): NonNullable<SlimSnapshot["progress"]> {
    const members = [...this.#members.values()];
    // A tenant sees the progress of its own jobs.
    const known = this.#tag === null ? this.#known : this.#known.filter((ref) => this.#members.has(keyOf(ref)));
    return flowProgress({ flow, known, members });
  }

  #listen(ref: JobRef): Promise<void> {
    const key = keyOf(ref);
    const known = this.#listening.get(key);
    if (known !== undefined) return known.begun;
    const listening = this.#parts.feeds.listen(ref.queue, ref.id, this.#gate);
    this.#listening.set(key, listening);
    return listening.begun;
  }

  #take(event: FeedEvent): void {
    if (event.kind === "member") {
      if (event.id !== this.#ref.id || event.queue !== this.#ref.queue) return;
      const { member } = event;
      const key = keyOf(member);
      if (this.#members.has(key) || this.#added.has(key)) return;
      this.#known = [...this.#known, { ...member, ifFailed: "fail", state: null }];
      this.#added.set(key, { ref: member, events: [] });
      this.#refresh.want();
      return;
    }
    if (!isJobEvent(event)) return;
    if (event.queue === this.#ref.queue && event.id === this.#ref.id) this.#takeOwn(event);
    else this.#takeMember(event);
  }

  #takeOwn(event: JobEvent): void {
    const flow = this.#flow;
    if (event.kind === "state") {
      if (flow === null || !canMove(flow.state, event.state, event.cause)) return;
      this.#flow = { ...flow, state: event.state };
      this.#isMoved = true;
      this.#refresh.want();
    } else if (event.kind === "removed") this.#flow = null;
    else return;
    this.#outlet.changed(changeOf(event, { task: flow?.task ?? null }));
  }

  #takeMember(event: JobEvent): void {
    const key = keyOf(event);
    const member = this.#members.get(key);
    if (member === undefined) {
      this.#added.get(key)?.events.push(event);
      return;
    }
    if (event.kind === "state") {
      // What was read may be newer than an event that comes only now.
      if (!canMove(member.state, event.state, event.cause)) return;
      const startedAt = event.state === "active" ? event.at : member.startedAt;
      this.#members.set(key, { ...member, state: event.state, attempt: event.attempt, startedAt });
    } else if (event.kind === "removed") this.#members.delete(key);
    else if (isTerminal(member.state)) return;
    else if (event.kind === "progress") this.#members.set(key, { ...member, progress: event.progress });
    else if (event.kind === "milestone" && this.#wasRead(key, event.name, event.value)) return;
    this.#isMoved = true;
    this.#outlet.changed(changeOf(event, { task: member.task, node: member.flow?.node ?? member.id }));
  }

  /** Reads the flow after it moved, and the jobs that it added. */
  async #read(): Promise<void> {
    const added = [...this.#added];
    const refs = added.map(([, { ref }]) => ref);
    await Promise.all(refs.map((ref) => this.#listen(ref)));
    const [flow = null, ...members] = await this.#parts.longshore.snapshots([this.#ref, ...refs]);
    const milestones = await Promise.all(members.map((member) => this.#milestonesOf(member)));
    for (const [index, [key, { events }]] of added.entries()) {
      this.#added.delete(key);
      const member = members[index] ?? null;
      if (member !== null) this.#join(member, milestones[index] ?? []);
      for (const event of events) this.#takeMember(event);
    }
    if (flow === null || flow.state !== this.#flow?.state) return;
    this.#flow = flow;
    const whole = { ...flow, progress: this.#progress(flow) };
    this.#outlet.changed({
      ...{ slot: "job", summary: "job", size: 1_000 },
      document: (view) => ({ kind: "job", at: iso(this.#parts.clock.now()), job: jobDocument(whole, view) }),
    });
  }

  /** The milestones of a job that was added; none of its events before this may have come. */
  async #milestonesOf(member: SlimSnapshot | null): Promise<MilestoneRecord[]> {
    if (member === null || !this.#mayShow(member) || (member.progress?.milestones ?? []).length === 0) return [];
    return this.#parts.longshore.queue(member.queue).job(member.id).milestones();
  }

  #wasRead(key: string, name: string, value: string): boolean {
    const read = this.#early.get(key)?.find((one) => one.name === name);
    return read !== undefined && JSON.stringify(read.value) === value;
  }

  #join(member: SlimSnapshot, milestones: readonly MilestoneRecord[]): void {
    if (this.#members.has(keyOf(member)) || !this.#mayShow(member)) return;
    this.#members.set(keyOf(member), member);
    this.#isMoved = true;
    const { flow } = member;
    const place = { node: flow?.node ?? member.id, parent: flow?.parent ?? null };
    const base = { kind: "member", at: iso(this.#parts.clock.now()) };
    this.#outlet.changed({
      ...{ slot: null, summary: `member ${keyOf(member)}`, size: 700 },
      document: (view) => ({ ...base, ...briefDocument(member, view), ...place }),
    });
    if (milestones.length > 0) this.#early.set(keyOf(member), milestones);
    for (const { name, value, at } of milestones) {
      const event = {
        kind: "milestone",
        seq: 0,
        queue: member.queue,
        id: member.id,
        at,
        name,
        value: JSON.stringify(value),
      } as const;
      this.#outlet.changed(changeOf(event, { task: member.task, node: place.node }));
    }
  }

  /** Shows no more of a job that has lost the tag. */
  async #watchTags(): Promise<void> {
    const { clock, longshore } = this.#parts;
    for (;;) {
      await pause(clock, TAGS_TIME, this.#over.signal);
      if (this.#over.signal.aborted) return;
      const shown = [...this.#members.values()];
      // What cannot be asked now is asked again.
      const read = await longshore.snapshots(shown).catch(() => []);
      for (const [index, member] of read.entries()) {
        const before = shown[index];
        if (member === null || before === undefined || this.#mayShow(member)) continue;
        this.#members.delete(keyOf(before));
        this.#isMoved = true;
        const event = { kind: "removed", seq: 0, queue: before.queue, id: before.id, at: clock.now() } as const;
        this.#outlet.changed(changeOf(event, { task: before.task, node: before.flow?.node ?? before.id }));
      }
    }
  }

  #mayShow({ tags }: SlimSnapshot): boolean {
    return this.#tag === null || tags.includes(this.#tag);
  }
}
