/**
 * Carries what runs say (progress, log lines, meta) to the engine: gathered for up to 100 ms, many runs in one command,
 * the last progress and meta of each win. What a run said is always there before its outcome is.
 */
import type { Engine, Report } from "../engine/contract.js";
import { pause, type Clock } from "../model/clock.js";
import { EngineUnavailable } from "../model/errors.js";
import type { Outage } from "./outage.js";
import type { Run } from "./run.js";

/** How long reports are gathered, in milliseconds. */
const GATHER = 100;
/** The most runs, and the most log lines of one, in a command. */
const MOST_UPDATES = 500;
const MOST_LINES = 1_000;

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
      const own = runs.filter((run) => run.session === session && !run.lost);
      const updates = own.flatMap((run) => take(run).map((report) => ({ run, report })));
      for (let failures = 0; !session.over; failures += 1) {
        try {
          const answers = await this.#engine.report({
            session: session.id,
            updates: updates.map(({ report }) => report),
          });
          for (const [index, { run }] of updates.entries()) if (answers[index] === "stale") this.#stale(run);
          break;
        } catch (error) {
          this.#outage.report(error);
          if (!(error instanceof EngineUnavailable)) break;
          await pause(this.#clock, this.#outage.delay(failures), session.signal);
        }
      }
    }
  }
}

/** What a run has pending, as reports; it has nothing pending afterwards. */
function take(run: Run): Report[] {
  const { pending } = run;
  run.pending = null;
  if (pending === null) return [];
  const { queue, id, epoch } = run.lease;
  const { progress, meta, lines } = pending;
  const reports: Report[] = [
    {
      queue,
      id,
      epoch,
      ...(progress === null ? {} : { progress }),
      ...(meta === null ? {} : { meta }),
      ...(lines.length === 0 ? {} : { lines: lines.slice(0, MOST_LINES) }),
    },
  ];
  for (let from = MOST_LINES; from < lines.length; from += MOST_LINES) {
    reports.push({ queue, id, epoch, lines: lines.slice(from, from + MOST_LINES) });
  }
  return reports;
}
