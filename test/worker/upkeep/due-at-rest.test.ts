// What is due while a worker is at rest happens within a second or so: what is due next sets the next sweep.
import { describe, expect, it } from "vitest";
import { task } from "longshore";
import { FakeTimeFixture } from "../fixtures/fake-time-fixture.js";

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
});
