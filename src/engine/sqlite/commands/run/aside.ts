/**
 * Jobs that were set aside: declined by a worker without the code of their task. They have two state codes of their own, for
 * ordinary jobs and for suspects. A partial index orders these by task, so that a claim reads only the jobs of its tasks.
 */
import { MOST_ASIDE, MOST_COUNTED_ASIDE, type AsideRecord } from "../../../contract/engine.js";
import { compareKeys } from "../../../shared/listing-order.js";
import { candidate, CANDIDATE_COLUMNS, type Candidate, type LeaseRow, type Wish } from "../../store/job/candidate.js";
import { ASIDE, ASIDE_SUSPECTS } from "../../store/queue/state-codes.js";
import type { SqliteQueue } from "../../store/queue/queue.js";
import type { Sql } from "../../database/sql.js";

// The condition on the two codes lets SQLite use the partial index.
const firstOf = (
  code: number,
): string => `SELECT ${CANDIDATE_COLUMNS} FROM json_each(?) t CROSS JOIN jobs j ON j.job IN (
  SELECT a.job FROM jobs a INDEXED BY jobs_aside WHERE a.queue = ? AND a.state_code = ${code}
  AND a.state_code IN (22, 32) AND a.task = t.value ORDER BY a.position, a.tiebreak LIMIT ? + 0) ORDER BY j.position, j.tiebreak LIMIT ? + 0`;
const FIRST = firstOf(ASIDE);
const FIRST_SUSPECTS = firstOf(ASIDE_SUSPECTS);
const ANY = `SELECT 1 FROM json_each(?) t CROSS JOIN jobs j INDEXED BY jobs_aside ON j.queue = ? AND j.state_code = ? + 0
  AND j.state_code IN (22, 32) AND j.task = t.value LIMIT 1`;

/** The jobs that a session may lease, in running order: at most one suspect. */
export function takeAside(sql: Sql, queue: SqliteQueue, { max, suspect, tasks }: Wish): Candidate[] {
  const read = (code: number, query: string, limit: number): Candidate[] =>
    queue.jobsWith(code) === 0
      ? []
      : sql.all<LeaseRow>(query, JSON.stringify(tasks), queue.number, limit, limit).map(candidate);
  const usual = read(ASIDE, FIRST, max);
  const suspects = suspect ? read(ASIDE_SUSPECTS, FIRST_SUSPECTS, 1) : [];
  if (suspects.length === 0) return usual;
  const all = [...usual, ...suspects].toSorted((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1));
  return all.slice(0, max);
}

/** Is an ordinary job of one of these tasks set aside? Any session may lease it. */
export function hasAside(sql: Sql, queue: SqliteQueue, tasks: readonly string[]): boolean {
  return queue.jobsWith(ASIDE) > 0 && waitsAside(sql, queue.number, ASIDE, tasks);
}

/** Has one of the two codes a job of one of these tasks? Only some sessions may lease suspects. */
export function waitsAside(sql: Sql, queue: number, code: number, tasks: readonly string[]): boolean {
  return sql.all(ANY, JSON.stringify(tasks), queue, code).length > 0;
}

const OF_CODE = "queue = ? AND state_code = ? + 0 AND state_code IN (22, 32)";
// A skip scan: from one task to the next, without reading the jobs in between.
const TASKS = `WITH RECURSIVE t (task) AS (
    SELECT min(task) FROM jobs INDEXED BY jobs_aside WHERE ${OF_CODE}
    UNION ALL SELECT (SELECT min(task) FROM jobs INDEXED BY jobs_aside WHERE ${OF_CODE} AND task > t.task)
    FROM t WHERE t.task IS NOT NULL
  ) SELECT task FROM t WHERE task IS NOT NULL LIMIT ${MOST_ASIDE}`;
const COUNT = `SELECT count(*) FROM (SELECT 1 FROM jobs INDEXED BY jobs_aside WHERE ${OF_CODE} AND task = ?
  LIMIT ${MOST_COUNTED_ASIDE})`;
const HEAD = `SELECT position, tiebreak, declined_at FROM jobs INDEXED BY jobs_aside WHERE ${OF_CODE} AND task = ?
  ORDER BY position, tiebreak LIMIT 1`;
const CODES_ASIDE = [ASIDE, ASIDE_SUSPECTS];

/** How many jobs are set aside, by queue and task. */
export function listAside(sql: Sql, queues: readonly string[]): AsideRecord[] {
  return [...new Set(queues)].toSorted().flatMap((queue) => {
    const number = sql.all<[queue: number]>("SELECT queue FROM queues WHERE name = ?", queue)[0]?.[0];
    return number === undefined ? [] : tasksAside(sql, number).map((task) => asideOf(sql, { queue, number, task }));
  });
}

function tasksAside(sql: Sql, queue: number): string[] {
  const tasks = CODES_ASIDE.flatMap((code) => sql.all<[task: string]>(TASKS, queue, code, queue, code)).map(
    ([task]) => task,
  );
  return [...new Set(tasks)].toSorted().slice(0, MOST_ASIDE);
}

function asideOf(
  sql: Sql,
  of: { readonly queue: string; readonly number: number; readonly task: string },
): AsideRecord {
  const { queue, number, task } = of;
  const counted = CODES_ASIDE.map((code) => sql.all<[jobs: number]>(COUNT, number, code, task)[0]?.[0] ?? 0);
  const [first] = CODES_ASIDE.flatMap((code) =>
    sql.all<[position: number, id: string, since: number]>(HEAD, number, code, task),
  ).toSorted((a, b) => compareKeys([a[0], a[1]], [b[0], b[1]]));
  const jobs = Math.min(
    counted.reduce((a, b) => a + b, 0),
    MOST_COUNTED_ASIDE,
  );
  return { queue, task, jobs, since: first?.[2] ?? 0 };
}
