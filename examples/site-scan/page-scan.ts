// One page as a job of its own, for scans whose pages are spread over jobs: fetched, read, and left in the folder of the
// scan it belongs to.

import { createHash } from "node:crypto";

import { task } from "longshore";
import { z } from "zod";

import { unreachableReason } from "./crawl/crawl.js";
import type { CrawledPage } from "./crawl/crawl.js";
import { pageLinks } from "./crawl/page-links.js";
import { parsePage } from "./parse/page-document.js";
import type { PageDocument } from "./parse/page-document.js";
import { CrawlFailed, PageRejected, UrlRefused } from "./safe-fetch/errors.js";
import { SafeFetch } from "./safe-fetch/safe-fetch.js";
import { folderOf } from "./scan.js";
import type { ScanSetup } from "./scan.js";
import type { ScanFile, ScanFolder } from "./scan-folder.js";

/** A page that was fetched and read. */
export interface ReadPage {
  page: CrawledPage;
  document: PageDocument;
  /** Pages of the same origin that it links to, each once, in order. */
  links: string[];
}

/** What became of a page. */
export interface PageScan {
  /** As it was asked for. */
  url: string;
  /** A `ReadPage` as JSON; null when there is none. */
  file: ScanFile | null;
  /** Why there is none: a fault of the site. Null also for what is there and is no page, such as a PDF file. */
  unreachable: string | null;
}

const input = z.object({
  /** The job of the scan it belongs to. */
  scan: z.string(),
  url: z.string(),
});

/** The queue of pages, so that the many of one scan do not stand before the other scans. */
export const pageQueue = "scan-pages";

/** The task `scan_page`. */
export function pageScanTask({ folder, steps: _steps, ...fetching }: ScanSetup) {
  return task(
    "scan_page",
    { input, queue: pageQueue, attempts: 3, backoff: ["2s", "10s"], timeout: "1m" },
    async ({ input: { scan, url }, signal }): Promise<PageScan> => {
      const fetcher = new SafeFetch(fetching);
      try {
        const file = await scanPage(url, { fetcher, folder: folderOf({ folder }, scan), signal });
        return { url, file, unreachable: null };
      } catch (error) {
        if (!isFinal(error)) throw error;
        return { url, file: null, unreachable: unreachableReason(error) ?? null };
      } finally {
        await fetcher.close();
      }
    },
  );
}

/**
 * Fetches and reads the page at `url`, and leaves a `ReadPage` as JSON in `folder`.
 *
 * @throws {UrlRefused} when the URL must not be fetched.
 * @throws {CrawlFailed | PageRejected} when it cannot be fetched.
 */
export async function scanPage(
  url: string,
  { fetcher, folder, signal }: { fetcher: SafeFetch; folder: ScanFolder; signal: AbortSignal },
): Promise<ScanFile> {
  const { text, ...found } = await fetcher.get(url, { signal });
  const name = `page-${createHash("sha256").update(url).digest("hex").slice(0, 16)}`;
  const file = await folder.write(`${name}.html`, text);
  const { size, sha256, elapsedMs } = found;
  const { origin } = new URL(found.url);
  const read: ReadPage = {
    page: { url: found.url, file, size, sha256, elapsedMs },
    document: parsePage(text, found.url),
    links: pageLinks(text, found.url).filter((link) => new URL(link).origin === origin),
  };
  return folder.write(`${name}.json`, JSON.stringify(read));
}

/** Statuses between 400 and 499 that may pass. */
const passing: ReadonlySet<number> = new Set([408, 425, 429]);

/** Whether asking again would find the same. */
function isFinal(error: unknown): boolean {
  if (error instanceof UrlRefused || error instanceof PageRejected) return true;
  if (!(error instanceof CrawlFailed) || error.status === undefined) return false;
  return error.status < 500 && !passing.has(error.status);
}
