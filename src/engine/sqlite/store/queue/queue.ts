/**
 * A queue within a transaction: its row is read once, changed here, and written once. Holds how many jobs have each state
 * code, the positions at both ends, the totals of tags, and emits events while the queue is watched.
 */
import { FAILURE_GROUP_AGE } from "../../../../model/failure/group.js";
import { MOST_EVENTS, WATCH_INTEREST, type QueueEvent } from "../../../../model/job/event.js";
import type { RetentionClass } from "../../../../model/job/retention.js";
import { perState, type JobState } from "../../../../model/job/state.js";
import type { SeriesOutcome, Times } from "../../../../model/series/figures.js";
import type { StateCounts } from "../../../contract/engine.js";
import { PRIORITY_STEP } from "../../../shared/listing-order.js";
import type { FailedRun } from "../../../shared/failure-groups.js";
import { Ends } from "../../../shared/series.js";
import { FailureGroups, trimGroups } from "./failure-groups.js";
import { Gaps } from "./gaps.js";
import { SECONDARY, codeOf, STATE_CODES, QUEUED } from "./state-codes.js";
import { columns, type RowOf } from "../../database/columns.js";
import type { Sql } from "../../database/sql.js";
import { leaveTally } from "./tallies.js";

type WithoutOrder<T> = T extends unknown ? Omit<T, "seq" | "at"> : never;
/** An event without its sequence and time. */
export type EventBody = WithoutOrder<QueueEvent>;

interface QueueColumns {
  queue: number;
  paused: number;
  counts: string;
  keepCompleted: number | null;
  keepFailed: number | null;
  keptCompleted: number;
  keptFailed: number;
  defaultTail: number;
  otherTail: number;
  otherHead: number;
  finished: number;
  sequence: number;
  dropped: number;
  interest: number;
  epoch: number;
  schedules: number;
  traced: number;
  grouped: number;
}

const NAMES = [
  ...(["queue", "paused", "counts", "keepCompleted", "keepFailed", "keptCompleted", "keptFailed"] as const),
  ...(["defaultTail", "otherTail", "otherHead", "finished", "sequence", "dropped", "interest", "epoch"] as const),
  ...(["schedules", "traced", "grouped"] as const),
] as const;

type QueueRow = RowOf<typeof NAMES, QueueColumns>;

const { at: AT, text: COLUMNS } = columns(NAMES);

const LOAD = `SELECT ${COLUMNS} FROM queues WHERE name = ?`;

// Not the number of an obliterated queue, whose rows may still be there.
const CREATE = `INSERT INTO queues (queue, name, interest) VALUES (
  1 + max(coalesce((SELECT max(queue) FROM queues), 0), coalesce((SELECT max(queue) FROM obliterated), 0)), ?,
  coalesce((SELECT until FROM interests WHERE name = ?), 0))`;

const SAVE = `UPDATE queues SET paused = ?, counts = ?, keep_completed = ?, keep_failed = ?, kept_completed = ?,
  kept_failed = ?, default_tail = ?, other_tail = ?, other_head = ?, finished = ?, sequence = ?,
  dropped = ?, interest = ?, epoch = ?, schedules = ?, traced = ?, grouped = ? WHERE queue = ?`;

const ADD_TOTAL = `INSERT INTO tag_totals (queue, tag, state, jobs) VALUES (?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET jobs = jobs + excluded.jobs`;
const DROP_TOTAL = "DELETE FROM tag_totals WHERE queue = ? AND tag = ? AND state = ? AND jobs = 0";

const FIRST_DEFAULT = `SELECT position FROM jobs WHERE queue = ? AND state_code = ${QUEUED}
  AND position > ${-PRIORITY_STEP / 2} AND position < ${PRIORITY_STEP / 2} ORDER BY position LIMIT 1`;

/** How many jobs have each state code, from the column `counts`. */
export function readCounts(text: string): number[] {
  const stored: number[] = JSON.parse(text);
  return Array.from({ length: STATE_CODES }, (_, code) => stored[code] ?? 0);
}

/** How many jobs are in each state. */
export function countStates(counts: readonly number[]): StateCounts {
  const standing = (state: JobState): number => {
    let jobs = 0;
    for (let code = codeOf(state); code < STATE_CODES; code += SECONDARY) jobs += counts[code] ?? 0;
    return jobs;
  };
  return perState(standing);
}

export class SqliteQueue {
  readonly number: number;
  readonly name: string;
  readonly keep: Record<RetentionClass, number | null>;
  readonly kept: Record<RetentionClass, number>;
  /** The empty positions amid its line. */
  readonly gaps: Gaps;
  readonly #sql: Sql;
  readonly #now: number;
  readonly #counts: number[];
  // Positions count up at the tail and down at the head. On Redis jobs of the default priority are in a list, whose positions
  // are real: there is only one place before its first entry.
  readonly #default: { tail: number };
  readonly #other: { tail: number; head: number };
  readonly #totals = new Map<string, Map<JobState, number>>();
  /** Since when it is paused; 1 where an older release paused it; 0 while it is not. */
  #paused: number;
  #finished: number;
  #sequence: number;
  #dropped: number;
  #interest: number;
  #epoch: number;
  #schedules: number;
  #traced: number;
  /** When to look for failure groups that are not kept any more; 0: it has none. */
  #grouped: number;
  #changed = false;
  #ends: Ends | null = null;
  #failures: FailureGroups | null = null;

  static load(sql: Sql, name: string, now: number): SqliteQueue | null {
    const row = sql.all<QueueRow>(LOAD, name)[0];
    return row === undefined ? null : new SqliteQueue(sql, name, now, row);
  }

  static create(sql: Sql, name: string, now: number): SqliteQueue {
    sql.run(CREATE, name, name);
    sql.run("DELETE FROM interests WHERE name = ?", name);
    const queue = SqliteQueue.load(sql, name, now);
    if (queue === null) throw new Error(`the queue ${name} that was just inserted is not there`);
    return queue;
  }

  private constructor(sql: Sql, name: string, now: number, row: QueueRow) {
    this.#sql = sql;
    this.#now = now;
    this.name = name;
    this.number = row[AT.queue];
    this.gaps = new Gaps(sql, this.number);
    this.#paused = row[AT.paused];
    this.#counts = readCounts(row[AT.counts]);
    this.keep = { completed: row[AT.keepCompleted], failed: row[AT.keepFailed] };
    this.kept = { completed: row[AT.keptCompleted], failed: row[AT.keptFailed] };
    this.#default = { tail: row[AT.defaultTail] };
    this.#other = { tail: row[AT.otherTail], head: row[AT.otherHead] };
    this.#finished = row[AT.finished];
    this.#sequence = row[AT.sequence];
    this.#dropped = row[AT.dropped];
    this.#interest = row[AT.interest];
    this.#epoch = row[AT.epoch];
    this.#schedules = row[AT.schedules];
    this.#traced = row[AT.traced];
    this.#grouped = row[AT.grouped];
  }

  get paused(): boolean {
    return this.#paused !== 0;
  }

  setPaused(paused: boolean): void {
    this.#paused = paused ? this.#now : 0;
    this.#changed = true;
  }

  /** How many schedules it has. */
  get schedules(): number {
    return this.#schedules;
  }

  /** Until when it has traces of removed jobs; 0: it has none. */
  get traced(): number {
    return this.#traced;
  }

  /** Notes until when it has some; returns whether that is another time than before. */
  tracedUntil(time: number): boolean {
    if (this.#traced === time) return false;
    this.#traced = time;
    this.#changed = true;
    return true;
  }

  /** Counts a schedule that was stored (1) or removed (-1). */
  countSchedule(by: 1 | -1): void {
    this.#schedules += by;
    this.#changed = true;
  }

  /** The sequence of the latest event. */
  get sequence(): number {
    return this.#sequence;
  }

  /** How many jobs have each state code. */
  get counts(): readonly number[] {
    return this.#counts;
  }

  /** How many jobs have a state code. */
  jobsWith(code: number): number {
    return this.#counts[code] ?? 0;
  }

  /** Counts a job that got a state code (1) or lost it (-1). */
  count(code: number, by: 1 | -1): void {
    this.#counts[code] = this.jobsWith(code) + by;
    this.#changed = true;
  }

  /** Counts the end of a job, or of a run of it, in the series; `times`: `null` for one without a run. */
  countEnd(task: string, outcome: SeriesOutcome, times: Times | null): void {
    (this.#ends ??= new Ends()).add(task, outcome, times);
    this.#changed = true;
  }

  /** Counts a failure in its group. */
  countFailure(failed: FailedRun): void {
    this.#failures ??= new FailureGroups(this.#sql, this.number, this.#now);
    if (this.#failures.count(failed)) this.emit({ kind: "regressed", fingerprint: failed.failure.fingerprint });
    this.#changed = true;
  }

  /** Removes failure groups that are not kept any more, when it is time to look for some. */
  trimGroups(): void {
    if (this.#grouped === 0 || this.#grouped > this.#now) return;
    this.#grouped = trimGroups(this.#sql, this.number, this.#now);
    this.#changed = true;
  }

  /** Counts a job with a tag that entered a state (1) or left it (-1). */
  tally(tag: string, state: JobState, by: 1 | -1): void {
    let states = this.#totals.get(tag);
    if (states === undefined) this.#totals.set(tag, (states = new Map()));
    states.set(state, (states.get(state) ?? 0) + by);
    this.#changed = true;
  }

  /** The next position at one end of the jobs of a priority. */
  position(priority: number, secondary: boolean, place: "head" | "tail"): number {
    const ends = priority === 0 ? this.#default : this.#other;
    this.#changed = true;
    // A job with a second code takes no position: it is placed half a step before the next one to come.
    if (place === "tail") return secondary ? ends.tail - 0.5 : ends.tail++;
    if (priority === 0) {
      const head = this.#defaultHead();
      if (secondary) return head + 0.5;
      this.gaps.fill(head);
      return head;
    }
    return secondary ? this.#other.head + 0.5 : this.#other.head--;
  }

  /** The position before the first job of the default priority, or before the next one to come when there is none. */
  #defaultHead(): number {
    return (this.firstInLine() ?? this.#default.tail) - 1;
  }

  /** The position of the first job of the default priority; `null`: none waits. */
  firstInLine(): number | null {
    return this.#sql.all<[position: number]>(FIRST_DEFAULT, this.number)[0]?.[0] ?? null;
  }

  /** The epoch of an exchange that leases anything now. */
  get nextEpoch(): number {
    return this.#epoch + 1;
  }

  /** Takes the epoch: an exchange leased something. */
  leased(): void {
    this.#epoch += 1;
    this.#changed = true;
  }

  /** The number of the next job to finish. */
  get nextFinished(): number {
    return this.#finished + 1;
  }

  /** Takes the number of a finished job. */
  finish(): number {
    this.#finished += 1;
    this.#changed = true;
    return this.#finished;
  }

  /** Records events for `WATCH_INTEREST` from now on; returns whether they were not recorded before. */
  watchOn(): boolean {
    const lapsed = !this.watched;
    this.#interest = this.#now + WATCH_INTEREST;
    this.#changed = true;
    return lapsed;
  }

  /** Is it watched? Its events are recorded then. */
  get watched(): boolean {
    return this.#interest > this.#now;
  }

  /** Emits an event, if the queue is watched. */
  emit(event: EventBody): void {
    if (!this.watched) return;
    this.#sequence += 1;
    this.#changed = true;
    this.#sql.run(
      "INSERT INTO events (queue, sequence, event) VALUES (?, ?, ?)",
      this.number,
      this.#sequence,
      JSON.stringify({ ...event, seq: this.#sequence, at: this.#now }),
    );
    if (this.#sequence - this.#dropped <= MOST_EVENTS * 2) return;
    this.#dropped = this.#sequence - MOST_EVENTS;
    this.#sql.run("DELETE FROM events WHERE queue = ? AND sequence <= ?", this.number, this.#dropped);
  }

  /** Writes the queue's row and the totals of its tags, if they changed. */
  save(): void {
    if (!this.#changed) return;
    this.gaps.save();
    if (this.#ends !== null) leaveTally(this.#sql, this.number, this.#ends, this.#now);
    this.#ends = null;
    if (this.#failures !== null && this.#grouped === 0) this.#grouped = this.#now + FAILURE_GROUP_AGE;
    this.#failures?.save();
    this.#failures = null;
    this.#sql.run(
      SAVE,
      this.#paused,
      JSON.stringify(this.#counts),
      this.keep.completed,
      this.keep.failed,
      this.kept.completed,
      this.kept.failed,
      this.#default.tail,
      this.#other.tail,
      this.#other.head,
      this.#finished,
      this.#sequence,
      this.#dropped,
      this.#interest,
      this.#epoch,
      this.#schedules,
      this.#traced,
      this.#grouped,
      this.number,
    );
    for (const [tag, states] of this.#totals) {
      for (const [state, by] of states) {
        if (by !== 0) this.#sql.run(ADD_TOTAL, this.number, tag, state, by);
        if (by < 0) this.#sql.run(DROP_TOTAL, this.number, tag, state);
      }
    }
  }
}
