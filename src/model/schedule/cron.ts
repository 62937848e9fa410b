/**
 * Cron expressions. Croner parses them and walks the calendar, but only on a clock that never changes, so that the
 * mapping from wall-clock times to *instants* is decided in one place, `cron-tick.ts`.
 */
import { Cron } from "croner";
import { InvalidInput } from "../errors/errors.js";

/** The longest expression accepted, in characters. */
export const LONGEST_EXPRESSION = 256;

const MACROS: ReadonlyMap<string, string> = new Map([
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
  ["@monthly", "0 0 1 * *"],
  ["@weekly", "0 0 * * 0"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@hourly", "0 * * * *"],
]);

const RULE = `a cron expression of 5 fields (minute hour day month weekday), 6 with seconds first, or one of ${[...MACROS.keys()].join(" ")}`;

// These years begin on each weekday, with and without a leap day: a date that is in none of them never comes.
const EVERY_CALENDAR = "2000-2006,2008-2010,2012,2016,2020,2024";
const BEFORE_EVERY_CALENDAR = Date.UTC(2000, 0, 1) - 1_000;

/** A parsed expression. Times of the wall clock are milliseconds since 1970 as if that clock showed UTC. */
export class CronExpression {
  /**
   * Does it name particular times, with no `*` in seconds, minutes and hours? Those get special treatment when the
   * clocks change; the others follow the clock.
   */
  readonly fixed: boolean;
  readonly #cron: Cron;
  #asked = Number.POSITIVE_INFINITY;
  #answer = Number.NEGATIVE_INFINITY;

  /** @param fields six fields that croner accepts */
  constructor(fields: readonly string[]) {
    this.fixed = !fields.slice(0, 3).some((field) => /[*?]/.test(field));
    this.#cron = new Cron(fields.join(" "), { mode: "6-part", utcOffset: 0 });
  }

  /** The first wall-clock time strictly after `after`; `null` when none is left before the year 3000. */
  next(after: number): number | null {
    // Times that come once in many years are asked for again at each change of the clocks on the way.
    if (after >= this.#asked && after < this.#answer) return this.#answer;
    const next = this.#cron.nextRun(new Date(after))?.getTime() ?? null;
    this.#asked = after;
    this.#answer = next ?? Number.NEGATIVE_INFINITY;
    return next;
  }

  /** The last wall-clock time strictly before `before`; `null` when there was none. */
  previous(before: number): number | null {
    return this.#cron.previousRuns(1, new Date(before))[0]?.getTime() ?? null;
  }
}

/**
 * Checks a cron expression and gives its text, white space tidied. Beside numbers, names, `*`, lists, ranges and steps it
 * may have `L` (last day), `15W` (nearest weekday), `LW` in the day of the month; `FRI#2`, `FRI#L` (second, last Friday) in
 * the weekday; `?` for `*`. A day of the month and a weekday together mean either, as in every cron.
 * @throws InvalidInput when it is not one, is longer than 256 characters, or names a date that never comes (30 February)
 */
export function parseCron(field: string, value: unknown): string {
  if (typeof value !== "string") throw new InvalidInput(field, value, RULE);
  if (value.length > LONGEST_EXPRESSION) {
    // The error quotes the value, and must not take long over a million characters either.
    const quoted = value.slice(0, LONGEST_EXPRESSION);
    throw new InvalidInput(field, quoted, `at most ${LONGEST_EXPRESSION} characters; ${RULE}`);
  }
  const text = value.trim().replaceAll(/\s+/g, " ");
  const fields = fieldsOf(text);
  if (fields === null) throw new InvalidInput(field, value, RULE);
  if (!comes(field, value, fields)) throw new InvalidInput(field, value, "a date that comes: this one never does");
  return text;
}

function comes(field: string, value: string, fields: readonly string[]): boolean {
  try {
    // The years bound the search: without them croner searches a thousand years.
    const cron = new Cron([...fields, EVERY_CALENDAR].join(" "), { mode: "7-part", utcOffset: 0 });
    return cron.nextRun(new Date(BEFORE_EVERY_CALENDAR)) !== null;
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error);
    throw new InvalidInput(field, value, `${RULE}; ${why}`, { cause: error });
  }
}

/** The six fields of an expression or macro; `null` when there are more or fewer. */
function fieldsOf(text: string): string[] | null {
  const fields = (MACROS.get(text.toLowerCase()) ?? text).split(" ");
  // Croner's "+MON" (this date if it is a Monday) is known to no other cron, and it takes croner long to decide whether
  // such a date ever comes.
  if (text.includes("+")) return null;
  if (fields.length === 5) return ["0", ...fields];
  return fields.length === 6 ? fields : null;
}

// Croner's form of an expression takes 80 kB, so only those in use are kept.
const MOST_KEPT = 64;
const kept = new Map<string, CronExpression>();

/** An expression that `parseCron` has let through. */
export function readCron(text: string): CronExpression {
  let expression = kept.get(text);
  if (expression === undefined) {
    expression = new CronExpression(fieldsOf(text) ?? []);
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(text, expression);
  }
  return expression;
}
