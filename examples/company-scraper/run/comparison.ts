// Two runs over the same companies, one in jobs and one without: a comparison of their times means something only when
// both came to the same.

import type { StoredPosting } from "../persist/posting-store.js";
import type { CompanyScrape } from "./scraping.js";

/** What a run came to. */
export interface ScrapeResult {
  scrapes: readonly CompanyScrape[];
  /** The postings of its companies in its database. */
  rows: readonly StoredPosting[];
}

/**
 * Checks that in both runs the same companies were scraped, and that every posting that `sequential` stored is there in
 * `inJobs`, whose database may know more from earlier runs.
 *
 * @throws {Error} which says what differs.
 */
export function assertSame(sequential: ScrapeResult, inJobs: ScrapeResult): void {
  const [expected, found] = [outcomes(sequential), outcomes(inJobs)];
  if (expected !== found) throw new Error(`The run in jobs ended otherwise: ${found} instead of ${expected}`);
  const keys = new Set(inJobs.rows.map(({ key }) => key));
  const lacking = sequential.rows.filter(({ key }) => !keys.has(key ?? null)).map(({ key }) => key);
  if (lacking.length > 0) throw new Error(`The run in jobs did not store ${lacking.join(", ")}`);
}

function outcomes({ scrapes }: ScrapeResult): string {
  return scrapes.map(({ company, status }) => `${company.slug} ${status}`).join(", ");
}
