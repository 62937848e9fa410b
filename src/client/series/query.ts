/** Which series and totals, as users write it, checked. */
import type { SeriesKey, SeriesQuery, TotalsQuery } from "../../engine/contract/engine.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { SERIES_OUTCOMES, type SeriesOutcome } from "../../model/series/figures.js";
import { parseDuration, type Duration } from "../../model/value/duration.js";
import { parseName } from "../../model/value/name.js";

/** Which ends of jobs; an omitted condition stands for all. */
export interface TotalsOptions {
  /** One queue, or several. */
  queues?: string | readonly string[];
  /** One task, or several. Of a queue the first 64 tasks are told apart; the others are counted as the task `other`. */
  tasks?: string | readonly string[];
  /** How the jobs ended: one outcome, or several. */
  outcomes?: SeriesOutcome | readonly SeriesOutcome[];
}

/** Which ends of jobs, in which time and steps. */
export interface SeriesOptions extends TotalsOptions {
  /** A `Date` or epoch milliseconds; default: an hour before `to`. The step that contains it is the first. */
  from?: Date | number;
  /** A `Date` or epoch milliseconds; default: now. The step that contains it is the last. */
  to?: Date | number;
  /**
   * How long a step is: whole minutes below an hour, whole hours from there on. At most 1,500 steps. Default: as short as makes 120
   * steps or fewer, and is kept for as long as `from` says. Steps below an hour are answered for the last 24 hours, others for
   * the last 30 days.
   */
  step?: Duration;
  /** What the points are told apart by; over all else they are added up. Default: nothing, one point for each step. */
  by?: SeriesKey | readonly SeriesKey[];
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The steps to choose from. */
const STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY];
const WANTED_STEPS = 120;
const MOST_STEPS = 1_500;

const CONDITIONS = ["queues", "tasks", "outcomes"];
const KEYS: readonly SeriesKey[] = ["queue", "task", "outcome"];

/** Checks which totals are asked for. @throws InvalidInput */
export function parseTotals(options: TotalsOptions): TotalsQuery {
  checkKeys(options, CONDITIONS);
  return conditionsOf(options);
}

/** Checks which series is asked for. `now`: epoch milliseconds. @throws InvalidInput */
export function parseSeries(options: SeriesOptions, now: number): SeriesQuery {
  checkKeys(options, [...CONDITIONS, "from", "to", "step", "by"]);
  const to = options.to === undefined ? now : parseTime("to", options.to);
  const from = options.from === undefined ? to - HOUR : parseTime("from", options.from);
  if (from > to) throw new InvalidInput("from", options.from, "a time that is not after `to`");
  const step = options.step === undefined ? usualStep(from, to, now) : parseStep("step", options.step);
  if ((to - from) / step > MOST_STEPS) {
    throw new InvalidInput(
      "step",
      options.step,
      `so long that there are at most ${MOST_STEPS} steps from \`from\` to \`to\``,
    );
  }
  const by = listOf(options.by ?? []).map((key, index) => parseWord(`by[${index}]`, key, KEYS));
  return { ...conditionsOf(options), from, to, step, by };
}

function checkKeys(options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null)
    throw new InvalidInput("options", options, "an object of conditions");
  for (const [key, value] of Object.entries(options)) {
    if (!known.includes(key)) throw new InvalidInput(key, value, `no such condition; known: ${known.join(", ")}`);
  }
}

function conditionsOf({ queues, tasks, outcomes }: TotalsOptions): TotalsQuery {
  const names = (field: string, value: string | readonly string[]): string[] => {
    return listOf(value).map((name, index) => parseName(`${field}[${index}]`, name));
  };
  return {
    ...(queues === undefined ? {} : { queues: names("queues", queues) }),
    ...(tasks === undefined ? {} : { tasks: names("tasks", tasks) }),
    ...(outcomes === undefined
      ? {}
      : { outcomes: listOf(outcomes).map((one, index) => parseWord(`outcomes[${index}]`, one, SERIES_OUTCOMES)) }),
  };
}

function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

function parseWord<Word extends string>(field: string, value: unknown, words: readonly Word[]): Word {
  const word = words.find((one) => one === value);
  if (word === undefined) throw new InvalidInput(field, value, `one of ${words.join(", ")}`);
  return word;
}

function parseTime(field: string, value: unknown): number {
  const time = value instanceof Date ? value.getTime() : value;
  if (typeof time !== "number" || !Number.isFinite(time)) {
    throw new InvalidInput(field, value, "a valid Date, or milliseconds since the epoch");
  }
  return time;
}

/** Checks a step. @throws InvalidInput */
export function parseStep(field: string, value: unknown): number {
  const step = parseDuration(field, value);
  if (step < MINUTE || step % (step < HOUR ? MINUTE : HOUR) !== 0) {
    throw new InvalidInput(field, value, "whole minutes below an hour, whole hours from there on");
  }
  return step;
}

function usualStep(from: number, to: number, now: number): number {
  const fits = (step: number): boolean => (to - from) / step <= WANTED_STEPS && (step >= HOUR || from > now - DAY);
  return STEPS.find(fits) ?? Math.ceil((to - from) / WANTED_STEPS / DAY) * DAY;
}
