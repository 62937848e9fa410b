/** Reports of running jobs: checkpoints, progress, meta, log lines, new dependencies. Fenced by the epoch of the lease. */
import { LONGEST_LOG_LINE, MOST_LOG_LINES, type JobLog, type LogLine } from "../../../../model/job/report/log.js";
import type { JobRef } from "../../../../model/job/job.js";
import { headOf } from "../../../../model/text.js";
import type { FencedAnswer, Report } from "../../../contract/engine.js";
import { keepCheckpoints } from "../../store/checkpoint.js";
import { addDependencies } from "../../store/dependent.js";
import { findJob, type Job } from "../../store/job/job.js";
import { liveSession, holds } from "../workers/sessions.js";
import type { Sql } from "../../database/sql.js";
import type { Transaction } from "../../store/transaction.js";

export function applyReport(transaction: Transaction, session: string, update: Report): FencedAnswer {
  const { sql } = transaction;
  const queue = transaction.find(update.queue);
  if (queue === null || liveSession(transaction, session, queue) === null) return "stale";
  const job = findJob(sql, queue.number, update.id);
  if (job === null || !holds(session, job, update)) return "stale";
  if (update.checkpoints !== undefined) keepCheckpoints(sql, queue, job, update.checkpoints);
  if (update.progress !== undefined) {
    sql.run("UPDATE jobs SET progress = ? WHERE job = ?", JSON.stringify(update.progress), job.job);
    queue.emit({ kind: "progress", id: job.id, progress: update.progress });
  }
  if (update.after !== undefined) addDependencies(transaction, queue, job, update.after);
  if (update.meta !== undefined) sql.run("UPDATE jobs SET meta = ? WHERE job = ?", update.meta, job.job);
  const { lines = [] } = update;
  if (lines.length > 0 && isNew(sql, job, update)) addLines(sql, job, lines);
  transaction.changed(queue.name);
  return "applied";
}

const NUMBERED = `UPDATE jobs SET logged_epoch = ?, logged_report = ?
  WHERE job = ? AND (logged_epoch IS NOT ? OR logged_report < ?)`;

/** Are the lines of the report not in the log yet? Records that they will be. */
function isNew(sql: Sql, { job }: Job, { epoch, number }: Report): boolean {
  return number === undefined || sql.run(NUMBERED, epoch, number, job, epoch, number) > 0;
}

function addLines(sql: Sql, job: Job, lines: readonly LogLine[]): void {
  for (const line of lines) {
    job.logged += 1;
    // JSON escapes NUL characters, at which SQLite would end a text.
    const text = JSON.stringify({ ...line, message: headOf(line.message, LONGEST_LOG_LINE) });
    sql.run("INSERT INTO logs (job, number, line) VALUES (?, ?, ?)", job.job, job.logged, text);
  }
  const dropped = job.logged - MOST_LOG_LINES;
  if (dropped > 0) sql.run("DELETE FROM logs WHERE job = ? AND number <= ?", job.job, dropped);
  sql.run("UPDATE jobs SET logged = ? WHERE job = ?", job.logged, job.job);
}

/** The log of a job; empty when it has none. */
export function readLog(sql: Sql, { queue, id }: JobRef): JobLog {
  const found = sql.all<[job: number, logged: number]>(
    "SELECT j.job, j.logged FROM queues q JOIN jobs j ON j.queue = q.queue WHERE q.name = ? AND j.id = ?",
    queue,
    id,
  )[0];
  if (found === undefined) return { lines: [], dropped: 0 };
  const lines = sql
    .all<[line: string]>("SELECT line FROM logs WHERE job = ? ORDER BY number", found[0])
    .map(([line]): LogLine => JSON.parse(line));
  return { lines, dropped: Math.max(0, found[1] - MOST_LOG_LINES) };
}
