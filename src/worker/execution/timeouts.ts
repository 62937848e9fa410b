/**
 * The timeouts of all runs on one timer. Runs with the same timeout end in the order in which they began, so one linked
 * list per timeout keeps them sorted, and adding or removing a run takes constant time.
 */
import type { Clock } from "../../model/value/clock.js";
import type { Run } from "../run/run.js";

interface Bucket {
  first: Run;
  last: Run;
}

export class Timeouts {
  readonly #clock: Clock;
  readonly #expired: (run: Run) => void;
  readonly #buckets = new Map<number, Bucket>();
  #armedFor = Number.POSITIVE_INFINITY;
  #cancel: () => void = () => {};

  /** @param expired called for each run that reaches its deadline, after it was removed */
  constructor(clock: Clock, expired: (run: Run) => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  add(run: Run, timeout: number): void {
    run.deadline = run.startedAt + timeout;
    run.timeout = timeout;
    const bucket = this.#buckets.get(timeout);
    if (bucket === undefined) {
      this.#buckets.set(timeout, { first: run, last: run });
    } else {
      run.previous = bucket.last;
      bucket.last.next = run;
      bucket.last = run;
    }
    if (run.deadline < this.#armedFor) this.#arm(run.deadline);
  }

  remove(run: Run): void {
    // Not computed as deadline minus start: with fractional times the difference may not be exactly the timeout.
    const { timeout } = run;
    const bucket = this.#buckets.get(timeout);
    if (bucket === undefined || (run.previous === null && bucket.first !== run)) return;
    if (run.previous === null && run.next === null) {
      this.#buckets.delete(timeout);
      return;
    }
    if (run.previous === null) bucket.first = run.next ?? bucket.first;
    else run.previous.next = run.next;
    if (run.next === null) bucket.last = run.previous ?? bucket.last;
    else run.next.previous = run.previous;
    run.previous = null;
    run.next = null;
  }

  /** The latest deadline of all runs; `null` when nothing runs. */
  latest(): number | null {
    let latest: number | null = null;
    for (const { last } of this.#buckets.values()) {
      if (latest === null || last.deadline > latest) latest = last.deadline;
    }
    return latest;
  }

  /** Cancels the timer. */
  close(): void {
    this.#cancel();
    this.#armedFor = Number.POSITIVE_INFINITY;
    this.#buckets.clear();
  }

  #arm(deadline: number): void {
    this.#cancel();
    this.#armedFor = deadline;
    this.#cancel = this.#clock.after(Math.max(0, deadline - this.#clock.monotonic()), () => this.#fire());
  }

  #fire(): void {
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = this.#clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    for (const timeout of [...this.#buckets.keys()]) {
      let run = this.#buckets.get(timeout)?.first;
      while (run !== undefined && run.deadline <= now) {
        this.remove(run);
        this.#expired(run);
        run = this.#buckets.get(timeout)?.first;
      }
      if (run !== undefined && run.deadline < next) next = run.deadline;
    }
    if (next < this.#armedFor) this.#arm(next);
  }
}
