/**
 * The messages between a worker and its children (threads and processes). They are plain data, copied by structured
 * clone, and arrive in order. A child runs one job at a time; its messages are about that job.
 */
import type { Lease, Outcome } from "../../../engine/contract/engine.js";
import type { JobDefaults } from "../../../model/options/options.js";
import type { StatusOptions } from "../../../model/profile/status-machine.js";
import type { ServiceCall } from "../../run/job-services.js";
import type { RunUpdate } from "../../run/run-update.js";
import type { RunningJob } from "../../../define/context.js";
import type { PackedError } from "../../errors/error-transport.js";

/** A job to run. */
export interface RunOrder {
  /** Without the input, which has a field of its own. */
  readonly lease: Lease;
  readonly job: RunningJob;
  /** The file of the handler, and the name of its export. */
  readonly file: string;
  readonly export: string;
  /** JSON text as it was enqueued, with references filled in; or the output of the task's schema. */
  readonly input: { readonly text: string } | { readonly value: unknown };
  /** What the task declares; `null` where it declares none. Schemas of milestones stay with the worker. */
  readonly steps: Readonly<Record<string, number>> | readonly string[] | null;
  readonly milestones: readonly string[] | null;
  readonly statuses: StatusOptions<string> | null;
  /** The most bytes of JSON of a result and of a step's output. */
  readonly payloadCap: number;
  /** The default options of each queue, for spawned jobs. */
  readonly queueDefaults: ReadonlyMap<string, JobDefaults>;
  /** Does `currentJob()` work? */
  readonly currentJob: boolean;
  /** Refuse the job when a loaded file has changed on disk? */
  readonly fresh: boolean;
}

/** To a child. */
export type ToChild =
  | { readonly kind: "run"; readonly order: RunOrder }
  /** The run should end, and why. */
  | { readonly kind: "abort"; readonly reason: PackedError }
  | { readonly kind: "answer"; readonly number: number; readonly answer: Answer }
  /** There are no more jobs: exit. */
  | { readonly kind: "close" };

/** From a child. */
export type FromChild =
  /** A file it has loaded has changed: the job was not begun, and this child must not run it. */
  | { readonly kind: "stale" }
  | { readonly kind: "report"; readonly updates: readonly RunUpdate[] }
  /** The run calls one of its services; the number is that of the answer. */
  | { readonly kind: "call"; readonly number: number; readonly call: ServiceCall }
  /** The run has ended; `reusable`: the child may run another. */
  | { readonly kind: "ended"; readonly end: RunEnd; readonly reusable: boolean };

/** The answer of a service: what it resolved to, or the error it rejected with. */
export type Answer = { readonly value: unknown } | { readonly refused: PackedError };

/** The result of a handler. */
export type RunEnd =
  | { readonly outcome: Outcome }
  /** `final`: another attempt cannot help. */
  | { readonly thrown: PackedError; readonly final: boolean };
