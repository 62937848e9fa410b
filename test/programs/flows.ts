// Enqueues flows over three queues, one after the other, and works on them, until it is killed. Set up like `worker.ts`, it
// reports which flows have started, and keeps the same execution log.
import { appendFileSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, flow, task, type JobContext } from "longshore";
import type { WorkerReport, WorkerSetup } from "./worker.js";

const setup = JSON.parse(process.argv[2] ?? "") as WorkerSetup;

function tell(event: string, id?: string): void {
  const line: WorkerReport = { event, at: Date.now(), ...(id === undefined ? {} : { id }) };
  writeSync(1, `${JSON.stringify(line)}\n`);
}

const handler = ({ job }: JobContext<unknown>): { n: number } => {
  appendFileSync(setup.executionLog ?? "", `${job.id} ${process.pid}\n`);
  return { n: 1 };
};
const source = task("source", { queue: "a", attempts: 1 }, handler);
const left = task<{ n: number }, { n: number }>("left", { queue: "b", attempts: 1 });
const right = task<{ n: number }, { n: number }>("right", { queue: "c", attempts: 1 });
const sink = task<{ left: number; right: number }, { n: number }>("sink", { queue: "a", attempts: 1 });

/** One job, two that take from it, one that takes from both. */
const diamond = flow("diamond", { queue: "home" }, ($) => {
  const { n } = $(source);
  return $(sink, { left: $(left, { n }).n, right: $(right, { n }).n });
});

process.stdin.once("close", () => process.exit(1)).resume();
const longshore = await connect(setup.target);
const worker = longshore.worker([source], { queues: ["a", "b", "c", "home"], ...setup.options });
worker.handle(left, handler);
worker.handle(right, handler);
worker.handle(sink, handler);
worker.on("started", () => tell("started"));
for (;;) {
  const job = await longshore.enqueue(diamond);
  tell("begun", job.id);
  await sleep(20);
}
