// From companies to jobs: for each a chain of stages over the four queues, in which every stage takes what the one before
// gave. Without enrichment, and after one that failed, postings are persisted as they were parsed.

import type { EnqueueOptions, Job, JobSnapshot, Longshore } from "longshore";

import type { Company } from "../company.js";
import type { FetchedListings } from "../fetch/listing-pages.js";
import { stageWeights, stages } from "../tasks.js";
import type { ScraperTasks, Stage } from "../tasks.js";
import { untouched } from "./scraping.js";
import type { CompanyScrape } from "./scraping.js";

export interface PipelineOptions {
  userId: string;
  runId: string;
  /** Whether postings are enriched. */
  enhance: boolean;
  /** No further stage begins once it has aborted. */
  signal: AbortSignal;
}

/** The scraping of one company. */
export interface Pipeline {
  company: Company;
  /** Tells how it moves on, and answers how it ended; never rejects because a stage failed. */
  follow: (onChange: (scrape: CompanyScrape) => void) => Promise<CompanyScrape>;
}

/** The tag of every job of a run: what it is cancelled by. */
export function runTag(runId: string): string {
  return `run:${runId}`;
}

/** The tag of every job of a user. */
export function userTag(userId: string): string {
  return `user:${userId}`;
}

/** Enqueues the scraping of `companies`. */
export async function enqueueScraping(
  longshore: Longshore,
  tasks: ScraperTasks,
  companies: readonly Company[],
  options: PipelineOptions,
): Promise<Pipeline[]> {
  const fetchJobs = await longshore.enqueueMany(
    tasks.fetch,
    companies.map((company) => ({
      input: { companyUrl: company.url },
      options: jobOptions(company, "fetch", options),
    })),
  );
  return fetchJobs.flatMap((fetchJob, index) => {
    const company = companies[index];
    if (company === undefined) return [];
    return { company, follow: (onChange) => new Chain(longshore, tasks, company, options, onChange).follow(fetchJob) };
  });
}

function jobOptions({ slug, url }: Company, step: Stage, { runId, userId }: PipelineOptions): EnqueueOptions {
  return {
    id: `${runId}-${slug}-${step}`,
    tags: ["app:company-scraper", runTag(runId), userTag(userId), `company:${slug}`],
    meta: { companyUrl: url, userId, step },
  };
}

/** One pipeline on its way. */
class Chain {
  #scrape: CompanyScrape;
  readonly #done: Stage[];

  constructor(
    readonly longshore: Longshore,
    readonly tasks: ScraperTasks,
    readonly company: Company,
    readonly options: PipelineOptions,
    readonly onChange: (scrape: CompanyScrape) => void,
  ) {
    this.#scrape = untouched(company);
    this.#done = options.enhance ? [] : ["ai_enhance"];
  }

  async follow(fetchJob: Job<FetchedListings>): Promise<CompanyScrape> {
    const { longshore, tasks, options } = this;
    try {
      const listings = resultOf(await this.#stage("fetch", () => fetchJob));
      const parsed = await this.#stage("parse", (own) => longshore.enqueue(tasks.parse, listings, own));
      const { companyUrl, postings } = resultOf(parsed);
      const enhanced = options.enhance
        ? await this.#stage("ai_enhance", (own) => longshore.enqueue(tasks.enhance, { companyUrl, postings }, own))
        : null;
      const input = { companyUrl, postings, enrichments: enhanced?.result?.enrichments };
      const persisted = await this.#stage("persist", (own) => longshore.enqueue(tasks.persist, input, own));
      this.#see({ status: "completed", progress: 1, stored: resultOf(persisted) });
    } catch (error) {
      const isCancelled = options.signal.aborted || (error instanceof StageEnded && error.state === "cancelled");
      if (isCancelled) this.#see({ status: "cancelled" });
      else if (error instanceof StageEnded) this.#see({ status: "failed", error: error.message });
      else throw error;
    }
    return this.#scrape;
  }

  /** Enqueues a stage and tells how it moves on, until it has ended. */
  async #stage<Result>(
    stage: Stage,
    enqueue: (own: EnqueueOptions) => Job<Result> | Promise<Job<Result>>,
  ): Promise<JobSnapshot<Result>> {
    this.options.signal.throwIfAborted();
    const job = await enqueue(jobOptions(this.company, stage, this.options));
    let record = await job.refresh();
    for await (const event of job.events()) {
      record = event.kind === "progress" ? { ...record, progress: event.progress } : await job.refresh();
      this.#tell(stage, record);
    }
    record = await job.refresh();
    this.#tell(stage, record);
    this.#done.push(stage);
    return record;
  }

  #tell(stage: Stage, { state, progress }: JobSnapshot): void {
    // A stage that ends is not the end of the pipeline.
    const hasBegun = stage !== "fetch" || state !== "queued";
    const share = (weightOf(this.#done) + (stageWeights[stage] * (progress?.percent ?? 0)) / 100) / weightOf(stages);
    this.#see({
      ...(hasBegun && { status: "running", step: stage }),
      progress: Math.max(this.#scrape.progress, Math.min(0.99, share)),
      postingsFound: Math.max(this.#scrape.postingsFound, progress?.counters["postings"] ?? 0),
    });
  }

  #see(change: Partial<CompanyScrape>): void {
    this.#scrape = { ...this.#scrape, ...change };
    this.onChange(this.#scrape);
  }
}

function weightOf(some: readonly Stage[]): number {
  return some.reduce((sum, stage) => sum + stageWeights[stage], 0);
}

/** A stage did not end well. */
class StageEnded extends Error {
  readonly state: string;

  constructor({ state, error }: JobSnapshot) {
    super(error?.message ?? state);
    this.state = state;
  }
}

function resultOf<Result>(record: JobSnapshot<Result>): Result {
  if (record.result === null) throw new StageEnded(record);
  return record.result;
}
