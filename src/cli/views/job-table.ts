/** Jobs in a table, one a line, with the most important remark about each at its end. */
import type { JobSnapshot } from "../../model/job/snapshot.js";
import type { JobState } from "../../model/job/state.js";
import type { Output } from "../terminal/output.js";
import { paint, type Part, type Style } from "../terminal/table.js";
import { countersText, progressText } from "../terminal/progress-text.js";
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

/** The colour of a state. */
export function stateStyle(state: JobState): Style {
  return styles[state];
}

/** Prints jobs. */
export function printJobs(out: Output, jobs: readonly JobSnapshot[], now: number): void {
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

function remark({ state, problem, error, failures, progress, runAt }: JobSnapshot, now: number): Part {
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
