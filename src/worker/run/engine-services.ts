/**
 * What a run asks of the engine: its checkpoints; jobs that it spawns, depends on and reads. Commands are sent one after
 * the other, of bounded size, and retried while the engine does not answer, until the session is over.
 */
import { MAX_JOBS_PER_COMMAND, type Awaitable, type Engine, type EnqueueAnswer } from "../../engine/contract/engine.js";
import { cutEnqueue } from "../../engine/contract/enqueue-size.js";
import type { Checkpoint } from "../../model/job/report/checkpoint.js";
import { isSuccess, type DependencyRecord } from "../../model/job/dependency.js";
import { LeaseLost } from "../../model/errors/errors.js";
import { EACH_TASK, isEachChild } from "../../model/flow/each.js";
import type { JobRecord, JobRef, JobSpec } from "../../model/job/job.js";
import type { EngineOutage } from "../session/engine-outage.js";
import type { JobServices, RelatedJob } from "./job-services.js";
import { cut } from "./report-batches.js";
import type { Reporter } from "./reporter.js";
import type { Run } from "./run.js";

/** What the services of all runs of a worker share. */
export interface EngineServicesOptions {
  readonly engine: Engine;
  readonly outage: EngineOutage;
  readonly reporter: Reporter;
  /** Called for a run whose lease turns out to be lost. */
  readonly stale: (run: Run) => void;
}

export class EngineServices implements JobServices {
  readonly #run: Run;
  readonly #options: EngineServicesOptions;

  constructor(run: Run, options: EngineServicesOptions) {
    this.#run = run;
    this.#options = options;
  }

  async loadCheckpoints(): Promise<readonly Checkpoint[]> {
    const { checkpoints, queue, id } = this.#run.lease;
    return checkpoints ? this.#ask((engine) => engine.checkpoints({ queue, id })) : [];
  }

  saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    if (this.#run.over) return Promise.reject(new LeaseLost());
    return this.#options.reporter.save(this.#run, checkpoint);
  }

  async enqueue(specs: readonly JobSpec[]): Promise<readonly EnqueueAnswer[]> {
    if (this.#run.over) throw new LeaseLost();
    const answers: EnqueueAnswer[] = [];
    for (const jobs of cutEnqueue(specs)) {
      answers.push(...(await this.#ask((engine) => engine.enqueue({ jobs }))));
    }
    const cancelled = specs.filter(({ flow }, index) => flow !== null && answers[index]?.state === "cancelled");
    if (cancelled.length > 0) await this.#runAgain(cancelled);
    return answers;
  }

  async depend(jobs: readonly JobRef[]): Promise<void> {
    const run = this.#run;
    if (run.over) throw new LeaseLost();
    const { queue, id, epoch } = run.lease;
    for (const after of cut(jobs, MAX_JOBS_PER_COMMAND, () => 0)) {
      const updates = [{ queue, id, epoch, after }];
      const [answer] = await this.#ask((engine) => engine.report({ session: run.session.id, updates }));
      if (answer === "applied") continue;
      this.#options.stale(run);
      throw new LeaseLost();
    }
  }

  dependencies(): Promise<readonly DependencyRecord[]> {
    const { queue, id } = this.#run.lease;
    return this.#ask((engine) => engine.dependencies({ queue, id }));
  }

  async relatedJobs(jobs: readonly JobRef[]): Promise<readonly (RelatedJob | null)[]> {
    const found: (RelatedJob | null)[] = [];
    for (const job of await this.#read(jobs)) found.push(job === null ? null : await this.#relatedJob(job));
    return found;
  }

  /**
   * Retries spawned jobs that are found cancelled, if the previous run of the spawning job ended by a cancel. Such a
   * cancel also cancels the jobs just spawned, possibly after a retry of the flow had already looked for jobs to retry.
   */
  async #runAgain(jobs: readonly JobRef[]): Promise<void> {
    const { queue, id, epoch } = this.#run.lease;
    const [parent] = await this.#read([{ queue, id }]);
    // This run may have been cancelled without knowing it yet: then it must not retry anything.
    if (parent?.state !== "active") return;
    if (parent.history.findLast(({ endedAt }) => endedAt !== null)?.outcome !== "cancelled") return;
    for (const part of cut(jobs, MAX_JOBS_PER_COMMAND, () => 0)) {
      const refs = part.map((job) => ({ queue: job.queue, id: job.id }));
      await this.#ask((engine) => engine.retry({ refs, op: `${queue}/${id}/${epoch}`, fromStart: false }));
    }
  }

  async #relatedJob(job: JobRecord): Promise<RelatedJob> {
    const { task, state, error } = job;
    const result = task === EACH_TASK && isSuccess(state) ? await this.#resultsOfItems(job) : job.result;
    return { task, state, result, error };
  }

  /** The results of the jobs made from the items of a list, as JSON text of a list. */
  async #resultsOfItems({ queue, id }: JobRecord): Promise<string> {
    const links = await this.#ask((engine) => engine.dependencies({ queue, id }));
    const items = links.filter((link) => isEachChild(id, link.id)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const results = (await this.#read(items)).map((job) => job?.result ?? "null");
    return `[${results.join(",")}]`;
  }

  async #read(all: readonly JobRef[]): Promise<(JobRecord | null)[]> {
    const jobs: (JobRecord | null)[] = [];
    for (const part of cut(all, MAX_JOBS_PER_COMMAND, () => 0)) {
      const refs = part.map(({ queue, id }) => ({ queue, id }));
      jobs.push(...(await this.#ask((engine) => engine.getJobs({ refs }))));
    }
    return jobs;
  }

  #ask<T>(command: (engine: Engine) => Awaitable<T>): Promise<T> {
    const { engine, outage } = this.#options;
    return outage.outlast(this.#run.session, () => command(engine));
  }
}
