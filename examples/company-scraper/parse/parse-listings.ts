// The second stage: the job postings in a company's pages. What a page states for machines is believed first; else it is
// read as people do, in the first of the usual shapes that fits.

import { load } from "cheerio";
import { NonRetryable } from "longshore";

import type { ListingPage } from "../fetch/listing-pages.js";
import { readBlocks, readDefinitions, readHeadings, readSingle, readTables } from "./listed.js";
import { linesOf } from "./page-lines.js";
import { postingsOf } from "./posting.js";
import type { Posting, PostingDraft } from "./posting.js";
import { readJsonLd, readMicrodata } from "./structured.js";

export interface CompanyPages {
  companyUrl: string;
  pages: readonly ListingPage[];
}

export interface ParsedListings {
  companyUrl: string;
  postings: Posting[];
  /** How often a posting was shown again: in the list and on its own page, or on several pages of the list. */
  duplicates: number;
}

export interface ParseTools {
  signal?: AbortSignal;
  /** Called before each page is read. */
  onPage?: (url: string, done: number, total: number) => void;
}

/** The pages have no posting that can be found. Reading them again would not help. */
export class NoPostings extends NonRetryable {
  constructor(why: string) {
    super(why, { code: "ERROR_PARSE" });
  }
}

const readers = [readJsonLd, readMicrodata, readTables, readBlocks, readDefinitions, readHeadings, readSingle];

/**
 * Reads the postings of a company.
 *
 * @throws {NoPostings} when there is none on any page.
 */
export function parseListings({ companyUrl, pages }: CompanyPages, tools: ParseTools = {}): ParsedListings {
  const { signal, onPage = () => {} } = tools;
  const drafts: PostingDraft[][] = [];
  let words = 0;
  for (const [index, { url, html }] of pages.entries()) {
    signal?.throwIfAborted();
    onPage(url, index, pages.length);
    const $ = load(html);
    words += linesOf($("body")).join(" ").split(" ").length;
    drafts.push(readers.map((read) => read($, url)).find((found) => found.length > 0) ?? []);
  }
  const shown = drafts.flat().length;
  if (shown === 0) throw new NoPostings(`${companyUrl}: ${whyNone(pages.length, words)}`);
  const postings = postingsOf(drafts, companyUrl);
  return { companyUrl, postings, duplicates: shown - postings.length };
}

/** Words below which a page is taken for one that scripts fill. */
const fewWords = 20;

function whyNone(pages: number, words: number): string {
  const where = pages === 1 ? "the page" : `the ${pages} pages`;
  const hint = words < fewWords * pages ? "; it has hardly any text, which may come by script" : "";
  return `no job posting in ${where}${hint}`;
}
