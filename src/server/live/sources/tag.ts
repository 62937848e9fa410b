/** The jobs of a tag, in whatever queues: those that have not ended and the last that have, and what happens to any of them. */
import { STATES, TERMINAL_STATES, type JobState } from "../../../model/job/state.js";
import type { View } from "../../http/view.js";
import { changeOf, isJobEvent } from "./documents.js";
import { EventGate } from "../feed/event-gate.js";
import type { FeedEvent } from "../feed/queue-feed.js";
import type { LiveParts, Outlet, Source } from "./source.js";
import { JobTable } from "./job-table.js";

/** How many jobs are read that have not ended, and that have; and how many a snapshot shows. */
const MOST_LIVE = 200;
const MOST_ENDED = 50;
const MOST_SHOWN = 400;

const ENDED: readonly JobState[] = TERMINAL_STATES;
const LIVE = STATES.filter((state) => !ENDED.includes(state));

export class TagSource implements Source {
  readonly #tag: string;
  readonly #parts: LiveParts;
  readonly #outlet: Outlet;
  readonly #gate: EventGate;
  readonly #following: { readonly begun: Promise<void>; readonly stop: () => void };
  readonly #jobs = new JobTable(MOST_SHOWN);
  #more = false;

  constructor(tag: string, parts: LiveParts, outlet: Outlet) {
    this.#tag = tag;
    this.#parts = parts;
    this.#outlet = outlet;
    this.#gate = new EventGate(
      (event) => this.#take(event),
      () => outlet.missed(),
    );
    this.#following = parts.tags.follow(tag, this.#gate);
  }

  async load(): Promise<void> {
    await this.#following.begun;
    await this.#gate.during(async () => {
      const { longshore, tags } = this.#parts;
      const [live, ended] = await Promise.all([
        longshore.jobs({ tags: [this.#tag], states: LIVE }).page({ limit: MOST_LIVE }),
        longshore.jobs({ tags: [this.#tag], states: TERMINAL_STATES }).page({ limit: MOST_ENDED }),
      ]);
      const jobs = [...ended.jobs, ...live.jobs];
      this.#jobs.set(jobs);
      this.#more = live.cursor !== null;
      tags.remember(jobs);
    });
  }

  snapshot(view: View): Readonly<Record<string, unknown>> {
    return { tag: this.#tag, jobs: this.#jobs.documents(view), more: this.#more };
  }

  stop(): void {
    this.#following.stop();
  }

  #take(event: FeedEvent): void {
    if (!isJobEvent(event)) return;
    this.#jobs.take(event);
    this.#outlet.changed(changeOf(event, { task: this.#jobs.get(event)?.task ?? null }));
  }
}
