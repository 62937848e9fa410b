// The part that is about Longshore: the task, whose four steps are not run again once they are done, with a teaser that
// can be read before the report is there.

import { join } from "node:path";

import { task } from "longshore";
import { z } from "zod";

import { SafeFetch } from "./safe-fetch/safe-fetch.js";
import type { SafeFetchOptions } from "./safe-fetch/safe-fetch.js";
import { ScanFolder } from "./scan-folder.js";
import { scanSteps } from "./scan-steps.js";
import type { ScanSteps, ScanTools } from "./scan-steps.js";

/** Pages that a scan without an account reads. */
const anonymousPages = 3;

/** What a scan is given. */
export const scanInput = z.object({
  /** Any text: whether it is a URL that may be fetched is for the job to say, as ERROR_VALIDATION. */
  url: z.string(),
  /** Pages to read at most. */
  maxPages: z.int().min(1).max(50).default(10),
  /** Whose scan it is; null for a visitor without an account, who gets three pages. */
  userId: z.string().nullable().default(null),
});

/** Pages that a scan reads at most. */
export function pagesFor({ maxPages, userId }: z.output<typeof scanInput>): number {
  return userId === null ? Math.min(maxPages, anonymousPages) : maxPages;
}

const teaser = z.object({
  title: z.string(),
  score: z.number(),
  findings: z.array(
    z.object({
      check: z.string(),
      severity: z.enum(["high", "medium", "low"]),
      page: z.string(),
      explanation: z.string(),
    }),
  ),
});

/** The result of a scan. The report itself is in the scan's folder. */
export interface ScanResult {
  title: string;
  /** 0 to 100. */
  score: number;
  pages: number;
  findings: number;
  /** Names of the report's files. */
  report: { markdown: string; json: string };
}

/** What the workers of scans have in common; the options of `SafeFetch` say what they may fetch. */
export interface ScanSetup extends SafeFetchOptions {
  /** Folder in which each scan gets one of its own. Workers that may continue each other's scans share it. */
  folder: string;
  /** What the steps do. Default: `scanSteps`. */
  steps?: ScanSteps;
}

/** The folder of the scan that job `id` does. */
export function folderOf(setup: Pick<ScanSetup, "folder">, id: string): ScanFolder {
  return new ScanFolder(join(setup.folder, `${prefix}${id}`));
}

/** The job of the scan whose folder is called `name`; null when it is none of a scan. */
export function scanOfFolder(name: string): string | null {
  return name.startsWith(prefix) && name.length > prefix.length ? name.slice(prefix.length) : null;
}

const prefix = "scan-";

/** The queue of scans. */
export const scanQueue = "scans";

/** How scans are run, whatever their steps. */
export const scanOptions = {
  input: scanInput,
  queue: scanQueue,
  milestones: { TEASER_READY: teaser },
  attempts: 4,
  backoff: ["10s", "30s", "60s"],
  timeout: "5m",
} as const;

/** The task `scan`. */
export function scanTask(setup: ScanSetup) {
  const { folder, steps = scanSteps, ...fetching } = setup;
  return task(
    "scan",
    { ...scanOptions, steps: { crawl: 5, parse: 1, analyze: 3, generate: 1 } },
    async ({ input, job, step, emit, count, progress, log }): Promise<ScanResult> => {
      const { url } = input;
      const fetcher = new SafeFetch(fetching);
      const tools = ({ signal }: { signal: AbortSignal }): ScanTools => ({
        fetcher,
        folder: folderOf({ folder }, job.id),
        signal,
        onPage: (page, done, total) => progress(done, total, new URL(page).pathname),
      });
      try {
        // Before anything touches the network, and final: a URL that is refused stays refused.
        fetcher.check(url);
        const site = { url, maxPages: pagesFor(input) };
        const crawled = await step("crawl", async (scope) => {
          const found = await steps.crawl(site, tools(scope));
          count("pages", found.pages);
          log(`crawled ${found.pages} pages, ${found.unreachable} unreachable`);
          return found;
        });
        const parsed = await step("parse", (scope) => steps.parse(crawled, tools(scope)));
        const analyzed = await step("analyze", async (scope) => {
          const found = await steps.analyze(crawled, parsed, tools(scope));
          count("findings", found.findings);
          log(`analysed: score ${found.score}, ${found.findings} findings`);
          return found;
        });
        const { title, markdown, json } = await step("generate", (scope) => {
          return steps.generate(crawled, analyzed, {
            ...tools(scope),
            onTeaser: (shown) => emit("TEASER_READY", shown),
          });
        });
        const report = { markdown: markdown.name, json: json.name };
        const { score, findings } = analyzed;
        return { title, score, pages: crawled.pages, findings, report };
      } finally {
        await fetcher.close();
      }
    },
  );
}
