/** The failure groups of a queue as rows: those that a command counts failures in are read once, and written at its end. */
import { FAILURE_GROUP_AGE, MOST_FAILURE_GROUPS } from "../../../../model/failure/group.js";
import {
  countFailure,
  decodeGroup,
  encodeGroup,
  GROUP_LETTERS,
  type FailedRun,
  type StoredGroup,
} from "../../../shared/failure-groups.js";
import { HOUR } from "../../../shared/series.js";
import type { Sql } from "../../database/sql.js";

const FIND = "SELECT body FROM failure_groups WHERE queue = ? AND fingerprint = ?";
const PUT = "INSERT OR REPLACE INTO failure_groups (queue, fingerprint, last_at, state, body) VALUES (?, ?, ?, ?, ?)";
const COUNT = "SELECT count(*) FROM failure_groups WHERE queue = ?";

const IS_FILED = "EXISTS (SELECT 1 FROM jobs j WHERE j.queue = g.queue AND j.filed = g.fingerprint)";
/** Those without jobs first, then those seen last the longest ago. */
const DROP = `DELETE FROM failure_groups WHERE (queue, fingerprint) IN (
  SELECT g.queue, g.fingerprint FROM failure_groups g WHERE g.queue = ? ORDER BY ${IS_FILED}, g.last_at, g.fingerprint LIMIT ? + 0)`;
const DROPPED = `INSERT INTO dropped_groups (queue, dropped) VALUES (?, ?)
  ON CONFLICT (queue) DO UPDATE SET dropped = dropped + excluded.dropped`;
const OLDEST = "SELECT min(last_at) FROM failure_groups WHERE queue = ?";
const TRIM = `DELETE FROM failure_groups AS g WHERE g.queue = ? AND g.last_at <= ? AND NOT ${IS_FILED}`;

/** A stored group; `null` when there is none, or another hand has written it. */
export function findGroup(sql: Sql, queue: number, fingerprint: string): StoredGroup | null {
  const [body] = sql.all<[body: string]>(FIND, queue, fingerprint)[0] ?? [];
  return body === undefined ? null : decodeGroup(body);
}

export function putGroup(sql: Sql, queue: number, fingerprint: string, group: StoredGroup): void {
  sql.run(PUT, queue, fingerprint, group.lastAt, GROUP_LETTERS[group.state], encodeGroup(group));
}

/** Removes groups that are not kept any more; returns when to look again, 0 when none is left. */
export function trimGroups(sql: Sql, queue: number, now: number): number {
  sql.run(TRIM, queue, now - FAILURE_GROUP_AGE);
  const [oldest = null] = sql.all<[lastAt: number | null]>(OLDEST, queue)[0] ?? [];
  return oldest === null ? 0 : Math.max(oldest + FAILURE_GROUP_AGE, now + HOUR);
}

export class FailureGroups {
  readonly #sql: Sql;
  readonly #queue: number;
  readonly #now: number;
  /** Those that were there, and new ones. */
  readonly #changed = { known: new Map<string, StoredGroup>(), added: new Map<string, StoredGroup>() };

  constructor(sql: Sql, queue: number, now: number) {
    this.#sql = sql;
    this.#queue = queue;
    this.#now = now;
  }

  /** Counts a failure; returns whether its group regressed with it. */
  count(failed: FailedRun): boolean {
    const { fingerprint } = failed.failure;
    const { known, added } = this.#changed;
    const found = known.get(fingerprint) ?? added.get(fingerprint) ?? findGroup(this.#sql, this.#queue, fingerprint);
    const { group, regressed } = countFailure(found, failed, this.#now);
    if (found === null) added.set(fingerprint, group);
    else if (!added.has(fingerprint)) known.set(fingerprint, group);
    return regressed;
  }

  /** Writes the groups; of too many some are dropped for the new ones. */
  save(): void {
    const { known, added } = this.#changed;
    for (const [fingerprint, group] of known) putGroup(this.#sql, this.#queue, fingerprint, group);
    if (added.size === 0) return;
    const [count = 0] = this.#sql.all<[count: number]>(COUNT, this.#queue)[0] ?? [];
    const excess = count + added.size - MOST_FAILURE_GROUPS;
    if (excess > 0) this.#sql.run(DROPPED, this.#queue, this.#sql.run(DROP, this.#queue, excess));
    for (const [fingerprint, group] of added) putGroup(this.#sql, this.#queue, fingerprint, group);
  }
}
