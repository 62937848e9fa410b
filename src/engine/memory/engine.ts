/**
 * The memory engine: the specification in code, and a real engine for one process. Everything is synchronous inside and
 * nothing survives the process. `connect("memory:")` makes a new one; tests give it their own clock.
 */
import { systemClock, type Clock } from "../../model/clock.js";
import { EngineClosed } from "../../model/errors.js";
import type { JobRecord, JobRef } from "../../model/job.js";
import { LONGEST_LOG_LINE, MOST_LOG_LINES, type JobLog } from "../../model/log.js";
import { perState } from "../../model/state.js";
import type {
  ControlAnswer,
  ControlParams,
  Engine,
  EngineInfo,
  EnqueueAnswer,
  ExchangeAnswer,
  FencedAnswer,
  JobPage,
  Lease,
  LeaseRef,
  QueueRecord,
  Report,
  StateCounts,
  SweepAnswer,
  WatchAnswer,
  WorkerRecord,
} from "../contract.js";
import { describeLease, handBack, holds, leaseFrom, settleOne } from "./consume.js";
import { cancel, control, promote, release, remove, retry, update, type Command } from "./control.js";
import { tell, watchOn } from "./moves.js";
import { enqueueOne } from "./produce.js";
import { countStates, listPage, positionOf, recordOf } from "./read.js";
import { MemoryQueue, type MemorySession } from "./store.js";
import { expireLate, nextDue, promoteDue, recoverLost, trim } from "./upkeep.js";
import { Signals } from "../signals.js";

/** The most jobs one exchange promotes: the bound that keeps a Redis script short. */
const PROMOTE_LIMIT = 500;

export class MemoryEngine implements Engine {
  readonly info: EngineInfo = { kind: "memory", url: "memory:", shared: false, persistence: "none" };
  readonly #clock: Clock;
  readonly #queues = new Map<string, MemoryQueue>();
  readonly #sessions = new Map<string, MemorySession>();
  readonly #signals: Signals;
  #closed = false;

  /** @param options.clock the time the engine lives in; default: the machine's */
  constructor(options: { clock?: Clock } = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#signals = new Signals(this.#clock);
  }

  open(): void {
    this.#guard();
  }

  close(): void {
    this.#closed = true;
    this.#signals.close();
  }

  now(): number {
    return this.#clock.now();
  }

  enqueue({ jobs }: Parameters<Engine["enqueue"]>[0]): EnqueueAnswer[] {
    this.#guard();
    const now = this.now();
    const answers = jobs.map((spec) => enqueueOne(this.#queue(spec.queue), spec, now));
    for (const name of new Set(jobs.map((spec) => spec.queue))) this.#signals.changed(name);
    return answers;
  }

  openSession({ session, worker, ttl }: Parameters<Engine["openSession"]>[0]): void {
    this.#guard();
    const now = this.now();
    for (const name of worker.queues) this.#queue(name);
    this.#sessions.set(session, {
      id: session,
      worker,
      queues: new Map(worker.queues.map((name) => [name, { deadline: now + ttl, seenAt: now }])),
      held: new Set(),
      revoked: [],
      calls: new Map(),
    });
  }

  closeSession({ session: id, queues }: Parameters<Engine["closeSession"]>[0]): void {
    this.#guard();
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    const now = this.now();
    for (const name of queues) {
      if (!session.queues.delete(name)) continue;
      const held = [...session.held].filter((job) => job.queue === name);
      // In reverse, so that the first of them ends up at the very head.
      for (const job of held.toSorted((a, b) => (a.id < b.id ? 1 : -1))) {
        handBack(this.#queue(name), session, job, now);
      }
      this.#signals.changed(name);
    }
    if (session.queues.size === 0) this.#sessions.delete(id);
  }

  heartbeat({ session: id, queues, ttl }: Parameters<Engine["heartbeat"]>[0]): {
    alive: boolean;
    revoked: readonly LeaseRef[];
  } {
    this.#guard();
    const now = this.now();
    const revoked: LeaseRef[] = [];
    let alive = true;
    for (const name of queues) {
      const session = this.#alive(id, name);
      alive &&= session !== null;
      session?.queues.set(name, { deadline: now + ttl, seenAt: now });
      revoked.push(...(session?.revoked.filter((lease) => lease.queue === name) ?? []));
    }
    return { alive, revoked };
  }

  exchange({ session: id, lane, call, settle, claim }: Parameters<Engine["exchange"]>[0]): ExchangeAnswer {
    this.#guard();
    const now = this.now();
    const names = [...new Set([...(claim?.queues ?? []), ...settle.map((settlement) => settlement.queue)])];
    const settled: FencedAnswer[] = settle.map(() => "stale");
    const leases: Lease[] = [];
    let alive = true;
    let more = false;
    let next: number | null = null;
    for (const name of names) {
      const claimed = claim?.queues.includes(name) ?? false;
      const mine = [...settle.entries()].filter(([, settlement]) => settlement.queue === name);
      const left = claimed ? (claim?.max ?? 0) - leases.length : 0;
      if (left <= 0 && mine.length === 0) continue;
      const session = this.#alive(id, name);
      if (session === null) {
        alive = false;
        continue;
      }
      const queue = this.#queue(name);
      promoteDue(queue, PROMOTE_LIMIT, now);
      for (const [index, settlement] of mine) settled[index] = settleOne(queue, session, settlement, now);
      const suspect = (claim?.suspect ?? false) && !leases.some((lease) => lease.suspect);
      if (left > 0) leases.push(...this.#lease(queue, session, lane, call, left, suspect, now));
      if (claimed) {
        more ||= !queue.paused && queue.lines.queued.size > 0;
        const due = queue.lines.delayed.first()?.runAt ?? null;
        next = next === null ? due : due === null ? next : Math.min(next, due);
      }
      this.#signals.changed(name);
    }
    return { alive, settled, leases, more, nextDue: next };
  }

  #lease(
    queue: MemoryQueue,
    session: MemorySession,
    lane: number,
    call: number,
    max: number,
    suspect: boolean,
    now: number,
  ): Lease[] {
    const key = `${queue.name}/${lane}`;
    const last = session.calls.get(key);
    if (last?.call === call) {
      return last.leases.flatMap((lease) => {
        const job = queue.jobs.get(lease.id);
        return holds(session, job, lease) ? [describeLease(job, job.suspect, job.startedAt ?? now)] : [];
      });
    }
    const leases = leaseFrom(queue, session, max, suspect, now);
    session.calls.set(key, { call, leases: leases.map(({ id, epoch }) => ({ queue: queue.name, id, epoch })) });
    return leases;
  }

  awaitWork({ queues, timeout, signal }: Parameters<Engine["awaitWork"]>[0]): Promise<void> {
    const ready = (): boolean =>
      queues.some((name) => {
        const queue = this.#queues.get(name);
        return queue !== undefined && !queue.paused && queue.lines.queued.size + queue.suspects.size > 0;
      });
    return this.#signals.wait(queues, timeout, signal, ready);
  }

  onRevoked({ session, listener }: Parameters<Engine["onRevoked"]>[0]): () => void {
    return this.#signals.onRevoked(session, listener);
  }

  report({ session: id, updates }: Parameters<Engine["report"]>[0]): FencedAnswer[] {
    this.#guard();
    const now = this.now();
    return updates.map((update) => {
      const session = this.#alive(id, update.queue);
      if (session === null) return "stale";
      const queue = this.#queue(update.queue);
      const job = queue.jobs.get(update.id);
      if (!holds(session, job, update)) return "stale";
      this.#apply(queue, job, update, now);
      this.#signals.changed(queue.name);
      return "applied";
    });
  }

  #apply(
    queue: MemoryQueue,
    job: NonNullable<ReturnType<MemoryQueue["jobs"]["get"]>>,
    update: Report,
    now: number,
  ): void {
    if (update.progress !== undefined) {
      job.progress = update.progress;
      tell(queue, now, { kind: "progress", id: job.id, progress: update.progress });
    }
    if (update.meta !== undefined) job.meta = update.meta;
    for (const line of update.lines ?? [])
      job.lines.push({ ...line, message: line.message.slice(0, LONGEST_LOG_LINE) });
    const surplus = job.lines.length - MOST_LOG_LINES;
    if (surplus > 0) {
      job.lines.splice(0, surplus);
      job.linesDropped += surplus;
    }
  }

  release(params: ControlParams): ControlAnswer[] {
    return this.#control(params, release);
  }

  cancel(params: ControlParams): ControlAnswer[] {
    const running = params.refs.flatMap((ref) => {
      const job = this.#queues.get(ref.queue)?.jobs.get(ref.id);
      return job?.session == null ? [] : [{ session: job.session, lease: { ...ref, epoch: job.epoch } }];
    });
    const answers = this.#control(params, cancel);
    for (const { session, lease } of running) this.#signals.revoked(session, lease);
    return answers;
  }

  retry(params: ControlParams): ControlAnswer[] {
    return this.#control(params, retry);
  }

  promote(params: ControlParams): ControlAnswer[] {
    return this.#control(params, promote);
  }

  update(params: Parameters<Engine["update"]>[0]): ControlAnswer[] {
    return this.#control(params, update(params.patch));
  }

  remove(params: ControlParams): ControlAnswer[] {
    return this.#control(params, remove);
  }

  #control({ refs, op }: ControlParams, command: Command): ControlAnswer[] {
    this.#guard();
    const now = this.now();
    return refs.map((ref) => {
      const queue = this.#queues.get(ref.queue);
      if (queue === undefined) return { outcome: "missing", state: null };
      const answer = control({ queue, sessions: this.#sessions, now, op }, ref.id, command);
      this.#signals.changed(ref.queue);
      return answer;
    });
  }

  pause({ queue: name }: { queue: string }): void {
    this.#setPaused(name, true);
  }

  resume({ queue: name }: { queue: string }): void {
    this.#setPaused(name, false);
  }

  #setPaused(name: string, paused: boolean): void {
    this.#guard();
    const queue = this.#queue(name);
    if (queue.paused === paused) return;
    queue.paused = paused;
    tell(queue, this.now(), { kind: paused ? "paused" : "resumed" });
    this.#signals.changed(name);
  }

  obliterate({ queue: name, force }: { queue: string; force: boolean }): boolean {
    this.#guard();
    const queue = this.#queues.get(name);
    if (queue === undefined) return true;
    if (!force && queue.lines.active.size > 0) return false;
    for (const session of this.#sessions.values()) {
      for (const job of session.held) if (job.queue === name) session.held.delete(job);
      if (session.queues.delete(name) && session.queues.size === 0) this.#sessions.delete(session.id);
    }
    this.#queues.delete(name);
    this.#signals.changed(name);
    return true;
  }

  sweep({ queues, limit }: Parameters<Engine["sweep"]>[0]): SweepAnswer {
    this.#guard();
    const now = this.now();
    const total = { promoted: 0, recovered: 0, expired: 0, removed: 0, more: false };
    let next: number | null = null;
    for (const name of queues) {
      const queue = this.#queues.get(name);
      if (queue === undefined) continue;
      const recovered = recoverLost(queue, this.#sessions, limit, now);
      const promoted = promoteDue(queue, limit, now);
      const expired = expireLate(queue, limit, now);
      const removed = trim(queue, limit, now);
      total.recovered += recovered;
      total.promoted += promoted;
      total.expired += expired;
      total.removed += removed;
      total.more ||= Math.max(recovered, promoted, expired, removed) >= limit;
      const due = nextDue(queue, this.#sessions);
      next = next === null ? due : due === null ? next : Math.min(next, due);
      this.#signals.changed(name);
    }
    return { ...total, nextDue: next };
  }

  getJobs({ refs }: { refs: readonly JobRef[] }): (JobRecord | null)[] {
    this.#guard();
    return refs.map((ref) => {
      const job = this.#queues.get(ref.queue)?.jobs.get(ref.id);
      return job === undefined ? null : recordOf(job);
    });
  }

  findJobs({ ids }: { ids: readonly string[] }): (JobRecord | null)[] {
    this.#guard();
    return ids.map((id) => {
      const queue = this.#sorted().find((candidate) => candidate.jobs.has(id));
      const job = queue?.jobs.get(id);
      return job === undefined ? null : recordOf(job);
    });
  }

  listJobs({ filter, cursor, limit }: Parameters<Engine["listJobs"]>[0]): JobPage {
    this.#guard();
    return listPage(this.#sorted(), filter, cursor, limit);
  }

  tagTotals({ tag, queue }: { tag: string; queue?: string }): StateCounts {
    this.#guard();
    const totals = perState(() => 0);
    for (const { name, jobs } of this.#queues.values()) {
      if (queue !== undefined && queue !== name) continue;
      for (const job of jobs.values()) if (job.spec.tags.includes(tag)) totals[job.state] += 1;
    }
    return totals;
  }

  queues(): QueueRecord[] {
    this.#guard();
    return this.#sorted().map((queue) => ({ name: queue.name, paused: queue.paused, counts: countStates(queue) }));
  }

  workers(): WorkerRecord[] {
    this.#guard();
    const now = this.now();
    return [...this.#sessions.values()]
      .flatMap(({ id, worker, held, queues }) => {
        const lives = [...queues].filter(([, life]) => life.deadline > now);
        if (lives.length === 0) return [];
        const alive = new Set(lives.map(([name]) => name));
        const running = [...held].filter((job) => alive.has(job.queue)).length;
        const seenAt = lives.reduce((latest, [, life]) => Math.max(latest, life.seenAt), 0);
        return [{ ...worker, session: id, running, seenAt }];
      })
      .toSorted((a, b) => (a.session < b.session ? -1 : 1));
  }

  logs({ queue, id }: JobRef): JobLog {
    this.#guard();
    const job = this.#queues.get(queue)?.jobs.get(id);
    return { lines: [...(job?.lines ?? [])], dropped: job?.linesDropped ?? 0 };
  }

  position({ queue, id }: JobRef): number | null {
    this.#guard();
    const found = this.#queues.get(queue);
    const job = found?.jobs.get(id);
    return found === undefined || job === undefined ? null : positionOf(found, job);
  }

  watch({ queue: name, cursor, max }: Parameters<Engine["watch"]>[0]): WatchAnswer {
    this.#guard();
    const now = this.now();
    const queue = this.#queue(name);
    const lapsed = queue.interest <= now;
    watchOn(queue, now);
    if (cursor === null) return { events: [], cursor: queue.sequence, gap: false };
    // The queue was obliterated since: its sequence starts anew.
    if (cursor > queue.sequence) return { events: [], cursor: queue.sequence, gap: true };
    const kept = queue.events.filter((event) => event.seq > cursor);
    const events = kept.slice(0, max);
    const first = events[0]?.seq ?? queue.sequence + 1;
    return { events, cursor: events.at(-1)?.seq ?? Math.max(cursor, first - 1), gap: lapsed || first > cursor + 1 };
  }

  awaitEvents({ queue, cursor, timeout, signal }: Parameters<Engine["awaitEvents"]>[0]): Promise<void> {
    return this.#signals.wait([queue], timeout, signal, () => (this.#queues.get(queue)?.sequence ?? 0) > cursor);
  }

  /** The session, if it lives in that queue. */
  #alive(id: string, queue: string): MemorySession | null {
    const session = this.#sessions.get(id);
    const life = session?.queues.get(queue);
    return session !== undefined && life !== undefined && life.deadline > this.now() ? session : null;
  }

  #queue(name: string): MemoryQueue {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new MemoryQueue(name);
      this.#queues.set(name, queue);
    }
    return queue;
  }

  #sorted(): MemoryQueue[] {
    return [...this.#queues.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  #guard(): void {
    if (this.#closed) throw new EngineClosed();
  }
}
