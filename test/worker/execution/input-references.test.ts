// Results of the jobs that a job waited for: taken into its input when it runs, or read by its handler.
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { task, type AnyTask, type Engine, type EndedDependency, type JobContext } from "longshore";
import { EngineUnavailable } from "../../../src/model/errors/errors.js";
import { EACH_TASK, type EachInput } from "../../../src/model/flow/each.js";
import { FlowInTest, type TestNode } from "../fixtures/flow-in-test.js";
import { makeGate } from "../fixtures/gate.js";
import { FakeTimeFixture, withCommands } from "../fixtures/fake-time-fixture.js";

const ONCE = { attempts: 1 } as const;

/** Gives its input; fails when that says so. */
const give = task("give", ONCE, ({ input }: JobContext<unknown>) => {
  if (input === "fail") throw new Error("broken");
  return input;
});

/** A flow of these nodes, run to its end by a worker for these tasks. */
async function run(
  nodes: Readonly<Record<string, TestNode>>,
  tasks: readonly AnyTask[] = [],
  wrap?: (engine: Engine) => Engine,
) {
  const fixture = new FakeTimeFixture(wrap);
  onTestFinished(() => fixture.longshore.close());
  const worker = fixture.longshore.worker([give, ...tasks]);
  const troubles: string[] = [];
  worker.on("error", (error) => troubles.push(error.message));
  const flow = new FlowInTest(fixture);
  const job = await flow.begin(nodes);
  await fixture.pass(20_000, 1_000);
  return { fixture, flow, job, troubles };
}

/** A job of the task `typed` whose url is taken from there. */
const typedFrom = (take: string[]): TestNode => ({
  task: "typed",
  input: { url: null },
  takes: [{ at: ["url"], from: "page", take }],
});

/** A job for a list; of the items that the job `list` gave, unless it says others. */
const each = (own: Partial<EachInput>): TestNode => ({
  task: EACH_TASK,
  input: {
    task: "shout",
    queue: "shouts",
    items: null,
    template: { word: null, loud: true },
    takes: [{ at: ["word"], take: ["text"] }],
    options: {},
    ...own,
  },
  takes: own.items === undefined ? [{ at: ["items"], from: "list", take: ["items"] }] : [],
});

/** A job that gives a list of these words. */
const words = (...texts: string[]): TestNode => ({ task: "give", input: { items: texts.map((text) => ({ text })) } });

describe("an input", () => {
  it("takes values from the results of other jobs, at any depth", async () => {
    const { job } = await run({
      page: { task: "give", input: { html: "<p>", links: [{ url: "a" }, { url: "b" }] } },
      title: { task: "give", input: "T" },
      report: {
        task: "give",
        input: { own: 1, html: null, parts: [null, { url: null }], all: null },
        takes: [
          { at: ["html"], from: "page", take: ["html"] },
          { at: ["parts", 0], from: "title", take: [] },
          { at: ["parts", 1, "url"], from: "page", take: ["links", 1, "url"] },
          { at: ["all"], from: "page", take: [] },
        ],
      },
    });

    const { result, input } = await job("report").refresh();
    const page = { html: "<p>", links: [{ url: "a" }, { url: "b" }] };
    expect(result).toEqual({ own: 1, html: "<p>", parts: ["T", { url: "b" }], all: page });
    expect(input, "what is stored stays as it is").toEqual({
      own: 1,
      html: null,
      parts: [null, { url: null }],
      all: null,
    });
  });

  it("may be what another job gave", async () => {
    const { job } = await run({
      first: { task: "give", input: [1, 2] },
      second: { task: "give", input: null, takes: [{ at: [], from: "first", take: [] }] },
    });

    expect((await job("second").refresh()).result).toEqual([1, 2]);
  });

  it("is checked, and parsed, when everything is in place", async () => {
    const typed = task(
      "typed",
      { input: z.object({ url: z.string().transform((url) => url.toUpperCase()) }) },
      (context) => {
        return context.input.url;
      },
    );
    const { job } = await run(
      { page: { task: "give", input: { url: "u", size: 7 } }, good: typedFrom(["url"]), bad: typedFrom(["size"]) },
      [typed],
    );

    expect((await job("good").refresh()).result).toBe("U");
    expect(await job("bad").refresh()).toMatchObject({
      state: "failed",
      error: { code: "INVALID_INPUT", message: /input\.url/ },
    });
  });

  it("has null where the other job did not succeed and this one goes on", async () => {
    const { job } = await run({
      page: { task: "give", input: "fail", optional: true },
      report: {
        task: "give",
        input: { html: 1 },
        takes: [{ at: ["html"], from: "page", take: ["html"] }],
        ifFailed: "continue",
      },
    });

    expect(await job("report").refresh()).toMatchObject({ state: "completed", result: { html: null } });
  });

  it.each<[string, TestNode, string]>([
    [
      "the result has no such place",
      { task: "give", input: { html: null }, takes: [{ at: ["html"], from: "page", take: ["pages", 3, "html"] }] },
      "input.html takes result.pages[3].html of default/flow-1-page, which has no such place",
    ],
    [
      "what every object has is meant",
      { task: "give", input: { html: null }, takes: [{ at: ["html"], from: "page", take: ["pages", "map"] }] },
      "which has no such place",
    ],
    [
      "the input has no such place",
      { task: "give", input: {}, takes: [{ at: ["html", "raw"], from: "page", take: [] }] },
      "input.html.raw, where the result of default/flow-1-page goes, is no place in the input",
    ],
  ])("fails its job for good when %s", async (_when, node, message) => {
    const { job } = await run({
      page: { task: "give", input: { html: "<p>", pages: [] } },
      report: { ...node, options: { attempts: 3, backoff: 1 } },
    });

    expect(await job("report").refresh()).toMatchObject({
      state: "failed",
      attempt: 1,
      error: { code: "REFERENCE_NOT_FOUND" },
    });
    expect((await job("report").refresh()).error?.message).toContain(message);
  });

  it("fails its job for good when the other job was removed", async () => {
    const fixture = new FakeTimeFixture();
    onTestFinished(() => fixture.longshore.close());
    const flow = new FlowInTest(fixture);
    const job = await flow.begin({
      page: { task: "give", input: 1 },
      report: {
        task: "give",
        input: null,
        takes: [{ at: [], from: "page", take: [] }],
        ifFailed: "continue",
        options: { attempts: 3 },
      },
    });
    await job("page").remove();
    fixture.longshore.worker([give]);
    await fixture.rest();

    expect(await job("report").refresh()).toMatchObject({
      state: "failed",
      attempt: 1,
      error: {
        name: "DependencyGone",
        code: "DEPENDENCY_GONE",
        message: "default/flow-1-page, whose result it needs, was removed",
      },
    });
  });

  it("outlasts an engine that does not answer: no attempt is counted", async () => {
    let failures = 3;
    const { job, troubles } = await run(
      {
        page: { task: "give", input: 1 },
        report: { task: "give", input: null, takes: [{ at: [], from: "page", take: [] }] },
      },
      [],
      (engine) =>
        withCommands(engine, {
          getJobs: (params) => {
            failures -= 1;
            if (failures >= 0) throw new EngineUnavailable("memory:", "gone for a moment");
            return engine.getJobs(params);
          },
        }),
    );

    expect(await job("report").refresh()).toMatchObject({ state: "completed", attempt: 1, result: 1 });
    expect((await job("report").refresh()).history).toHaveLength(1);
    expect(troubles).toHaveLength(1);
  });

  it("that is not there in time fails the attempt, and its handler is not called", async () => {
    let calls = 0;
    let failures = 5;
    const count = task("count", ONCE, () => {
      calls += 1;
    });
    const { job } = await run(
      {
        page: { task: "give", input: 1 },
        report: {
          task: "count",
          input: null,
          takes: [{ at: [], from: "page", take: [] }],
          options: { timeout: "500ms" },
        },
      },
      [count],
      (engine) =>
        withCommands(engine, {
          getJobs: (params) => {
            failures -= params.refs[0]?.id === "flow-1-page" ? 1 : 0;
            if (failures >= 0) throw new EngineUnavailable("memory:", "gone for a moment");
            return engine.getJobs(params);
          },
        }),
    );

    failures = -1;
    expect(await job("report").refresh()).toMatchObject({ state: "failed", error: { code: "TIMEOUT" } });
    expect(calls).toBe(0);
  });

  it("costs one read for all that it takes; nothing where it takes nothing", async () => {
    const reads: number[] = [];
    const takes = ["one", "two"].map((from) => ({ at: [from], from, take: [] }));
    await run(
      {
        one: { task: "give", input: 1 },
        two: { task: "give", input: 2 },
        both: { task: "give", input: { one: null, two: null }, takes },
      },
      [],
      (engine) =>
        withCommands(engine, {
          getJobs: (params) => {
            reads.push(params.refs.length);
            return engine.getJobs(params);
          },
        }),
    );

    expect(reads).toEqual([2]);
  });

  it("waits, uncounted, for a job that was retried since", async () => {
    const fixture = new FakeTimeFixture();
    onTestFinished(() => fixture.longshore.close());
    const gate = makeGate();
    let runs = 0;
    const page = task("page", ONCE, async () => {
      runs += 1;
      if (runs === 2) await gate.opened;
      return runs;
    });
    const flow = new FlowInTest(fixture);
    const job = await flow.begin({
      page: { task: "page", input: null },
      report: { task: "give", input: null, takes: [{ at: [], from: "page", take: [] }] },
    });
    await fixture.longshore.worker([page], { maxJobs: 1 }).finished;
    await job("page").retry();
    fixture.longshore.worker([page, give]);
    await fixture.rest();
    expect(await job("report").refresh()).toMatchObject({ state: "delayed", attempt: 0 });
    gate.open();
    await fixture.pass(15_000, 1_000);

    expect(await job("report").refresh()).toMatchObject({ state: "completed", attempt: 1, result: 2 });
  });
});

describe("the jobs of a list", () => {
  const shout = task("shout", { queue: "shouts" }, ({ input }: JobContext<{ word: string; loud: boolean }>) => {
    if (input.word === "no") throw new Error("hoarse");
    return input.word.toUpperCase();
  });
  const ofEach: TestNode = { task: "give", input: null, takes: [{ at: [], from: "shouts", take: [] }] };

  it("are made of its items, and stand for the list of their results", async () => {
    const { fixture, flow, job } = await run(
      { list: words("a", "b", "c"), shouts: each({ options: { attempts: 2, tags: ["t"] } }), all: ofEach },
      [shout],
    );

    expect((await job("all").refresh()).result).toEqual(["A", "B", "C"]);
    expect(flow.record()?.state).toBe("completed");
    expect((await job("shouts").refresh()).result).toEqual({ completed: 3, failed: 0 });
    const child = await (await fixture.longshore.job("flow-1-shouts.00001"))?.refresh();
    expect(child).toMatchObject({
      queue: "shouts",
      task: "shout",
      input: { word: "b", loud: true },
      attempts: 2,
      tags: ["t"],
      flow: { id: "flow-1", node: "shouts.00001", parent: "shouts", ifFailed: "continue" },
    });
  });

  it("have null in that list where one failed, and the job of the list is partial", async () => {
    const { flow, job } = await run(
      { list: words("a", "no", "c"), shouts: each({ options: { attempts: 1 } }), all: ofEach },
      [shout],
    );

    expect((await job("all").refresh()).result).toEqual(["A", null, "C"]);
    expect(await job("shouts").refresh()).toMatchObject({
      state: "partial",
      failures: [{ step: "each", key: "00001", error: { message: "hoarse" } }],
    });
    expect(flow.record()?.state).toBe("partial");
  });

  it("fail the job of the list when all of them failed", async () => {
    const { flow, job } = await run(
      { list: words("no", "no"), shouts: each({ options: { attempts: 1 } }), all: ofEach },
      [shout],
    );

    expect(await job("shouts").refresh()).toMatchObject({ state: "failed", attempt: 1, error: { code: "ALL_FAILED" } });
    expect((await job("all").refresh()).state).toBe("failed");
    expect(flow.record()?.state).toBe("failed");
  });

  it("of nothing are an empty list", async () => {
    const { job } = await run({ list: words(), shouts: each({}), all: ofEach }, [shout]);

    expect(await job("all").refresh()).toMatchObject({ state: "completed", result: [] });
  });

  it("may be the items themselves, of a list that is known, in the thousands", async () => {
    const double = task("double", { queue: "shouts" }, ({ input }: JobContext<number>) => input * 2);
    const items = Array.from({ length: 1_200 }, (_, n) => n);
    const { job } = await run(
      { shouts: each({ task: "double", items, template: null, takes: [{ at: [], take: [] }] }), all: ofEach },
      [double],
    );

    expect((await job("all").refresh()).result).toEqual(items.map((n) => n * 2));
  });

  it.each<[string, TestNode, string]>([
    ["is no list", { task: "give", input: { items: { a: 1 } } }, "items: "],
    ["is too long", { task: "give", input: { items: Array.from({ length: 10_001 }, () => 1) } }, "at most 10000 items"],
    [
      "has items without what is taken of them",
      { task: "give", input: { items: [{ text: "a" }, "b"] } },
      "items[1].text",
    ],
  ])("fail the job of the list for good when that %s", async (_how, list, message) => {
    const { fixture, job } = await run({ list, shouts: each({}) }, [shout]);

    expect(await job("shouts").refresh()).toMatchObject({ state: "failed", attempt: 1 });
    expect((await job("shouts").refresh()).error?.message).toContain(message);
    expect((await fixture.longshore.queue("shouts").counts()).completed).toBe(0);
  });

  it("are not the application's to define", () => {
    expect(() => task("longshore.each", () => 1)).toThrow('task: "longshore.each" is not allowed');
  });
});

describe("dependencies()", () => {
  it("gives how the jobs ended that it waited for, and their results; read once in a run", async () => {
    let reads = 0;
    let seen: readonly EndedDependency[] = [];
    const look = task("look", ONCE, async ({ dependencies, spawn }) => {
      await dependencies();
      seen = await dependencies();
      await spawn.all("more", "give", [7]);
      seen = await dependencies();
    });
    const { job } = await run(
      {
        good: { task: "give", input: { a: 1 } },
        bad: { task: "give", input: "fail", optional: true },
        look: {
          task: "look",
          input: {},
          takes: ["good", "bad"].map((from) => ({ at: [], from, take: [] })),
          ifFailed: "continue",
        },
      },
      [look],
      (engine) =>
        withCommands(engine, {
          dependencies: (params) => {
            reads += params.id === "flow-1-look" ? 1 : 0;
            return engine.dependencies(params);
          },
        }),
    );

    expect((await job("look").refresh()).state).toBe("completed");
    expect(seen).toMatchObject([
      {
        queue: "default",
        id: "flow-1-bad",
        ifFailed: "continue",
        state: "failed",
        task: "give",
        result: null,
        error: { message: "broken" },
      },
      { queue: "default", id: "flow-1-good", state: "completed", task: "give", result: { a: 1 }, error: null },
      { queue: "default", id: "flow-1-look.more.00000", state: "completed", result: 7 },
    ]);
    // One in the first run; in the second one for the handler and one for what it spawned.
    expect(reads).toBe(3);
  });

  it("are none for a job that waited for nothing", async () => {
    const { job } = await run({ look: { task: "look", input: null } }, [
      task("look", ONCE, async ({ dependencies }) => dependencies()),
    ]);

    expect((await job("look").refresh()).result).toEqual([]);
  });
});
