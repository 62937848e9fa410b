/**
 * Series, what is the same on every engine: the sums of the ends of one command, which slots of time a query asks for, and how
 * what is stored adds up to its answer.
 */
import {
  addFigures,
  addPacked,
  countEnd,
  noFigures,
  outcomeOfLetter,
  packFigures,
  SERIES_LETTERS,
  type Figures,
  type SeriesOutcome,
  type Times,
} from "../../model/series/figures.js";
import { addSamples, noSamples, type Samples } from "../../model/series/sample.js";
import {
  HOURS_KEPT,
  MINUTES_KEPT,
  OTHER_TASKS,
  type SampleRow,
  type SeriesAnswer,
  type SeriesKey,
  type SeriesQuery,
  type SeriesRow,
  type TotalRow,
  type TotalsQuery,
} from "../contract/worker/series.js";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** How many lines that wait to be added up one call takes. */
export const MOST_FOLDED = 1_000;
/** The most sessions of a queue that a sample looks at, the most leases of all of them, and of one. */
export const MOST_SAMPLED = 200;

/** The name under which ends of a task are counted. The task of a job that cannot be read is not known. */
export function countedTask(task: string): string {
  return task === "" ? OTHER_TASKS : task;
}

/** The ends that one command causes in one queue, added up by task and outcome. */
export class Ends {
  readonly #figures = new Map<string, { task: string; outcome: SeriesOutcome; figures: Figures }>();

  get size(): number {
    return this.#figures.size;
  }

  add(task: string, outcome: SeriesOutcome, times: Times | null): void {
    const key = SERIES_LETTERS[outcome] + task;
    let sums = this.#figures.get(key);
    if (sums === undefined) this.#figures.set(key, (sums = { task, outcome, figures: noFigures() }));
    countEnd(sums.figures, times);
  }

  /** One line each, as they wait to be added up: the task, the letter of the outcome, and packed figures. */
  lines(): (string | number)[][] {
    return [...this.#figures.values()].map(({ task, outcome, figures }) => {
      return [countedTask(task), SERIES_LETTERS[outcome], ...packFigures(figures)];
    });
  }
}

/** The slots of time that a query is answered from: minutes or hours since 1970, the first and the last included. */
export interface SlotRange {
  readonly width: number;
  readonly first: number;
  readonly last: number;
}

/** The slots of a query. Of those that are not kept any more none is answered, whether they are still stored or not. */
export function slotsOf({ from, to, step }: SeriesQuery, now: number): SlotRange {
  const [width, kept] = step < HOUR ? [MINUTE, MINUTES_KEPT] : [HOUR, HOURS_KEPT];
  const current = Math.floor(now / width);
  const first = (Math.floor(from / step) * step) / width;
  const last = (Math.floor(to / step) * step + step) / width - 1;
  return { width, first: Math.max(first, current - kept + 1), last: Math.min(last, current) };
}

function wants<T>(list: readonly T[] | undefined, value: T): boolean {
  return list === undefined || list.includes(value);
}

/** Collects what is stored of the slots of a query. */
export class SeriesCollector {
  readonly #query: SeriesQuery;
  readonly #width: number;
  readonly #rows = new Map<string, SeriesRow>();
  readonly #samples = new Map<string, SampleRow>();

  constructor(query: SeriesQuery, { width }: SlotRange) {
    this.#query = query;
    this.#width = width;
  }

  /** Adds figures of a slot: those of a task with one outcome, given by its letter, packed or not. */
  add(queue: string, slot: number, task: string, letter: string, stored: unknown): void {
    const { tasks, outcomes, by } = this.#query;
    const outcome = outcomeOfLetter(letter);
    if (outcome === null || !wants(tasks, task) || !wants(outcomes, outcome)) return;
    const told = (key: SeriesKey): boolean => by.includes(key);
    const row = {
      at: this.#stepOf(slot),
      queue: told("queue") ? queue : null,
      task: told("task") ? task : null,
      outcome: told("outcome") ? outcome : null,
    };
    const key = [row.at, row.queue, row.task, row.outcome].join(" ");
    let known = this.#rows.get(key);
    if (known === undefined) this.#rows.set(key, (known = { ...row, figures: noFigures() }));
    addPacked(known.figures, stored);
  }

  sample(queue: string, slot: number, samples: Samples): void {
    if (samples.count === 0) return;
    const at = this.#stepOf(slot);
    const key = `${at} ${queue}`;
    let known = this.#samples.get(key);
    if (known === undefined) this.#samples.set(key, (known = { at, queue, samples: noSamples() }));
    addSamples(known.samples, samples);
  }

  answer(): SeriesAnswer {
    return {
      rows: [...this.#rows.values()].toSorted((a, b) => {
        return a.at - b.at || order(a.queue, b.queue) || order(a.task, b.task) || order(a.outcome, b.outcome);
      }),
      samples: [...this.#samples.values()].toSorted((a, b) => a.at - b.at || order(a.queue, b.queue)),
    };
  }

  #stepOf(slot: number): number {
    const { step } = this.#query;
    return Math.floor((slot * this.#width) / step) * step;
  }
}

/** Collects totals. */
export class TotalsCollector {
  readonly #query: TotalsQuery;
  readonly #rows: TotalRow[] = [];

  constructor(query: TotalsQuery) {
    this.#query = query;
  }

  add(queue: string, task: string, letter: string, stored: unknown): void {
    const outcome = outcomeOfLetter(letter);
    if (outcome === null || !wants(this.#query.tasks, task) || !wants(this.#query.outcomes, outcome)) return;
    const figures = noFigures();
    addPacked(figures, stored);
    this.#rows.push({ queue, task, outcome, figures });
  }

  answer(): TotalRow[] {
    return this.#rows.toSorted((a, b) => {
      return order(a.queue, b.queue) || order(a.task, b.task) || order(a.outcome, b.outcome);
    });
  }
}

function order(a: string | null, b: string | null): number {
  return a === b ? 0 : (a ?? "") < (b ?? "") ? -1 : 1;
}

/** A packed list and figures added up, as a packed list. */
export function addedUp(packed: unknown, figures: Figures): number[] {
  const sum = noFigures();
  addPacked(sum, packed);
  addFigures(sum, figures);
  return packFigures(sum);
}
