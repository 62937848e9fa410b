// The pipeline of one company as a flow: four jobs over four queues, each of which takes what it needs from the results
// of those before it. Enrichment may fail: postings are then persisted as they were parsed.

import { flow } from "longshore";
import { z } from "zod";

import { stageWeights } from "./tasks.js";
import type { ScraperTasks, Stage } from "./tasks.js";

const input = z.object({
  companyUrl: z.url(),
  /** Whose scrape it is. */
  userId: z.string(),
  /** Whether postings are enriched. */
  enhance: z.boolean(),
});

/** The queue of the flows themselves, which no worker serves; their jobs are in the queues of their tasks. */
export const companyQueue = "companies";

/** The flow `scrape_company` over the tasks of the stages. It gives what became of the postings in the database. */
export function companyFlow(tasks: ScraperTasks) {
  return flow("scrape_company", { input, queue: companyQueue, tags: ["app:company-scraper"] }, ($) => {
    const { companyUrl, userId, enhance } = $.input;
    const stage = (step: Stage) => ({ name: step, weight: stageWeights[step], meta: { companyUrl, userId, step } });

    const listings = $(tasks.fetch, { companyUrl }, stage("fetch"));
    const { postings } = $(tasks.parse, { companyUrl, pages: listings.pages }, stage("parse"));
    const enhanced = enhance
      ? $(tasks.enhance, { companyUrl, postings }, { ...stage("ai_enhance"), optional: true })
      : null;
    return $(tasks.persist, { companyUrl, postings, enrichments: enhanced?.enrichments ?? null }, stage("persist"));
  });
}
