// What the client says of many jobs at once: how queues are doing, a flow as a tree; and what of a queue is removed.
import { expect, it } from "vitest";
import { flow, InvalidInput, task, type FlowBuilder } from "longshore";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";

const scan = task("scan", { queue: "scans", attempts: 1 }, ({ input }: { input: number }) => {
  if (input === 0) throw new Error("no site");
  return "done";
});
const first = task("first", { queue: "io" });
const second = task("second", { queue: "io" });
const third = task("third", { queue: "io" });
const chain = flow("chain", { queue: "flows" }, ($: FlowBuilder<number>) => {
  const one = $(first, { n: $.input });
  const two = $(second, { one });
  return $(third, { one, two });
});

onEveryEngine("the figures of queues", (storage) => {
  it("say what waits and for how long, how many jobs end in a minute, and who serves them", async () => {
    const longshore = await storage.connect();
    await longshore.enqueueMany(scan, [1, 0, 1, 1]);
    const worker = longshore.worker([scan], { name: "w" });
    await expect.poll(async () => (await longshore.queue("scans").counts()).queued).toBe(0);
    await expect.poll(async () => (await longshore.queueFigures(["scans"]))[0]?.rates.ended).toBeGreaterThan(0);
    expect(await longshore.queueFigures(["scans", "none"])).toMatchObject([{ name: "scans", workers: 1, head: null }]);
    await worker.stop();
    const { id } = await longshore.enqueue(scan, 1);
    await longshore.enqueue(scan, 2);

    const [scans] = await longshore.queueFigures(["scans"]);
    expect(scans).toMatchObject({ workers: 0, counts: { queued: 2 }, head: { id } });
    expect(scans?.head?.age).toBeGreaterThanOrEqual(0);
    // Four ended, one of them failed, in a time of four to five minutes.
    expect(scans?.rates.ended).toBeGreaterThanOrEqual(0.8);
    expect(scans?.rates.ended).toBeLessThanOrEqual(1);
    expect(scans?.rates.failed).toBeLessThanOrEqual(0.25);
    await expect(longshore.queueFigures(["no name"])).rejects.toThrow(InvalidInput);
    await expect(longshore.queueFigures(Array.from({ length: 201 }, (_, n) => `q${n}`))).rejects.toThrow(InvalidInput);
  });
});

onEveryEngine("a flow", (storage) => {
  it("is a tree: each job under the last of those it waits for, mentioned under the others", async () => {
    const longshore = await storage.connect();
    const job = await longshore.enqueue(chain, 1);

    const rows = (await job.tree()).map(({ depth, node, isReference }) => [depth, node.node, isReference]);
    expect(rows).toEqual([
      [0, "first", false],
      [1, "second", false],
      [2, "third", false],
      [1, "third", true],
    ]);
  });
});

onEveryEngine("what waits in a queue", (storage) => {
  it("is removed up to a limit, and nothing once the signal says so", async () => {
    const longshore = await storage.connect();
    const queue = longshore.queue("scans");
    await longshore.enqueueMany("scan", [1, 2, 3], { queue: "scans" });
    await longshore.enqueue("scan", 4, { queue: "scans", delay: "1h" });

    expect(await queue.drain({ signal: AbortSignal.abort() })).toMatchObject({ applied: 0 });
    expect(await queue.drain({ limit: 2 })).toMatchObject({ applied: 2, cursor: expect.any(String) });
    expect(await queue.drain({ delayed: true })).toMatchObject({ applied: 2, cursor: null });
    await expect(queue.drain({ delay: true } as object)).rejects.toMatchObject({ field: "delay" });
    await expect(queue.drain({ limit: 0 })).rejects.toMatchObject({ field: "limit" });
  });
});

onEveryEngine("the times of a schedule", (storage) => {
  it("are as many as asked for, paused or not", async () => {
    const longshore = await storage.connect();
    const { schedules } = longshore;
    await schedules.put({
      name: "hourly",
      task: "poll",
      every: "1h",
      paused: true,
      options: { tags: ["a"], meta: { b: 1 } },
    });
    const after = Date.UTC(2030, 0, 1, 0, 30);

    const hours = [1, 2, 3].map((hour) => Date.UTC(2030, 0, 1, hour));
    expect(await schedules.times("hourly", { count: 3, after })).toEqual(hours);
    expect(await schedules.times("hourly")).toHaveLength(5);
    expect(await schedules.get("hourly")).toMatchObject({ next: [], options: { tags: ["a"], meta: { b: 1 } } });
    await expect(schedules.times("hourly", { count: 1_001 })).rejects.toThrow(InvalidInput);
    await expect(schedules.times("none")).rejects.toMatchObject({ code: "SCHEDULE_NOT_FOUND" });
  });
});
