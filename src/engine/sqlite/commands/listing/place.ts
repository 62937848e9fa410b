/**
 * The place of a job in the line: how many are ahead of it. In the line of the default priority that follows from its position
 * and from the gaps before it. Where it does not (among other priorities each job has gaps around it, and a file of an early
 * version did not record any), counting is all that an index can do, 50 nanoseconds a job; so a long line is counted in pieces,
 * with everything else that the process does between them.
 */
import type { JobRef } from "../../../../model/job/job.js";
import { compareKeys, PRIORITY_STEP, type OrderKey } from "../../../shared/listing-order.js";
import type { Sql } from "../../database/sql.js";
import { findJob } from "../../store/job/job.js";
import { after, before, FIRST } from "../../store/queue/order.js";
import { gapsBetween, isDefault } from "../../store/queue/gaps.js";
import { readCounts } from "../../store/queue/queue.js";
import { codesOf, QUEUED, stateOf } from "../../store/queue/state-codes.js";
import { keyAt } from "./listing.js";

/** How many jobs are counted in one piece: a millisecond's work. */
const COUNTED_AT_ONCE = 20_000;

/** How far counting has come. */
export interface CountAhead {
  readonly ahead: number;
  readonly done: boolean;
  /** The job that it is about: moved since, it is counted anew. */
  readonly key: OrderKey;
  /** The state codes that are left, and the last key counted of the first one. */
  readonly rest: readonly number[];
  readonly from: OrderKey;
}

/** Counts on; `null`: the job is not queued. */
export function countAhead(sql: Sql, ref: JobRef, count: CountAhead | null): CountAhead | null {
  const row = sql.all<[queue: number, counts: string]>("SELECT queue, counts FROM queues WHERE name = ?", ref.queue)[0];
  if (row === undefined) return null;
  const [queue, stored] = row;
  const job = findJob(sql, queue, ref.id);
  if (job === null || stateOf(job.stateCode) !== "queued") return null;
  const key: OrderKey = [job.position, job.id];
  const counts = readCounts(stored);
  const begun = count === null || compareKeys(count.key, key) !== 0 ? begin(key, counts) : count;
  let { ahead, from } = begun;
  let steps = COUNTED_AT_ONCE;
  for (const [index, code] of begun.rest.entries()) {
    const isWhole = code === job.stateCode && from === FIRST;
    const known = isWhole ? fromGaps(sql, queue, code, counts[code] ?? 0, job.position) : null;
    const next = known === null ? keyAt(sql, queue, code, from, steps)[0] : undefined;
    if (next !== undefined && compareKeys(next, key) < 0) {
      return { ahead: ahead + steps, done: false, key, rest: begun.rest.slice(index), from: next };
    }
    const counted = known ?? countBetween(sql, queue, code, from, key);
    ahead += counted;
    steps = Math.max(1, steps - (known === null ? counted : 0));
    from = FIRST;
  }
  return { ahead, done: true, key, rest: [], from };
}

function begin(key: OrderKey, counts: readonly number[]): CountAhead {
  const rest = codesOf("queued").filter((code) => (counts[code] ?? 0) > 0);
  return { ahead: 0, done: false, key, rest, from: FIRST };
}

const HALF = PRIORITY_STEP / 2;
const OF_QUEUE = `FROM jobs WHERE queue = ? AND state_code = ${QUEUED} AND position`;
const ENDS = [
  `SELECT position ${OF_QUEUE} > ${-HALF} ORDER BY position LIMIT 1`,
  `SELECT position ${OF_QUEUE} < ${HALF} ORDER BY position DESC LIMIT 1`,
] as const;
const URGENT = `SELECT count(*) FROM (SELECT 1 ${OF_QUEUE} <= ${-HALF} LIMIT ? + 0)`;
const OTHERS = `SELECT count(*) FROM (SELECT 1 ${OF_QUEUE} >= ${HALF} LIMIT ? + 0)`;

/**
 * How many stand before a position, from the gaps before it; `null`: that does not tell. Whether it does is seen by the number
 * of all jobs, which must come out.
 */
function fromGaps(sql: Sql, queue: number, code: number, jobs: number, position: number): number | null {
  if (code !== QUEUED || !isDefault(position)) return null;
  const read = (text: string, ...values: number[]): number => sql.all<[number]>(text, queue, ...values)[0]?.[0] ?? 0;
  const [first, last] = [read(ENDS[0]), read(ENDS[1])];
  const [urgent, others] = [read(URGENT, COUNTED_AT_ONCE), read(OTHERS, COUNTED_AT_ONCE)];
  if (urgent === COUNTED_AT_ONCE || others === COUNTED_AT_ONCE) return null;
  const inLine = last - first + 1 - gapsBetween(sql, queue, first, last);
  if (urgent + inLine + others !== jobs) return null;
  return urgent + position - first - gapsBetween(sql, queue, first, position);
}

function countBetween(sql: Sql, queue: number, code: number, from: OrderKey, to: OrderKey): number {
  const [low, high] = [after(code, from), before(code, to)];
  const statement = `SELECT count(*) FROM jobs j WHERE j.queue = ? AND j.state_code = ? + 0 AND ${low.text} AND ${high.text}`;
  return sql.all<[jobs: number]>(statement, queue, code, ...low.values, ...high.values)[0]?.[0] ?? 0;
}
