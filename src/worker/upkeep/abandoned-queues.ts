/**
 * Looks after queues that no worker serves any more. Only a sweep ends a session that died, and a worker sweeps the queues
 * that it serves: without this, what the last worker of a queue held when it died would be shown as running for ever.
 * Every few minutes a worker looks at some queues. Those whose sessions are all overdue it sweeps until nothing is left of
 * these, with the same patience as in its own. Their schedules are left to a worker that serves them.
 */
import type { Engine } from "../../engine/contract/engine.js";
import { pause, type Clock, type Random } from "../../model/value/clock.js";
import type { EngineOutage } from "../session/engine-outage.js";
import { OverdueWatch } from "../session/overdue-watch.js";

/** The interval of visits (milliseconds), and how many queues one looks at. */
const EVERY = 300_000;
const LOOKED_AT = 20;
/** The most jobs of a kind in one sweep: the engine serves no other client meanwhile. */
const LIMIT = 200;
/** The wait between two sweeps of which the first left something, at least, and a delay that means a standstill. */
const LEAST = 50;
const LATE = 1_000;

/** Dependencies. `served`: the queues of this worker, which it sweeps anyway. */
export interface AbandonedQueuesOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: Random;
  readonly served: readonly string[];
  readonly outage: EngineOutage;
}

export class AbandonedQueues {
  readonly #options: AbandonedQueuesOptions;
  readonly #stop = new AbortController();
  #cancel: () => void = () => {};
  #cursor: string | null = null;

  constructor(options: AbandonedQueuesOptions) {
    this.#options = options;
  }

  /** Begins the visits, the first after a random part of their interval. */
  start(): void {
    this.#arm(EVERY * this.#options.random());
  }

  stop(): void {
    this.#stop.abort();
    this.#cancel();
  }

  #arm(delay: number): void {
    if (!this.#stop.signal.aborted) this.#cancel = this.#options.clock.after(delay, () => void this.#visit());
  }

  async #visit(): Promise<void> {
    const { engine, outage, random, served } = this.#options;
    try {
      const { queues, cursor } = await engine.abandoned({ cursor: this.#cursor, limit: LOOKED_AT, except: served });
      this.#cursor = cursor;
      for (const queue of queues) await this.#sweep(queue);
    } catch (error) {
      if (!this.#stop.signal.aborted) outage.report(error);
    }
    this.#arm(EVERY * (0.75 + 0.5 * random()));
  }

  /** Sweeps a queue until none of its sessions is overdue. */
  async #sweep(queue: string): Promise<void> {
    const { engine, clock } = this.#options;
    const watch = new OverdueWatch();
    while (!this.#stop.signal.aborted) {
      const begun = clock.monotonic();
      const answer = await engine.sweep({ queues: [queue], limit: LIMIT, dead: watch.dead(begun) });
      const answered = clock.monotonic();
      watch.see(answer.overdue, answered);
      if (answered - begun > LATE) watch.stoodStill(answered);
      const death = watch.nextDeath;
      const changed = answer.promoted + answer.recovered + answer.expired + answer.removed;
      // What else there may be is due schedules, and what the next visit finds.
      if (death === null && (!answer.more || changed === 0)) return;
      const delay = answer.more ? LEAST : Math.max(LEAST, (death ?? answered) - answered + 1);
      await pause(clock, delay, this.#stop.signal);
      if (clock.monotonic() - answered - delay > LATE) watch.stoodStill(clock.monotonic());
    }
  }
}
