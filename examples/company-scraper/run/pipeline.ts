// The flows of a run, one for each company: how they are enqueued, followed from stage to stage, and cancelled.

import { JobFailed, isTerminal } from "longshore";
import type { FlowGraph, FlowJob, Longshore } from "longshore";

import type { Company } from "../company.js";
import { companyFlow, companyQueue } from "../company-flow.js";
import type { StoredPostings } from "../persist/posting-store.js";
import { stages } from "../tasks.js";
import type { ScraperTasks } from "../tasks.js";
import { untouched } from "./scraping.js";
import type { CompanyScrape } from "./scraping.js";

export interface PipelineOptions {
  userId: string;
  runId: string;
  /** Whether postings are enriched. */
  enhance: boolean;
}

/** The scraping of one company. */
export interface Pipeline {
  company: Company;
  flow: FlowJob<StoredPostings>;
}

/** The tag of every job of a user. */
export function userTag(userId: string): string {
  return `user:${userId}`;
}

/** The tag of every job of a run. */
export function runTag(runId: string): string {
  return `run:${runId}`;
}

/** Enqueues the scraping of `companies`: a flow for each, whose id is made of the run and the company. */
export function enqueueScraping(
  longshore: Longshore,
  tasks: ScraperTasks,
  companies: readonly Company[],
  { userId, runId, enhance }: PipelineOptions,
): Promise<Pipeline[]> {
  const scrape = companyFlow(tasks);
  return Promise.all(
    companies.map(async (company): Promise<Pipeline> => {
      const { slug, url } = company;
      const flow = await longshore.enqueue(
        scrape,
        { companyUrl: url, userId, enhance },
        {
          id: `${runId}-${slug}`,
          tags: [runTag(runId), userTag(userId), `company:${slug}`],
          meta: { companyUrl: url, userId },
        },
      );
      return { company, flow };
    }),
  );
}

/** Cancels the flows that carry `tag`, with all their jobs, those that run too. */
export async function cancelScraping(longshore: Longshore, tag: string): Promise<void> {
  await longshore.cancelAll({ queue: companyQueue, tag });
}

/** Tells how a company moves on, and answers how it ended; never rejects because a stage failed. */
export async function followPipeline(
  longshore: Longshore,
  { company, flow }: Pipeline,
  onChange: (scrape: CompanyScrape) => void,
): Promise<CompanyScrape> {
  const look = coalesced(async () => {
    const graph = await flow.graph();
    // The end is reported once, with its outcome.
    if (!isTerminal(graph.state)) onChange(scrapeOf(company, graph, null));
  });
  const members = await flow.members();
  await Promise.all(
    members.map(async ({ queue, id }) => {
      for await (const { kind } of longshore.queue(queue).job(id).events()) {
        if (kind === "state" || kind === "progress") await look();
      }
    }),
  );
  const stored = await flow.result().catch(nothingOf);
  const scrape = scrapeOf(company, await flow.graph(), stored);
  onChange(scrape);
  return scrape;
}

/** A flow that did not end well gives nothing. Why that is, its jobs tell. */
function nothingOf(error: unknown): null {
  if (error instanceof JobFailed) return null;
  throw error;
}

/** Where a company stands, as its flow tells. `stored` is the flow's result once there is one. */
function scrapeOf(
  company: Company,
  { state, nodes, progress }: FlowGraph,
  stored: StoredPostings | null,
): CompanyScrape {
  const begun = nodes.findLast(({ startedAt }) => startedAt !== null);
  // The nodes come in their order: those after the first that was lost could not run.
  const lost = nodes.find((node) => !node.optional && isTerminal(node.state) && node.state !== "completed");
  const step: CompanyScrape["step"] = stages.find((stage) => stage === begun?.node) ?? "queued";
  const about = { company, step, postingsFound: progress.counters["postings"] ?? 0 };
  if (stored !== null) return { ...about, status: "completed", progress: 1, stored, error: null };
  const unfinished = { ...about, progress: progress.percent / 100, stored, error: null };
  if (state === "cancelled") return { ...unfinished, status: "cancelled" };
  if (isTerminal(state)) return { ...unfinished, status: "failed", error: lost?.error?.message ?? state };
  return begun === undefined ? untouched(company) : { ...unfinished, status: "running" };
}

/** Does `work` after every call; calls that come before it has begun again share it. */
function coalesced(work: () => Promise<void>): () => Promise<void> {
  let last = Promise.resolve();
  let next: Promise<void> | null = null;
  return () => {
    next ??= last = last.then(() => {
      next = null;
      return work();
    });
    return next;
  };
}
