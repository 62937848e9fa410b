// A scan as a job: its statuses in their order, its errors, and what can be read of it before its end.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connect, statuses } from "longshore";
import type { Job, Longshore, Worker } from "longshore";

import { AnalysisFailed, scanSteps } from "../../../examples/site-scan/scan-steps.js";
import type { ScanSteps } from "../../../examples/site-scan/scan-steps.js";
import { scanStatus } from "../../../examples/site-scan/scan-status.js";
import { folderOf, scanTask } from "../../../examples/site-scan/scan.js";
import type { ScanResult } from "../../../examples/site-scan/scan.js";
import { serveDocumentation } from "../../../examples/site-scan/site/documentation-site.js";
import type { DocumentationSite } from "../../../examples/site-scan/site/documentation-site.js";
import { makeGate } from "../../worker/gate.js";
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

async function enqueue(url: string, options: { maxPages?: number; userId?: string | null } = {}): Promise<Job<ScanResult>> {
  return longshore.enqueue(scanTask({ folder }), { url, maxPages: 4, userId: "u-1", ...options }, { attempts: 1 });
}

/** What the scan is called, with its step. */
async function statusOf(job: Job<ScanResult>): Promise<string> {
  const { status, step } = scanStatus.status(await job.refresh());
  return step === null ? status : `${status} ${step}`;
}

test("its statuses follow each other as declared, and each can be seen", async () => {
  const names = ["crawl", "parse", "analyze", "generate"] as const;
  const gates = new Map(names.map((name) => [name, { entered: makeGate(), leave: makeGate() }]));
  const held = async (name: (typeof names)[number]): Promise<void> => {
    gates.get(name)?.entered.open();
    await gates.get(name)?.leave.opened;
  };
  const job = await enqueue(site.url);
  const seen = [await statusOf(job)];
  const worker = work({
    crawl: async (...given) => (await held("crawl"), scanSteps.crawl(...given)),
    parse: async (...given) => (await held("parse"), scanSteps.parse(...given)),
    analyze: async (...given) => (await held("analyze"), scanSteps.analyze(...given)),
    generate: async (...given) => (await held("generate"), scanSteps.generate(...given)),
  });
  for (const name of names) {
    const gate = gates.get(name);
    await gate?.entered.opened;
    await expect.poll(() => statusOf(job)).toContain(name.toUpperCase());
    seen.push(await statusOf(job));
    gate?.leave.open();
  }
  await job.result();
  seen.push(await statusOf(job));
  await worker.stop();
  expect(seen).toEqual([
    "QUEUED",
    "RUNNING CRAWL",
    "RUNNING PARSE",
    "RUNNING ANALYZE",
    "TEASER_READY GENERATE",
    "FULL_READY",
  ]);
  const machine = statuses({
    initial: "QUEUED",
    transitions: {
      QUEUED: ["RUNNING CRAWL"],
      "RUNNING CRAWL": ["RUNNING PARSE"],
      "RUNNING PARSE": ["RUNNING ANALYZE"],
      "RUNNING ANALYZE": ["TEASER_READY GENERATE"],
      "TEASER_READY GENERATE": ["FULL_READY"],
      FULL_READY: [],
    },
  });
  expect(seen.every((status) => machine.has(status))).toBe(true);
});
