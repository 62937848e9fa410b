/** The log of a worker: its start and stop, and the end of each run. Inputs and results are never logged. */
import { describeFailure } from "../../model/failure/failure.js";
import { formatSize } from "../../model/value/size.js";
import type { RunningJob } from "../../define/context.js";
import type { Worker } from "../../worker/worker.js";
import type { Log, LogFields, LoggedError } from "./log.js";

/** Logs a worker's events. */
export function logWorker(worker: Worker, log: Log, facts: LogFields): void {
  const began = new WeakMap<RunningJob, number>();
  const fieldsOf = (job: RunningJob): LogFields => {
    const { id, queue, task, attempt, attempts } = job;
    const from = began.get(job);
    const durationMs = from === undefined ? undefined : Math.round(performance.now() - from);
    return { job: id, task, queue, attempt, attempts, ...(durationMs === undefined ? {} : { durationMs }) };
  };
  let completed = 0;
  let failed = 0;

  worker.on("started", () => log.write("info", "Worker started", facts));
  worker.on("active", (job) => {
    log.write("info", "Job started", fieldsOf(job));
    began.set(job, performance.now());
  });
  worker.on("completed", (job) => {
    completed += 1;
    log.write("info", "Job completed", fieldsOf(job));
  });
  worker.on("partial", (job, _result, failures) => {
    completed += 1;
    log.write("warn", "Job half succeeded", { ...fieldsOf(job), failures: failures.length });
  });
  worker.on("failed", (job, error) => {
    failed += 1;
    log.write("error", "Job failed", { ...fieldsOf(job), error: describe(error) });
  });
  worker.on("retrying", (job, error, delay) => {
    log.write("warn", "Job retrying", { ...fieldsOf(job), retryInMs: delay, error: withoutStack(describe(error)) });
  });
  worker.on("snoozed", (job, delay) => log.write("info", "Job snoozed", { ...fieldsOf(job), againInMs: delay }));
  worker.on("waiting", (job) => log.write("info", "Job waiting for others", fieldsOf(job)));
  worker.on("returned", (job) => log.write("info", "Job returned", fieldsOf(job)));
  worker.on("cancelled", (job) => log.write("info", "Job cancelled", fieldsOf(job)));
  worker.on("superseded", (job) => log.write("info", "Job superseded", fieldsOf(job)));
  worker.on("expired", (job) => log.write("warn", "Job expired", fieldsOf(job)));
  worker.on("lost", (job) => log.write("warn", "Job lost its lease", fieldsOf(job)));
  worker.on("blocked", (tasks, ms) => log.write("warn", "Event loop blocked", { tasks: tasks.join(", "), ms }));
  worker.on("unknown", (task, error) => {
    log.write("warn", "Jobs left to other workers", { task, error: withoutStack(describe(error)) });
  });
  worker.on("error", (error) => log.write("error", "Worker trouble", { error: withoutStack(describe(error)) }));
  worker.on("stopping", (reason) => {
    // The caller of stop() has logged why.
    if (reason === "stop") return;
    const grown = reason === "maxRss" ? { rss: formatSize(process.memoryUsage.rss()) } : {};
    log.write("info", "Worker stopping", { reason, ...grown, running: worker.running });
  });
  worker.on("stopped", () => log.write("info", "Worker stopped", { name: worker.name, completed, failed }));
}

function describe(thrown: unknown): LoggedError {
  const { name, message, code, stack } = describeFailure(thrown);
  return { name, message, ...(code === null ? {} : { code }), ...(stack === null ? {} : { stack }) };
}

function withoutStack({ stack: _stack, ...error }: LoggedError): LoggedError {
  return error;
}
