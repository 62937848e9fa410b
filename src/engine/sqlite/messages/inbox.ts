/** The inbox: applies to a job what follows from a message (engine/shared/reactions.ts). */
import type { DependencyRecord } from "../../../model/job/dependency.js";
import { bareRef, type JobRef } from "../../../model/job/job-ref.js";
import type { JobState } from "../../../model/job/state.js";
import { answerForMissing, reactTo, type Effect, type FlowStage, type Receiver } from "../../shared/reactions.js";
import type { Message } from "../../shared/relay.js";
import { endCancelled } from "../commands/run/settle.js";
import {
  addDependency,
  addDependent,
  dependency,
  endDependency,
  isAwaitedBy,
  isAwaitedOnlyBy,
  linksOf,
  removeDependent,
  reopenDependency,
  saveLinks,
  type LinkState,
} from "../store/job/dependencies.js";
import { makeReady, releaseHeld } from "../store/dependent.js";
import { completeFlow } from "../store/flow.js";
import { findJob, saveJob, stateOfJob, type Job } from "../store/job/job.js";
import type { SqliteQueue } from "../store/queue/queue.js";
import { countFailure, finish, forget, recordFailure, retain, unretain } from "../store/transitions.js";
import type { Transaction } from "../store/transaction.js";

/** Applies a message; returns the replies. */
export function receive(transaction: Transaction, queue: SqliteQueue | null, message: Message): readonly Message[] {
  const { to, from } = message;
  const job = queue === null ? null : findJob(transaction.sql, queue.number, to.id);
  if (queue === null || job === null) return answerForMissing(message);
  const receiver = new SqliteReceiver(transaction, queue, job, from);
  const { effects, replies } = reactTo(receiver, message);
  let changed = false;
  for (const effect of effects) changed = receiver.apply(effect) || changed;
  if (changed) saveJob(transaction.sql, job);
  return replies;
}

/** A job that gets a message. Its links, and what it knows of the sender, are read when a reaction depends on them. */
class SqliteReceiver implements Receiver {
  readonly #transaction: Transaction;
  readonly #queue: SqliteQueue;
  readonly #job: Job;
  readonly #from: JobRef;
  #links: LinkState | null = null;

  constructor(transaction: Transaction, queue: SqliteQueue, job: Job, from: JobRef) {
    this.#transaction = transaction;
    this.#queue = queue;
    this.#job = job;
    this.#from = from;
  }

  get state(): JobState {
    return stateOfJob(this.#job);
  }

  get flow(): FlowStage | null {
    return this.#loaded().flow;
  }

  get held(): boolean {
    return this.#loaded().held;
  }

  get round(): number {
    return this.#loaded().round;
  }

  get dependencies(): number {
    return this.#loaded().depends;
  }

  get pending(): number {
    return this.#loaded().pending;
  }

  get known(): DependencyRecord | null {
    return dependency(this.#transaction.sql, this.#job, this.#from);
  }

  get awaited(): boolean {
    return isAwaitedBy(this.#transaction.sql, this.#job.job, this.#from);
  }

  get awaitedOnlyBySender(): boolean {
    return isAwaitedOnlyBy(this.#transaction.sql, this.#job.job, this.#from);
  }

  /** Applies an effect; returns whether it changed the run record, which is then written back. */
  apply(effect: Effect): boolean {
    const { sql } = this.#transaction;
    const [transaction, queue, job, from] = [this.#transaction, this.#queue, this.#job, this.#from];
    switch (effect.kind) {
      case "add-dependent":
        // A job without links gets some with its first dependent.
        if (!job.linked) saveLinks(sql, job, this.#loaded());
        addDependent(sql, job, from, effect.round);
        return false;
      case "remove-dependent":
        removeDependent(sql, job, from);
        return false;
      case "add-dependency":
        addDependency(sql, job, this.#loaded(), from, effect.ifFailed);
        queue.emit({ kind: "member", id: job.id, member: bareRef(from) });
        break;
      case "end-dependency":
        endDependency(sql, job, this.#loaded(), from, effect.state);
        break;
      case "reopen-dependency":
        reopenDependency(sql, job, this.#loaded(), from);
        break;
      case "clear-hold":
        this.#loaded().held = false;
        break;
      case "release":
        releaseHeld(transaction, queue, job, this.#loaded());
        return true;
      case "retain":
        retain(queue, job);
        return true;
      case "unretain":
        unretain(queue, job);
        return true;
      case "make-ready":
        makeReady(transaction, queue, job);
        return true;
      case "record-failure":
        recordFailure(transaction, job, effect.failure);
        countFailure(transaction, queue, job, effect.failure, "no run");
        return true;
      case "end":
        finish(transaction, queue, job, effect.state, "dependency");
        return true;
      case "complete-flow":
        completeFlow(transaction, queue, job, this.#loaded());
        return true;
      case "cancel":
        endCancelled(transaction, queue, job);
        return true;
      case "remove":
        forget(transaction, queue, job);
        return false;
    }
    // The effects that are left changed only the links.
    saveLinks(sql, job, this.#loaded());
    return false;
  }

  #loaded(): LinkState {
    this.#links ??= linksOf(this.#transaction.sql, this.#job);
    return this.#links;
  }
}
