/**
 * The runs of a worker, from their lease to the answer of their settlement: leases become runs, runs get slots and
 * outcomes, outcomes go out with the next exchange; leases that are lost, revoked or not begun are dropped or returned.
 * It keeps the counts of leases and suspects.
 */
import type { FencedAnswer, Lease, LeaseRef, Revocation } from "../engine/contract/engine.js";
import { Cancelled, LeaseLost, ShuttingDown, Superseded } from "../model/errors/errors.js";
import type { Clock } from "../model/value/clock.js";
import type { ExchangeLoop } from "./claim/exchange-loop.js";
import type { Prefetch } from "./claim/prefetch.js";
import type { PrefetchReturn } from "./claim/prefetch-return.js";
import type { Executor } from "./execution/executor.js";
import type { RunPool } from "./execution/run-pool.js";
import type { EventLoopWatch } from "./lifetime/event-loop-watch.js";
import type { WorkerLife } from "./lifetime/lifetime.js";
import type { Shutdown } from "./lifetime/shutdown.js";
import type { Suspensions } from "./lifetime/suspensions.js";
import type { ParsedWorkerOptions } from "./options.js";
import type { EventPublisher } from "./run/event-publisher.js";
import type { Reporter } from "./run/reporter.js";
import { Run, type RunBackend } from "./run/run.js";
import type { Heartbeat } from "./session/heartbeat.js";
import type { LeaseAudit } from "./session/lease-audit.js";
import type { WorkSession } from "./session/session.js";
import type { EndedJobs } from "./upkeep/ended-jobs.js";
import type { Sweeper } from "./upkeep/sweeper.js";

/** The parts of the worker that its runs pass through or act on. */
export interface RunCoordinatorParts {
  readonly clock: Clock;
  readonly options: ParsedWorkerOptions;
  readonly backend: RunBackend;
  /** Aborts when the worker stops. */
  readonly stopping: AbortSignal;
  readonly suspensions: Suspensions;
  readonly events: EventPublisher;
  readonly pool: RunPool;
  readonly executor: Executor;
  readonly reporter: Reporter;
  readonly loop: ExchangeLoop;
  readonly prefetch: Prefetch;
  readonly prefetchReturn: PrefetchReturn;
  readonly endedJobs: EndedJobs;
  readonly heartbeat: Heartbeat;
  readonly audit: LeaseAudit;
  readonly sweeper: Sweeper;
  readonly loopWatch: EventLoopWatch;
  readonly life: WorkerLife;
  readonly shutdown: Shutdown;
}

export class RunCoordinator {
  readonly #parts: RunCoordinatorParts;
  /** How many leases were taken, less those returned or declined. */
  #taken = 0;
  /** How many suspects are held: 0 or 1. */
  #suspects = 0;

  constructor(parts: RunCoordinatorParts) {
    this.#parts = parts;
  }

  get holdsSuspect(): boolean {
    return this.#suspects > 0;
  }

  /** Has the worker begun as many runs as it may? */
  get spent(): boolean {
    return this.#taken >= this.#parts.options.maxJobs;
  }

  /** How many more leases there is room for, those being claimed already subtracted. */
  capacity(): number {
    const { options, prefetch, pool, loop } = this.#parts;
    const room = options.concurrency + prefetch.size - pool.held - loop.unreported;
    return Math.min(room, options.maxJobs - this.#taken) - loop.claiming;
  }

  /**
   * Half of the jobs held at a time when jobs are short: while one half is settled and leased anew, the other half
   * runs.
   */
  batchSize(): number {
    const { options, prefetch } = this.#parts;
    return prefetch.size === 0 ? Number.POSITIVE_INFINITY : Math.ceil((options.concurrency + prefetch.size) / 2);
  }

  /** The leases of all runs that are not settled. */
  *ownLeases(): Iterable<LeaseRef> {
    const { pool, loop } = this.#parts;
    for (const runs of [pool.running, pool.ready, loop.unsettled()]) {
      for (const { lease } of runs) yield lease;
    }
  }

  /** The engine has given leases. */
  leased(leases: readonly Lease[], session: WorkSession): void {
    const { backend, clock, stopping, suspensions, options, pool, prefetchReturn, heartbeat, audit, sweeper, life } =
      this.#parts;
    const runs = leases.map((lease) => new Run(lease, session, backend));
    const now = clock.monotonic();
    for (const run of runs) run.leasedAt = now;
    for (const { suspect } of leases) if (suspect) this.#suspects += 1;
    // Those of a command that was under way.
    if (stopping.aborted || suspensions.quiet) {
      this.#giveBack(runs);
      return;
    }
    // A queue that had not answered gives the leases of that command with its next answer, on top of those asked for since.
    this.#giveBack(runs.splice(Math.max(0, options.maxJobs - this.#taken)));
    this.#taken += runs.length;
    life.leased();
    heartbeat.hold();
    audit.hold();
    sweeper.hurry();
    pool.add(runs);
    if (options.prefetch === "auto") prefetchReturn.watch();
  }

  /** The run has a slot. */
  execute(run: Run): void {
    const { executor, endedJobs } = this.#parts;
    if (run.lease.body?.supersedes == null || !endedJobs.hasHooks) executor.execute(run);
    else void this.#executeAfterHooks(run);
  }

  /**
   * A run that supersedes another job begins after the `onSuperseded` hooks of that job have run (or 5 s have passed).
   * If its lease is lost by then, or the worker stops, it is returned without having begun.
   */
  async #executeAfterHooks(run: Run): Promise<void> {
    const { clock, executor, endedJobs, stopping } = this.#parts;
    run.startedAt = clock.monotonic();
    await endedJobs.runBriefly();
    const gone = run.lost || run.revoked !== null || stopping.aborted;
    if (gone) executor.conclude(run, { kind: "return" }, undefined);
    else executor.execute(run);
  }

  /** A handler is about to be called; `inline`: in this process. */
  started(run: Run, inline: boolean): void {
    const { prefetchReturn, loopWatch, heartbeat, events } = this.#parts;
    prefetchReturn.started();
    if (inline) loopWatch.began(run.lease.body?.task ?? "");
    heartbeat.runsUntil(run.deadline);
    events.publishRun("active", run);
  }

  /** The run has its outcome. */
  concluded(run: Run): void {
    const { clock, prefetch, pool, loop, reporter, shutdown } = this.#parts;
    run.took = clock.monotonic() - run.startedAt;
    // A declined job was not run: it does not count towards `maxJobs`, nor as a measured time.
    if (run.outcome?.kind === "decline") this.#taken -= 1;
    else prefetch.ran(run.took);
    pool.free(run);
    if (!run.lost) loop.settle(run, reporter.sent(run));
    shutdown.ended();
  }

  /** The engine has answered the settlement of these runs. */
  settled(runs: ReadonlyMap<Run, FencedAnswer>, nextDue: number | null): void {
    const { loop, events, life, pool, sweeper } = this.#parts;
    for (const [run, answer] of runs) {
      if (run.lease.suspect) {
        this.#suspects -= 1;
        // The next suspect may have been waiting for this one's end.
        loop.wake();
      }
      events.publishEnd(run, answer);
    }
    if (runs.size > 0) life.runsEnded();
    if (pool.held > 0) return;
    life.ran(this.#taken);
    // While jobs are held it sweeps every second anyway.
    if (nextDue !== null) sweeper.expect(nextDue);
  }

  /** The session was lost, and with it every lease. */
  loseAll(): void {
    const { loop, pool } = this.#parts;
    this.#suspects = 0;
    loop.begin(null);
    this.drop([...pool.takeWaiting(), ...pool.running]);
    for (const run of pool.running) run.abort(new LeaseLost());
  }

  /** Nothing more is written of these runs. */
  drop(runs: readonly Run[]): void {
    for (const run of runs) {
      run.lost = true;
      this.#parts.events.publishRun("lost", run);
    }
  }

  /** A lease was revoked by a cancel or a supersede. */
  revoke({ queue, id, epoch, cause }: Revocation): void {
    const { pool } = this.#parts;
    const isIt = ({ lease }: Run): boolean => lease.id === id && lease.queue === queue && lease.epoch === epoch;
    const waiting = pool.ready.find(isIt);
    const run = waiting ?? [...pool.running].find(isIt);
    if (run === undefined || run.revoked !== null) return;
    run.revoked = cause;
    if (waiting === undefined) {
      run.abort(cause === "cancel" ? new Cancelled() : new Superseded());
    } else {
      pool.remove(waiting);
      this.#giveBack([waiting]);
    }
  }

  /** Returns the leases taken ahead, since the runs that hold the slots take long. */
  returnPrefetched(): void {
    const { prefetch, pool } = this.#parts;
    prefetch.stalled();
    const runs = pool.takeWaiting();
    this.#taken -= runs.length;
    this.#giveBack(runs);
  }

  /** Returns the leases of paused queues that have no slot. */
  returnWaitingOf(queues: readonly string[]): void {
    const { pool } = this.#parts;
    const runs = pool.ready.filter(({ lease }) => queues.includes(lease.queue));
    for (const run of runs) pool.remove(run);
    this.#taken -= runs.length;
    this.#giveBack(runs);
  }

  /** The worker stops: returns the leases that have no slot. */
  returnWaiting(): void {
    this.#giveBack(this.#parts.pool.takeWaiting());
  }

  /** Grace is over: aborts the signals of all runs that have a slot. */
  abortRunning(): void {
    for (const run of this.#parts.pool.running) {
      run.returning = true;
      run.abort(new ShuttingDown());
    }
  }

  /** Returns the runs whose handlers did not obey. */
  returnRunning(): void {
    const { pool, executor } = this.#parts;
    for (const run of [...pool.running].toReversed()) executor.conclude(run, { kind: "return" }, undefined);
  }

  /**
   * Returns leases in reverse order: each goes to the very head of its queue, so that they end up in their original
   * order.
   */
  #giveBack(runs: readonly Run[]): void {
    for (const run of runs.toReversed()) {
      run.outcome = { kind: "return" };
      this.#parts.loop.settle(run);
    }
  }
}
