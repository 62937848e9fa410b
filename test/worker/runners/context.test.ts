// A handler finds the same in a thread and in a process as in the worker itself.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { module, statuses, task, type Middleware, type TaskOptions } from "longshore";
import { ChildFixture, folder } from "./child-fixture.js";

const WITH_LONGSHORE = "longshore-handlers.mjs";

describe.each(["inline", "thread", "process"] as const)("a handler run by the runner %s", (runner) => {
  it("is given input, job, signal, progress, log and meta", async () => {
    const fixture = await ChildFixture.open({ everything: { runner } });
    const job = await fixture.enqueue("everything", { n: 7 }, { meta: { from: "outside" } });

    const meta = { from: "outside", seen: 7 };
    expect(await job.result()).toEqual({ n: 7, id: job.id, attempt: 1, aborted: false, before: meta });
    expect(await job.refresh()).toMatchObject({ meta, progress: { percent: 100, message: "begun" } });
    expect((await job.logs()).lines).toMatchObject([
      { level: "info", message: "an info" },
      { level: "warn", message: "a warning" },
    ]);
  });

  it("is found as the default export, and as a task with a schema", async () => {
    const fixture = await ChildFixture.open({ parsing: { runner } }, {}, "schema-handlers.mjs");
    const whole = task("whole", { runner }, module("handlers.mjs"));
    fixture.longshore.worker([whole], { queues: ["whole"], tasksRoots: [folder] });

    expect(await (await fixture.longshore.enqueue(whole, [1], { queue: "whole" })).result()).toEqual({ whole: [1] });
    const parsed = await fixture.run("parsing", { n: "12" });
    expect(parsed.result).toBe("number 12");
  });

  it("gets what the task's own schema made of the input", async () => {
    const fixture = await ChildFixture.open({ who: { runner } });
    const dated = task(
      "dated",
      { runner, attempts: 3, input: z.object({ at: z.coerce.date<string>() }) },
      module<(context: { input: { at: Date } }) => string>("./handlers.mjs#dated"),
    );
    fixture.longshore.worker([dated], { queues: ["dated"], tasksRoots: [folder] });
    const job = await fixture.longshore.enqueue(dated, { at: "2026-01-01" }, { queue: "dated" });

    expect(await job.result()).toBe(`true ${Date.parse("2026-01-01")}`);
    const wrong = await fixture.longshore.enqueue("dated", { at: "never" }, { queue: "dated" });
    await expect(wrong.result()).rejects.toThrow("input.at");
    expect((await wrong.refresh()).attempt).toBe(1);
  });

  it("takes steps that are not run again, counts, shows milestones, and half succeeds", async () => {
    const steps = ["first", "second", "third"];
    const fixture = await ChildFixture.open({ stepping: { runner, steps, milestones: ["HALF"] } as TaskOptions });
    const job = await fixture.enqueue("stepping", { deaths: 1 }, { attempts: 2, backoff: 1 });

    expect(await job.result()).toEqual({
      ran: ["second"],
      first: { on: 1 },
      values: [10, 30],
      failed: [["2", "TypeError"]],
    });
    expect(await job.refresh()).toMatchObject({
      state: "partial",
      attempt: 2,
      progress: { percent: 100, total: 3, done: 3, counters: { found: 3 } },
    });
    expect(await job.milestones()).toMatchObject([{ name: "HALF", value: { first: { on: 1 } } }]);
  });

  it("chooses its steps from its input, and takes no others", async () => {
    const fixture = await ChildFixture.open({
      undeclared: { runner, steps: (input: string[]) => input } as TaskOptions,
    });

    const { error } = await fixture.run("undeclared", ["one", "two"]);
    expect(error?.message).toContain("one of the steps of this job: one, two");
  });

  it("sleeps between two runs", async () => {
    const fixture = await ChildFixture.open({ sleeping: { runner } });

    expect(await fixture.run("sleeping")).toMatchObject({ state: "completed", result: 1 });
  });

  it("shows milestones as their schema makes them, and none that it refuses", async () => {
    const milestones = { TEASER: z.object({ title: z.string().trim() }) };
    const fixture = await ChildFixture.open({ emitting: { runner, milestones } as TaskOptions });
    const job = await fixture.enqueue("emitting", { name: "TEASER", value: { title: " a title " } });
    await job.result();

    expect(await job.milestones()).toMatchObject([{ name: "TEASER", value: { title: "a title" } }]);
    const refused = await fixture.run("emitting", { name: "TEASER", value: {} });
    expect(refused.error).toMatchObject({ code: "INVALID_INPUT" });
    expect((await fixture.run("emitting", { name: "OTHER" })).error?.message).toContain("one of the task's milestones");
  });

  it("gets the signal to end when its job is cancelled, with the reason", async () => {
    const fixture = await ChildFixture.open({ obey: { runner } }, {}, WITH_LONGSHORE);
    const job = await fixture.working("obey");
    await job.cancel();

    await ChildFixture.until(job, ({ state }) => state === "cancelled");
    // Its child lives and works on.
    expect(await fixture.run("obey", null, { timeout: 100 })).toMatchObject({ error: { code: "TIMEOUT" } });
  });

  it("gets the signal to end at its timeout, and its attempt ends as that", async () => {
    const fixture = await ChildFixture.open({ obey: { runner }, who: { runner } }, {}, WITH_LONGSHORE);
    // In a child that is up: starting one can take longer than the timeout.
    await fixture.run("who");

    const job = await fixture.enqueue("obey", null, { timeout: 1_000 });
    await expect(job.result()).rejects.toThrow("timeout");
    expect(await job.refresh()).toMatchObject({ state: "failed", error: { code: "TIMEOUT", name: "TimedOut" } });
    // In the worker itself the attempt is over when the handler gets the signal.
    const told = (await job.logs()).lines.map(({ message }) => message);
    expect(told).toEqual(
      runner === "inline" ? [] : ["told TimedOut: the attempt ran longer than its timeout of 1000 ms"],
    );
  });

  it("decides by what it throws, as anywhere", async () => {
    const fixture = await ChildFixture.open({ fail: { runner } }, {}, WITH_LONGSHORE);
    const run = (input: object) => fixture.run("fail", input, { attempts: 2, backoff: 1 });

    expect(await run({ with: "final" })).toMatchObject({
      attempt: 1,
      error: { name: "NonRetryable", code: "NEVER", message: "never again", cause: { name: "TypeError" } },
    });
    expect(await run({ with: "retry-after" })).toMatchObject({ state: "completed", result: 2 });
    expect(await run({ with: "snooze", until: Date.now() + 50 })).toMatchObject({ state: "completed", result: 1 });
    expect(await run({ with: "status" })).toMatchObject({ attempt: 1, error: { code: "404", message: "not found" } });
    expect(await run({ with: "limited" })).toMatchObject({ state: "completed", result: 2 });
    expect(await run({ with: "text" })).toMatchObject({ attempt: 2, error: { message: "only a text" } });
    const plain = await run({});
    expect(plain).toMatchObject({ attempt: 2, error: { name: "RangeError", message: "out of range" } });
    expect(plain.error?.stack).toContain("handlers.mjs");
  });

  it("is judged by its task's classifier", async () => {
    const seen: unknown[] = [];
    const classify = (error: unknown) => {
      seen.push(Object.fromEntries(Object.entries(error as Error)));
      return { kind: "final" } as const;
    };
    const fixture = await ChildFixture.open({ fail: { runner, classify } }, {}, WITH_LONGSHORE);

    expect(await fixture.run("fail", { with: "status" }, { attempts: 5 })).toMatchObject({ attempt: 1 });
    expect(seen).toMatchObject([{ status: 404, details: { of: "page" } }]);
  });

  it("takes only the statuses that its task allows", async () => {
    const fixture = await ChildFixture.open({ who: { runner } });
    const machine = statuses({ initial: "PLACED", transitions: { PLACED: ["PAID"], PAID: [] } });
    const options = { runner, attempts: 1, statuses: machine };
    const pay = task("pay", options, module<(context: { input: string }) => string>("./handlers.mjs#pay"));
    fixture.longshore.worker([pay], { queues: ["pay"], tasksRoots: [folder] });

    const good = await fixture.longshore.enqueue(pay, "PAID", { queue: "pay" });
    expect(await good.result()).toBe("PLACED, PAID");
    expect((await good.refresh()).progress?.status).toBe("PAID");
    const bad = await fixture.longshore.enqueue(pay, "PLACED", { queue: "pay" });
    await expect(bad.result()).rejects.toThrow("PLACED");
    expect((await bad.refresh()).error?.code).toBe("ILLEGAL_TRANSITION");
  });

  it("fails at once with a result that JSON cannot hold", async () => {
    const fixture = await ChildFixture.open({ unserialisable: { runner } });

    const { attempt, error } = await fixture.run("unserialisable", null, { attempts: 3 });
    expect({ attempt, code: error?.code }).toEqual({ attempt: 1, code: "INVALID_INPUT" });
  });

  it("can ask for the current job when the worker allows it", async () => {
    const fixture = await ChildFixture.open({ current: { runner } }, { currentJob: true }, WITH_LONGSHORE);
    const job = await fixture.enqueue("current");

    expect(await job.result()).toBe(job.id);
  });

  it("is surrounded by the worker's hooks", async () => {
    const seen: unknown[] = [];
    const hooks: Middleware = {
      onStart: ({ job }) => void seen.push(["start", job.task]),
      onSettle: ({ job }, { kind, result, error }) => void seen.push(["settle", job.task, kind, result, String(error)]),
    };
    const fixture = await ChildFixture.open(
      { pause: { runner }, fail: { runner } },
      { middleware: [hooks] },
      WITH_LONGSHORE,
    );
    await fixture.run("pause", 1);
    await fixture.run("fail", { with: "status" });

    expect(seen).toEqual([
      ["start", "pause"],
      ["settle", "pause", "complete", expect.any(String), "undefined"],
      ["start", "fail"],
      ["settle", "fail", "fail", undefined, "Error: not found"],
    ]);
  });

  it("gets the signal when the worker stops, and its job returns uncounted", async () => {
    const fixture = await ChildFixture.open({ obey: { runner } }, {}, WITH_LONGSHORE);
    const job = await fixture.working("obey");
    await fixture.worker.stop();

    expect(await job.refresh()).toMatchObject({ state: "queued", attempt: 0 });
    expect((await job.logs()).lines.map(({ message }) => message)).toEqual([
      expect.stringContaining("told ShuttingDown"),
    ]);
  });
});
