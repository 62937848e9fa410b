/**
 * How many jobs match a filter, and what they have in common: page by page, without their long fields, up to a number that says
 * enough; beyond it the answer is "at least so many".
 */
import type { Engine, QueueRecord } from "../../engine/contract/engine.js";
import type { SlimRecord } from "../../model/job/query/fields.js";
import { CONDITIONS, isListed, type JobFilter } from "../../model/job/query/filter.js";
import { STATES } from "../../model/job/state.js";

/** How many matches are counted one by one. */
export const MOST_COUNTED = 10_000;
/** How many values of each kind facets have: the most frequent ones. */
const MOST_FACETS = 100;
const PAGE = 500;

/** A number of jobs. */
export interface JobCount {
  readonly count: number;
  /** Are there perhaps more? Only where there are 10,000 at least. */
  readonly atLeast: boolean;
}

/** A value, and how many of the jobs have it. */
export interface Facet {
  readonly value: string;
  readonly count: number;
}

/** What the jobs that match have in common: each list has the most frequent values first, at most 100. */
export interface JobFacets extends JobCount {
  readonly states: readonly Facet[];
  readonly tasks: readonly Facet[];
  readonly queues: readonly Facet[];
  /** The keys of tags: `user` of `user:42`. A job with several tags of one key counts once. */
  readonly tagKeys: readonly Facet[];
  /** The fingerprints of last errors, each with the error of one of them. */
  readonly errors: readonly (Facet & { readonly name: string; readonly message: string })[];
}

/** Counts jobs: from what queues count if the filter has nothing but queues and states. */
export async function countJobs(engine: Engine, filter: JobFilter, signal?: AbortSignal): Promise<JobCount> {
  if (isCounted(filter)) return { count: countOf(await engine.queues(), filter), atLeast: false };
  let count = 0;
  const atLeast = await eachMatch(engine, filter, signal, () => (count += 1));
  return { count, atLeast };
}

/** The facets of jobs. */
export async function facetsOf(engine: Engine, filter: JobFilter, signal?: AbortSignal): Promise<JobFacets> {
  const [states, tasks, queues, tagKeys, errors] = [new Tally(), new Tally(), new Tally(), new Tally(), new Tally()];
  const examples = new Map<string, { readonly name: string; readonly message: string }>();
  let count = 0;
  const atLeast = await eachMatch(engine, filter, signal, ({ state, task, queue, tags, error }) => {
    count += 1;
    states.add(state);
    tasks.add(task);
    queues.add(queue);
    for (const key of new Set(tags.map(keyOf))) tagKeys.add(key);
    if (error === null) return;
    errors.add(error.fingerprint);
    examples.set(error.fingerprint, { name: error.name, message: error.message });
  });
  return {
    count,
    atLeast,
    states: states.list(),
    tasks: tasks.list(),
    queues: queues.list(),
    tagKeys: tagKeys.list(),
    errors: errors.list().map((facet) => ({ ...facet, ...(examples.get(facet.value) ?? { name: "", message: "" }) })),
  };
}

/** Reads the matches up to `MOST_COUNTED`; answers whether there may be more. @throws the reason of the signal */
async function eachMatch(
  engine: Engine,
  filter: JobFilter,
  signal: AbortSignal | undefined,
  see: (job: SlimRecord) => void,
): Promise<boolean> {
  let seen = 0;
  let cursor: string | null = null;
  do {
    signal?.throwIfAborted();
    const limit = Math.min(PAGE, MOST_COUNTED - seen);
    const page: { readonly jobs: readonly SlimRecord[]; readonly cursor: string | null } = await engine.listJobs({
      ...{ filter, cursor, limit },
      fields: [],
    });
    for (const job of page.jobs) see(job);
    seen += page.jobs.length;
    ({ cursor } = page);
  } while (cursor !== null && seen < MOST_COUNTED);
  return cursor !== null;
}

const COUNTED = ["queue", "queues", "states"];

/** Has a filter nothing but queues and states? */
function isCounted({ not = {}, ...filter }: JobFilter): boolean {
  return CONDITIONS.every((name) => COUNTED.includes(name) || !(name in filter || name in not));
}

function countOf(queues: readonly QueueRecord[], filter: JobFilter): number {
  const { states = STATES, not: { states: unwanted = [] } = {} } = filter;
  const wanted = STATES.filter((state) => states.includes(state) && !unwanted.includes(state));
  return queues
    .filter(({ name }) => isListed(name, filter))
    .reduce((sum, { counts }) => sum + wanted.reduce((all, state) => all + counts[state], 0), 0);
}

function keyOf(tag: string): string {
  const end = tag.indexOf(":");
  return end === -1 ? tag : tag.slice(0, end);
}

class Tally {
  readonly #counts = new Map<string, number>();

  add(value: string): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }

  list(): Facet[] {
    const facets = [...this.#counts].map(([value, count]) => ({ value, count }));
    return facets.toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)).slice(0, MOST_FACETS);
  }
}
