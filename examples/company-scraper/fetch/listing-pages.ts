// The first stage: fetches the page with a company's job postings and, breadth first and one at a time, the pages below
// it: further pages of the list and the postings' own. The page itself must be there; any other that is not is noted.

import { load } from "cheerio";

import { unreachableReason } from "../../site-scan/crawl/crawl.js";
import { pageLinks } from "../../site-scan/crawl/page-links.js";
import { PageRejected } from "../../site-scan/safe-fetch/errors.js";
import type { SafeFetch } from "../../site-scan/safe-fetch/safe-fetch.js";

export interface ListingPage {
  url: string;
  /** What a reader of postings needs of it: without scripts, styles and pictures. */
  html: string;
}

export interface FetchedListings {
  companyUrl: string;
  pages: ListingPage[];
  /** Pages that are linked to but cannot be fetched. */
  missing: { url: string; reason: string }[];
  /** Links left alone because there were enough pages. */
  unread: number;
}

export interface FetchTools {
  fetcher: SafeFetch;
  signal?: AbortSignal;
  /** Called before each page is fetched, with what is known so far. */
  onPage?: (url: string, fetched: number, known: number) => void;
}

/** Pages read of one company at most. */
const mostPages = 25;
/** Bytes of JSON that all pages of a company may have together: they are a job's result, which has at most 128 KiB. */
const mostBytes = 112 * 1_024;
const userAgent = "longshore-company-scraper/1.0";

/** Places below a list of postings that no posting is at. */
const elsewhere = /\/(?:apply|application|login|sign-?in|register|search|share|print|alerts?)(?:[/.?]|$)/i;

/**
 * Fetches the postings of the company whose list begins at `companyUrl`.
 *
 * @throws {UrlRefused} when the URL must not be fetched.
 * @throws {CrawlFailed | PageRejected} when the page at that URL cannot be fetched.
 */
export async function fetchListings(companyUrl: string, tools: FetchTools): Promise<FetchedListings> {
  const { fetcher, signal, onPage = () => {} } = tools;
  const request = { headers: { "user-agent": userAgent }, ...(signal && { signal }) };
  const start = fetcher.check(companyUrl);
  let below = new URL(".", start);
  const pages: ListingPage[] = [];
  const missing: FetchedListings["missing"] = [];
  const known = new Set([start.href]);
  const waiting = [start.href];
  let bytes = 0;

  while (waiting.length > 0 && pages.length + missing.length < mostPages && bytes < mostBytes) {
    const url = waiting.shift() ?? "";
    onPage(url, pages.length, known.size);
    try {
      const page = await fetcher.get(url, request);
      const html = withoutBallast(page.text);
      const size = Buffer.byteLength(JSON.stringify(html));
      if (bytes + size > mostBytes) {
        if (pages.length === 0)
          throw new PageRejected("size", url, `larger than ${mostBytes} bytes without its scripts`);
        waiting.unshift(url);
        break;
      }
      // The first page may have moved, and the others with it.
      if (pages.length === 0) below = new URL(".", page.url);
      bytes += size;
      pages.push({ url: page.url, html });
      for (const link of pageLinks(page.text, page.url)) {
        const { origin, pathname } = new URL(link);
        if (known.has(link) || origin !== below.origin || !pathname.startsWith(below.pathname)) continue;
        if (elsewhere.test(pathname)) continue;
        known.add(link);
        waiting.push(link);
      }
    } catch (error) {
      // Without the first page there is nothing; the others can be missed.
      if (pages.length === 0) throw error;
      const reason = unreachableReason(error);
      if (reason !== undefined) missing.push({ url, reason });
    }
  }
  return { companyUrl, pages, missing, unread: waiting.length };
}

/** As the DOM numbers it. */
const commentNode = 8;

function withoutBallast(html: string): string {
  const $ = load(html);
  $('script:not([type="application/ld+json" i]), style, noscript, template, svg, iframe, link').remove();
  $("*")
    .contents()
    .filter((_, node) => node.nodeType === commentNode)
    .remove();
  return $.html().replace(/\s*\n\s*/g, "\n");
}
