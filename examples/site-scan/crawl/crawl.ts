// The first step: fetches the start page and, breadth first, the pages of the same origin that it links to, one at a
// time. A start page that cannot be fetched ends the scan; any other page that cannot is a finding.

import { CrawlFailed, PageRejected, UrlRefused } from "../safe-fetch/errors.js";
import type { FetchedPage, SafeFetch } from "../safe-fetch/safe-fetch.js";
import type { ScanFile, ScanFolder } from "../scan-folder.js";
import { pageLinks } from "./page-links.js";

/** A page that was fetched; its text is in a file of the scan. */
export interface CrawledPage {
  url: string;
  file: ScanFile;
  /** Bytes after decompression. */
  size: number;
  /** SHA-256 of the page as it was received, in hexadecimal. */
  sha256: string;
  /** Milliseconds from the request to the last byte. */
  elapsedMs: number;
}

/** A page that is linked to but could not be fetched. */
export interface UnreachablePage {
  url: string;
  /** The page with the first link to it. */
  linkedFrom: string;
  reason: string;
}

export interface Crawl {
  /** Where the start page was found in the end. */
  start: string;
  pages: CrawledPage[];
  unreachable: UnreachablePage[];
  /** Links left alone because the scan had enough pages or no time. */
  unread: number;
}

export interface CrawlOptions {
  fetcher: SafeFetch;
  folder: ScanFolder;
  /** Pages to read at most; at most twice as many are asked for, since some are unreachable or no pages. */
  maxPages: number;
  signal?: AbortSignal;
  /** Called before each page is fetched, with what is known of the site so far. */
  onPage?: (url: string, fetched: number, known: number) => void;
}

/** A crawl takes no more pages after this time, in milliseconds, so that the later steps have theirs. */
const crawlTime = 120_000;

/**
 * Crawls the site that `url` belongs to.
 *
 * @throws {UrlRefused} when the URL must not be fetched.
 * @throws {CrawlFailed | PageRejected} when the start page cannot be fetched.
 */
export async function crawlSite(url: string, options: CrawlOptions): Promise<Crawl> {
  const { fetcher, maxPages, signal, onPage = () => {} } = options;
  const began = performance.now();
  const request = signal === undefined ? {} : { signal };

  onPage(url, 0, 1);
  const first = await fetcher.get(url, request);
  const { origin } = new URL(first.url);
  const pages: CrawledPage[] = [];
  const unreachable: UnreachablePage[] = [];
  const seen = new Set([fetcher.check(url).href, first.url]);
  const queue: { url: string; linkedFrom: string }[] = [];

  const take = async (page: FetchedPage): Promise<void> => {
    const file = await options.folder.write(`page-${pages.length + 1}.html`, page.text);
    pages.push({ url: page.url, file, size: page.size, sha256: page.sha256, elapsedMs: page.elapsedMs });
    for (const link of pageLinks(page.text, page.url)) {
      if (seen.has(link) || new URL(link).origin !== origin) continue;
      seen.add(link);
      queue.push({ url: link, linkedFrom: page.url });
    }
  };

  await take(first);
  for (let asked = 1; pages.length < maxPages && asked < 2 * maxPages; asked += 1) {
    if (performance.now() - began > crawlTime) break;
    const next = queue.shift();
    if (next === undefined) break;
    onPage(next.url, pages.length, Math.min(maxPages, pages.length + queue.length + 1));
    try {
      const page = await fetcher.get(next.url, request);
      const isElsewhere = new URL(page.url).origin !== origin;
      // A redirect can lead to a page that was read before, or out of the site.
      if (!isElsewhere && !pages.some(({ url: known }) => known === page.url)) await take(page);
    } catch (error) {
      const reason = unreachableReason(error);
      if (reason !== undefined) unreachable.push({ ...next, reason });
    }
  }
  return { start: first.url, pages, unreachable, unread: queue.length };
}

/** Why a page counts as unreachable; undefined when it is there but is no page, such as a PDF file. */
export function unreachableReason(error: unknown): string | undefined {
  if (error instanceof PageRejected && error.reason === "content-type") return undefined;
  if (error instanceof CrawlFailed && error.status !== undefined) return `HTTP status ${error.status}`;
  if (error instanceof UrlRefused) return `it leads to where a scan must not go: ${error.rule}`;
  if (error instanceof CrawlFailed || error instanceof PageRejected) return error.message;
  throw error;
}
