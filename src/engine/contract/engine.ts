/**
 * The engine contract: everything Longshore asks of storage. Commands are about jobs, come in batches, and can be sent
 * again without a second effect. The memory engine is the specification in code; the conformance suite and the property
 * tests compare every other engine with it.
 * Order inside a command: due jobs are promoted first, then outcomes are settled in the order given, then work is leased.
 */
import type { Checkpoint } from "../../model/job/checkpoint.js";
import type { DependencyRecord } from "../../model/job/dependency.js";
import type { QueueEvent } from "../../model/job/event.js";
import type { Failure } from "../../model/failure/failure.js";
import type { JobFilter } from "../../model/job/filter.js";
import type { JobBody, JobRecord, JobRef, JobSpec } from "../../model/job/job.js";
import type { JobLog, LogLine } from "../../model/job/log.js";
import type { Progress } from "../../model/job/progress.js";
import type { JobState } from "../../model/job/state.js";
import type { StepFailure } from "../../model/failure/step-failure.js";
import type {
  ScheduleFire,
  SchedulePut,
  SchedulePutAnswer,
  ScheduleRecord,
  ScheduleRef,
  ScheduleResume,
  ScheduleResumeAnswer,
} from "./schedules.js";

export type {
  ScheduleFire,
  SchedulePut,
  SchedulePutAnswer,
  ScheduleRecord,
  ScheduleRef,
  ScheduleResume,
  ScheduleResumeAnswer,
  ScheduleStatus,
} from "./schedules.js";

/** The most tasks `Engine.aside` lists per queue. */
export const MOST_ASIDE = 100;
/** The highest number of jobs of a task that `Engine.aside` counts to. */
export const MOST_COUNTED_ASIDE = 10_000;

/** The most jobs one exchange promotes: the bound that keeps it short. */
export const MOST_PROMOTED = 500;

/** Engines that work synchronously may answer synchronously. */
export type Awaitable<T> = T | Promise<T>;

/** What an engine is and what it guarantees. */
export interface EngineInfo {
  readonly kind: "memory" | "sqlite" | "redis";
  /** The address, without secrets. */
  readonly url: string;
  /** Can other processes use the same jobs? */
  readonly shared: boolean;
  /** What survives a crash of the machine, in words: `"none"`, `"sqlite wal, synchronous normal"`, `"aof everysec"`. */
  readonly persistence: string;
}

/** The answer to one job of `enqueue`. */
export interface EnqueueAnswer {
  /** The job's id, or the id of the job it joined. */
  readonly id: string;
  /**
   * `created`; `existing`: a job with this id exists; `joined`: a job with this unique key exists; `rejected`: likewise,
   * and the spec asks to be rejected; `replaced`: likewise, and this job's input replaced that one's.
   */
  readonly outcome: "created" | "existing" | "joined" | "rejected" | "replaced";
  readonly state: JobState;
}

/** A worker's description of itself. */
export interface WorkerInfo {
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  readonly queues: readonly string[];
  /** The names of the tasks whose code it has. */
  readonly tasks: readonly string[];
  readonly concurrency: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

/** A worker as it is read back. */
export interface WorkerRecord extends WorkerInfo {
  readonly session: string;
  /** How many jobs it runs or has leased ahead. */
  readonly running: number;
  /** Epoch milliseconds of the last sign of life that renewed its session. */
  readonly seenAt: number;
}

/** What a worker reports at the end of a run. */
export type Outcome =
  | { readonly kind: "complete"; readonly result: string | null }
  /** Part of the work failed; the failures are stored beside the result. */
  | { readonly kind: "partial"; readonly result: string | null; readonly failures?: readonly StepFailure[] }
  /** `retryIn`: milliseconds to wait before the next attempt; `null`: do not try again. */
  | { readonly kind: "fail"; readonly error: Failure; readonly retryIn: number | null }
  /** Run again after `delay` milliseconds; the run does not count. */
  | { readonly kind: "snooze"; readonly delay: number }
  /** Returned to the head of the queue; the run does not count. */
  | { readonly kind: "return" }
  /**
   * This worker does not have the task's code; another may. The job is set aside: it stays `queued`, at its place, but only
   * a claim that names its task leases it again. The run does not count.
   */
  | { readonly kind: "decline" }
  /** Run again when all its dependencies have ended (`Report.after` adds dependencies); the run does not count. */
  | { readonly kind: "wait" };

/** The fence: a write is applied only if this is the job's current lease. */
export interface LeaseRef extends JobRef {
  /** The number of the exchange that gave the lease, counted per queue: no two leases of a job have the same. */
  readonly epoch: number;
}

/** A lease taken away by a command, and by which. */
export interface Revocation extends LeaseRef {
  readonly cause: "cancel" | "supersede";
}

/** An outcome and the lease it ends. */
export interface Settlement extends LeaseRef {
  readonly outcome: Outcome;
}

/** The answer to a fenced write. Sending an applied one again answers `applied` again. */
export type FencedAnswer = "applied" | "stale";

/** A lease: the right of one session to run one job, with all that the run needs. */
export interface Lease extends LeaseRef {
  /** The number of this run, from 1. */
  readonly attempt: number;
  readonly attempts: number;
  readonly crashes: number;
  /** Was it recovered from a dead worker, with no run ended since? A session leases one such job at a time. */
  readonly suspect: boolean;
  /**
   * Since when it has been declined, with no run by any worker in between: epoch milliseconds; `null`: it was not declined.
   */
  readonly declinedAt: number | null;
  /** `null` when the stored body cannot be decoded; `problem` then says why. */
  readonly body: JobBody | null;
  readonly problem: string | null;
  /** Have earlier runs left checkpoints? */
  readonly checkpoints: boolean;
  readonly tags: readonly string[];
  readonly meta: string | null;
  readonly priority: number;
  readonly createdAt: number;
  /** Epoch milliseconds at which it became ready. */
  readonly runAt: number;
  readonly leasedAt: number;
}

/** How much work a session asks for. */
export interface Claim {
  /** In strict order: a queue is asked only when the ones before it gave fewer than `max`. */
  readonly queues: readonly string[];
  readonly max: number;
  /** May one of the leased jobs be a suspect? */
  readonly suspect: boolean;
  /**
   * The tasks whose jobs may be leased from those set aside: before all others where their place is before the head of the
   * queue, else after the queue. While any job is set aside, each name costs a lookup. Default: none.
   */
  readonly tasks?: readonly string[];
  /**
   * The session's time to live without a heartbeat, in milliseconds, from the moment it is given a job, unless it is
   * shorter already. A worker at rest has a long one and sends few heartbeats; a job it is given must not wait that long if
   * the worker dies. Default: unchanged.
   */
  readonly ttl?: number;
}

/** Jobs of one task that were set aside. */
export interface AsideRecord {
  readonly queue: string;
  readonly task: string;
  /** Their number, counted up to `MOST_COUNTED_ASIDE`. */
  readonly jobs: number;
  /** Since when the first of them, in running order, has been declined: epoch milliseconds. */
  readonly since: number;
}

export interface ExchangeAnswer {
  /**
   * `false`: in one of the queues asked, the session has ended or was never opened. Nothing was done there, and every
   * settlement of that queue is stale. A queue is asked when a settlement is for it, or when work may still be leased from
   * it.
   */
  readonly alive: boolean;
  /** One per settlement, in order. */
  readonly settled: readonly FencedAnswer[];
  readonly leases: readonly Lease[];
  /** Is more work waiting in the claimed queues? Jobs set aside count if the claim names their task. */
  readonly more: boolean;
  /**
   * When the next delayed job of the claimed queues is due, or their next schedule unless it is due already; `null` if
   * there is none. Epoch milliseconds.
   */
  readonly nextDue: number | null;
}

/** A page of the leases of a session. */
export interface HeldPage {
  readonly leases: readonly LeaseRef[];
  /** Hand it back for the next page; `null` at the end. */
  readonly cursor: string | null;
}

/** Something a running job reports. Omitted fields stay as they are. */
export interface Report extends LeaseRef {
  readonly progress?: Progress;
  /** Stored under their numbers; at most 500. Milestones and statuses are also emitted as events. */
  readonly checkpoints?: readonly Checkpoint[];
  /** JSON text of an object; replaces the job's meta. */
  readonly meta?: string;
  /** Appended to the job's log. */
  readonly lines?: readonly LogLine[];
  /** Jobs it depends on from now on, however they end, besides those it was enqueued with; at most 500. */
  readonly after?: readonly JobRef[];
}

/** The answer to `commitFlow`; `incomplete`: fewer members than announced have joined the flow. */
export type CommitAnswer = "committed" | "incomplete" | "missing" | "ended";

/** The answer to a command on one job. */
export interface ControlAnswer {
  /**
   * `applied`; `missing`: no such job; `wrong-state`: not allowed in its state; `conflict`: another job owns its unique
   * key.
   */
  readonly outcome: "applied" | "missing" | "wrong-state" | "conflict";
  /**
   * The state after the command, before effects of other jobs on it; `null` when the job does not exist or was removed.
   */
  readonly state: JobState | null;
}

/** A change to a job that waits. Omitted fields stay as they are. */
export interface JobPatch {
  /** JSON text. */
  readonly input?: string;
  readonly priority?: number;
  readonly due?: JobSpec["due"];
  readonly tags?: readonly string[];
}

/** A command on jobs. `op` is drawn by the client: a command sent again is recognized by it, and gives the same answer. */
export interface ControlParams {
  readonly refs: readonly JobRef[];
  readonly op: string;
}

/** A session that is past its time in a queue and not ended there: it may be dead, or late. */
export interface OverdueSession {
  readonly session: string;
  readonly queue: string;
  /** The time it is past. Each sign of life sets a new one. Only the engine interprets it. */
  readonly deadline: number;
  /** Its time to live without a sign of life, in milliseconds. */
  readonly ttl: number;
  /** How long it has been overdue, in milliseconds. */
  readonly overdue: number;
}

export interface SweepAnswer {
  readonly promoted: number;
  /** Jobs recovered from dead sessions. */
  readonly recovered: number;
  readonly expired: number;
  /** Jobs removed by retention. */
  readonly removed: number;
  /** Schedules that are due, up to 100 per queue: the worker that swept fires them. */
  readonly schedules: readonly ScheduleRecord[];
  /** Overdue sessions that were not declared dead, up to 500 per queue. */
  readonly overdue: readonly OverdueSession[];
  /**
   * When the next thing is due (a delayed job, the end of a session, a ttl, a schedule that is not due yet): epoch
   * milliseconds, or `null`.
   */
  readonly nextDue: number | null;
  /** Did a bound stop the sweep before everything was done? */
  readonly more: boolean;
}

/** A page of a listing. */
export interface JobPage {
  readonly jobs: readonly JobRecord[];
  /** Hand it back for the next page; `null` at the end. A page may be short, even empty, before the end. */
  readonly cursor: string | null;
}

export type StateCounts = Readonly<Record<JobState, number>>;

export interface QueueRecord {
  readonly name: string;
  readonly paused: boolean;
  readonly counts: StateCounts;
}

export interface WatchAnswer {
  readonly events: readonly QueueEvent[];
  /** The sequence of the last event seen. */
  readonly cursor: number;
  /** Were events missed between the cursor given and the first one answered? */
  readonly gap: boolean;
}

/** Storage and coordination. One object per connection. Times are epoch milliseconds of the engine's own clock. */
export interface Engine {
  readonly info: EngineInfo;
  /**
   * Identifies the open storage, where an engine can: two connections with the same identity share it. Other storage at the
   * same address, such as a file that replaced the opened one, has another identity. `null` before `open`.
   */
  readonly identity?: string | null;

  /** Connects and prepares. @throws EngineUnavailable, EngineRefused */
  open(): Awaitable<void>;
  /** Ends every wait and releases all resources. Safe to call twice. */
  close(): Awaitable<void>;
  /** The engine's clock. */
  now(): Awaitable<number>;

  /** Stores jobs: one answer per job, in order. Up to 500 jobs of one queue in one call are stored together. */
  enqueue(params: { readonly jobs: readonly JobSpec[] }): Awaitable<EnqueueAnswer[]>;

  /**
   * Starts a flow, all of whose members were enqueued and are held: from now on they may run. A flow that is not started
   * within `FLOW_CREATION` of its enqueueing is removed with all its members, none of which has run.
   */
  commitFlow(params: JobRef & { readonly members: number }): Awaitable<CommitAnswer>;

  /**
   * Starts a session with a time to live of `ttl` milliseconds, renewed by heartbeats. A session id is used once. A session
   * ends when it is closed or when a sweep declares it dead, not by its time alone: until then no other session gets its
   * leases, and what it sends late is accepted and renews it.
   */
  openSession(params: { readonly session: string; readonly worker: WorkerInfo; readonly ttl: number }): Awaitable<void>;
  /** Ends a session; jobs it still holds return to the head of their queue, uncounted. */
  closeSession(params: { readonly session: string; readonly queues: readonly string[] }): Awaitable<void>;
  /**
   * Renews a session in each of these queues where it has not ended. `alive: false`: it had ended in one of them, and its
   * leases there are lost. `revoked` lists leases that a command took from it and that are not settled since.
   */
  heartbeat(params: {
    readonly session: string;
    readonly queues: readonly string[];
    readonly ttl: number;
  }): Awaitable<{ readonly alive: boolean; readonly revoked: readonly Revocation[] }>;
  /**
   * Settles outcomes and leases work in one command. `call` rises with each new exchange of a lane; the same `call` sent
   * again gets the same leases again, so a lost answer loses no job. A session has lanes 0 and 1, so two exchanges can be
   * under way.
   */
  exchange(params: {
    readonly session: string;
    readonly lane: number;
    readonly call: number;
    readonly settle: readonly Settlement[];
    readonly claim: Claim | null;
  }): Awaitable<ExchangeAnswer>;
  /**
   * Lists the leases of a session in a queue, page by page, so that a worker can compare them with its own. A page may be
   * empty before the end; a lease given or taken meanwhile may be listed or not.
   */
  held(params: {
    readonly session: string;
    readonly queue: string;
    readonly cursor: string | null;
  }): Awaitable<HeldPage>;
  /**
   * Resolves when work may be waiting in one of the queues, at the latest after `timeout` milliseconds or on abort. A job
   * set aside counts if `tasks` names its task, as in `Claim`. `true`: the wait consumed a wake-up; a caller that then does
   * not ask for work passes it on (`passOn`).
   */
  awaitWork(params: {
    readonly queues: readonly string[];
    readonly tasks?: readonly string[];
    readonly timeout: number;
    readonly signal: AbortSignal;
  }): Promise<boolean>;
  /** Passes a wake-up on to another waiter for work in one of these queues. */
  passOn(params: { readonly queues: readonly string[] }): Awaitable<void>;
  /**
   * Calls `listener` soon after a command took a lease from the session. Heartbeats report the same later, but reliably.
   */
  onRevoked(params: {
    readonly session: string;
    readonly queues: readonly string[];
    readonly listener: (lease: Revocation) => void;
  }): Awaitable<() => void>;

  /** Writes of running jobs, fenced by their leases. */
  report(params: { readonly session: string; readonly updates: readonly Report[] }): Awaitable<FencedAnswer[]>;

  /** Releases held jobs; those with unfinished dependencies stay blocked. */
  release(params: ControlParams): Awaitable<ControlAnswer[]>;
  /** Cancels jobs that have not ended; the lease of a running one is revoked at once, and its signal aborts. */
  cancel(params: ControlParams): Awaitable<ControlAnswer[]>;
  /**
   * Queues ended jobs again, with a full set of attempts. Checkpoints and progress of their runs are kept unless
   * `fromStart`; a completed job always starts from the beginning. Failed dependencies are evaluated again: the job is
   * `blocked` while any of them is unfinished.
   */
  retry(params: ControlParams & { readonly fromStart: boolean }): Awaitable<ControlAnswer[]>;
  /** Makes delayed jobs ready at once. */
  promote(params: ControlParams): Awaitable<ControlAnswer[]>;
  /** Changes jobs that wait. A changed priority or time puts the job last among those of its priority. */
  update(params: ControlParams & { readonly patch: JobPatch }): Awaitable<ControlAnswer[]>;
  /** Removes jobs that are not running, with all that is stored about them; not a flow that has not ended. */
  remove(params: ControlParams): Awaitable<ControlAnswer[]>;

  /** Stops leasing from a queue. Running jobs go on. */
  pause(params: { readonly queue: string }): Awaitable<void>;
  resume(params: { readonly queue: string }): Awaitable<void>;
  /**
   * Removes a queue with all its jobs, leaving no key or row. Without `force` it refuses (answers `false`) while jobs run.
   */
  obliterate(params: { readonly queue: string; readonly force: boolean }): Awaitable<boolean>;

  /**
   * Upkeep: promotes, recovers, expires, trims; at most `limit` jobs of each kind. Any number of sweeps may run at once.
   * Declares dead the sessions in `dead` that are still overdue with the same deadline, that is, have given no sign of life
   * since they were reported; without `dead`, all overdue sessions: for callers that know that none is merely late.
   * Commands of a dead session are refused from then on, though recovering its jobs may take several sweeps.
   */
  sweep(params: {
    readonly queues: readonly string[];
    readonly limit: number;
    readonly dead?: readonly OverdueSession[];
  }): Awaitable<SweepAnswer>;

  /**
   * Stores a schedule, or changes the one with its name in this queue; an equal definition changes nothing. If its times
   * change, it starts over from `lastDue`; any other change continues from its last tick.
   */
  putSchedule(params: SchedulePut): Awaitable<SchedulePutAnswer>;
  /** Removes a schedule, and returns it as it was; its jobs stay. */
  removeSchedule(params: ScheduleRef): Awaitable<ScheduleRecord | null>;
  /** Stops a schedule from firing. Answers whether it exists. */
  pauseSchedule(params: ScheduleRef): Awaitable<boolean>;
  /** Activates a paused or moving schedule, from the times given. */
  resumeSchedule(params: ScheduleResume): Awaitable<ScheduleResumeAnswer>;
  /** Schedules by queue, then name: all, or those of these queues, or with these names. */
  schedules(params: {
    readonly queues?: readonly string[];
    readonly names?: readonly string[];
  }): Awaitable<ScheduleRecord[]>;
  /**
   * Fires ticks: creates their jobs and advances the schedule, in one step per schedule. Compare-and-set on the last tick:
   * exactly one caller gets `applied`. A job whose id exists is not created again.
   */
  fireSchedules(params: { readonly fires: readonly ScheduleFire[] }): Awaitable<FencedAnswer[]>;

  /**
   * Claims up to `limit` superseded jobs of these tasks whose application has not been notified (`acknowledgeSuperseded`).
   * A claimed one is not handed out again for 30 s, and never once the job is removed.
   */
  claimSuperseded(params: {
    readonly queues: readonly string[];
    readonly tasks: readonly string[];
    readonly limit: number;
  }): Awaitable<JobRef[]>;
  /** Records that the application was notified of these. */
  acknowledgeSuperseded(params: { readonly refs: readonly JobRef[] }): Awaitable<void>;

  /** Jobs by queue and id; `null` where there is none. */
  getJobs(params: { readonly refs: readonly JobRef[] }): Awaitable<(JobRecord | null)[]>;
  /** Jobs by bare id, whatever their queue; of several with one id the first by queue name. */
  findJobs(params: { readonly ids: readonly string[] }): Awaitable<(JobRecord | null)[]>;
  /**
   * Jobs by filter: queues by name, states in their order, within a state: blocked by creation, delayed by due time,
   * queued in running order, active by id, terminal the latest first. A job that does not move is neither missed nor
   * repeated, however others move.
   */
  listJobs(params: {
    readonly filter: JobFilter;
    readonly cursor: string | null;
    readonly limit: number;
  }): Awaitable<JobPage>;
  /** How many jobs with a tag are in each state, over all queues or one. */
  tagTotals(params: { readonly tag: string; readonly queue?: string }): Awaitable<StateCounts>;
  queues(): Awaitable<QueueRecord[]>;
  /** Jobs set aside, by queue and task: of each queue the first `MOST_ASIDE` tasks by name. */
  aside(params: { readonly queues: readonly string[] }): Awaitable<AsideRecord[]>;
  workers(): Awaitable<WorkerRecord[]>;
  /** The checkpoints of a job, by number; empty when it has none, or does not exist. */
  checkpoints(params: JobRef): Awaitable<Checkpoint[]>;
  /** The dependencies of a job, by queue and id, and how each ended; of a flow: its members. */
  dependencies(params: JobRef): Awaitable<DependencyRecord[]>;
  /** The dependents of a job, its flow included, by queue and id. Retention keeps the job until they are removed. */
  dependents(params: JobRef): Awaitable<JobRef[]>;
  /** The job's log; empty when it has none. */
  logs(params: JobRef): Awaitable<JobLog>;
  /** The place of a queued job in its queue, 1 = next; `null` when it is not queued. */
  position(params: JobRef): Awaitable<number | null>;

  /** Events of a queue after `cursor`; `null` starts at the present. */
  watch(params: {
    readonly queue: string;
    readonly cursor: number | null;
    readonly max: number;
  }): Awaitable<WatchAnswer>;
  /** Resolves when the queue may have events after `cursor`, at the latest after `timeout` milliseconds or on abort. */
  awaitEvents(params: {
    readonly queue: string;
    readonly cursor: number;
    readonly timeout: number;
    readonly signal: AbortSignal;
  }): Promise<void>;
}
