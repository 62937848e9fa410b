/** A server of jobs, over HTTP: what an application in a browser, or without access to the engine, works with. */
import type { InputArguments } from "../define/input-arguments.js";
import type { Stored } from "../define/stored.js";
import { check, checkHeader, checkName, checkObject } from "./connection/given.js";
import { HttpBulk } from "./handles/bulk.js";
import { HttpFailure } from "./handles/failure.js";
import { HttpFlow } from "./handles/flow.js";
import { HttpJob, type HttpJobRef } from "./handles/job.js";
import { liveFrames, type HttpLiveFrame } from "./handles/job-events.js";
import { HttpLists } from "./lists.js";
import { HttpQueue } from "./handles/queue.js";
import { HttpSchedule } from "./handles/schedule.js";
import type { HttpInput, HttpResult, HttpTask } from "./task.js";
import { HttpWorker } from "./handles/worker.js";
import { Transport, type CallOptions, type HttpOptions } from "./connection/transport.js";
import type {
  AcceptedBulk,
  AcceptedJob,
  AcceptedJobs,
  BulkPreview,
  BulkRequest,
  EnqueueOptions,
  JobRequest,
  JobRequests,
} from "./connection/types.js";

/** How jobs are sent. */
export interface HttpEnqueueCall extends CallOptions {
  /**
   * Names this request: sent again with the same key, also by another process, it gives the jobs that the first one made. Default:
   * one of chance, so that a request whose answer was lost has one effect.
   */
  idempotencyKey?: string | undefined;
}

/** A job to enqueue. */
export interface HttpJobRequest {
  readonly task: HttpTask | string;
  readonly input?: unknown;
  readonly options?: EnqueueOptions | undefined;
}

/**
 * Reaches a server. Nothing is sent yet.
 * @param url where the server is mounted, such as `https://shop.example/admin/jobs`; in a browser also a path
 * @throws HttpInvalid
 * @example
 * const longshore = connectHttp("https://jobs.example", { token });
 * const job = await longshore.enqueue<typeof scan>("scan", { url: "https://example.org/" });
 * console.log(await job.result());
 */
export function connectHttp(url: string | URL, options: HttpOptions = {}): HttpLongshore {
  return new HttpLongshore(new Transport(url, options));
}

/** A server of jobs. */
export class HttpLongshore extends HttpLists {
  /**
   * Accepts one job by the name of its task. The server checks the input where it knows the task. `enqueue<typeof scan>("scan", input)`
   * has the types of a task whose code is elsewhere.
   * @throws HttpProblem `INVALID_INPUT`, which names the field; `UNIQUE_CONFLICT`; HttpUnreachable, HttpTimeout
   */
  enqueue<Task extends HttpTask = HttpTask>(
    task: string,
    input?: HttpInput<Task>,
    options?: EnqueueOptions,
    call?: HttpEnqueueCall,
  ): Promise<HttpJob<HttpResult<Task>, HttpInput<Task>>>;
  /**
   * Accepts one job of a task. Its name and its queue are sent; of its other options those hold that the server knows.
   * @throws as above
   * @example const job = await longshore.enqueue(scan, { url }, { tags: ["user:42"] });
   */
  enqueue<Input, Result>(
    task: HttpTask<Input, Result>,
    ...args: [...InputArguments<NoInfer<Input>, EnqueueOptions>, call?: HttpEnqueueCall]
  ): Promise<HttpJob<Stored<Result>, Input>>;
  async enqueue(
    task: HttpTask | string,
    input?: unknown,
    options?: EnqueueOptions,
    call?: HttpEnqueueCall,
  ): Promise<HttpJob<never, never>> {
    // One job is answered as one.
    const accepted = (await this.#enqueue(requestOf({ task, input, options }), "jobId", call)) as AcceptedJob;
    return this.#handle<never>(accepted);
  }

  /**
   * Accepts up to 1,000 jobs of any tasks: all are checked before the first is stored. The handles are in the order of the jobs; the
   * outcome of one whose unique key has an owner is `"rejected"`.
   * @throws HttpProblem, whose field names the job: `jobs[2].input.url`; HttpUnreachable, HttpTimeout
   * @example await longshore.enqueueAll([{ task: "scan", input: { url } }, { task: "mail", options: { delay: "1h" } }]);
   */
  async enqueueAll(jobs: readonly HttpJobRequest[], call?: HttpEnqueueCall): Promise<HttpJob[]> {
    check(Array.isArray(jobs), "jobs", jobs, "a list");
    const all = { jobs: jobs.map((job, index) => requestOf(job, `jobs[${index}].`)) };
    const accepted = (await this.#enqueue(all, "jobs", call)) as AcceptedJobs;
    return accepted.jobs.map((job) => this.#handle(job));
  }

  /**
   * A handle on a job. Nothing is sent: whether there is one shows when it is read.
   * @param place.queue where several queues have jobs with this id
   * @example const { state } = await longshore.job(id).refresh();
   */
  job<Task extends HttpTask = HttpTask>(
    id: string,
    place: Omit<HttpJobRef, "id"> = {},
  ): HttpJob<HttpResult<Task>, HttpInput<Task>> {
    return new HttpJob(this.transport, { id, ...place });
  }

  /** A handle on a flow. Nothing is sent. */
  flow<Result = unknown, Input = unknown>(id: string, place: Omit<HttpJobRef, "id"> = {}): HttpFlow<Result, Input> {
    return new HttpFlow(this.transport, { id, ...place });
  }

  /** A queue, by its name. Nothing is sent. */
  queue(name: string): HttpQueue {
    return new HttpQueue(this.transport, name);
  }

  /** The workers of a name, or one session. Nothing is sent. */
  worker(name: string): HttpWorker {
    return new HttpWorker(this.transport, name);
  }

  /** A schedule, by its name. Nothing is sent. */
  schedule(name: string): HttpSchedule {
    return new HttpSchedule(this.transport, name);
  }

  /** A failure group, by its fingerprint. Nothing is sent. */
  failure(fingerprint: string): HttpFailure {
    return new HttpFailure(this.transport, fingerprint);
  }

  /**
   * Does something to all jobs that match a filter, by a bulk job that workers carry out.
   * @throws HttpProblem `INVALID_INPUT`; for a filter without conditions unless `all` says so
   * @example await longshore.bulk({ action: "cancel", filter: { tag: "user:42", states: "queued" } });
   */
  async bulk(request: Omit<BulkRequest, "preview">, call?: CallOptions): Promise<HttpBulk> {
    // What is no preview is answered with the job.
    const accepted = (await this.transport.call(
      "POST /api/bulk",
      { body: request, has: "jobId" },
      call,
    )) as AcceptedBulk;
    return this.bulkJob(accepted.jobId);
  }

  /** How many jobs it would meet; nothing is done. */
  async bulkPreview(request: Omit<BulkRequest, "preview">, call?: CallOptions): Promise<BulkPreview> {
    checkObject("body", request);
    const given = { body: { ...request, preview: true }, repeatable: true };
    return (await this.transport.call("POST /api/bulk", given, call)) as BulkPreview;
  }

  /** A handle on a bulk job. Nothing is sent. */
  bulkJob(id: string): HttpBulk {
    return new HttpBulk(this.transport, id);
  }

  /**
   * What happens to jobs, flows, queues and tags, as it happens: a snapshot of each topic, then what changes, in at most four frames a
   * second and topic. A lost connection is taken up again where it was left; where events were missed, a snapshot comes.
   * @param topics up to 50 of `job:ID`, `job:QUEUE/ID`, `flow:ID`, `queue:NAME`, `tag:TAG`, `overview`, `failures`
   * @param call.timeout how long the server may take to begin
   * @example for await (const frame of longshore.watch(["queue:scans", "tag:user:42"], { signal })) show(frame);
   */
  watch(topics: string | readonly string[], call: CallOptions = {}): AsyncGenerator<HttpLiveFrame, void, undefined> {
    return liveFrames(this.transport, topics, call);
  }

  async #enqueue(
    body: JobRequest | JobRequests,
    has: string,
    given: HttpEnqueueCall = {},
  ): Promise<AcceptedJob | AcceptedJobs> {
    checkObject("call", given);
    const { idempotencyKey = randomKey(), ...call } = given;
    checkHeader("idempotencyKey", idempotencyKey);
    const request = { body, headers: { "idempotency-key": idempotencyKey }, repeatable: true, has };
    return this.transport.call("POST /api/jobs", request, call);
  }

  #handle<Types>(accepted: AcceptedJob): HttpJob<Types, Types> {
    return new HttpJob(this.transport, { id: accepted.jobId, queue: accepted.queue }, accepted);
  }
}

/** A task's name, and the queue where its workers look: the server need not know the task. @throws HttpInvalid */
function requestOf(job: HttpJobRequest, within = ""): JobRequest {
  checkObject(within.slice(0, -1), job);
  const { task, input, options } = job;
  const { name, queue } = typeof task === "string" ? { name: task } : (Object(task) as HttpTask);
  checkName(`${within}task`, name);
  if (options !== undefined) checkObject(`${within}options`, options);
  return { task: name, input, options: queue === undefined ? options : { queue, ...options } };
}

/** `crypto.randomUUID` is there on secure pages only. */
function randomKey(): string {
  return crypto.getRandomValues(Uint32Array.of(0, 0, 0, 0)).join("-");
}
