/**
 * Carries what runs say (progress, log lines, meta) to the engine: gathered for up to 100 ms, many runs in one command,
 * the last progress and meta of each win. What runs leave (checkpoints) goes at once, or with the next command when one is
 * under way, and takes along what else they said. What a run said is always there before its outcome is.
 */
import type { Engine } from "../../engine/contract/engine.js";
import type { Checkpoint } from "../../model/job/checkpoint.js";
import { pause, type Clock } from "../../model/value/clock.js";
import { LeaseLost } from "../../model/errors/errors.js";
import type { EngineOutage } from "../session/engine-outage.js";
import type { Run, RunMessenger } from "./run.js";
import { commandsOf, takeUpdates, type Update } from "./report-batches.js";
import type { WorkSession } from "../session/session.js";

/** How long reports are gathered, in milliseconds. */
const BATCH_DELAY = 100;

export class Reporter implements RunMessenger {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #outage: EngineOutage;
  readonly #stale: (run: Run) => void;
  #waiting = new Set<Run>();
  readonly #sending = new Set<Run>();
  #cancel: (() => void) | null = null;
  #tail: Promise<void> = Promise.resolve();

  /** `stale` is called for a run whose lease turns out to be gone. */
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

  /** The run has something pending that somebody waits for. */
  hurry(run: Run): void {
    this.#waiting.add(run);
    void this.#flush();
  }

  /** What earlier runs of the same job left. */
  loadCheckpoints({ lease: { queue, id }, session }: Run): Promise<readonly Checkpoint[]> {
    return this.#outage.outlast(session, () => this.#engine.checkpoints({ queue, id }));
  }

  /** `null` when everything the run said has been sent; else a promise of it. Never rejects. */
  sent(run: Run): Promise<void> | null {
    return this.#waiting.has(run) || this.#sending.has(run) ? this.#flush() : null;
  }

  /** Lets go of the timer. */
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
      for (const command of commandsOf(updates)) await this.#report(session, command);
    }
    this.#sending.clear();
  }

  async #report(session: WorkSession, updates: readonly Update[]): Promise<void> {
    const own = updates.filter(({ run }) => !run.lost);
    let refusal: unknown = new LeaseLost();
    for (let failures = 0; own.length > 0 && !session.over; failures += 1) {
      try {
        const answers = await this.#engine.report({
          session: session.id,
          updates: own.map(({ report }) => report),
        });
        for (const [index, { run, checkpoints }] of own.entries()) {
          if (answers[index] === "stale") this.#stale(run);
          else for (const { arrived } of checkpoints) arrived();
        }
        break;
      } catch (error) {
        this.#outage.report(error);
        refusal = error;
        if (!this.#outage.passes(error)) break;
        await pause(this.#clock, this.#outage.delay(failures), session.signal);
      }
    }
    // Of those that arrived nothing changes any more.
    for (const { checkpoints } of updates) for (const { refused } of checkpoints) refused(refusal);
  }
}
