/**
 * The engine contract: everything the rest of Longshore asks of storage, and everything an engine must be. Commands speak
 * of jobs, come in batches, and can be sent again without a second effect. Memory is the specification in code; the
 * conformance suite and the property tests hold every other engine to it.
 *
 * Order inside a command: what is due is promoted first, then outcomes are settled in the order given, then work is leased.
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

/** Of how many tasks `Engine.aside` tells in one queue. */
export const MOST_ASIDE = 100;
/** Up to how many jobs of a task it counts. */
export const MOST_COUNTED_ASIDE = 10_000;

/** The most jobs one exchange promotes: the bound that keeps it short. */
export const MOST_PROMOTED = 500;

/** Engines that work synchronously may answer synchronously. */
export type Awaitable<T> = T | Promise<T>;

/** What an engine is and can promise, for people and for callers that must choose. */
export interface EngineInfo {
  readonly kind: "memory" | "sqlite" | "redis";
  /** Where, without secrets. */
  readonly url: string;
  /** Can other processes work on the same jobs? */
  readonly shared: boolean;
  /** What survives a crash of the machine, in words: `"none"`, `"sqlite wal, synchronous normal"`, `"aof everysec"`. */
  readonly persistence: string;
}

/** What became of one job handed to `enqueue`. */
export interface EnqueueAnswer {
  /** The id of the job that stands for this one: its own, or that of the job it joined. */
  readonly id: string;
  /**
   * `created`; `existing`: a job with this id is there already; `joined`: a job with this unique key is; `rejected`: the
   * same, and the spec asked for a refusal; `replaced`: the same, and its input was replaced by this one's.
   */
  readonly outcome: "created" | "existing" | "joined" | "rejected" | "replaced";
  readonly state: JobState;
}

/** Who a worker is. */
export interface WorkerInfo {
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  readonly queues: readonly string[];
  /** The names of the tasks it has the code of. */
  readonly tasks: readonly string[];
  readonly concurrency: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

/** A worker as it is read back. */
export interface WorkerRecord extends WorkerInfo {
  readonly session: string;
  /** How many jobs it holds. */
  readonly running: number;
  /** Epoch milliseconds of the last sign of life that renewed its session. */
  readonly seenAt: number;
}

/** What a worker reports at the end of a run. */
export type Outcome =
  | { readonly kind: "complete"; readonly result: string | null }
  /** Some of it failed: what, is kept beside the result. */
  | { readonly kind: "partial"; readonly result: string | null; readonly failures?: readonly StepFailure[] }
  /** `retryIn`: milliseconds to wait before the next attempt; `null`: do not try again. */
  | { readonly kind: "fail"; readonly error: Failure; readonly retryIn: number | null }
  /** Put back for a while; the run does not count. Milliseconds. */
  | { readonly kind: "snooze"; readonly delay: number }
  /** Handed back to the head of the line; the run does not count. */
  | { readonly kind: "return" }
  /**
   * This worker has not the code of the task; another may. The job is set aside: it stays `queued`, at its place, but only a
   * claim that names its task leases it again. The run does not count.
   */
  | { readonly kind: "decline" }
  /** Run again when all it depends on has ended (`Report.after` adds to that); the run does not count. */
  | { readonly kind: "wait" };

/** The fence: a write is applied only if this is the lease under which the job runs now. */
export interface LeaseRef extends JobRef {
  /** The number of the exchange that leased it, counted in its queue: no two leases of a job have the same. */
  readonly epoch: number;
}

/** A lease that was taken away by command, and by which. */
export interface Revocation extends LeaseRef {
  readonly cause: "cancel" | "supersede";
}

/** An outcome and the lease it ends. */
export interface Settlement extends LeaseRef {
  readonly outcome: Outcome;
}

/** The answer to a fenced write. Sending an applied one again answers `applied` again. */
export type FencedAnswer = "applied" | "stale";

/** A lease: the right of one session to run one job, and all it needs to do so. */
export interface Lease extends LeaseRef {
  /** The number this run has: 1 for the first. */
  readonly attempt: number;
  readonly attempts: number;
  readonly crashes: number;
  /** Was it recovered from a dead worker and has not ended a run since? A session asks for one such job at a time. */
  readonly suspect: boolean;
  /** Since when it has been declined, without a run by anybody in between: epoch milliseconds; `null`: it was not. */
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
  /** When it became ready. */
  readonly runAt: number;
  readonly leasedAt: number;
}

/** How much work a session wants. */
export interface Claim {
  /** In strict order: the next queue is asked only when those before it gave less than `max`. */
  readonly queues: readonly string[];
  readonly max: number;
  /** May one of the jobs be a suspect? */
  readonly suspect: boolean;
  /**
   * Of the jobs that were set aside only those of these tasks are leased: before all others when their place is before the
   * head of the line, else after the line. Each name costs a look, while anything is aside. Default: none.
   */
  readonly tasks?: readonly string[];
  /**
   * How long the session lives without a heartbeat from the moment it is given a job, where it had longer: a worker at rest
   * lives long and beats seldom, and what it is given must not wait for so long when it dies. Milliseconds. Default: as it is.
   */
  readonly ttl?: number;
}

/** Jobs of one task that were set aside. */
export interface AsideRecord {
  readonly queue: string;
  readonly task: string;
  /** How many, counted up to `MOST_COUNTED_ASIDE`. */
  readonly jobs: number;
  /** Since when the first of them in line has been declined: epoch milliseconds. */
  readonly since: number;
}

export interface ExchangeAnswer {
  /**
   * `false`: in one of the queues asked the session was ended or never opened. There nothing was done and every
   * settlement is stale. A queue is asked when something of it is settled or work may still be leased from it.
   */
  readonly alive: boolean;
  /** One per settlement, in order. */
  readonly settled: readonly FencedAnswer[];
  readonly leases: readonly Lease[];
  /** Is more work waiting in the claimed queues? Of what was set aside, the tasks of the claim count. */
  readonly more: boolean;
  /**
   * When the next delayed job of the claimed queues is due, or the first schedule of one unless it is due already; `null` if
   * there is none. Epoch milliseconds.
   */
  readonly nextDue: number | null;
}

/** A page of what a session holds. */
export interface HeldPage {
  readonly leases: readonly LeaseRef[];
  /** Hand it back for the next page; `null` at the end. */
  readonly cursor: string | null;
}

/** Something a running job says. Fields left out stay as they are. */
export interface Report extends LeaseRef {
  readonly progress?: Progress;
  /** Written under their numbers; at most 500. Milestones and statuses are told to watchers. */
  readonly checkpoints?: readonly Checkpoint[];
  /** JSON text of an object; replaces the job's meta. */
  readonly meta?: string;
  /** Added to the job's log. */
  readonly lines?: readonly LogLine[];
  /** Jobs it depends on from now on, besides those it was enqueued with, whatever their end; at most 500. */
  readonly after?: readonly JobRef[];
}

/** What became of a flow that was to begin: `incomplete`: fewer jobs than were said have joined it. */
export type CommitAnswer = "committed" | "incomplete" | "missing" | "ended";

/** The answer to a command on one job. */
export interface ControlAnswer {
  /** `applied`; `missing`: no such job; `wrong-state`: not from this state; `conflict`: its unique key is held by another. */
  readonly outcome: "applied" | "missing" | "wrong-state" | "conflict";
  /**
   * The state after the command, before anything follows from how other jobs are; `null` when the job is missing or was removed.
   */
  readonly state: JobState | null;
}

/** A change to a waiting job. Fields left out stay as they are. */
export interface JobPatch {
  /** JSON text. */
  readonly input?: string;
  readonly priority?: number;
  readonly due?: JobSpec["due"];
  readonly tags?: readonly string[];
}

/** A command on jobs. `op` is drawn by the client: the same command sent again is known by it and answers the same. */
export interface ControlParams {
  readonly refs: readonly JobRef[];
  readonly op: string;
}

/** A session whose time is over in a queue, and which nobody has ended there: it may be dead, or late. */
export interface OverdueSession {
  readonly session: string;
  readonly queue: string;
  /** Which time of its is over: every sign of life gives it another. Means something to the engine alone. */
  readonly deadline: number;
  /** How long it lives without a sign of life, in milliseconds. */
  readonly ttl: number;
  /** For how long its time has been over, in milliseconds. */
  readonly overdue: number;
}

export interface SweepAnswer {
  readonly promoted: number;
  /** Jobs taken from dead sessions. */
  readonly recovered: number;
  readonly expired: number;
  /** Jobs removed by retention. */
  readonly removed: number;
  /** Schedules that are due, up to 100 of each queue: whoever sweeps fires them. */
  readonly schedules: readonly ScheduleRecord[];
  /** Sessions whose time is over and that were not taken for dead, up to 500 of each queue. */
  readonly overdue: readonly OverdueSession[];
  /**
   * When the next thing is due (a delayed job, a session's end, a ttl, a schedule that is not due yet): epoch milliseconds,
   * or `null`.
   */
  readonly nextDue: number | null;
  /** Did a bound stop it before all was done? */
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
   * Names the storage that is open, where an engine can tell: two connections that name the same share it. Another one at the
   * same address, such as a file that took the place of the one that was opened, has another name. `null` before `open`.
   */
  readonly identity?: string | null;

  /** Connects and prepares. @throws EngineUnavailable, EngineRefused */
  open(): Awaitable<void>;
  /** Ends every wait and lets go of everything. Safe to call twice. */
  close(): Awaitable<void>;
  /** The engine's clock. */
  now(): Awaitable<number>;

  /** Accepts jobs: one answer per job, in order. All jobs of one queue and call up to 500 are accepted together. */
  enqueue(params: { readonly jobs: readonly JobSpec[] }): Awaitable<EnqueueAnswer[]>;

  /**
   * Begins a flow: everything in it was enqueued, its first jobs held. From now on they run. A flow for which this was not
   * called within `FLOW_CREATION` of its enqueueing is removed with all its jobs, none of which has run.
   */
  commitFlow(params: JobRef & { readonly members: number }): Awaitable<CommitAnswer>;

  /**
   * Starts a session that lives `ttl` milliseconds unless renewed. A session id is used once. It ends when it is closed or when
   * a sweep takes it for dead, not by its time alone: until then what it holds is nobody else's, and whatever it says late is
   * accepted and renews it.
   */
  openSession(params: { readonly session: string; readonly worker: WorkerInfo; readonly ttl: number }): Awaitable<void>;
  /** Ends a session; what it still holds returns to the head of the line, uncounted. */
  closeSession(params: { readonly session: string; readonly queues: readonly string[] }): Awaitable<void>;
  /**
   * Renews a session in each of these queues where it has not ended. `alive: false` when it had ended in one of them: nothing
   * it held there is its own any more. `revoked` lists leases that were taken from it by command and not settled since.
   */
  heartbeat(params: {
    readonly session: string;
    readonly queues: readonly string[];
    readonly ttl: number;
  }): Awaitable<{ readonly alive: boolean; readonly revoked: readonly Revocation[] }>;
  /**
   * Settles outcomes and leases work in one command. `call` rises with every new exchange of a lane; the same `call` sent
   * again answers the same leases again, so an answer that was lost loses no job. A session has lanes 0 and 1, so that
   * two exchanges can be under way.
   */
  exchange(params: {
    readonly session: string;
    readonly lane: number;
    readonly call: number;
    readonly settle: readonly Settlement[];
    readonly claim: Claim | null;
  }): Awaitable<ExchangeAnswer>;
  /**
   * What a session holds in a queue as the engine knows it, page by page: a worker compares it with what is in its hands. A page
   * may be empty before the end; a lease that is given or taken meanwhile may be in it or not.
   */
  held(params: {
    readonly session: string;
    readonly queue: string;
    readonly cursor: string | null;
  }): Awaitable<HeldPage>;
  /**
   * Resolves when work may be waiting in one of the queues, at the latest after `timeout` milliseconds or on abort. A job
   * that is set aside is work for who names its task among `tasks`, as in `Claim`. `true`: a wake-up was spent on this; whoever
   * then does not ask for work passes it on.
   */
  awaitWork(params: {
    readonly queues: readonly string[];
    readonly tasks?: readonly string[];
    readonly timeout: number;
    readonly signal: AbortSignal;
  }): Promise<boolean>;
  /** Passes a wake-up on to somebody else who waits for work in one of these queues. */
  passOn(params: { readonly queues: readonly string[] }): Awaitable<void>;
  /** Calls back, soon, when a lease is taken from a session by command. Heartbeats tell the same, later but surely. */
  onRevoked(params: {
    readonly session: string;
    readonly queues: readonly string[];
    readonly listener: (lease: Revocation) => void;
  }): Awaitable<() => void>;

  /** Fenced writes of running jobs. */
  report(params: { readonly session: string; readonly updates: readonly Report[] }): Awaitable<FencedAnswer[]>;

  /** Lets held jobs go; not those that wait for others. */
  release(params: ControlParams): Awaitable<ControlAnswer[]>;
  /** Ends jobs that have not ended; a running one is fenced off at once and told by its signal. */
  cancel(params: ControlParams): Awaitable<ControlAnswer[]>;
  /**
   * Queues jobs that have ended again, with all their attempts before them. What their runs left (checkpoints, progress) is
   * kept unless `fromStart`; a job that completed always begins from the start. Dependencies that did not succeed are looked
   * at again: while one of them has not ended, the job waits for it.
   */
  retry(params: ControlParams & { readonly fromStart: boolean }): Awaitable<ControlAnswer[]>;
  /** Makes delayed jobs ready now. */
  promote(params: ControlParams): Awaitable<ControlAnswer[]>;
  /** Changes jobs that wait. A changed priority or time puts the job at the tail of its line. */
  update(params: ControlParams & { readonly patch: JobPatch }): Awaitable<ControlAnswer[]>;
  /** Removes jobs that do not run, with all that was stored about them; not a flow that has not ended. */
  remove(params: ControlParams): Awaitable<ControlAnswer[]>;

  /** Stops leasing from a queue. Running jobs go on. */
  pause(params: { readonly queue: string }): Awaitable<void>;
  resume(params: { readonly queue: string }): Awaitable<void>;
  /**
   * Removes a queue with all its jobs, leaving no key or row. Without `force` it refuses (answers `false`) while jobs run.
   */
  obliterate(params: { readonly queue: string; readonly force: boolean }): Awaitable<boolean>;

  /**
   * Upkeep: promotes, recovers, expires, trims; bounded by `limit` jobs of each kind. Any number may run at once. Taken for dead
   * are the sessions in `dead` that are still overdue as they were told to be, that is, have given no sign of life since; all
   * that are overdue when it is left out, which is for those who know that nobody is merely late. A session that is taken for
   * dead is heard no more, though what it holds may take several sweeps to recover.
   */
  sweep(params: {
    readonly queues: readonly string[];
    readonly limit: number;
    readonly dead?: readonly OverdueSession[];
  }): Awaitable<SweepAnswer>;

  /**
   * Stores a schedule. One with this name in this queue is changed; the same again changes nothing. A change of its times
   * begins anew from `lastDue`; any other goes on from where it was.
   */
  putSchedule(params: SchedulePut): Awaitable<SchedulePutAnswer>;
  /** Removes a schedule, and answers it as it was last; its jobs stay. */
  removeSchedule(params: ScheduleRef): Awaitable<ScheduleRecord | null>;
  /** Stops a schedule from firing. Answers whether there is one. */
  pauseSchedule(params: ScheduleRef): Awaitable<boolean>;
  /** Lets a schedule fire that did not, from the times given. */
  resumeSchedule(params: ScheduleResume): Awaitable<ScheduleResumeAnswer>;
  /** Schedules by queue, then name: all, or those of these queues, or with these names. */
  schedules(params: {
    readonly queues?: readonly string[];
    readonly names?: readonly string[];
  }): Awaitable<ScheduleRecord[]>;
  /**
   * Fires ticks: creates their jobs and moves the schedule on, in one step for each, if it still is where they follow from.
   * Of all who try one is answered `applied`. A job whose id is there already is not created again.
   */
  fireSchedules(params: { readonly fires: readonly ScheduleFire[] }): Awaitable<FencedAnswer[]>;

  /**
   * Up to `limit` superseded jobs of these tasks whose application has not been told (`acknowledgeSuperseded`). One that was
   * handed out is not handed out again for 30 s, and is no more once the job is removed.
   */
  claimSuperseded(params: {
    readonly queues: readonly string[];
    readonly tasks: readonly string[];
    readonly limit: number;
  }): Awaitable<JobRef[]>;
  /** The application has been told of these. */
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
  /** What was set aside, by queue and task: of each queue the first `MOST_ASIDE` tasks by name. */
  aside(params: { readonly queues: readonly string[] }): Awaitable<AsideRecord[]>;
  workers(): Awaitable<WorkerRecord[]>;
  /** What the runs of a job left, by number; empty when there is nothing, or no such job. */
  checkpoints(params: JobRef): Awaitable<Checkpoint[]>;
  /** What a job depends on, by queue and id, and how that ended; of a flow: its members. */
  dependencies(params: JobRef): Awaitable<DependencyRecord[]>;
  /** The jobs that depend on a job, its flow included, by queue and id. Until they are removed retention keeps it. */
  dependents(params: JobRef): Awaitable<JobRef[]>;
  /** The job's log; empty when it has none. */
  logs(params: JobRef): Awaitable<JobLog>;
  /** The place in line of a queued job, 1 = next; `null` when it is not queued. */
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
