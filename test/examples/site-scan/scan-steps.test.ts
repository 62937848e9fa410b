// The four steps, one after the other, without a queue: what each hands on is small and survives JSON, and a step needs
// nothing but what the ones before it handed on and the scan's folder.

import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import type { Report } from "../../../examples/site-scan/report/report.js";
import type { Teaser } from "../../../examples/site-scan/report/teaser.js";
import { SafeFetch } from "../../../examples/site-scan/safe-fetch/safe-fetch.js";
import { ScanFolder } from "../../../examples/site-scan/scan-folder.js";
import { AnalysisFailed, scanSteps } from "../../../examples/site-scan/scan-steps.js";
import type { ScanTools } from "../../../examples/site-scan/scan-steps.js";
import { serveDocumentation } from "../../../examples/site-scan/site/documentation-site.js";
import type { DocumentationSite } from "../../../examples/site-scan/site/documentation-site.js";

let site: DocumentationSite;
let path: string;
let controller: AbortController;
let told: string[];

beforeEach(async () => {
  site = await serveDocumentation();
  path = await mkdtemp(join(tmpdir(), "site-scan-"));
  controller = new AbortController();
  told = [];
});
afterEach(async () => {
  await site.close();
  await rm(path, { recursive: true });
});

/** Tools as another worker would have them: nothing is shared but the folder. */
function tools(): ScanTools {
  return {
    fetcher: new SafeFetch({ trustedOrigins: [site.origin] }),
    folder: new ScanFolder(path),
    signal: controller.signal,
    onPage: (url, done, total) => told.push(`${done}/${total} ${new URL(url).pathname}`),
  };
}

/** What the queue makes of a step's answer. */
function stored<T>(answer: T): T {
  const text = JSON.stringify(answer);
  expect(text.length).toBeLessThan(4_000);
  return JSON.parse(text) as T;
}

async function crawl(): Promise<Awaited<ReturnType<typeof scanSteps.crawl>>> {
  const own = tools();
  const crawled = await scanSteps.crawl({ url: site.url, maxPages: 4 }, own);
  await own.fetcher.close();
  return stored(crawled);
}

test("a site becomes a report", async () => {
  const crawled = await crawl();
  expect(crawled).toMatchObject({ pages: 4 });
  const parsed = stored(await scanSteps.parse(crawled, tools()));
  const analyzed = stored(await scanSteps.analyze(crawled, parsed, tools()));
  const teasers: Teaser[] = [];
  const onTeaser = async (teaser: Teaser): Promise<void> => {
    teasers.push(teaser);
    expect(await readdir(path)).not.toContain("report.md");
  };
  const { title, markdown, json } = stored(await scanSteps.generate(crawled, analyzed, { ...tools(), onTeaser }));
  expect(title).toBe("Longshore");
  expect(teasers).toMatchObject([{ title: "Longshore", score: analyzed.score }]);
  expect(await readFile(join(path, markdown.name), "utf8")).toContain("# Site scan: Longshore");
  const report = JSON.parse(await readFile(join(path, json.name), "utf8")) as Report;
  expect(report).toMatchObject({ url: site.url, title: "Longshore", score: analyzed.score });
  expect(report.pages.map(({ words }) => words > 100)).toEqual([true, true, true, true]);
  expect(report.findings).toHaveLength(analyzed.findings);
  expect(report.pages[0]?.readability?.readingEase).toBeGreaterThan(40);
});

test("each step reports its pages", async () => {
  const crawled = await crawl();
  expect(told.map((line) => line.slice(0, 3))).toEqual(["0/1", "1/4", "2/4", "3/4"]);
  told.length = 0;
  const parsed = await scanSteps.parse(crawled, tools());
  expect(told.map((line) => line.slice(0, 3))).toEqual(["0/4", "1/4", "2/4", "3/4"]);
  told.length = 0;
  await scanSteps.analyze(crawled, parsed, tools());
  expect(told).toHaveLength(4);
});

test("a file that is gone is ERROR_ANALYZE, and may be back for another attempt", async () => {
  const crawled = await crawl();
  await rm(join(path, "page-2.html"));
  const failed = await scanSteps.parse(crawled, tools()).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(AnalysisFailed);
  expect(failed).toMatchObject({ code: "ERROR_ANALYZE", message: expect.stringContaining("page-2.html") as string });
});

test("a step that its signal ended is no failed analysis", async () => {
  const crawled = await crawl();
  const parsed = await scanSteps.parse(crawled, tools());
  const reason = new Error("the worker stops");
  controller.abort(reason);
  await expect(scanSteps.parse(crawled, tools())).rejects.toBe(reason);
  await expect(scanSteps.analyze(crawled, parsed, tools())).rejects.toBe(reason);
});
