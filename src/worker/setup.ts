/** What a worker is made from: by the connection, and what its public face hands on to the workshop behind it. */
import type { Engine, WorkerInfo } from "../engine/contract/engine.js";
import type { ParsedTarget } from "../engine/target.js";
import type { Clock, Random } from "../model/value/clock.js";
import type { JobDefaults } from "../model/options/options.js";
import type { Schedule } from "../model/schedule/schedule.js";
import type { Runnable } from "./execution/runnable.js";
import type { EventPublisher } from "./run/event-publisher.js";
import type { StopReason } from "./run/events.js";
import type { ParsedWorkerOptions } from "./options.js";

/** What a worker is made from. */
export interface WorkerSetup {
  readonly engine: Engine;
  /** `null` when the engine was not opened from a target. */
  readonly target: ParsedTarget | null;
  readonly clock: Clock;
  readonly random: Random;
  /** Bytes of JSON a result may have. */
  readonly payloadCap: number;
  /** The options of all jobs of a queue. */
  readonly queueDefaults: ReadonlyMap<string, JobDefaults>;
}

/** What else a workshop is given. */
export interface WorkerRuntimeOptions {
  readonly setup: WorkerSetup;
  readonly options: ParsedWorkerOptions;
  readonly info: WorkerInfo;
  readonly runnables: ReadonlyMap<string, Runnable>;
  /** Put when it starts; a promise where a schema is asynchronous. */
  readonly schedules: readonly (Schedule | Promise<Schedule>)[];
  readonly events: EventPublisher;
  /** There is nothing more to do: stop. */
  readonly finished: (reason: StopReason) => void;
}
