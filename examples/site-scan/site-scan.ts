// A scan whose pages are jobs of their own: it reads the start page, spreads the pages that are linked over as many
// jobs, gives its slot back until they have ended, and joins what they found into one report.

import { task } from "longshore";

import { pageScanTask, scanPage } from "./page-scan.js";
import { SafeFetch } from "./safe-fetch/safe-fetch.js";
import { folderOf, pagesFor, scanOptions } from "./scan.js";
import type { ScanResult, ScanSetup } from "./scan.js";
import { scanSteps } from "./scan-steps.js";
import type { ScanTools } from "./scan-steps.js";
import { SitePages } from "./site-pages.js";

/** The task `scan_site`. Its pages are those of the task `scan_page`, which a worker must have as well. */
export function siteScanTask(setup: ScanSetup) {
  const { folder, steps = scanSteps, ...fetching } = setup;
  const pageScan = pageScanTask(setup);
  return task(
    "scan_site",
    { ...scanOptions, steps: { crawl: 1, pages: 5, analyze: 3, generate: 1 } },
    async ({ input, job, step, spawn, emit, count, progress, log }): Promise<ScanResult> => {
      const { url } = input;
      const scanFolder = folderOf({ folder }, job.id);
      const fetcher = new SafeFetch(fetching);
      const tools = ({ signal }: { signal: AbortSignal }): ScanTools => ({
        fetcher,
        folder: scanFolder,
        signal,
        onPage: (page, done, total) => progress(done, total, new URL(page).pathname),
      });
      try {
        // Before anything touches the network, and final: a URL that is refused stays refused.
        const { href } = fetcher.check(url);
        const start = await step("crawl", (scope) => scanPage(url, tools(scope)));

        const pages = await SitePages.from(scanFolder, href, start, pagesFor(input));
        // Links of links are asked for when those of the pages before were too few, or some were unreachable.
        for (let round = 1, wanted = pages.next(); wanted.length > 0; round += 1, wanted = pages.next()) {
          const name = round === 1 ? "pages" : `pages-${round}`;
          const inputs = wanted.map((page) => ({ scan: job.id, url: page }));
          const { values, errors } = await spawn.all(name, pageScan, inputs, { optional: true });
          const failed = errors.map(({ item, error }) => ({ url: item.url, file: null, unreachable: error.message }));
          for (const scanned of [...values, ...failed]) await pages.take(scanned);
        }

        const { crawled, analyzed } = await step("analyze", async (scope) => {
          const joined = await pages.join();
          const found = await steps.analyze(joined.crawled, joined.parsed, tools(scope));
          count("pages", joined.crawled.pages);
          count("findings", found.findings);
          log(`analysed ${joined.crawled.pages} pages: score ${found.score}, ${found.findings} findings`);
          return { crawled: joined.crawled, analyzed: found };
        });
        const { title, markdown, json } = await step("generate", (scope) =>
          steps.generate(crawled, analyzed, { ...tools(scope), onTeaser: (shown) => emit("TEASER_READY", shown) }),
        );
        const { score, findings } = analyzed;
        return { title, score, pages: crawled.pages, findings, report: { markdown: markdown.name, json: json.name } };
      } finally {
        await fetcher.close();
      }
    },
  );
}
