// What each step of a scan does. Nothing here knows that it runs in a job; scan.ts ties it to one. A step hands on a
// small answer, which the queue keeps, and leaves everything large in the scan's folder.

import { LongshoreError } from "longshore";

import { analyseSite } from "./analyse/analyse.js";
import type { Analysis } from "./analyse/analyse.js";
import { crawlSite } from "./crawl/crawl.js";
import type { Crawl } from "./crawl/crawl.js";
import { parsePage } from "./parse/page-document.js";
import type { PageDocument } from "./parse/page-document.js";
import { markdownReport } from "./report/markdown-report.js";
import { reportOf } from "./report/report.js";
import { teaserOf } from "./report/teaser.js";
import type { Teaser } from "./report/teaser.js";
import type { SafeFetch } from "./safe-fetch/safe-fetch.js";
import type { ScanFile, ScanFolder } from "./scan-folder.js";

/** What was fetched could not be read or analysed. Another attempt may help: a file of the scan can be back by then. */
export class AnalysisFailed extends LongshoreError {
  constructor(why: string, options?: ErrorOptions) {
    super("ERROR_ANALYZE", why, options);
  }
}

/** What a step works with. */
export interface ScanTools {
  fetcher: SafeFetch;
  folder: ScanFolder;
  signal: AbortSignal;
  /** Called before each page of a step. */
  onPage: (url: string, done: number, total: number) => void;
}

export interface ReportTools extends ScanTools {
  /** Given the teaser as soon as there is one, before the report is made. */
  onTeaser: (teaser: Teaser) => Promise<void>;
}

export interface Crawled {
  /** A `Crawl` as JSON. */
  file: ScanFile;
  pages: number;
  unreachable: number;
}

export interface Parsed {
  /** The `PageDocument`s as JSON. */
  file: ScanFile;
}

export interface Analyzed {
  /** An `Analysis` as JSON. */
  file: ScanFile;
  /** 0 to 100. */
  score: number;
  findings: number;
}

export interface Generated {
  title: string;
  markdown: ScanFile;
  json: ScanFile;
}

/** The steps in their order; each takes what the ones before it answered. */
export interface ScanSteps {
  crawl: (site: { url: string; maxPages: number }, tools: ScanTools) => Promise<Crawled>;
  parse: (crawled: Crawled, tools: ScanTools) => Promise<Parsed>;
  analyze: (crawled: Crawled, parsed: Parsed, tools: ScanTools) => Promise<Analyzed>;
  generate: (crawled: Crawled, analyzed: Analyzed, tools: ReportTools) => Promise<Generated>;
}

export const scanSteps: ScanSteps = {
  crawl: async ({ url, maxPages }, { fetcher, folder, signal, onPage }) => {
    const crawl = await crawlSite(url, { fetcher, folder, maxPages, signal, onPage });
    const file = await folder.write("crawl.json", JSON.stringify(crawl));
    return { file, pages: crawl.pages.length, unreachable: crawl.unreachable.length };
  },

  parse: (crawled, { folder, signal, onPage }) =>
    analysing(signal, async () => {
      const { pages } = await readJson<Crawl>(folder, crawled.file);
      const documents: PageDocument[] = [];
      for (const [index, { url, file }] of pages.entries()) {
        onPage(url, index, pages.length);
        signal.throwIfAborted();
        documents.push(parsePage(await folder.read(file), url));
      }
      return { file: await folder.write("documents.json", JSON.stringify(documents)) };
    }),

  analyze: (crawled, parsed, { folder, signal, onPage }) =>
    analysing(signal, async () => {
      const crawl = await readJson<Crawl>(folder, crawled.file);
      const documents = await readJson<PageDocument[]>(folder, parsed.file);
      const analysis = await analyseSite(crawl, documents, { signal, onPage });
      const file = await folder.write("analysis.json", JSON.stringify(analysis));
      return { file, score: analysis.score, findings: analysis.findings.length };
    }),

  generate: (crawled, analyzed, { folder, signal, onTeaser }) =>
    analysing(signal, async () => {
      const analysis = await readJson<Analysis>(folder, analyzed.file);
      await onTeaser(teaserOf(analysis));
      const report = reportOf(await readJson<Crawl>(folder, crawled.file), analysis, new Date());
      return {
        title: report.title,
        markdown: await folder.write("report.md", markdownReport(report)),
        json: await folder.write("report.json", `${JSON.stringify(report, null, 2)}\n`),
      };
    }),
};

/** Runs `work`; what fails in it is a failed analysis, unless it was the signal that ended it. */
async function analysing<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) throw error;
    throw new AnalysisFailed(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

async function readJson<T>(folder: ScanFolder, file: ScanFile): Promise<T> {
  return JSON.parse(await folder.read(file)) as T;
}
