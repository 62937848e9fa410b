/**
 * What a worker is made from: the part its connection gives (`WorkerSetup`), and what `Worker` passes on to its
 * runtime.
 */
import type { Engine, WorkerInfo } from "../engine/contract/engine.js";
import type { ParsedTarget } from "../engine/target.js";
import type { Clock, Random } from "../model/value/clock.js";
import type { JobDefaults } from "../model/options/options.js";
import type { Schedule } from "../model/schedule/schedule.js";
import type { Runnable } from "./execution/runnable.js";
import type { EventPublisher } from "./run/event-publisher.js";
import type { StopReason } from "./run/events.js";
import type { ParsedWorkerOptions } from "./options.js";
import type { SystemWork } from "./system/system-work.js";

/** What the connection gives to a worker. */
export interface WorkerSetup {
  readonly engine: Engine;
  /** `null` when the engine was not opened from a target, or from one that no other thread can be given. */
  readonly target: ParsedTarget | null;
  readonly clock: Clock;
  readonly random: Random;
  /** The most bytes of JSON of a result. */
  readonly payloadCap: number;
  /** The options of all jobs of a queue. */
  readonly queueDefaults: ReadonlyMap<string, JobDefaults>;
  /** The version of the application, and where it runs; `null`: unknown. */
  readonly appVersion: string | null;
  readonly environment: string | null;
}

/** What the runtime of a worker is made from. */
export interface WorkerRuntimeOptions {
  readonly setup: WorkerSetup;
  readonly options: ParsedWorkerOptions;
  readonly info: WorkerInfo;
  readonly runnables: ReadonlyMap<string, Runnable>;
  /** Put at the start; a promise where a schema is asynchronous. */
  readonly schedules: readonly (Schedule | Promise<Schedule>)[];
  readonly events: EventPublisher;
  /** What it does for the platform; `null`: nothing. */
  readonly system: SystemWork | null;
  /** The life of the worker is over: stop it. */
  readonly finished: (reason: StopReason) => void;
}
