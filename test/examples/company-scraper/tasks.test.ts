// The stages as jobs: their queues, retries and timeouts, and what each gives.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect } from "longshore";
import type { Job, Longshore } from "longshore";

import type { Enricher } from "../../../examples/company-scraper/enrich/enrichment.js";
import { localAnalysis } from "../../../examples/company-scraper/enrich/local-analysis.js";
import { ModelFailed } from "../../../examples/company-scraper/enrich/model-endpoint.js";
import { PostingStore } from "../../../examples/company-scraper/persist/posting-store.js";
import { serveCompanies } from "../../../examples/company-scraper/site/company-sites.js";
import type { CompanySites } from "../../../examples/company-scraper/site/company-sites.js";
import { scraperTasks } from "../../../examples/company-scraper/tasks.js";
import type { ScraperTasks } from "../../../examples/company-scraper/tasks.js";
import { SafeFetch } from "../../../examples/site-scan/safe-fetch/safe-fetch.js";

import { page, startCountingServer } from "../site-scan/counting-server.js";

let sites: CompanySites;
let fetcher: SafeFetch;
let store: PostingStore;
let longshore: Longshore;

beforeEach(async () => {
  sites = await serveCompanies({ latency: { least: 0, most: 0 } });
  fetcher = new SafeFetch(sites.fetching);
  store = new PostingStore(":memory:");
  longshore = await connect("memory:");
});
afterEach(async () => {
  await longshore.close();
  store.close();
  await fetcher.close();
  await sites.close();
});

function tasksWith(enricher: Enricher = localAnalysis): ScraperTasks {
  const tasks = scraperTasks({ fetcher, enricher, store });
  longshore.worker(Object.values(tasks));
  return tasks;
}

const urlOf = (slug: string): string => sites.companies.find((company) => company.slug === slug)?.url ?? "";

/** Waits until a job waits for its next attempt. */
async function delayed(job: Job): Promise<void> {
  for await (const event of job.events()) if (event.kind === "state" && event.state === "delayed") return;
}

test("each has a queue of its own, and the retries and timeouts of its kind of work", async () => {
  const tasks = scraperTasks({ fetcher, enricher: localAnalysis, store });
  const { queues, options } = Object.values(tasks).reduce<{ queues: string[]; options: unknown[] }>(
    ({ queues, options }, { queue, defaults }) => ({ queues: [...queues, queue], options: [...options, defaults] }),
    { queues: [], options: [] },
  );
  expect(queues).toEqual(["io_fetch", "parse", "ai_enrich", "persist"]);
  expect(options).toEqual([
    { retries: 3, backoff: ["10s", "30s", "60s"], timeout: "10m" },
    { retries: 2, backoff: ["5s", "15s"], timeout: "5m" },
    { retries: 2, backoff: ["15s", "45s"], timeout: "15m" },
    { retries: 3, backoff: ["5s", "10s", "20s"], timeout: "5m" },
  ]);
});

test("what each gives is what the next takes", async () => {
  const tasks = tasksWith();
  const fetched = await longshore.enqueue(tasks.fetch, { companyUrl: urlOf("harbourline") });
  const parsed = await longshore.enqueue(tasks.parse, await fetched.result());
  const { companyUrl, postings, duplicates } = await parsed.result();
  expect([postings.length, duplicates]).toEqual([4, 4]);
  const enhanced = await longshore.enqueue(tasks.enhance, { companyUrl, postings });
  const { enrichments } = await enhanced.result();
  const persisted = await longshore.enqueue(tasks.persist, { companyUrl, postings, enrichments });
  expect(await persisted.result()).toEqual({ inserted: 4, updated: 0, unchanged: 0 });

  const counters = [fetched, parsed, enhanced, persisted].map(async (job) => (await job.progress())?.counters);
  expect(await Promise.all(counters)).toEqual([
    { pages: 5 },
    { postings: 4 },
    { enhanced: 4 },
    { inserted: 4, updated: 0, unchanged: 0 },
  ]);
  expect(store.rows(["harbourline.example"])[0]).toMatchObject({ salary_currency: "EUR", salary_period: "year" });
});

describe("fetch", () => {
  test("comes back when a busy server asks it to", async () => {
    const { fetch } = tasksWith();
    const job = await longshore.enqueue(fetch, { companyUrl: urlOf("monsoon-travel") });
    await delayed(job);
    const { runAt, error } = await job.refresh();
    expect(error?.message).toContain("HTTP status 503");
    expect(runAt - Date.now()).toBeLessThanOrEqual(1_000);
    await job.promote();
    expect((await job.result()).pages).toHaveLength(4);
    expect((await job.refresh()).attempt).toBe(2);
  });

  test("of a page that is not there fails at once", async () => {
    const { fetch } = tasksWith();
    const job = await longshore.enqueue(fetch, { companyUrl: urlOf("stonebridge-print") });
    await expect(job.result()).rejects.toThrow("HTTP status 404");
    expect((await job.refresh()).attempt).toBe(1);
  });

  test("writes down which pages it missed", async () => {
    const server = await startCountingServer((request, response) => {
      if (request.url === "/jobs/") page('<a href="gone.html">Miller</a>')(request, response);
      else response.writeHead(404).end();
    });
    const own = new SafeFetch({ trustedOrigins: [server.origin] });
    const { fetch } = scraperTasks({ fetcher: own, enricher: localAnalysis, store });
    const worker = longshore.worker([fetch]);
    const job = await longshore.enqueue(fetch, { companyUrl: `${server.url}/jobs/` });
    expect((await job.result()).missing).toHaveLength(1);
    const { lines } = await job.logs();
    expect(lines).toMatchObject([{ level: "warn", message: `${server.url}/jobs/gone.html: HTTP status 404` }]);
    await worker.stop();
    await own.close();
    await server.close();
  });
});

test("parse of pages without postings fails at once", async () => {
  const tasks = tasksWith();
  const fetched = await longshore.enqueue(tasks.fetch, { companyUrl: urlOf("lumen-labs") });
  const job = await longshore.enqueue(tasks.parse, await fetched.result());
  await expect(job.result()).rejects.toThrow("no job posting in the page");
  expect(await job.refresh()).toMatchObject({ attempt: 1, error: { code: "ERROR_PARSE" } });
});

const posting = (key: string) => ({
  ...{
    key,
    title: `Miller ${key}`,
    reference: null,
    location: null,
    employmentType: null,
    pay: null,
    postedOn: null,
  },
  ...{ description: "", url: "https://mill.example/" },
});

describe("ai_enhance", () => {
  const input = { companyUrl: "https://mill.example/", postings: [posting("a"), posting("b"), posting("c")] };

  test("keeps the answers it has, and asks again only for those that failed", async () => {
    const asked: string[] = [];
    let isDown = true;
    const { enhance } = tasksWith({
      name: "test",
      enrich: async (found) => {
        asked.push(found.key);
        if (found.key === "b" && isDown) throw new ModelFailed("the model's server answered with HTTP status 503");
        return localAnalysis.enrich(found);
      },
    });
    const job = await longshore.enqueue(enhance, input);
    const { enrichments } = await job.result();
    expect(enrichments.map(({ key }) => key)).toEqual(["a", "c"]);
    const { state, failures } = await job.refresh();
    expect(state).toBe("partial");
    expect(failures).toMatchObject([{ step: "enrich", key: "b" }]);

    isDown = false;
    await job.retry();
    expect((await job.result()).enrichments.map(({ key }) => key)).toEqual(["a", "b", "c"]);
    expect(asked.sort()).toEqual(["a", "b", "b", "c"]);
    expect(await job.progress()).toMatchObject({ percent: 100, counters: { enhanced: 3 } });
  });

  test("waits as long as the model's server says when it refuses everything", async () => {
    const { enhance } = tasksWith({
      name: "test",
      enrich: () => Promise.reject(new ModelFailed("slow down", { status: 429, headers: { "retry-after": "90" } })),
    });
    const job = await longshore.enqueue(enhance, input);
    await delayed(job);
    const { state, runAt, attempt } = await job.refresh();
    expect({ state, attempt }).toEqual({ state: "delayed", attempt: 1 });
    expect(runAt - Date.now()).toBeGreaterThan(0);
    await job.cancel();
  });

  test("of no postings at all has nothing to do", async () => {
    const { enhance } = tasksWith();
    const job = await longshore.enqueue(enhance, { ...input, postings: [] });
    expect(await job.result()).toEqual({ companyUrl: input.companyUrl, enrichments: [] });
  });
});

test("an input that is no company's is refused before it is queued", async () => {
  const { fetch } = tasksWith();
  await expect(longshore.enqueue(fetch, { companyUrl: "nonsense" })).rejects.toThrow("companyUrl");
});
