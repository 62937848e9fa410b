/** Jobs in a table, one a line, with the most important remark about each at its end; and what all views show of a job. */
import type { SnapshotWith } from "../../model/job/query/snapshot.js";
import type { Progress } from "../../model/job/progress.js";
import type { JobState } from "../../model/job/state.js";
import type { Output } from "../terminal/output.js";
import { paint, type Part, type Style } from "../terminal/table.js";
import { relative } from "../terminal/time-text.js";

const styles: Readonly<Record<JobState, Style>> = {
  blocked: "dim",
  delayed: "blue",
  queued: "white",
  active: "cyan",
  completed: "green",
  partial: "yellow",
  failed: "red",
  cancelled: "dim",
  superseded: "dim",
  expired: "magenta",
};

/** A job as tables show it. */
export type ListedJob = SnapshotWith<"failures">;

/** The colour of a state. */
export function stateStyle(state: JobState): Style {
  return styles[state];
}

/** Prints jobs. */
export function printJobs(out: Output, jobs: readonly ListedJob[], now: number): void {
  out.table(
    [
      { title: "ID" },
      { title: "QUEUE" },
      { title: "TASK" },
      { title: "STATE" },
      { title: "RUNS", align: "right" },
      { title: "CREATED" },
      { title: "" },
    ],
    jobs.map((job) => [
      job.id,
      job.queue,
      job.task,
      paint(stateStyle(job.state), job.state),
      `${job.attempt}/${job.attempts}`,
      relative(job.createdAt, now),
      remark(job, now),
    ]),
  );
}

function remark({ state, problem, error, failures, progress, runAt }: ListedJob, now: number): Part {
  if (problem !== null) return paint("red", problem);
  const parts = [
    state === "active" && progress !== null ? progressText(progress) : "",
    state === "delayed" ? relative(runAt, now) : "",
    progress === null ? "" : countersText(progress),
  ];
  if (state === "partial" && failures.length > 0) parts.push(`${failures.length} failed`);
  const text = parts.filter((part) => part !== "").join("  ");
  if (error === null || state === "active" || state === "completed" || state === "partial") return text;
  return paint("dim", `${text === "" ? "" : `${text}  `}${error.name}: ${error.message}`);
}

/** Such as `60 %  analyse 3/8  half way`. */
export function progressText({ percent, status, step, done, total, items, message }: Progress): string {
  const of = items !== null ? ` ${items.done}/${items.total}` : total !== null ? ` (${done}/${total})` : "";
  return [`${percent} %`, status ?? "", step === null ? "" : `${step}${of}`, message ?? ""]
    .filter((part) => part !== "")
    .join("  ");
}

/** Such as `issues 3, pages 12`; empty without counters. */
export function countersText({ counters }: Progress): string {
  return Object.entries(counters)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}
