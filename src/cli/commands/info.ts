/** `longshore info`: queues with their counts, workers, the engine, and the reasons why waiting jobs do not run. */
import type { Command } from "commander";
import type { AsideRecord, EngineInfo, QueueRecord, WorkerRecord } from "../../engine/contract/engine.js";
import { STATES } from "../../model/job/state.js";
import { connected } from "../flags/connection.js";
import { NotFound } from "../terminal/exit.js";
import { jobCount } from "../flags/filters.js";
import type { Output } from "../terminal/output.js";
import { stateStyle } from "../views/job-table.js";
import { paint, type Part } from "../terminal/table.js";
import { relative, span } from "../terminal/time-text.js";
import { isReserved } from "../../model/value/name.js";
import { serving } from "../../model/worker/serving.js";

/** The whole output. */
interface Info {
  readonly engine: EngineInfo;
  readonly queues: readonly (QueueRecord & { readonly workers: number })[];
  readonly workers: readonly WorkerRecord[];
  /** The queues of the platform, such as that of bulk jobs. */
  readonly platform: readonly QueueRecord[];
  /** Queued jobs that a worker had no code for, by queue and task. */
  readonly aside: readonly AsideRecord[];
  /** The reasons why waiting jobs do not run, in words. */
  readonly problems: readonly string[];
}

export function defineInfo(command: Command): void {
  command.argument("[queues...]", "only these").action(async (names: string[], _flags: unknown, command: Command) => {
    await connected(command, async ({ longshore, out }) => {
      const [all, workers] = await Promise.all([longshore.queues({ system: true }), longshore.workers()]);
      const selected = select(
        all.filter(({ name }) => !isReserved(name)),
        names,
      );
      const platform = names.length === 0 ? all.filter(({ name }) => isReserved(name)) : [];
      const aside = await longshore.aside(selected.map(({ name }) => name));
      const info = { ...collectInfo(longshore.info, selected, workers, aside), platform };
      if (out.json) out.document(info);
      else show(out, info, Date.now());
    });
  });
}

function select(queues: readonly QueueRecord[], names: readonly string[]): readonly QueueRecord[] {
  for (const name of names) {
    if (!queues.some((queue) => queue.name === name)) {
      throw new NotFound(`no queue ${name}; there are ${queues.map((queue) => queue.name).join(", ") || "none"}`);
    }
  }
  return names.length === 0 ? queues : queues.filter(({ name }) => names.includes(name));
}

function collectInfo(
  engine: EngineInfo,
  queues: readonly QueueRecord[],
  workers: readonly WorkerRecord[],
  aside: readonly AsideRecord[],
): Omit<Info, "platform"> {
  const served = queues.map((queue) => ({
    ...queue,
    workers: serving(workers, queue.name).length,
  }));
  const names = new Set(queues.map(({ name }) => name));
  const concerned = workers.filter((worker) => worker.queues.some((name) => names.has(name)));
  return {
    engine,
    queues: served,
    workers: concerned,
    aside,
    problems: [
      ...concerned.flatMap((worker) => missing(worker, Date.now())),
      ...concerned.flatMap(quiet),
      ...served.flatMap((queue) => problemsOf(queue, workers)),
      ...aside.flatMap((record) => lacking(record, workers)),
    ],
  };
}

/** The line about a worker that holds jobs and gives no sign of life. */
function missing({ name, host, pid, liveness, running, seenAt, leaseEndsAt }: WorkerRecord, now: number): string[] {
  if (liveness === "alive" || running === 0) return [];
  const silence = `worker ${name} (${host}, process ${pid}) holds ${jobCount(running)} and has given no sign of life for ${span(now - seenAt)}`;
  const lapse = liveness === "lost" ? "its lease has lapsed" : `its lease lapses in ${span(leaseEndsAt - now)}`;
  return [`${silence}; ${lapse}, and living workers then run again what it held`];
}

/** The line about a worker that was commanded to take nothing. */
function quiet({ name, liveness, status }: WorkerRecord): string[] {
  if (liveness === "lost" || status?.suspended.includes("quiet") !== true) return [];
  return [`worker ${name} is quiet and takes no jobs: longshore workers resume ${name}`];
}

/** The reason why jobs set aside do not run. A queue without workers has a problem line of its own. */
function lacking({ queue, task, jobs, since }: AsideRecord, workers: readonly WorkerRecord[]): string[] {
  const living = serving(workers, queue);
  if (living.length === 0) return [];
  const having = living.filter(({ tasks }) => tasks.some(({ name }) => name === task)).length;
  const what = `${jobCount(jobs)} of task ${task} ${jobs === 1 ? "has" : "have"} waited ${span(Date.now() - since)}`;
  const why =
    having === 0
      ? "no worker here knows that task"
      : `a worker did not find its code, ${having === 1 ? "one lists" : `${having} list`} the task`;
  return [`queue ${queue}: ${what}: ${why}`];
}

function problemsOf({ name, paused, counts, workers }: Info["queues"][number], all: readonly WorkerRecord[]): string[] {
  const waiting = counts.queued;
  const mayRun = all.some(({ liveness, queues }) => liveness !== "lost" && queues.includes(name));
  const lost = mayRun ? 0 : counts.active;
  const waits = lost > 0 && waiting > 0 ? ` and ${waiting} waiting` : "";
  const start = `longshore worker ${name} --tasks FILE`;
  if (paused && lost + waiting > 0) {
    const what = lost > 0 ? `${jobCount(lost)} of workers that are gone${waits}` : `${jobCount(waiting)} waiting`;
    return [`queue ${name} is paused and has ${what}: longshore resume ${name}${lost > 0 ? `, then ${start}` : ""}`];
  }
  if (lost > 0) {
    return [
      `queue ${name} has ${jobCount(lost)} of workers that are gone${waits}; the next worker takes them over: ${start}`,
    ];
  }
  if (waiting === 0 || workers > 0) return [];
  return [`queue ${name} has ${jobCount(waiting)} waiting and no worker: ${start}`];
}

function show(out: Output, { engine, queues, workers, platform, problems }: Info, now: number): void {
  out.line(paint("bold", engine.url), `  persistence: ${engine.persistence}`);
  out.line();
  if (queues.length === 0) out.line("No queues yet.");
  else showQueues(out, queues);
  out.line();
  if (workers.length === 0) out.line("No workers.");
  else showWorkers(out, workers, now);
  for (const { name, counts } of platform) {
    const present = STATES.filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${state}`);
    out.line(paint("dim", `${name}  ${present.length === 0 ? "empty" : present.join(", ")}`));
  }
  for (const problem of problems) out.line(paint("yellow", `! ${problem}`));
}

function showQueues(out: Output, queues: Info["queues"]): void {
  // Most queues have no partial, superseded … jobs: columns without a count are left out.
  const always = new Set<string>(["queued", "active", "delayed", "completed", "failed"]);
  const states = STATES.filter((state) => always.has(state) || queues.some(({ counts }) => counts[state] > 0));
  out.table(
    [
      { title: "QUEUE" },
      ...states.map((state) => ({ title: state.toUpperCase(), align: "right" as const })),
      { title: "WORKERS", align: "right" },
      { title: "" },
    ],
    queues.map(({ name, paused, counts, workers }): Part[] => [
      name,
      ...states.map((state) => paint(counts[state] > 0 ? stateStyle(state) : "dim", String(counts[state]))),
      String(workers),
      paused ? paint("yellow", "paused") : "",
    ]),
  );
}

function showWorkers(out: Output, workers: readonly WorkerRecord[], now: number): void {
  out.table(
    [
      { title: "WORKER" },
      { title: "LIVENESS" },
      { title: "HOST" },
      { title: "PID", align: "right" },
      { title: "RUNNING", align: "right" },
      { title: "STARTED" },
      { title: "LAST BEAT" },
      { title: "QUEUES" },
    ],
    workers.map(({ name, liveness, host, pid, running, concurrency, startedAt, seenAt, queues }) => [
      name,
      liveness === "alive" ? liveness : paint(liveness === "lost" ? "red" : "yellow", liveness),
      host,
      String(pid),
      `${running}/${concurrency}`,
      relative(startedAt, now),
      relative(seenAt, now),
      queues.join(","),
    ]),
  );
}
