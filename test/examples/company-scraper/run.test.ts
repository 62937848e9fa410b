// A run in jobs: pipelines over four queues, companies that fail, and the cancelling of everything.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "longshore";
import type { JobSnapshot, Longshore, Worker } from "longshore";
import { afterEach, beforeEach, expect, test } from "vitest";

import type { Company } from "../../../examples/company-scraper/company.js";
import type { Enricher } from "../../../examples/company-scraper/enrich/enrichment.js";
import { localAnalysis } from "../../../examples/company-scraper/enrich/local-analysis.js";
import { PostingStore } from "../../../examples/company-scraper/persist/posting-store.js";
import { enqueueScraping } from "../../../examples/company-scraper/run/pipeline.js";
import { runScraping } from "../../../examples/company-scraper/run/run.js";
import type { ScrapeOutcome, ScrapeRun } from "../../../examples/company-scraper/run/run.js";
import type { CompanyScrape } from "../../../examples/company-scraper/run/scraping.js";
import { scrapeSequentially } from "../../../examples/company-scraper/run/sequential.js";
import { serveCompanies } from "../../../examples/company-scraper/site/company-sites.js";
import type { CompanySites } from "../../../examples/company-scraper/site/company-sites.js";
import { scraperTasks, stages } from "../../../examples/company-scraper/tasks.js";
import { SafeFetch } from "../../../examples/site-scan/safe-fetch/safe-fetch.js";

let folder: string;
let sites: CompanySites;
let fetcher: SafeFetch;
let store: PostingStore;
let url: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "scraper-"));
  url = `sqlite:${join(folder, "jobs.db")}`;
  sites = await serveCompanies({ latency: { least: 0, most: 0 } });
  fetcher = new SafeFetch(sites.fetching);
  store = new PostingStore(join(folder, "postings.db"));
});
afterEach(async () => {
  store.close();
  await fetcher.close();
  await sites.close();
  await rm(folder, { recursive: true });
});

const some = ["harbourline", "oakfield-care", "stonebridge-print", "lumen-labs"];

function companies(slugs: readonly string[] = some): Company[] {
  return sites.companies.filter(({ slug }) => slugs.includes(slug));
}

const broken: Enricher = {
  name: "test",
  enrich: () => Promise.reject(Object.assign(new Error("no key"), { status: 401 })),
};

interface RunSetup extends Partial<ScrapeRun> {
  enricher?: Enricher;
  slugs?: readonly string[];
}

async function run({ enricher = localAnalysis, slugs = some, ...more }: RunSetup = {}): Promise<ScrapeOutcome> {
  return runScraping(companies(slugs), {
    url,
    runId: "run1",
    userId: "42",
    tools: { fetcher, enricher, store },
    enhance: true,
    fetches: 4,
    signal: new AbortController().signal,
    onChange: () => {},
    ...more,
  });
}

test("every company ends: scraped and stored, or failed with the reason", async () => {
  const { scrapes } = await run();
  expect(scrapes).toMatchObject([
    { company: { slug: "harbourline" }, status: "completed", progress: 1, postingsFound: 4, stored: { inserted: 4 } },
    { company: { slug: "oakfield-care" }, status: "completed", progress: 1, postingsFound: 6, stored: { inserted: 6 } },
    { company: { slug: "stonebridge-print" }, status: "failed", step: "fetch", postingsFound: 0, stored: null },
    { company: { slug: "lumen-labs" }, status: "failed", step: "parse", postingsFound: 0, stored: null },
  ]);
  expect(scrapes[2]?.error).toContain("HTTP status 404");
  expect(scrapes[3]?.error).toContain("no job posting");
  expect(store.count()).toBe(10);
});

test("progress is that of the whole pipeline: it begins at 0, never falls, and is 1 only at the end", async () => {
  const told: CompanyScrape[] = [];
  const elsewhere = await connect(url);
  const tasks = Object.values(scraperTasks({ fetcher, enricher: localAnalysis, store }));
  let worker: Worker | undefined;
  const onChange = (scrape: CompanyScrape): void => {
    told.push(scrape);
    worker ??= elsewhere.worker(tasks);
  };
  await run({ slugs: ["harbourline"], fetches: null, onChange });
  await elsewhere.close();
  expect(told[0]).toMatchObject({ status: "queued", step: "queued", progress: 0 });
  const progress = told.map((scrape) => scrape.progress);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  expect(told.filter((scrape) => scrape.progress === 1).map(({ status }) => status)).toEqual(["completed"]);
  // A short stage may have ended before the first look.
  const steps = told.map(({ step }) => step).filter((step) => step !== "queued");
  const places = steps.map((step) => stages.indexOf(step));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(steps.at(-1)).toBe("persist");
});

/** The jobs of a company by stage. */
async function jobsOf(longshore: Longshore, id: string): Promise<Record<string, JobSnapshot>> {
  const members = (await (await longshore.flow(id))?.members()) ?? [];
  const jobs = await Promise.all(
    members.map(async (member) => (await longshore.job({ queue: member.queue, id: member.id }))?.refresh()),
  );
  return Object.fromEntries(jobs.flatMap((job) => (job === undefined ? [] : [[job.flow?.node ?? "", job]])));
}

test("a company is one flow, found whole by one id; its jobs say what they are for", async () => {
  const { user } = await run();
  // Four flows of four jobs: what a failed stage leaves undone has failed with it.
  expect(user).toMatchObject({ total: 20, completed: 11, failed: 9, inProgress: 0 });
  const longshore = await connect(url);
  const companyUrl = companies()[0]?.url;
  const tags = expect.arrayContaining(["app:company-scraper", "user:42", "run:run1", "company:harbourline"]) as unknown;
  expect(await (await longshore.job("run1-harbourline"))?.refresh()).toMatchObject({ state: "completed", tags });
  const jobs = await jobsOf(longshore, "run1-harbourline");
  expect(Object.entries(jobs).map(([step, { queue }]) => [step, queue])).toEqual([
    ["fetch", "io_fetch"],
    ["parse", "parse"],
    ["ai_enhance", "ai_enrich"],
    ["persist", "persist"],
  ]);
  for (const [step, job] of Object.entries(jobs)) {
    expect(job).toMatchObject({ state: "completed", tags, meta: { companyUrl, userId: "42", step } });
  }
  await longshore.close();
});

test("a stage takes the results of others by reference: they are not copied into its input", async () => {
  await run({ slugs: ["harbourline"] });
  const longshore = await connect(url);
  const { parse, persist } = await jobsOf(longshore, "run1-harbourline");
  expect(parse?.input).toMatchObject({ pages: null });
  expect(persist?.input).toMatchObject({ postings: null, enrichments: null });
  await longshore.close();
});

test("a company that failed leaves nothing waiting: the stages after it fail with it", async () => {
  await run();
  const longshore = await connect(url);
  const states = async (slug: string) =>
    Object.values(await jobsOf(longshore, `run1-${slug}`)).map(({ state, error }) => [state, error?.code ?? null]);
  const undone = ["failed", "DEPENDENCY_FAILED"];
  expect(await states("stonebridge-print")).toEqual([["failed", "ERROR_CRAWL"], undone, undone, undone]);
  expect(await states("lumen-labs")).toEqual([["completed", null], ["failed", "ERROR_PARSE"], undone, undone]);
  await longshore.close();
});

test("without enrichment that stage is left out", async () => {
  const told: CompanyScrape[] = [];
  const { scrapes, user } = await run({
    ...{ slugs: ["harbourline"], enhance: false, enricher: broken },
    onChange: (scrape) => told.push(scrape),
  });
  expect(scrapes).toMatchObject([{ status: "completed", stored: { inserted: 4 } }]);
  expect(user.total).toBe(4);
  expect(told.map(({ step }) => step)).not.toContain("ai_enhance");
  expect(store.rows(["harbourline.example"]).map(({ skills }) => skills)).toEqual([null, null, null, null]);
});

test("an enrichment that fails does not keep postings from being stored", async () => {
  const { scrapes, user } = await run({ slugs: ["harbourline"], enricher: broken });
  expect(scrapes).toMatchObject([{ status: "completed", stored: { inserted: 4 } }]);
  expect(user).toMatchObject({ total: 5, completed: 4, failed: 1, states: { partial: 1 } });
});

test("a second run stores nothing twice", async () => {
  await run({ slugs: ["harbourline", "oakfield-care"] });
  const { scrapes } = await run({ slugs: ["harbourline", "oakfield-care"], runId: "run2" });
  expect(scrapes.map(({ stored }) => stored)).toEqual([
    { inserted: 0, updated: 0, unchanged: 4 },
    { inserted: 0, updated: 0, unchanged: 6 },
  ]);
  expect(store.count()).toBe(10);
});

function outcome({ company, status, postingsFound, stored, error }: CompanyScrape): unknown {
  return { company, status, postingsFound, stored, error };
}

test("one after another comes to the same as in jobs", async () => {
  const all = sites.companies.map(({ slug }) => slug);
  const jobs = await run({ slugs: all, fetches: 8 });
  await sites.close();
  sites = await serveCompanies({ port: sites.port, latency: { least: 0, most: 0 } });
  const other = new PostingStore(":memory:");
  const sequential = await scrapeSequentially(companies(all), {
    tools: { fetcher, enricher: localAnalysis, store: other },
    enhance: true,
    signal: new AbortController().signal,
    onChange: () => {},
  });
  expect(sequential.map(outcome)).toEqual(jobs.scrapes.map(outcome));
  const hosts = sequential.map(({ company }) => new URL(company.url).hostname);
  expect(other.rows(hosts)).toEqual(store.rows(hosts));
  expect(other.count()).toBe(90);
  other.close();
});

test("an abort cancels the whole run, running jobs included, and what was stored stays", async () => {
  const stop = new AbortController();
  const hanging: Enricher = {
    name: "test",
    enrich: (_posting, { signal } = {}) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
        stop.abort(new Error("interrupted"));
      }),
  };
  const { scrapes, user } = await run({ enricher: hanging, fetches: 1, signal: stop.signal });
  expect(scrapes.every(({ status }) => status === "cancelled" || status === "failed")).toBe(true);
  expect(scrapes.some(({ status, step }) => status === "cancelled" && step === "ai_enhance")).toBe(true);
  expect(user.inProgress).toBe(0);
  expect(store.count()).toBe(0);
});

test("an abort before anything ran leaves nothing to run", async () => {
  const stop = new AbortController();
  stop.abort(new Error("interrupted"));
  const { scrapes, user } = await run({ signal: stop.signal, fetches: null });
  expect(scrapes.map(({ status }) => status)).toEqual(some.map(() => "cancelled"));
  expect(user).toMatchObject({ total: 20, failed: 20, inProgress: 0, states: { cancelled: 20 } });
});

test("what a run that was killed left behind is cancelled by the next, with all its jobs", async () => {
  const longshore = await connect(url);
  const [company] = companies();
  if (company === undefined) throw new Error("there is no company");
  const tasks = scraperTasks({ fetcher, enricher: localAnalysis, store });
  const options = { userId: "7", runId: "dead", enhance: true };
  const [left] = await enqueueScraping(longshore, tasks, [company], options);
  await run({ slugs: ["harbourline"] });
  expect(await left?.flow.refresh()).toMatchObject({ state: "cancelled" });
  const members = (await left?.flow.members()) ?? [];
  expect(members.map(({ state }) => state)).toEqual(Array(4).fill("cancelled"));
  await longshore.close();
});
