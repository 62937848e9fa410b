// The fourth stage: puts a company's postings, with what the enrichment found, into the database.

import type { KeyedEnrichment } from "../enrich/enrichment.js";
import type { Posting } from "../parse/posting.js";
import type { PostingStore, StoredPostings } from "./posting-store.js";

export interface FoundPostings {
  companyUrl: string;
  postings: readonly Posting[];
  /** Null where there was no enrichment, fewer than postings where some failed. */
  enrichments?: readonly KeyedEnrichment[] | null;
}

/** Stores the postings of one company, which were seen at `now`. Once more with the same changes nothing. */
export function persistPostings(found: FoundPostings, store: PostingStore, now: Date): StoredPostings {
  const enrichments = new Map((found.enrichments ?? []).map((enrichment) => [enrichment.key, enrichment]));
  return store.record(
    new URL(found.companyUrl).hostname,
    found.postings.map((posting) => ({ posting, enrichment: enrichments.get(posting.key) })),
    now,
  );
}
