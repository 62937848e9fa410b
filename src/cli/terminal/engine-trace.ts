/**
 * The output of `LONGSHORE_DEBUG` on standard error: a line for each command that the engine carries out, and at the end
 * a table of all of them. Observers receive no payloads, addresses or messages of errors, so none of these is printed.
 */
import { CommandStatistics } from "../../engine/command-statistics.js";
import type { Engine } from "../../engine/contract/engine.js";
import { observe } from "../../engine/observed.js";
import type { EngineObserver, ObservedCommand } from "../../engine/observer.js";
import { render, type Printable } from "./output.js";
import { layOut, paint, type Column, type Part } from "./table.js";
import { moment } from "./time-text.js";

/** From here on a command is slow, in milliseconds. */
const SLOW = 100;

/** The width of the table: nothing is cut. */
const ENDLESS = 1_000_000;

const COLUMNS: readonly Column[] = [
  { title: "ENGINE COMMAND" },
  { title: "CALLS", align: "right" },
  { title: "ERRORS", align: "right" },
  { title: "MEAN", align: "right" },
  { title: "MAX", align: "right" },
];

/** How much is printed. */
export interface TraceOptions {
  /** Print only commands that were slow or failed; waits are neither slow nor quick. */
  readonly onlySlow: boolean;
  /** The worker whose engine it is, where several processes share a terminal. */
  readonly name: string | null;
}

export class EngineTrace implements EngineObserver {
  readonly #statistics = new CommandStatistics();
  readonly #options: TraceOptions;
  readonly #stream: Printable;

  constructor(options: TraceOptions, stream: Printable = process.stderr) {
    this.#options = options;
    this.#stream = stream;
  }

  /** The same engine, traced; times are finer than those of the machine's `Clock`, which counts whole milliseconds. */
  readonly wrap = (engine: Engine): Engine => observe(engine, this, { monotonic: () => performance.now() });

  ended(command: ObservedCommand): void {
    this.#statistics.ended(command);
    if (this.#options.onlySlow && command.error === null && (command.waiting || command.durationMs <= SLOW)) return;
    this.#line(command);
  }

  /** Writes the table, if there was any command. Waits come last: their times do not measure the engine. */
  summary(): void {
    const all = this.#statistics.snapshot();
    if (all.length === 0) return;
    const sorted = [...all.filter(({ waiting }) => !waiting), ...all.filter(({ waiting }) => waiting)];
    const rows = sorted.map(({ command, waiting, calls, failures, mean, max }): Part[] => [
      waiting ? `${command} (waiting)` : command,
      String(calls),
      failures === 0 ? "0" : paint("red", String(failures)),
      milliseconds(mean),
      milliseconds(max),
    ]);
    for (const parts of layOut(COLUMNS, rows, ENDLESS)) this.#write(...this.#about(), ...parts);
  }

  #line({ command, durationMs, carried, error }: ObservedCommand): void {
    const counts = Object.entries(carried).map(([what, count]) => ` ${what}=${count}`);
    const failure = error === null ? [] : [" ", paint("red", `error=${error}`)];
    const time = paint("dim", moment(Date.now()));
    this.#write(time, " ", ...this.#about(), "engine ", command, " ", milliseconds(durationMs), ...counts, ...failure);
  }

  #about(): Part[] {
    return this.#options.name === null ? [] : [paint("cyan", `[${this.#options.name}]`), " "];
  }

  #write(...parts: readonly Part[]): void {
    this.#stream.write(`${render(this.#stream, parts)}\n`);
  }
}

/** Three digits or more: `0.21ms`, `14.2ms`, `1250ms`. */
function milliseconds(ms: number): string {
  const digits = ms < 10 ? 2 : ms < 100 ? 1 : 0;
  return `${ms.toFixed(digits)}ms`;
}
