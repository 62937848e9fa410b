// What is due while a worker is at rest happens within a second or so: what is due next sets the next sweep.
import { describe, expect, it } from "vitest";
import { attach, task } from "longshore";
import { FakeTimeFixture, withCommands } from "../fixtures/fake-time-fixture.js";
import { makeGate } from "../fixtures/gate.js";

const work = task("work", { queue: "work" }, () => 1);

describe("a worker at rest", () => {
  it.each([
    ["1s", 1_000],
    ["3s", 3_000],
    ["17s", 17_000],
  ] as const)("removes a job that is kept for %s when that is over", async (keep, age) => {
    const fixture = new FakeTimeFixture();
    fixture.longshore.worker([work]);
    const job = await fixture.longshore.enqueue(work, {}, { keep: { completed: keep } });
    await fixture.pass(100);
    expect((await job.refresh()).state).toBe("completed");
    await fixture.pass(age - 500);
    expect(await fixture.longshore.job(job.id)).not.toBeNull();
    await fixture.pass(2_000);
    expect(await fixture.longshore.job(job.id)).toBeNull();
  });

  it.each([
    ["waits in a paused queue", { ttl: "7s" }],
    ["is held", { ttl: "7s", hold: true }],
  ] as const)("expires a job that %s when its ttl is over", async (_how, options) => {
    const fixture = new FakeTimeFixture();
    const worker = fixture.longshore.worker([work]);
    worker.on("expired", () => {});
    await fixture.longshore.queue("work").pause();
    await fixture.pass(60_000);
    const job = await fixture.longshore.enqueue(work, {}, options);
    await fixture.pass(6_900);
    expect((await job.refresh()).state).toBe("hold" in options ? "blocked" : "queued");
    await fixture.pass(1_000);
    expect((await job.refresh()).state).toBe("expired");
  });

  it("removes a job that someone else cancels when what it is kept for is over", async () => {
    const fixture = new FakeTimeFixture();
    fixture.longshore.worker([work]);
    const job = await fixture.longshore.enqueue(work, {}, { delay: "1h", keep: { failed: "4s" } });
    await fixture.pass(61_000);
    await job.cancel();
    await fixture.pass(3_900);
    expect(await fixture.longshore.job(job.id)).not.toBeNull();
    await fixture.pass(1_500);
    expect(await fixture.longshore.job(job.id)).toBeNull();
  });

  it("sweeps again within seconds when something happens while a sweep is on its way", async () => {
    const fixture = new FakeTimeFixture();
    const gate = makeGate();
    const sweeps: number[] = [];
    const slow = withCommands(fixture.memory, {
      sweep: async (params) => {
        sweeps.push(fixture.clock.now());
        if (sweeps.length === 5) await gate.opened;
        return fixture.memory.sweep(params);
      },
    });
    const worker = attach(slow, { clock: fixture.clock, random: () => 0.5 }).worker([work]);
    worker.on("cancelled", () => {});
    const job = await fixture.longshore.enqueue(work, {}, { delay: "1h" });
    while (sweeps.length < 5) await fixture.pass(1_000);
    await job.cancel();
    await fixture.pass(500);
    gate.open();
    await fixture.pass(2_000);
    expect(sweeps).toHaveLength(6);
    await worker.stop({ grace: 0 });
  });
});
