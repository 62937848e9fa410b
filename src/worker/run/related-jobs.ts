/**
 * Engine commands a run issues about other jobs: spawn them, depend on them, read their results. Sent one after the
 * other, in commands of bounded size, and retried while the engine does not answer, until the session is over.
 */
import type { Awaitable, Engine, EnqueueAnswer } from "../../engine/contract/engine.js";
import { isSuccess, type DependencyRecord } from "../../model/job/dependency.js";
import { LeaseLost } from "../../model/errors/errors.js";
import { EACH_TASK, isEachChild } from "../../model/flow/each.js";
import type { JobRecord, JobRef, JobSpec } from "../../model/job/job.js";
import type { EngineOutage } from "../session/engine-outage.js";
import type { RelatedJob } from "./host.js";
import type { Run, RunCommands } from "./run.js";
import { cut } from "./report-batches.js";

/** The most jobs in a command. */
const MOST = 500;

/** Dependencies and callbacks. */
export interface RelatedJobsOptions {
  readonly engine: Engine;
  readonly outage: EngineOutage;
  /** Called for a run whose lease turns out to be lost. */
  readonly stale: (run: Run) => void;
}

export class RelatedJobs implements RunCommands {
  readonly #options: RelatedJobsOptions;

  constructor(options: RelatedJobsOptions) {
    this.#options = options;
  }

  async enqueue(run: Run, specs: readonly JobSpec[]): Promise<readonly EnqueueAnswer[]> {
    const answers: EnqueueAnswer[] = [];
    for (const jobs of cut(specs, MOST, ({ input }) => input.length)) {
      answers.push(...(await this.#ask(run, (engine) => engine.enqueue({ jobs }))));
    }
    const cancelled = specs.filter(({ flow }, index) => flow !== null && answers[index]?.state === "cancelled");
    if (cancelled.length > 0) await this.#runAgain(run, cancelled);
    return answers;
  }

  /**
   * Retries spawned jobs that are found cancelled, if the previous run of the spawning job ended by a cancel. Such a
   * cancel also cancels the jobs just spawned, possibly after a retry of the flow had already looked for jobs to retry.
   */
  async #runAgain(run: Run, jobs: readonly JobRef[]): Promise<void> {
    const { queue, id, epoch } = run.lease;
    const [parent] = await this.#read(run, [{ queue, id }]);
    // This run may have been cancelled without knowing it yet: then it must not retry anything.
    if (parent?.state !== "active") return;
    if (parent.history.findLast(({ endedAt }) => endedAt !== null)?.outcome !== "cancelled") return;
    for (const part of cut(jobs, MOST, () => 0)) {
      const refs = part.map((job) => ({ queue: job.queue, id: job.id }));
      await this.#ask(run, (engine) => engine.retry({ refs, op: `${queue}/${id}/${epoch}`, fromStart: false }));
    }
  }

  async depend(run: Run, refs: readonly JobRef[]): Promise<void> {
    const { queue, id, epoch } = run.lease;
    for (const after of cut(refs, MOST, () => 0)) {
      const updates = [{ queue, id, epoch, after }];
      const [answer] = await this.#ask(run, (engine) => engine.report({ session: run.session.id, updates }));
      if (answer === "applied") continue;
      this.#options.stale(run);
      throw new LeaseLost();
    }
  }

  dependencies(run: Run): Promise<readonly DependencyRecord[]> {
    const { queue, id } = run.lease;
    return this.#ask(run, (engine) => engine.dependencies({ queue, id }));
  }

  async related(run: Run, refs: readonly JobRef[]): Promise<readonly (RelatedJob | null)[]> {
    const found: (RelatedJob | null)[] = [];
    for (const job of await this.#read(run, refs)) found.push(job === null ? null : await this.#relatedJob(run, job));
    return found;
  }

  async #relatedJob(run: Run, job: JobRecord): Promise<RelatedJob> {
    const { task, state, error } = job;
    const result = task === EACH_TASK && isSuccess(state) ? await this.#resultsOfItems(run, job) : job.result;
    return { task, state, result, error };
  }

  /** The results of the jobs made from the items of a list, as JSON text of a list. */
  async #resultsOfItems(run: Run, { queue, id }: JobRecord): Promise<string> {
    const links = await this.#ask(run, (engine) => engine.dependencies({ queue, id }));
    const items = links.filter((link) => isEachChild(id, link.id)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const results = (await this.#read(run, items)).map((job) => job?.result ?? "null");
    return `[${results.join(",")}]`;
  }

  async #read(run: Run, all: readonly JobRef[]): Promise<(JobRecord | null)[]> {
    const jobs: (JobRecord | null)[] = [];
    for (const part of cut(all, MOST, () => 0)) {
      const refs = part.map(({ queue, id }) => ({ queue, id }));
      jobs.push(...(await this.#ask(run, (engine) => engine.getJobs({ refs }))));
    }
    return jobs;
  }

  #ask<T>(run: Run, command: (engine: Engine) => Awaitable<T>): Promise<T> {
    const { engine, outage } = this.#options;
    return outage.outlast(run.session, () => command(engine));
  }
}
