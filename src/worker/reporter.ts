/**
 * Carries what runs say (progress, log lines, meta) to the engine: gathered for up to 100 ms, many runs in one command,
 * the last progress and meta of each win. What runs leave (checkpoints) goes at once, or with the next command when one is
 * under way, and takes along what else they said. What a run said is always there before its outcome is.
 */
import type { Engine, Report } from "../engine/contract.js";
import type { Checkpoint } from "../model/checkpoint.js";
import { pause, type Clock } from "../model/clock.js";
import { EngineUnavailable, LeaseLost } from "../model/errors.js";
import type { Outage } from "./outage.js";
import type { Leaving, Run } from "./run.js";

/** How long reports are gathered, in milliseconds. */
const GATHER = 100;
/** The most runs, and the most log lines of one, in a command. */
const MOST_UPDATES = 500;
const MOST_LINES = 1_000;
/** The most checkpoints of a run in a report. */
const MOST_CHECKPOINTS = 500;

/** A report, and the checkpoints whose arrival somebody waits for. */
interface Update {
  readonly run: Run;
  readonly report: Report;
  readonly leaving: readonly Leaving[];
}

export class Reporter {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #outage: Outage;
  readonly #stale: (run: Run) => void;
  #waiting = new Set<Run>();
  readonly #sending = new Set<Run>();
  #cancel: (() => void) | null = null;
  #tail: Promise<void> = Promise.resolve();

  /** `stale` is called for a run whose lease turns out to be gone. */
  constructor(engine: Engine, clock: Clock, outage: Outage, stale: (run: Run) => void) {
    this.#engine = engine;
    this.#clock = clock;
    this.#outage = outage;
    this.#stale = stale;
  }

  /** The run has something pending. */
  readonly touched = (run: Run): void => {
    this.#waiting.add(run);
    this.#cancel ??= this.#clock.after(GATHER, () => void this.#flush());
  };

  /** The run has something pending that somebody waits for. */
  hurry(run: Run): void {
    this.#waiting.add(run);
    void this.#flush();
  }

  /** What earlier runs of the same job left. */
  async earlier({ lease, session }: Run): Promise<readonly Checkpoint[]> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await this.#engine.checkpoints({ queue: lease.queue, id: lease.id });
      } catch (error) {
        this.#outage.report(error);
        if (!(error instanceof EngineUnavailable) || session.over) throw error;
        await pause(this.#clock, this.#outage.delay(failures), session.signal);
      }
    }
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
    for (let from = 0; from < runs.length; from += MOST_UPDATES) {
      await this.#sendSome(runs.slice(from, from + MOST_UPDATES));
    }
    this.#sending.clear();
  }

  async #sendSome(runs: readonly Run[]): Promise<void> {
    const sessions = new Set(runs.map((run) => run.session));
    for (const session of sessions) {
      const updates = runs.filter((run) => run.session === session).flatMap(take);
      const own = updates.filter(({ run }) => !run.lost);
      let refusal: unknown = new LeaseLost();
      for (let failures = 0; !session.over; failures += 1) {
        try {
          const answers = await this.#engine.report({
            session: session.id,
            updates: own.map(({ report }) => report),
          });
          for (const [index, { run, leaving }] of own.entries()) {
            if (answers[index] === "stale") this.#stale(run);
            else for (const { arrived } of leaving) arrived();
          }
          break;
        } catch (error) {
          this.#outage.report(error);
          refusal = error;
          if (!(error instanceof EngineUnavailable)) break;
          await pause(this.#clock, this.#outage.delay(failures), session.signal);
        }
      }
      // Of those that arrived nothing changes any more.
      for (const { leaving } of updates) for (const { refused } of leaving) refused(refusal);
    }
  }
}

/** What a run has pending, as reports; it has nothing pending afterwards. */
function take(run: Run): Update[] {
  const { pending } = run;
  run.pending = null;
  if (pending === null) return [];
  const { queue, id, epoch } = run.lease;
  const { leaving, progress, meta, lines } = pending;
  const parts = Math.max(Math.ceil(leaving.length / MOST_CHECKPOINTS), Math.ceil(lines.length / MOST_LINES), 1);
  return Array.from({ length: parts }, (_, part) => {
    const left = leaving.slice(part * MOST_CHECKPOINTS, (part + 1) * MOST_CHECKPOINTS);
    const said = lines.slice(part * MOST_LINES, (part + 1) * MOST_LINES);
    const last = part === parts - 1;
    const report = {
      queue,
      id,
      epoch,
      ...(left.length === 0 ? {} : { checkpoints: left.map(({ checkpoint }) => checkpoint) }),
      ...(progress === null || !last ? {} : { progress }),
      ...(meta === null || !last ? {} : { meta }),
      ...(said.length === 0 ? {} : { lines: said }),
    };
    return { run, report, leaving: left };
  });
}
