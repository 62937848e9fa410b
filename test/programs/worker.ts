// A worker as a process of its own, for tests that kill, freeze and stop it. It is set up by a JSON text in its first
// argument, reports events as JSON lines on standard output, and keeps an execution log: a file to which every handler
// appends a line when its work is done. Both are written at once, so that they survive any death. Ends with its
// standard input, so that it never outlives the test that started it.
import { appendFileSync, existsSync, openSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, LongshoreError, task, type JobContext, type Target, type WorkerOptions } from "longshore";

/** What the program is set up with. */
export interface WorkerSetup {
  readonly target: Target;
  readonly options: WorkerOptions;
  /** Where the execution log is. */
  readonly executionLog?: string;
  /** Handlers of `work` wait until their signal aborts, however short their work. */
  readonly stuck?: boolean;
  /** The names of more tasks that it has, which only keep the execution log. */
  readonly tasks?: readonly string[];
}

/** A line of its reports. */
export interface WorkerReport {
  readonly event: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly id?: string;
  /** What went wrong, or why a signal aborted. */
  readonly why?: string;
}

const setup = JSON.parse(process.argv[2] ?? "") as WorkerSetup;
const executionLog = setup.executionLog === undefined ? null : openSync(setup.executionLog, "a");

function tell(event: string, more: { id?: string; why?: string } = {}): void {
  const line: WorkerReport = { event, at: Date.now(), ...more };
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** Takes `ms` milliseconds, even when its signal aborts. */
const work = task("work", {}, async ({ input, job, signal, progress }: JobContext<{ ms: number }>) => {
  if (setup.executionLog === undefined) tell("start", { id: job.id });
  if (setup.stuck) await aborted(signal);
  progress(50);
  await sleep(input.ms);
  if (executionLog !== null) appendFileSync(executionLog, `${job.id} ${process.pid}\n`);
  return { by: process.pid };
});

/** Waits for its signal. */
const listen = task("listen", {}, async ({ job, signal }: JobContext<null>) => {
  tell("start", { id: job.id });
  await aborted(signal);
  const reason: unknown = signal.reason;
  tell("aborted", { id: job.id, why: reason instanceof LongshoreError ? reason.code : String(reason) });
  throw reason;
});

/** Blocks the event loop for so many milliseconds, or until a file exists; without the CPU, which others need meanwhile. */
const block = task("block", {}, ({ input, job }: JobContext<{ ms: number } | { until: string }>) => {
  tell("start", { id: job.id });
  if ("ms" in input) standStill(input.ms);
  else while (!existsSync(input.until)) standStill(10);
});

/** Takes the whole process down. */
const poison = task("poison", {}, ({ input, job }: JobContext<{ how: "abort" | "kill" }>) => {
  tell("start", { id: job.id });
  if (input.how === "abort") process.abort();
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => {});
});

const more = (setup.tasks ?? []).map((name) =>
  task(name, {}, ({ job }: JobContext<null>) => {
    if (executionLog !== null) appendFileSync(executionLog, `${job.id} ${process.pid}\n`);
    return { by: process.pid };
  }),
);

function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wait = setInterval(() => {}, 60_000);
    const done = (): void => {
      clearInterval(wait);
      resolve();
    };
    if (signal.aborted) done();
    else signal.addEventListener("abort", done, { once: true });
  });
}

const orphaned = (): void => process.exit(1);
process.stdin.once("close", orphaned).resume();
const longshore = await connect(setup.target);
const worker = longshore.worker([work, listen, block, poison, ...more], {
  queues: ["work"],
  signals: true,
  ...setup.options,
});
process.on("SIGTERM", () => tell("signalled"));
worker.on("started", () => tell("started"));
worker.on("error", (error) => tell("error", { why: String(error) }));
worker.on("unknown", (name, error) => tell("unknown", { why: `${name}: ${error.message}` }));
worker.on("lost", ({ id }) => tell("lost", { id }));
if (setup.executionLog === undefined) worker.on("returned", ({ id }) => tell("returned", { id }));
worker.on("cancelled", ({ id }) => tell("cancelled", { id }));
worker.on("failed", ({ id }, error) => tell("failed", { id, why: String(error) }));
if (setup.executionLog === undefined) worker.on("completed", ({ id }) => tell("completed", { id }));
await worker.finished;
await longshore.close();
tell("stopped");
// From here on only what Longshore has left open could keep the process alive.
process.stdin.off("close", orphaned).destroy();
