// The rule for changes of the clocks, as the daemon of Debian's cron has it: it wakes up every minute, compares the wall
// clock with the time at which it last ran something, and runs by how far they are apart. Here it lives through a window of
// time minute by minute, with `Intl` for its wall clock.

/** One expression, its fields spelt out. */
export interface Crontab {
  readonly text: string;
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  /** Of the month; `null` for every day. */
  readonly days: ReadonlySet<number> | null;
  /** 0 is Sunday; `null` for every day. */
  readonly weekdays: ReadonlySet<number> | null;
  /** Is there a `*` in the minute or the hour? */
  readonly wild: boolean;
}

const MINUTE = 60_000;
const HOURS = 60;
/** Minutes. */
const QUARTER = 15;

/** What the clocks of a zone show from `from` on, minute by minute, and before that the minute before. */
export function clocksOf(zone: string, from: number, to: number): number[] {
  const clocks: number[] = [];
  for (let at = from - MINUTE; at <= to; at += QUARTER * MINUTE) {
    const minutes = Math.min(QUARTER, (to - at) / MINUTE + 1);
    const first = wallMinute(zone, at);
    // To ask for every minute takes its time: one quarter of an hour after which the clock is where it should be is even.
    const even = wallMinute(zone, at + QUARTER * MINUTE) === first + QUARTER;
    for (let n = 0; n < minutes; n += 1) clocks.push(even ? first + n : wallMinute(zone, at + n * MINUTE));
  }
  return clocks;
}

/** The ticks of the minutes from `from` on whose clocks are given, in epoch milliseconds; several of one minute are one. */
export function ticksOf(crontab: Crontab, from: number, [first = 0, ...clocks]: readonly number[]): number[] {
  const found: number[] = [];
  let ranUpTo = first;
  for (const [index, clock] of clocks.entries()) {
    const ahead = clock - ranUpTo;
    const jobs: boolean[] = [];
    if (ahead === 1 || ahead > 3 * HOURS || ahead <= -3 * HOURS) {
      // As expected, or so far off that the clock must have been set.
      jobs.push(matches(crontab, clock));
      ranUpTo = clock;
    } else if (ahead > 1) {
      if (crontab.wild) jobs.push(matches(crontab, clock));
      else for (let minute = ranUpTo + 1; minute <= clock; minute += 1) jobs.push(matches(crontab, minute));
      ranUpTo = clock;
    } else if (crontab.wild) {
      jobs.push(matches(crontab, clock));
    }
    if (jobs.includes(true)) found.push(from + index * MINUTE);
  }
  return found;
}

function matches({ minutes, hours, days, weekdays }: Crontab, wall: number): boolean {
  const time = new Date(wall * MINUTE);
  if (!minutes.has(time.getUTCMinutes()) || !hours.has(time.getUTCHours())) return false;
  const day = days?.has(time.getUTCDate());
  const weekday = weekdays?.has(time.getUTCDay());
  if (day === undefined) return weekday ?? true;
  return day || (weekday ?? false);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What the clocks of a zone show, in minutes since 1970. */
export function wallMinute(zone: string, at: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
    formats.set(zone, format);
  }
  return Date.parse(`${format.format(at).replace(" ", "T")}Z`) / MINUTE;
}
