/** What is counted of settlements in the series, as the exchange scripts read it. */
import { bucketOf } from "../../../model/series/durations.js";
import { RUN_BUCKETS_FROM, SERIES_LETTERS } from "../../../model/series/figures.js";
import type { Settlement } from "../../contract/worker/exchange.js";
import { OTHER_TASKS } from "../../contract/worker/series.js";
import { countedTask } from "../../shared/series.js";

/** A number has four digits of seven bits at most: more than this. */
const FOUR_DIGITS = 2 ** 28;
/** The longest sum, in milliseconds: seven digits. */
const LONGEST = 2 ** 49 - 1;

/** A name whose length one digit tells, and whose characters are one byte each; another hand may have stored any. */
const PLAIN = /^[!-~]{1,127}$/;

/** The ends of one task that one command causes. Every job that ends passes through here: it makes nothing for each. */
class Line {
  readonly task: string;
  readonly #name: string;
  #count = 0;
  #wait = 0;
  #run = 0;
  /** The buckets that are not empty, those of run times behind those of waits, and how many each has. They are few. */
  readonly #places: number[] = [];
  readonly #filled: number[] = [];

  constructor(task: string) {
    this.task = task;
    this.#name = PLAIN.test(task) ? task : OTHER_TASKS;
  }

  add(wait: number, run: number): void {
    this.#count += 1;
    this.#wait += wait;
    this.#run += run;
    this.#fill(bucketOf(wait));
    this.#fill(RUN_BUCKETS_FROM + bucketOf(run));
  }

  /** As `tally` has it (lib/store/tally.lua). */
  text(letter: string): string {
    const name = this.#name;
    if (this.#count === 1 && this.#wait < FOUR_DIGITS && this.#run < FOUR_DIGITS) {
      const ends = String.fromCharCode(this.#places[0] ?? 0, this.#places[1] ?? 0, name.length);
      return letter.toUpperCase() + fourDigits(this.#wait) + fourDigits(this.#run) + ends + name;
    }
    let buckets = "";
    for (const [index, place] of this.#places.entries())
      buckets += String.fromCharCode(place) + threeDigits(this.#filled[index] ?? 0);
    const front = letter + threeDigits(this.#count) + String.fromCharCode(this.#places.length, name.length);
    return front + sevenDigits(this.#wait) + sevenDigits(this.#run) + buckets + name;
  }

  #fill(place: number): void {
    const index = this.#places.indexOf(place);
    if (index === -1) {
      this.#places.push(place);
      this.#filled.push(1);
    } else {
      this.#filled[index] = (this.#filled[index] ?? 0) + 1;
    }
  }
}

function threeDigits(n: number): string {
  return String.fromCharCode((n >> 14) & 127, (n >> 7) & 127, n & 127);
}

function fourDigits(n: number): string {
  return String.fromCharCode((n >> 21) & 127, (n >> 14) & 127, (n >> 7) & 127, n & 127);
}

function sevenDigits(sum: number): string {
  const most = Math.min(sum, LONGEST);
  return threeDigits(Math.floor(most / FOUR_DIGITS)) + fourDigits(most % FOUR_DIGITS);
}

/** For the fast path, whose settlements all complete their jobs: a line for each task, as they are stored but for the minute. */
export function encodeSums(settlements: readonly Settlement[]): string {
  let line: Line | undefined;
  let others: Map<string, Line> | undefined;
  for (const { measured } of settlements) {
    if (measured === undefined) continue;
    const { task, wait, run } = measured;
    line ??= new Line(task);
    if (line.task === task) {
      line.add(wait, run);
      continue;
    }
    let other = (others ??= new Map<string, Line>()).get(task);
    if (other === undefined) others.set(task, (other = new Line(task)));
    other.add(wait, run);
  }
  let text = line?.text(SERIES_LETTERS.completed) ?? "";
  if (others !== undefined) for (const other of others.values()) text += other.text(SERIES_LETTERS.completed);
  return text;
}

/** For the full script, which may apply only some: five values for each settlement. */
export function encodeEach(settlements: readonly Settlement[]): string {
  if (settlements.every(({ measured }) => measured === undefined)) return "";
  const values = settlements.flatMap(({ measured }) => {
    if (measured === undefined) return ["", 0, 0, 0, 0];
    const { task, wait, run } = measured;
    return [countedTask(task), wait, bucketOf(wait), run, bucketOf(run)];
  });
  return JSON.stringify(values);
}
