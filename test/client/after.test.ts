// Jobs that wait for others: how that is said, and what is refused.
import { describe, expect, it } from "vitest";
import { InvalidInput, task, type AfterOptions } from "longshore";
import { MOST_DEPENDENCIES } from "../../src/model/job/dependency.js";
import { fetchPage } from "./flow-tasks.js";
import { FlowFixture } from "./flow-fixture.js";

const report = task<{ n: number }, null>("report");

describe("a job that is enqueued after others", () => {
  it("waits for all of them, in whatever queues, each by its policy", async () => {
    const fixture = new FlowFixture();
    const [one, two] = [
      await fixture.longshore.enqueue(fetchPage, { url: "abc" }),
      await fixture.longshore.enqueue("other", 1, { queue: "cpu" }),
    ];
    const last = await fixture.longshore.enqueue(
      report,
      { n: 1 },
      { after: [one, { job: { queue: two.queue, id: two.id }, ifFailed: "continue" }], ifFailed: "cancel" },
    );

    expect(await last.refresh()).toMatchObject({
      state: "blocked",
      after: [
        { queue: "cpu", id: two.id, ifFailed: "continue" },
        { queue: "io", id: one.id, ifFailed: "cancel" },
      ],
    });
    await fixture.fail(two.id);
    expect((await last.dependencies()).map(({ state }) => state)).toEqual(["failed", null]);
    await fixture.complete(one.id);
    expect((await last.refresh()).state).toBe("queued");
  });

  it("ends as its policy says when one of them fails", async () => {
    const fixture = new FlowFixture();
    const first = await fixture.longshore.enqueue(fetchPage, { url: "abc" });
    const after = [first];
    const fails = await fixture.longshore.enqueue(report, { n: 1 }, { after });
    const isCancelled = await fixture.longshore.enqueue(report, { n: 1 }, { after, ifFailed: "cancel" });
    const goesOn = await fixture.longshore.enqueue(report, { n: 1 }, { after, ifFailed: "continue" });
    await fixture.fail(first.id);

    expect(await fails.refresh()).toMatchObject({ state: "failed", error: { code: "DEPENDENCY_FAILED" } });
    expect((await isCancelled.refresh()).state).toBe("cancelled");
    expect((await goesOn.refresh()).state).toBe("queued");
  });

  it("may be held as well, and then waits for both", async () => {
    const fixture = new FlowFixture();
    const first = await fixture.longshore.enqueue(fetchPage, { url: "abc" });
    const held = await fixture.longshore.enqueue(report, { n: 1 }, { after: [first], hold: true });
    await fixture.complete(first.id);
    expect((await held.refresh()).state).toBe("blocked");

    await held.release();
    expect((await held.refresh()).state).toBe("queued");
  });

  it("is one of many, all of them or each with others", async () => {
    const fixture = new FlowFixture();
    const [one, two] = await fixture.longshore.enqueueMany(fetchPage, [{ url: "abc" }, { url: "def" }]);
    if (one === undefined || two === undefined) throw new Error("two were enqueued");
    const jobs = await fixture.longshore.enqueueMany(report, [{ n: 1 }, { n: 2 }, { n: 3 }], {
      after: [one],
      each: ({ n }) => (n === 1 ? undefined : { after: n === 2 ? [two] : [] }),
    });
    const waits = await Promise.all(jobs.map(async (job) => (await job.refresh()).after.map(({ id }) => id)));

    expect(waits).toEqual([[one.id], [two.id], []]);
    await expect(
      fixture.longshore.enqueueMany(report, [{ n: 1 }, { n: 2 }], {
        each: ({ n }) => (n === 1 ? undefined : { after: [one, one] }),
      }),
    ).rejects.toThrow("after[1]");
    expect(await fixture.longshore.queue("default").counts()).toMatchObject({ blocked: 2, queued: 1 });
  });

  const ref = { queue: "io", id: "x" };
  const wrong: readonly [what: string, options: object, field: string, rule: RegExp][] = [
    ["no list", { after: ref }, "after", /a list of jobs/],
    ["what is no job", { after: ["x"] }, "after[0]", /a handle, or {queue, id}/],
    ["a job without a queue", { after: [{ id: "x" }] }, "after[0]", /a handle/],
    ["a wrong queue", { after: [{ queue: "a b", id: "x" }] }, "after[0].queue", /characters/],
    ["a wrong id", { after: [ref, { job: { queue: "io", id: "" } }] }, "after[1].job.id", /characters/],
    [
      "a wrong policy",
      { after: [{ job: ref, ifFailed: "retry" }] },
      "after[0].ifFailed",
      /one of fail, cancel, continue/,
    ],
    ["another option", { after: [{ job: ref, failed: "fail" }] }, "after[0].failed", /known: job, ifFailed/],
    ["a wrong policy for all", { ifFailed: "no" }, "ifFailed", /one of/],
    ["a policy as an object", { ifFailed: { failed: "fail" } }, "ifFailed", /one of/],
    ["one job twice", { after: [ref, { job: { ...ref } }] }, "after[1]", /each job only once/],
    ["itself", { queue: "io", id: "x", after: [ref] }, "after[0]", /another job/],
    [
      "more than a thousand",
      { after: Array.from({ length: MOST_DEPENDENCIES + 1 }, (_, n) => ({ queue: "io", id: `${n}` })) },
      "after",
      /at most 1000 jobs/,
    ],
  ];
  it.each(wrong)("is refused with %s", async (_what, options, field, rule) => {
    const fixture = new FlowFixture();
    const refused = fixture.longshore.enqueue(report, { n: 1 }, options as AfterOptions);

    await expect(refused).rejects.toThrow(InvalidInput);
    await expect(refused).rejects.toMatchObject({ field, rule: expect.stringMatching(rule) as unknown });
    expect(fixture.states()).toEqual({});
  });
});
