// The data that the third stage adds to a posting, from a language model behind an endpoint or from the text analysis here.

import { z } from "zod";

import type { Posting } from "../parse/posting.js";

export const enrichmentSchema = z.object({
  /** In usual spelling, most specific words only: `["TypeScript", "PostgreSQL"]`. */
  skills: z.array(z.string()).max(50),
  /** Null where the posting does not say. */
  seniority: z.enum(["intern", "junior", "mid", "senior", "lead", "head"]).nullable(),
  /** Null where the posting names no sum. */
  salary: z
    .object({
      /** Null for "up to …". */
      min: z.number().nullable(),
      /** Null for "from …". */
      max: z.number().nullable(),
      /** ISO 4217. */
      currency: z.string().regex(/^[A-Z]{3}$/),
      period: z.enum(["hour", "day", "month", "year"]),
    })
    .nullable(),
  /** One sentence; empty where there is no text. */
  summary: z.string().max(500),
});

export type Enrichment = z.output<typeof enrichmentSchema>;
export type Seniority = NonNullable<Enrichment["seniority"]>;
export type Salary = NonNullable<Enrichment["salary"]>;

export interface Enricher {
  /** Who it is, for people. */
  name: string;
  enrich: (posting: Posting, options?: { signal?: AbortSignal }) => Promise<Enrichment>;
}

/** An enrichment with the key of the posting it is of. */
export type KeyedEnrichment = Enrichment & Pick<Posting, "key">;
