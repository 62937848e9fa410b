/**
 * Longshore: background jobs for TypeScript applications whose work is slow. This is all that `import … from
 * "longshore"` gives; importing it connects to nothing.
 */
export { attach, connect, type ConnectOptions } from "./client/connect.js";
export type { JobQuery } from "./client/job-filter.js";
export type { JobEvent } from "./client/job-events.js";
export type { JobList, SnapshotPage } from "./client/job-list.js";
export {
  flow,
  type AnyFlow,
  type Build,
  type Flow,
  type FlowBuilder,
  type FlowOptions,
  type NodeArguments,
} from "./client/flows/flow.js";
export type { FlowJob } from "./client/flows/flow-job.js";
export type { FlowEnqueueOptions } from "./client/flows/flow-options.js";
export type { NeededNodeOptions, NodeOptions, OptionalNodeOptions } from "./client/flows/node-options.js";
export type { Filled, Given, Reference, Taken } from "./client/flows/reference.js";
export { ResultTimeout } from "./client/job-wait.js";
export type { EnqueueOutcome, Job, JobChange, ResultOptions, RetryOptions } from "./client/job.js";
export type { BulkOptions, Longshore } from "./client/longshore.js";
export type { EnqueueArguments, ManyOptions } from "./client/enqueue-arguments.js";
export type { MilestoneRecord, StepRecord } from "./client/left-behind.js";
export type { Queue } from "./client/queue.js";
export type { WatchEvent } from "./client/queue-watch.js";
export type { ScheduleSnapshot } from "./client/schedule-snapshot.js";
export type { PutSchedule, ScheduleQuery, Schedules } from "./client/schedules.js";
export type { EnqueueOptions } from "./client/spec.js";
export type { TagTotals } from "./client/tag-totals.js";
export type { BulkAnswer } from "./engine/bulk.js";
export type { AsideRecord, Engine, EngineInfo, QueueRecord, StateCounts, WorkerRecord } from "./engine/contract.js";
export type { MemoryTarget, RedisTarget, SqliteTarget, Target } from "./engine/target.js";
export type { AfterJob, AfterOptions, OnOption } from "./model/after.js";
export type { BackoffOption } from "./model/backoff.js";
export type { Classifier, Verdict } from "./model/classify.js";
export type { Clock, Random } from "./model/clock.js";
export type { Json } from "./model/codec.js";
export type { Dependency, DependencyEnd, DependencyPolicy, DependencyRecord } from "./model/dependency.js";
export type { Duration } from "./model/duration.js";
export {
  AllFailed,
  Cancelled,
  ChildDied,
  EngineClosed,
  Bundled,
  EngineRefused,
  EngineUnavailable,
  IllegalTransition,
  InvalidInput,
  JobFailed,
  JobNotFound,
  LeaseLost,
  LongshoreError,
  ModuleNotFound,
  ModuleRefused,
  NonRetryable,
  OutOfMemory,
  PayloadTooLarge,
  RetryAfter,
  ScheduleNotFound,
  SessionLost,
  ShuttingDown,
  Snooze,
  Superseded,
  TimedOut,
  TooManySchedules,
  Undecodable,
  UniqueConflict,
  UnknownTask,
  WrongState,
} from "./model/errors.js";
export { DependencyGone, ReferenceNotFound, Suspended } from "./model/flow-errors.js";
export type { QueueEvent } from "./model/event.js";
export type { FlowEdge, FlowGraph, FlowNode } from "./model/flow-graph.js";
export type { InputReference, Membership } from "./model/flow.js";
export type { Failure } from "./model/failure.js";
export type { AttemptOutcome, AttemptRecord, JobRef } from "./model/job.js";
export type { JobLog, LogLine } from "./model/log.js";
export type { JobDefaults, JobOptions } from "./model/options.js";
export type { ItemProgress, Progress } from "./model/progress.js";
export { profile, type Profile, type ProfiledJob, type ProfileOptions } from "./model/profile.js";
export type { KeepOption, KeepRule } from "./model/retention.js";
export type {
  CatchUp,
  CronScheduleOption,
  IntervalScheduleOption,
  Overlap,
  ScheduleOption,
  ScheduleTimes,
} from "./model/schedule/schedule.js";
export type { TickOptions } from "./model/schedule/template.js";
export type { Size } from "./model/size.js";
export type { JobSnapshot } from "./model/snapshot.js";
export { isTerminal, STATES, TERMINAL_STATES, type JobState, type TerminalState } from "./model/state.js";
export { statuses, type StatusMachine, type StatusOptions } from "./model/status-machine.js";
export type { StepFailure } from "./model/step-failure.js";
export type { UniqueOption } from "./model/unique.js";
export type { JobContext, JobLogger, JobMeta, SayProgress } from "./worker/context.js";
export { currentJob } from "./worker/current-job.js";
export type { Ending, Middleware } from "./worker/middleware.js";
export type { QueueOrder } from "./worker/queue-order.js";
export type { RunningJob } from "./worker/running-job.js";
export { module, type ModuleReference } from "./worker/runners/module-reference.js";
export type { ParsedRunner, RunnerKind, RunnerOptions } from "./worker/runners/runner-options.js";
export type { SchemaInput, SchemaOutput, StandardSchema } from "./worker/standard-schema.js";
export type {
  EndedDependency,
  Spawn,
  SpawnAllOptions,
  SpawnArguments,
  SpawnedJobOptions,
  SpawnOptions,
} from "./worker/spawn/spawn.js";
export type { JobStatus } from "./worker/steps/job-status.js";
export type { Emit, Milestones, MilestonesOf, MilestonesOption } from "./worker/steps/milestones.js";
export type {
  ItemError,
  ItemResults,
  Step,
  StepAllOptions,
  StepOptions,
  StepRetry,
  StepScope,
} from "./worker/steps/step.js";
export type { Stored } from "./worker/steps/stored.js";
export {
  task,
  type AnyTask,
  type Handler,
  type InputOf,
  type ResultOf,
  type StepsOption,
  type SupersededHook,
  type Task,
  type TaskOptions,
} from "./worker/task.js";
export { schedule, type AnySchedule, type CheckedSchedule, type TaskSchedule } from "./worker/task-schedule.js";
export type { StopReason, WorkerEvents } from "./worker/worker-events.js";
export type { WorkerOptions } from "./worker/worker-options.js";
export type { Worker, WorkerState } from "./worker/worker.js";
