/** The jobs that a snapshot of a queue or a tag lists: a bounded number, kept as they are by their events. */
import { keyOf, type JobRef } from "../../../model/job/job-ref.js";
import { isTerminal } from "../../../model/job/state.js";
import type { View } from "../../http/view.js";
import { briefDocument, type Brief, type JobEvent } from "./documents.js";

export class JobTable {
  readonly #most: number;
  #jobs = new Map<string, Brief>();

  /** @param most how many it has at most; those that have ended go first */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#jobs.size;
  }

  set(jobs: readonly Brief[]): void {
    this.#jobs = new Map(jobs.map((job) => [keyOf(job), job]));
  }

  get(ref: JobRef): Brief | undefined {
    return this.#jobs.get(keyOf(ref));
  }

  take(event: JobEvent): void {
    const key = keyOf(event);
    const known = this.#jobs.get(key);
    if (event.kind === "removed") this.#jobs.delete(key);
    else if (event.kind === "state") {
      const { queue, id, task, state, attempt } = event;
      this.#jobs.set(key, { queue, id, task, state, attempt, progress: known?.progress ?? null });
      if (this.#jobs.size > this.#most) this.#forgetOne();
    } else if (event.kind === "progress" && known !== undefined) {
      this.#jobs.set(key, { ...known, progress: event.progress });
    }
  }

  delete(ref: JobRef): void {
    this.#jobs.delete(keyOf(ref));
  }

  documents(view: View): object[] {
    return [...this.#jobs.values()].map((job) => briefDocument(job, view));
  }

  #forgetOne(): void {
    for (const [key, { state }] of this.#jobs) {
      if (!isTerminal(state)) continue;
      this.#jobs.delete(key);
      return;
    }
    const [first] = this.#jobs.keys();
    if (first !== undefined) this.#jobs.delete(first);
  }
}
