/** Schedules for people: all in a table, or each in full with its next five times. */
import type { ScheduleSnapshot } from "../../client/schedules/schedule-snapshot.js";
import type { ScheduleTimes } from "../../model/schedule/schedule.js";
import type { Output } from "../terminal/output.js";
import { paint, type Part } from "../terminal/table.js";
import { jsonText } from "../terminal/terminal-text.js";
import { moment, relative } from "../terminal/time-text.js";

/** Prints one line for each schedule. */
export function printSchedules(out: Output, schedules: readonly ScheduleSnapshot[], now: number): void {
  const columns = ["NAME", "QUEUE", "TASK", "WHEN", "NEXT", "LAST JOB"].map((title) => ({ title }));
  out.table(
    columns,
    schedules.map((schedule) => [
      schedule.name,
      schedule.queue,
      schedule.task,
      whenText(schedule.times),
      nextPart(schedule, now),
      schedule.lastJob ?? "-",
    ]),
  );
}

/** Prints a schedule in full. */
export function printSchedule(out: Output, schedule: ScheduleSnapshot, now: number): void {
  const { name, queue, task, times, catchUp, overlap, jitter, start, end, next, lastJob, problem, input } = schedule;
  out.line(paint("bold", name), "  ", nextPart(schedule, now));
  const field = (title: string, ...parts: readonly Part[]): void => {
    out.line("  ", paint("dim", title.padEnd(11)), ...parts);
  };
  field("task", task);
  field("queue", queue);
  field("when", whenText(times));
  if (start !== null) field("start", moment(start));
  if (end !== null) field("end", moment(end));
  field("catch up", catchUp);
  field("overlap", overlap);
  if (jitter > 0) field("jitter", `up to ${exact(jitter)}`);
  for (const [index, time] of next.entries()) {
    field(index === 0 ? "next" : "", `${moment(time)}  ${relative(time, now)}`);
  }
  if (lastJob !== null) field("last job", lastJob);
  if (problem === null) field("input", jsonText(input));
  else field("problem", paint("red", problem));
}

function nextPart({ problem, paused, next: [first] }: ScheduleSnapshot, now: number): Part {
  if (problem !== null) return paint("red", "cannot be read");
  if (paused) return paint("yellow", "paused");
  return first === undefined ? paint("dim", "over") : relative(first, now);
}

/** When a schedule is due, in words: `0 * * * * UTC`, `every 90s`. */
function whenText(times: ScheduleTimes | null): string {
  if (times === null) return "-";
  return times.type === "cron" ? `${times.cron} ${times.timeZone}` : `every ${exact(times.every)}`;
}

const UNITS: readonly (readonly [unit: string, milliseconds: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
];

/** A duration in the largest unit that divides it. */
function exact(milliseconds: number): string {
  const [unit, size] = UNITS.find(([, one]) => milliseconds % one === 0) ?? ["ms", 1];
  return `${milliseconds / size}${unit}`;
}
