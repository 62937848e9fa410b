/**
 * A process with one worker of one system. It reports to its parent which jobs began and which were completed, what happened
 * in one turn of the event loop in one message, so that reporting costs every system the same small share. It stops in
 * good order when asked, and ends when its parent is gone.
 */
import { moment } from "./moment.js";
import { loadSystem } from "./systems/index.js";
import type { WorkerReport, WorkerMessage, WorkerOrder, WorkerRequest } from "./worker-protocol.js";

const { system, store, queue, options, reportsStarts } = JSON.parse(process.argv[2] ?? "") as WorkerOrder;

let starts: [string, number][] = [];
let done: string[] = [];
let doneAt = 0;
let reporting = false;

process.on("disconnect", () => process.exit(1));
// On Ctrl-C the terminal signals this process too; only the parent decides when it stops.
process.on("SIGINT", () => undefined);

const line = await (await loadSystem(system)).open(store, queue);
const worker = await line.work({
  ...options,
  ...(reportsStarts ? { started: noteStart } : {}),
  done: noteDone,
  failed: ({ message }) => send({ kind: "failed", reason: message }),
});
process.on("message", (request) => void obey(request as WorkerRequest));
send({ kind: "ready" });

function noteStart(id: string): void {
  starts.push([id, moment()]);
  reportSoon();
}

function noteDone(id: string): void {
  if (done.length === 0) doneAt = moment();
  done.push(id);
  reportSoon();
}

function reportSoon(): void {
  if (reporting) return;
  reporting = true;
  setImmediate(sendReport);
}

function sendReport(): void {
  reporting = false;
  if (starts.length === 0 && done.length === 0) return;
  const report: WorkerReport = { starts, done, doneAt };
  starts = [];
  done = [];
  send({ kind: "report", report });
}

async function obey(request: WorkerRequest): Promise<void> {
  if (request === "usage") {
    const { user, system } = process.cpuUsage();
    const residentMb = process.memoryUsage.rss() / 1e6;
    send({ kind: "usage", usage: { cpuMs: (user + system) / 1_000, residentMb } });
    return;
  }
  await worker.stop();
  sendReport();
  await line.close();
  send({ kind: "stopped" }, () => process.exit());
}

function send(message: WorkerMessage, sent?: () => void): void {
  process.send?.(message, undefined, undefined, sent);
}
