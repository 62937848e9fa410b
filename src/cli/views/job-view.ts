/** One job in full, for people. */
import type { MilestoneRecord, StepRecord } from "../../client/jobs/step-records.js";
import type { DependencyRecord } from "../../model/job/dependency.js";
import type { JobSnapshot } from "../../model/job/query/snapshot.js";
import type { Failure } from "../../model/failure/failure.js";
import type { AttemptRecord, RanBy } from "../../model/job/job.js";
import type { JobLog, LogLine } from "../../model/job/report/log.js";
import type { Remaining } from "../../model/job/report/remaining.js";
import type { StepFailure } from "../../model/failure/step-failure.js";
import { countersText, progressText, stateStyle } from "./job-table.js";
import type { Output } from "../terminal/output.js";
import { paint, type Part } from "../terminal/table.js";
import { jsonText } from "../terminal/terminal-text.js";
import { moment, relative, span } from "../terminal/time-text.js";

/** A job and its data outside the snapshot. */
export interface JobDetails {
  readonly job: JobSnapshot;
  /** What people call its task, and where they see its result; `null`: no worker has said. */
  readonly label: string | null;
  readonly resultUrl: string | null;
  readonly dependencies: readonly DependencyRecord[];
  readonly position: number | null;
  readonly remaining: Remaining | null;
  readonly steps: readonly StepRecord[];
  readonly milestones: readonly MilestoneRecord[];
  readonly log: JobLog;
}

/** The most dependencies listed by name. */
const MOST_AWAITED = 10;

/** Prints a job with its attempts, error, payloads and log. */
export function printJob(out: Output, details: JobDetails, now: number): void {
  const { job, label, resultUrl, dependencies, position, remaining, steps, milestones, log } = details;
  out.line(paint("bold", job.id), "  ", paint(stateStyle(job.state), job.state));
  const field = (name: string, ...parts: readonly Part[]): void => {
    out.line("  ", paint("dim", name.padEnd(11)), ...parts);
  };
  field("task", job.task, label === null ? "" : `, ${label}`);
  field("queue", job.queue, position === null ? "" : `, number ${position} in line`);
  if (job.flow !== null) field("flow", `${job.flow.node} of ${job.flow.queue}/${job.flow.id}`);
  if (job.role === "flow") field("jobs", `${dependencies.length}, see them: longshore flow ${job.id}`);
  else for (const [index, text] of awaited(job, dependencies).entries()) field(index === 0 ? "waits for" : "", text);
  if (job.role !== "flow")
    field("runs", `${job.attempt} of ${job.attempts}`, job.crashes === 0 ? "" : `, ${job.crashes} workers lost`);
  if (job.priority !== 0) field("priority", String(job.priority));
  if (job.tags.length > 0) field("tags", job.tags.join(" "));
  if (job.unique !== null) field("unique", job.unique.key);
  if (job.supersedes !== null) field("supersedes", job.supersedes);
  if (job.progress !== null) field("progress", progressText(job.progress));
  if (remaining !== null) field("time left", `about ${span(remaining.ms)}`);
  const counted = job.progress === null ? "" : countersText(job.progress);
  if (counted !== "") field("counted", counted);
  field("created", `${moment(job.createdAt)}  ${relative(job.createdAt, now)}`);
  if (job.state === "delayed") field("due", `${moment(job.runAt)}  ${relative(job.runAt, now)}`);
  if (job.startedAt !== null) {
    field("started", `${moment(job.startedAt)}  waited ${span(Math.max(0, job.startedAt - job.runAt))}`);
  }
  if (job.finishedAt !== null) field("finished", `${moment(job.finishedAt)}  ${relative(job.finishedAt, now)}`);
  if (job.worker !== null) field("worker", job.worker);
  if (job.problem !== null) field("problem", paint("red", job.problem));
  printPayload(out, "input", job.input);
  if (job.result !== null) printPayload(out, "result", job.result);
  if (resultUrl !== null) field("result at", resultUrl);
  if (Object.keys(job.meta).length > 0) printPayload(out, "meta", job.meta);
  for (const { name, value } of milestones) printPayload(out, name, value);
  if (job.error !== null) printError(out, job.error);
  if (steps.length > 0 || job.failures.length > 0) printSteps(out, steps, job.failures);
  if (job.history.length > 0) printAttempts(out, job.history);
  if (log.lines.length > 0) printLog(out, log);
}

/** The unfinished dependencies of a blocked job, and how the finished ones ended. */
function awaited({ state }: JobSnapshot, dependencies: readonly DependencyRecord[]): string[] {
  if (state !== "blocked" || dependencies.length === 0) return [];
  const open = dependencies.filter((dependency) => dependency.state === null);
  const shown = open.slice(0, MOST_AWAITED).map(({ queue, id }) => `${queue}/${id}`);
  const more = open.length > shown.length ? [`… ${open.length - shown.length} more`] : [];
  const ended = dependencies.length - open.length;
  return [...shown, ...more, ...(ended > 0 ? [`${ended} of ${dependencies.length} have ended`] : [])];
}

function printPayload(out: Output, name: string, value: unknown): void {
  const text = jsonText(value, 2);
  const [first = "", ...rest] = text.split("\n");
  out.line("  ", paint("dim", name.padEnd(11)), first);
  for (const line of rest) out.line(" ".repeat(13), line);
}

function printError(out: Output, error: Failure): void {
  out.line("  ", paint("dim", "error".padEnd(11)), paint("red", titleOf(error)), `  fingerprint ${error.fingerprint}`);
  if (error.stack !== null) out.block(error.stack, 4);
  for (let { cause } = error; cause !== null; { cause } = cause) out.line("    caused by ", titleOf(cause));
}

/** The widest output of a step shown in the table. */
const WIDEST_VALUE = 60;

function named(name: string, key: string | null): string {
  return key === null ? name : `${name} ${key}`;
}

function printSteps(out: Output, steps: readonly StepRecord[], failures: readonly StepFailure[]): void {
  out.line();
  out.table(
    [{ title: "STEP" }, { title: "ENDED" }, { title: "TOOK", align: "right" }, { title: "GAVE" }],
    [
      ...steps.map(({ name, key, at, took, value }) => {
        const text = jsonText(value);
        const gave = text.length > WIDEST_VALUE ? `${text.slice(0, WIDEST_VALUE)}…` : text;
        return [named(name, key), moment(at), span(took), paint("dim", gave)];
      }),
      ...failures.map(({ step, key, error }) => [named(step, key), paint("red", "failed"), "", titleOf(error)]),
    ],
  );
}

function printAttempts(out: Output, history: readonly AttemptRecord[]): void {
  // Most workers say nothing of their code.
  const versions = history.some((attempt) => codeText(attempt) !== "");
  out.line();
  out.table(
    [
      { title: "RUN", align: "right" },
      { title: "OUTCOME" },
      { title: "STARTED" },
      { title: "TOOK", align: "right" },
      { title: "WORKER" },
      ...(versions ? [{ title: "CODE" }] : []),
      { title: "ERROR" },
    ],
    history.map(({ number, outcome, startedAt, endedAt, worker, error, ...by }) => [
      String(number),
      outcome ?? "running",
      moment(startedAt),
      endedAt === null ? "" : span(endedAt - startedAt),
      worker,
      ...(versions ? [codeText(by)] : []),
      error === null ? "" : titleOf(error),
    ]),
  );
}

/** Which code ran it: `2.1.0 production, task 3`. */
function codeText({ appVersion, environment, version }: RanBy): string {
  const app = [appVersion, environment].filter((part) => part !== null).join(" ");
  return [app, version === null ? "" : `task ${version}`].filter((part) => part !== "").join(", ");
}

function printLog(out: Output, { lines, dropped }: JobLog): void {
  out.line();
  out.line(paint("bold", "LOG"), dropped === 0 ? "" : `  ${dropped} older lines were dropped`);
  for (const line of lines) printLogLine(out, line);
}

/** Prints a line of a job's log. */
export function printLogLine(out: Output, { at, level, message }: LogLine): void {
  out.line(paint("dim", moment(at)), `  ${level.padEnd(5)}  ${message}`);
}

function titleOf({ name, message, code }: Failure): string {
  return `${name}: ${message}${code === null ? "" : ` (${code})`}`;
}
