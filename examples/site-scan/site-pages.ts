// The pages of a site as the jobs of its pages find them: which to ask for next, and all of them joined for the
// analysis. The same answers in the same order always lead to the same, so that a scan which is run again asks for the
// same pages.

import type { Crawl, UnreachablePage } from "./crawl/crawl.js";
import type { PageScan, ReadPage } from "./page-scan.js";
import type { ScanFile, ScanFolder } from "./scan-folder.js";
import type { Crawled, Parsed } from "./scan-steps.js";

interface Link {
  url: string;
  /** The page with the first link to it. */
  linkedFrom: string;
}

export class SitePages {
  readonly #folder: ScanFolder;
  readonly #most: number;
  readonly #start: string;
  readonly #origin: string;
  readonly #pages: ReadPage[] = [];
  readonly #unreachable: UnreachablePage[] = [];
  readonly #seen: Set<string>;
  readonly #waiting: Link[] = [];
  readonly #asked = new Map<string, Link>();

  /** `start` is the start page, which was asked for as `url`; `most` are the pages to read, with it. */
  private constructor(folder: ScanFolder, url: string, start: ReadPage, most: number) {
    this.#folder = folder;
    this.#most = most;
    this.#start = start.page.url;
    this.#origin = new URL(this.#start).origin;
    this.#seen = new Set([url, this.#start]);
    this.#add(start);
  }

  /** Begins with the start page, which is in `file`. */
  static async from(folder: ScanFolder, url: string, file: ScanFile, most: number): Promise<SitePages> {
    return new SitePages(folder, url, await readPage(folder, file), most);
  }

  /**
   * The pages to ask for next, as many as are missing; none when there are enough or no more links. In all at most twice
   * as many as are wanted, since some are unreachable or no pages.
   */
  next(): string[] {
    const missing = Math.min(this.#most - this.#pages.length, 2 * this.#most - 1 - this.#asked.size);
    const links = this.#waiting.splice(0, Math.max(0, missing));
    for (const link of links) this.#asked.set(link.url, link);
    return links.map(({ url }) => url);
  }

  /** Takes in what became of a page that was asked for. */
  async take({ url, file, unreachable }: PageScan): Promise<void> {
    if (unreachable !== null) {
      this.#unreachable.push({ url, linkedFrom: this.#asked.get(url)?.linkedFrom ?? this.#start, reason: unreachable });
    }
    if (file === null) return;
    const read = await readPage(this.#folder, file);
    const at = read.page.url;
    // A redirect can lead to a page that was read before, or out of the site.
    const isKnown = this.#pages.some(({ page }) => page.url === at);
    if (!isKnown && new URL(at).origin === this.#origin) this.#add(read);
  }

  /** Joins them, in the order in which they were asked for, into what the steps `crawl` and `parse` of a scan leave. */
  async join(): Promise<{ crawled: Crawled; parsed: Parsed }> {
    const pages = this.#pages;
    const crawl: Crawl = {
      start: this.#start,
      pages: pages.map(({ page }) => page),
      unreachable: this.#unreachable,
      unread: this.#waiting.length,
    };
    const documents = pages.map(({ document }) => document);
    return {
      crawled: {
        file: await this.#folder.write("crawl.json", JSON.stringify(crawl)),
        pages: pages.length,
        unreachable: this.#unreachable.length,
      },
      parsed: { file: await this.#folder.write("documents.json", JSON.stringify(documents)) },
    };
  }

  #add(read: ReadPage): void {
    this.#pages.push(read);
    for (const url of read.links) {
      if (this.#seen.has(url)) continue;
      this.#seen.add(url);
      this.#waiting.push({ url, linkedFrom: read.page.url });
    }
  }
}

async function readPage(folder: ScanFolder, file: ScanFile): Promise<ReadPage> {
  return JSON.parse(await folder.read(file)) as ReadPage;
}
