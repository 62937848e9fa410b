// The four stages as tasks, each with a queue of its own, so that slow work of one kind never stands in the way of another.
// What a stage needs beside its input (a fetcher, a model, a database) is given when its task is made.

import { task } from "longshore";
import { z } from "zod";

import { enrichmentSchema } from "./enrich/enrichment.js";
import type { Enricher, KeyedEnrichment } from "./enrich/enrichment.js";
import { fetchListings } from "./fetch/listing-pages.js";
import type { FetchedListings } from "./fetch/listing-pages.js";
import { parseListings } from "./parse/parse-listings.js";
import type { ParsedListings } from "./parse/parse-listings.js";
import { persistPostings } from "./persist/persist-postings.js";
import type { PostingStore, StoredPostings } from "./persist/posting-store.js";
import type { SafeFetch } from "../site-scan/safe-fetch/safe-fetch.js";

/** The stages in their order, by the names of their tasks. */
export const stages = ["fetch", "parse", "ai_enhance", "persist"] as const;
export type Stage = (typeof stages)[number];

/** What each stage weighs in the progress of a company: it begins at 0, 0.3, 0.6 and 0.9 of the whole. */
export const stageWeights: Readonly<Record<Stage, number>> = { fetch: 3, parse: 3, ai_enhance: 3, persist: 1 };

/** What the stages work with. */
export interface ScraperTools {
  fetcher: SafeFetch;
  enricher: Enricher;
  store: PostingStore;
}

/** Postings that are enriched at a time, in one job. */
const enrichedTogether = 4;
/** How long one answer of a model may take, which is less than the job has. */
const answerTimeout = "5m";

const companyUrl = z.url();

const posting = z.object({
  key: z.string(),
  title: z.string(),
  reference: z.string().nullable(),
  location: z.string().nullable(),
  employmentType: z.string().nullable(),
  pay: z.string().nullable(),
  postedOn: z.string().nullable(),
  description: z.string(),
  url: z.string(),
});

/** What the stage `ai_enhance` gives. */
export interface EnrichedPostings {
  companyUrl: string;
  /** Those that could be enriched. */
  enrichments: KeyedEnrichment[];
}

/** The tasks of the four stages. */
export function scraperTasks({ fetcher, enricher, store }: ScraperTools) {
  return {
    fetch: task(
      "fetch",
      {
        input: z.object({ companyUrl }),
        queue: "io_fetch",
        retries: 3,
        backoff: ["10s", "30s", "60s"],
        timeout: "10m",
      },
      async ({ input, signal, progress, count, log }): Promise<FetchedListings> => {
        const listings = await fetchListings(input.companyUrl, {
          fetcher,
          signal,
          onPage: (url, fetched, known) => progress(fetched, known, new URL(url).pathname),
        });
        count("pages", listings.pages.length);
        for (const { url, reason } of listings.missing) log.warn(`${url}: ${reason}`);
        if (listings.unread > 0) log.warn(`${listings.unread} more pages were left alone`);
        return listings;
      },
    ),

    parse: task(
      "parse",
      {
        input: z.object({ companyUrl, pages: z.array(z.object({ url: z.string(), html: z.string() })) }),
        queue: "parse",
        retries: 2,
        backoff: ["5s", "15s"],
        timeout: "5m",
      },
      ({ input, signal, progress, count }): ParsedListings => {
        const parsed = parseListings(input, {
          signal,
          onPage: (url, done, total) => progress(done, total, new URL(url).pathname),
        });
        count("postings", parsed.postings.length);
        return parsed;
      },
    ),

    enhance: task(
      "ai_enhance",
      {
        input: z.object({ companyUrl, postings: z.array(posting) }),
        queue: "ai_enrich",
        retries: 2,
        backoff: ["15s", "45s"],
        timeout: "15m",
        steps: ["enrich"],
      },
      async ({ input, step, progress, count }): Promise<EnrichedPostings> => {
        // Each answer is kept when it comes: a model is not asked, and paid, twice for a posting when the job runs again.
        const { values } = await step.all(
          "enrich",
          input.postings,
          async (posting, { signal }): Promise<KeyedEnrichment> => {
            progress(0, posting.title);
            const enrichment = await enricher.enrich(posting, { signal });
            count("enhanced");
            return { key: posting.key, ...enrichment };
          },
          { key: ({ key }) => key, concurrency: enrichedTogether, timeout: answerTimeout },
        );
        return { companyUrl: input.companyUrl, enrichments: values };
      },
    ),

    persist: task(
      "persist",
      {
        input: z.object({
          companyUrl,
          postings: z.array(posting),
          enrichments: z.array(enrichmentSchema.extend({ key: z.string() })).nullable(),
        }),
        queue: "persist",
        retries: 3,
        backoff: ["5s", "10s", "20s"],
        timeout: "5m",
      },
      ({ input, count }): StoredPostings => {
        const stored = persistPostings(input, store, new Date());
        for (const [name, number] of Object.entries(stored)) count(name, number);
        return stored;
      },
    ),
  };
}

export type ScraperTasks = ReturnType<typeof scraperTasks>;
