/** Queues whose jobs do not run: no worker serves them, knows their task, or takes anything; they are paused, or wait far longer than usual. */
import { formatDuration } from "../value/duration.js";
import { countOf, listOf, type Insight } from "./insight.js";
import type { ObservedAside, ObservedQueue, ObservedWorker } from "./observed.js";
import { serving } from "../worker/serving.js";

const MINUTE = 60_000;
/** For how long a queue with jobs may be paused before that is said. */
const PAUSED_LONG = 60 * MINUTE;
/** So many times as long as usual is far above it, from so long on; and so long is long where nothing is usual. */
const FAR_ABOVE = 5;
const LEAST_WAIT = 5 * MINUTE;
const LONG_WAIT = 60 * MINUTE;

/** What is to be said of a queue: the first of these that is so. */
export function queueInsight(queue: ObservedQueue, workers: readonly ObservedWorker[], now: number): Insight | null {
  if (queue.waiting === 0) return null;
  return queue.paused ? pausedFor(queue, now) : (unserved(queue, workers) ?? waitingLong(queue, now));
}

function pausedFor({ name, pausedAt, waiting }: ObservedQueue, now: number): Insight | null {
  if (pausedAt !== null && now - pausedAt < PAUSED_LONG) return null;
  const long = pausedAt === null ? "" : ` for ${formatDuration(now - pausedAt)}`;
  return {
    code: "paused",
    severity: "warning",
    text: `queue ${name} has been paused${long} while ${countOf(waiting, "job")} wait${waiting === 1 ? "s" : ""}`,
    subjects: { queues: [name] },
    since: pausedAt,
    advice: `longshore resume ${name}, once what it was paused for is over`,
  };
}

function unserved({ name, waiting, headSince }: ObservedQueue, workers: readonly ObservedWorker[]): Insight | null {
  const there = serving(workers, name);
  const common = { subjects: { queues: [name] }, since: headSince };
  if (there.length === 0) {
    const listed = workers.filter(({ queues }) => queues.includes(name));
    const text = `queue ${name} has ${countOf(waiting, "job")} waiting and no worker`;
    return {
      ...common,
      code: "no-worker",
      severity: "error",
      text: listed.length === 0 ? text : `${text} that gives signs of life: ${listOf(listed.map(stateText))}`,
      advice: `start one: longshore worker ${name} --tasks FILE; if one is running, does it use this store and prefix?`,
    };
  }
  const taking = there.filter(({ suspended }) => suspended.length === 0);
  if (taking.length > 0) return null;
  const names = there.map((worker) => worker.name);
  const why = [...new Set(there.flatMap(({ suspended }) => suspended))].join(", ");
  const quiet = there.find(({ suspended }) => suspended.includes("quiet"));
  return {
    ...common,
    subjects: { queues: [name], workers: names },
    code: "quiet-workers",
    severity: "warning",
    text: `queue ${name} has ${countOf(waiting, "job")} waiting, and its workers (${listOf(names)}) take none: ${why}`,
    advice: quiet === undefined ? "start other workers, or wait" : `longshore workers resume ${quiet.name}`,
  };
}

function stateText({ name, liveness }: ObservedWorker): string {
  return `${name} is ${liveness}`;
}

function waitingLong({ name, waiting, headSince, usualWait }: ObservedQueue, now: number): Insight | null {
  if (headSince === null) return null;
  const wait = now - headSince;
  const most = usualWait === null ? LONG_WAIT : Math.max(LEAST_WAIT, usualWait * FAR_ABOVE);
  if (wait <= most) return null;
  const usual =
    usualWait === null
      ? ""
      : `; in the day before it was ${formatDuration(Math.round(usualWait))} at most in a usual hour`;
  return {
    code: "waiting-long",
    severity: "warning",
    text: `queue ${name}: the next job has waited for ${formatDuration(wait)}, ${countOf(waiting, "job waits", "jobs wait")}${usual}`,
    subjects: { queues: [name] },
    since: headSince,
    advice: `see what its workers do (longshore workers) and how many it needs (longshore capacity ${name})`,
  };
}

/** What is to be said of jobs that a worker had no code for. A queue without workers is said to have none. */
export function asideInsight(
  { queue, task, jobs, since }: ObservedAside,
  workers: readonly ObservedWorker[],
): Insight | null {
  const there = serving(workers, queue);
  if (there.length === 0) return null;
  const having = there.filter(({ tasks }) => tasks.includes(task)).map(({ name }) => name);
  const what = `queue ${queue}: ${countOf(jobs, "job")} of task ${task} ${jobs === 1 ? "is" : "are"} set aside`;
  const common = { code: "unknown-task", since, subjects: { queues: [queue], tasks: [task] } } as const;
  if (having.length === 0) {
    return {
      ...common,
      severity: "error",
      text: `${what}: no worker of the queue knows that task`,
      advice: `start a worker with its code, or cancel them: longshore bulk cancel --queue ${queue} --task ${task}`,
    };
  }
  return {
    ...common,
    severity: "warning",
    text: `${what}: a worker did not find its code, though ${listOf(having)} list${having.length === 1 ? "s" : ""} the task`,
    advice: "they are taken by those that do, as slots come free; are all workers of the same version?",
  };
}
