/** `longshore stats`: how jobs ended over the last hour or another time, by task, and how full the queues were. */
import type { Command } from "commander";
import { durationFigures, type DurationFigures, type SeriesPoint } from "../../client/series/points.js";
import { parseStep, type SeriesOptions } from "../../client/series/query.js";
import { bucketOf, noDurations, type Durations } from "../../model/series/durations.js";
import { connected } from "../flags/connection.js";
import { jobCount } from "../flags/filters.js";
import type { Output } from "../terminal/output.js";
import { sparkline } from "../terminal/sparkline.js";
import { paint, type Part } from "../terminal/table.js";
import { moment, parsePast, span } from "../terminal/time-text.js";

interface StatsFlags {
  queue?: string;
  task?: string;
  since?: string;
  step?: string;
}

/** The ends of one task of a queue in one way, over the whole time. */
interface Ended {
  readonly queue: string;
  readonly task: string;
  readonly outcome: string;
  readonly count: number;
  readonly wait: DurationFigures;
  readonly run: DurationFigures;
}

export function defineStats(command: Command): void {
  command
    .option("--queue <name>", "jobs of this queue")
    .option("--task <name>", "jobs of this task")
    .option("--since <when>", "a duration ago (2h), or a time (2026-12-01T10:00Z); default: 1h")
    .option("--step <duration>", "minutes (5m) for the last day, hours (1h) for 30 days; default: as fits")
    .action(async (_flags: unknown, command: Command) => {
      const { queue, task, since = "1h", step } = command.opts<StatsFlags>();
      const from = parsePast("--since", since, Date.now());
      const options: SeriesOptions = {
        from,
        ...(queue === undefined ? {} : { queues: queue }),
        ...(task === undefined ? {} : { tasks: task }),
        ...(step === undefined ? {} : { step: parseStep("--step", step) }),
      };
      await connected(command, async ({ longshore, out }) => {
        const [points, apart] = await Promise.all([
          longshore.series(options),
          longshore.series({ ...options, by: ["queue", "task", "outcome"] }),
        ]);
        const ended = addUp(apart);
        if (out.json) out.document({ from, points, ended });
        else show(out, from.getTime(), points, ended);
      });
    });
}

function addUp(points: readonly SeriesPoint[]): Ended[] {
  const sums = new Map<
    string,
    Pick<Ended, "queue" | "task" | "outcome"> & { count: number; wait: Durations; run: Durations }
  >();
  for (const { queue, task, outcome, count, wait, run } of points) {
    const names = { queue: queue ?? "", task: task ?? "", outcome: outcome ?? "" };
    const key = Object.values(names).join(" ");
    let sum = sums.get(key);
    if (sum === undefined) sums.set(key, (sum = { ...names, count: 0, wait: noDurations(), run: noDurations() }));
    sum.count += count;
    add(sum.wait, wait);
    add(sum.run, run);
  }
  return [...sums.values()]
    .map(({ wait, run, ...rest }) => ({ ...rest, wait: durationFigures(wait), run: durationFigures(run) }))
    .toSorted((a, b) => (`${a.queue} ${a.task}` < `${b.queue} ${b.task}` ? -1 : 1));
}

function add(sum: Durations, { sum: milliseconds, buckets }: DurationFigures): void {
  sum.sum += milliseconds;
  for (const { upTo, count } of buckets) {
    const bucket = bucketOf(upTo ?? Number.POSITIVE_INFINITY);
    sum.buckets[bucket] = (sum.buckets[bucket] ?? 0) + count;
  }
}

function show(out: Output, from: number, points: readonly SeriesPoint[], ended: readonly Ended[]): void {
  if (points.length === 0) {
    out.note(`Nothing ended, waited or ran since ${moment(from)}.`);
    return;
  }
  const total = points.reduce((sum, { count }) => sum + count, 0);
  out.line(`Since ${moment(from)}: ${jobCount(total)} ended, or runs of them.`);
  const lines: readonly (readonly [
    title: string,
    of: (point: SeriesPoint) => number,
    most: (value: number) => string,
  ])[] = [
    ["ended", ({ count }) => count, String],
    ["waiting", ({ depth }) => depth ?? 0, rounded],
    ["oldest", ({ oldest }) => oldest ?? 0, span],
    ["busy slots", ({ busy }) => busy ?? 0, rounded],
  ];
  for (const [title, of, text] of lines) {
    const values = everyStep(points, of);
    out.line(paint("dim", title.padEnd(11)), sparkline(values), paint("dim", `  at most ${text(Math.max(...values))}`));
  }
  if (ended.length === 0) return;
  out.line("");
  const columns = ["QUEUE", "TASK", "OUTCOME", "ENDED", "WAIT P50", "P95", "P99", "RUN P50", "P95", "P99"].map(
    (title, index) => {
      return index < 3 ? { title } : { title, align: "right" as const };
    },
  );
  const rows = ended.map(({ queue, task, outcome, count, wait, run }): Part[] => {
    return [queue, task, outcome, String(count), ...percentiles(wait), ...percentiles(run)];
  });
  out.table(columns, rows);
}

/** The values of all steps from the first to the last point: 0 where there is none. */
function everyStep(points: readonly SeriesPoint[], of: (point: SeriesPoint) => number): number[] {
  const times = points.map(({ at }) => at);
  const step = Math.min(...times.slice(1).map((at, index) => at - (times[index] ?? 0)));
  if (!Number.isFinite(step)) return points.map(of);
  const byTime = new Map(points.map((point) => [point.at, of(point)]));
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  return Array.from(
    { length: Math.round((last - first) / step) + 1 },
    (_, index) => byTime.get(first + index * step) ?? 0,
  );
}

function rounded(value: number): string {
  return value.toFixed(value < 10 && !Number.isInteger(value) ? 1 : 0);
}

function percentiles({ p50, p95, p99 }: DurationFigures): string[] {
  return [p50, p95, p99].map((value) => (value === null ? "" : span(Math.round(value))));
}
