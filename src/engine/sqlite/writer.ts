/**
 * The one writer of this connection. Commands issued in one turn of the event loop, or while another process holds the
 * lock, share a transaction and so one sync to the disk; each has a savepoint of its own, so one that fails does not undo
 * the others. A command answers, and waiters are woken, only once it is committed.
 */
import type { Clock } from "../../model/value/clock.js";
import { EngineClosed } from "../../model/errors/errors.js";
import type { SqliteTarget } from "../target.js";
import { isBusy, isFileFailure } from "./database/driver.js";
import { transact, whenFree } from "./database/file.js";
import type { FilePlace } from "./database/file-place.js";
import { deliver } from "./messages/mailbox.js";
import type { Sql } from "./database/sql.js";
import { Transaction } from "./store/transaction.js";
import type { Watchers } from "./store/watchers.js";

/** The most commands that share a transaction: the event loop and other processes must get their turn. */
const MOST_COMMANDS = 100;

interface Pending {
  /** Runs the command and keeps its answer. */
  attempt(): void;
  commit(): void;
  fail(error: unknown): void;
}

export interface WriterOptions {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly target: Required<SqliteTarget>;
  readonly watchers: Watchers;
  readonly place: FilePlace;
}

export class Writer {
  readonly #sql: Sql;
  readonly #clock: Clock;
  readonly #watchers: Watchers;
  readonly #target: Required<SqliteTarget>;
  readonly #place: FilePlace;
  #waiting: Pending[] = [];
  #working = false;
  #closed = false;

  constructor({ sql, clock, target, watchers, place }: WriterOptions) {
    this.#sql = sql;
    this.#clock = clock;
    this.#watchers = watchers;
    this.#target = target;
    this.#place = place;
  }

  /** Queues a command that writes; it answers once it is committed. */
  run<T>(command: (transaction: Transaction) => T): Promise<T> {
    if (this.#closed) return Promise.reject(new EngineClosed());
    return new Promise((resolve, reject) => {
      let answer: { value: T; transaction: Transaction };
      this.#waiting.push({
        attempt: () => {
          const transaction = new Transaction(this.#sql, this.#clock);
          const value = command(transaction);
          deliver(transaction);
          transaction.flush();
          answer = { value, transaction };
        },
        commit: () => {
          resolve(answer.value);
          answer.transaction.announce(this.#watchers);
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
    try {
      while (this.#waiting.length > 0) this.#commit();
    } catch {
      this.#fail(new EngineClosed());
    }
  }

  async #work(): Promise<void> {
    this.#working = true;
    while (this.#waiting.length > 0) {
      // A turn of the event loop: more commands are collected, and timers and sockets are not starved.
      await new Promise((resolve) => setImmediate(resolve));
      try {
        await whenFree(this.#target, () => this.#commit());
      } catch (error) {
        this.#fail(error);
      }
    }
    this.#working = false;
  }

  #commit(): void {
    const batch = this.#waiting.slice(0, MOST_COMMANDS);
    if (batch.length === 0) return;
    this.#place.verify();
    const done = transact(this.#sql, "BEGIN IMMEDIATE", () =>
      batch.map((command) => (batch.length === 1 ? attemptAlone(command) : this.#attempt(command))),
    );
    this.#waiting = this.#waiting.slice(batch.length);
    for (const finish of done) finish();
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
