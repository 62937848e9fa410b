/**
 * What a handler can ask of the engine: its checkpoints, and commands about other jobs. `EngineServices` carries it out
 * for a run; a handler in a child calls the same services by name, over the channel. A new service is a method of the
 * interface with the reader of its arguments in the table below, and a method of `EngineServices`: threads and processes
 * have it then.
 */
import type { EnqueueAnswer } from "../../engine/contract/engine.js";
import { Snooze } from "../../model/errors/errors.js";
import type { Failure } from "../../model/failure/failure.js";
import type { Checkpoint } from "../../model/job/report/checkpoint.js";
import type { DependencyRecord } from "../../model/job/dependency.js";
import type { JobRef, JobSpec } from "../../model/job/job.js";
import type { JobState } from "../../model/job/state.js";
import { readRef, readSpec } from "../../model/options/strict-job.js";
import { Malformed, readList, readObject, readWord } from "../../model/value/strict.js";
import { readCheckpoint } from "./run-update.js";

/** Arguments and answers are plain data. Every service rejects when the engine refuses, or the session is over. */
export interface JobServices {
  /** The checkpoints of earlier runs, in order. Read once. */
  loadCheckpoints(): Promise<readonly Checkpoint[]>;
  /** Resolves once the engine has stored the checkpoint; rejects when the lease is lost. */
  saveCheckpoint(checkpoint: Checkpoint): Promise<void>;
  /** Enqueues jobs; jobs that exist already are not changed. Rejects when the run is over. */
  enqueue(jobs: readonly JobSpec[]): Promise<readonly EnqueueAnswer[]>;
  /** Makes its job depend on these, whatever their end. Rejects when the lease is lost. */
  depend(jobs: readonly JobRef[]): Promise<void>;
  /** The dependencies of its job, and how they ended. */
  dependencies(): Promise<readonly DependencyRecord[]>;
  /** The present state of other jobs; `null` for one that does not exist. */
  relatedJobs(jobs: readonly JobRef[]): Promise<readonly (RelatedJob | null)[]>;
}

/** Another job, as far as a run may read it. */
export interface RelatedJob {
  readonly task: string;
  readonly state: JobState;
  /** JSON text; `null` while there is none. For a job that works on the items of a list: the list of their results. */
  readonly result: string | null;
  readonly error: Failure | null;
}

export type ServiceName = keyof JobServices;
type Arguments = { readonly [Name in ServiceName]: Readonly<Parameters<JobServices[Name]>> };

/** A call of this service, as a child sends it. */
export interface ServiceCallOf<Name extends ServiceName> {
  readonly name: Name;
  readonly args: Arguments[Name];
}

/** A call of any service. */
export type ServiceCall = { readonly [Name in ServiceName]: ServiceCallOf<Name> }[ServiceName];

/** The most jobs in one call of a child. */
const MOST_JOBS = 10_000;

/**
 * Reads the arguments of each service as a child sent them, trusting nothing. The compiler refuses a service without a
 * reader. @throws Malformed
 */
const ARGUMENTS: {
  readonly [Name in ServiceName]: (args: readonly unknown[], payloadCap: number) => Arguments[Name];
} = {
  loadCheckpoints: () => [],
  saveCheckpoint: ([checkpoint], cap) => [readCheckpoint("checkpoint", checkpoint, cap)],
  enqueue: ([jobs], cap) => [readList("jobs", jobs, MOST_JOBS, (what, job) => readSpec(what, job, cap))],
  depend: ([jobs]) => [readList("jobs", jobs, MOST_JOBS, readRef)],
  dependencies: () => [],
  relatedJobs: ([jobs]) => [readList("jobs", jobs, MOST_JOBS, readRef)],
};

/** The names of all services. */
export const SERVICE_NAMES = Object.keys(ARGUMENTS) as readonly ServiceName[];

/**
 * Reads a call of a child. @param payloadCap the most bytes of JSON of a step's output and of an input
 * @throws Malformed for a name that is no service, or arguments that are not its own
 */
export function readCall(what: string, value: unknown, payloadCap: number): ServiceCall {
  const { name, args } = readObject(what, value);
  const known = readWord(`${what}.name`, name, SERVICE_NAMES);
  if (!Array.isArray(args)) throw new Malformed(`${what}.args`);
  return { name: known, args: ARGUMENTS[known](args, payloadCap) } as ServiceCall;
}

/** Carries out a call of a child. */
export function perform<Name extends ServiceName>(
  services: { readonly [One in ServiceName]: (...args: Arguments[One]) => Promise<unknown> },
  { name, args }: ServiceCallOf<Name>,
): Promise<unknown> {
  return services[name](...args);
}

/** The services of a run elsewhere: each call is passed to `call`, which answers as the service does. */
export function servicesBy(call: (call: ServiceCall) => Promise<unknown>): JobServices {
  const services = SERVICE_NAMES.map((name) => [
    name,
    (...args: unknown[]): Promise<unknown> => call({ name, args } as unknown as ServiceCall),
  ]);
  return Object.fromEntries(services) as JobServices;
}

/** The delay before a run checks again for the result of a job that runs again, in milliseconds. */
const CHECK_AGAIN = 10_000;

/** Ends a run that needs the result of a job that was retried since: the run is snoozed, uncounted. */
export function runsAgain({ queue, id }: JobRef): Snooze {
  return new Snooze(CHECK_AGAIN, `${queue}/${id}, whose result it needs, runs again`);
}
