/**
 * The one writer of this connection. Commands issued in one turn of the event loop, or while another process holds the
 * lock, share a transaction and so one sync to the disk; each has a savepoint of its own, so one that fails does not undo
 * the others. A command answers, and waiters are woken, only once it is committed.
 * What a command leaves to later transactions (leftovers.ts) is done between other commands, and with pauses, in which other
 * processes get the file. The command answers when that is done; it holds even if it cannot be.
 * On a full disk new jobs give way: they are refused, and what is left (reserve.ts) is for jobs that end.
 */
import { pause, systemClock, type Clock } from "../../model/value/clock.js";
import { EngineClosed } from "../../model/errors/errors.js";
import type { SqliteTarget } from "../target.js";
import { isBusy, isFileFailure, isFull } from "./database/driver.js";
import { fileFailure, fullFailure } from "./database/file/file-failure.js";
import { transact, whenFree } from "./database/file/file.js";
import type { FilePlace } from "./database/file/file-place.js";
import { continueLeftovers } from "./leftovers.js";
import type { Reserve } from "./database/file/reserve.js";
import type { WriteAheadLog } from "./database/wal.js";
import { deliver } from "./messages/mailbox.js";
import type { Sql } from "./database/sql.js";
import type { Budget } from "./store/budget.js";
import { Transaction } from "./store/transaction.js";
import type { Watchers } from "./store/watching/watchers.js";

/**
 * The event loop and other processes must get their turn: so many commands share a transaction at most, and none is added to
 * one that has changed so many rows or has taken so many milliseconds.
 */
const MOST_COMMANDS = 100;
const MOST_ROWS = 1_000;
const LONGEST = 10;

/** `true`: what a command adds may not use the room that is kept for jobs that end. */
export interface CommandOptions {
  readonly addsJobs?: boolean;
}

interface Pending {
  readonly addsJobs: boolean;
  /** Runs the command and keeps its answer. */
  attempt(): void;
  commit(): void;
  fail(error: unknown): void;
}

export interface WriterOptions {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly target: Required<SqliteTarget>;
  readonly budget: Budget;
  readonly log: WriteAheadLog;
  readonly watchers: Watchers;
  readonly place: FilePlace;
  readonly reserve: Reserve;
}

export class Writer {
  readonly #sql: Sql;
  readonly #clock: Clock;
  readonly #watchers: Watchers;
  readonly #target: Required<SqliteTarget>;
  readonly #place: FilePlace;
  readonly #budget: Budget;
  readonly #log: WriteAheadLog;
  readonly #reserve: Reserve;
  /** Answers of commands that wait until nothing is left to do. */
  readonly #answers: (() => void)[] = [];
  #hasLeftovers = false;
  #waiting: Pending[] = [];
  #working = false;
  #closed = false;

  constructor({ sql, clock, target, budget, log, watchers, place, reserve }: WriterOptions) {
    this.#budget = budget;
    this.#sql = sql;
    this.#clock = clock;
    this.#watchers = watchers;
    this.#target = target;
    this.#log = log;
    this.#place = place;
    this.#reserve = reserve;
  }

  /** Queues a command that writes; it answers once it is committed. */
  run<T>(command: (transaction: Transaction) => T, { addsJobs = false }: CommandOptions = {}): Promise<T> {
    if (this.#closed) return Promise.reject(new EngineClosed());
    if (addsJobs && this.#reserve.refusesJobs) return Promise.reject(fullFailure(this.#target));
    return new Promise((resolve, reject) => {
      let answer: { value: T; transaction: Transaction };
      this.#waiting.push({
        addsJobs,
        attempt: () => {
          const transaction = this.#begin();
          const value = command(transaction);
          deliver(transaction);
          transaction.flush();
          answer = { value, transaction };
        },
        commit: () => {
          const { value, transaction } = answer;
          if (transaction.hasLeftovers) {
            this.#hasLeftovers = true;
            this.#answers.push(() => resolve(value));
          } else {
            resolve(value);
          }
          transaction.announce(this.#watchers);
        },
        fail: reject,
      });
      if (!this.#working) void this.#work();
    });
  }

  /** Runs a query on one consistent state. */
  async read<T>(query: (sql: Sql) => T): Promise<T> {
    if (this.#closed) throw new EngineClosed();
    return whenFree(this.#target, () => {
      if (this.#closed) throw new EngineClosed();
      this.#place.verify();
      return transact(this.#sql, "BEGIN", () => query(this.#sql));
    });
  }

  /** Commits the waiting commands, unless another process holds the lock, and refuses later ones. */
  close(): void {
    this.#closed = true;
    if (!this.commitNow()) this.#fail(new EngineClosed());
    this.#answerAll();
  }

  /** Commits the waiting commands; returns whether it could. Those that are left are tried on. */
  commitNow(): boolean {
    try {
      while (this.#waiting.length > 0) this.#commit();
      return true;
    } catch {
      return false;
    }
  }

  async #work(): Promise<void> {
    this.#working = true;
    while (this.#waiting.length > 0 || this.#hasLeftovers) {
      // A turn of the event loop: more commands are collected, and timers and sockets are not starved.
      await new Promise((resolve) => setImmediate(resolve));
      try {
        await whenFree(this.#target, () => this.#commit());
      } catch (error) {
        this.#fail(error);
      }
      if (this.#hasLeftovers) await this.#continue();
    }
    this.#working = false;
  }

  /** Does a part of what is left. If that fails, the commands hold nevertheless: a sweep goes on. */
  async #continue(): Promise<void> {
    const started = systemClock.monotonic();
    try {
      this.#hasLeftovers = await whenFree(this.#target, () => this.#commitLeftovers());
    } catch {
      this.#hasLeftovers = false;
    }
    if (!this.#hasLeftovers) this.#answerAll();
    // Others get the file for half of the time that it was kept from them.
    else await pause(systemClock, Math.ceil((systemClock.monotonic() - started) / 2));
  }

  /** Returns whether there is more. */
  #commitLeftovers(): boolean {
    if (this.#closed) return false;
    this.#place.verify();
    const transaction = this.#withReserve(() => {
      const begun = this.#begin();
      transact(this.#sql, "BEGIN IMMEDIATE", () => {
        continueLeftovers(begun);
        deliver(begun);
        begun.flush();
      });
      return begun;
    });
    this.#log.keepShort();
    transaction.announce(this.#watchers);
    return transaction.hasLeftovers;
  }

  #begin(): Transaction {
    return new Transaction(this.#sql, this.#clock, this.#budget);
  }

  #answerAll(): void {
    for (const answer of this.#answers.splice(0)) answer();
  }

  #commit(): void {
    if (this.#waiting.length === 0) return;
    this.#place.verify();
    const done = this.#withReserve(() => transact(this.#sql, "BEGIN IMMEDIATE", () => this.#attemptSome()));
    this.#waiting = this.#waiting.slice(done.length);
    this.#log.keepShort();
    for (const finish of done) finish();
  }

  /** Tries something again when the disk is full: without new jobs first, then with the room that is kept for the others. */
  #withReserve<T>(attempt: () => T): T {
    try {
      return attempt();
    } catch (error) {
      if (!isFull(error)) throw error;
      const hadJobs = this.#refuseJobs(error);
      if (!hadJobs) this.#reserve.giveUp();
      try {
        return attempt();
      } catch (again) {
        if (!hadJobs || !isFull(again)) throw again;
      }
      this.#reserve.giveUp();
      return attempt();
    }
  }

  /** Refuses the waiting commands that add jobs; returns whether there were any. */
  #refuseJobs(error: unknown): boolean {
    const refused = this.#waiting.filter(({ addsJobs }) => addsJobs);
    this.#waiting = this.#waiting.filter(({ addsJobs }) => !addsJobs);
    for (const command of refused) command.fail(fileFailure(this.#target, error));
    return refused.length > 0;
  }

  /** Runs waiting commands, as many as may share a transaction. */
  #attemptSome(): (() => void)[] {
    const [first] = this.#waiting;
    if (first !== undefined && this.#waiting.length === 1) return [attemptAlone(first)];
    const done: (() => void)[] = [];
    const mostChanges = this.#sql.changes + MOST_ROWS;
    const until = systemClock.monotonic() + LONGEST;
    for (const command of this.#waiting) {
      const isFull = done.length === MOST_COMMANDS || this.#sql.changes >= mostChanges;
      if (isFull || (done.length > 0 && systemClock.monotonic() > until)) break;
      done.push(this.#attempt(command));
    }
    return done;
  }

  /** Runs one of several commands; returns what to do once all are committed. */
  #attempt(command: Pending): () => void {
    this.#sql.run("SAVEPOINT command");
    try {
      command.attempt();
    } catch (error) {
      // The file failed, or the transaction was rolled back: every command of the batch fails.
      if (isBusy(error) || isFileFailure(error)) throw error;
      this.#sql.run("ROLLBACK TO command");
      this.#sql.run("RELEASE command");
      return () => command.fail(error);
    }
    this.#sql.run("RELEASE command");
    return () => command.commit();
  }

  #fail(error: unknown): void {
    const failed = this.#waiting;
    this.#waiting = [];
    for (const command of failed) command.fail(error);
  }
}

function attemptAlone(command: Pending): () => void {
  command.attempt();
  return () => command.commit();
}
