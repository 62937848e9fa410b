/** An open transaction: statements, the time, and the queues, outboxes and revocations of the commands in it. */
import type { Clock } from "../../../model/value/clock.js";
import type { Job } from "./job.js";
import { SqliteQueue } from "./queue.js";
import type { Sql } from "../database/sql.js";
import type { TakenLease, Watchers } from "./watchers.js";

export class Transaction {
  readonly sql: Sql;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Milliseconds on the monotonic clock, which all processes of the machine share. A whole number. */
  readonly monotonic: number;
  readonly #queues = new Map<string, SqliteQueue>();
  readonly #changed = new Set<string>();
  readonly #revoked: TakenLease[] = [];
  /** Per queue: jobs with messages to linked jobs, in the order in which they were marked. */
  readonly #outbox = new Map<string, Map<number, string>>();

  constructor(sql: Sql, clock: Clock) {
    this.sql = sql;
    this.now = clock.now();
    this.monotonic = Math.round(clock.monotonic());
  }

  /** A queue, created on first use. */
  queue(name: string): SqliteQueue {
    const queue = this.find(name) ?? SqliteQueue.create(this.sql, name, this.now);
    this.#queues.set(name, queue);
    return queue;
  }

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
    this.#outbox.delete(name);
  }

  /** Marks a queue as changed: its waiters are woken after the commit. */
  changed(name: string): void {
    this.#changed.add(name);
  }

  /** Marks a job in the outbox: it has messages to linked jobs, delivered once the command has run (mailbox.ts). */
  markPending({ name }: SqliteQueue, { job, id }: Pick<Job, "job" | "id">): void {
    let pending = this.#outbox.get(name);
    if (pending === undefined) this.#outbox.set(name, (pending = new Map()));
    pending.delete(job);
    pending.set(job, id);
    this.changed(name);
  }

  /** The queues whose outbox is not empty. */
  pendingQueues(): string[] {
    if (this.#outbox.size === 0) return [];
    return [...this.#changed].filter((name) => (this.#outbox.get(name)?.size ?? 0) > 0);
  }

  /** Takes the first jobs out of the outbox of a queue, with their ids. A later change marks a job again. */
  takeOutbox(queue: SqliteQueue, most: number): [job: number, id: string][] {
    const taken: [job: number, id: string][] = [];
    const pending = this.#outbox.get(queue.name) ?? new Map<number, string>();
    for (const [job, id] of pending) {
      if (taken.length === most) break;
      taken.push([job, id]);
      pending.delete(job);
    }
    return taken;
  }

  /** Records a lease taken from a session, which is notified after the commit. */
  revoked(taken: TakenLease): void {
    this.#revoked.push(taken);
  }

  /** Writes the changed queues. */
  flush(): void {
    for (const queue of this.#queues.values()) queue.save();
  }

  /** Wakes waiters and notifies sessions in this process; after the commit. */
  announce(watchers: Watchers): void {
    for (const taken of this.#revoked) watchers.revoked(taken);
    for (const name of this.#changed) watchers.changed(name);
  }
}
