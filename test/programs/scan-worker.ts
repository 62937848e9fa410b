// A worker of site scans as a process of its own, for tests that kill it. It is set up, reports and ends as `worker.ts`
// does; its execution log gets a line for each time the work of a step begins. It can be asked to stop dead in the middle of a
// step, its event loop blocked, until it is killed.
import { appendFileSync, writeSync } from "node:fs";
import { connect } from "longshore";
import type { Teaser } from "../../examples/site-scan/report/teaser.js";
import { scanSteps } from "../../examples/site-scan/scan-steps.js";
import type { ScanSteps, ScanTools } from "../../examples/site-scan/scan-steps.js";
import { scanTask } from "../../examples/site-scan/scan.js";
import type { WorkerReport, WorkerSetup } from "./worker.js";

/** What the program is set up with. */
export interface ScanWorkerSetup extends WorkerSetup {
  readonly executionLog: string;
  /** The folder of the scans. */
  readonly folder: string;
  readonly trustedOrigins: readonly string[];
  /** In the middle of which step it stops dead. */
  readonly stopIn?: keyof ScanSteps;
}

const setup = JSON.parse(process.argv[2] ?? "") as ScanWorkerSetup;

function tell(event: string): void {
  const line: WorkerReport = { event, at: Date.now() };
  writeSync(1, `${JSON.stringify(line)}\n`);
}

function begin(step: keyof ScanSteps): void {
  appendFileSync(setup.executionLog, `${step}\n`);
}

function perhapsStop(step: keyof ScanSteps): void {
  if (setup.stopIn !== step) return;
  tell("stuck");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
}

/** Tools with which a step gets as far as its second page. */
function watched(step: keyof ScanSteps, tools: ScanTools): ScanTools {
  return {
    ...tools,
    onPage: (url, done, total) => {
      tools.onPage(url, done, total);
      if (done > 0) perhapsStop(step);
    },
  };
}

const steps: ScanSteps = {
  crawl: (site, tools) => {
    begin("crawl");
    return scanSteps.crawl(site, watched("crawl", tools));
  },
  parse: (crawled, tools) => {
    begin("parse");
    return scanSteps.parse(crawled, watched("parse", tools));
  },
  analyze: (crawled, parsed, tools) => {
    begin("analyze");
    return scanSteps.analyze(crawled, parsed, watched("analyze", tools));
  },
  generate: (crawled, analyzed, tools) => {
    begin("generate");
    const onTeaser = async (teaser: Teaser): Promise<void> => {
      await tools.onTeaser(teaser);
      perhapsStop("generate");
    };
    return scanSteps.generate(crawled, analyzed, { ...tools, onTeaser });
  },
};

const orphaned = (): void => process.exit(1);
process.stdin.once("close", orphaned).resume();
const { folder, trustedOrigins } = setup;
const longshore = await connect(setup.target);
const worker = longshore.worker([scanTask({ folder, trustedOrigins, steps })], { signals: true, ...setup.options });
worker.on("started", () => tell("started"));
await worker.finished;
await longshore.close();
process.stdin.off("close", orphaned).destroy();
