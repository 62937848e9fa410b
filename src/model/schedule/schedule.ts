/**
 * The schedule in two forms: as users write it (`ScheduleOption`) and as it is stored (`Schedule`: plain JSON,
 * milliseconds). Its ticks are computed in `ticks.ts`.
 */
import { parseDuration, type Duration } from "../value/duration.js";
import { InvalidInput } from "../errors/errors.js";
import { MOST_TAGS, parseName } from "../value/name.js";
import { parseFlag } from "../value/scalar.js";
import type { CronTimes } from "./cron-tick.js";
import { parseCron } from "./cron.js";
import { parseInterval, type IntervalTimes } from "./interval.js";
import { parseTemplate, type JobTemplate, type TemplateDefaults, type TickOptions } from "./template.js";
import { parseTime } from "../value/scalar.js";
import { parseZone } from "./zone.js";

/**
 * What happens to ticks that came while no worker ran: `"skip"`: nothing; `"one"`: the latest of them runs; `"all"`:
 * each runs, the latest 1,000 at most.
 */
export type CatchUp = "skip" | "one" | "all";

/**
 * What happens at a tick when the job of the last one has not ended: `"allow"`: both run; `"skip"`: no new job;
 * `"supersede"`: the new one takes the place of the old one.
 */
export type Overlap = "allow" | "skip" | "supersede";

/** The options of every schedule, cron or interval. */
export interface ScheduleBase {
  /** Its name: 1 to 100 of `A-Z a-z 0-9 _ . : -`. The same name again is the same schedule, changed. */
  name: string;
  /** The name of the task its jobs run. */
  task: string;
  /** The input of every one of its jobs. */
  input?: unknown;
  /** The options of its jobs: all but `id`, `delay`, `runAt` and `hold`, which the ticks decide. */
  options?: TickOptions;
  /** What happens to missed ticks. Default: `"one"`. */
  catchUp?: CatchUp;
  /** What happens at a tick when the job of an earlier one has not ended. Default: `"allow"`. */
  overlap?: Overlap;
  /**
   * Jitter: each job runs up to this much after its tick, so that jobs due on the hour do not all run on the hour. The
   * same tick always has the same jitter. At most a day, and no longer than `every`. Default: 0.
   */
  jitter?: Duration;
  /** No tick before this time. A `Date`, or milliseconds since the epoch. Default: no bound. */
  start?: Date | number;
  /** No tick after this time (one at this very time is the last). Default: no bound. */
  end?: Date | number;
  /** Created without running, until it is resumed. Default: `false`. */
  paused?: boolean;
}

/** A schedule by cron, as users write it. */
export interface CronScheduleOption extends ScheduleBase {
  /**
   * When: 5 fields, 6 with seconds first, or a macro such as `@daily`. Beside numbers, names, lists, ranges and steps it may
   * have `L`, `15W`, `FRI#2` and `FRI#L` (see `parseCron`).
   */
  cron: string;
  /** The time zone of the expression. Clock changes: as Debian's cron (see `nextCronTick`). Default: `"UTC"`. */
  timeZone?: string;
  every?: undefined;
  anchor?: undefined;
}

/** A schedule by interval, as users write it. */
export interface IntervalScheduleOption extends ScheduleBase {
  /** From one tick to the next: 1 second to 10 years. */
  every: Duration;
  /** The time of one of the ticks; all others follow from it. Default: the epoch, so that `"1h"` is due on the hour. */
  anchor?: Date | number;
  cron?: undefined;
  timeZone?: undefined;
}

/**
 * A schedule as users write it.
 * @example
 * const hourly: ScheduleOption = { name: "clean-up", task: "cleanup_expired_jobs", cron: "0 * * * *" };
 * const often: ScheduleOption = { name: "poll", task: "poll", input: { feed: 7 }, every: "5m", overlap: "skip" };
 */
export type ScheduleOption = CronScheduleOption | IntervalScheduleOption;

/** When a schedule is due. */
export type ScheduleTimes = ({ readonly type: "cron" } & CronTimes) | ({ readonly type: "interval" } & IntervalTimes);

/** A schedule as it is stored: plain JSON. */
export interface Schedule {
  readonly name: string;
  readonly times: ScheduleTimes;
  /** The template of its jobs. */
  readonly job: JobTemplate;
  readonly catchUp: CatchUp;
  readonly overlap: Overlap;
  /** Milliseconds. */
  readonly jitter: number;
  /** Epoch milliseconds, included; `null` for no bound. */
  readonly start: number | null;
  /** Epoch milliseconds, included; `null` for no bound. */
  readonly end: number | null;
  readonly paused: boolean;
}

/** The most schedules of one queue. */
export const MOST_SCHEDULES = 10_000;

const COMMON = ["name", "task", "input", "options", "catchUp", "overlap", "jitter", "start", "end", "paused"];
const KNOWN = [...COMMON, "cron", "timeZone", "every", "anchor"];
/** Milliseconds. */
const LONGEST_JITTER = 86_400_000;

/**
 * Checks a schedule as users write it.
 * @param field the name used in errors, e.g. `"schedules[2]"`
 * @throws InvalidInput, PayloadTooLarge
 */
export function parseSchedule(field: string, value: unknown, defaults: TemplateDefaults = {}): Schedule {
  const option = record(field, value);
  const name = parseName(`${field}.name`, option["name"]);
  const times = parseTimes(field, option);
  const overlap = parseOneOf(`${field}.overlap`, option["overlap"] ?? "allow", ["allow", "skip", "supersede"]);
  const job = parseTemplate(field, option["task"], option["input"], option["options"], defaults);
  if (overlap === "supersede" && job.supersedes !== null) {
    throw new InvalidInput(`${field}.options.supersedes`, job.supersedes, 'not beside overlap: "supersede"');
  }
  if (job.tags.length >= MOST_TAGS) {
    throw new InvalidInput(`${field}.options.tags`, job.tags, `at most ${MOST_TAGS - 1} tags: one says the schedule`);
  }
  const start = option["start"] === undefined ? null : parseTime(`${field}.start`, option["start"]);
  const end = option["end"] === undefined ? null : parseTime(`${field}.end`, option["end"]);
  if (start !== null && end !== null && end < start) {
    throw new InvalidInput(`${field}.end`, option["end"], "not before start");
  }
  return {
    name,
    times,
    job,
    catchUp: parseOneOf(`${field}.catchUp`, option["catchUp"] ?? "one", ["skip", "one", "all"]),
    overlap,
    jitter: parseJitter(`${field}.jitter`, option["jitter"], times),
    start,
    end,
    paused: option["paused"] === undefined ? false : parseFlag(`${field}.paused`, option["paused"]),
  };
}

function record(field: string, value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidInput(field, value, "an object with name, task, and cron or every");
  }
  const option: Record<string, unknown> = { ...value };
  for (const key of Object.keys(option)) {
    if (!KNOWN.includes(key)) {
      throw new InvalidInput(`${field}.${key}`, option[key], `no such option; known: ${KNOWN.join(", ")}`);
    }
  }
  return option;
}

function parseTimes(field: string, option: Record<string, unknown>): ScheduleTimes {
  const { cron, timeZone, every, anchor } = option;
  if (cron === undefined && every === undefined) {
    throw new InvalidInput(`${field}.cron`, cron, "give either cron or every");
  }
  if (every === undefined) {
    if (anchor !== undefined) throw new InvalidInput(`${field}.anchor`, anchor, "only with every");
    return {
      type: "cron",
      cron: parseCron(`${field}.cron`, cron),
      timeZone: timeZone === undefined ? "UTC" : parseZone(`${field}.timeZone`, timeZone),
    };
  }
  if (cron !== undefined) throw new InvalidInput(`${field}.every`, every, "give either cron or every, not both");
  if (timeZone !== undefined) throw new InvalidInput(`${field}.timeZone`, timeZone, "only with cron");
  return { type: "interval", ...parseInterval(field, every, anchor) };
}

function parseJitter(field: string, value: unknown, times: ScheduleTimes): number {
  if (value === undefined) return 0;
  const jitter = parseDuration(field, value);
  if (jitter > LONGEST_JITTER) throw new InvalidInput(field, value, "at most 1 day");
  if (times.type === "interval" && jitter > times.every) throw new InvalidInput(field, value, "no longer than every");
  return jitter;
}

function parseOneOf<T extends string>(field: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new InvalidInput(field, value, `one of ${allowed.join(", ")}`);
  return found;
}
