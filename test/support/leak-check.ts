// Runs around every test file: fails it when it leaves something open that keeps a process alive (sockets,
// servers, timers, child processes, threads, file watchers). What closes a moment later is not a leak.
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { afterAll, beforeAll } from "vitest";

const settleMs = 5_000;
const threads = new Set<Worker>();
let before = new Map<string, number>();

function follow(thread: Worker): void {
  threads.add(thread);
  thread.once("exit", () => threads.delete(thread));
}

beforeAll(() => {
  process.on("worker", follow);
  // Node opens these when they are first used, which is not the test's doing.
  void process.stdout;
  void process.stderr;
  before = openResources();
  // The test runner has timers now and then, but none that stay.
  before.delete("Timeout");
});

afterAll(async () => {
  await turn();
  process.off("worker", follow);
  const deadline = performance.now() + settleMs;
  let leaked = leaks();
  while (leaked.length > 0 && performance.now() < deadline) {
    await sleep(10, undefined, { ref: false });
    leaked = leaks();
  }
  if (leaked.length > 0) throw new Error(`This test file left open: ${leaked.join(", ")}.`);
});

function leaks(): string[] {
  return [...openResources()]
    .map(([kind, count]) => ({ kind, more: count - (before.get(kind) ?? 0) }))
    .filter(({ more }) => more > 0)
    .map(({ kind, more }) => `${more} × ${kind}`);
}

/** How many there are of each kind of resource that keeps this process alive. */
function openResources(): Map<string, number> {
  const counts = new Map<string, number>();
  if (threads.size > 0) counts.set("Thread", threads.size);
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
