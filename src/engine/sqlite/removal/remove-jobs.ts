/**
 * Removes the jobs of an obliterated queue, by id: first what belongs to them, then they themselves. A job that is linked to
 * others elsewhere is marked in the outbox, and its links to them go with their messages.
 */
import { TABLES } from "../database/schema.js";
import { NO_QUEUE } from "../store/remains.js";
import type { Transaction } from "../store/transaction.js";
import type { Obliterated } from "./obliterated.js";

/** How many jobs are removed at a time. */
const AT_ONCE = 500;

// A single removed job that still has messages to send keeps its number until they are.
const JOBS = `SELECT job, id, linked FROM jobs j WHERE queue = ?
  AND (queue <> ${NO_QUEUE} OR NOT EXISTS (SELECT 1 FROM outbox o WHERE o.job = j.job)) ORDER BY id LIMIT ? + 0`;
const THESE = "job IN (SELECT value FROM json_each(?))";

const PARTS = Object.entries(TABLES.ofJobs).map(([table, key]) => someOf(table, key, THESE));
const LINKS = TABLES.ofLinksToOthers.map((table) => someOf(table, "job, queue, id", `${THESE} AND queue = ?`));
const WHOLE = [...TABLES.ofLinks, "jobs"].map((table) => `DELETE FROM ${table} WHERE ${THESE}`);
const LINKED_ELSEWHERE = `SELECT e.value FROM json_each(?) e
  WHERE ${TABLES.ofLinksToOthers.map((table) => `EXISTS (SELECT 1 FROM ${table} l WHERE l.job = e.value)`).join(" OR ")}`;

/** A statement that deletes some of the rows of a table, by its primary key. */
export function someOf(table: string, key: string, which: string): string {
  return `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE ${which} LIMIT ? + 0)`;
}

/** Removes jobs, as many as the transaction may; returns whether that was all. */
export function removeJobs(transaction: Transaction, { number, name }: Obliterated): boolean {
  const { sql, left } = transaction;
  while (left.rows > 0) {
    const asked = Math.min(left.rows, AT_ONCE);
    const jobs = sql.all<[job: number, id: string, linked: number]>(JOBS, number, asked);
    if (jobs.length > 0 && !removeThese(transaction, name, jobs)) return false;
    if (jobs.length < asked) return true;
  }
  return false;
}

/** Returns whether they are gone. */
function removeThese(
  transaction: Transaction,
  name: string,
  jobs: readonly [job: number, id: string, linked: number][],
): boolean {
  const { sql, left } = transaction;
  const these = JSON.stringify(jobs.map(([job]) => job));
  const linked = JSON.stringify(jobs.filter(([, , isLinked]) => isLinked === 1).map(([job]) => job));
  const removeSome = (text: string, ...values: string[]): boolean => {
    const most = Math.max(left.rows, 1);
    const removed = sql.run(text, ...values, most);
    left.rows -= removed;
    return removed < most;
  };
  for (const text of PARTS) if (!removeSome(text, these)) return false;
  if (linked !== "[]") for (const text of LINKS) if (!removeSome(text, linked, name)) return false;
  // What they sent to each other does not matter any more. Others learn that they are gone.
  const elsewhere = linked === "[]" ? [] : sql.all<[job: number]>(LINKED_ELSEWHERE, linked);
  const ids = new Map(jobs.map(([job, id]) => [job, id] as const));
  for (const [job] of elsewhere) transaction.markPending({ name }, { job, id: ids.get(job) ?? "" });
  for (const text of WHOLE) sql.run(text, these);
  left.rows -= jobs.length;
  return true;
}
