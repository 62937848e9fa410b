/** Schedules that are late, by queue, and those that cannot be read. */
import { formatDuration } from "../value/duration.js";
import { countOf, groupsOf, listOf, MOST_SUBJECTS, type Insight } from "./insight.js";
import { serving } from "../worker/serving.js";
import type { ObservedSchedule, ObservedWorker } from "./observed.js";

/** How late (milliseconds) one may be: sweeps look every half minute. */
const LATE = 120_000;

export function scheduleInsights(
  schedules: readonly ObservedSchedule[],
  workers: readonly ObservedWorker[],
  now: number,
): Insight[] {
  const late = schedules.filter(
    ({ status, nextDue }) => status !== "paused" && nextDue !== null && now - nextDue > LATE,
  );
  const insights: Insight[] = [];
  for (const [queue, some] of groupsOf(late, (schedule) => schedule.queue)) {
    const first = Math.min(...some.map(({ nextDue }) => nextDue ?? now));
    const names = some.map(({ name }) => name);
    const served = serving(workers, queue).length > 0;
    const why = served ? "" : " and no worker serves the queue";
    insights.push({
      code: "schedule-late",
      severity: served ? "warning" : "error",
      text: `queue ${queue}: ${countOf(some.length, "schedule is", "schedules are")} late, ${listOf(names)}, by up to ${formatDuration(now - first)}${why}`,
      subjects: { schedules: names.slice(0, MOST_SUBJECTS), queues: [queue] },
      since: first,
      advice: served
        ? "its workers fire them with their sweeps: are they overloaded, or is the store slow?"
        : `start one: longshore worker ${queue} --tasks FILE`,
    });
  }
  const unreadable = schedules.filter(({ problem }) => problem !== null);
  const [broken] = unreadable;
  if (broken !== undefined) {
    insights.push({
      code: "schedule-unreadable",
      severity: "error",
      text: `${countOf(unreadable.length, "schedule")} cannot be read, so ${unreadable.length === 1 ? "it does" : "they do"} not fire: ${broken.problem}`,
      subjects: { schedules: unreadable.slice(0, MOST_SUBJECTS).map(({ name }) => name) },
      since: null,
      advice: "put it again, or remove it: longshore schedules remove NAME",
    });
  }
  return insights;
}
