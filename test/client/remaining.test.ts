// `job.remaining()`: how long a running job is likely to take still.
import { describe, expect, it } from "vitest";
import { JobNotFound, task } from "longshore";
import { makeGate } from "../worker/fixtures/gate.js";
import { FakeTimeFixture } from "../worker/fixtures/fake-time-fixture.js";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";

describe("how long a job is likely to take still", () => {
  it("is estimated from the last runs of its task, the step it has reached, and how long ago that was", async () => {
    const fixture = new FakeTimeFixture();
    const scan = task("scan", async ({ step }) => {
      for (const name of ["fetch", "read"]) {
        await step(name, async () => {
          await new Promise<void>((resolve) => {
            fixture.clock.after(name === "fetch" ? 10_000 : 20_000, resolve);
          });
        });
      }
    });
    fixture.longshore.worker([scan], { concurrency: 1 });
    for (let run = 0; run < 3; run += 1) {
      await fixture.enqueue(scan);
      await fixture.pass(31_000, 100);
    }
    const job = await fixture.enqueue(scan);
    await fixture.pass(15_000, 100);

    const left = await job.remaining();
    expect(left?.runs).toBe(3);
    // About 30 s are needed, of which 15 s have passed.
    expect(Math.round((left?.ms ?? 0) / 1_000)).toBe(15);
    await fixture.pass(16_000, 100);
    expect((await job.refresh()).state).toBe("completed");
    expect(await job.remaining()).toBeNull();
    await fixture.longshore.close();
  });
});

onEveryEngine("the progress of a job", (storage) => {
  it("says when each step ended, and keeps it when the job has", async () => {
    const longshore = await storage.connect();
    const gate = makeGate();
    const scan = task("scan", { queue: "main", steps: ["fetch", "read"] }, async ({ step }) => {
      await step("fetch", () => 1);
      await gate.opened;
      await step("read", () => 2);
    });
    longshore.worker([scan]);
    const job = await longshore.enqueue(scan);
    await expect.poll(async () => (await job.progress())?.endedAfter.length).toBe(1);
    // Nothing is known of such jobs yet.
    expect(await job.remaining()).toBeNull();
    gate.open();
    await job.result();

    const [first = 0, second = 0, ...more] = (await job.progress())?.endedAfter ?? [];
    expect(first).toBeGreaterThan(0);
    expect(second).toBeGreaterThanOrEqual(first);
    expect(more).toEqual([]);
  });

  it("of a job that was removed says no time", async () => {
    const longshore = await storage.connect();
    const job = await longshore.enqueue("scan", null, { queue: "main" });
    await job.remove();
    await expect(job.remaining()).rejects.toThrow(JobNotFound);
  });
});
