// The part that is about Longshore: a flow of jobs for each company, four workers that each serve one queue, and the
// wait for all of them. An abort cancels the whole run, running jobs included.

import { connect } from "longshore";
import type { Longshore, TagTotals, Worker } from "longshore";

import type { Company } from "../company.js";
import { scraperTasks } from "../tasks.js";
import type { ScraperTasks, ScraperTools } from "../tasks.js";
import { cancelScraping, enqueueScraping, followPipeline, runTag, userTag } from "./pipeline.js";
import type { CompanyScrape } from "./scraping.js";

export interface ScrapeRun {
  /** The engine. */
  url: string;
  runId: string;
  /** Whose run it is. */
  userId: string;
  tools: ScraperTools;
  /** Whether postings are enriched. */
  enhance: boolean;
  /** Companies fetched at a time, by a worker here; null when workers elsewhere do the work. */
  fetches: number | null;
  /** Cancels the run. */
  signal: AbortSignal;
  /** Called whenever a company has moved on. */
  onChange: (scrape: CompanyScrape) => void;
}

export interface ScrapeOutcome {
  /** How each company ended, in their order. */
  scrapes: CompanyScrape[];
  /** All jobs of the user that are kept, those of earlier runs included. */
  user: TagTotals;
}

/** Scrapes `companies` in background jobs. */
export async function runScraping(companies: readonly Company[], run: ScrapeRun): Promise<ScrapeOutcome> {
  const { userId, runId, enhance, signal, onChange } = run;
  const tasks = scraperTasks(run.tools);
  const longshore = await connect(run.url);
  const cancel = (): Promise<void> => cancelScraping(longshore, runTag(runId));
  try {
    // No process waits any more for the jobs that a killed run left.
    await cancelScraping(longshore, "app:company-scraper");
    const workers = run.fetches === null ? [] : startWorkers(longshore, tasks, run.fetches);
    try {
      const pipelines = await enqueueScraping(longshore, tasks, companies, { userId, runId, enhance });
      const cancelled = new Promise((done) => {
        if (signal.aborted) done(cancel());
        else signal.addEventListener("abort", () => done(cancel()), { once: true });
      });
      const scrapes = await Promise.all(pipelines.map((pipeline) => followPipeline(longshore, pipeline, onChange)));
      if (signal.aborted) await cancelled;
      return { scrapes, user: await longshore.tagTotals(userTag(userId)) };
    } finally {
      await Promise.all(workers.map((worker) => worker.stop()));
    }
  } finally {
    await longshore.close();
  }
}

/** Fetching waits for others and may do much at a time; the database has one writer. */
function startWorkers(longshore: Longshore, tasks: ScraperTasks, fetches: number): Worker[] {
  return [
    longshore.worker([tasks.fetch], { queues: ["io_fetch"], concurrency: fetches, grace: 0 }),
    longshore.worker([tasks.parse], { queues: ["parse"], concurrency: 2, grace: 0 }),
    longshore.worker([tasks.enhance], { queues: ["ai_enrich"], concurrency: 2, grace: 0 }),
    longshore.worker([tasks.persist], { queues: ["persist"], concurrency: 1, grace: 0 }),
  ];
}
