// A scan whose pages are jobs of their own: spread, done once each, and joined into the report that one job would make.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { connect } from "longshore";
import type { Job, JobSnapshot, Longshore, Worker } from "longshore";

import { pageQueue, pageScanTask } from "../../../examples/site-scan/page-scan.js";
import type { Report } from "../../../examples/site-scan/report/report.js";
import { folderOf, scanTask } from "../../../examples/site-scan/scan.js";
import type { ScanResult, ScanSetup } from "../../../examples/site-scan/scan.js";
import { scanStatus } from "../../../examples/site-scan/scan-status.js";
import { siteScanTask } from "../../../examples/site-scan/site-scan.js";
import { serveDocumentation } from "../../../examples/site-scan/site/documentation-site.js";
import { startCountingServer } from "./counting-server.js";
import type { CountingServer } from "./counting-server.js";

let folder: string;
let longshore: Longshore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "site-scan-"));
  longshore = await connect("memory:");
});
afterEach(async () => {
  await longshore.close();
  await rm(folder, { recursive: true });
});

/** A worker of scans of both kinds, and of pages. */
function work(more: Partial<ScanSetup> = {}): Worker {
  const setup = { folder, ...more };
  return longshore.worker([scanTask(setup), siteScanTask(setup), pageScanTask(setup)]);
}

function scanSite(url: string, input: { maxPages?: number; userId?: string | null } = {}): Promise<Job<ScanResult>> {
  return longshore.enqueue(siteScanTask({ folder }), { url, userId: "u-1", ...input });
}

async function pageJobs(): Promise<JobSnapshot[]> {
  const jobs: JobSnapshot[] = [];
  for await (const job of longshore.jobs({ queue: pageQueue }, { fields: "all" })) jobs.push(job);
  return jobs.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

async function reportOf(job: Job<ScanResult>): Promise<Report> {
  const { report } = await job.result();
  return JSON.parse(await readFile(join(folderOf({ folder }, job.id).path, report.json), "utf8")) as Report;
}

/** A report without what depends on how fast the machine was. */
function lasting({ pages, findings, madeAt: _madeAt, score: _score, ...rest }: Report): unknown {
  return {
    ...rest,
    pages: pages.map(({ elapsedMs: _elapsedMs, ...page }) => page),
    findings: findings.filter(({ check }) => check !== "response-time"),
  };
}

/** A small site on loopback that notes what is asked for. Pages are given as the addresses that they link to. */
async function serve(
  pages: Record<string, readonly string[] | RequestListener>,
): Promise<CountingServer & { asked: string[] }> {
  const asked: string[] = [];
  const server = await startCountingServer((request, response) => {
    const { url = "" } = request;
    asked.push(url);
    const page = pages[url];
    if (typeof page === "function") {
      page(request, response);
      return;
    }
    if (page === undefined) {
      response.writeHead(404).end();
      return;
    }
    const links = page.map((link) => `<a href="${link}">${link}</a>`).join(" ");
    response.setHeader("content-type", "text/html").end(`<html lang="en"><title>Page ${url}</title><p>${links}</p>`);
  });
  onTestFinished(() => server.close());
  return { ...server, asked };
}

test("the pages are jobs of their own, and the report is the one that a single job makes", async () => {
  const site = await serveDocumentation();
  onTestFinished(() => site.close());
  const worker = work({ trustedOrigins: [site.origin] });
  const [whole, spread] = [
    await longshore.enqueue(scanTask({ folder }), { url: site.url, maxPages: 8, userId: "u-1" }),
    await scanSite(site.url, { maxPages: 8 }),
  ];
  const result = await spread.result();
  expect(result).toMatchObject({ title: "Longshore", pages: 8 });
  expect(lasting(await reportOf(spread))).toEqual(lasting(await reportOf(whole)));
  await worker.stop();

  const jobs = await pageJobs();
  expect(jobs.map(({ id, state }) => [id, state])).toEqual(
    jobs.map((_job, index) => [`${spread.id}.pages.0000${index}`, "completed"]),
  );
  expect(jobs).toHaveLength(7);
  const { state, progress, attempt } = await spread.refresh();
  expect({ state, attempt }).toEqual({ state: "completed", attempt: 1 });
  expect(progress).toMatchObject({ percent: 100, counters: { pages: 8, findings: result.findings } });
  expect((await spread.milestones()).map(({ name }) => name)).toEqual(["TEASER_READY"]);
});

test("while it waits for its pages it holds no slot and is called RUNNING", async () => {
  const site = await serve({ "/": ["/a", "/b"], "/a": [], "/b": [] });
  const setup = { folder, trustedOrigins: [site.origin] };
  const scans = longshore.worker([siteScanTask(setup)], { concurrency: 1 });
  const job = await scanSite(`${site.url}/`);
  await expect.poll(async () => (await job.refresh()).state).toBe("blocked");
  expect(scanStatus.status(await job.refresh())).toEqual({ status: "RUNNING", step: null });
  expect((await job.progress())?.items).toMatchObject({ done: 0, total: 2 });
  // Its only slot is free for another.
  const other = await scanSite("http://127.0.0.1/");
  await expect(other.result()).rejects.toThrow("is not allowed");
  const pages = longshore.worker([pageScanTask(setup)]);
  expect(await job.result()).toMatchObject({ title: "Page /", pages: 3 });
  await Promise.all([scans.stop(), pages.stop()]);
});

test("links of links are followed until there are enough pages, and no page is asked for twice", async () => {
  const site = await serve({
    ...{ "/": ["/a", "/b", "/"], "/a": ["/b", "/c", "/d"], "/b": ["/", "/a"], "/c": ["/e"], "/d": [] },
    ...{ "/e": ["/f"], "/f": [] },
  });
  const worker = work({ trustedOrigins: [site.origin] });
  const five = await scanSite(`${site.url}/`, { maxPages: 5 });
  const { pages, unread } = await reportOf(five);
  expect(pages.map(({ url }) => new URL(url).pathname)).toEqual(["/", "/a", "/b", "/c", "/d"]);
  expect(unread).toBe(1);
  expect(site.asked.toSorted()).toEqual(["/", "/a", "/b", "/c", "/d"]);
  const all = await scanSite(`${site.url}/`, { maxPages: 50 });
  expect(await all.result()).toMatchObject({ pages: 7 });
  const rounds = (await pageJobs()).filter(({ id }) => id.startsWith(all.id));
  expect(rounds.map(({ id }) => id.slice(all.id.length + 1))).toEqual([
    ...["pages-2.00000", "pages-2.00001", "pages-3.00000", "pages-4.00000", "pages.00000", "pages.00001"],
  ]);
  await worker.stop();
});

test("one page, and a site of one page, need no other jobs", async () => {
  const site = await serve({ "/": ["/a"], "/a": [] });
  const worker = work({ trustedOrigins: [site.origin] });
  expect(await (await scanSite(`${site.url}/`, { maxPages: 1 })).result()).toMatchObject({ pages: 1 });
  expect(await (await scanSite(`${site.url}/a`)).result()).toMatchObject({ pages: 1 });
  expect(await pageJobs()).toEqual([]);
  await worker.stop();
});

test("a visitor without an account gets three pages", async () => {
  const site = await serve({ "/": ["/a", "/b", "/c"], "/a": [], "/b": [], "/c": [] });
  const worker = work({ trustedOrigins: [site.origin] });
  expect(await (await scanSite(`${site.url}/`, { userId: null })).result()).toMatchObject({ pages: 3 });
  await worker.stop();
});

describe("a page", () => {
  test("that is not there is a fault of the site; what is no page or leads elsewhere counts for nothing", async () => {
    const elsewhere = await serve({ "/": [] });
    const site = await serve({
      "/": ["/gone", "/manual.pdf", "/away", "/again", "/a"],
      "/manual.pdf": (_request, response) => void response.setHeader("content-type", "application/pdf").end("%PDF"),
      "/away": (_request, response) => void response.writeHead(302, { location: `${elsewhere.url}/` }).end(),
      "/again": (_request, response) => void response.writeHead(302, { location: "/a" }).end(),
      "/a": [],
    });
    const worker = work({ trustedOrigins: [site.origin, elsewhere.origin] });
    const job = await scanSite(`${site.url}/`);
    const { pages, unreachable } = await reportOf(job);
    await worker.stop();
    expect(pages.map(({ url }) => new URL(url).pathname)).toEqual(["/", "/a"]);
    expect(unreachable).toEqual([{ url: `${site.url}/gone`, linkedFrom: `${site.url}/`, reason: "HTTP status 404" }]);
    expect((await job.refresh()).state).toBe("completed");
  });

  test("whose server is in trouble is tried again; in vain, it is missing in a report that is partial", async () => {
    // All that the start page links to, too: there is a report on that one.
    const site = await serve({
      "/": ["/busy"],
      "/busy": (_request, response) => void response.writeHead(503).end(),
    });
    const worker = work({ trustedOrigins: [site.origin] });
    const job = await scanSite(`${site.url}/`);
    const tries = (): number => site.asked.filter((url) => url === "/busy").length;
    for (const tried of [1, 2]) {
      await expect.poll(tries).toBe(tried);
      await expect.poll(async () => (await longshore.promoteAll({ queue: pageQueue })).applied).toBe(1);
    }
    const { pages, unreachable } = await reportOf(job);
    await worker.stop();
    expect(tries()).toBe(3);
    expect(pages).toHaveLength(1);
    expect(unreachable).toMatchObject([{ url: `${site.url}/busy`, reason: expect.stringContaining("503") as string }]);
    const record = await job.refresh();
    expect(record).toMatchObject({ state: "partial", failures: [{ step: "pages", key: "00000" }] });
    expect(scanStatus.status(record).status).toBe("FULL_READY");
  });
});

test("a start page that must not or cannot be fetched ends the scan as one in a single job", async () => {
  const site = await serve({});
  const worker = work({ trustedOrigins: [site.origin] });
  const refused = await scanSite("http://169.254.169.254/");
  await expect(refused.result()).rejects.toThrow("is not allowed");
  const missing = await scanSite(`${site.url}/`);
  await expect(missing.result()).rejects.toThrow("HTTP status 404");
  await worker.stop();
  expect(scanStatus.status(await refused.refresh()).status).toBe("ERROR_VALIDATION");
  expect(scanStatus.status(await missing.refresh()).status).toBe("ERROR_CRAWL");
  expect(site.asked).toEqual(["/"]);
  expect(await pageJobs()).toEqual([]);
});

test("workers that stop in the middle leave it to others, which do what is missing and nothing twice", async () => {
  let isOpen = false;
  const held: RequestListener = (_request, response) => {
    if (isOpen) response.setHeader("content-type", "text/html").end("<title>Late</title>");
  };
  const site = await serve({ "/": ["/a", "/late", "/b"], "/a": [], "/b": [], "/late": held });
  const first = work({ trustedOrigins: [site.origin] });
  const job = await scanSite(`${site.url}/`);
  await expect.poll(() => site.asked.length).toBe(4);
  await expect
    .poll(async () => (await pageJobs()).map(({ state }) => state))
    .toEqual([...["completed", "active", "completed"]]);
  await first.stop({ grace: 0 });
  isOpen = true;
  const second = work({ trustedOrigins: [site.origin] });
  expect(await job.result()).toMatchObject({ pages: 4 });
  await second.stop();
  expect(site.asked.toSorted()).toEqual(["/", "/a", "/b", "/late", "/late"]);
});
