/** The public worker: runs jobs from the moment it is made, reports by events, ends by `stop()`. */
import { EventEmitter } from "node:events";
import { hostname } from "node:os";
import { checkWorker, type WorkerInfo } from "../engine/contract/worker/session.js";
import { checkBuild } from "../engine/contract/worker/builds.js";
import type { Clock } from "../model/value/clock.js";
import { parseDuration, type Duration } from "../model/value/duration.js";
import { InvalidInput } from "../model/errors/errors.js";
import { LONGSHORE_VERSION } from "../model/version.js";
import { BUILT_IN_TASKS, describeTask, describeTasks, type Runnable } from "./execution/runnable.js";
import { heartbeatFile } from "./session/heartbeat-link.js";
import { checkPrograms } from "./runners/channel/child-link.js";
import { checkTasks } from "../define/is-task.js";
import type { ModuleReference } from "../define/module.js";
import { needsChildren } from "../define/runner-options.js";
import { checkCode, type AnyTask, type Handler, type Task } from "../define/task.js";
import { EventPublisher } from "./run/event-publisher.js";
import type { StopReason, WorkerEvents } from "./run/events.js";
import { parseSchedules, parseWorkerOptions, type ParsedWorkerOptions, type WorkerOptions } from "./options.js";
import type { WorkerSetup } from "./setup.js";
import { WorkerRuntime } from "./runtime.js";
import { systemEvents, systemInfo, systemOptions, systemRunnables } from "./system-runtime.js";
import { SystemWork } from "./system/system-work.js";
import type { SystemTask } from "../define/system-task.js";

/** The grace of a worker that is to stop once its jobs have ended. Milliseconds. */
const UNTIL_ALL_END = Number.MAX_SAFE_INTEGER;

/** What a worker is doing. */
export type WorkerState = "starting" | "running" | "stopping" | "stopped";

/**
 * Runs jobs. Made by `longshore.worker(tasks, options)`, and at work at once.
 * @example
 * const worker = longshore.worker([scan, mail], { concurrency: 5 });
 * worker.on("failed", (job, error) => console.error(job.id, error));
 * process.once("SIGTERM", () => void worker.stop());
 * await worker.finished;
 */
export class Worker extends EventEmitter<WorkerEvents> {
  /** Resolves when the worker has stopped, for whatever reason. Never rejects. */
  readonly finished: Promise<void>;
  readonly #options: ParsedWorkerOptions;
  readonly #clock: Clock;
  readonly #tasks: readonly AnyTask[];
  readonly #runnables = new Map<string, Runnable>();
  readonly #events: EventPublisher;
  readonly #runtime: WorkerRuntime;
  readonly #system: SystemWork | null;
  readonly #started: Promise<void>;
  #state: WorkerState = "starting";
  #finish: () => void = () => {};

  /** @internal Workers come from `longshore.worker`. */
  constructor(
    setup: WorkerSetup,
    tasks: readonly AnyTask[],
    options: WorkerOptions = {},
    systemTasks: readonly SystemTask[] = [],
  ) {
    super();
    checkTasks("tasks", tasks);
    this.#clock = setup.clock;
    this.#options = parseWorkerOptions(
      options,
      tasks.map((task) => task.queue),
    );
    if (setup.target !== null && setup.target.engine !== "memory") heartbeatFile();
    for (const built of BUILT_IN_TASKS) this.#runnables.set(built.task.name, built);
    this.#tasks = tasks;
    for (const task of tasks) this.#register(task, task.handler ?? task.module);
    const { name, order, concurrency } = this.#options;
    const runnables = this.#runnables;
    const info: WorkerInfo = {
      name,
      host: hostname(),
      pid: process.pid,
      queues: order.names,
      get tasks() {
        return describeTasks(runnables);
      },
      appVersion: setup.appVersion,
      environment: setup.environment,
      longshore: LONGSHORE_VERSION,
      node: process.version,
      concurrency,
      startedAt: setup.clock.now(),
    };
    checkBuild({ ...info, tasks });
    checkWorker({ ...info, tasks: tasks.map(describeTask) });
    this.#events = new EventPublisher(this, name);
    this.#system = this.#options.system && systemTasks.length > 0 ? this.#makeSystem(setup, info, systemTasks) : null;
    this.#runtime = new WorkerRuntime({
      setup,
      options: this.#options,
      info,
      runnables,
      schedules: parseSchedules(options.schedules, setup),
      events: this.#events,
      system: this.#system,
      finished: (reason) => void this.#stop(reason, reason === "command" ? UNTIL_ALL_END : this.#options.grace),
    });
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    if (this.#options.signals) void this.#obeySignals();
    this.#started = this.#start();
  }

  /** Its name in listings and attempts. */
  get name(): string {
    return this.#options.name;
  }

  /** The queues it serves. */
  get queues(): readonly string[] {
    return this.#options.order.names;
  }

  /** How many jobs it may run at a time: its option `concurrency`, or what `"auto"` chose for this machine. */
  get concurrency(): number {
    return this.#options.concurrency;
  }

  /** What it is doing. */
  get state(): WorkerState {
    return this.#state;
  }

  /** How many jobs it runs now. */
  get running(): number {
    return this.#runtime.running;
  }

  /**
   * For how long (milliseconds) its claim loop has waited for what should come soon, such as an answer of the engine or a session. 0 while
   * it goes on, waits for work, or has no slot free. Beyond two `beat`s it is not well: `longshore.ready()` says so.
   */
  get stalledFor(): number {
    const since = this.#runtime.stalledSince;
    return since === null ? 0 : this.#clock.monotonic() - since;
  }

  /** How often it gives a sign of life while it holds jobs: a third of its `lease`. Milliseconds. */
  get beat(): number {
    return this.#options.lease / 3;
  }

  /**
   * How many handlers go on although their run timed out. They ignore their signal, and the resources they use come on
   * top of the slots of `concurrency`.
   */
  get overrunning(): number {
    return this.#runtime.overrunning;
  }

  /**
   * Gives a handler, or the module that has it, to a task whose definition has none. Call it right after making the
   * worker, in the same turn of the event loop: a worker with a task that has no code by then is refused (see `ready`).
   * @throws InvalidInput
   * @example
   * longshore.worker([mail]).handle(mail, async ({ input }) => send(input.to));
   */
  handle<Input, Result, Parsed, StepName extends string, Shown, Status extends string>(
    task: Task<Input, Result, Parsed, StepName, Shown, Status>,
    handler: Handler<Parsed, NoInfer<Result>, NoInfer<StepName>, NoInfer<Shown>, NoInfer<Status>> | ModuleReference,
  ): this {
    checkCode(handler, task.runner);
    this.#register(task as unknown as AnyTask, handler as Handler<never, unknown> | ModuleReference);
    return this;
  }

  /**
   * Resolves when it takes work, however long the engine takes to answer, or when it is stopped before that. Rejects,
   * and the worker stops, when a task has no handler by the end of the turn in which the worker was made. That error is
   * also emitted as the event `error`; without a listener it is an unhandled rejection.
   * @throws InvalidInput
   */
  ready(): Promise<void> {
    return this.#started;
  }

  /**
   * Stops: no new jobs, `grace` for those that run, then their signals abort, and what is unfinished a second later
   * returns to the head of its queue with no attempt counted. Calling it again goes on to the next step at once.
   * @param options.grace how long running jobs may go on; default: the worker's `grace`
   * @throws InvalidInput
   */
  stop(options: { grace?: Duration } = {}): Promise<void> {
    const grace = options.grace === undefined ? this.#options.grace : parseDuration("grace", options.grace);
    return this.#stop("stop", grace);
  }

  #stop(reason: StopReason, grace: number): Promise<void> {
    if (this.#state === "stopped") return this.finished;
    const again = this.#state === "stopping";
    this.#state = "stopping";
    if (!again) this.#events.publish("stopping", reason);
    const stopped = Promise.all([this.#runtime.stop(grace, reason), this.#system?.stop(reason)]);
    if (!again) void stopped.then(() => this.#stopped());
    return this.finished;
  }

  async #start(): Promise<void> {
    // Handlers are given and listeners added in the turn in which the worker is made: wait for its end.
    await Promise.resolve();
    if (this.#withoutCode() !== -1) await new Promise((resolve) => setImmediate(resolve));
    this.#refuseWithoutCode();
    await this.#runtime.start();
    if (this.#state !== "starting") return;
    this.#state = "running";
    this.#events.publish("started");
    void this.#system?.look();
  }

  /** What it does for the platform, with these tasks. */
  #makeSystem(setup: WorkerSetup, info: WorkerInfo, tasks: readonly SystemTask[]): SystemWork {
    const { engine, clock, random } = setup;
    const runnables = systemRunnables(tasks);
    return new SystemWork({
      engine,
      clock,
      random,
      failed: (error) => this.#events.publishError(error),
      make: (finished) =>
        new WorkerRuntime({
          setup,
          options: systemOptions(this.#options),
          info: systemInfo(info),
          runnables,
          schedules: [],
          events: systemEvents(this.#events, info.name),
          system: null,
          finished,
        }),
    });
  }

  /** The index of the first task without code; -1 when all have code. */
  #withoutCode(): number {
    return this.#tasks.findIndex(({ name }) => !this.#runnables.has(name));
  }

  /** Stops when a task has no code: its jobs would be declined for ever. @throws InvalidInput */
  #refuseWithoutCode(): void {
    const index = this.#withoutCode();
    if (index === -1 || this.#state !== "starting") return;
    const rule =
      "a task with a handler or a module; worker.handle(task, handler) can add one in the turn in which the worker is made";
    const error = new InvalidInput(`tasks[${index}]`, this.#tasks[index]?.name, rule);
    if (this.listenerCount("error") > 0) {
      // With a listener the error is handled: the rejection of `ready()` need not be.
      this.#started.catch(() => undefined);
      this.#events.publish("error", error);
    }
    void this.#stop("refused", 0);
    throw error;
  }

  #stopped(): void {
    this.#state = "stopped";
    this.#events.publish("stopped");
    this.#finish();
  }

  #register(task: AnyTask, code: Handler<never, unknown> | ModuleReference | null): void {
    if (needsChildren(task.runner)) checkPrograms(task.runner.kind);
    // The types of input and handler were checked where both were known.
    if (code !== null) this.#runnables.set(task.name, { task, code: code as Runnable["code"] });
  }

  async #obeySignals(): Promise<void> {
    const obey = (): void => void this.stop();
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, obey);
    await this.finished;
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.off(signal, obey);
  }
}
