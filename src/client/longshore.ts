/**
 * The connection: the object an application works with. Enqueues, looks things up, commands many jobs at once, makes
 * workers.
 */
import { controlMany, type BulkAnswer, type BulkCommand } from "./bulk/bulk.js";
import type { EngineInfo, EnqueueAnswer } from "../engine/contract/engine.js";
import { EngineClosed, InvalidInput, UniqueConflict } from "../model/errors/errors.js";
import { parseFields, type ChosenField, type FieldChoice, type SlimRecord } from "../model/job/query/fields.js";
import type { JobRef, JobSpec } from "../model/job/job.js";
import { snapshotWith, type SlimSnapshot } from "../model/job/query/snapshot.js";
import { parseRef } from "../model/options/after.js";
import { parseKind } from "../model/document/document.js";
import { checkOptions } from "../model/value/call-options.js";
import { parseId, parseKey, parseName } from "../model/value/name.js";
import { isThenable } from "../model/value/thenable.js";
import type { StandardSchema } from "../define/schema.js";
import type { MissingInput } from "../define/input-arguments.js";
import type { AnyTask, Task } from "../define/task.js";
import type { WorkerOptions } from "../worker/options.js";
import { Worker } from "../worker/worker.js";
import { ConnectionContext } from "./connection/context.js";
import { AuditLog } from "./access/audit-log.js";
import { Tokens } from "./access/tokens.js";
import { Documents } from "./documents/documents.js";
import { parseMany, type EnqueueArguments, type ManyOptions } from "./enqueue/enqueue-arguments.js";
import { EnqueueBatch } from "./enqueue/enqueue-batch.js";
import { enqueueFlow } from "./enqueue/enqueue-flow.js";
import { parseNonce, parseRequests, specsOf, type EnqueueAllOptions, type JobRequest } from "./enqueue/job-request.js";
import { isFlow, type AnyFlow, type Flow } from "../define/flow.js";
import { FailureHandle, parseFingerprint } from "./failures/failure-handle.js";
import { FailureList } from "./failures/failure-list.js";
import { parseFailureQuery, type FailureQuery } from "./failures/failure-query.js";
import { FlowJob } from "./jobs/flow-job.js";
import type { FlowEnqueueOptions } from "./enqueue/flow-options.js";
import { parseQuery, resolveFilter, type JobQuery } from "./jobs/job-filter.js";
import { JobList, type ListOptions } from "./jobs/job-list.js";
import { Job, type RetryOptions } from "./jobs/job.js";
import { jobsWithId } from "./jobs/jobs-with-id.js";
import { Overview } from "./overview.js";
import { Queue } from "./queue.js";
import type { WatchEvent } from "./connection/watch-event.js";
import { WorkerHandle } from "./worker-handle.js";
import { parseWatched, parseWatchOptions, watchQueues } from "./queue-events.js";
import { Schedules } from "./schedules/schedules.js";
import { SMOKE_TASK } from "../model/smoke/smoke.js";
import {
  followSmoke,
  ownSmokeQueue,
  parseSmokeOptions,
  SMOKE_JOB,
  smokeUnserved,
  type SmokeOptions,
  type SmokeResult,
} from "./smoke/smoke.js";
import { parseReadyOptions, ReadyChecks, type Readiness, type ReadyOptions } from "./store/ready.js";
import type { WorkerSetup } from "../worker/setup.js";
import { checkTask, SpecMaker, type EnqueueOptions } from "./enqueue/job-spec.js";
import { countMatching, type BulkPreview } from "./bulk/bulk-count.js";
import { parseBulkRequest, type BulkInput, type BulkRequest } from "./bulk/bulk-request.js";
import type { BulkResult } from "./bulk/bulk-result.js";
import { BULK, bulkTask } from "./bulk/bulk-task.js";

/** The bounds of a command on many jobs. */
export interface BulkOptions {
  /** From an earlier answer, to continue there. */
  cursor?: string | null;
  /** Stop after this many jobs. */
  limit?: number;
  /** Stop between two chunks. */
  signal?: AbortSignal;
}

/**
 * A connection to one engine. Any number may live side by side in a process.
 * @example
 * const longshore = await connect("sqlite:jobs.db");
 * const job = await longshore.enqueue(scan, { url: "https://example.org/" });
 * console.log(await job.result());
 * await longshore.close();
 */
export class Longshore extends Overview {
  /** The engine's kind and guarantees. */
  readonly info: EngineInfo;
  /** Jobs at given times: by cron or at intervals. */
  readonly schedules: Schedules;
  /** Tokens: who may ask the server, and for what. */
  readonly tokens: Tokens;
  /** Who did what through the server. */
  readonly audit: AuditLog;
  readonly #setup: WorkerSetup;
  readonly #context: ConnectionContext;
  readonly #specs: SpecMaker;
  readonly #batch: EnqueueBatch;
  readonly #readyChecks: ReadyChecks;
  readonly #workers = new Set<Worker>();
  #closing: Promise<void> | null = null;

  /** @internal Connections come from `connect` and `attach`. */
  constructor(setup: WorkerSetup) {
    const context = new ConnectionContext(setup.engine, setup.clock, setup.payloadCap);
    super(setup.engine, context);
    this.#setup = setup;
    this.info = setup.engine.info;
    this.#context = context;
    this.#specs = new SpecMaker(this.#context, setup.queueDefaults);
    this.#batch = new EnqueueBatch(this.#context);
    this.#readyChecks = new ReadyChecks(setup.engine, setup.clock);
    this.schedules = new Schedules(this.#context, setup.queueDefaults, () => this.#closing !== null);
    this.tokens = new Tokens((kind) => this.platformDocuments(kind), setup.clock);
    this.audit = new AuditLog((kind) => this.platformDocuments(kind));
  }

  /**
   * Accepts one job by the name of its task, where the task itself is not at hand: nothing is known of its input then.
   * @throws as below
   * @example await longshore.enqueue("scan", { url }, { queue: "scans" });
   */
  enqueue(task: string, input?: unknown, options?: EnqueueOptions): Promise<Job>;
  /**
   * Accepts a flow, with all its jobs or not at all: an error in any of them is thrown before anything is sent, and
   * when the engine fails half-way nothing of it ever runs.
   * @throws InvalidInput, which names the node; PayloadTooLarge; what the function of the flow throws; UniqueConflict;
   * WrongState when it was cancelled before it was complete; EngineUnavailable
   * @example
   * const job = await longshore.enqueue(scrape, { url }, { tags: ["user:42"] });
   * console.log((await job.progress()).percent, await job.result());
   */
  enqueue<Input, Result>(
    flow: Flow<Input, Result, never>,
    ...args: EnqueueArguments<NoInfer<Input>, FlowEnqueueOptions>
  ): Promise<FlowJob<Result, Input>>;
  /**
   * Accepts one job, to be run by a worker soon. Calls made at the same time travel together.
   * @throws InvalidInput, PayloadTooLarge before anything is sent; UniqueConflict for a key with an owner and
   * `onConflict: "reject"`; EngineUnavailable when the engine does not answer
   * @example
   * await longshore.enqueue(scan, { url }, { delay: "10m", priority: -5, tags: ["user:42"] });
   * await longshore.enqueue(report, { month }, { after: [first, second] }); // once these have ended well
   */
  enqueue(task: MissingInput): never;
  // The compiler reports mistakes against the last overload that takes as many arguments.
  enqueue<Input, Result>(
    task: Task<Input, Result, never>,
    ...args: EnqueueArguments<NoInfer<Input>>
  ): Promise<Job<Result, Input>>;
  async enqueue(
    given: AnyTask | AnyFlow | string | MissingInput,
    input?: unknown,
    options?: EnqueueOptions | FlowEnqueueOptions,
  ): Promise<Job> {
    this.#guard();
    const task = given as Exclude<typeof given, MissingInput>;
    if (isFlow(task)) {
      const request = { context: this.#context, specs: this.#specs, batch: this.#batch };
      return this.#batch.during(() => enqueueFlow(request, task, input, options));
    }
    const made = this.#specs.make(task, input, options);
    const spec = isThenable(made) ? await made : made;
    const answer = await this.#batch.add(spec);
    if (answer.outcome === "rejected") throw new UniqueConflict(spec.unique?.key ?? "", answer.id);
    return this.#handle(task, spec, answer);
  }

  /** Accepts many jobs by the name of their task. @throws as below */
  enqueueMany(task: string, inputs: readonly unknown[], options?: ManyOptions): Promise<Job[]>;
  /**
   * Accepts many jobs: all inputs and options are checked before the first is sent; they go in order, 250 in a command;
   * leave the inputs as they are until it answers. A unique key that has an owner does not throw here: the handle in
   * its place is the owner's, with `outcome: "rejected"`. When the engine fails half-way some chunks are in and others
   * are not; with ids of your own, calling again completes it.
   * @param inputs one for each job, of any shape
   * @param options options of all of them; those that `each` returns for one take precedence
   * @throws InvalidInput, PayloadTooLarge, EngineUnavailable; what `each` throws
   * @example
   * const pages = urls.map((url) => ({ url }));
   * await longshore.enqueueMany(scan, pages, { tags: ["batch:7"], each: (page, n) => ({ id: `scan-${n}` }) });
   */
  enqueueMany<Input, Result>(
    task: Task<Input, Result, never>,
    inputs: readonly NoInfer<Input>[],
    options?: ManyOptions<NoInfer<Input>>,
  ): Promise<Job<Result, Input>[]>;
  async enqueueMany(task: AnyTask | string, given: readonly unknown[], options?: ManyOptions<never>): Promise<Job[]> {
    this.#guard();
    checkTask(task);
    const { inputs, all, own } = parseMany(given, options, typeof task !== "string" && task.schema !== null);
    // Jobs that are sure to succeed are encoded chunk by chunk, while the engine stores the chunks before; the others
    // are encoded first.
    const kept = [...inputs];
    const specs: (JobSpec | null)[] = [];
    for (const [index, input] of kept.entries()) {
      const ofOne = own(input, index);
      if (all === undefined && ofOne === undefined && this.#specs.takesFastPath(task, input)) {
        specs.push(null);
      } else {
        const made = this.#specs.make(task, input, all, ofOne);
        specs.push(isThenable(made) ? await made : made);
      }
    }
    return this.#batch.addMany(
      specs.length,
      (index) => specs[index] ?? this.#specs.makeFast(task, kept[index]),
      (spec, answer) => this.#handle(task, spec, answer),
    );
  }

  /**
   * Accepts jobs of any tasks together: all inputs and options are checked before the first is sent. What else is said of `enqueueMany`
   * holds here, too: they go in order, a unique key that has an owner answers with `outcome: "rejected"`, and with ids of your own
   * calling again completes what an engine that failed half-way left.
   * @throws InvalidInput, whose field names the job (`jobs[2].options.delay`); PayloadTooLarge, EngineUnavailable
   * @example
   * const [scanned, mailed] = await longshore.enqueueAll([
   *   { task: scan, input: { url } },
   *   { task: "mail", input: { to }, options: { delay: "10m" } },
   * ]);
   */
  async enqueueAll(jobs: readonly JobRequest[], options: EnqueueAllOptions = {}): Promise<Job[]> {
    this.#guard();
    const nonce = parseNonce(options);
    const requests = parseRequests(jobs);
    const specs = await specsOf(this.#specs, requests, nonce);
    return this.#batch.addMany(
      specs.length,
      (index) => specs[index] as JobSpec,
      (spec, answer) => this.#handle(spec.task, spec, answer),
    );
  }

  /**
   * The queues that have a job with this id, for ids of your own, which several queues may have: of these `job(id)` finds one. Looks
   * into every queue unless the id was made by Longshore.
   * @throws InvalidInput
   */
  async jobsWithId(id: string): Promise<JobRef[]> {
    return jobsWithId(this.#setup.engine, parseId("id", id));
  }

  /**
   * A handle on a job by its bare id, whatever its queue, or by queue and id; `null` when there is none. That of a flow is a
   * `FlowJob`. One round trip; the job's data is another: `await job.refresh()`. @throws InvalidInput
   * @example const state = (await (await longshore.job(id))?.refresh())?.state;
   */
  async job<Result = unknown, Input = unknown>(job: string | JobRef): Promise<Job<Result, Input> | null> {
    const found = await this.#find("job", job);
    if (found === null) return null;
    return found.role === "flow" ? new FlowJob(this.#context, found, null) : new Job(this.#context, found, null, null);
  }

  /**
   * Many jobs as they are now, by queue and id, in the order asked for, `null` where there is none; without their long fields
   * (input, references, result, meta, history, failures). All that are asked for at the same time travel together, up to 500 in a
   * command.
   * @throws InvalidInput; EngineUnavailable
   * @example
   * const [first] = await longshore.snapshots([{ queue: "scans", id }]);
   * console.log(first?.state);
   */
  async snapshots(jobs: readonly JobRef[]): Promise<(SlimSnapshot | null)[]> {
    if (!Array.isArray(jobs)) throw new InvalidInput("jobs", jobs, "a list of jobs: handles, or {queue, id}");
    const refs = jobs.map((job: unknown, index) => parseRef(`jobs[${index}]`, job));
    const records = await Promise.all(refs.map((ref) => this.#context.reader.getSlim(ref)));
    return records.map((record) => (record === null ? null : snapshotWith(record, [])));
  }

  /**
   * A handle on a flow by its bare id, or by queue and id; `null` when there is none. One round trip.
   * @throws InvalidInput, also when it is the id of a job that is no flow
   */
  async flow<Result = unknown, Input = unknown>(flow: string | JobRef): Promise<FlowJob<Result, Input> | null> {
    const found = await this.#find("flow", flow);
    if (found === null) return null;
    if (found.role !== "flow") throw new InvalidInput("id", found.id, "the id of a flow; this is a job's");
    return new FlowJob(this.#context, found, null);
  }

  /**
   * The jobs that match, as a stream or page by page; without their long fields (input, result …) unless `fields` asks for them.
   * @throws InvalidInput
   * @example for await (const { id, input } of longshore.jobs({ task: "scan" }, { fields: ["input"] })) console.log(id, input);
   */
  jobs<Choice extends FieldChoice = []>(
    query: JobQuery = {},
    options: ListOptions<Choice> = {},
  ): JobList<ChosenField<Choice>> {
    return new JobList(this.#context, parseQuery(query), parseFields(options.fields), options.order);
  }

  /** Cancels all jobs that match and have not ended. @throws InvalidInput */
  cancelAll(query: JobQuery, options?: BulkOptions): Promise<BulkAnswer> {
    return this.#bulk("cancel", query, options);
  }

  /**
   * Queues all jobs that match again, as `job.retry()` does, each after those of them that it waits for: jobs it was enqueued
   * after, jobs it spawned, members of a flow. What it waits for and does not match stays as it ended, and may fail it again.
   * Without `states` only those that failed. @throws InvalidInput
   */
  retryAll(query: JobQuery, options?: BulkOptions & RetryOptions): Promise<BulkAnswer> {
    return this.#bulk("retry", { ...query, states: query.states ?? "failed" }, options);
  }

  /** Makes all delayed jobs that match ready now. @throws InvalidInput */
  promoteAll(query: JobQuery, options?: BulkOptions): Promise<BulkAnswer> {
    return this.#bulk("promote", query, options);
  }

  /** Releases all held jobs that match. @throws InvalidInput */
  releaseAll(query: JobQuery, options?: BulkOptions): Promise<BulkAnswer> {
    return this.#bulk("release", query, options);
  }

  /** Removes all jobs that match and do not run. @throws InvalidInput */
  removeAll(query: JobQuery, options?: BulkOptions): Promise<BulkAnswer> {
    return this.#bulk("remove", query, options);
  }

  /**
   * Does something to all jobs that match, however many there are, as a job of its own: workers run it, 500 jobs at a time. It goes on
   * after a crash from where it was, shows its progress, and can be cancelled. Jobs that are created after it began are left alone,
   * and none is retried twice. `cancelAll` and the like do the same at once, in this process.
   * @returns the job; its result counts to how many jobs it was done, and to how many not, by cause
   * @throws InvalidInput, also for a filter without conditions and without `all: true`; EngineUnavailable
   * @example
   * const job = await longshore.bulk({ action: "retry", filter: { task: "scan", states: "failed" }, by: "ada" });
   * const { matched, applied, refused } = await job.result();
   */
  async bulk(request: BulkRequest): Promise<Job<BulkResult, BulkInput>> {
    this.#guard();
    const { tags, query, ...asked } = parseBulkRequest(request);
    const input: BulkInput = { ...asked, filter: await resolveFilter(this.#setup.engine, query) };
    const spec = await this.#specs.make(BULK, input, { tags });
    return new Job(this.#context, { queue: spec.queue, id: (await this.#batch.add(spec)).id }, "created", null);
  }

  /**
   * How many jobs `bulk()` would act on now: exact up to 10,000, beyond that where the filter has nothing but queues and
   * states. Nothing is done.
   * @throws InvalidInput, as `bulk` does
   * @example const { matched, exact } = await longshore.bulkPreview({ action: "cancel", filter: { tag: "user:42" } });
   */
  async bulkPreview(request: BulkRequest): Promise<BulkPreview> {
    const { query } = parseBulkRequest(request);
    return countMatching(this.#setup.engine, await resolveFilter(this.#setup.engine, query));
  }

  /**
   * Failed runs by what caused them: groups of one fingerprint each over all queues, as a stream or page by page, those seen last first.
   * @throws InvalidInput
   * @example
   * for await (const { fingerprint, name, message, runs, filed } of longshore.failures({ states: ["open", "regressed"] })) {
   *   console.log(`${fingerprint} ${name}: ${message}: ${runs} runs failed, ${filed} jobs stand failed`);
   * }
   */
  failures(query: FailureQuery = {}): FailureList {
    return new FailureList(this.#context, parseFailureQuery(query));
  }

  /**
   * A handle on a failure group by its fingerprint, as `failures()` and the `error` of a job have it.
   * @throws InvalidInput
   * @example await longshore.failure(fingerprint).retry({ by: "ada" });
   */
  failure(fingerprint: string): FailureHandle {
    const known = parseFingerprint("fingerprint", fingerprint);
    return new FailureHandle(this.#context, known, (request) => this.bulk(request));
  }

  /** A handle on a queue. @throws InvalidInput */
  queue(name: string): Queue {
    return new Queue(this.#context, parseName("queue", name));
  }

  /**
   * Can this process do its part? The engine answers in time and can be written to (not a replica, a full Redis or disk, a file that may only
   * be read), and the claim loop of each worker of this connection has gone on within two beats; one that starts or stops is not ready. For
   * health checks: it never throws because of what it finds, and asks the engine one thing, once at a time.
   * @param options.timeout how long the engine may take; default: 2 s
   * @throws InvalidInput
   * @example
   * const { ready, checks } = await longshore.ready();
   * response.writeHead(ready ? 200 : 503).end(checks.map(({ name, detail }) => `${name}: ${detail}`).join("\n"));
   */
  async ready(options: ReadyOptions = {}): Promise<Readiness> {
    return this.#readyChecks.run([...this.#workers], parseReadyOptions(options));
  }

  /**
   * Lets one job go through: enqueued, leased by a worker, completed, removed, with its timings. With `queue` a worker that serves it
   * anywhere is to take it (every worker knows its task, `longshore.smoke`), ahead of the jobs that wait; without, a worker that
   * this call starts, on a queue that exists only meanwhile: that shows that the store and this package work. While no living worker serves
   * `queue` nothing is enqueued: one that starts within `timeout` is waited for.
   * @throws InvalidInput; QueueNotFound; EngineUnavailable
   * @example
   * const { ok, worker, wait, problem } = await longshore.smoke({ queue: "scans", timeout: "10s" });
   * console.log(ok ? `${worker} took it after ${wait} ms` : problem);
   */
  async smoke(options: SmokeOptions = {}): Promise<SmokeResult> {
    const { queue, timeout } = parseSmokeOptions(options);
    const time = { from: performance.now(), timeout };
    if (queue !== null) {
      return (await smokeUnserved(this.#context, queue, timeout)) ?? this.#smoke(queue, time);
    }
    const own = ownSmokeQueue();
    const worker = this.worker([], { queues: [own], system: false, concurrency: 1 });
    worker.on("error", () => undefined);
    try {
      return await this.#smoke(own, time);
    } finally {
      await worker.stop({ grace: 0 });
      await this.queue(own).obliterate({ force: true });
    }
  }

  #smoke(queue: string, time: { readonly from: number; readonly timeout: number }): Promise<SmokeResult> {
    const { timeout } = time;
    const enqueue = async (): Promise<Job> => {
      const spec = await this.#specs.make(SMOKE_TASK, null, { ...SMOKE_JOB, queue, timeout, ttl: timeout });
      return this.#handle(SMOKE_TASK, spec, await this.#batch.add(spec));
    };
    return followSmoke(enqueue, queue, time);
  }

  /**
   * The documents of a kind: small JSON records that all processes share, such as settings; or a log of entries.
   * @param kind a name; those that begin with `longshore:` are reserved
   * @throws InvalidInput
   * @example await longshore.documents("settings").put("imports", { limit: 5 });
   */
  documents<Value = unknown>(kind: string): Documents<Value> {
    return this.platformDocuments(parseKind("kind", kind));
  }

  /** The most bytes of JSON an input may have. */
  get payloadCap(): number {
    return this.#context.payloadCap;
  }

  /** @internal The documents of a kind that the platform keeps, such as its audit log. */
  platformDocuments<Value = unknown>(kind: string): Documents<Value> {
    return new Documents(this.#context, kind, () => this.#closing !== null);
  }

  /**
   * The events of a queue, or of up to 1,000 in one stream, from the first `next()` on; those of one queue in order, numbered without
   * holes. `{ kind: "gap", queue }` stands where some of a queue were missed. However many queues a connection watches, it opens one
   * connection to Redis for it. Ends with `signal`.
   * @param options.begun called once nothing is missed any more: what is read after it is no older than the first event
   * @throws InvalidInput; EngineClosed when the connection is closed meanwhile
   * @example
   * for await (const event of longshore.watch(["scans", "reports"], { signal })) {
   *   if (event.kind === "state") console.log(event.queue, event.task, event.cause, event.state);
   * }
   */
  watch(
    queues: string | readonly string[],
    options: { signal?: AbortSignal; begun?: () => void } = {},
  ): AsyncIterable<WatchEvent> {
    return watchQueues(this.#context, parseWatched(queues), parseWatchOptions(options));
  }

  /**
   * A handle on a worker of any process, by its name or one of its sessions (`workers()`), to command it. If several workers have
   * the name, all of them are meant. One that is commanded acknowledges it within a second, as a rule: `workers()` shows its latest
   * `command`, and in its `status` why it leases nothing.
   * @throws InvalidInput
   * @example await longshore.worker("web-1").quiet();
   */
  worker(name: string): WorkerHandle;
  /**
   * A worker for these tasks, at work at once.
   * @throws InvalidInput
   * @example
   * const worker = longshore.worker([scan], { concurrency: 5 });
   * await worker.stop();
   */
  worker(tasks: readonly AnyTask[], options?: WorkerOptions): Worker;
  worker(given: readonly AnyTask[] | string, options?: WorkerOptions): Worker | WorkerHandle {
    this.#guard();
    if (typeof given === "string") return new WorkerHandle(this.#context, parseKey("worker", given));
    const tasks = given;
    const worker = new Worker(this.#setup, tasks, options, [bulkTask(this.#context)]);
    this.#workers.add(worker);
    void worker.finished.then(() => this.#workers.delete(worker));
    return worker;
  }

  /**
   * Stops its workers as `worker.stop()` does, sends pending commands, and releases all resources. Safe to call twice.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
    await this.#batch.settled();
    await this.#context.watches.close();
    await this.#setup.engine.close();
  }

  #guard(): void {
    if (this.#closing !== null) throw new EngineClosed();
  }

  async #find(field: string, job: string | JobRef): Promise<SlimRecord | null> {
    if (typeof job !== "string") return this.#context.reader.getSlim(parseRef(field, job));
    const [record] = await this.#setup.engine.findJobs({ ids: [parseId("id", job)], fields: [] });
    return record ?? null;
  }

  #handle(task: AnyTask | string, spec: JobSpec, answer: EnqueueAnswer): Job {
    const schema: StandardSchema | null = typeof task === "string" ? null : task.schema;
    return new Job(this.#context, { queue: spec.queue, id: answer.id }, answer.outcome, schema, answer.state);
  }

  async #bulk(command: BulkCommand, query: JobQuery, options: BulkOptions & RetryOptions = {}): Promise<BulkAnswer> {
    checkOptions(options, ["cursor", "limit", "signal", ...(command === "retry" ? ["fromStart"] : [])]);
    const nextOp = (): string => this.#context.nextOp();
    const filter = await resolveFilter(this.#setup.engine, parseQuery(query));
    return controlMany(this.#setup.engine, { ...options, command, filter, nextOp });
  }
}
