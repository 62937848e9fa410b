/** An open transaction: statements, the time, and the queues, outboxes and revocations of the commands in it. */
import type { Clock } from "../../../model/value/clock.js";
import type { Message } from "../../shared/relay.js";
import type { Budget } from "./budget.js";
import type { Job } from "./job/job.js";
import type { JobRef } from "../../../model/job/job.js";
import { SqliteQueue } from "./queue/queue.js";
import type { Sql } from "../database/sql.js";
import type { TakenLease, Watchers } from "./watching/watchers.js";

/** How far the messages of a job are sent: first those to its dependents, then those to its dependencies, by queue and id. */
export interface OutboxCursor {
  readonly to: "dependents" | "dependencies";
  /** Up to which they are sent; `null`: none yet. */
  readonly after: JobRef | null;
}

/** A job in the outbox. */
export interface OutboxMark {
  readonly id: string;
  /** `null`: nothing is sent yet. */
  cursor: OutboxCursor | null;
  /** Its place among those that an earlier transaction left; `null`: it is marked by this one. */
  readonly number: number | null;
}

export class Transaction {
  readonly sql: Sql;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Milliseconds on the monotonic clock, which all processes of the machine share. A whole number. */
  readonly monotonic: number;
  readonly #queues = new Map<string, SqliteQueue>();
  readonly #changed = new Set<string>();
  readonly #revoked: TakenLease[] = [];
  /** Messages that are delivered before those of the outboxes. */
  outgoing: readonly Message[] = [];
  /** What is left of its budget. */
  readonly left: { -readonly [Part in keyof Budget]: Budget[Part] };
  /** Per queue: jobs with messages to linked jobs, in the order in which they were marked. */
  readonly #outbox = new Map<string, Map<number, OutboxMark>>();
  #hasLeftovers = false;

  constructor(sql: Sql, clock: Clock, budget: Budget) {
    this.sql = sql;
    this.left = { ...budget };
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
  }

  /** Marks a queue as changed: its waiters are woken after the commit. */
  changed(name: string): void {
    this.#changed.add(name);
  }

  /** Marks a job in the outbox: it has messages to linked jobs, delivered once the command has run (mailbox.ts). */
  markPending({ name }: Pick<SqliteQueue, "name">, { job, id }: Pick<Job, "job" | "id">): void {
    this.#outbox.get(name)?.delete(job);
    this.marksOf(name).set(job, { id, cursor: null, number: null });
    this.changed(name);
  }

  /** The outbox of a queue: jobs by number. Marking a job again puts it last. */
  marksOf(name: string): Map<number, OutboxMark> {
    let marks = this.#outbox.get(name);
    if (marks === undefined) this.#outbox.set(name, (marks = new Map()));
    return marks;
  }

  /** The queues whose outbox is not empty. */
  pendingQueues(): string[] {
    if (this.#outbox.size === 0) return [];
    return [...this.#changed].filter((name) => (this.#outbox.get(name)?.size ?? 0) > 0);
  }

  /** Does the file hold work of this transaction, or of one before it, that its budget did not suffice for? */
  get hasLeftovers(): boolean {
    return this.#hasLeftovers;
  }

  /** Leaves work to the transactions after it. */
  leave(): void {
    this.#hasLeftovers = true;
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
