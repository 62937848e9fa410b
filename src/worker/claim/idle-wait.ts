/**
 * Waiting for work while there is none: woken by the engine, by the time the next delayed job is due, and now and then
 * to be sure. A worker that is woken for nothing again and again (for work that it may not take now) asks less often.
 */
import type { Engine, ExchangeAnswer } from "../../engine/contract/engine.js";
import { pause, type Clock } from "../../model/value/clock.js";
import type { EngineClock } from "../session/engine-clock.js";
import type { EngineOutage } from "../session/engine-outage.js";
import type { ParsedOrder } from "./queue-order.js";

/** The longest single wait, and after how long the engine is asked although it woke nobody. Milliseconds. */
const LONGEST_WAIT = 30_000;
const ASK_ANYWAY = 55_000;
/** A wait shorter than this (milliseconds) that brought nothing was for nothing. */
const QUICK = 5;
const LONGEST_PENALTY = 250;

/** What waiting needs. */
export interface IdleWaitOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly order: ParsedOrder;
  /** The tasks of which it takes jobs that were set aside. */
  readonly tasks: () => readonly string[];
  readonly outage: EngineOutage;
  readonly time: EngineClock;
}

export class IdleWait {
  readonly #options: IdleWaitOptions;
  readonly #woken: (sure: boolean, spent: boolean) => void;
  #waiting: AbortController | null = null;
  #nextDue: number | null = null;
  #askedAt = 0;
  #quick = false;
  #fruitless = 0;

  /**
   * `woken` is called when it is worth asking for work; `sure`: there is work, as far as one can know; `spent`: a wake-up was
   * spent on this, so whoever does not ask for work passes it on.
   */
  constructor(options: IdleWaitOptions, woken: (sure: boolean, spent: boolean) => void) {
    this.#options = options;
    this.#woken = woken;
  }

  /** Learns from the answer to a claim. */
  learn(answer: ExchangeAnswer): void {
    const { clock, time } = this.#options;
    this.#askedAt = clock.monotonic();
    this.#nextDue = answer.nextDue;
    this.#fruitless = answer.leases.length === 0 && this.#quick ? this.#fruitless + 1 : 0;
    // Only the claim that follows a wake-up says whether it was for nothing.
    this.#quick = false;
    const [lease] = answer.leases;
    if (lease !== undefined) time.learn(lease.leasedAt);
  }

  /** Waits, unless it is waiting. */
  start(): void {
    if (this.#waiting !== null) return;
    this.#waiting = new AbortController();
    void this.#run(this.#waiting);
  }

  stop(): void {
    this.#waiting?.abort();
    this.#waiting = null;
  }

  async #run(waiting: AbortController): Promise<void> {
    const { engine, clock, order, outage, tasks, time } = this.#options;
    const { signal } = waiting;
    let sure = false;
    let spent = false;
    for (let failures = 0; !signal.aborted;) {
      if (this.#fruitless > 1) {
        await pause(clock, Math.min(LONGEST_PENALTY, QUICK * 2 ** Math.min(this.#fruitless, 8)), signal);
      }
      const from = clock.monotonic();
      const due = this.#nextDue === null ? Number.POSITIVE_INFINITY : from + time.until(this.#nextDue);
      const timeout = Math.max(1, Math.min(LONGEST_WAIT, due - from));
      try {
        spent = await engine.awaitWork({ queues: order.names, tasks: tasks(), timeout, signal });
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        outage.report(error);
        await pause(clock, outage.delay(failures), signal);
        failures += 1;
        continue;
      }
      if (signal.aborted) {
        if (spent) await engine.passOn({ queues: order.names });
        return;
      }
      const now = clock.monotonic();
      this.#quick = now - from < QUICK;
      // Timers are exact to a millisecond or two; a wait that was cut short was cut by work, or by the end of the wait
      // before it: engines may be early.
      const early = now - from < timeout - 2;
      sure = (early && !this.#quick) || now >= due;
      if (sure || early || now - this.#askedAt >= ASK_ANYWAY) break;
    }
    if (this.#waiting !== waiting) return;
    this.#waiting = null;
    this.#woken(sure, spent);
  }
}
