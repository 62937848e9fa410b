/**
 * The inside of a worker. Connects its parts (exchange loop, run pool, executor, heartbeat, sweeper, reporter), which
 * know each other only through it. Leases become runs and runs become outcomes; it replaces lost sessions and walks the
 * shutdown ladder.
 */
import type { ExchangeAnswer, Lease, LeaseRef, Revocation } from "../engine/contract/engine.js";
import { Cancelled, LeaseLost, ShuttingDown, Superseded } from "../model/errors/errors.js";
import { PrefetchReturn } from "./claim/prefetch-return.js";
import { Timeouts } from "./execution/timeouts.js";
import { EngineClock } from "./session/engine-clock.js";
import { ExchangeLoop, type ExchangeHost } from "./claim/exchange-loop.js";
import { Executor } from "./execution/executor.js";
import { Prefetch } from "./claim/prefetch.js";
import { EventLoopWatch } from "./lifetime/event-loop-watch.js";
import { Heartbeat } from "./session/heartbeat.js";
import { EngineOutage } from "./session/engine-outage.js";
import { EngineServices } from "./run/engine-services.js";
import { RunnableTasks } from "./claim/runnable-tasks.js";
import { Reporter } from "./run/reporter.js";
import { Runners } from "./runners/runners.js";
import { RunPool } from "./execution/run-pool.js";
import { Run, type RunBackend } from "./run/run.js";
import { SessionKeeper } from "./session/session-keeper.js";
import { Shutdown } from "./lifetime/shutdown.js";
import { SupersededHooks } from "./upkeep/superseded-hooks.js";
import { Scheduler } from "./upkeep/scheduler.js";
import { Sweeper } from "./upkeep/sweeper.js";
import type { EventPublisher } from "./run/event-publisher.js";
import { LeaseAudit } from "./session/lease-audit.js";
import type { WorkSession } from "./session/session.js";
import { WorkerLife } from "./lifetime/lifetime.js";
import type { ParsedWorkerOptions } from "./options.js";
import type { WorkerSetup, WorkerRuntimeOptions } from "./setup.js";

export class WorkerRuntime {
  readonly #setup: WorkerSetup;
  readonly #options: ParsedWorkerOptions;
  readonly #schedules: WorkerRuntimeOptions["schedules"];
  readonly #events: EventPublisher;
  readonly #deadlines: Timeouts;
  readonly #runners: Runners;
  readonly #runnableTasks: RunnableTasks;
  readonly #executor: Executor;
  readonly #pool: RunPool;
  readonly #supersededHooks: SupersededHooks;
  readonly #prefetch: Prefetch;
  readonly #prefetchReturn: PrefetchReturn;
  readonly #reporter: Reporter;
  readonly #backend: RunBackend;
  readonly #loopWatch: EventLoopWatch;
  readonly #loop: ExchangeLoop;
  readonly #heartbeat: Heartbeat;
  readonly #audit: LeaseAudit;
  readonly #sessions: SessionKeeper;
  readonly #scheduler: Scheduler;
  readonly #sweeper: Sweeper;
  readonly #shutdown: Shutdown;
  readonly #life: WorkerLife;
  readonly #stopping = new AbortController();
  /** How many leases were taken, less those returned or declined. */
  #taken = 0;
  /** How many suspects are held: 0 or 1. */
  #suspects = 0;

  constructor({ setup, options, info, runnables, schedules, events, finished }: WorkerRuntimeOptions) {
    const { engine, clock, random, target, payloadCap, queueDefaults } = setup;
    const { order, concurrency, lease, grace, middleware, currentJob } = options;
    const outage = new EngineOutage(clock, random, (error) => events.publishError(error));
    const time = new EngineClock(clock);
    const holds = (): boolean => this.#pool.held > 0 || !this.#loop.quiet;
    this.#setup = setup;
    this.#options = options;
    this.#schedules = schedules;
    this.#events = events;
    this.#prefetch = new Prefetch(concurrency, options.prefetch);
    const stale = (): void => void this.#heartbeat.beat();
    this.#reporter = new Reporter(engine, clock, outage, stale);
    const services = { engine, outage, reporter: this.#reporter, stale };
    this.#backend = {
      changed: this.#reporter.changed,
      servicesOf: (run) => new EngineServices(run, services),
    };
    this.#deadlines = new Timeouts(clock, (run) => this.#executor.timedOut(run));
    this.#runners = new Runners({
      clock,
      concurrency,
      roots: options.tasksRoots,
      payloadCap,
      queueDefaults,
      currentJob,
    });
    this.#runnableTasks = new RunnableTasks({
      engine,
      clock,
      outage,
      name: info.name,
      queues: order.names,
      runnables,
      patience: options.unknownTasks,
      unknown: (task, error) => events.publishUnknown(task, error),
      grown: () => this.#loop.wake(),
    });
    this.#executor = new Executor({
      clock,
      random,
      payloadCap,
      queueDefaults,
      middleware,
      currentJob,
      runnables,
      runners: this.#runners,
      deadlines: this.#deadlines,
      found: this.#runnableTasks.found,
      outcomeFor: this.#runnableTasks.outcomeFor,
      started: (run, inline) => this.#started(run, inline),
      concluded: (run) => this.#concluded(run),
      failed: (error) => outage.report(error),
    });
    this.#supersededHooks = new SupersededHooks({
      engine,
      clock,
      queues: order.names,
      runnables,
      outage,
      stopping: this.#stopping.signal,
    });
    this.#pool = new RunPool(concurrency, clock, (run) => this.#execute(run));
    this.#loopWatch = new EventLoopWatch(
      () => [...this.#pool.running, ...this.#executor.overrunning].filter((run) => !this.#executor.remote.has(run)),
      (tasks, ms) => events.publishBlocked(tasks, ms),
    );
    this.#prefetchReturn = new PrefetchReturn(
      clock,
      () => this.#pool.waiting,
      () => this.#returnPrefetched(),
    );
    this.#loop = new ExchangeLoop({
      engine,
      clock,
      random,
      order,
      outage,
      time,
      host: this.#exchangeHost(),
      thorough: options.burst,
    });
    this.#heartbeat = new Heartbeat({
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
    this.#audit = new LeaseAudit({
      engine,
      clock,
      lease,
      outage,
      holds,
      ownLeases: () => this.#ownLeases(),
      answered: (calls) => this.#loop.hasAnswered(calls),
    });
    this.#sessions = new SessionKeeper({
      engine,
      clock,
      info,
      outage,
      time,
      lease,
      stopping: this.#stopping.signal,
      ttl: () => this.#heartbeat.ttl,
      opened: (session) => this.#begin(session),
      closed: () => finished("closed"),
    });
    this.#scheduler = new Scheduler({ engine, clock, outage, stopping: this.#stopping.signal });
    this.#sweeper = new Sweeper({
      engine,
      clock,
      random,
      outage,
      time,
      scheduler: this.#scheduler,
      queues: order.names,
      holds,
      foundWork: () => {
        this.#heartbeat.hold();
        this.#loop.wake();
      },
      swept: () => {
        this.#loop.schedule();
        void this.#supersededHooks.run();
        void this.#runnableTasks.check();
      },
    });
    this.#life = new WorkerLife(options, clock, finished, () => events.publish("idle"));
    this.#shutdown = new Shutdown(clock, {
      stopTaking: () => this.#stopTaking(),
      running: () => this.#pool.running.size,
      abortRuns: () => this.#abortRuns(),
      killRuns: () => this.#runners.killAll(),
      returnRuns: () => this.#returnRuns(),
      settled: () => this.#loop.drained(),
      closeResources: () => this.#closeResources(),
    });
  }

  /** How many jobs run. */
  get running(): number {
    return this.#pool.running.size;
  }

  /** How many handlers go on although their run timed out. */
  get overrunning(): number {
    return this.#executor.overrunning.size;
  }

  /** Opens a session and starts; resolves when it has started, or was stopped meanwhile. */
  async start(): Promise<void> {
    await this.#sessions.open();
    await this.#scheduler.put(this.#schedules);
    if (this.#stopping.signal.aborted) return;
    this.#sweeper.start();
    this.#life.begin();
  }

  /** Walks the shutdown ladder; a further call skips to the next rung. @param grace milliseconds */
  async stop(grace: number): Promise<void> {
    if (this.#stopping.signal.aborted) {
      this.#shutdown.skip();
      return;
    }
    this.#stopping.abort();
    await this.#shutdown.run(grace);
  }

  async #begin(session: WorkSession): Promise<void> {
    await this.#heartbeat.keep(session);
    await this.#heartbeat.guarded(this.#stopping.signal);
    if (session.over) return;
    this.#loop.begin(session);
    this.#audit.begin(session);
  }

  #exchangeHost(): ExchangeHost {
    return {
      capacity: () => this.#capacity(),
      batchSize: () => this.#batchSize(),
      expectsWork: () => this.#heartbeat.hold(),
      ttl: () => this.#heartbeat.ttl,
      tasks: () => this.#runnableTasks.tasks,
      holdsSuspect: () => this.#suspects > 0,
      leased: (leases, session) => this.#leased(leases, session),
      settled: (runs, answer) => this.#settled(runs, answer),
      lost: (session) => this.#lose(session),
      dropped: (runs) => this.#drop(runs),
      unanswered: () => this.#audit.unanswered(),
      answered: (ms) => this.#prefetch.answered(ms),
      idle: () => this.#idle(),
    };
  }

  #capacity(): number {
    const { concurrency, maxJobs } = this.#options;
    const room = concurrency + this.#prefetch.size - this.#pool.held - this.#loop.unreported;
    return Math.min(room, maxJobs - this.#taken) - this.#loop.claiming;
  }

  /**
   * Half of the jobs held at a time when jobs are short: while one half is settled and leased anew, the other half
   * runs.
   */
  #batchSize(): number {
    const { size } = this.#prefetch;
    return size === 0 ? Number.POSITIVE_INFINITY : Math.ceil((this.#options.concurrency + size) / 2);
  }

  #leased(leases: readonly Lease[], session: WorkSession): void {
    const runs = leases.map((lease) => new Run(lease, session, this.#backend));
    for (const { suspect } of leases) if (suspect) this.#suspects += 1;
    if (this.#stopping.signal.aborted) {
      this.#giveBack(runs);
      return;
    }
    this.#taken += runs.length;
    this.#life.leased();
    this.#heartbeat.hold();
    this.#audit.hold();
    this.#sweeper.hurry();
    this.#pool.add(runs);
    if (this.#options.prefetch === "auto") this.#prefetchReturn.watch();
  }

  *#ownLeases(): Iterable<LeaseRef> {
    for (const runs of [this.#pool.running, this.#pool.ready, this.#loop.unsettled()]) {
      for (const { lease } of runs) yield lease;
    }
  }

  #execute(run: Run): void {
    if (run.lease.body?.supersedes == null || !this.#supersededHooks.hasHooks) this.#executor.execute(run);
    else void this.#executeAfterHooks(run);
  }

  /**
   * A run that supersedes another job begins after the `onSuperseded` hooks of that job have run (or 5 s have passed).
   * If its lease is lost by then, or the worker stops, it is returned without having begun.
   */
  async #executeAfterHooks(run: Run): Promise<void> {
    run.startedAt = this.#setup.clock.monotonic();
    await this.#supersededHooks.runBriefly();
    const gone = run.lost || run.revoked !== null || this.#stopping.signal.aborted;
    if (gone) this.#executor.conclude(run, { kind: "return" }, undefined);
    else this.#executor.execute(run);
  }

  #started(run: Run, inline: boolean): void {
    this.#prefetchReturn.started();
    if (inline) this.#loopWatch.began(run.lease.body?.task ?? "");
    this.#heartbeat.runsUntil(run.deadline);
    this.#events.publishRun("active", run);
  }

  #concluded(run: Run): void {
    // A declined job was not run: it does not count towards `maxJobs`, nor as a measured time.
    if (run.outcome?.kind === "decline") this.#taken -= 1;
    else this.#prefetch.ran(this.#setup.clock.monotonic() - run.startedAt);
    this.#pool.free(run);
    if (!run.lost) this.#loop.settle(run, this.#reporter.sent(run));
    this.#shutdown.ended();
  }

  #settled(runs: readonly Run[], { settled, nextDue }: ExchangeAnswer): void {
    for (const [index, run] of runs.entries()) {
      if (run.lease.suspect) {
        this.#suspects -= 1;
        // The next suspect may have been waiting for this one's end.
        this.#loop.wake();
      }
      this.#events.publishEnd(run, settled[index] ?? "stale");
    }
    if (runs.length > 0) this.#life.runsEnded();
    if (this.#pool.held > 0) return;
    this.#life.ran(this.#taken);
    // While jobs are held it sweeps every second anyway.
    if (nextDue !== null) this.#sweeper.expect(nextDue);
  }

  /** Nothing is waiting in the queues, and no command is pending. */
  #idle(): void {
    if (this.#pool.held === 0 && !this.#stopping.signal.aborted) this.#life.idle(this.#sweeper.done);
  }

  /** The session was lost, and with it every lease. */
  #lose(session: WorkSession): void {
    if (!this.#sessions.lose(session)) return;
    this.#heartbeat.rest();
    this.#audit.begin(null);
    this.#suspects = 0;
    this.#loop.begin(null);
    this.#drop([...this.#pool.takeWaiting(), ...this.#pool.running]);
    for (const run of this.#pool.running) run.abort(new LeaseLost());
    void this.#sessions.open();
  }

  /** Nothing more is written of these runs. */
  #drop(runs: readonly Run[]): void {
    for (const run of runs) {
      run.lost = true;
      this.#events.publishRun("lost", run);
    }
  }

  /** A lease was revoked by a cancel or a supersede. */
  #revoke({ queue, id, epoch, cause }: Revocation): void {
    const isIt = ({ lease }: Run): boolean => lease.id === id && lease.queue === queue && lease.epoch === epoch;
    const waiting = this.#pool.ready.find(isIt);
    const run = waiting ?? [...this.#pool.running].find(isIt);
    if (run === undefined || run.revoked !== null) return;
    run.revoked = cause;
    if (waiting === undefined) {
      run.abort(cause === "cancel" ? new Cancelled() : new Superseded());
    } else {
      this.#pool.remove(waiting);
      this.#giveBack([waiting]);
    }
  }

  #returnPrefetched(): void {
    this.#prefetch.stalled();
    const runs = this.#pool.takeWaiting();
    this.#taken -= runs.length;
    this.#giveBack(runs);
  }

  /**
   * Returns leases in reverse order: each goes to the very head of its queue, so that they end up in their original
   * order.
   */
  #giveBack(runs: readonly Run[]): void {
    for (const run of runs.toReversed()) {
      run.outcome = { kind: "return" };
      this.#loop.settle(run);
    }
  }

  #stopTaking(): void {
    this.#life.close();
    this.#prefetchReturn.close();
    this.#sweeper.stop();
    this.#runnableTasks.close();
    this.#loop.stopClaiming();
    this.#giveBack(this.#pool.takeWaiting());
  }

  #abortRuns(): void {
    for (const run of this.#pool.running) {
      run.returning = true;
      run.abort(new ShuttingDown());
    }
  }

  #returnRuns(): void {
    for (const run of [...this.#pool.running].toReversed()) {
      this.#executor.conclude(run, { kind: "return" }, undefined);
    }
  }

  async #closeResources(): Promise<void> {
    await this.#runners.close();
    await this.#sessions.settled();
    this.#loop.close();
    this.#audit.begin(null);
    this.#reporter.close();
    this.#deadlines.close();
    this.#loopWatch.close();
    await this.#heartbeat.close();
    await this.#sessions.close();
  }
}
