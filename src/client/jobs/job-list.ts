/**
 * A listing of jobs, read as a stream or page by page: jobs that do not move are neither missed nor repeated. And the
 * totals of a tag: counts of the jobs of a user, a project or a run.
 */
import { checkOptions, parseSignalOption } from "../../model/value/call-options.js";
import type { ListOrder, StateCounts } from "../../engine/contract/engine.js";
import { InvalidInput } from "../../model/errors/errors.js";
import type { JobFilter } from "../../model/job/query/filter.js";
import { countJobs, facetsOf, type JobCount, type JobFacets } from "./job-counts.js";
import { resolveFilter, type ParsedQuery } from "./job-filter.js";
import type { ConnectionContext } from "../connection/context.js";
import { isTerminal, STATES } from "../../model/job/state.js";
import type { FieldChoice, LongField } from "../../model/job/query/fields.js";
import { snapshotWith, type SnapshotWith } from "../../model/job/query/snapshot.js";

/** A page of a listing. */
export interface SnapshotPage<Field extends LongField = never> {
  readonly jobs: readonly SnapshotWith<Field>[];
  /** Hand it back for the next page; `null` at the end. A page may be short, even empty, before the end. */
  readonly cursor: string | null;
  /** About how many jobs were looked at for it: most of them did not match where a filter is rare and has no index. */
  readonly looked: number;
}

/** What of the jobs a listing reads, and in which order. */
export interface ListOptions<Choice extends FieldChoice = FieldChoice> {
  /**
   * The long fields that are read: `input`, `references`, `result`, `meta`, `history`, `failures`; or `"all"`. Default: none, as
   * a list rarely shows them. What is not asked for is absent.
   */
  fields?: Choice;
  /**
   * Within a queue and state: `"newest"` has the latest to be created (blocked), due (delayed), in line (queued), leased (active)
   * or ended first, `"oldest"` last. Default: those that wait as they will run, those that have ended the latest first.
   */
  order?: ListOrder;
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
  readonly #query: ParsedQuery;
  readonly #fields: readonly Field[];
  readonly #order: ListOrder | undefined;

  /** @internal Listings come from `longshore.jobs` and `queue().jobs`. */
  constructor(context: ConnectionContext, query: ParsedQuery, fields: readonly Field[], order: ListOrder | undefined) {
    this.#context = context;
    this.#query = query;
    this.#fields = fields;
    this.#order = parseOrder(order);
  }

  /**
   * One page. It ends before its limit where its jobs are more than about 2 MB.
   * @param options.cursor from the page before; default: the first page
   * @param options.limit the most jobs on it, 1 to 500; default: 100
   * @throws InvalidInput
   */
  async page(options: { cursor?: string | null; limit?: number } = {}): Promise<SnapshotPage<Field>> {
    checkOptions(options, ["cursor", "limit"]);
    const { cursor = null, limit = DEFAULT_PAGE } = options;
    if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_PAGE) {
      throw new InvalidInput("limit", limit, `a whole number from 1 to ${LARGEST_PAGE}`);
    }
    const [fields, order] = [this.#fields, this.#order];
    const { jobs, ...rest } = await this.#context.engine.listJobs({
      ...{ filter: await this.#filter(), cursor, limit, fields },
      ...(order === undefined ? {} : { order }),
    });
    return { jobs: jobs.map((record) => snapshotWith(record, fields)), ...rest };
  }

  /**
   * How many match: exact up to 10,000, and beyond that where the filter has nothing but queues and states; else at least so many.
   * @param options.signal stops it between two pages, with the signal's reason
   * @example
   * const { count, atLeast } = await longshore.jobs({ states: "failed", task: "scan" }).count();
   * console.log(`${count}${atLeast ? " or more" : ""} failed`);
   */
  async count(options: { signal?: AbortSignal } = {}): Promise<JobCount> {
    return countJobs(this.#context.engine, await this.#filter(), parseSignalOption(options));
  }

  /**
   * What those that match have in common, of the first 10,000: how many are in each state, of each task, queue, key of tags and
   * cause of failure.
   * @param options.signal stops it between two pages, with the signal's reason
   * @example
   * const { tasks } = await longshore.jobs({ states: "failed" }).facets();
   * for (const { value, count } of tasks) console.log(`${value}: ${count} failed`);
   */
  async facets(options: { signal?: AbortSignal } = {}): Promise<JobFacets> {
    return facetsOf(this.#context.engine, await this.#filter(), parseSignalOption(options));
  }

  #filter(): Promise<JobFilter> {
    return resolveFilter(this.#context.engine, this.#query);
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

function parseOrder(order: unknown): ListOrder | undefined {
  if (order === undefined || order === "newest" || order === "oldest") return order;
  throw new InvalidInput("order", order, 'one of "newest", "oldest"');
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
