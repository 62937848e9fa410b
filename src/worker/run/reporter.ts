/**
 * Sends reports to the engine. Progress, log lines and meta are batched for up to 100 ms, many runs in one command; the
 * last progress and meta of a run win.
 * Checkpoints go at once, or with the next command when one is pending, and take the run's other reports along. All
 * reports of a run are stored before its outcome is settled.
 * Reports to a queue that does not answer while others do wait aside, so that they hold up no others.
 */
import type { Engine } from "../../engine/contract/engine.js";
import type { Checkpoint } from "../../model/job/report/checkpoint.js";
import { pause, type Clock } from "../../model/value/clock.js";
import { LeaseLost } from "../../model/errors/errors.js";
import type { EngineOutage } from "../session/engine-outage.js";
import type { Run } from "./run.js";
import { HeldUpReports } from "./held-up-reports.js";
import { commandsOf, takeUpdates, type Update } from "./report-batches.js";
import type { WorkSession } from "../session/session.js";

/** How long reports are batched, in milliseconds. */
const BATCH_DELAY = 100;

export class Reporter {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #outage: EngineOutage;
  readonly #stale: (run: Run) => void;
  #waiting = new Set<Run>();
  readonly #sending = new Set<Run>();
  /** The reports to queues that did not answer, in order, until they do. */
  readonly #heldUp = new Map<string, HeldUpReports>();
  #cancel: (() => void) | null = null;
  #tail: Promise<void> = Promise.resolve();

  /** @param stale called for a run whose lease turns out to be lost */
  constructor(engine: Engine, clock: Clock, outage: EngineOutage, stale: (run: Run) => void) {
    this.#engine = engine;
    this.#clock = clock;
    this.#outage = outage;
    this.#stale = stale;
  }

  /** The run has something pending. */
  readonly changed = (run: Run): void => {
    this.#waiting.add(run);
    this.#cancel ??= this.#clock.after(BATCH_DELAY, () => void this.#flush());
  };

  /** Resolves once the engine has stored the checkpoint; rejects when the lease is lost. */
  save(run: Run, checkpoint: Checkpoint): Promise<void> {
    return new Promise((arrived, refused) => {
      run.pendingReport().checkpoints.push({ checkpoint, arrived, refused });
      this.#waiting.add(run);
      void this.#flush();
    });
  }

  /** `null` when all reports of the run are sent; else a promise that resolves when they are. Never rejects. */
  sent(run: Run): Promise<void> | null {
    const { queue } = run.lease;
    const pending = this.#waiting.has(run) || this.#sending.has(run) || this.#heldUp.has(queue);
    return pending ? this.#flush().then(() => this.#heldUp.get(queue)?.sent) : null;
  }

  /** Cancels the timer. */
  close(): void {
    this.#cancel?.();
  }

  #flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
    this.#tail = this.#tail.then(() => this.#send());
    return this.#tail;
  }

  async #send(): Promise<void> {
    const runs = [...this.#waiting];
    this.#waiting = new Set();
    for (const run of runs) this.#sending.add(run);
    for (const session of new Set(runs.map((run) => run.session))) {
      const updates = runs.filter((run) => run.session === session).flatMap(takeUpdates);
      const due = updates.filter(({ report }) => !this.#heldUp.has(report.queue));
      for (const update of updates) this.#heldUp.get(update.report.queue)?.add(session, [update]);
      for (const command of commandsOf(due)) await this.#report(session, command);
    }
    this.#sending.clear();
  }

  /** Sends what a queue did not answer until it does. What comes after it waits behind it. */
  #holdUp(session: WorkSession, update: Update): void {
    const { queue } = update.report;
    const before = this.#heldUp.get(queue);
    if (before !== undefined) return before.add(session, [update]);
    const options = {
      clock: this.#clock,
      outage: this.#outage,
      send: (of: WorkSession, updates: readonly Update[]) => this.#try(of, updates),
      ended: () => void this.#heldUp.delete(queue),
    };
    this.#heldUp.set(queue, new HeldUpReports(options, session, [update]));
  }

  async #report(session: WorkSession, updates: readonly Update[]): Promise<void> {
    for (const update of await this.#try(session, updates)) this.#holdUp(session, update);
  }

  /** Stores reports, or fails to for good; returns those whose queue did not answer. */
  async #try(session: WorkSession, updates: readonly Update[]): Promise<readonly Update[]> {
    const own = updates.filter(({ run }) => !run.lost);
    const unanswered = new Set<Update>();
    let refusal: unknown = new LeaseLost();
    for (let failures = 0; own.length > 0 && !session.over; failures += 1) {
      try {
        const answers = await this.#engine.report({
          session: session.id,
          updates: own.map(({ report }) => report),
        });
        for (const [index, update] of own.entries()) {
          if (answers[index] === "stale") this.#stale(update.run);
          else if (answers[index] === "unanswered") unanswered.add(update);
          else for (const { arrived } of update.checkpoints) arrived();
        }
        break;
      } catch (error) {
        this.#outage.report(error);
        refusal = error;
        if (!this.#outage.passes(error)) break;
        await pause(this.#clock, this.#outage.delay(failures), session.signal);
      }
    }
    // Has no effect on checkpoints that were stored: their promises are resolved already.
    for (const update of updates) {
      if (!unanswered.has(update)) for (const { refused } of update.checkpoints) refused(refusal);
    }
    return [...unanswered];
  }
}
