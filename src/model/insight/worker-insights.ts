/** Workers that are gone, die again and again, disagree about the time or their version; and one that stands alone. */
import { formatDuration } from "../value/duration.js";
import { countOf, groupsOf, listOf, MOST_SUBJECTS, type Insight } from "./insight.js";
import type { ObservedKiller, ObservedLosses, ObservedWorker } from "./observed.js";

/** So many runs of a task that ended with their worker within an hour are a loop. */
export const LOOP_FROM = 3;
/** From how far on clocks differ, in milliseconds. What workers say may be wrong by a round trip. */
export const SKEW_FROM = 5_000;

/** Workers that are gone and hold jobs still. */
export function lostInsights(workers: readonly ObservedWorker[], now: number): Insight[] {
  return workers
    .filter(({ liveness, running }) => liveness === "lost" && running > 0)
    .slice(0, MOST_SUBJECTS)
    .map(({ name, running, seenAt, queues }) => ({
      code: "worker-lost",
      severity: "warning",
      text: `worker ${name} is lost and held ${countOf(running, "job")}: no sign of life for ${formatDuration(now - seenAt)}`,
      subjects: { workers: [name], queues },
      since: seenAt,
      advice: "living workers of its queues run them again; without any, start one",
    }));
}

/** Tasks whose runs end with their worker again and again, and jobs that killed theirs. */
export function crashInsights(losses: readonly ObservedLosses[], killers: readonly ObservedKiller[]): Insight[] {
  const dying = killers.map(({ task, failed, fingerprint, since }): Insight => {
    return {
      code: "crash-loop",
      severity: "error",
      text: `${countOf(failed, "job")} of task ${task} failed because ${failed === 1 ? "its" : "their"} workers died three times while running ${failed === 1 ? "it" : "them"}`,
      subjects: { tasks: [task], failures: [fingerprint] },
      since,
      advice: 'look at memory and native code of that task; `runner: "process"` keeps its death from its worker',
    };
  });
  const known = new Set(killers.map(({ task }) => task));
  const rising = losses
    .filter(({ runs, task }) => runs >= LOOP_FROM && !known.has(task))
    .map(({ queue, task, runs, since }): Insight => {
      return {
        code: "crash-loop",
        severity: "warning",
        text: `queue ${queue}: ${countOf(runs, "run")} of task ${task} ended with their worker in the last hour`,
        subjects: { queues: [queue], tasks: [task] },
        since,
        advice: "are workers killed, out of memory, or stopped without time to end their jobs (grace)?",
      };
    });
  return [...dying, ...rising];
}

/** Clocks that differ from the engine's: those of workers, and that of this process. */
export function skewInsights(workers: readonly ObservedWorker[], storeAhead: readonly number[]): Insight[] {
  const skewed = workers.filter(
    ({ liveness, clockAhead }) => liveness !== "lost" && clockAhead !== null && Math.abs(clockAhead) >= SKEW_FROM,
  );
  const insights: Insight[] = [];
  const [first] = skewed;
  if (first !== undefined) {
    const most = skewed.reduce((a, b) => (Math.abs(b.clockAhead ?? 0) > Math.abs(a.clockAhead ?? 0) ? b : a), first);
    insights.push({
      code: "clock-skew",
      severity: "warning",
      text: `the clocks of ${countOf(skewed.length, "worker")} differ from the store's: that of ${most.name} is ${sideOf(most.clockAhead ?? 0)} it`,
      subjects: { workers: skewed.slice(0, MOST_SUBJECTS).map(({ name }) => name) },
      since: null,
      advice: CLOCKS,
    });
  }
  const furthest = storeAhead.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
  if (Math.abs(furthest) >= SKEW_FROM) {
    insights.push({
      code: "clock-skew",
      severity: "warning",
      text: `the clock of this process is ${sideOf(-furthest)} the store's`,
      subjects: {},
      since: null,
      advice: CLOCKS,
    });
  }
  return insights;
}

const CLOCKS =
  "jobs are timed by the store's clock; set the others with NTP, so that logs and times given as dates agree with it";

function sideOf(ahead: number): string {
  return `${formatDuration(Math.round(Math.abs(ahead)))} ${ahead > 0 ? "ahead of" : "behind"}`;
}

/** Versions of Longshore side by side, and a worker that none would replace. */
export function fleetInsights(workers: readonly ObservedWorker[]): Insight[] {
  const there = workers.filter(({ liveness }) => liveness !== "lost");
  const versions = groupsOf(there, ({ longshore }) => longshore);
  const insights: Insight[] = [];
  if (versions.size > 1) {
    const parts = [...versions]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([version, of]) => `${of.length} on ${version || "an unknown one"}`);
    insights.push({
      code: "mixed-versions",
      severity: "warning",
      text: `workers run different versions of Longshore: ${listOf(parts)}`,
      subjects: { workers: there.slice(0, MOST_SUBJECTS).map(({ name }) => name) },
      since: null,
      advice: "end the deployment that is under way; an older one may refuse what a newer one has stored",
    });
  }
  const [only, ...others] = there.filter(({ liveness }) => liveness === "alive");
  if (only !== undefined && others.length === 0) {
    insights.push({
      code: "single-worker",
      severity: "info",
      text: `worker ${only.name} is the only one: while it restarts, nothing runs`,
      subjects: { workers: [only.name] },
      since: null,
      advice: "run two, best on different machines, or longshore pool --workers 2",
    });
  }
  return insights;
}
