/** The options and the description of the runtime with which a worker works for the platform. */
import { EventEmitter } from "node:events";
import type { WorkerInfo } from "../engine/contract/worker/session.js";
import { BULK_QUEUE } from "../model/bulk/bulk.js";
import type { ParsedWorkerOptions } from "./options.js";
import { EventPublisher } from "./run/event-publisher.js";
import type { WorkerEvents } from "./run/events.js";
import type { SystemTask } from "../define/system-task.js";
import type { Runnable } from "./execution/runnable.js";
import type { RunContext } from "./handler/run-context.js";

/** After how long without work it ends, in milliseconds. */
const IDLE = 30_000;

/** The options of the worker, for one slot of its own. */
export function systemOptions(options: ParsedWorkerOptions): ParsedWorkerOptions {
  return {
    ...options,
    order: { names: [BULK_QUEUE], draw: () => [BULK_QUEUE] },
    concurrency: 1,
    prefetch: 0,
    burst: false,
    maxJobs: Number.POSITIVE_INFINITY,
    maxIdle: IDLE,
    maxRss: null,
    middleware: [],
    currentJob: false,
  };
}

export function systemInfo(info: WorkerInfo): WorkerInfo {
  return { ...info, queues: [BULK_QUEUE], tasks: [], concurrency: 1 };
}

/** Its events are not those of the application's jobs: only errors are passed on. */
export function systemEvents(events: EventPublisher, name: string): EventPublisher {
  const emitter = new EventEmitter<WorkerEvents>();
  emitter.on("error", (error) => events.publishError(error));
  // Its tasks do not compute: others hold the event loop up.
  emitter.on("blocked", () => undefined);
  return new EventPublisher(emitter, name);
}

export function systemRunnables(tasks: readonly SystemTask[]): Map<string, Runnable> {
  return new Map(tasks.map(({ task, code }) => [task.name, { task, code: (context) => code(context as RunContext) }]));
}
