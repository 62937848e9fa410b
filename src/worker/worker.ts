/**
 * A worker: leases jobs of its queues and runs them, from the moment it is made until it is stopped. It ties the parts
 * together (exchange loop, run pool, executor, lease keeper, sweeper, reporter); they know each other only through it.
 */
import { EventEmitter } from "node:events";
import { hostname } from "node:os";
import type { Engine, ExchangeAnswer, Lease, LeaseRef, WorkerInfo } from "../engine/contract.js";
import type { ParsedTarget } from "../engine/target.js";
import { pause, type Clock, type Random } from "../model/clock.js";
import { parseDuration, type Duration } from "../model/duration.js";
import { Cancelled, EngineClosed, InvalidInput, LeaseLost, ShuttingDown } from "../model/errors.js";
import { AheadGuard } from "./ahead-guard.js";
import { Deadlines } from "./deadlines.js";
import { EngineTime } from "./engine-time.js";
import { ExchangeLoop } from "./exchange-loop.js";
import { Executor, type Runnable } from "./executor.js";
import { LeaseAhead } from "./lease-ahead.js";
import { LeaseKeeper } from "./lease-keeper.js";
import { Outage } from "./outage.js";
import { Reporter } from "./reporter.js";
import { RunPool } from "./run-pool.js";
import { Run } from "./run.js";
import { Shutdown } from "./shutdown.js";
import { Sweeper } from "./sweeper.js";
import type { AnyTask, Handler, Task } from "./task.js";
import { WorkSession } from "./work-session.js";
import { endEventOf, type EndEvent, type WorkerEvents } from "./worker-events.js";
import { parseWorkerOptions, type ParsedWorkerOptions, type WorkerOptions } from "./worker-options.js";

/** What a worker is made from. */
export interface WorkerSetup {
  readonly engine: Engine;
  /** `null` when the engine was not opened from a target. */
  readonly target: ParsedTarget | null;
  readonly clock: Clock;
  readonly random: Random;
  /** Bytes of JSON a result may have. */
  readonly payloadCap: number;
}

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
  readonly #setup: WorkerSetup;
  readonly #options: ParsedWorkerOptions;
  readonly #info: WorkerInfo;
  readonly #runnables = new Map<string, Runnable>();
  readonly #outage: Outage;
  readonly #time: EngineTime;
  readonly #deadlines: Deadlines;
  readonly #executor: Executor;
  readonly #pool: RunPool;
  readonly #ahead: LeaseAhead;
  readonly #guard: AheadGuard;
  readonly #reporter: Reporter;
  readonly #loop: ExchangeLoop;
  readonly #keeper: LeaseKeeper;
  readonly #sweeper: Sweeper;
  readonly #shutdown: Shutdown;
  readonly #stopping = new AbortController();
  readonly #started: Promise<void>;
  #session: WorkSession | null = null;
  #state: WorkerState = "starting";
  /** Leases taken and not handed back. */
  #taken = 0;
  /** Suspects held: 0 or 1. */
  #suspects = 0;
  #dry = false;
  #cancelIdle: () => void = () => {};
  #finish: () => void = () => {};

  /** @throws InvalidInput */
  constructor(setup: WorkerSetup, tasks: readonly AnyTask[], options: WorkerOptions = {}) {
    super();
    const queues = tasks.map((task) => task.queue);
    const parsed = parseWorkerOptions(options, queues);
    const { engine, clock, random, target, payloadCap } = setup;
    const { order, concurrency, lease, grace, middleware, currentJob } = parsed;
    this.#setup = setup;
    this.#options = parsed;
    this.#info = {
      name: parsed.name,
      host: hostname(),
      pid: process.pid,
      queues: order.names,
      concurrency,
      startedAt: clock.now(),
    };
    for (const task of tasks) this.#register(task, task.handler);
    const outage = new Outage(clock, random, (error) => this.#complain(error));
    const time = new EngineTime(clock);
    const holds = (): boolean => this.#pool.held > 0 || !this.#loop.quiet;
    const failed = (error: unknown): void => outage.report(error);
    this.#outage = outage;
    this.#time = time;
    this.#ahead = new LeaseAhead(concurrency, parsed.prefetch);
    this.#reporter = new Reporter(engine, clock, outage, () => void this.#keeper.beat());
    this.#deadlines = new Deadlines(clock, (run) => this.#executor.timedOut(run));
    this.#executor = new Executor({
      clock,
      random,
      payloadCap,
      middleware,
      currentJob,
      runnables: this.#runnables,
      deadlines: this.#deadlines,
      started: (run) => this.#runStarted(run),
      touched: this.#reporter.touched,
      concluded: (run) => this.#concluded(run),
      failed,
    });
    this.#pool = new RunPool(concurrency, clock, this.#executor.execute);
    this.#guard = new AheadGuard(
      clock,
      () => this.#pool.waiting,
      () => this.#giveBackAhead(),
    );
    this.#loop = new ExchangeLoop({ engine, clock, random, order, outage, time, host: this.#exchangeHost() });
    this.#keeper = new LeaseKeeper({
      engine,
      target,
      clock,
      lease,
      grace,
      outage,
      holds,
      latestDeadline: () => this.#deadlines.latest(),
      lost: (session) => this.#lose(session),
      revoked: (ref) => this.#revoke(ref),
    });
    this.#sweeper = new Sweeper({
      engine,
      clock,
      random,
      outage,
      time,
      queues: order.names,
      holds,
      foundWork: () => this.#loop.look(),
      swept: () => this.#loop.kick(),
    });
    this.#shutdown = new Shutdown(clock, {
      stopTaking: () => this.#stopTaking(),
      running: () => this.#pool.running.size,
      abortRuns: () => this.#abortRuns(),
      handBackRuns: () => this.#handBackRuns(),
      settled: () => this.#loop.drained(),
      letGo: () => this.#letGo(),
    });
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    if (parsed.signals) this.#obeySignals();
    this.#started = this.#begin();
  }

  /** What it is called in listings and attempts. */
  get name(): string {
    return this.#options.name;
  }

  get queues(): readonly string[] {
    return this.#options.order.names;
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** How many jobs it runs now. */
  get running(): number {
    return this.#pool.running.size;
  }

  /** How many handlers go on although their run timed out: they ignore their signal and use what they use beside the slots. */
  get overrunning(): number {
    return this.#executor.overrunning.size;
  }

  /**
   * Gives a task its handler, for tasks whose definition has none. Call it right after making the worker.
   * @example
   * longshore.worker([mail]).handle(mail, async ({ input }) => send(input.to));
   */
  handle<Input, Result, Parsed>(task: Task<Input, Result, Parsed>, handler: Handler<Parsed, NoInfer<Result>>): this {
    if (typeof handler !== "function") throw new InvalidInput("handler", handler, "a function of the job's context");
    this.#register(task, handler);
    return this;
  }

  /** Resolves when it takes work; waits for an engine that does not answer yet, and resolves when it is stopped meanwhile. */
  ready(): Promise<void> {
    return this.#started;
  }

  /**
   * Stops: no new jobs, `grace` for those that run, then their signals abort, and what is still unfinished returns to the
   * head of its queue with no attempt counted. Calling it again skips the wait.
   * @param options.grace how long running jobs may go on; default: the worker's `grace`
   * @throws InvalidInput
   */
  stop(options: { grace?: Duration } = {}): Promise<void> {
    const grace = options.grace === undefined ? this.#options.grace : parseDuration("grace", options.grace);
    if (this.#stopping.signal.aborted) {
      this.#shutdown.skip();
    } else {
      this.#state = "stopping";
      this.#stopping.abort();
      void this.#shutdown.run(grace);
    }
    return this.finished;
  }

  #register(task: AnyTask, handler: Handler<never, unknown> | null): void {
    // Whether input and handler fit was checked where the task was defined.
    if (handler !== null) this.#runnables.set(task.name, { task, handler: handler as Handler<unknown, unknown> });
  }

  async #begin(): Promise<void> {
    // Handlers are given and listeners are added in the turn in which the worker is made.
    await Promise.resolve();
    await this.#openSession();
    if (this.#stopping.signal.aborted) return;
    this.#sweeper.start();
    this.#state = "running";
    this.#tell("started");
  }

  async #openSession(): Promise<void> {
    const { engine, clock } = this.#setup;
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        this.#time.learn(await engine.now());
        const session = await WorkSession.open(engine, this.#info, this.#keeper.ttl);
        this.#session = session;
        await this.#keeper.keep(session);
        if (!session.over) this.#loop.begin(session);
        return;
      } catch (error) {
        if (error instanceof EngineClosed) {
          void this.stop({ grace: 0 });
          return;
        }
        this.#outage.report(error);
        await pause(clock, this.#outage.delay(failures), signal);
      }
    }
  }

  #exchangeHost(): ConstructorParameters<typeof ExchangeLoop>[0]["host"] {
    return {
      wanted: () => this.#wanted(),
      expectsWork: () => this.#keeper.hold(),
      holdsSuspect: () => this.#suspects > 0,
      leased: (leases, session) => this.#leased(leases, session),
      settled: (runs, answer) => this.#settled(runs, answer),
      lost: (session) => this.#lose(session),
      answered: (ms) => this.#ahead.answered(ms),
      idle: () => this.#idle(),
    };
  }

  #wanted(): number {
    const { concurrency, maxJobs } = this.#options;
    const room = concurrency + this.#ahead.size - this.#pool.held;
    return Math.min(room, maxJobs - this.#taken) - this.#loop.claiming;
  }

  #leased(leases: readonly Lease[], session: WorkSession): void {
    const runs = leases.map((lease) => new Run(lease, session));
    for (const { suspect } of leases) if (suspect) this.#suspects += 1;
    if (this.#stopping.signal.aborted) {
      this.#giveBack(runs);
      return;
    }
    this.#taken += runs.length;
    this.#dry = false;
    this.#cancelIdle();
    this.#keeper.hold();
    this.#sweeper.hurry();
    this.#pool.add(runs);
    if (this.#options.prefetch === "auto") this.#guard.watch();
  }

  #runStarted(run: Run): void {
    this.#guard.started();
    this.#keeper.runsUntil(run.deadline);
    if (this.listenerCount("active") > 0) this.#tell("active", run.job);
  }

  #concluded(run: Run): void {
    this.#ahead.ran(this.#setup.clock.now() - run.startedAt);
    this.#pool.free(run);
    if (!run.lost) this.#loop.settle(run, this.#reporter.sent(run));
    this.#shutdown.ended();
  }

  #settled(runs: readonly Run[], { settled }: ExchangeAnswer): void {
    for (const [index, run] of runs.entries()) {
      if (run.lease.suspect) this.#suspects -= 1;
      const event = endEventOf(run, settled[index] ?? "stale");
      if (this.listenerCount(event) > 0) this.#tellEnd(event, run);
    }
  }

  /** Nothing is waiting in the queues. */
  #idle(): void {
    const { burst, maxJobs, maxIdle } = this.#options;
    if (this.#pool.held > 0 || this.#stopping.signal.aborted) return;
    if (this.#taken >= maxJobs || (burst && this.#sweeper.done)) {
      void this.stop();
      return;
    }
    if (this.#dry) return;
    this.#dry = true;
    this.#tell("idle");
    if (maxIdle !== null) this.#cancelIdle = this.#setup.clock.after(maxIdle, () => void this.stop());
  }

  /** The session is gone, and with it every lease. */
  #lose(session: WorkSession): void {
    if (session.over || session !== this.#session) return;
    session.end();
    this.#session = null;
    this.#keeper.rest();
    this.#suspects = 0;
    const unsettled = this.#loop.begin(null);
    const running = [...this.#pool.running];
    for (const run of [...unsettled, ...this.#pool.takeWaiting(), ...running]) {
      run.lost = true;
      if (this.listenerCount("lost") > 0) this.#tell("lost", run.job);
    }
    for (const run of running) run.abort(new LeaseLost());
    void this.#openSession();
  }

  /** A lease was taken away, as by a cancel. */
  #revoke({ queue, id, epoch }: LeaseRef): void {
    const isIt = ({ lease }: Run): boolean => lease.id === id && lease.queue === queue && lease.epoch === epoch;
    const waiting = this.#pool.ready.find(isIt);
    const run = waiting ?? [...this.#pool.running].find(isIt);
    if (run === undefined || run.revoked) return;
    run.revoked = true;
    if (waiting === undefined) {
      run.abort(new Cancelled());
    } else {
      this.#pool.remove(waiting);
      this.#giveBack([waiting]);
    }
  }

  #giveBackAhead(): void {
    this.#ahead.stalled();
    const runs = this.#pool.takeWaiting();
    this.#taken -= runs.length;
    this.#giveBack(runs);
  }

  /** Hands leases back, in reverse: each returns to the very head, so the first of them ends up there. */
  #giveBack(runs: readonly Run[]): void {
    for (const run of runs.toReversed()) {
      run.outcome = { kind: "release" };
      this.#loop.settle(run);
    }
  }

  #stopTaking(): void {
    this.#cancelIdle();
    this.#guard.close();
    this.#sweeper.stop();
    this.#loop.stopClaiming();
    this.#giveBack(this.#pool.takeWaiting());
  }

  #abortRuns(): void {
    for (const run of this.#pool.running) {
      run.returning = true;
      run.abort(new ShuttingDown());
    }
  }

  #handBackRuns(): void {
    for (const run of [...this.#pool.running].toReversed()) {
      this.#executor.conclude(run, { kind: "release" }, undefined);
    }
  }

  async #letGo(): Promise<void> {
    const session = this.#session;
    this.#loop.close();
    this.#reporter.close();
    this.#deadlines.close();
    await this.#keeper.close();
    if (session !== null) {
      try {
        await this.#setup.engine.closeSession({ session: session.id, queues: session.queues });
      } catch (error) {
        // Then it expires, and a sweep takes what it held.
        this.#outage.report(error);
      }
    }
    await this.#started;
    this.#state = "stopped";
    this.#tell("stopped");
    this.#finish();
  }

  #obeySignals(): void {
    const obey = (): void => void this.stop();
    for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, obey);
    void this.finished.then(() => {
      for (const name of ["SIGTERM", "SIGINT"] as const) process.off(name, obey);
    });
  }

  #tellEnd(event: EndEvent, { job, value, outcome }: Run): void {
    switch (event) {
      case "completed":
      case "failed":
        this.#tell(event, job, value);
        break;
      case "retrying":
        this.#tell(event, job, value, outcome?.kind === "fail" ? (outcome.retryIn ?? 0) : 0);
        break;
      case "snoozed":
        this.#tell(event, job, outcome?.kind === "snooze" ? outcome.delay : 0);
        break;
      default:
        this.#tell(event, job);
    }
  }

  #complain(error: Error): void {
    if (this.listenerCount("error") > 0) this.#tell("error", error);
    else process.emitWarning(`worker ${this.name}: ${error.message}`, "LongshoreWarning");
  }

  /** Tells listeners. What one of them throws is the program's own error and must not stop the worker half-way. */
  #tell<Name extends keyof WorkerEvents>(name: Name, ...what: WorkerEvents[Name]): void {
    try {
      this.emit<keyof WorkerEvents>(name, ...what);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }
}
