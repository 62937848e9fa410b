// Inline handlers that keep the event loop busy. Time is real here: what is measured is this process.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { connect, task, type JobContext, type Longshore, type Worker } from "longshore";

/** Keeps the event loop, and leaves the CPU to others. */
const block = ({ input }: JobContext<number>): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, input);
};
const blocking = task("blocking", { queue: "q" }, block);
const awaiting = task("awaiting", { queue: "q" }, async (context: JobContext<number>) => {
  await sleep(10);
  block(context);
});
const patient = task("patient", { queue: "q" }, ({ input }: JobContext<number>) => sleep(input, "done"));

async function open(): Promise<[Longshore, Worker]> {
  const longshore = await connect("memory:");
  onTestFinished(() => longshore.close());
  return [longshore, longshore.worker([blocking, awaiting, patient])];
}

it("reports which tasks ran while the event loop was blocked for more than a second, once a minute", async () => {
  const [longshore, worker] = await open();
  const told: [tasks: readonly string[], ms: number][] = [];
  worker.on("blocked", (tasks, ms) => told.push([tasks, ms]));
  for (const job of [blocking, awaiting, blocking]) await (await longshore.enqueue(job, 1_200)).result();
  await sleep(200);

  expect(told.map(([tasks]) => tasks)).toEqual([["blocking"], ["awaiting"]]);
  for (const [, ms] of told) expect(ms).toBeGreaterThan(1_000);
});

it("is silent about jobs that wait, and about short work", async () => {
  const [longshore, worker] = await open();
  const told: (readonly string[])[] = [];
  worker.on("blocked", (tasks) => told.push(tasks));
  await Promise.all([
    (await longshore.enqueue(patient, 1_500)).result(),
    (await longshore.enqueue(blocking, 200)).result(),
  ]);

  expect(told).toEqual([]);
});

it("warns the process when there is no listener", async () => {
  const [longshore] = await open();
  const warned = new Promise<Error>((resolve) => {
    process.once("warning", resolve);
  });
  await longshore.enqueue(blocking, 1_200);

  expect((await warned).message).toMatch(/a handler of blocking blocked the event loop for \d+ ms.*runner: "thread"/);
});
