// Where a run stands while it runs, kept up to date by the events of its jobs: how many have which status, how many
// issues they counted, and which event came last.

import type { JobState, WatchEvent } from "longshore";

import type { RunProgress } from "./progress-line.js";
import type { JobOutcome } from "./report.js";
import type { StatusCounts } from "./status.js";
import { words } from "./status.js";

interface Tracked {
  requirementId: string;
  state: JobState;
  issues: number;
  ended: boolean;
}

export class RunTally {
  readonly #jobs = new Map<string, Tracked>();
  readonly #counts: StatusCounts = {};
  #done = 0;
  #issues = 0;
  #current = "";

  /** A job of the run, before anything is known of it. */
  add(id: string, requirementId: string): void {
    this.#jobs.set(id, { requirementId, state: "queued", issues: 0, ended: false });
    this.#count("queued", 1);
  }

  /** Takes in an event; those of other jobs are ignored, and those that come after a job's outcome. */
  see(event: WatchEvent): void {
    const job = "id" in event ? this.#jobs.get(event.id) : undefined;
    if (job === undefined || job.ended) return;
    if (event.kind === "state") this.#enter(job, event.state);
    if (event.kind !== "progress") return;
    const { step, done, total, counters } = event.progress;
    this.#find(job, counters["issues"] ?? 0);
    if (step !== null) this.#current = `${job.requirementId} ${step} (${done}/${total})`;
  }

  /** How a job ended is known: only now it is done, and all its issues count. */
  end(id: string, { state, issues }: JobOutcome): void {
    const job = this.#jobs.get(id);
    if (job === undefined || job.ended) return;
    job.ended = true;
    this.#done += 1;
    this.#enter(job, state);
    this.#find(job, issues);
    this.#current = job.requirementId;
  }

  get progress(): Omit<RunProgress, "elapsedMs"> {
    const counts = { ...this.#counts };
    return { done: this.#done, total: this.#jobs.size, counts, issues: this.#issues, current: this.#current };
  }

  #enter(job: Tracked, state: JobState): void {
    this.#count(job.state, -1);
    this.#count(state, 1);
    job.state = state;
  }

  #find(job: Tracked, issues: number): void {
    this.#issues += issues - job.issues;
    job.issues = issues;
  }

  #count(state: JobState, by: number): void {
    const status = words.states[state];
    this.#counts[status] = (this.#counts[status] ?? 0) + by;
  }
}
