/** What a command works with while its transaction is open: the statements, the time, the queues it touches. */
import type { TakenLease } from "./revocation.js";
import { SqliteQueue } from "./queue.js";
import type { Sql } from "./sql.js";
import type { Watchers } from "./watchers.js";

export class Transaction {
  readonly sql: Sql;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly #queues = new Map<string, SqliteQueue>();
  readonly #changed = new Set<string>();
  readonly #revoked: TakenLease[] = [];

  constructor(sql: Sql, now: number) {
    this.sql = sql;
    this.now = now;
  }

  /** A queue, which comes into being when it is named. */
  queue(name: string): SqliteQueue {
    const queue = this.find(name) ?? SqliteQueue.create(this.sql, name, this.now);
    this.#queues.set(name, queue);
    return queue;
  }

  /** A queue, if there is one of this name. */
  find(name: string): SqliteQueue | null {
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    const queue = SqliteQueue.load(this.sql, name, this.now);
    if (queue !== null) this.#queues.set(name, queue);
    return queue;
  }

  /** Forgets a queue that was deleted. */
  drop(name: string): void {
    this.#queues.delete(name);
  }

  /** Something changed in a queue: those who wait there are told once it is committed. */
  changed(name: string): void {
    this.#changed.add(name);
  }

  /** A lease was taken from a session: it is told once that is committed. */
  revoked(taken: TakenLease): void {
    this.#revoked.push(taken);
  }

  /** Writes what the queues have become. */
  flush(): void {
    for (const queue of this.#queues.values()) queue.save();
  }

  /** Tells everybody in this process; after the commit. */
  announce(watchers: Watchers): void {
    for (const taken of this.#revoked) watchers.revoked(taken);
    for (const name of this.#changed) watchers.changed(name);
  }
}
