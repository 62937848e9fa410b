/**
 * The storage of the memory engine: jobs, queues, sessions. A queue keeps one sorted list per state; a job's key in it
 * gives the listing order and, for queued jobs, the running order.
 */
import type { QueueEvent } from "../../../model/job/event.js";
import type { DependencyRecord } from "../../../model/job/dependency.js";
import type { JobRef } from "../../../model/job/job.js";
import { isTerminal, perState, type JobState } from "../../../model/job/state.js";
import type { LeaseRef, Revocation, WorkerInfo, WorkerStatus } from "../../contract/engine.js";
import type { SchedulePutAnswer, ScheduleStatus } from "../../contract/schedules.js";
import type { Build } from "../../contract/worker/builds.js";
import type { Trace } from "../../shared/trace.js";
import type { StoredCommand } from "../../shared/workers/worker-status.js";
import { Aside } from "./aside.js";
import type { MemoryJob } from "./job.js";
import { QueueFailures } from "./failure-groups.js";
import { QueueSeries } from "./series.js";
import { Line } from "./sorted-line.js";

/** The time of the day, and the time of the monotonic clock. */
export interface Moment {
  readonly now: number;
  readonly monotonic: number;
}

/** A session's registration in one queue. */
export interface SessionLife {
  /** On the monotonic clock: setting the system clock ends no session. */
  deadline: number;
  readonly ttl: number;
  /** Epoch milliseconds of the last sign of life that renewed it. */
  seenAt: number;
  /**
   * When it was declared dead (epoch milliseconds): its commands are refused, and it is removed once its jobs are
   * recovered.
   */
  deadSince: number | null;
}

/** A session and its leases. */
export interface MemorySession {
  readonly id: string;
  readonly worker: WorkerInfo;
  /** The queues in which it has not ended: a queue may be obliterated under it. */
  readonly queues: Map<string, SessionLife>;
  readonly held: Set<MemoryJob>;
  /** Leases taken from it, until it settles them. */
  revoked: Revocation[];
  status: WorkerStatus | null;
  command: StoredCommand | null;
  /** Per queue and lane: the last exchange and its leases. */
  readonly calls: Map<string, { call: number; leases: LeaseRef[] }>;
}

/** A stored schedule of the memory engine. */
export interface MemorySchedule {
  readonly name: string;
  readonly createdAt: number;
  definition: string;
  times: string;
  status: ScheduleStatus;
  /** The command that gave it this definition, and the answer. */
  revision: string;
  answer: SchedulePutAnswer;
  lastDue: number;
  nextDue: number | null;
  lastJob: string | null;
  /** The command that fired it last. */
  fired: string | null;
}

/** One queue. */
export class MemoryQueue {
  readonly jobs = new Map<string, MemoryJob>();
  readonly lines: Record<JobState, Line<MemoryJob>>;
  /** Queued jobs recovered from dead workers; they are not in `lines.queued`. */
  readonly suspects = new Line<MemoryJob>();
  /** Queued jobs that were declined, suspects or not; they are in neither of the lists above. */
  readonly aside = new Aside();
  readonly unique = new Map<string, { id: string; expiresAt: number | null }>();
  /** The latest job of each supersede key. */
  readonly latest = new Map<string, string>();
  /** Jobs that ended without a run, of which the application has not been notified, and when they may be claimed. */
  readonly ended = new Map<string, number>();
  /** Per job: its dependencies, by queue and id; those of a removed job stay until its messages are delivered. */
  readonly dependencies = new Map<string, Map<string, DependencyRecord>>();
  /** Per job: its dependents, and the round in which each waits for it. */
  readonly dependents = new Map<string, Map<string, { ref: JobRef; round: number }>>();
  /** Jobs with messages to linked jobs, in the order in which they were marked. */
  readonly outbox = new Set<string>();
  /** The latest count asked for, per class of outcome. */
  readonly keepCount: { completed: number | null; failed: number | null } = { completed: null, failed: null };
  /** Finished jobs that ask for a count, oldest first. */
  readonly counted: { completed: MemoryJob[]; failed: MemoryJob[] } = { completed: [], failed: [] };
  /** What is remembered of removed jobs, in the order in which they were removed. */
  readonly traces = new Map<string, Trace>();
  /** The builds of its sessions, by code, and when the last session of each was opened. */
  readonly builds = new Map<string, { readonly build: Build; openedAt: number }>();
  readonly schedules = new Map<string, MemorySchedule>();
  readonly series = new QueueSeries();
  readonly failures = new QueueFailures();
  /** Since when it is paused; `null` while it is not. */
  pausedAt: number | null = null;
  /** The number of the last exchange that leased anything here. */
  epoch = 0;

  // Positions count up at the tail and down at the head. Redis keeps jobs of the default priority in a list, whose
  // positions are real: there is only one place before its first entry. Positions in terminal states only count up.
  defaultLine = { tail: 0 };
  otherLine = { tail: 0, head: -1 };
  finished = 0;

  events: QueueEvent[] = [];
  sequence = 0;
  /** Until when events are recorded. */
  interest = 0;

  constructor(readonly name: string) {
    this.lines = perState((state) => new Line<MemoryJob>({ reversed: isTerminal(state) }));
  }
}

/** All queues and sessions. */
export class MemoryStore {
  readonly sessions = new Map<string, MemorySession>();
  readonly #queues = new Map<string, MemoryQueue>();
  /** Until when queues that do not exist are watched, the first to lapse first. */
  readonly #interests = new Map<string, number>();

  find(name: string): MemoryQueue | undefined {
    return this.#queues.get(name);
  }

  /** A queue, created on first use. */
  queue(name: string): MemoryQueue {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      this.#queues.set(name, (queue = new MemoryQueue(name)));
      queue.interest = this.#interests.get(name) ?? 0;
      this.#interests.delete(name);
    }
    return queue;
  }

  /**
   * Notes that a queue that does not exist is watched until a time: it comes into being with its first job, not by being
   * watched, and its events are recorded from then on. Returns whether that was not known before.
   */
  noteInterest(name: string, until: number, now: number): boolean {
    const before = this.#interests.get(name) ?? 0;
    this.#interests.delete(name);
    this.#interests.set(name, until);
    for (const [other, end] of this.#interests) {
      if (end > now) break;
      this.#interests.delete(other);
    }
    return before <= now;
  }

  /** Until when events of a queue are recorded; 0: they are not. */
  interestIn(name: string): number {
    return this.find(name)?.interest ?? this.#interests.get(name) ?? 0;
  }

  /** Records events of a queue until a time. */
  setInterest(name: string, until: number, now: number): void {
    const queue = this.find(name);
    if (queue === undefined) this.noteInterest(name, until, now);
    else queue.interest = until;
  }

  /** All queues by name. */
  sorted(): MemoryQueue[] {
    return [...this.#queues.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Removes a queue, what sessions have in it, and the note that it is watched. */
  remove(name: string): void {
    for (const session of this.sessions.values()) {
      for (const job of session.held) if (job.queue === name) session.held.delete(job);
      if (session.queues.delete(name) && session.queues.size === 0) this.sessions.delete(session.id);
    }
    this.#queues.delete(name);
    this.#interests.delete(name);
  }

  /**
   * The session of a command, if it has not ended in that queue. A command is a sign of life: a late session is renewed.
   */
  liveSession(id: string, queue: string, { now, monotonic }: Moment): MemorySession | null {
    const session = this.sessions.get(id);
    const life = session?.queues.get(queue);
    if (session === undefined || life === undefined || life.deadSince !== null) return null;
    if (life.deadline <= monotonic) Object.assign(life, { deadline: monotonic + life.ttl, seenAt: now });
    return session;
  }

  /** Shortens a session's time to live without a heartbeat to `ttl` milliseconds, unless it is shorter already. */
  shortenLife(session: MemorySession, queue: string, ttl: number, { now, monotonic }: Moment): void {
    const life = session.queues.get(queue);
    if (life !== undefined && life.deadline > monotonic + ttl) {
      Object.assign(life, { deadline: monotonic + ttl, ttl, seenAt: now });
    }
  }
}
