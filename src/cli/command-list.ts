/**
 * The commands, in the order in which the help lists them. The code of one is loaded when it is chosen: what it needs, and that of the others
 * even more, takes longer to load than most commands take to run.
 */
import type { Command } from "commander";

/** A command as the list has it. */
export interface ListedCommand {
  readonly name: string;
  readonly description: string;
  /** Loads what adds its arguments, flags and subcommands, and says what it does. */
  readonly load: () => Promise<(command: Command) => void>;
}

export const COMMANDS: readonly ListedCommand[] = [
  {
    name: "up",
    description: "run jobs and serve the HTTP API, with one command",
    load: async () => (await import("./commands/run/up.js")).defineUp,
  },
  {
    name: "worker",
    description: "run jobs until stopped",
    load: async () => (await import("./commands/run/worker.js")).defineWorker,
  },
  {
    name: "pool",
    description: "run several workers, and replace those that end",
    load: async () => (await import("./commands/run/pool.js")).definePool,
  },
  {
    name: "dashboard",
    description: "serve the HTTP API, without running jobs",
    load: async () => (await import("./commands/run/dashboard.js")).defineDashboard,
  },
  {
    name: "workers",
    description: "workers of any process: list them, quiet, resume or stop one",
    load: async () => (await import("./commands/workers.js")).defineWorkers,
  },
  {
    name: "enqueue",
    description: "enqueue a job and print its id",
    load: async () => (await import("./commands/jobs/enqueue.js")).defineEnqueue,
  },
  {
    name: "info",
    description: "show queues with their counts, workers, and what keeps jobs from running",
    load: async () => (await import("./commands/info.js")).defineInfo,
  },
  {
    name: "stats",
    description: "show how many jobs ended and how, how long they waited and ran, and how full the queues were",
    load: async () => (await import("./commands/stats.js")).defineStats,
  },
  {
    name: "jobs",
    description: "list jobs, or count them",
    load: async () => (await import("./commands/jobs/jobs.js")).defineJobs,
  },
  {
    name: "job",
    description: "show a job with its progress, steps, attempts, error and log",
    load: async () => (await import("./commands/jobs/job.js")).defineJob,
  },
  {
    name: "search",
    description: "find jobs by a text: an id or a part of it, a tag, a task or what people call it, an error",
    load: async () => (await import("./commands/jobs/search.js")).defineSearch,
  },
  {
    name: "why",
    description: "say why a job does not run, the decisive reason first",
    load: async () => (await import("./commands/jobs/why.js")).defineWhy,
  },
  {
    name: "flow",
    description: "show a flow as a tree of its jobs, with progress, times and errors",
    load: async () => (await import("./commands/jobs/flow.js")).defineFlow,
  },
  {
    name: "retry",
    description: "queue jobs that have ended again; with a filter without --state, those that failed",
    load: async () => (await import("./commands/control.js")).defineControl,
  },
  {
    name: "cancel",
    description: "end jobs that have not ended; running ones are aborted",
    load: async () => (await import("./commands/control.js")).defineControl,
  },
  {
    name: "promote",
    description: "make delayed jobs ready now",
    load: async () => (await import("./commands/control.js")).defineControl,
  },
  {
    name: "release",
    description: "let go jobs that were enqueued with --hold",
    load: async () => (await import("./commands/control.js")).defineControl,
  },
  {
    name: "remove",
    description: "remove jobs that do not run, with all that is stored about them",
    load: async () => (await import("./commands/control.js")).defineControl,
  },
  {
    name: "bulk",
    description: "do something to all jobs that match, as a job that workers run",
    load: async () => (await import("./commands/jobs/bulk.js")).defineBulk,
  },
  {
    name: "failed",
    description: "what failed, by cause: look after causes, retry or remove jobs",
    load: async () => (await import("./commands/jobs/failed.js")).defineFailed,
  },
  {
    name: "pause",
    description: "stop starting jobs of a queue; running ones go on",
    load: async () => (await import("./commands/queue.js")).definePause,
  },
  {
    name: "resume",
    description: "start jobs of a paused queue again",
    load: async () => (await import("./commands/queue.js")).defineResume,
  },
  {
    name: "empty",
    description: "remove the jobs that wait in a queue, with their data",
    load: async () => (await import("./commands/queue.js")).defineEmpty,
  },
  {
    name: "obliterate",
    description: "remove a queue with all its jobs, ended ones included; nothing of it is left",
    load: async () => (await import("./commands/queue.js")).defineObliterate,
  },
  {
    name: "schedules",
    description: "jobs at given times: list, add, pause, run, remove",
    load: async () => (await import("./commands/schedules.js")).defineSchedules,
  },
  {
    name: "token",
    description: "tokens for the server: create, list, revoke",
    load: async () => (await import("./commands/token.js")).defineToken,
  },
  {
    name: "ping",
    description: "check that the engine answers",
    load: async () => (await import("./commands/check/ping.js")).definePing,
  },
  {
    name: "init",
    description: "write a tasks file, a worker and an enqueue script for a new project; nothing is overwritten",
    load: async () => (await import("./commands/init.js")).defineInit,
  },
  {
    name: "doctor",
    description: "look at store, workers, queues and environment, and say what is wrong and what to do",
    load: async () => (await import("./commands/check/doctor.js")).defineDoctor,
  },
  {
    name: "insights",
    description: "say what needs attention, the worst first, and what to do about it",
    load: async () => (await import("./commands/check/insights.js")).defineInsights,
  },
  {
    name: "capacity",
    description: "say how many slots and workers queues need, from how jobs came and how long they ran",
    load: async () => (await import("./commands/check/capacity.js")).defineCapacity,
  },
  {
    name: "smoke",
    description: "let one job go through a worker: enqueued, leased, completed, removed, with its timings",
    load: async () => (await import("./commands/check/smoke.js")).defineSmoke,
  },
];
