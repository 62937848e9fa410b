/** All queues at a glance: how many jobs each has in each state, whether it is paused, and how many end in it a minute. */
import type { QueueRecord } from "../../../engine/contract/engine.js";
import type { View } from "../../http/view.js";
import { iso } from "../../schema/common.js";
import type { LiveParts, Outlet, Source } from "./source.js";
import { Poll } from "./poll.js";
import { Rates, type Rate } from "./rates.js";

/** How often (milliseconds) queues are counted, and how ends are. */
const COUNT_TIME = 1_000;
const RATE_TIME = 5_000;
/** How many queues are shown, by name. */
const MOST_QUEUES = 1_000;

const NONE: Rate = { ended: 0, failed: 0 };

export class OverviewSource implements Source {
  readonly #parts: LiveParts;
  readonly #outlet: Outlet;
  readonly #counting: Poll;
  readonly #measuring: Poll;
  readonly #rates: Rates;
  #queues = new Map<string, QueueRecord>();
  #shown = new Map<string, string>();
  #count = 0;

  constructor(parts: LiveParts, outlet: Outlet) {
    this.#parts = parts;
    this.#outlet = outlet;
    this.#rates = new Rates(parts.clock);
    this.#counting = new Poll(parts.clock, COUNT_TIME, async () => {
      await this.#readQueues();
      this.#tellChanges();
    });
    this.#measuring = new Poll(parts.clock, RATE_TIME, () => this.#readTotals());
  }

  async load(): Promise<void> {
    await Promise.all([this.#readQueues(), this.#readTotals()]);
    this.#shown = new Map([...this.#queues].map(([name, queue]) => [name, JSON.stringify(this.#document(queue))]));
    this.#counting.start();
    this.#measuring.start();
  }

  snapshot(_view: View): Readonly<Record<string, unknown>> {
    return { queues: [...this.#queues.values()].map((queue) => this.#document(queue)), queueCount: this.#count };
  }

  stop(): void {
    this.#counting.stop();
    this.#measuring.stop();
  }

  async #readQueues(): Promise<void> {
    const queues = await this.#parts.longshore.queues();
    this.#count = queues.length;
    this.#queues = new Map(queues.slice(0, MOST_QUEUES).map((queue) => [queue.name, queue]));
  }

  async #readTotals(): Promise<void> {
    this.#rates.take(await this.#parts.longshore.totals());
  }

  #tellChanges(): void {
    for (const name of this.#shown.keys()) {
      if (this.#queues.has(name)) continue;
      this.#shown.delete(name);
      this.#tell(name, { kind: "queue-gone", queue: name, at: iso(this.#parts.clock.now()) });
    }
    for (const [name, queue] of this.#queues) {
      const document = this.#document(queue);
      const text = JSON.stringify(document);
      if (this.#shown.get(name) === text) continue;
      this.#shown.set(name, text);
      this.#tell(name, { kind: "queue", at: iso(this.#parts.clock.now()), ...document });
    }
  }

  #tell(name: string, document: object): void {
    this.#outlet.changed({ slot: name, summary: name, size: 350, document: () => document });
  }

  #document({ name, paused, counts }: QueueRecord): object {
    return { queue: name, paused, counts, perMinute: this.#rates.of(name) ?? NONE };
  }
}
