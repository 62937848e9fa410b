/** Time zones, as the runtime's own data (ICU) knows them: checked by name, and cut into spans between changes of the clocks. */
import { InvalidInput } from "../errors/errors.js";

/** A time during which the clocks of a zone go on evenly. Instants are epoch milliseconds. */
export interface Span {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** What the wall clock is ahead of UTC, in milliseconds. */
  readonly offset: number;
  /** The offset just before `start`; the same where the clocks did not change, as at the turn of a year. */
  readonly before: number;
}

const RULE = 'the name of a time zone such as "Europe/Berlin", or "UTC"';
const SECOND = 1_000;
/** Since 2000 no zone has changed its clocks twice within this time: the shortest span was a week. */
const STRIDE = 5 * 86_400_000;

// Offsets such as "+02:00" are no zones: some runtimes take them, others do not.
const NAME = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/;

/** Checks the name of a time zone. @throws InvalidInput when this runtime does not know it */
export function parseZone(field: string, value: unknown): string {
  if (typeof value !== "string" || !NAME.test(value)) throw new InvalidInput(field, value, RULE);
  try {
    offsetFormat(value);
  } catch (error) {
    throw new InvalidInput(field, value, RULE, { cause: error });
  }
  return value;
}

// The spans of a zone's year cost a hundred look-ups in its data; a fleet needs few of them again and again.
const MOST_KEPT = 1_000;
const kept = new Map<string, readonly Span[]>();

/** The span of `zone` in which `at` lies. Spans are also cut at the turn of each UTC year. */
export function spanAt(zone: string, at: number): Span {
  const year = new Date(at).getUTCFullYear();
  const key = `${zone} ${year}`;
  let spans = kept.get(key);
  if (spans === undefined) {
    spans = spansOf(zone, Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1));
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(key, spans);
  }
  const span = spans.find(({ end }) => at < end);
  if (span === undefined) throw new RangeError(`no span of ${zone} at ${at}`);
  return span;
}

function spansOf(zone: string, from: number, to: number): Span[] {
  const format = offsetFormat(zone);
  const spans: Span[] = [];
  let start = from;
  let before = offsetOf(format, from - SECOND);
  let offset = offsetOf(format, from);
  for (let at = from; at < to; at += STRIDE) {
    const next = Math.min(at + STRIDE, to - SECOND);
    const after = offsetOf(format, next);
    if (after === offset) continue;
    const change = changeBetween(format, at, next, offset);
    spans.push({ start, end: change, offset, before });
    start = change;
    before = offset;
    offset = after;
  }
  spans.push({ start, end: to, offset, before });
  return spans;
}

/** The first second at which the offset is no longer `offset`, which it is at `low` and is not at `high`. */
function changeBetween(format: Intl.DateTimeFormat, low: number, high: number, offset: number): number {
  let same = low;
  let changed = high;
  while (changed - same > SECOND) {
    const middle = same + Math.floor((changed - same) / (2 * SECOND)) * SECOND;
    if (offsetOf(format, middle) === offset) same = middle;
    else changed = middle;
  }
  return changed;
}

function offsetFormat(zone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
}

const OFFSET = /GMT(?:(?<sign>[+-])(?<hours>\d\d):(?<minutes>\d\d)(?::(?<seconds>\d\d))?)?$/;

function offsetOf(format: Intl.DateTimeFormat, at: number): number {
  const { sign, hours, minutes, seconds } = OFFSET.exec(format.format(at))?.groups ?? {};
  const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds ?? 0);
  return (sign === "-" ? -offset : offset) * SECOND;
}
