/** One queue: how many jobs it has in each state, whether it is paused, what runs in it, and what happens to its jobs. */
import { iso } from "../../schema/common.js";
import type { StateCounts } from "../../../engine/contract/engine.js";
import { perState } from "../../../model/job/state.js";
import type { View } from "../../http/view.js";
import { changeOf, isJobEvent } from "./documents.js";
import { EventGate } from "../feed/event-gate.js";
import type { FeedEvent } from "../feed/queue-feed.js";
import type { LiveParts, Outlet, Source } from "./source.js";
import { JobTable } from "./job-table.js";
import { Refresh } from "./refresh.js";

/** How many of the jobs that run a snapshot shows. */
const MOST_ACTIVE = 200;
/** The time (milliseconds) between two counts. */
const COUNT_TIME = 1_000;

export class QueueSource implements Source {
  readonly #queue: string;
  readonly #parts: LiveParts;
  readonly #outlet: Outlet;
  readonly #gate: EventGate;
  readonly #count: Refresh;
  readonly #listening: { readonly begun: Promise<void>; readonly stop: () => void };
  readonly #active = new JobTable(MOST_ACTIVE);
  #counts: StateCounts = perState(() => 0);
  #isPaused = false;

  constructor(queue: string, parts: LiveParts, outlet: Outlet) {
    this.#queue = queue;
    this.#parts = parts;
    this.#outlet = outlet;
    this.#gate = new EventGate(
      (event) => this.#take(event),
      () => outlet.missed(),
    );
    this.#count = new Refresh(parts.clock, COUNT_TIME, () => this.#readCounts());
    this.#listening = parts.feeds.listen(queue, null, this.#gate);
  }

  async load(): Promise<void> {
    await this.#listening.begun;
    const queue = this.#parts.longshore.queue(this.#queue);
    await this.#gate.during(async () => {
      const active = queue.jobs({ states: "active" }).page({ limit: MOST_ACTIVE });
      const [counts, isPaused, { jobs }] = await Promise.all([queue.counts(), queue.isPaused(), active]);
      this.#counts = counts;
      this.#isPaused = isPaused;
      this.#active.set(jobs);
    });
  }

  snapshot(view: View): Readonly<Record<string, unknown>> {
    const queue = { queue: this.#queue, paused: this.#isPaused, counts: this.#counts };
    return { queue, active: this.#active.documents(view) };
  }

  stop(): void {
    this.#count.stop();
    this.#listening.stop();
  }

  #take(event: FeedEvent): void {
    const { kind, at } = event;
    if (isJobEvent(event)) {
      if (event.kind === "state" || event.kind === "removed") this.#count.want();
      if (event.kind === "state" && event.state !== "active") this.#active.delete(event);
      else this.#active.take(event);
      this.#outlet.changed(changeOf(event, { task: null }));
    } else if (kind === "paused" || kind === "resumed") {
      this.#isPaused = kind === "paused";
      this.#tell("paused", { kind, queue: this.#queue, at: iso(at) });
    } else if (kind === "regressed") {
      const { fingerprint } = event;
      this.#tell(`regressed ${fingerprint}`, { kind, queue: this.#queue, at: iso(at), fingerprint });
    }
  }

  async #readCounts(): Promise<void> {
    const counts = await this.#parts.longshore.queue(this.#queue).counts();
    this.#counts = counts;
    this.#tell("counts", { kind: "counts", queue: this.#queue, at: iso(this.#parts.clock.now()), counts });
  }

  #tell(slot: string, document: object): void {
    this.#outlet.changed({ slot, summary: slot, size: 300, document: () => document });
  }
}
