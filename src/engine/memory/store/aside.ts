/**
 * The jobs of a queue that were set aside: declined by a worker without their task's code. Each task has a sorted list of
 * its own, and another for its suspects, so that a claim by task passes over no other jobs.
 */
import { compareKeys, type OrderKey } from "../../shared/listing-order.js";
import { Line } from "./sorted-line.js";
import type { MemoryJob } from "./job.js";

interface TaskLines {
  readonly usual: Line<MemoryJob>;
  readonly suspects: Line<MemoryJob>;
}

/** What a session asks for. */
export interface AsideWish {
  readonly max: number;
  /** May one of the jobs be a suspect? */
  readonly suspect: boolean;
  readonly tasks: readonly string[];
}

export class Aside {
  readonly #tasks = new Map<string, TaskLines>();

  /** Each task and its jobs in order. */
  *byTask(): Generator<[task: string, jobs: MemoryJob[]]> {
    for (const [task, { usual, suspects }] of this.#tasks) {
      yield [task, inOrder([...usual.toArray(), ...suspects.toArray()])];
    }
  }

  get size(): number {
    return this.#lines().reduce((sum, line) => sum + line.size, 0);
  }

  insert(job: MemoryJob): void {
    let lines = this.#tasks.get(job.spec.task);
    if (lines === undefined) {
      this.#tasks.set(job.spec.task, (lines = { usual: new Line<MemoryJob>(), suspects: new Line<MemoryJob>() }));
    }
    lines[job.suspect ? "suspects" : "usual"].insert(job);
  }

  remove(job: MemoryJob): void {
    const lines = this.#tasks.get(job.spec.task);
    lines?.[job.suspect ? "suspects" : "usual"].remove(job);
    if (lines?.usual.size === 0 && lines.suspects.size === 0) this.#tasks.delete(job.spec.task);
  }

  /** Is a job of one of these tasks set aside that any session may lease; with `orSuspect`, also a suspect? */
  has(tasks: readonly string[], orSuspect = false): boolean {
    if (this.#tasks.size === 0) return false;
    const found = tasks.flatMap((task) => this.#tasks.get(task) ?? []);
    return found.some(({ usual, suspects }) => usual.size > 0 || (orSuspect && suspects.size > 0));
  }

  /** The jobs a session may lease, in order; of suspects only the first. */
  first({ max, suspect, tasks }: AsideWish): MemoryJob[] {
    if (this.#tasks.size === 0) return [];
    const found = tasks.flatMap((task) => this.#tasks.get(task) ?? []);
    const suspects = inOrder(found.flatMap((lines) => lines.suspects.first() ?? []));
    const usual = found.flatMap(({ usual: line }) => Array.from({ length: max }, (_, n) => line.at(n) ?? []).flat());
    return inOrder([...usual, ...suspects.slice(0, suspect ? 1 : 0)]).slice(0, max);
  }

  /** How many come before a key. */
  rank(key: OrderKey): number {
    return this.#lines().reduce((sum, line) => sum + line.rank(key), 0);
  }

  toArray(): MemoryJob[] {
    return this.#lines().flatMap((line) => line.toArray());
  }

  #lines(): Line<MemoryJob>[] {
    return [...this.#tasks.values()].flatMap(({ usual, suspects }) => [usual, suspects]);
  }
}

function inOrder(jobs: readonly MemoryJob[]): MemoryJob[] {
  return jobs.toSorted((a, b) => compareKeys(a.key, b.key));
}
