/**
 * The inside of a worker: makes its parts (exchange loop, run pool, executor, heartbeat, sweeper, reporter) and connects
 * them, since they do not know each other. It starts and stops them, and replaces a lost session. What becomes of the
 * runs is decided in `RunCoordinator`.
 */
import { PrefetchReturn } from "./claim/prefetch-return.js";
import { Timeouts } from "./execution/timeouts.js";
import { EngineClock } from "./session/engine-clock.js";
import { ExchangeLoop } from "./claim/exchange-loop.js";
import { describeForPeople } from "./execution/runnable.js";
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
import { RunCoordinator } from "./run-coordinator.js";
import { SessionKeeper } from "./session/session-keeper.js";
import { Shutdown } from "./lifetime/shutdown.js";
import { EndedJobs } from "./upkeep/ended-jobs.js";
import { Scheduler } from "./upkeep/scheduler.js";
import { AbandonedQueues } from "./upkeep/abandoned-queues.js";
import { Sweeper } from "./upkeep/sweeper.js";
import { storeDescriptions } from "./upkeep/task-descriptions.js";
import { LeaseAudit } from "./session/lease-audit.js";
import type { WorkSession } from "./session/session.js";
import { WorkerLife } from "./lifetime/lifetime.js";
import { StatusMeter } from "./lifetime/status-meter.js";
import { WorkerCommands } from "./lifetime/worker-commands.js";
import { Suspensions } from "./lifetime/suspensions.js";
import type { StopReason } from "./run/events.js";
import type { WorkerRuntimeOptions } from "./setup.js";

export class WorkerRuntime {
  readonly #schedules: WorkerRuntimeOptions["schedules"];
  readonly #deadlines: Timeouts;
  readonly #runners: Runners;
  readonly #runnableTasks: RunnableTasks;
  readonly #executor: Executor;
  readonly #pool: RunPool;
  readonly #prefetchReturn: PrefetchReturn;
  readonly #reporter: Reporter;
  readonly #runs: RunCoordinator;
  readonly #loopWatch: EventLoopWatch;
  readonly #loop: ExchangeLoop;
  readonly #heartbeat: Heartbeat;
  readonly #audit: LeaseAudit;
  readonly #sessions: SessionKeeper;
  readonly #scheduler: Scheduler;
  readonly #sweeper: Sweeper;
  readonly #abandoned: AbandonedQueues;
  readonly #shutdown: Shutdown;
  readonly #life: WorkerLife;
  readonly #stopping = new AbortController();
  readonly #describe: () => Promise<void>;
  readonly #suspensions = new Suspensions(() => this.#runs.spent);
  /** Does it sweep, and are its schedules put? */
  #sweeps = false;
  #started = false;

  constructor({ setup, options, info, runnables, schedules, events, system, finished }: WorkerRuntimeOptions) {
    const { engine, clock, random, target, payloadCap, queueDefaults } = setup;
    const { order, concurrency, lease, grace, middleware, currentJob } = options;
    const outage = new EngineOutage(clock, random, (error) => events.publishError(error));
    const time = new EngineClock(clock);
    const holds = (): boolean => this.#pool.held > 0 || !this.#loop.quiet;
    this.#schedules = schedules;
    this.#describe = async () =>
      storeDescriptions(engine, describeForPeople(runnables)).catch((error: unknown) => outage.report(error));
    const prefetch = new Prefetch(concurrency, options.prefetch);
    const stale = (): void => void this.#heartbeat.beat();
    this.#reporter = new Reporter(engine, clock, outage, stale);
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
      started: (run, inline) => this.#runs.started(run, inline),
      concluded: (run) => this.#runs.concluded(run),
      failed: (error) => outage.report(error),
    });
    const endedJobs = new EndedJobs({
      engine,
      clock,
      queues: order.names,
      runnables,
      events,
      outage,
      stopping: this.#stopping.signal,
    });
    this.#pool = new RunPool(concurrency, clock, (run) => this.#runs.execute(run));
    this.#loopWatch = new EventLoopWatch(
      () => [...this.#pool.running, ...this.#executor.overrunning].filter((run) => !this.#executor.remote.has(run)),
      (tasks, ms) => events.publishBlocked(tasks, ms),
    );
    this.#prefetchReturn = new PrefetchReturn(
      clock,
      () => this.#pool.waiting,
      () => this.#runs.returnPrefetched(),
    );
    this.#loop = new ExchangeLoop({
      engine,
      clock,
      random,
      order,
      outage,
      time,
      host: {
        capacity: () => this.#runs.capacity(),
        batchSize: () => this.#runs.batchSize(),
        expectsWork: () => this.#heartbeat.hold(),
        ttl: () => this.#heartbeat.ttl,
        tasks: () => this.#runnableTasks.tasks,
        ends: () => endedJobs.tasks,
        foundNothing: () => {
          void endedJobs.run();
          system?.foundNothing();
          this.#sweeper.hurry();
        },
        holdsSuspect: () => this.#runs.holdsSuspect,
        leased: (leases, session) => this.#runs.leased(leases, session),
        paused: (queues) => this.#runs.returnWaitingOf(queues),
        settled: (runs, answer) => this.#runs.settled(runs, answer),
        lost: (session) => this.#lose(session),
        dropped: (runs) => this.#runs.drop(runs),
        unanswered: () => {
          this.#suspensions.unanswered = true;
          this.#audit.unanswered();
        },
        answered: (ms) => {
          this.#suspensions.unanswered = false;
          prefetch.answered(ms);
        },
        idle: () => this.#idle(),
      },
      thorough: options.burst,
      system,
    });
    const meter = new StatusMeter({
      clock,
      running: () => this.#pool.running,
      loopDelay: () => this.#loopWatch.takeLongest(),
      suspensions: this.#suspensions,
      time,
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
      revoked: (ref) => this.#runs.revoke(ref),
      status: () => meter.take(),
      commanded: (command) => commands.obey(command),
    });
    this.#audit = new LeaseAudit({
      engine,
      clock,
      lease,
      outage,
      holds,
      ownLeases: () => this.#runs.ownLeases(),
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
    this.#scheduler = new Scheduler({
      engine,
      clock,
      outage,
      stopping: this.#stopping.signal,
      // The next sweep finds out when it is due; without one it would be known half a minute later.
      stored: (now) => this.#sweeper.expect(now),
    });
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
      swept: (noneAside) => {
        this.#loop.schedule();
        void endedJobs.run();
        void this.#runnableTasks.check(noneAside);
        if (holds() && !this.#suspensions.quiet) system?.glance();
      },
    });
    this.#abandoned = new AbandonedQueues({ engine, clock, random, served: order.names, outage });
    this.#life = new WorkerLife(options, clock, finished, () => events.publish("idle"));
    this.#shutdown = new Shutdown(clock, {
      stopTaking: () => this.#stopTaking(),
      running: () => this.#pool.running.size,
      abortRuns: () => this.#runs.abortRunning(),
      killRuns: () => this.#runners.killAll(),
      returnRuns: () => this.#runs.returnRunning(),
      settled: () => this.#loop.drained(),
      closeResources: () => this.#closeResources(),
    });
    const services = { engine, outage, reporter: this.#reporter, stale };
    this.#runs = new RunCoordinator({
      clock,
      options,
      backend: { changed: this.#reporter.changed, servicesOf: (run) => new EngineServices(run, services) },
      stopping: this.#stopping.signal,
      suspensions: this.#suspensions,
      events,
      pool: this.#pool,
      executor: this.#executor,
      reporter: this.#reporter,
      loop: this.#loop,
      prefetch,
      prefetchReturn: this.#prefetchReturn,
      endedJobs,
      heartbeat: this.#heartbeat,
      audit: this.#audit,
      sweeper: this.#sweeper,
      loopWatch: this.#loopWatch,
      life: this.#life,
      shutdown: this.#shutdown,
    });
    const commands = new WorkerCommands({
      stopping: this.#stopping.signal,
      suspensions: this.#suspensions,
      stopClaiming: () => this.#loop.stopClaiming(),
      resumeClaiming: () => this.#loop.resumeClaiming(),
      returnWaiting: () => this.#runs.returnWaitingOf(order.names),
      finished,
    });
  }

  /** How many jobs run. */
  get running(): number {
    return this.#pool.running.size;
  }

  /** Since when its claim loop has not gone on although it should have, on the monotonic clock; `null`: it does. */
  get stalledSince(): number | null {
    return this.#loop.stalledSince;
  }

  /** How many handlers go on although their run timed out. */
  get overrunning(): number {
    return this.#executor.overrunning.size;
  }

  /** Opens a session and starts; resolves when it has started, or was stopped meanwhile. */
  async start(): Promise<void> {
    await this.#sessions.open();
    if (!this.#stopping.signal.aborted) await this.#describe();
    await this.#scheduler.put(this.#schedules);
    if (this.#stopping.signal.aborted) return;
    this.#started = true;
    this.#life.begin();
    // A burst may have found nothing before.
    this.#loop.schedule();
  }

  /**
   * Walks the shutdown ladder; a further call skips to the next rung, or, after a command to stop, gives the running jobs this
   * grace. @param grace milliseconds
   */
  async stop(grace: number, reason: StopReason): Promise<void> {
    if (this.#stopping.signal.aborted) {
      if (this.#suspensions.stopping === "command") this.#shutdown.skipAfter(grace);
      else this.#shutdown.skip();
      this.#suspensions.stopping = reason;
      return;
    }
    this.#suspensions.stopping = reason;
    this.#stopping.abort();
    await this.#shutdown.run(grace);
  }

  async #begin(session: WorkSession): Promise<void> {
    this.#beginUpkeep();
    await this.#heartbeat.keep(session);
    await this.#heartbeat.guarded(this.#stopping.signal);
    if (session.over) return;
    this.#loop.begin(session);
    this.#audit.begin(session);
  }

  /** Once there is a session, before anything that may take its time: workers that live for seconds only sweep too. */
  #beginUpkeep(): void {
    if (this.#sweeps || this.#stopping.signal.aborted) return;
    this.#sweeps = true;
    this.#sweeper.start();
    this.#abandoned.start();
  }

  /** Nothing is waiting in the queues, and no command is pending. */
  #idle(): void {
    if (this.#pool.held > 0 || this.#stopping.signal.aborted) return;
    this.#life.idle(this.#started && this.#sweeper.done);
  }

  /** The session was lost, and with it every lease. */
  #lose(session: WorkSession): void {
    if (!this.#sessions.lose(session)) return;
    this.#loop.lost();
    this.#heartbeat.rest();
    this.#audit.begin(null);
    this.#runs.loseAll();
    void this.#sessions.open();
  }

  #stopTaking(): void {
    this.#life.close();
    this.#prefetchReturn.close();
    this.#sweeper.stop();
    this.#abandoned.stop();
    this.#runnableTasks.close();
    this.#loop.stopClaiming();
    this.#runs.returnWaiting();
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
