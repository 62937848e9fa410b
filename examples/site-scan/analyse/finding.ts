// What a check is, and what it reports. A check is one rule with a code and a text that explains it; `check` is a pure
// function of what was read, so that the same site gives the same findings in every worker and on every attempt.

import type { Crawl } from "../crawl/crawl.js";
import type { PageDocument } from "../parse/page-document.js";
import type { Readability } from "./readability.js";

/** How much a finding weighs: `high` keeps readers or search engines out, `low` is a matter of polish. */
export type Severity = "high" | "medium" | "low";

/** One issue of one page. */
export interface Finding {
  /** Code of the check that found it. */
  check: string;
  severity: Severity;
  /** Address of the page. */
  page: string;
  /** What is wrong and what to do about it. */
  explanation: string;
}

/** A page with all that is known about it. */
export interface CheckedPage {
  document: PageDocument;
  /** Bytes after decompression. */
  size: number;
  /** Milliseconds from the request to the last byte. */
  elapsedMs: number;
  /** Undefined when the page has too little text, or is not in English. */
  readability: Readability | undefined;
}

/** The site a page is checked as a part of. */
export interface CheckedSite {
  crawl: Crawl;
  pages: readonly CheckedPage[];
}

/** What a check says about a page, without what all findings have in common. */
export type Issue = Pick<Finding, "severity" | "explanation">;

export interface Check {
  /** Unique. */
  code: string;
  /** The rule as one would explain it to an author. */
  rule: string;
  check(page: CheckedPage, site: CheckedSite): Issue[];
}
