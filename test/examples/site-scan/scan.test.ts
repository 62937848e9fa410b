// A scan as a job: its statuses in their order, its errors, and what can be read of it before its end.

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connect, statuses } from "longshore";
import type { Job, Longshore, Worker } from "longshore";

import type { Teaser } from "../../../examples/site-scan/report/teaser.js";
import { AnalysisFailed, scanSteps } from "../../../examples/site-scan/scan-steps.js";
import type { ScanSteps } from "../../../examples/site-scan/scan-steps.js";
import { scanStatus } from "../../../examples/site-scan/scan-status.js";
import { folderOf, scanTask } from "../../../examples/site-scan/scan.js";
import type { ScanResult } from "../../../examples/site-scan/scan.js";
import { serveDocumentation } from "../../../examples/site-scan/site/documentation-site.js";
import type { DocumentationSite } from "../../../examples/site-scan/site/documentation-site.js";
import { makeGate } from "../../worker/fixtures/gate.js";
import { startCountingServer } from "./counting-server.js";
import { hostileHosts } from "./hostile-hosts.js";

let site: DocumentationSite;
let folder: string;
let longshore: Longshore;

beforeAll(async () => {
  site = await serveDocumentation();
});
afterAll(() => site.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "site-scan-"));
  longshore = await connect("memory:");
});
afterEach(async () => {
  await longshore.close();
  await rm(folder, { recursive: true });
});

/** A worker of scans that may reach the documentation, with some steps of the test's own. */
function work(steps: Partial<ScanSteps> = {}, trustedOrigins: readonly string[] = [site.origin]): Worker {
  return longshore.worker([scanTask({ folder, trustedOrigins, steps: { ...scanSteps, ...steps } })]);
}

async function enqueue(
  url: string,
  options: { maxPages?: number; userId?: string | null } = {},
): Promise<Job<ScanResult>> {
  return longshore.enqueue(scanTask({ folder }), { url, maxPages: 4, userId: "u-1", ...options }, { attempts: 1 });
}

/** What the scan is called, with its step. */
async function statusOf(job: Job<ScanResult>): Promise<string> {
  const { status, step } = scanStatus.status(await job.refresh());
  return step === null ? status : `${status} ${step}`;
}

/** Declared as in S1: what a scan may be called after what. */
const order = statuses({
  initial: "QUEUED",
  transitions: {
    QUEUED: ["RUNNING CRAWL", "ERROR_VALIDATION"],
    "RUNNING CRAWL": ["RUNNING PARSE", "ERROR_CRAWL", "QUEUED"],
    "RUNNING PARSE": ["RUNNING ANALYZE", "ERROR_ANALYZE", "QUEUED"],
    "RUNNING ANALYZE": ["RUNNING GENERATE", "ERROR_ANALYZE", "QUEUED"],
    "RUNNING GENERATE": ["TEASER_READY GENERATE", "ERROR_ANALYZE", "QUEUED"],
    "TEASER_READY GENERATE": ["FULL_READY", "ERROR_ANALYZE", "QUEUED"],
    FULL_READY: [],
    ERROR_VALIDATION: [],
    ERROR_CRAWL: [],
    ERROR_ANALYZE: [],
  },
});

test("every status can be seen, each after one that it may follow", async () => {
  const seen: string[] = [];
  const job = await enqueue(site.url);
  const look = async (): Promise<void> => void seen.push(await statusOf(job));
  await look();
  const worker = work({
    crawl: (...given) => seenAt("RUNNING CRAWL", () => scanSteps.crawl(...given)),
    parse: (...given) => seenAt("RUNNING PARSE", () => scanSteps.parse(...given)),
    analyze: (...given) => seenAt("RUNNING ANALYZE", () => scanSteps.analyze(...given)),
    generate: (crawled, analyzed, tools) =>
      seenAt("RUNNING GENERATE", () => {
        const onTeaser = async (teaser: Teaser): Promise<void> => {
          await tools.onTeaser(teaser);
          await seenAt("TEASER_READY GENERATE", () => Promise.resolve());
        };
        return scanSteps.generate(crawled, analyzed, { ...tools, onTeaser });
      }),
  });
  /** Goes on once the outside world can see the status. */
  async function seenAt<T>(status: string, resume: () => Promise<T>): Promise<T> {
    await expect.poll(() => statusOf(job)).toBe(status);
    await look();
    return resume();
  }
  await job.result();
  await look();
  await worker.stop();

  expect(seen).toEqual([
    "QUEUED",
    "RUNNING CRAWL",
    "RUNNING PARSE",
    "RUNNING ANALYZE",
    "RUNNING GENERATE",
    "TEASER_READY GENERATE",
    "FULL_READY",
  ]);
  let status = order.initial;
  for (const next of seen.slice(1)) {
    if (!order.has(next)) throw new Error(`${next} is not declared`);
    order.assert(status, next);
    status = next;
  }
});

test("the teaser can be read before the report is there", async () => {
  const job = await enqueue(site.url);
  const shown: unknown[] = [];
  const files: string[] = [];
  const worker = work({
    generate: (crawled, analyzed, tools) => {
      const onTeaser = async (teaser: Teaser): Promise<void> => {
        await tools.onTeaser(teaser);
        shown.push(...(await job.milestones()), (await job.refresh()).result);
        files.push(...(await readdir(folderOf({ folder }, job.id).path)));
      };
      return scanSteps.generate(crawled, analyzed, { ...tools, onTeaser });
    },
  });
  const result = await job.result();
  await worker.stop();
  expect(shown).toMatchObject([
    {
      name: "TEASER_READY",
      value: { title: "Longshore", score: result.score, findings: expect.any(Array) as unknown },
    },
    null,
  ]);
  expect(files).toContain("analysis.json");
  expect(files).not.toContain("report.md");
  expect(await readdir(folderOf({ folder }, job.id).path)).toContain("report.md");
});

test("progress begins at 0, never falls, names the step, and ends at 100 with counters", async () => {
  const job = await enqueue(site.url);
  const worker = work();
  const percents: number[] = [];
  for await (const event of job.events()) if (event.kind === "progress") percents.push(event.progress.percent);
  const { progress } = await job.refresh();
  await worker.stop();
  expect(percents).toEqual([...percents].sort((a, b) => a - b));
  expect(percents.every(Number.isInteger)).toBe(true);
  const { findings, pages } = await job.result();
  expect(progress).toMatchObject({ percent: 100, done: 4, total: 4, counters: { pages, findings } });
});

test("a visitor without an account gets three pages", async () => {
  const jobs = [await enqueue(site.url, { userId: null }), await enqueue(site.url, { userId: "u-1" })];
  const worker = work();
  const results = await Promise.all(jobs.map((job) => job.result()));
  await worker.stop();
  expect(results.map(({ pages }) => pages)).toEqual([3, 4]);
});

test("impossible limits are refused when the scan is enqueued", async () => {
  await expect(enqueue(site.url, { maxPages: 51 })).rejects.toThrow("maxPages");
  await expect(enqueue(site.url, { maxPages: 0 })).rejects.toThrow("maxPages");
});

describe("ERROR_VALIDATION", () => {
  test.each(hostileHosts)("http://%s: after one attempt, without a connection and without a step", async (host) => {
    const server = await startCountingServer();
    const crawled: string[] = [];
    const scan = scanTask({
      folder,
      ports: [server.port],
      lookup: () => Promise.resolve(["127.0.0.1"]),
      steps: {
        ...scanSteps,
        crawl: (site, tools) => {
          crawled.push(site.url);
          return scanSteps.crawl(site, tools);
        },
      },
    });
    const worker = longshore.worker([scan]);
    const job = await longshore.enqueue(scan, { url: `http://${host}:${server.port}/` });
    await expect(job.result()).rejects.toThrow("is not allowed");
    await worker.stop();
    expect(await statusOf(job)).toBe("ERROR_VALIDATION");
    expect(await job.refresh()).toMatchObject({ attempt: 1, attempts: 4, error: { code: "ERROR_VALIDATION" } });
    expect(await job.steps()).toEqual([]);
    // What a name leads to is known only when it is looked up, which is the crawl's doing.
    expect(crawled).toHaveLength(host === "rebinding.example" ? 1 : 0);
    expect(server.connections()).toBe(0);
    await server.close();
  });
});

describe("ERROR_CRAWL", () => {
  test("a page that is not there is not asked for again", async () => {
    const job = await longshore.enqueue(scanTask({ folder }), { url: `${site.url}nothing` });
    const worker = work();
    await expect(job.result()).rejects.toThrow("HTTP status 404");
    await worker.stop();
    expect(await statusOf(job)).toBe("ERROR_CRAWL");
    expect(await job.refresh()).toMatchObject({ attempt: 1, attempts: 4 });
  });

  test("a server that is in trouble is asked again when it says, else after 10 seconds", async () => {
    const server = await startCountingServer((request, response) => {
      response.writeHead(503, request.url === "/later" ? { "retry-after": "77" } : {}).end();
    });
    const job = await longshore.enqueue(scanTask({ folder }), { url: `${server.url}/` });
    const later = await longshore.enqueue(scanTask({ folder }), { url: `${server.url}/later` });
    const worker = work({}, [server.origin]);
    for (const [one, seconds] of [
      [job, 10],
      [later, 77],
    ] as const) {
      await expect.poll(async () => (await one.refresh()).state).toBe("delayed");
      expect(await statusOf(one)).toBe("QUEUED");
      const { error, history, runAt } = await one.refresh();
      expect(error).toMatchObject({ code: "ERROR_CRAWL", message: expect.stringContaining("503") as string });
      expect(Math.round(((runAt ?? 0) - (history[0]?.endedAt ?? 0)) / 1_000)).toBe(seconds);
    }
    await worker.stop();
    await server.close();
  });

  test("the last attempt's failure is what it is called", async () => {
    const job = await enqueue("http://unknown.example/");
    const scan = scanTask({ folder, lookup: () => Promise.reject(new Error("ENOTFOUND")) });
    const worker = longshore.worker([scan]);
    await expect(job.result()).rejects.toThrow("cannot be resolved");
    await worker.stop();
    expect(await statusOf(job)).toBe("ERROR_CRAWL");
  });
});

describe("ERROR_ANALYZE", () => {
  test.each(["parse", "analyze", "generate"] as const)("when %s fails; what was done before is kept", async (step) => {
    const failing = { [step]: () => Promise.reject(new AnalysisFailed("the page makes no sense")) };
    const job = await enqueue(site.url);
    const worker = work(failing);
    await expect(job.result()).rejects.toThrow("makes no sense");
    await worker.stop();
    expect(await statusOf(job)).toBe("ERROR_ANALYZE");
    const names = ["crawl", "parse", "analyze", "generate"];
    expect((await job.steps()).map(({ name }) => name)).toEqual(names.slice(0, names.indexOf(step)));

    // Replayed, it goes on with the step that failed.
    const crawled: string[] = [];
    const second = work({
      crawl: (...given) => {
        crawled.push(job.id);
        return scanSteps.crawl(...given);
      },
    });
    await job.retry();
    expect(await job.result()).toMatchObject({ title: "Longshore", pages: 4 });
    await second.stop();
    expect(crawled).toEqual([]);
  });
});

test("a scan that ran too long counts as failed in the analysis", async () => {
  const job = await longshore.enqueue(scanTask({ folder }), { url: site.url }, { attempts: 1, timeout: 200 });
  const worker = work({
    parse: (_crawled, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
  });
  await expect(job.result()).rejects.toThrow("200 ms");
  await worker.stop();
  expect(await statusOf(job)).toBe("ERROR_ANALYZE");
});

test("a stopped worker gives its scan back, and the next one goes on with the step", async () => {
  const job = await enqueue(site.url);
  const entered = makeGate();
  const first = work({
    parse: (_crawled, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        entered.open();
      }),
  });
  await entered.opened;
  await first.stop({ grace: 0 });
  expect(await statusOf(job)).toBe("QUEUED");
  expect((await job.steps()).map(({ name }) => name)).toEqual(["crawl"]);
  const second = work({ crawl: () => Promise.reject(new Error("the crawl was done")) });
  expect(await job.result()).toMatchObject({ pages: 4 });
  await second.stop();
  expect(await job.refresh()).toMatchObject({ attempt: 1 });
});
