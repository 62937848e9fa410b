/** Where a task's handler runs, and its limits: as users write them, checked, defaults filled in. */
import { parseDuration, type Duration } from "../model/value/duration.js";
import { InvalidInput } from "../model/errors/errors.js";
import { parseFlag, parseWhole } from "../model/value/scalar.js";
import { parseSize, type Size } from "../model/value/size.js";

/**
 * Where handlers run: `inline` in the worker's own process; `thread` in a thread of it; `process` in a process of its
 * own, which is killed with everything it started when it does not end in time.
 */
export type RunnerKind = "inline" | "thread" | "process";

/** The options of a task for where its handler runs. Only workers use them; producers need not know them. */
export interface RunnerOptions {
  /**
   * Where the handler runs. Default: `"inline"`. The others need a handler given by `module()`: their children import
   * it. A task that hangs, crashes or keeps a CPU busy then disturbs no other.
   */
  runner?: RunnerKind;
  /**
   * The most memory an attempt may use: bytes, or a string such as `"512MB"`; at least 128 MB. In a thread its
   * JavaScript heap counts (not buffers); in a process its heap and, on Linux, its whole resident memory, looked at
   * every 100 ms. Beyond it the child is ended and the attempt fails with `OutOfMemory`. Default: what Node allows.
   */
  maxMemory?: Size;
  /**
   * Run every job with the code as it is on disk when the job begins, its imports included: a child that has loaded a
   * file that changed since is replaced. Default: false: children keep what they loaded.
   */
  fresh?: boolean;
  /**
   * A child is replaced after so many jobs. Default: 1,000. With 1 every job has a child of its own, and with it module
   * state of its own; one is then kept ready.
   */
  maxJobsPerChild?: number;
  /** How long a handler may take to end after its signal aborted before its child is killed. Default: 5 s. */
  killGrace?: Duration;
}

/** Options checked and filled in. Sizes are bytes, durations milliseconds. */
export interface ParsedRunner {
  readonly kind: RunnerKind;
  readonly maxMemory: number | null;
  readonly fresh: boolean;
  readonly maxJobsPerChild: number;
  readonly killGrace: number;
}

// An empty process takes 60 to 80 MB.
const LEAST_MEMORY = 128 * 1024 ** 2;
const DEFAULT_JOBS = 1_000;
const MOST_JOBS = 1_000_000_000;
const DEFAULT_KILL_GRACE = 5_000;

/** Checks the options. @throws InvalidInput */
export function parseRunner(options: { readonly [Name in keyof RunnerOptions]-?: unknown }): ParsedRunner {
  const { runner = "inline", ...bounds } = options;
  if (!isKind(runner)) throw new InvalidInput("runner", runner, '"inline", "thread" or "process"');
  if (runner === "inline") {
    for (const [name, value] of Object.entries(bounds)) {
      if (value !== undefined) throw new InvalidInput(name, value, 'only beside runner: "thread" or "process"');
    }
  }
  const { maxMemory, fresh, maxJobsPerChild, killGrace } = bounds;
  const memory = maxMemory === undefined ? null : parseSize("maxMemory", maxMemory);
  if (memory !== null && memory < LEAST_MEMORY) throw new InvalidInput("maxMemory", maxMemory, "at least 128MB");
  return {
    kind: runner,
    maxMemory: memory,
    fresh: parseFlag("fresh", fresh ?? false),
    maxJobsPerChild: parseWhole("maxJobsPerChild", maxJobsPerChild ?? DEFAULT_JOBS, 1, MOST_JOBS),
    killGrace: parseDuration("killGrace", killGrace ?? DEFAULT_KILL_GRACE),
  };
}

function isKind(value: unknown): value is RunnerKind {
  return value === "inline" || value === "thread" || value === "process";
}

/** Do handlers run in children, which import them? */
export function needsChildren(runner: ParsedRunner): boolean {
  return runner.kind !== "inline";
}
