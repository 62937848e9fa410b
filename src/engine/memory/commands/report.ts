/** The reports of running jobs: checkpoints, progress, meta, log lines, further dependencies. */
import { encodeCheckpoint } from "../../../model/job/report/checkpoint.js";
import { LONGEST_LOG_LINE, MOST_LOG_LINES, type LogLine } from "../../../model/job/report/log.js";
import { headOf } from "../../../model/text.js";
import type { Report } from "../../contract/engine.js";
import { markPending, emit } from "../store/transitions.js";
import type { MemoryJob } from "../store/job.js";
import type { MemoryQueue } from "../store/store.js";
import { addDependency } from "../store/dependencies.js";

/** Applies a report whose lease was checked. */
export function applyReport(
  queue: MemoryQueue,
  job: MemoryJob,
  { epoch, number, checkpoints = [], progress, meta, lines = [], after = [] }: Report,
  now: number,
): void {
  for (const checkpoint of checkpoints) {
    const { seq, kind, name, value } = checkpoint;
    job.checkpoints ??= new Map();
    const known = job.checkpoints.get(seq);
    job.checkpoints.set(seq, checkpoint);
    // One that is sent again is not shown again.
    if (known !== undefined && encodeCheckpoint(known) === encodeCheckpoint(checkpoint)) continue;
    if (kind === "milestone") emit(queue, now, { kind, id: job.id, name, value });
    if (kind === "status") emit(queue, now, { kind, id: job.id, name });
  }
  if (progress !== undefined) {
    job.progress = progress;
    emit(queue, now, { kind: "progress", id: job.id, progress });
  }
  for (const ref of after) addDependency(queue, job, ref, "continue");
  if (after.length > 0) markPending(queue, job.id);
  if (meta !== undefined) job.meta = meta;
  if (lines.length === 0) return;
  if (number !== undefined) {
    if (job.logged.epoch === epoch && number <= job.logged.number) return;
    job.logged = { epoch, number };
  }
  appendLines(job, lines);
}

function appendLines(job: MemoryJob, lines: readonly LogLine[]): void {
  for (const line of lines) job.lines.push({ ...line, message: headOf(line.message, LONGEST_LOG_LINE) });
  const surplus = job.lines.length - MOST_LOG_LINES;
  if (surplus > 0) {
    job.lines.splice(0, surplus);
    job.linesDropped += surplus;
  }
}
