/** The series and totals of a queue: figures by minute, by hour and altogether. Ends are counted as they happen. */
import {
  countEnd,
  noFigures,
  packFigures,
  SERIES_LETTERS,
  type Figures,
  type SeriesOutcome,
  type Times,
} from "../../../model/series/figures.js";
import { addSample, noSamples, type QueueSample, type Samples } from "../../../model/series/sample.js";
import { HOURS_KEPT, MINUTES_KEPT, MOST_SERIES_TASKS, OTHER_TASKS } from "../../contract/worker/series.js";
import {
  countedTask,
  HOUR,
  MINUTE,
  type SeriesCollector,
  type SlotRange,
  type TotalsCollector,
} from "../../shared/series.js";

/** Figures by task and outcome. */
type ByTask = Map<string, Map<SeriesOutcome, Figures>>;

interface Slot {
  readonly figures: ByTask;
  readonly samples: Samples;
}

export class QueueSeries {
  readonly #minutes = new Map<number, Slot>();
  readonly #hours = new Map<number, Slot>();
  readonly #totals: ByTask = new Map();
  #sampled = 0;

  /** Counts an end; `times`: `null` for one without a run. */
  count(task: string, outcome: SeriesOutcome, times: Times | null, now: number): void {
    const name = this.#nameOf(countedTask(task));
    for (const { figures } of this.#slotsAt(now)) countEnd(figuresIn(figures, name, outcome), times);
    countEnd(figuresIn(this.#totals, name, outcome), times);
  }

  /** Takes a sample, if anything waits or runs, unless there is one of this minute. */
  sample(now: number, look: () => QueueSample): void {
    const minute = Math.floor(now / MINUTE);
    if (this.#sampled === minute) return;
    const sample = look();
    if (sample.depth + sample.active === 0) return;
    this.#sampled = minute;
    for (const { samples } of this.#slotsAt(now)) addSample(samples, sample);
  }

  /** Drops what is not kept any more. */
  trim(now: number): void {
    const [minute, hour] = [Math.floor(now / MINUTE), Math.floor(now / HOUR)];
    for (const slot of this.#minutes.keys()) if (slot <= minute - MINUTES_KEPT) this.#minutes.delete(slot);
    for (const slot of this.#hours.keys()) if (slot <= hour - HOURS_KEPT) this.#hours.delete(slot);
  }

  read(queue: string, { width, first, last }: SlotRange, collector: SeriesCollector): void {
    for (const [slot, { figures, samples }] of width === MINUTE ? this.#minutes : this.#hours) {
      if (slot < first || slot > last) continue;
      for (const [task, outcome, sums] of entriesOf(figures)) {
        collector.add(queue, slot, task, SERIES_LETTERS[outcome], packFigures(sums));
      }
      collector.sample(queue, slot, samples);
    }
  }

  readTotals(queue: string, collector: TotalsCollector): void {
    for (const [task, outcome, sums] of entriesOf(this.#totals)) {
      collector.add(queue, task, SERIES_LETTERS[outcome], packFigures(sums));
    }
  }

  /** The name under which a task is counted: its own for the first ones of the queue. */
  #nameOf(task: string): string {
    const known = this.#totals.size - (this.#totals.has(OTHER_TASKS) ? 1 : 0);
    return this.#totals.has(task) || known < MOST_SERIES_TASKS ? task : OTHER_TASKS;
  }

  /** The minute and the hour of a time. */
  #slotsAt(now: number): Slot[] {
    return [slotAt(this.#minutes, Math.floor(now / MINUTE)), slotAt(this.#hours, Math.floor(now / HOUR))];
  }
}

function slotAt(slots: Map<number, Slot>, number: number): Slot {
  let slot = slots.get(number);
  if (slot === undefined) slots.set(number, (slot = { figures: new Map(), samples: noSamples() }));
  return slot;
}

function figuresIn(byTask: ByTask, task: string, outcome: SeriesOutcome): Figures {
  let outcomes = byTask.get(task);
  if (outcomes === undefined) byTask.set(task, (outcomes = new Map()));
  let figures = outcomes.get(outcome);
  if (figures === undefined) outcomes.set(outcome, (figures = noFigures()));
  return figures;
}

function entriesOf(byTask: ByTask): [task: string, outcome: SeriesOutcome, figures: Figures][] {
  return [...byTask].flatMap(([task, outcomes]) => {
    return [...outcomes].map(([outcome, figures]): [string, SeriesOutcome, Figures] => [task, outcome, figures]);
  });
}
