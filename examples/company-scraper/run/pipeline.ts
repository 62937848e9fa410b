// From companies to jobs: for each a chain of stages over the four queues, in which every stage takes what the one before
// gave. Without enrichment, and after one that failed, postings are persisted as they were parsed.

import type { Job, JobSnapshot, Longshore } from "longshore";
import { isTerminal } from "longshore";

import type { Company } from "../company.js";
import type { StoredPostings } from "../persist/posting-store.js";
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
  const jobOptions = ({ slug, url }: Company, step: Stage): NonNullable<Parameters<Longshore["enqueue"]>[2]> => ({
    id: `${options.runId}-${slug}-${step}`,
    tags: ["app:company-scraper", runTag(options.runId), userTag(options.userId), `company:${slug}`],
    meta: { companyUrl: url, userId: options.userId, step },
  });
  const first = await longshore.enqueueMany(
    tasks.fetch,
    companies.map((company) => ({
      input: { companyUrl: company.url },
      options: jobOptions(company, "fetch"),
    })),
  );
  return companies.map((company, index) => ({
    company,
    follow: (onChange) => followChain(company, index, onChange),
  }));

  async function followChain(
    company: Company,
    index: number,
    onChange: (scrape: CompanyScrape) => void,
  ): Promise<CompanyScrape> {
    const fetchJob = first[index];
    if (fetchJob === undefined) throw new Error(`no job for ${company.slug}`);
    let scrape = untouched(company);
    const see = (change: Partial<CompanyScrape>): void => {
      scrape = { ...scrape, ...change };
      onChange(scrape);
    };
    const enqueue = <Input, Result>(
      task: Parameters<typeof longshore.enqueue<Input, Result>>[0],
      step: Stage,
      input: Input,
    ): Promise<Job<Result, Input>> => {
      options.signal.throwIfAborted();
      return longshore.enqueue<Input, Result>(task, ...([input, jobOptions(company, step)] as never));
    };
    const done: Stage[] = options.enhance ? [] : ["ai_enhance"];
    const run = async <Result>(step: Stage, job: Job<Result>): Promise<JobSnapshot<Result>> => {
      const record = await followJob(job, (snapshot) => {
        const isRunning = snapshot.state !== "queued" || step !== "fetch";
        const counted = snapshot.progress?.counters["postings"] ?? 0;
        see({
          status: isRunning ? "running" : "queued",
          step: isRunning ? step : "queued",
          progress: Math.max(scrape.progress, progressOf(done, step, (snapshot.progress?.percent ?? 0) / 100)),
          postingsFound: Math.max(scrape.postingsFound, counted),
        });
      });
      done.push(step);
      return record;
    };

    try {
      const listings = resultOf(await run("fetch", fetchJob));
      const { companyUrl, postings } = resultOf(await run("parse", await enqueue(tasks.parse, "parse", listings)));
      const enhanced = options.enhance
        ? await run("ai_enhance", await enqueue(tasks.enhance, "ai_enhance", { companyUrl, postings }))
        : null;
      const { enrichments } = enhanced?.result ?? {};
      const persist = await enqueue(tasks.persist, "persist", { companyUrl, postings, enrichments });
      see({ status: "completed", progress: 1, stored: resultOf<StoredPostings>(await run("persist", persist)) });
    } catch (error) {
      const isCancelled = options.signal.aborted || (error instanceof StageEnded && error.state === "cancelled");
      if (isCancelled) see({ status: "cancelled" });
      else if (error instanceof StageEnded) see({ status: "failed", error: error.message });
      else throw error;
    }
    return scrape;
  }
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

/** How much of the whole is done. */
function progressOf(done: readonly Stage[], current: Stage, share: number): number {
  const sum = (of: readonly Stage[]): number => of.reduce((total, stage) => total + stageWeights[stage], 0);
  return Math.min(0.99, (sum(done) + stageWeights[current] * share) / sum(stages));
}

async function followJob<Result>(
  job: Job<Result>,
  onChange: (record: JobSnapshot<Result>) => void,
): Promise<JobSnapshot<Result>> {
  let record = await job.refresh();
  for await (const event of job.events()) {
    record = event.kind === "progress" ? { ...record, progress: event.progress } : await job.refresh();
    if (!isTerminal(record.state)) onChange(record);
  }
  record = await job.refresh();
  onChange(record);
  return record;
}
