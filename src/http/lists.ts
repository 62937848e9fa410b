/** What there is, over HTTP: lists, page by page, and figures. */
import { checkObject } from "./connection/given.js";
import { queryOfFilter, type HttpListOptions } from "./filter.js";
import { Pages, type PageQuery } from "./pages.js";
import type { Answer, CallOptions, OperationRequest, Transport } from "./connection/transport.js";
import type {
  BulkJob,
  FailureGroup,
  Filter,
  Info,
  Insight,
  JobCount,
  JobFacets,
  JobSummary,
  Operations,
  Queue,
  Schedule,
  SeriesPoint,
  SeriesTotal,
  Tag,
  Task,
  Worker,
} from "./connection/types.js";

/** The query of an operation, without the part that says which page. */
type Query<Name extends keyof Operations> = Omit<NonNullable<Operations[Name]["query"]>, keyof PageQuery>;

/** The operations that give a list page by page. */
type ListName =
  | "GET /api/jobs"
  | "GET /api/flows"
  | "GET /api/queues"
  | "GET /api/workers"
  | "GET /api/schedules"
  | "GET /api/failures"
  | "GET /api/bulk"
  | "GET /api/tasks"
  | "GET /api/totals";

/** The lists and figures of a server. */
export class HttpLists {
  /** @internal */
  protected readonly transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.transport = transport;
  }

  /**
   * The jobs that match, as a stream or page by page; without payloads unless `fields` asks for them.
   * @example for await (const job of longshore.jobs({ states: ["failed"], tag: "user:42" })) console.log(job.jobId);
   */
  jobs(filter: Filter = {}, options: HttpListOptions & CallOptions = {}): Pages<Answer<"GET /api/jobs">, JobSummary> {
    checkObject("options", options);
    const { fields, order, ...call } = options;
    const query = { ...queryOfFilter(filter), fields: fields && String(fields), order };
    return this.#list("GET /api/jobs", query, ({ jobs }) => jobs, call);
  }

  /** How many jobs match: up to 10,000 are counted. */
  async count(filter: Filter = {}, call?: CallOptions): Promise<JobCount> {
    return this.transport.call("GET /api/jobs/count", { query: queryOfFilter(filter) }, call);
  }

  /** What the jobs that match have in common: states, tasks, queues, keys of tags, causes of failure. */
  async facets(filter: Filter = {}, call?: CallOptions): Promise<JobFacets> {
    return this.transport.call("GET /api/jobs/facets", { query: queryOfFilter(filter) }, call);
  }

  /** The flows that match. */
  flows(
    filter: Filter = {},
    options: Pick<HttpListOptions, "order"> & CallOptions = {},
  ): Pages<Answer<"GET /api/flows">, JobSummary> {
    checkObject("options", options);
    const { order, ...call } = options;
    return this.#list("GET /api/flows", { ...queryOfFilter(filter), order }, ({ flows }) => flows, call);
  }

  /** The queues, by name. @param query.system with those of the platform */
  queues(query: Query<"GET /api/queues"> = {}, call?: CallOptions): Pages<Answer<"GET /api/queues">, Queue> {
    return this.#list("GET /api/queues", query, ({ queues }) => queues, call);
  }

  /** The workers of all processes, by name. */
  workers(call?: CallOptions): Pages<Answer<"GET /api/workers">, Worker> {
    return this.#list("GET /api/workers", {}, ({ workers }) => workers, call);
  }

  /** The schedules, by queue and name. */
  schedules(
    query: Query<"GET /api/schedules"> = {},
    call?: CallOptions,
  ): Pages<Answer<"GET /api/schedules">, Schedule> {
    return this.#list("GET /api/schedules", query, ({ schedules }) => schedules, call);
  }

  /**
   * Failed runs by what caused them, those seen last first.
   * @example const { failures } = await longshore.failures({ states: ["open", "regressed"] }).page();
   */
  failures(
    query: Query<"GET /api/failures"> = {},
    call?: CallOptions,
  ): Pages<Answer<"GET /api/failures">, FailureGroup> {
    return this.#list("GET /api/failures", query, ({ failures }) => failures, call);
  }

  /** The bulk jobs of the last seven days. */
  bulkJobs(call?: CallOptions): Pages<Answer<"GET /api/bulk">, BulkJob> {
    return this.#list("GET /api/bulk", {}, ({ bulk }) => bulk, call);
  }

  /** The tasks that workers or the server know, or that were described, by name. */
  tasks(call?: CallOptions): Pages<Answer<"GET /api/tasks">, Task> {
    return this.#list("GET /api/tasks", {}, ({ tasks }) => tasks, call);
  }

  /** How jobs have ended altogether, by queue, task and outcome. */
  totals(query: Query<"GET /api/totals"> = {}, call?: CallOptions): Pages<Answer<"GET /api/totals">, SeriesTotal> {
    return this.#list("GET /api/totals", query, ({ totals }) => totals, call);
  }

  /** How jobs ended over time, and how full their queues were. */
  async series(query: Query<"GET /api/series"> = {}, call?: CallOptions): Promise<readonly SeriesPoint[]> {
    return (await this.transport.call("GET /api/series", { query }, call)).points;
  }

  /** How many jobs with a tag there are. */
  tag(tag: string, call?: CallOptions): Promise<Tag> {
    return this.transport.call("GET /api/tags/{tag}", { params: { tag } }, call);
  }

  /** What needs attention, in sentences with codes. */
  async insights(call?: CallOptions): Promise<readonly Insight[]> {
    return (await this.transport.call("GET /api/insights", {}, call)).insights;
  }

  /**
   * How many slots and workers queues need for their jobs to wait no longer than they may.
   * @example const { queues } = await longshore.capacity({ targetWait: "10s" });
   */
  capacity(query: Query<"GET /api/capacity"> = {}, call?: CallOptions): Promise<Answer<"GET /api/capacity">> {
    return this.transport.call("GET /api/capacity", { query }, call);
  }

  /** Which engine and version answers. */
  info(call?: CallOptions): Promise<Info> {
    return this.transport.call("GET /api/info", {}, call);
  }

  #list<Name extends ListName, Entry>(
    operation: Name,
    query: object,
    entries: (page: Answer<Name>) => readonly Entry[],
    call: CallOptions | undefined,
  ): Pages<Answer<Name>, Entry> {
    checkObject("query", query);
    return new Pages(
      (page, own) => {
        // None of them takes more than a query.
        const request = { query: { ...query, ...page } } as unknown as OperationRequest<Name>;
        return this.transport.call(operation, request, own);
      },
      entries,
      call,
    );
  }
}
