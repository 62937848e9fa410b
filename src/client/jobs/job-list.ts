/**
 * A listing of jobs, read as a stream or page by page: jobs that do not move are neither missed nor repeated. And the
 * totals of a tag: counts of the jobs of a user, a project or a run.
 */
import type { StateCounts } from "../../engine/contract/engine.js";
import { InvalidInput } from "../../model/errors/errors.js";
import type { JobFilter } from "../../model/job/filter.js";
import type { ConnectionContext } from "../connection/context.js";
import { isTerminal, STATES } from "../../model/job/state.js";
import { snapshotOf, type JobSnapshot } from "../../model/job/snapshot.js";

/** A page of a listing. */
export interface SnapshotPage {
  readonly jobs: readonly JobSnapshot[];
  /** Hand it back for the next page; `null` at the end. A page may be short, even empty, before the end. */
  readonly cursor: string | null;
}

/** The most jobs on a page, and how many a stream reads at a time. */
const LARGEST_PAGE = 500;
const DEFAULT_PAGE = 100;

/**
 * A listing: queues by name, states in their order; queued jobs in running order, ended ones the latest first.
 * @example
 * for await (const job of longshore.jobs({ states: "failed" })) console.log(job.id, job.error?.message);
 * const first = await longshore.jobs({ queue: "scans" }).page({ limit: 20 });
 */
export class JobList implements AsyncIterable<JobSnapshot> {
  readonly #context: ConnectionContext;
  readonly #filter: JobFilter;

  /** @internal Listings come from `longshore.jobs` and `queue().jobs`. */
  constructor(context: ConnectionContext, filter: JobFilter) {
    this.#context = context;
    this.#filter = filter;
  }

  /**
   * One page.
   * @param options.cursor from the page before; default: the first page
   * @param options.limit the most jobs on it, 1 to 500; default: 100
   * @throws InvalidInput
   */
  async page(options: { cursor?: string | null; limit?: number } = {}): Promise<SnapshotPage> {
    const { cursor = null, limit = DEFAULT_PAGE } = options;
    if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_PAGE) {
      throw new InvalidInput("limit", limit, `a whole number from 1 to ${LARGEST_PAGE}`);
    }
    const page = await this.#context.engine.listJobs({ filter: this.#filter, cursor, limit });
    return { jobs: page.jobs.map((record) => snapshotOf(record)), cursor: page.cursor };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<JobSnapshot, void, undefined> {
    let cursor: string | null = null;
    do {
      const page: SnapshotPage = await this.page({ cursor });
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
