/** The options of a worker: as users write them, then checked one by one, with defaults filled in. */
import { statSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { randomBytes } from "node:crypto";
import { parseDuration, parsePositiveDuration, type Duration } from "../model/value/duration.js";
import { InvalidInput } from "../model/errors/errors.js";
import { parseName } from "../model/value/name.js";
import { parseFlag, parseWhole } from "../model/value/scalar.js";
import type { Schedule } from "../model/schedule/schedule.js";
import { parseSize, type Size } from "../model/value/size.js";
import { isThenable } from "../model/value/thenable.js";
import { autoConcurrency, thisMachine } from "./lifetime/auto-concurrency.js";
import type { Middleware } from "./execution/middleware.js";
import { parseOrder, type ParsedOrder, type QueueOrder } from "./claim/queue-order.js";
import { parseTaskSchedule, type AnySchedule, type ScheduleSetup } from "../define/schedule.js";

/** The options of a worker. */
export interface WorkerOptions {
  /**
   * The queues it serves. A list is strict order; `{ high: 3, low: 1 }` gives each its share. Default: the queues of
   * its tasks, in the order of the tasks.
   */
  queues?: QueueOrder;
  /**
   * How many jobs it runs at a time: 1 to 10,000. Default: 10. `"auto"` follows this machine, or the part of it that a
   * container may use: 2 for 2 cores and 8 GB, 5 for 4 cores and 16 GB, 10 for 8 cores and 32 GB or more, and between
   * these in proportion; `worker.concurrency` says what it chose.
   */
  concurrency?: "auto" | number;
  /** Its name in listings and attempts. Default: host, process id and a random part. */
  name?: string;
  /** How long `stop()` waits for running jobs before it aborts their signals. Default: 30 s. */
  grace?: Duration;
  /** How long its jobs stay its own without a heartbeat: at least 1 s. Default: 30 s. */
  lease?: Duration;
  /**
   * How many jobs it leases beyond those it can run now. Default: `"auto"`, by the measured time of jobs: none when
   * they take longer than 50 ms, up to 500 when they take less than one. A number fixes it; 0 leases nothing ahead.
   */
  prefetch?: "auto" | number;
  /**
   * How long a job waits that no worker can run, because none has a handler for its task or finds its module, before it
   * fails; counted from when a worker first met it. `0`: it fails at once. Default: 1 h.
   */
  unknownTasks?: Duration;
  /** Stop when nothing is queued and nothing runs. Delayed jobs do not keep it alive. Default: false. */
  burst?: boolean;
  /** Stop after this many runs. Default: never. */
  maxJobs?: number;
  /** Stop after this long without work. Default: never. */
  maxIdle?: Duration;
  /**
   * Stop when the process has more memory (its resident set) than this: bytes, or a string such as `"512MB"`. Checked
   * when runs end and every 5 s; running jobs have their `grace`. Default: never.
   */
  maxRss?: Size;
  /**
   * The folders in which the modules of `module()` are looked up, in this order; a module outside of them is refused.
   * Default: the current folder.
   */
  tasksRoots?: readonly string[];
  /**
   * Schedules to put when it starts, so that a deploy brings them along. An identical schedule is left alone; schedules
   * that are not in the list stay. A paused one stays paused. Give inputs types with `schedule()`. Default: none.
   */
  schedules?: readonly AnySchedule[];
  /** Hooks around every run. */
  middleware?: readonly Middleware[];
  /**
   * Make `currentJob()` work in handlers. It costs about a microsecond a job and a little for every promise. Default:
   * false.
   */
  currentJob?: boolean;
  /**
   * Work for the platform, too: run bulk jobs, one at a time, in a slot beside those of `concurrency`. Default: true; false for a
   * worker with `burst`.
   */
  system?: boolean;
  /** Stop on SIGTERM and SIGINT; a second signal skips the wait. Default: false: a library leaves signals alone. */
  signals?: boolean;
}

/** The checked options, with defaults. Durations are milliseconds. */
export interface ParsedWorkerOptions {
  readonly order: ParsedOrder;
  readonly concurrency: number;
  readonly name: string;
  readonly grace: number;
  readonly lease: number;
  readonly prefetch: "auto" | number;
  readonly unknownTasks: number;
  readonly burst: boolean;
  readonly maxJobs: number;
  readonly maxIdle: number | null;
  /** Bytes. */
  readonly maxRss: number | null;
  readonly tasksRoots: readonly string[];
  readonly middleware: readonly Middleware[];
  readonly currentJob: boolean;
  readonly signals: boolean;
  readonly system: boolean;
}

const KNOWN = [
  "queues",
  "concurrency",
  "name",
  "grace",
  "lease",
  "prefetch",
  "unknownTasks",
  "burst",
  "maxJobs",
  "maxIdle",
  "maxRss",
  "tasksRoots",
  "schedules",
  "middleware",
  "currentJob",
  "signals",
  "system",
];
const DEFAULT_CONCURRENCY = 10;
const MOST_CONCURRENT = 10_000;
const MOST_PREFETCHED = 500;
const DEFAULT_LEASE = 30_000;
const SHORTEST_LEASE = 1_000;
const DEFAULT_GRACE = 30_000;
const DEFAULT_PATIENCE = 3_600_000;

/** Checks options. @throws InvalidInput */
export function parseWorkerOptions(options: WorkerOptions, taskQueues: readonly string[]): ParsedWorkerOptions {
  for (const [key, value] of Object.entries(options)) {
    if (!KNOWN.includes(key)) throw new InvalidInput(key, value, `no such option; known: ${KNOWN.join(", ")}`);
  }
  const lease = parseDuration("lease", options.lease ?? DEFAULT_LEASE);
  if (lease < SHORTEST_LEASE) throw new InvalidInput("lease", options.lease, "at least 1 s");
  const { concurrency = DEFAULT_CONCURRENCY, prefetch = "auto", middleware = [] } = options;
  if (!Array.isArray(middleware)) throw new InvalidInput("middleware", middleware, "a list of {onStart?, onSettle?}");
  return {
    order: parseOrder("queues", options.queues ?? [...new Set(taskQueues)]),
    concurrency:
      concurrency === "auto"
        ? autoConcurrency(thisMachine())
        : parseWhole("concurrency", concurrency, 1, MOST_CONCURRENT),
    name: parseName("name", options.name ?? defaultName()),
    grace: parseDuration("grace", options.grace ?? DEFAULT_GRACE),
    lease,
    prefetch: prefetch === "auto" ? prefetch : parseWhole("prefetch", prefetch, 0, MOST_PREFETCHED),
    unknownTasks: parseDuration("unknownTasks", options.unknownTasks ?? DEFAULT_PATIENCE),
    burst: parseFlag("burst", options.burst ?? false),
    maxJobs:
      options.maxJobs === undefined
        ? Number.POSITIVE_INFINITY
        : parseWhole("maxJobs", options.maxJobs, 1, Number.MAX_SAFE_INTEGER),
    maxIdle: options.maxIdle === undefined ? null : parsePositiveDuration("maxIdle", options.maxIdle),
    maxRss: options.maxRss === undefined ? null : parseSize("maxRss", options.maxRss),
    tasksRoots: parseRoots("tasksRoots", options.tasksRoots ?? [process.cwd()]),
    middleware,
    currentJob: parseFlag("currentJob", options.currentJob ?? false),
    signals: parseFlag("signals", options.signals ?? false),
    system: parseFlag("system", options.system ?? options.burst !== true),
  };
}

/** The default name of a worker: unique on this host and elsewhere. */
export function defaultName(): string {
  return `${hostName()}-${process.pid}-${randomBytes(3).toString("hex")}`;
}

/** The name of this host, made to fit into a worker's name. */
export function hostName(): string {
  return hostname()
    .replace(/[^A-Za-z0-9_.:-]/g, "-")
    .slice(0, 60);
}

function parseRoots(field: string, value: unknown): string[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new InvalidInput(field, value, "a list of at least one folder");
  }
  return value.map((root, index) => {
    if (typeof root === "string" && statSync(root, { throwIfNoEntry: false })?.isDirectory()) return resolve(root);
    throw new InvalidInput(`${field}[${index}]`, root, "an existing folder");
  });
}

/** Checks the schedules of a worker. @throws InvalidInput, PayloadTooLarge */
export function parseSchedules(value: unknown, setup: ScheduleSetup): (Schedule | Promise<Schedule>)[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new InvalidInput("schedules", value, "a list of schedules");
  const names = new Set<unknown>();
  return value.map((option: AnySchedule, index) => {
    const parsed = parseTaskSchedule(`schedules[${index}]`, option, setup);
    if (names.has(option.name))
      throw new InvalidInput(`schedules[${index}].name`, option.name, "used once in the list");
    names.add(option.name);
    // A rejection by an asynchronous schema is reported when the worker starts.
    if (isThenable(parsed)) parsed.then(undefined, () => undefined);
    return parsed;
  });
}
