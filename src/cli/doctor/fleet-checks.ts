/** What is looked at of workers, queues and jobs: how many workers there are, what they agree about, what none of them looks after. */
import type { QueueRecord, WorkerLiveness, WorkerRecord } from "../../engine/contract/engine.js";
import { countOf, listOf, type Insight, type InsightCode } from "../../model/insight/insight.js";
import { LONGSHORE_VERSION } from "../../model/version.js";
import { checked, type Check } from "./check.js";

/** The insights that have a check of their own here; those of the store have theirs. */
const OWN: ReadonlySet<InsightCode> = new Set([
  "single-worker",
  "mixed-versions",
  "clock-skew",
  "no-worker",
  "worker-lost",
]);

export function fleetChecks(
  workers: readonly WorkerRecord[],
  queues: readonly QueueRecord[],
  insights: readonly Insight[],
): Check[] {
  return [
    enough(workers),
    versions(workers, insights),
    clocks(workers, insights),
    served(insights),
    orphans(workers, queues),
    ...insights.filter(({ code }) => !OWN.has(code) && !code.startsWith("store-")).map(fromInsight),
  ];
}

function fromInsight({ code, severity, text, advice }: Insight): Check {
  return checked(code, severity === "info" ? "ok" : severity, text, advice);
}

/** Those that may still end the jobs that they hold. */
function holding(workers: readonly WorkerRecord[]): readonly WorkerRecord[] {
  return workers.filter(({ liveness }) => liveness !== "lost");
}

function enough(workers: readonly WorkerRecord[]): Check {
  const named = (wanted: WorkerLiveness): string[] =>
    workers.flatMap(({ name, liveness }) => (liveness === wanted ? [name] : []));
  const [names, silent] = [named("alive"), named("silent")];
  const rest = silent.length === 0 ? "" : `; no sign of life of late from ${listOf(silent)}`;
  if (names.length >= 2) return checked("workers", "ok", `${names.length}: ${listOf(names)}${rest}`);
  const text =
    names.length === 0 ? "no worker is running" : `only ${names[0]} is running: while it restarts, nothing runs`;
  return checked(
    "workers",
    names.length === 0 ? "error" : "warning",
    text + rest,
    "run two or more: longshore pool --workers 2 --tasks FILE",
  );
}

function versions(workers: readonly WorkerRecord[], insights: readonly Insight[]): Check {
  const mixed = insights.find(({ code }) => code === "mixed-versions");
  if (mixed !== undefined) return checked("versions", "warning", mixed.text, mixed.advice);
  const [version] = holding(workers).map(({ longshore }) => longshore);
  if (version === undefined || version === LONGSHORE_VERSION)
    return checked("versions", "ok", `Longshore ${LONGSHORE_VERSION}`);
  return checked(
    "versions",
    "warning",
    `workers run Longshore ${version}, this command ${LONGSHORE_VERSION}`,
    "use the same version everywhere",
  );
}

function clocks(workers: readonly WorkerRecord[], insights: readonly Insight[]): Check {
  const skewed = insights.find(({ code, subjects }) => code === "clock-skew" && subjects.workers !== undefined);
  if (skewed !== undefined) return checked("worker clocks", "warning", skewed.text, skewed.advice);
  const said = holding(workers).flatMap(({ status }) => status?.clockAhead ?? []);
  if (said.length === 0)
    return checked("worker clocks", "unknown", "no worker has said how far its clock is from the store's");
  const most = Math.max(...said.map(Math.abs));
  return checked("worker clocks", "ok", `within ${most} ms of the store's, a round trip included`);
}

function served(insights: readonly Insight[]): Check {
  const unserved = insights.filter(({ code }) => code === "no-worker");
  const [first] = unserved;
  if (first === undefined) return checked("unserved queues", "ok", "every queue with jobs waiting has a worker");
  const queues = unserved.flatMap(({ subjects }) => subjects.queues ?? []);
  const text =
    queues.length === 1 ? first.text : `${queues.length} queues have jobs waiting and no worker: ${listOf(queues)}`;
  return checked("unserved queues", "error", text, first.advice);
}

/** Jobs that run nowhere: their worker is lost, or no worker of their queue is there to take them over. */
function orphans(workers: readonly WorkerRecord[], queues: readonly QueueRecord[]): Check {
  const lost = workers.filter(({ liveness, running }) => liveness === "lost" && running > 0);
  const held = lost.reduce((sum, { running }) => sum + running, 0);
  const left = queues.filter(
    ({ name, counts }) => counts.active > 0 && !holding(workers).some((worker) => worker.queues.includes(name)),
  );
  const stuck = left.reduce((sum, { counts }) => sum + counts.active, 0);
  if (stuck > 0) {
    const names = listOf(left.map(({ name }) => name));
    return checked(
      "orphans",
      "error",
      `${countOf(stuck, "job")} of ${names} ${stuck === 1 ? "has" : "have"} no living worker`,
      "start a worker of the queue: it takes them over",
    );
  }
  if (held > 0) {
    return checked(
      "orphans",
      "warning",
      `${countOf(held, "job")} of lost workers (${listOf(lost.map(({ name }) => name))})`,
      "living workers take them over within a lease",
    );
  }
  return checked("orphans", "ok", "no job of a lost worker is left");
}
