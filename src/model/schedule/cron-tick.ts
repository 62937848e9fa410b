/**
 * From times of the wall clock to instants: ticks of a cron schedule when the clocks of its zone change. The rule is
 * that of Debian's (Vixie's) cron, for changes of less than three hours:
 *
 * - An expression that names particular times (no `*` in seconds, minutes and hours) never loses one. Times that the
 *   clocks skip run once, at the moment of the change: in Berlin `30 2 * * *` is due at 03:00 on the last Sunday of
 *   March. Times that come twice count the first time only.
 * - An expression with a `*` there follows the clock: one for every ten minutes goes on every ten minutes through every
 *   change, and `0 * * * *` is due in both of the hours that bear the same name.
 *
 * A change of three hours or more is a correction of the calendar (a country that crosses the date line): skipped times
 * do not run, and repeated ones count twice. Several skipped times of one change are a single tick, because a tick is
 * identified by its time; Debian's cron would run each.
 */
import { readCron, type CronExpression } from "./cron.js";
import { spanAt, type Span } from "./zone.js";

const SECOND = 1_000;
/** A change of at least this many milliseconds is a correction. */
const CORRECTION = 3 * 3_600_000;

/** When a cron schedule is due: an expression and the zone whose clocks it means. */
export interface CronTimes {
  readonly cron: string;
  readonly timeZone: string;
}

/** The first tick strictly after the instant `after`; `null` when there is none before the year 3000. */
export function nextCronTick({ cron, timeZone }: CronTimes, after: number): number | null {
  const expression = readCron(cron);
  const from = Math.floor(after / SECOND) * SECOND + SECOND;
  let span = spanAt(timeZone, from);
  for (;;) {
    const atStart = from <= span.start;
    const first = firstOf(span, expression);
    const wall = expression.next((atStart ? first : Math.max(first, from + span.offset)) - SECOND);
    if (wall === null) return null;
    // A time that the clocks skip lies before the span: it is due when the span starts.
    const tick = Math.max(wall - span.offset, span.start);
    if (tick < span.end) return tick;
    span = spanAt(timeZone, span.end);
  }
}

/** The last tick strictly before the instant `before`; `null` when there was none. */
export function previousCronTick({ cron, timeZone }: CronTimes, before: number): number | null {
  const expression = readCron(cron);
  const until = Math.ceil(before / SECOND) * SECOND;
  let span = spanAt(timeZone, until - SECOND);
  for (;;) {
    const wall = expression.previous(Math.min(until, span.end) + span.offset);
    if (wall === null) return null;
    if (wall >= firstOf(span, expression)) return Math.max(wall - span.offset, span.start);
    span = spanAt(timeZone, span.start - SECOND);
  }
}

/** The first wall-clock time that counts in a span: skipped times belong to the span after them, repeated ones to the one before. */
function firstOf({ start, offset, before }: Span, { fixed }: CronExpression): number {
  return start + (fixed && Math.abs(offset - before) < CORRECTION ? before : offset);
}
