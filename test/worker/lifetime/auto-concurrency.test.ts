// What `concurrency: "auto"` makes of a machine.
import { task } from "longshore";
import { describe, expect, it } from "vitest";
import { autoConcurrency, describeMachine, thisMachine } from "../../../src/worker/lifetime/auto-concurrency.js";
import { FakeTimeFixture } from "../fixtures/fake-time-fixture.js";

const GB = 1_024 ** 3;

describe("auto concurrency", () => {
  it.each([
    ["a small server", 2, 8, 2],
    ["a middling server", 4, 16, 5],
    ["a large server", 8, 32, 10],
    ["a huge server", 64, 256, 10],
    ["something in between", 6, 24, 8],
    ["many cores with little memory", 16, 8, 2],
    ["much memory with few cores", 2, 64, 2],
    ["16 GB of which the system reports a part", 4, 15.4, 5],
    ["8 GB of which the system reports a part", 2, 7.6, 2],
    ["a small container", 8, 0.5, 1],
    ["a single core", 1, 2, 1],
  ])("for %s (%i cores, %d GB) is %i", (_what, cores, memory, jobs) => {
    expect(autoConcurrency({ cores, memory: memory * GB })).toBe(jobs);
  });

  it("is what a worker runs that is asked for it, and the worker says it", async () => {
    const fixture = new FakeTimeFixture();
    const worker = fixture.longshore.worker([task("quick", {}, () => {})], { concurrency: "auto" });
    await fixture.rest();

    expect(worker.concurrency).toBe(autoConcurrency(thisMachine()));
    expect(await fixture.longshore.workers()).toMatchObject([{ concurrency: worker.concurrency }]);
    await worker.stop();
    await fixture.longshore.close();
  });

  it("says of which machine it speaks", () => {
    expect(describeMachine({ cores: 4, memory: 15.6 * GB })).toBe("4 cores, 16 GB");
    expect(describeMachine({ cores: 1, memory: 0.5 * GB })).toBe("1 core, 512 MB");
  });
});
