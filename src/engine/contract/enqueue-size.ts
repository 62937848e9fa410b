/**
 * How much one command enqueues: it holds up all others while it is carried out, so what counts is not how many jobs it has but
 * how much is written for them. Clients and workers divide what they enqueue; an engine for which it matters also divides
 * what it is handed.
 */
import type { JobSpec } from "../../model/job/job.js";

/** How many jobs clients and workers enqueue by one command. */
export const JOBS_PER_ENQUEUE = 250;

/** How many entries one command writes (`entriesOf`), unless one job alone has more. */
export const ENTRIES_PER_ENQUEUE = 500;

/** How many characters of inputs and metas one command carries, unless those of one job are longer. */
export const TEXT_PER_ENQUEUE = 1024 * 1024;

/** What it costs to end the job that a new one supersedes, in entries: its record, lists, notice and history change. */
const SUPERSEDING = 5;

/** The entries that are written for a job: itself, its tags, its links, its keys. */
export function entriesOf({ tags, after, flow, unique, supersedes }: JobSpec): number {
  const links = after.length + (flow === null ? 0 : 1);
  return 1 + tags.length + links + (unique === null ? 0 : 1) + (supersedes === null ? 0 : SUPERSEDING);
}

/** The size of a command that is being filled. */
export class EnqueueSize {
  readonly #most: number;
  #jobs = 0;
  #entries = 0;
  #text = 0;

  /** `most`: how many jobs it takes. */
  constructor(most = JOBS_PER_ENQUEUE) {
    this.#most = most;
  }

  /** Counts a job in, if there is room for it; the first always has. */
  take(spec: JobSpec): boolean {
    const entries = this.#entries + entriesOf(spec);
    const text = this.#text + spec.input.length + (spec.meta?.length ?? 0);
    const full = this.#jobs >= this.#most || entries > ENTRIES_PER_ENQUEUE || text > TEXT_PER_ENQUEUE;
    if (full && this.#jobs > 0) return false;
    this.#jobs += 1;
    this.#entries = entries;
    this.#text = text;
    return true;
  }
}

/** Jobs in as many commands as they need, in order. */
export function cutEnqueue(specs: readonly JobSpec[]): JobSpec[][] {
  const commands: JobSpec[][] = [];
  let size = new EnqueueSize(0);
  for (const spec of specs) {
    const command = commands.at(-1);
    if (command !== undefined && size.take(spec)) {
      command.push(spec);
    } else {
      size = new EnqueueSize();
      size.take(spec);
      commands.push([spec]);
    }
  }
  return commands;
}
