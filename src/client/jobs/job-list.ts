/**
 * A listing of jobs, read as a stream or page by page: jobs that do not move are neither missed nor repeated. And the
 * totals of a tag: counts of the jobs of a user, a project or a run.
 */
import type { StateCounts } from "../../engine/contract/engine.js";
import { InvalidInput } from "../../model/errors/errors.js";
import type { JobFilter } from "../../model/job/filter.js";
import type { ConnectionContext } from "../connection/context.js";
import { isTerminal, STATES } from "../../model/job/state.js";
import type { FieldChoice, LongField } from "../../model/job/fields.js";
import { snapshotWith, type SnapshotWith } from "../../model/job/snapshot.js";

/** A page of a listing. */
export interface SnapshotPage<Field extends LongField = never> {
  readonly jobs: readonly SnapshotWith<Field>[];
  /** Hand it back for the next page; `null` at the end. A page may be short, even empty, before the end. */
  readonly cursor: string | null;
}

/** What of the jobs a listing reads. */
export interface ListOptions<Choice extends FieldChoice = FieldChoice> {
  /**
   * The long fields that are read: `input`, `references`, `result`, `meta`, `history`, `failures`; or `"all"`. Default: none, as
   * a list rarely shows them. What is not asked for is absent.
   */
  fields?: Choice;
}

/** The most jobs on a page, and how many a stream reads at a time. */
const LARGEST_PAGE = 500;
const DEFAULT_PAGE = 100;

/**
 * A listing: queues by name, states in their order; queued jobs in running order, ended ones the latest first.
 * @example
 * for await (const job of longshore.jobs({ states: "failed" })) console.log(job.id, job.error?.message);
 * const first = await longshore.jobs({ queue: "scans" }).page({ limit: 20 });
 * for await (const { id, result } of longshore.jobs({ states: "completed" }, { fields: ["result"] })) console.log(id, result);
 */
export class JobList<Field extends LongField = never> implements AsyncIterable<SnapshotWith<Field>> {
  readonly #context: ConnectionContext;
  readonly #filter: JobFilter;
  readonly #fields: readonly Field[];

  /** @internal Listings come from `longshore.jobs` and `queue().jobs`. */
  constructor(context: ConnectionContext, filter: JobFilter, fields: readonly Field[]) {
    this.#context = context;
    this.#filter = filter;
    this.#fields = fields;
  }

  /**
   * One page. It ends before its limit where its jobs are more than about 2 MB.
   * @param options.cursor from the page before; default: the first page
   * @param options.limit the most jobs on it, 1 to 500; default: 100
   * @throws InvalidInput
   */
  async page(options: { cursor?: string | null; limit?: number } = {}): Promise<SnapshotPage<Field>> {
    const { cursor = null, limit = DEFAULT_PAGE } = options;
    if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_PAGE) {
      throw new InvalidInput("limit", limit, `a whole number from 1 to ${LARGEST_PAGE}`);
    }
    const fields = this.#fields;
    const page = await this.#context.engine.listJobs({ filter: this.#filter, cursor, limit, fields });
    return { jobs: page.jobs.map((record) => snapshotWith(record, fields)), cursor: page.cursor };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SnapshotWith<Field>, void, undefined> {
    let cursor: string | null = null;
    do {
      const page: SnapshotPage<Field> = await this.page({ cursor });
      yield* page.jobs;
      ({ cursor } = page);
    } while (cursor !== null);
  }
}

/** How many jobs with a tag there are. */
export interface TagTotals {
  readonly total: number;
  /** Ended well: `completed` and `partial`. */
  readonly completed: number;
  /** Ended otherwise: `failed`, `cancelled`, `superseded`, `expired`. */
  readonly failed: number;
  /** Not ended. */
  readonly inProgress: number;
  readonly states: StateCounts;
}

/** Adds up counts per state. */
export function tagTotals(states: StateCounts): TagTotals {
  const total = STATES.reduce((sum, state) => sum + states[state], 0);
  const ended = STATES.filter((state) => isTerminal(state)).reduce((sum, state) => sum + states[state], 0);
  const completed = states.completed + states.partial;
  return { total, completed, failed: ended - completed, inProgress: total - ended, states };
}
