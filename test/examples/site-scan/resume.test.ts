// A scan outlives its worker: a real worker process is killed in the middle of a step and another one is started. A file
// counts how often the work of each step began. Time is real here: what is tested is another process taking over.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import type { ScanSteps } from "../../../examples/site-scan/scan-steps.js";
import { scanStatus } from "../../../examples/site-scan/scan-status.js";
import { scanTask } from "../../../examples/site-scan/scan.js";
import { serveDocumentation } from "../../../examples/site-scan/site/documentation-site.js";
import type { DocumentationSite } from "../../../examples/site-scan/site/documentation-site.js";
import { onSharedRedis, onSqlite } from "../../process/storage-fixture.js";
import type { ProcessStorage } from "../../process/storage-fixture.js";
import { WorkerProcess } from "../../process/worker-process.js";
import type { ScanWorkerSetup } from "../../programs/scan-worker.js";

let site: DocumentationSite;
beforeAll(async () => {
  site = await serveDocumentation();
});
afterAll(() => site.close());

/** Starts a worker of scans; with `stopIn` it stops dead in the middle of that step. */
async function startWorker(
  storage: ProcessStorage,
  executionLog: string,
  stopIn?: keyof ScanSteps,
): Promise<WorkerProcess> {
  const setup: ScanWorkerSetup = {
    target: storage.target,
    options: { lease: 1_500 },
    executionLog,
    folder: join(storage.folder, "scans"),
    trustedOrigins: [site.origin],
    ...(stopIn && { stopIn }),
  };
  const worker = new WorkerProcess(setup, "scan-worker");
  onTestFinished(async () => void (await worker.kill()));
  await worker.hears("started");
  return worker;
}

describe.each([
  ["crawl", onSqlite, { crawl: 2, parse: 1, analyze: 1, generate: 1 }],
  ["parse", onSqlite, { crawl: 1, parse: 2, analyze: 1, generate: 1 }],
  ["analyze", onSqlite, { crawl: 1, parse: 1, analyze: 2, generate: 1 }],
  ["analyze", onSharedRedis, { crawl: 1, parse: 1, analyze: 2, generate: 1 }],
  ["generate", onSqlite, { crawl: 1, parse: 1, analyze: 1, generate: 2 }],
] as const)("a worker that is killed in the middle of %s (%o)", (step, open, runs) => {
  test("is followed by one that resumes at that step", async () => {
    const storage = await open();
    const executionLog = join(storage.folder, "steps.txt");
    const longshore = await storage.connect();
    const doomed = await startWorker(storage, executionLog, step);
    const scan = scanTask({ folder: join(storage.folder, "scans") });
    const job = await longshore.enqueue(scan, { url: site.url, maxPages: 4, userId: "u-1" });
    await doomed.hears("stuck");

    const teaser = { name: "TEASER_READY", value: { title: "Longshore" } };
    expect(await job.milestones()).toMatchObject(step === "generate" ? [teaser] : []);
    await doomed.kill();
    await startWorker(storage, executionLog);
    const result = await job.result();

    const lines = (await readFile(executionLog, "utf8")).trim().split("\n");
    expect(
      Object.fromEntries(
        ["crawl", "parse", "analyze", "generate"].map((name) => [name, lines.filter((line) => line === name).length]),
      ),
    ).toEqual(runs);
    expect(result).toMatchObject({ title: "Longshore", pages: 4 });
    const record = await job.refresh();
    expect(record).toMatchObject({ state: "completed", attempt: 1, crashes: 1 });
    expect(record.progress).toMatchObject({ percent: 100, counters: { pages: 4 } });
    expect(scanStatus.status(record)).toEqual({ status: "FULL_READY", step: null });
    expect(await job.milestones()).toMatchObject([teaser]);
  });
});
