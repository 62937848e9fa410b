/** A handle on one job, over HTTP: reads it, waits for it, and commands it. It caches nothing. */
import { pause } from "../connection/deadline.js";
import { milliseconds, type Duration } from "../connection/duration.js";
import { HttpTimeout } from "../connection/errors.js";
import { jobEvents, type HttpJobEvent } from "./job-events.js";
import { HttpJobFailed } from "./job-failed.js";
import { checkCall, type Answer, type CallOptions, type Transport } from "../connection/transport.js";
import type { AcceptedJob, Job, JobChange, JobState, Operations, Progress } from "../connection/types.js";

/** A job as it is now, with the types of its task. */
export type HttpJobDocument<Result, Input> = Omit<Job, "input" | "result"> & {
  /** `null` when the token may not read payloads. */
  readonly input?: Input | null;
  /** `null` before its end, and when the token may not read payloads. */
  readonly result?: Result | null;
};

/** How long to wait for a result. */
export interface HttpResultOptions {
  /** Default: as long as it takes. */
  timeout?: Duration;
  /** Ends the wait with the signal's reason; the job goes on. */
  signal?: AbortSignal;
}

/** Where a job is: `id`, and the queue where several have jobs with this id. */
export interface HttpJobRef {
  readonly id: string;
  readonly queue?: string | undefined;
}

/** How long one request waits for a result (milliseconds): less than what proxies take for silence. */
const LONGEST_POLL = 25_000;
/** An answer that came at once, though it was to wait, is not asked for again before this (milliseconds). */
const SHORTEST_POLL = 1_000;

/**
 * A handle on one job.
 * @example
 * const job = await longshore.enqueue(scan, { url: "https://example.org/" });
 * const pages = await job.result({ timeout: "5m" });
 */
export class HttpJob<Result = unknown, Input = unknown> {
  readonly id: string;
  /** Its queue; `null` on a handle that was looked up without one. */
  readonly queue: string | null;
  /** `"created"`, or which other job this is instead; `null` on a handle that was looked up. */
  readonly outcome: AcceptedJob["outcome"] | null;
  /** The state in which it was accepted; `null` on a handle that was looked up. */
  readonly status: JobState | null;
  /** @internal */
  protected readonly transport: Transport;
  /** @internal */
  protected readonly ref: {
    readonly params: { readonly id: string };
    readonly query: { readonly queue?: string | undefined };
  };

  /** @internal Handles come from `enqueue` and `job`. */
  constructor(transport: Transport, { id, queue }: HttpJobRef, accepted?: AcceptedJob) {
    this.transport = transport;
    this.ref = { params: { id }, query: { queue } };
    this.id = id;
    this.queue = queue ?? null;
    this.outcome = accepted?.outcome ?? null;
    this.status = accepted?.status ?? null;
  }

  /** The job as it is now. @throws HttpProblem `JOB_NOT_FOUND`; `AMBIGUOUS_JOB` when several queues have its id */
  async refresh(call?: CallOptions): Promise<HttpJobDocument<Result, Input>> {
    const { id, queue } = this;
    const job =
      queue === null
        ? await this.transport.call("GET /api/jobs/{id}", this.ref, call)
        : await this.transport.call("GET /api/queues/{queue}/jobs/{id}", { params: { queue, id } }, call);
    return job as HttpJobDocument<Result, Input>;
  }

  /**
   * Waits for the end and gives the result, also of a `partial` job; `null` when the token may not read payloads. Outages of the
   * server and of the network are waited through, each for as long as the client's `outage` says.
   * @throws HttpJobFailed when it ended as failed, cancelled, expired or superseded; HttpTimeout; HttpProblem; the signal's reason
   */
  async result(options: HttpResultOptions = {}): Promise<Result> {
    checkCall(options);
    const { timeout, signal } = options;
    const end = timeout === undefined ? Infinity : Date.now() + milliseconds("timeout", timeout);
    const { params, query } = this.ref;
    for (;;) {
      const asked = Date.now();
      const wait = Math.max(1, Math.min(LONGEST_POLL, end - asked));
      const given = { params, query: { ...query, wait: `${wait}ms` }, until: end, has: "ended" };
      // What is asked for at the end has a second to arrive.
      const limit = { signal, timeout: Math.min(wait + this.transport.timeout, Math.max(1, end - asked) + 1_000) };
      const { ended, state, result, error } = await this.transport.call("GET /api/jobs/{id}/result", given, limit);
      if (ended && (state === "completed" || state === "partial")) return result as Result;
      if (ended) throw new HttpJobFailed(this.id, state, error);
      if (Date.now() >= end) throw new HttpTimeout(`job ${this.id} has not ended within ${String(timeout)}`);
      const early = Math.min(wait, SHORTEST_POLL) - (Date.now() - asked);
      if (early > 0) await pause(early, signal);
    }
  }

  /**
   * Its events, beginning with its present state, until it has ended; of a flow those of its jobs, too. A lost connection is taken up again
   * where it was left; where events were missed, a `gap` says so, and the state, progress and milestones follow that stand for them.
   * @param call.timeout how long the server may take to begin
   * @throws HttpProblem `JOB_NOT_FOUND`; the signal's reason
   * @example for await (const event of job.events()) if (event.kind === "progress") bar.value = event.progress.percent;
   */
  events(call: CallOptions = {}): AsyncGenerator<HttpJobEvent, void, undefined> {
    return jobEvents(this.transport, this.ref, call);
  }

  /** Its progress; `null` when none was reported in this run. */
  async progress(call?: CallOptions): Promise<Progress | null> {
    return (await this.refresh(call)).progress;
  }

  /** The steps that ended well in any of its runs, in the order in which they ended. */
  async steps(call?: CallOptions): Promise<Answer<"GET /api/jobs/{id}/steps">["steps"]> {
    return (await this.transport.call("GET /api/jobs/{id}/steps", this.ref, call)).steps;
  }

  /** Its milestones so far, the latest of each name, in the order in which they were emitted. */
  async milestones(call?: CallOptions): Promise<Answer<"GET /api/jobs/{id}/steps">["milestones"]> {
    return (await this.transport.call("GET /api/jobs/{id}/steps", this.ref, call)).milestones;
  }

  /** Its log: the newest lines, and how many older ones were dropped. */
  logs(call?: CallOptions): Promise<Answer<"GET /api/jobs/{id}/logs">> {
    return this.transport.call("GET /api/jobs/{id}/logs", this.ref, call);
  }

  /** Its runs so far, the oldest first. */
  async attempts(call?: CallOptions): Promise<Answer<"GET /api/jobs/{id}/attempts">["attempts"]> {
    return (await this.transport.call("GET /api/jobs/{id}/attempts", this.ref, call)).attempts;
  }

  /** The jobs that it waits for or waited for; of a flow its members. */
  async dependencies(call?: CallOptions): Promise<Answer<"GET /api/jobs/{id}/dependencies">["dependencies"]> {
    return (await this.transport.call("GET /api/jobs/{id}/dependencies", this.ref, call)).dependencies;
  }

  /** Why it does not run, the decisive reason first, and how long it is likely to take still. */
  why(call?: CallOptions): Promise<Answer<"GET /api/jobs/{id}/why">> {
    return this.transport.call("GET /api/jobs/{id}/why", this.ref, call);
  }

  /** Ends it; if it runs, its signal aborts within a second. @returns its state now @throws HttpProblem `WRONG_STATE` */
  async cancel(call?: CallOptions): Promise<JobState> {
    return (await this.transport.call("POST /api/jobs/{id}/cancel", this.ref, call)).state;
  }

  /** Makes a delayed job ready now. @returns its state now @throws HttpProblem `WRONG_STATE` */
  async promote(call?: CallOptions): Promise<JobState> {
    return (await this.transport.call("POST /api/jobs/{id}/promote", this.ref, call)).state;
  }

  /** Releases a job that was created with `hold`. @returns its state now @throws HttpProblem `WRONG_STATE` */
  async release(call?: CallOptions): Promise<JobState> {
    return (await this.transport.call("POST /api/jobs/{id}/release", this.ref, call)).state;
  }

  /**
   * Queues it again, with all its attempts before it, perhaps with another input. @returns its state now
   * @throws HttpProblem `WRONG_STATE`
   * @example await job.retry({ fromStart: true });
   */
  async retry(options: Operations["POST /api/jobs/{id}/retry"]["body"] = {}, call?: CallOptions): Promise<JobState> {
    return (await this.transport.call("POST /api/jobs/{id}/retry", { ...this.ref, body: options }, call)).state;
  }

  /** Changes it while it waits. What is left out stays as it is. @returns its state now @throws HttpProblem `WRONG_STATE` */
  async update(change: JobChange, call?: CallOptions): Promise<JobState> {
    return (await this.transport.call("PATCH /api/jobs/{id}", { ...this.ref, body: change }, call)).state;
  }

  /** Removes it with all that was stored about it. @throws HttpProblem `WRONG_STATE` while it runs */
  async remove(call?: CallOptions): Promise<void> {
    await this.transport.call("DELETE /api/jobs/{id}", this.ref, call);
  }
}
