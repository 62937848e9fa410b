/**
 * The engine contract: everything Longshore asks of storage. Commands are about jobs, come in batches, and can be sent
 * again without a second effect. The memory engine is the specification in code; the conformance suite and the property
 * tests compare every other engine with it.
 * Order inside a command: due jobs are promoted first, then outcomes are settled in the order given, then work is leased.
 */
import type { Checkpoint } from "../../model/job/report/checkpoint.js";
import type { JobFilter } from "../../model/job/query/filter.js";
import type { LongField, RecordWith } from "../../model/job/query/fields.js";
import type { JobRef, JobSpec } from "../../model/job/job.js";
import type { JobLog } from "../../model/job/report/log.js";
import type { Awaitable } from "./awaitable.js";
import type { ControlAnswer, ControlParams, JobPatch, SweepAnswer } from "./control.js";
import type { DependencyCommands } from "./dependencies.js";
import type { DocumentCommands } from "./documents.js";
import type { FailureGroupCommands } from "./failure-groups.js";
import type { EventWait } from "./events.js";
import type { StoreCommands } from "./store.js";
import type { CommitAnswer, EnqueueAnswer } from "./enqueue.js";
import type {
  Claim,
  ExchangeAnswer,
  FencedAnswer,
  Report,
  Revocation,
  Settlement,
  SettlementAnswer,
} from "./worker/exchange.js";
import type { AsideRecord, JobPage, QueueRecord, StateCounts, WatchAnswer, ListOrder } from "./read.js";
import type { CommandWorkerParams, WorkerStatus } from "./worker/worker-command.js";
import type {
  AbandonedPage,
  HeartbeatAnswer,
  HeldPage,
  OverdueSession,
  WorkerInfo,
  WorkerRecord,
} from "./worker/session.js";
import type { SeriesAnswer, SeriesQuery, TotalRow, TotalsQuery } from "./worker/series.js";
import type {
  ScheduleFire,
  SchedulePut,
  SchedulePutAnswer,
  ScheduleRecord,
  ScheduleRef,
  ScheduleResume,
  ScheduleResumeAnswer,
} from "./schedules.js";

export type { Awaitable } from "./awaitable.js";
export * from "./control.js";
export * from "./dependencies.js";
export type * from "./documents.js";
export * from "./failure-groups.js";
export * from "./enqueue.js";
export type * from "./events.js";
export * from "./worker/exchange.js";
export * from "./read.js";
export * from "./store.js";
export * from "./worker/series.js";
export * from "./worker/session.js";
export * from "./worker/worker-command.js";
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

/**
 * How many jobs one command enqueues, leases, settles, changes or reads. Callers divide longer lists: an engine runs a command
 * in one piece, and nothing else meanwhile.
 */
export const MAX_JOBS_PER_COMMAND = 500;

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

/** Storage and coordination. One object per connection. Times are epoch milliseconds of the engine's own clock. */
export interface Engine extends DependencyCommands, DocumentCommands, FailureGroupCommands, StoreCommands {
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

  /**
   * Stores jobs: one answer per job, in order. Of one queue in one call, up to 500 jobs with up to `ENTRIES_PER_ENQUEUE` entries
   * and `TEXT_PER_ENQUEUE` characters are stored together; more may be stored in parts, in order.
   * A command sent again makes no second job, for `RESEND_WINDOW` after its creation also when the job is removed already.
   */
  enqueue(params: { readonly jobs: readonly JobSpec[] }): Awaitable<EnqueueAnswer[]>;

  /**
   * Starts a flow, all of whose members were enqueued and are held: from now on they may run. A flow that is not started
   * within `FLOW_CREATION` of its enqueueing is removed with all its members, none of which has run. Only now it supersedes the
   * job before it, and gets a unique key that this one had; when another job has taken that meanwhile, it is cancelled (`ended`).
   */
  commitFlow(params: JobRef & { readonly members: number }): Awaitable<CommitAnswer>;

  /**
   * Starts a session with a time to live of `ttl` milliseconds, renewed by heartbeats. A session id is used once. A session
   * ends when it is closed or when a sweep declares it dead, not by its time alone: until then no other session gets its
   * leases, and what it sends late is accepted and renews it.
   * In queues that do not answer while others do, it begins when they do; the same goes for its heartbeats and its end.
   */
  openSession(params: { readonly session: string; readonly worker: WorkerInfo; readonly ttl: number }): Awaitable<void>;
  /** Ends a session; jobs it still holds return to the head of their queue, uncounted, the first to be leased first. */
  closeSession(params: { readonly session: string; readonly queues: readonly string[] }): Awaitable<void>;
  /**
   * Renews a session in each of these queues where it has not ended. `alive: false`: it had ended in one of them, and its
   * leases there are lost. `revoked` lists leases that a command took from it and that are not settled since.
   * `status` is stored with the session, for `workers`; an omitted one stays. `command` is the latest of `commandWorker` that was not
   * acknowledged, which the worker does by the `op` of what it does: `acknowledges`. All three go by the first queue of its worker,
   * which is the first of these, and end with the session there.
   */
  heartbeat(params: {
    readonly session: string;
    readonly queues: readonly string[];
    readonly ttl: number;
    readonly status?: WorkerStatus;
    readonly acknowledges?: string;
  }): Awaitable<HeartbeatAnswer>;
  /**
   * Gives a command to the worker of a session, in place of the one before. It reaches the worker soon (`onRevoked`), and surely
   * with its heartbeats. `false`: the session has ended in that queue, or never was.
   */
  commandWorker(params: CommandWorkerParams): Awaitable<boolean>;
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
   * set aside counts if `tasks` names its task, as in `Claim`; a job that ended without a run, if `ends` names it, as in
   * `claimEnded`; what an exchange answers as next due, if that is before the end of the wait; a job that retention removes before all those
   * that were there when the wait began. Answers the queue whose wake-up the wait consumed: a caller that then does not ask it for work passes it on
   * (`passOn`). `null`: it consumed none.
   */
  awaitWork(params: {
    readonly queues: readonly string[];
    readonly tasks?: readonly string[];
    readonly ends?: readonly string[];
    readonly timeout: number;
    readonly signal: AbortSignal;
  }): Promise<string | null>;
  /** Passes a wake-up on to another waiter for work in one of these queues. */
  passOn(params: { readonly queues: readonly string[] }): Awaitable<void>;
  /**
   * Calls `listener` soon after a command took a lease from the session, and `commanded` soon after the worker was given a command.
   * Heartbeats report the same later, but reliably.
   */
  onRevoked(params: {
    readonly session: string;
    readonly queues: readonly string[];
    readonly listener: (lease: Revocation) => void;
    readonly commanded?: () => void;
  }): Awaitable<() => void>;

  /** Writes of running jobs, fenced by their leases. */
  report(params: { readonly session: string; readonly updates: readonly Report[] }): Awaitable<SettlementAnswer[]>;

  /** Releases held jobs; those with unfinished dependencies stay blocked. */
  release(params: ControlParams): Awaitable<ControlAnswer[]>;
  /** Cancels jobs that have not ended; the lease of a running one is revoked at once, and its signal aborts. */
  cancel(params: ControlParams): Awaitable<ControlAnswer[]>;
  /**
   * Queues ended jobs again, with a full set of attempts. Checkpoints and progress of their runs are kept unless
   * `fromStart`; a completed job always starts from the beginning. Failed dependencies are evaluated again: the job is
   * `blocked` while any of them is unfinished. `input` (JSON text) replaces that of the jobs in the same step: they begin from the
   * start with it, and references to results of other jobs go with the former input. Their history stays.
   */
  retry(params: ControlParams & { readonly fromStart: boolean; readonly input?: string }): Awaitable<ControlAnswer[]>;
  /** Makes delayed jobs ready at once. */
  promote(params: ControlParams): Awaitable<ControlAnswer[]>;
  /** Changes jobs that wait. A changed priority or time puts the job last among those of its priority. */
  update(params: ControlParams & { readonly patch: JobPatch }): Awaitable<ControlAnswer[]>;
  /** Removes jobs that are not running, with all that is stored about them; not a flow that has not ended. */
  remove(params: ControlParams): Awaitable<ControlAnswer[]>;

  /**
   * Stops leasing from a queue. Running jobs go on; workers hand back what they leased ahead (`ExchangeAnswer.paused`). A queue
   * that does not exist comes into being with it, and its first jobs wait.
   */
  pause(params: { readonly queue: string }): Awaitable<void>;
  /** Ends a pause. A queue that does not exist stays away. */
  resume(params: { readonly queue: string }): Awaitable<void>;
  /**
   * Removes a queue with all its jobs, leaving no key or row. Without `force` it refuses (answers `false`) while jobs run.
   */
  obliterate(params: { readonly queue: string; readonly force: boolean }): Awaitable<boolean>;

  /**
   * Upkeep: promotes, recovers, expires, trims; at most `limit` jobs of each kind. Any number of sweeps may run at once.
   * Declares dead the sessions in `dead` that are still overdue with the same deadline, that is, have given no sign of life
   * since they were reported; without `dead`, all overdue sessions: for callers that know that none is merely late.
   * Commands of a dead session are refused from then on, though recovering its jobs, those that were leased first, may take
   * several sweeps.
   * A queue that does not answer while others do is left to a later sweep.
   * `resting`: the caller holds no job. An engine may then only look at queues in which its last sweep found nothing, until
   * something is due there.
   */
  sweep(params: {
    readonly queues: readonly string[];
    readonly limit: number;
    readonly dead?: readonly OverdueSession[];
    readonly resting?: boolean;
  }): Awaitable<SweepAnswer>;

  /**
   * Queues that have sessions, all of them overdue or dead: no worker sweeps these for its own work. Looks at about `limit`
   * queues, in an order of the engine's own. `except`: queues of which nothing is to be answered, as who asks sweeps them anyway.
   */
  abandoned(params: {
    readonly cursor: string | null;
    readonly limit: number;
    readonly except?: readonly string[];
  }): Awaitable<AbandonedPage>;

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
   * Claims up to `limit` jobs of these tasks that ended without a run, of which the application has not been notified
   * (`acknowledgeEnded`): those that expired, failed with a dependency or with their worker, were cancelled while they did not
   * run, and all superseded ones. Not flows. A claimed one is not handed out again for 30 s, and never once the job is removed
   * or retried.
   */
  claimEnded(params: {
    readonly queues: readonly string[];
    readonly tasks: readonly string[];
    readonly limit: number;
  }): Awaitable<JobRef[]>;
  /** Records that the application was notified of these. */
  acknowledgeEnded(params: { readonly refs: readonly JobRef[] }): Awaitable<void>;

  /**
   * Jobs by queue and id; `null` where there is none. `fields`: the long fields that are read, none of the others is touched;
   * without it all are.
   */
  getJobs<Field extends LongField = LongField>(params: {
    readonly refs: readonly JobRef[];
    readonly fields?: readonly Field[];
  }): Awaitable<(RecordWith<Field> | null)[]>;
  /** Jobs by bare id, whatever their queue; of several with one id the first by queue name. */
  findJobs<Field extends LongField = LongField>(params: {
    readonly ids: readonly string[];
    readonly fields?: readonly Field[];
  }): Awaitable<(RecordWith<Field> | null)[]>;
  /**
   * Jobs by filter: queues by name, states in their order, within a state, unless `order` says otherwise: blocked by creation, delayed by due time,
   * queued in running order, active as they were leased and then by id, terminal the latest first. A job that does not move is neither missed nor
   * repeated, however others move. Without a queue in the filter, those of the platform are left out (`isReserved`); so they are of
   * totals and series. A page has about 2 MB of jobs at most, and one job at least if there is any where it looks.
   */
  listJobs<Field extends LongField = LongField>(params: {
    readonly filter: JobFilter;
    readonly cursor: string | null;
    readonly limit: number;
    readonly fields?: readonly Field[];
    /** The same for all pages of a listing. */
    readonly order?: ListOrder;
  }): Awaitable<JobPage<Field>>;
  /** How many jobs with a tag are in each state, over all queues or one. */
  tagTotals(params: { readonly tag: string; readonly queue?: string }): Awaitable<StateCounts>;
  /** The queues, or those of these names that exist, by name. */
  queues(params?: { readonly names: readonly string[] }): Awaitable<QueueRecord[]>;
  /** Jobs set aside, by queue and task: of each queue the first `MOST_ASIDE` tasks by name. */
  aside(params: { readonly queues: readonly string[] }): Awaitable<AsideRecord[]>;
  workers(): Awaitable<WorkerRecord[]>;
  /**
   * How jobs ended over time: one row for each step and combination of `by` in which any did, and what sweeps saw of the
   * queues, once a minute. An end is counted in the minute in which the engine learned of it.
   */
  series(params: SeriesQuery): Awaitable<SeriesAnswer>;
  /** How jobs have ended altogether, by queue, task and outcome; until the queue is obliterated. */
  totals(params: TotalsQuery): Awaitable<TotalRow[]>;
  /** The checkpoints of a job, by number; empty when it has none, or does not exist. */
  checkpoints(params: JobRef): Awaitable<Checkpoint[]>;
  /** The dependents of a job, its flow included, by queue and id. Retention keeps the job until they are removed. */
  dependents(params: JobRef): Awaitable<JobRef[]>;
  /** The job's log; empty when it has none. */
  logs(params: JobRef): Awaitable<JobLog>;
  /** The place of a queued job in its queue, 1 = next; `null` when it is not queued. */
  position(params: JobRef): Awaitable<number | null>;

  /**
   * Events of a queue after `cursor`, `max` at most, and about `MOST_EVENT_TEXT` characters of them; `null` starts at the present.
   */
  watch(params: {
    readonly queue: string;
    readonly cursor: number | null;
    readonly max: number;
  }): Awaitable<WatchAnswer>;
  /**
   * Resolves when any of the queues may have events after its cursor, at the latest after `timeout` milliseconds or on abort. Answers
   * which: each is to be asked for (`watch`). So is one that was obliterated, or does not record events any more, which it does for `WATCH_INTEREST` after
   * `watch` and, where it still does, for half of that at least after a wait began.
   */
  awaitEvents(params: EventWait): Promise<readonly string[]>;
}
