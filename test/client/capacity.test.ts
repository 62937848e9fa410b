// Advice on capacity from what the engine measured, by a worker whose runs take ten seconds of fake time.
import { describe, expect, it } from "vitest";
import { task, type CapacityOptions, type Engine } from "longshore";
import { FakeTimeFixture, withCommands } from "../worker/fixtures/fake-time-fixture.js";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";

const MINUTE = 60_000;

onEveryEngine("capacity", (storage) => {
  it("is not advised where too little was measured", async () => {
    const longshore = await storage.connect();
    expect(await longshore.capacity()).toMatchObject({ window: 60 * MINUTE, targetWait: 30_000, queues: [] });
    await longshore.enqueue("scan", null, { queue: "scans" });
    const { queues } = await longshore.capacity({ targetWait: "5s", window: "24h" });
    expect(queues).toMatchObject([{ queue: "scans", slots: 0, runs: 0, arrivals: null, slotsNeeded: null }]);
    await expect(longshore.capacity({ queues: ["scans", "there-is-none"] })).rejects.toMatchObject({
      code: "QUEUE_NOT_FOUND",
      message: 'queue "there-is-none" does not exist',
    });
  });

  it.each<[string, CapacityOptions]>([
    ["targetWait", { targetWait: "soon" as "1s" }],
    ["window", { window: "2d" }],
    ["window", { window: "1m" }],
    ["queues", { queues: Array.from({ length: 201 }, () => "a") }],
    ["queues[0]", { queues: ["no name"] }],
  ])("refuses a wrong %s", async (field, options) => {
    const longshore = await storage.connect();
    await expect(longshore.capacity(options)).rejects.toMatchObject({ code: "INVALID_INPUT", field });
  });
});

describe("capacity", () => {
  it("is what was measured of a worker, with one question to the series", async () => {
    let asked = 0;
    const fixture = new FakeTimeFixture((memory: Engine) =>
      withCommands(memory, {
        series: (params) => {
          asked += 1;
          return memory.series(params);
        },
      }),
    );
    const { longshore, clock } = fixture;
    const scan = task(
      "scan",
      { queue: "scans" },
      () => new Promise<void>((resolve) => void clock.after(10_000, resolve)),
    );
    await longshore.worker([scan], { concurrency: 2, prefetch: 0 }).ready();
    for (let minute = 0; minute < 26; minute += 1) {
      await longshore.enqueueMany(scan, Array.from({ length: 6 }));
      await fixture.pass(MINUTE, 5_000);
    }
    const { queues } = await longshore.capacity({ targetWait: "1s" });
    expect(asked).toBe(1);
    const [advice] = queues;
    // Those of the first minutes are left out: it is not known since when the queue is in use.
    expect(advice?.runs).toBeGreaterThanOrEqual(120);
    expect(advice).toMatchObject({ queue: "scans", workers: 1, slots: 2, sharedWith: [], runTime: 10_000 });
    expect(advice?.arrivals?.mean).toBeCloseTo(6, 0);
    // A slot is busy all the time, of two.
    expect(advice?.utilisation).toBeCloseTo(0.5, 1);
    expect(advice?.slotsNeeded).toBeGreaterThan(2);
    await longshore.close();
  });
});
