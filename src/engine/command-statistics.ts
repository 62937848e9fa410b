/**
 * What became of an engine's commands, by name: how many, how many failed and with which codes, how long they took. It stays
 * as small as it begins: names are those of the contract, durations are counted in fixed buckets, codes up to a bound.
 */
import type { CommandName } from "./contract/commands.js";
import type { EngineObserver, ObservedCommand } from "./observer.js";

/** The upper bounds of the buckets, in milliseconds; what took longer is counted behind them. */
export const BUCKETS: readonly number[] = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000,
];

/** How many codes of errors are told apart in a command; those that come later are counted as `OTHER_CODES`. */
export const MOST_CODES = 20;
export const OTHER_CODES = "OTHER";

/** What became of one command. Durations are milliseconds. */
export interface CommandFigures {
  readonly command: CommandName;
  /** Does it only wait? Then its durations say nothing of the engine. */
  readonly waiting: boolean;
  readonly calls: number;
  readonly failures: number;
  /** How many failed with each code. */
  readonly errors: Readonly<Record<string, number>>;
  readonly total: number;
  readonly mean: number;
  readonly max: number;
  /** How long the fastest half, and 95 and 99 of 100 took at most: bounds of buckets, so never too little. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** How many took at most as long as each of `BUCKETS` and longer than the one before; one more: longer than all. */
  readonly buckets: readonly number[];
}

/** Counts commands. */
export class CommandStatistics implements EngineObserver {
  readonly #commands = new Map<CommandName, Counter>();

  ended(command: ObservedCommand): void {
    let counter = this.#commands.get(command.command);
    if (counter === undefined) {
      counter = new Counter(command.waiting);
      this.#commands.set(command.command, counter);
    }
    counter.add(command);
  }

  /** The commands that were given so far, by name. Later ones do not change it. */
  snapshot(): CommandFigures[] {
    const all = [...this.#commands].map(([command, counter]) => counter.figures(command));
    return all.toSorted((a, b) => (a.command < b.command ? -1 : 1));
  }
}

class Counter {
  readonly #waiting: boolean;
  readonly #errors = new Map<string, number>();
  readonly #buckets = Array.from({ length: BUCKETS.length + 1 }, () => 0);
  #calls = 0;
  #failures = 0;
  #total = 0;
  #max = 0;

  constructor(waiting: boolean) {
    this.#waiting = waiting;
  }

  add({ durationMs, error }: ObservedCommand): void {
    this.#calls += 1;
    this.#total += durationMs;
    this.#max = Math.max(this.#max, durationMs);
    const bucket = BUCKETS.findIndex((bound) => durationMs <= bound);
    const place = bucket === -1 ? BUCKETS.length : bucket;
    this.#buckets[place] = (this.#buckets[place] ?? 0) + 1;
    if (error === null) return;
    this.#failures += 1;
    const code = this.#errors.has(error) || this.#errors.size < MOST_CODES ? error : OTHER_CODES;
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  }

  figures(command: CommandName): CommandFigures {
    return {
      command,
      waiting: this.#waiting,
      calls: this.#calls,
      failures: this.#failures,
      errors: Object.fromEntries(this.#errors),
      total: this.#total,
      mean: this.#total / this.#calls,
      max: this.#max,
      p50: this.#percentile(0.5),
      p95: this.#percentile(0.95),
      p99: this.#percentile(0.99),
      buckets: [...this.#buckets],
    };
  }

  #percentile(share: number): number {
    const wanted = Math.ceil(this.#calls * share);
    let seen = 0;
    const place = this.#buckets.findIndex((count) => (seen += count) >= wanted);
    return Math.min(this.#max, BUCKETS[place] ?? this.#max);
  }
}
