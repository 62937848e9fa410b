/**
 * Longshore: background jobs for TypeScript applications whose work is slow. This is all that `import … from
 * "longshore"` gives; importing it connects to nothing.
 */
export { attach, connect, type ConnectOptions } from "./client/connect.js";
export type { Facet, JobCount, JobFacets } from "./client/jobs/job-counts.js";
export type { JobQuery, JobQueryConditions, NumberQuery, TimeWindowQuery } from "./client/jobs/job-filter.js";
export type { FlowEvent } from "./client/jobs/flow-events.js";
export type { JobEvent } from "./client/jobs/job-events.js";
export type { JobList, ListOptions, SnapshotPage, TagTotals } from "./client/jobs/job-list.js";
export {
  flow,
  type AnyFlow,
  type Build,
  type Flow,
  type FlowBuilder,
  type FlowOptions,
  type NodeArguments,
} from "./define/flow.js";
export type { FlowJob } from "./client/jobs/flow-job.js";
export type { FlowEnqueueOptions } from "./client/enqueue/flow-options.js";
export type { RequiredNodeOptions, NodeOptions, OptionalNodeOptions } from "./define/node-options.js";
export type { Resolved, WithRefs, Reference, Ref } from "./define/flow-reference.js";
export { ResultTimeout } from "./client/jobs/job-wait.js";
export type {
  EnqueueOutcome,
  Job,
  JobChange,
  JobRetryOptions,
  ResultOptions,
  RetryOptions,
} from "./client/jobs/job.js";
export type { BulkOptions, Longshore } from "./client/longshore.js";
export type {
  DocumentList,
  DocumentQuery,
  Documents,
  DocumentVersion,
  PutDocument,
} from "./client/documents/documents.js";
export type { EnqueueArguments, ManyOptions } from "./client/enqueue/enqueue-arguments.js";
export type { EnqueueAllOptions, JobRequest } from "./client/enqueue/job-request.js";
export type { MilestoneRecord, StepRecord } from "./client/jobs/step-records.js";
export type { FailureActor, FailureBulkJob, FailureHandle } from "./client/failures/failure-handle.js";
export type { FailureList, FailurePage } from "./client/failures/failure-list.js";
export type { FailureQuery } from "./client/failures/failure-query.js";
export type { DocumentJob } from "./client/profile/document-job.js";
export {
  documentProfile,
  type DocumentNames,
  type DocumentProfile,
  type DocumentProfileOptions,
} from "./client/profile/document-profile.js";
export type { Queue } from "./client/queue.js";
export type { QueueFigures, QueueRates } from "./client/queue-figures.js";
export type { WatchEvent } from "./client/connection/watch-event.js";
export type { ScheduledJobOptions, ScheduleSnapshot } from "./client/schedules/schedule-snapshot.js";
export type { PutSchedule, ScheduleQuery, Schedules } from "./client/schedules/schedules.js";
export type { DurationFigures, EndFigures, SeriesPoint, SeriesTotal } from "./client/series/points.js";
export type { CapacityOptions, CapacityReport } from "./client/insights/capacity.js";
export type { CapacityAdvice, ExpectedWait, PresentWorkers } from "./model/capacity/capacity.js";
export type { Insight, InsightCode, InsightSeverity, InsightSubjects } from "./model/insight/insight.js";
export type { ReadyCheck, Readiness, ReadyOptions } from "./client/store/ready.js";
export type { SmokeOptions, SmokeResult } from "./client/smoke/smoke.js";
export type { StoreSnapshot } from "./client/store/store.js";
export type { SeriesOptions, TotalsOptions } from "./client/series/query.js";
export type { EnqueueOptions } from "./client/enqueue/job-spec.js";
export type { BulkAnswer } from "./client/bulk/bulk.js";
export type { BulkPreview } from "./client/bulk/bulk-count.js";
export type { BulkAction, BulkInput, BulkRequest } from "./client/bulk/bulk-request.js";
export type { BulkRefusal, BulkResult, RefusedJob } from "./client/bulk/bulk-result.js";
export type {
  AsideRecord,
  BusySlot,
  Engine,
  EngineInfo,
  ListOrder,
  QueueRecord,
  SeriesKey,
  StateCounts,
  StoreNode,
  StorePersistence,
  Suspension,
  TaskInfo,
  WorkerCommandName,
  WorkerCommandRecord,
  WorkerRecord,
  WorkerLiveness,
  WorkerStatus,
} from "./engine/contract/engine.js";
export type {
  MemoryTarget,
  RedisAddress,
  RedisClient,
  RedisTarget,
  RedisTls,
  SqliteTarget,
  Target,
} from "./engine/target.js";
export type { AfterJob, AfterOptions } from "./model/options/after.js";
export type { BackoffOption } from "./model/failure/backoff.js";
export type { Classifier, RetryDecision } from "./model/failure/classify.js";
export type { Clock, Random } from "./model/value/clock.js";
export type { SeriesOutcome } from "./model/series/figures.js";
export type { Json } from "./model/value/codec.js";
export type { Dependency, DependencyEnd, DependencyPolicy, DependencyRecord } from "./model/job/dependency.js";
export type { AuditEntry, AuditKind, AuditLog, AuditPage, AuditQuery, AuditRecord } from "./client/access/audit-log.js";
export type { CreatedToken, TokenInfo, Tokens } from "./client/access/tokens.js";
export type { Grant, Scope } from "./model/access/scope.js";
export type { TokenFacts, TokenSpec } from "./model/access/token.js";
export type { Document } from "./model/document/document.js";
export { DocumentConflict, TooManyDocuments } from "./model/document/document-errors.js";
export type { Duration } from "./model/value/duration.js";
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
  QueueNotFound,
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
  WorkerNotFound,
  WrongState,
} from "./model/errors/errors.js";
export { DependencyGone, ReferenceNotFound, Suspended } from "./model/flow/dependency-errors.js";
export type { QueueEvent } from "./model/job/event.js";
export type { FlowEdge, FlowGraph, FlowNode } from "./model/flow/graph.js";
export type { FlowBranch, FlowTreeRow } from "./model/flow/tree.js";
export type { InputReference, Membership } from "./model/job/membership.js";
export type { Failure } from "./model/failure/failure.js";
export type { FailedHour, FailedVersion, FailureGroupState, FailureSummary } from "./model/failure/group.js";
export { FailureGroupNotFound } from "./model/failure/groups/group-errors.js";
export type { FailureGroupInQueue, FailureGroupSnapshot } from "./model/failure/groups/merged-group.js";
export type { SharedCause } from "./model/failure/groups/shared-cause.js";
export type { AttemptOutcome, AttemptRecord, JobRef, RanBy } from "./model/job/job.js";
export { resultUrl, type JobWithResult } from "./model/job/result-url.js";
export type { JobLog, LogLine } from "./model/job/report/log.js";
export type { JobDefaults, JobOptions } from "./model/options/options.js";
export type { ItemProgress, Progress } from "./model/job/progress.js";
export { profile, type Profile, type ProfiledJob, type ProfileOptions } from "./model/profile/profile.js";
export type { KeepOption, KeepRule } from "./model/job/retention.js";
export type {
  CatchUp,
  CronScheduleOption,
  IntervalScheduleOption,
  Overlap,
  ScheduleOption,
  ScheduleTimes,
} from "./model/schedule/schedule.js";
export type { TickOptions } from "./model/schedule/template.js";
export type { Size } from "./model/value/size.js";
export type { TaskDescription } from "./model/document/task-description.js";
export type { Remaining } from "./model/job/report/remaining.js";
export type { AwaitedJob, HoldingWorker, Reason, ReasonData } from "./model/why/reason.js";
export type { ChosenField, FieldChoice, LongField } from "./model/job/query/fields.js";
export type { JobSnapshot, SlimSnapshot, SnapshotWith } from "./model/job/query/snapshot.js";
export { isTerminal, STATES, TERMINAL_STATES, type JobState, type TerminalState } from "./model/job/state.js";
export { statuses, type StatusMachine, type StatusOptions } from "./model/profile/status-machine.js";
export type { StepFailure } from "./model/failure/step-failure.js";
export type { UniqueOption } from "./model/job/unique.js";
export type { JobContext, JobLogger, JobMeta, JobStatus, ReportProgress, RunningJob } from "./define/context.js";
export { currentJob } from "./worker/handler/current-job.js";
export type { SettledRun, Middleware } from "./worker/execution/middleware.js";
export type { QueueOrder } from "./worker/claim/queue-order.js";
export { module, type ModuleReference } from "./define/module.js";
export type { ParsedRunner, RunnerKind, RunnerOptions } from "./define/runner-options.js";
export type { SchemaInput, SchemaOutput, StandardSchema } from "./define/schema.js";
export type {
  EndedDependency,
  Spawn,
  SpawnAllOptions,
  SpawnArguments,
  SpawnedJobOptions,
  SpawnOptions,
} from "./define/spawn.js";
export type { Emit, Milestones, MilestonesOf, MilestonesOption } from "./define/milestones.js";
export type { ItemError, ItemResults, Step, StepAllOptions, StepOptions, StepRetry, StepScope } from "./define/step.js";
export type { Stored } from "./define/stored.js";
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
} from "./define/task.js";
export { schedule, type AnySchedule, type CheckedSchedule, type TaskSchedule } from "./define/schedule.js";
export type { StopReason, WorkerEvents } from "./worker/run/events.js";
export type { WorkerHandle } from "./client/worker-handle.js";
export type { WorkerOptions } from "./worker/options.js";
export type { Worker, WorkerState } from "./worker/worker.js";
