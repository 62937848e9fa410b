// The same work without a queue: the companies one after another, through the same functions, as a plain script would. It
// waits where a server asks to be asked again later, and tells about each company as a run in jobs does.

import { setTimeout as pause } from "node:timers/promises";

import { CrawlFailed } from "../../site-scan/safe-fetch/errors.js";
import type { Company } from "../company.js";
import type { Enricher, KeyedEnrichment } from "../enrich/enrichment.js";
import { fetchListings } from "../fetch/listing-pages.js";
import { parseListings } from "../parse/parse-listings.js";
import type { Posting } from "../parse/posting.js";
import { persistPostings } from "../persist/persist-postings.js";
import type { ScraperTools } from "../tasks.js";
import { untouched } from "./scraping.js";
import type { CompanyScrape } from "./scraping.js";

export interface SequentialRun {
  tools: ScraperTools;
  /** Whether postings are enriched. */
  enhance: boolean;
  /** Ends the run early; it then rejects with the signal's reason. */
  signal: AbortSignal;
  /** Called whenever a company has moved on. */
  onChange: (scrape: CompanyScrape) => void;
}

/** Scrapes `companies` one after another and answers how each ended, in their order. */
export async function scrapeSequentially(
  companies: readonly Company[],
  { tools, enhance, signal, onChange }: SequentialRun,
): Promise<CompanyScrape[]> {
  const { fetcher, enricher, store } = tools;
  const ended: CompanyScrape[] = [];
  for (const company of companies) {
    let scrape = untouched(company);
    const move = (change: Partial<CompanyScrape>): void => {
      scrape = { ...scrape, ...change };
      onChange(scrape);
    };
    try {
      move({ status: "running", step: "fetch" });
      const listings = await patiently(signal, () => fetchListings(company.url, { fetcher, signal }));
      move({ step: "parse", progress: 0.3 });
      const { companyUrl, postings } = parseListings(listings, { signal });
      move({ step: "ai_enhance", progress: 0.6, postingsFound: postings.length });
      const enrichments = enhance ? await enrichAll(postings, enricher, signal) : null;
      move({ step: "persist", progress: 0.9 });
      const stored = persistPostings({ companyUrl, postings, enrichments }, store, new Date());
      move({ status: "completed", progress: 1, stored });
    } catch (error) {
      signal.throwIfAborted();
      move({ status: "failed", error: error instanceof Error ? error.message : String(error) });
    }
    ended.push(scrape);
  }
  return ended;
}

/** What can be enriched; the other postings are kept as they are, as after a failed `ai_enhance`. */
async function enrichAll(
  postings: readonly Posting[],
  enricher: Enricher,
  signal: AbortSignal,
): Promise<KeyedEnrichment[]> {
  const enriched: KeyedEnrichment[] = [];
  for (const posting of postings) {
    try {
      enriched.push({ key: posting.key, ...(await enricher.enrich(posting, { signal })) });
    } catch {
      signal.throwIfAborted();
    }
  }
  return enriched;
}

const mostTries = 4;

/** Does `work` again when a server said how many seconds it needs. */
async function patiently<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      const seconds = error instanceof CrawlFailed ? Number(error.headers["retry-after"]) : Number.NaN;
      if (!(seconds > 0) || tried === mostTries) throw error;
      await pause(seconds * 1_000, undefined, { signal });
    }
  }
}
