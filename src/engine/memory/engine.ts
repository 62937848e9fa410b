/**
 * The memory engine: the specification in code, and a real engine for one process. Everything is synchronous inside and
 * nothing survives the process. `connect("memory:")` creates a new one; tests give it their own clock.
 */
import { systemClock, type Clock } from "../../model/value/clock.js";
import { EngineClosed } from "../../model/errors/errors.js";
import { withFields } from "../../model/job/query/fields.js";
import type { JobRef } from "../../model/job/job.js";
import { perState } from "../../model/job/state.js";
import type { ControlAnswer, ControlParams, Engine, EngineInfo, FencedAnswer } from "../contract/engine.js";
import type { Answer, Params } from "../contract/commands.js";
import { FirstRemovals } from "../shared/first-removals.js";
import { FailureGroupEngine } from "../shared/failure-group-engine.js";
import { earliest } from "../shared/listing-order.js";
import { deliverNow, type Mailbox } from "../shared/relay.js";
import { Signals } from "../shared/wake-signals.js";
import { holds } from "./commands/settle.js";
import { cancel, control, promote, release, remove, retry, update, type Command } from "./commands/control.js";
import { exchange } from "./commands/exchange.js";
import { emit } from "./store/transitions.js";
import { MemoryMailbox } from "./messages/mailbox.js";
import { MemoryFailureGroups } from "./commands/failure-groups.js";
import { MemoryDocumentCommands } from "./commands/documents.js";
import { enqueueOne } from "./commands/enqueue.js";
import { commitFlow } from "./commands/commit-flow.js";
import { asideOf, countStates, listPage, positionOf, recordOf } from "./commands/read.js";
import { applyReport } from "./commands/report.js";
import {
  fireSchedule,
  firstTick,
  pauseSchedule,
  putSchedule,
  resumeSchedule,
  scheduleRecord,
  schedulesOf,
} from "./commands/schedules.js";
import {
  abandonedQueues,
  closeSession,
  commandWorker,
  heartbeat,
  heldBy,
  listWorkers,
  openSession,
} from "./commands/sessions.js";
import { readSeries, readTotals } from "./commands/series.js";
import { MemoryStore, type Moment } from "./store/store.js";
import { claimEnded, hasEnded } from "./commands/ended.js";
import type { Supersession } from "./commands/supersede.js";
import { removalMessages } from "./messages/outbox.js";
import { listDependencies, listDependents, pageOfDependencies } from "./store/dependencies.js";
import { firstExpiry, firstRemoval, sweep } from "./commands/sweep.js";
import { awaitEvents, watch } from "./commands/watch.js";
import { isReserved } from "../../model/value/name.js";
import { MEMORY_NODE } from "./store/memory-node.js";

export class MemoryEngine extends FailureGroupEngine implements Engine {
  readonly info: EngineInfo = { kind: "memory", url: "memory:", shared: false, persistence: "none" };
  readonly #clock: Clock;
  readonly #store = new MemoryStore();
  readonly #signals: Signals;
  readonly #mailbox: Mailbox;
  readonly #documents = new MemoryDocumentCommands(() => this.now());
  protected override readonly documents = (): MemoryDocumentCommands => {
    this.#guard();
    return this.#documents;
  };
  readonly #groups = new MemoryFailureGroups(this.#store, () => this.now());
  protected override readonly groups = (): MemoryFailureGroups => {
    this.#guard();
    return this.#groups;
  };
  #closed = false;

  /** @param options.clock the clock of the engine; default: the machine's */
  constructor(options: { clock?: Clock } = {}) {
    super();
    this.#clock = options.clock ?? systemClock;
    this.#signals = new Signals(this.#clock);
    this.#mailbox = new MemoryMailbox(this.#store, this.#signals, this.#clock);
  }

  open(): void {
    this.#guard();
  }

  close(): void {
    this.#closed = true;
    this.#signals.close();
  }

  now(): Answer<"now"> {
    return this.#clock.now();
  }

  store(): Answer<"store"> {
    this.#guard();
    return [MEMORY_NODE];
  }

  probe(): void {
    this.#guard();
  }

  #moment(): Moment {
    return { now: this.#clock.now(), monotonic: this.#clock.monotonic() };
  }

  enqueue({ jobs }: Params<"enqueue">): Answer<"enqueue"> {
    this.#guard();
    const now = this.now();
    const supersession: Supersession = { sessions: this.#store.sessions, revoked: [], now };
    const answers = jobs.map((spec) => enqueueOne(this.#store.queue(spec.queue), spec, supersession));
    for (const name of new Set(jobs.map((spec) => spec.queue))) this.#signals.changed(name);
    for (const { session, lease } of supersession.revoked) this.#signals.revoked(session, lease);
    this.#deliver(jobs.map(({ queue }) => queue));
    return answers;
  }

  commitFlow({ queue, id, members }: Params<"commitFlow">): Answer<"commitFlow"> {
    this.#guard();
    const supersession: Supersession = { sessions: this.#store.sessions, revoked: [], now: this.now() };
    const answer = commitFlow(this.#store.find(queue), id, members, supersession);
    for (const { session, lease } of supersession.revoked) this.#signals.revoked(session, lease);
    this.#signals.changed(queue);
    this.#deliver([queue]);
    return answer;
  }

  openSession({ session, worker, ttl }: Params<"openSession">): void {
    this.#guard();
    openSession(this.#store, session, worker, ttl, this.#moment());
  }

  closeSession({ session, queues }: Params<"closeSession">): void {
    this.#guard();
    closeSession(this.#store, session, queues, this.now());
    for (const name of queues) this.#signals.changed(name);
  }

  heartbeat(params: Params<"heartbeat">): Answer<"heartbeat"> {
    this.#guard();
    return heartbeat(this.#store, params, this.#moment());
  }

  commandWorker(params: Params<"commandWorker">): Answer<"commandWorker"> {
    this.#guard();
    const isThere = commandWorker(this.#store, params, this.now());
    if (isThere) this.#signals.commanded(params.session);
    return isThere;
  }

  exchange(params: Params<"exchange">): Answer<"exchange"> {
    this.#guard();
    const { answer, touched } = exchange(this.#store, params, this.#moment());
    for (const name of touched) this.#signals.changed(name);
    this.#deliver(touched);
    return answer;
  }

  held({ session, queue }: Params<"held">): Answer<"held"> {
    this.#guard();
    return { leases: heldBy(this.#store, session, queue), cursor: null };
  }

  async awaitWork(params: Params<"awaitWork">): Promise<Answer<"awaitWork">> {
    const { queues, tasks = [], ends = [], timeout, signal } = params;
    const until = this.now() + timeout;
    const removals = new FirstRemovals();
    const ready = (): boolean =>
      queues.some((name) => {
        const queue = this.#store.find(name);
        if (queue === undefined) return removals.isEarlier(name, null);
        if (removals.isEarlier(name, firstRemoval(queue)) || hasEnded(queue, ends, this.now())) return true;
        // A waiting worker must also wake for a delayed job, a schedule, or the end of a ttl, that is due before the end of the wait.
        const own = earliest(firstTick(queue, this.now()), firstExpiry(queue, this.now())) ?? Number.POSITIVE_INFINITY;
        if (queue.pausedAt !== null) return own < until - 1;
        const due = Math.min(own, queue.lines.delayed.first()?.runAt ?? Number.POSITIVE_INFINITY);
        return queue.lines.queued.size + queue.suspects.size > 0 || queue.aside.has(tasks, true) || due < until - 1;
      });
    await this.#signals.wait(queues, timeout, signal, ready);
    return null;
  }

  // Every waiter here was woken as well: no wake-up is consumed by one of them.
  passOn(): void {}

  onRevoked({ session, listener, commanded }: Params<"onRevoked">): Answer<"onRevoked"> {
    const ends = [this.#signals.onRevoked(session, listener)];
    if (commanded !== undefined) ends.push(this.#signals.onCommanded(session, commanded));
    return () => ends.forEach((end) => end());
  }

  report({ session: id, updates }: Params<"report">): Answer<"report"> {
    this.#guard();
    const moment = this.#moment();
    const answers = updates.map((update): FencedAnswer => {
      const session = this.#store.liveSession(id, update.queue, moment);
      if (session === null) return "stale";
      const queue = this.#store.queue(update.queue);
      const job = queue.jobs.get(update.id);
      if (!holds(session, job, update)) return "stale";
      applyReport(queue, job, update, moment.now);
      this.#signals.changed(queue.name);
      return "applied";
    });
    this.#deliver(updates.map(({ queue }) => queue));
    return answers;
  }

  release(params: Params<"release">): Answer<"release"> {
    return this.#control(params, release);
  }

  cancel(params: Params<"cancel">): Answer<"cancel"> {
    const running = params.refs.flatMap((ref) => {
      const job = this.#store.find(ref.queue)?.jobs.get(ref.id);
      return job?.session == null
        ? []
        : [{ session: job.session, lease: { ...ref, epoch: job.epoch, cause: "cancel" as const } }];
    });
    const answers = this.#control(params, cancel);
    for (const { session, lease } of running) this.#signals.revoked(session, lease);
    return answers;
  }

  retry({ fromStart, input, ...params }: Params<"retry">): Answer<"retry"> {
    return this.#control(params, retry(fromStart, input));
  }

  promote(params: Params<"promote">): Answer<"promote"> {
    return this.#control(params, promote);
  }

  update(params: Params<"update">): Answer<"update"> {
    return this.#control(params, update(params.patch));
  }

  remove(params: Params<"remove">): Answer<"remove"> {
    return this.#control(params, remove);
  }

  #control({ refs, op }: ControlParams, command: Command): ControlAnswer[] {
    this.#guard();
    const now = this.now();
    const answers = refs.map((ref): ControlAnswer => {
      const queue = this.#store.find(ref.queue);
      if (queue === undefined) return { outcome: "missing", state: null };
      const answer = control({ queue, sessions: this.#store.sessions, now, op }, ref.id, command);
      this.#signals.changed(ref.queue);
      return answer;
    });
    this.#deliver(refs.map(({ queue }) => queue));
    return answers;
  }

  /** Delivers pending messages until the outboxes of these queues, and those that fill meanwhile, are empty. */
  #deliver(names: Iterable<string>): void {
    const queues = new Set([...names].filter((name) => (this.#store.find(name)?.outbox.size ?? 0) > 0));
    if (queues.size > 0) deliverNow(this.#mailbox, queues);
  }

  pause({ queue: name }: Params<"pause">): void {
    this.#setPaused(name, true);
  }

  resume({ queue: name }: Params<"resume">): void {
    this.#setPaused(name, false);
  }

  #setPaused(name: string, paused: boolean): void {
    this.#guard();
    // A pause is remembered, also of a queue that does not exist yet; there is none to end in one that does not.
    const queue = paused ? this.#store.queue(name) : this.#store.find(name);
    if (queue === undefined || (queue.pausedAt !== null) === paused) return;
    queue.pausedAt = paused ? this.now() : null;
    emit(queue, this.now(), { kind: paused ? "paused" : "resumed" });
    this.#signals.changed(name);
  }

  obliterate({ queue, force }: Params<"obliterate">): Answer<"obliterate"> {
    this.#guard();
    const found = this.#store.find(queue);
    if (!force && found !== undefined && found.lines.active.size > 0) return false;
    const messages = found === undefined ? [] : removalMessages(found);
    this.#store.remove(queue);
    this.#signals.changed(queue);
    deliverNow(this.#mailbox, [], messages);
    return true;
  }

  abandoned(params: Params<"abandoned">): Answer<"abandoned"> {
    this.#guard();
    return abandonedQueues(this.#store, params, this.#moment().monotonic);
  }

  sweep(params: Params<"sweep">): Answer<"sweep"> {
    this.#guard();
    const answer = sweep(this.#store, params, this.#moment());
    for (const name of params.queues) this.#signals.changed(name);
    this.#deliver(params.queues);
    return answer;
  }

  putSchedule(params: Params<"putSchedule">): Answer<"putSchedule"> {
    this.#guard();
    const answer = putSchedule(this.#store.queue(params.queue), params, this.now());
    this.#signals.changed(params.queue);
    return answer;
  }

  removeSchedule({ queue: name, name: schedule }: Params<"removeSchedule">): Answer<"removeSchedule"> {
    this.#guard();
    const queue = this.#store.find(name);
    const found = queue?.schedules.get(schedule);
    if (queue === undefined || found === undefined) return null;
    queue.schedules.delete(schedule);
    return scheduleRecord(queue, found);
  }

  pauseSchedule({ queue: name, name: schedule }: Params<"pauseSchedule">): Answer<"pauseSchedule"> {
    this.#guard();
    const queue = this.#store.find(name);
    return queue !== undefined && pauseSchedule(queue, schedule);
  }

  resumeSchedule(params: Params<"resumeSchedule">): Answer<"resumeSchedule"> {
    this.#guard();
    const queue = this.#store.find(params.queue);
    if (queue === undefined) return "missing";
    const answer = resumeSchedule(queue, params);
    this.#signals.changed(params.queue);
    return answer;
  }

  schedules({ queues, names }: Params<"schedules">): Answer<"schedules"> {
    this.#guard();
    return this.#store
      .sorted()
      .filter(({ name }) => queues?.includes(name) ?? true)
      .flatMap(schedulesOf)
      .filter(({ name }) => names?.includes(name) ?? true);
  }

  fireSchedules({ fires }: Params<"fireSchedules">): Answer<"fireSchedules"> {
    this.#guard();
    const supersession: Supersession = { sessions: this.#store.sessions, revoked: [], now: this.now() };
    const answers = fires.map((fire): FencedAnswer => {
      const queue = this.#store.find(fire.queue);
      return queue === undefined ? "stale" : fireSchedule(queue, fire, supersession);
    });
    for (const name of new Set(fires.map((fire) => fire.queue))) this.#signals.changed(name);
    for (const { session, lease } of supersession.revoked) this.#signals.revoked(session, lease);
    this.#deliver(fires.map(({ queue }) => queue));
    return answers;
  }

  claimEnded({ queues, tasks, limit }: Params<"claimEnded">): Answer<"claimEnded"> {
    this.#guard();
    const claimed: JobRef[] = [];
    for (const name of queues) {
      const queue = this.#store.find(name);
      if (queue !== undefined) claimed.push(...claimEnded(queue, tasks, limit - claimed.length, this.now()));
    }
    return claimed;
  }

  acknowledgeEnded({ refs }: Params<"acknowledgeEnded">): void {
    this.#guard();
    for (const { queue, id } of refs) this.#store.find(queue)?.ended.delete(id);
  }

  getJobs({ refs, fields }: Params<"getJobs">): Answer<"getJobs"> {
    this.#guard();
    return refs.map((ref) => {
      const queue = this.#store.find(ref.queue);
      const job = queue?.jobs.get(ref.id);
      return queue === undefined || job === undefined ? null : withFields(recordOf(queue, job), fields);
    });
  }

  findJobs({ ids, fields }: Params<"findJobs">): Answer<"findJobs"> {
    this.#guard();
    return ids.map((id) => {
      const queue = this.#store.sorted().find((candidate) => candidate.jobs.has(id));
      const job = queue?.jobs.get(id);
      return queue === undefined || job === undefined ? null : withFields(recordOf(queue, job), fields);
    });
  }

  listJobs(params: Params<"listJobs">): Answer<"listJobs"> {
    this.#guard();
    return listPage(this.#store.sorted(), params);
  }

  tagTotals({ tag, queue }: Params<"tagTotals">): Answer<"tagTotals"> {
    this.#guard();
    const totals = perState(() => 0);
    for (const { name, jobs } of this.#store.sorted()) {
      if (queue === undefined ? isReserved(name) : queue !== name) continue;
      for (const job of jobs.values()) if (job.spec.tags.includes(tag)) totals[job.state] += 1;
    }
    return totals;
  }

  queues(params?: Params<"queues">): Answer<"queues"> {
    this.#guard();
    return this.#store
      .sorted()
      .filter(({ name }) => params?.names.includes(name) ?? true)
      .map((queue) => {
        const { name, pausedAt } = queue;
        return { name, paused: pausedAt !== null, pausedAt, counts: countStates(queue) };
      });
  }

  aside({ queues }: Params<"aside">): Answer<"aside"> {
    this.#guard();
    return this.#store
      .sorted()
      .filter(({ name }) => queues.includes(name))
      .flatMap(asideOf);
  }

  workers(): Answer<"workers"> {
    this.#guard();
    return listWorkers(this.#store, this.#moment());
  }

  series(query: Params<"series">): Answer<"series"> {
    this.#guard();
    return readSeries(this.#store, query, this.now());
  }

  totals(query: Params<"totals">): Answer<"totals"> {
    this.#guard();
    return readTotals(this.#store, query);
  }

  checkpoints({ queue, id }: Params<"checkpoints">): Answer<"checkpoints"> {
    this.#guard();
    const job = this.#store.find(queue)?.jobs.get(id);
    return [...(job?.checkpoints?.values() ?? [])].toSorted((a, b) => a.seq - b.seq);
  }

  dependencies({ queue, id }: Params<"dependencies">): Answer<"dependencies"> {
    this.#guard();
    return listDependencies(this.#store.find(queue), id);
  }

  dependenciesOf({ queue, ...which }: Params<"dependenciesOf">): Answer<"dependenciesOf"> {
    this.#guard();
    return pageOfDependencies(this.#store.find(queue), which);
  }

  dependents({ queue, id }: Params<"dependents">): Answer<"dependents"> {
    this.#guard();
    return listDependents(this.#store.find(queue), id);
  }

  logs({ queue, id }: Params<"logs">): Answer<"logs"> {
    this.#guard();
    const job = this.#store.find(queue)?.jobs.get(id);
    return { lines: [...(job?.lines ?? [])], dropped: job?.linesDropped ?? 0 };
  }

  position({ queue, id }: Params<"position">): Answer<"position"> {
    this.#guard();
    const found = this.#store.find(queue);
    const job = found?.jobs.get(id);
    return found === undefined || job === undefined ? null : positionOf(found, job);
  }

  watch(params: Params<"watch">): Answer<"watch"> {
    this.#guard();
    return watch(this.#store, params, this.now());
  }

  awaitEvents(params: Params<"awaitEvents">): Promise<Answer<"awaitEvents">> {
    return awaitEvents(this.#store, this.#signals, params, () => this.now());
  }

  #guard(): void {
    if (this.#closed) throw new EngineClosed();
  }
}
