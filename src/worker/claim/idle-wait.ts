/**
 * Waits for work while there is none. The wait ends when the engine wakes the worker, when the next delayed job is due,
 * or after an hour as a safety check.
 * A worker that is woken repeatedly for work that it may not take now backs off.
 */
import type { Engine, ExchangeAnswer } from "../../engine/contract/engine.js";
import { earliest } from "../../engine/shared/listing-order.js";
import { pause, type Clock } from "../../model/value/clock.js";
import type { EngineClock } from "../session/engine-clock.js";
import type { EngineOutage } from "../session/engine-outage.js";
import type { ParsedOrder } from "./queue-order.js";
import type { SystemWork } from "../system/system-work.js";

/** The longest single wait, and after how long the worker claims even without a wake-up. Milliseconds. */
const LONGEST_WAIT = 30_000;
const ASK_ANYWAY = 3_600_000;
/** A wait shorter than this (milliseconds) that led to no lease was fruitless. */
const QUICK = 5;
const LONGEST_PENALTY = 250;

/** What an idle wait needs. */
export interface IdleWaitOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly order: ParsedOrder;
  /** The tasks whose jobs this worker takes from aside. */
  readonly tasks: () => readonly string[];
  /** The tasks of which it reports the jobs that ended without a run. */
  readonly ends: () => readonly string[];
  readonly outage: EngineOutage;
  readonly time: EngineClock;
  /** The platform's queue, which it listens for beside its own; `null`: it does not. */
  readonly system: SystemWork | null;
}

export class IdleWait {
  readonly #options: IdleWaitOptions;
  readonly #woken: (sure: boolean, spent: string | null) => void;
  #waiting: AbortController | null = null;
  #nextDue: number | null = null;
  #askedAt = 0;
  /** When the present wait is over at the latest, on the monotonic clock; `null`: it does not wait. */
  #until: number | null = null;
  #quick = false;
  #fruitless = 0;

  /**
   * @param woken called when a claim is worthwhile; `sure`: there is work, as far as can be known; `spent`: the queue
   * whose wake-up was used up, so a worker that does not ask it for work must pass it on
   */
  constructor(options: IdleWaitOptions, woken: (sure: boolean, spent: string | null) => void) {
    this.#options = options;
    this.#woken = woken;
  }

  /** When a wait should have been over that is not, on the monotonic clock; `null`: there is none. */
  get overdueSince(): number | null {
    return this.#waiting !== null && this.#until !== null && this.#until < this.#options.clock.monotonic()
      ? this.#until
      : null;
  }

  /** Learns from the answer to a claim; `whole`: it asked all queues. */
  learn(answer: ExchangeAnswer, whole: boolean): void {
    const { clock, time } = this.#options;
    if (whole) this.#askedAt = clock.monotonic();
    this.#nextDue = whole ? answer.nextDue : earliest(this.#nextDue, answer.nextDue);
    this.#fruitless = answer.leases.length === 0 && this.#quick ? this.#fruitless + 1 : 0;
    // Only the claim right after a wake-up shows whether the wake-up was fruitless.
    this.#quick = false;
    const [lease] = answer.leases;
    if (lease !== undefined) time.learn(lease.leasedAt);
  }

  /** Starts to wait, unless it is waiting. */
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
    const { engine, clock, order, outage, tasks, ends, time, system } = this.#options;
    const { signal } = waiting;
    let sure = false;
    let spent: string | null = null;
    for (let failures = 0; !signal.aborted;) {
      this.#until = null;
      if (this.#fruitless > 1) {
        await pause(clock, Math.min(LONGEST_PENALTY, QUICK * 2 ** Math.min(this.#fruitless, 8)), signal);
      }
      const from = clock.monotonic();
      const due = this.#nextDue === null ? Number.POSITIVE_INFINITY : from + time.until(this.#nextDue);
      const timeout = Math.max(1, Math.min(LONGEST_WAIT, due - from));
      this.#until = from + timeout;
      try {
        const beside = system?.queue ?? null;
        const queues = beside === null ? order.names : [...order.names, beside];
        spent = await engine.awaitWork({ queues, tasks: tasks(), ends: ends(), timeout, signal });
        if (spent !== null && spent === beside && !signal.aborted) {
          system?.woken();
          spent = null;
          continue;
        }
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        outage.report(error);
        this.#until = null;
        await pause(clock, outage.delay(failures), signal);
        failures += 1;
        continue;
      }
      if (signal.aborted) {
        if (spent !== null) await engine.passOn({ queues: [spent] });
        return;
      }
      const now = clock.monotonic();
      this.#quick = now - from < QUICK;
      // Timers are exact to a millisecond or two, hence the margin. A wait that ended early was ended by work, or the
      // engine's wait ended early.
      const early = now - from < timeout - 2;
      if (early && spent === null) system?.suspect();
      sure = (early && !this.#quick) || now >= due;
      if (sure || early || now - this.#askedAt >= ASK_ANYWAY) break;
    }
    if (this.#waiting !== waiting) return;
    this.#waiting = null;
    this.#woken(sure, spent);
  }
}
