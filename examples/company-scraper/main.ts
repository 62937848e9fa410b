// The example as a program: scrapes the job postings of companies, first one company after another and then in
// background jobs, shows how far it is and prints what came of it. Results go to standard output, everything else to
// standard error. Exit codes: 0 done (companies that could not be scraped are reported), 1 none could be or something else
// failed, 2 wrong usage, 130 interrupted, with the run cancelled.

import { randomUUID } from "node:crypto";

import { Interrupted, interruption } from "../interruption.js";
import { usualPort } from "../loopback.js";
import { SafeFetch } from "../site-scan/safe-fetch/safe-fetch.js";
import type { Company } from "./company.js";
import { ModelSettingsError, chooseEnricher } from "./enrich/choose-enricher.js";
import { PostingStore } from "./persist/posting-store.js";
import { UsageError, parseArguments, usage } from "./run/arguments.js";
import type { Settings } from "./run/arguments.js";
import { assertSame } from "./run/comparison.js";
import type { ScrapeResult } from "./run/comparison.js";
import { summaryLine, terminalReport } from "./run/report.js";
import { runScraping } from "./run/run.js";
import type { ScrapeOutcome } from "./run/run.js";
import { Scraping } from "./run/scraping.js";
import type { CompanyScrape } from "./run/scraping.js";
import { scrapeSequentially } from "./run/sequential.js";
import { StatusLine } from "./run/status-line.js";
import { serveCompanies } from "./site/company-sites.js";
import type { ScraperTools } from "./tasks.js";

/** What a run of either kind works with. */
interface Place {
  companies: Company[];
  tools: ScraperTools;
  /** Shows how far it is. */
  onChange: (scrape: CompanyScrape) => void;
}

interface Timed<T> {
  value: T;
  ms: number;
}

/** Does `work` with the websites served anew, so that every run finds the same servers in the same state. */
async function timed<T>(
  settings: Settings,
  { store, label }: { store: PostingStore; label: string },
  work: (place: Place, port: number) => Promise<T>,
): Promise<Timed<T>> {
  const sites = await serveCompanies({ port: usualPort("company-scraper", process.cwd()) });
  const fetcher = new SafeFetch(sites.fetching);
  const companies = sites.companies.slice(0, settings.companies);
  const scraping = new Scraping(companies);
  const line = new StatusLine(process.stderr, label);
  const onChange = (scrape: CompanyScrape): void => {
    scraping.see(scrape);
    line.update(scraping);
  };
  const began = performance.now();
  try {
    const tools = { fetcher, enricher: chooseEnricher(process.env), store };
    const value = await work({ companies, tools, onChange }, sites.port);
    return { value, ms: performance.now() - began };
  } finally {
    line.clear();
    await fetcher.close();
    await sites.close();
  }
}

async function runSequentially(settings: Settings, signal: AbortSignal): Promise<Timed<ScrapeResult>> {
  const store = new PostingStore(":memory:");
  try {
    return await timed(settings, { store, label: "One after another" }, async ({ companies, tools, onChange }) => {
      const scrapes = await scrapeSequentially(companies, { tools, enhance: settings.enhance, signal, onChange });
      return { scrapes, rows: store.rows(companies.map(hostOf)) };
    });
  } finally {
    store.close();
  }
}

function runInJobs(settings: Settings, store: PostingStore, signal: AbortSignal): Promise<Timed<ScrapeOutcome>> {
  return timed(settings, { store, label: "In parallel" }, ({ companies, tools, onChange }, port) => {
    if (!settings.workers) process.stderr.write(workerHint(settings, port));
    return runScraping(companies, {
      url: settings.url,
      runId: randomUUID().slice(0, 8),
      userId: settings.userId,
      tools,
      enhance: settings.enhance,
      fetches: settings.workers ? settings.concurrency : null,
      signal,
      onChange,
    });
  });
}

function workerHint({ url, store }: Settings, port: number): string {
  const where = `SCRAPER_SITES_PORT=${port} SCRAPER_STORE=${store} LONGSHORE_URL=${url}`;
  const worker = `${where} longshore worker io_fetch parse ai_enrich persist --tasks build/examples/company-scraper/worker-tasks.js`;
  return `Waiting for workers, such as\n  ${worker}\n`;
}

function hostOf({ url }: Company): string {
  return new URL(url).hostname;
}

function engineOf(url: string): string {
  const scheme = url.slice(0, url.indexOf(":"));
  return scheme === "rediss" ? "redis" : scheme;
}

async function scrapeCompanies(settings: Settings, signal: AbortSignal): Promise<void> {
  const enricher = chooseEnricher(process.env);
  const sequential = settings.sequential ? await runSequentially(settings, signal) : null;
  const store = new PostingStore(settings.store);
  try {
    const { value, ms } = await runInJobs(settings, store, signal);
    const { scrapes, user } = value;
    const completed = scrapes.filter(({ status }) => status === "completed").length;
    if (signal.aborted) throw new Interrupted(`Cancelled: ${completed} of ${scrapes.length} companies were done.`);
    const hosts = scrapes.map(({ company }) => hostOf(company));
    if (sequential !== null) assertSame(sequential.value, { scrapes, rows: store.rows(hosts) });
    const summary = {
      engine: engineOf(settings.url),
      scrapes,
      rows: store.count(hosts),
      skills: store.skills(hosts, 10),
      userId: settings.userId,
      user,
      enricher: settings.enhance ? enricher.name : null,
      sequentialMs: sequential?.ms ?? null,
      parallelMs: ms,
    };
    process.stdout.write(`${settings.json ? summaryLine(summary) : terminalReport(summary)}\n`);
    if (completed === 0) process.exitCode = 1;
  } finally {
    store.close();
  }
}

function exitCodeFor(error: unknown): number {
  if (error instanceof UsageError || error instanceof ModelSettingsError) {
    process.stderr.write(`${error.message}\n\n${usage}`);
    return 2;
  }
  if (error instanceof Interrupted) {
    process.stderr.write(`${error.message}\n`);
    return 130;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}

try {
  const settings = parseArguments(process.argv.slice(2));
  const words = { stopping: "Cancelling the run.", ended: "Interrupted." };
  if (settings.help) process.stdout.write(usage);
  else await scrapeCompanies(settings, interruption(words));
} catch (error) {
  process.exitCode = exitCodeFor(error);
}
