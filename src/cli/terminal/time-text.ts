/** Times on the command line: parsing the forms people write, and formatting times for them. */
import { formatDuration, parseDuration } from "../../model/value/duration.js";
import { InvalidInput } from "../../model/errors/errors.js";

const ISO = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** A moment such as `2026-12-01T10:00:00Z`; without a zone it is local time. @throws InvalidInput */
export function parseMoment(flag: string, text: string): Date {
  const date = new Date(ISO.test(text) ? text : Number.NaN);
  if (Number.isNaN(date.getTime())) throw new InvalidInput(flag, text, 'a time such as "2026-12-01T10:00:00Z"');
  return date;
}

/** A moment, or a duration before `now` such as `2h`. @throws InvalidInput */
export function parsePast(flag: string, text: string, now: number): Date {
  if (/^\d{4}-/.test(text)) return parseMoment(flag, text);
  try {
    return new Date(now - parseDuration(flag, text));
  } catch (error) {
    throw new InvalidInput(flag, text, 'a duration such as "2h", or a time such as "2026-12-01T10:00:00Z"', {
      cause: error,
    });
  }
}

/** A moment in local time: `2026-11-21 23:22:43`. */
export function moment(at: number): string {
  const date = new Date(at);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** How long something took: `314ms`, `1.3s`, `5m`. */
export function span(milliseconds: number): string {
  return milliseconds >= 1_000 && milliseconds < 60_000
    ? `${(milliseconds / 1_000).toFixed(1)}s`
    : formatDuration(milliseconds);
}

/** How long before or after `now`: `5m ago`, `in 2h`, `just now`. */
export function relative(at: number, now: number): string {
  if (Math.abs(at - now) < 1_000) return "just now";
  return at > now ? `in ${formatDuration(at - now)}` : `${formatDuration(now - at)} ago`;
}
