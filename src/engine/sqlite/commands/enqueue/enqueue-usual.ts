/**
 * The fast path of enqueue: jobs that are ready at once, have the default priority and no other option. Consecutive ones with
 * the same task and options share an INSERT, because binding a value costs more than storing it.
 */
import { DEFAULT_RETENTION } from "../../../../model/job/retention.js";
import type { JobLinks, JobSpec, JobWith } from "../../../../model/job/job.js";
import { isLinked } from "../../store/dependent.js";
import { QUEUED } from "../../store/queue/state-codes.js";
import { backoffText, LONG_INPUT } from "../../store/job/payload.js";
import type { SqliteQueue } from "../../store/queue/queue.js";
import { inPieces, type SqlRows } from "../../database/rows.js";
import type { Sql } from "../../database/sql.js";

/** The columns that all rows of a statement share. They are bound once, before the id and the input of each row. */
const COMMON = ["queue", "position", "attempts", "created_at", "run_at", "timeout", "task", "backoff"];
const BOUND = COMMON.map(() => "?").join(", ");
const INSERT: SqlRows = {
  one: `INSERT INTO jobs (${COMMON.join(", ")}, id, input, state_code, priority) VALUES (${BOUND}, ?, ?, ${QUEUED}, 0)`,
  many: (rows) => `INSERT INTO jobs (${COMMON.join(", ")}, id, input, state_code, priority)
    SELECT c.queue, c.position + r.column3, ${COMMON.slice(2)
      .map((name) => `c.${name}`)
      .join(", ")}, r.column1, r.column2, ${QUEUED}, 0
    FROM (SELECT ${COMMON.map((name) => `? AS ${name}`).join(", ")}) c CROSS JOIN (VALUES ${rows}) r`,
  row: (row) => `(?, ?, ${row})`,
};

/** The fields that are stored for usual jobs, and those that a usual job has in common with all others. */
type Usual =
  | ("id" | "queue" | "task" | "input" | "due" | "attempts" | "timeout" | "backoff" | "hold")
  | ("priority" | "ttl" | "tags" | "meta" | "unique" | "supersedes" | "retention" | "nonce")
  | keyof JobLinks;

/** May the job take the fast path, if it is ready at once? */
export function isUsual(spec: JobWith<Usual>): boolean {
  const { priority, ttl, tags, meta, unique, supersedes, retention, nonce, input } = spec;
  const usual = priority === 0 && ttl === null && retention === DEFAULT_RETENTION && input.length <= LONG_INPUT;
  return (
    usual &&
    !isLinked(spec) &&
    unique === null &&
    supersedes === null &&
    tags.length === 0 &&
    meta === null &&
    nonce === null
  );
}

export class UsualJobs {
  readonly #sql: Sql;
  readonly #now: number;
  #queue: SqliteQueue | null = null;
  #specs: JobSpec[] = [];
  #firstPosition = 0;

  /** @param now epoch milliseconds */
  constructor(sql: Sql, now: number) {
    this.#sql = sql;
    this.#now = now;
  }

  /** Collects a job; it is stored together with others, at the latest by `flush`. */
  add(queue: SqliteQueue, spec: JobSpec): void {
    const like = this.#specs[0];
    const position = queue.position(0, false, "tail");
    const follows = position === this.#firstPosition + this.#specs.length;
    if (like !== undefined && !(follows && queue === this.#queue && isLike(spec, like))) this.flush();
    if (this.#specs.length === 0) this.#firstPosition = position;
    this.#queue = queue;
    this.#specs.push(spec);
    queue.count(QUEUED, 1);
  }

  /** Stores the collected jobs. */
  flush(): void {
    const [queue, like] = [this.#queue, this.#specs[0]];
    if (queue === null || like === undefined) return;
    const { attempts, timeout, task, backoff } = like;
    for (const { from, rows, text } of inPieces(INSERT, this.#specs.length)) {
      const values = this.#specs.slice(from, from + rows).flatMap(({ id, input }) => [id, input]);
      const position = this.#firstPosition + from;
      const [now, wait] = [this.#now, backoffText(backoff)];
      this.#sql.run(text, queue.number, position, attempts, now, now, timeout, task, wait, ...values);
    }
    this.#specs = [];
  }
}

function isLike(spec: JobSpec, other: JobSpec): boolean {
  const same = spec.task === other.task && spec.attempts === other.attempts && spec.timeout === other.timeout;
  return same && spec.backoff === other.backoff;
}
