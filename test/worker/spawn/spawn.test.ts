// Jobs that start jobs: what a handler spawns is made once, and its results come back in order, without a slot meanwhile.
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import {
  NonRetryable,
  Suspended,
  task,
  type AnyTask,
  type Engine,
  type Job,
  type JobContext,
  type JobRef,
  type Spawn,
  type Worker,
  type WorkerOptions,
} from "longshore";
import { EngineUnavailable } from "../../../src/model/errors/errors.js";
import { FlowInTest } from "../fixtures/flow-in-test.js";
import { FakeTimeFixture, withCommands } from "../fixtures/fake-time-fixture.js";

const ONCE = { attempts: 1 } as const;

/** Doubles what it is given, and notes it; fails for what is negative. */
function doubling(seen: number[] = []) {
  return task("double", { queue: "children", ...ONCE }, ({ input }: JobContext<number>) => {
    seen.push(input);
    if (input < 0) throw new NonRetryable(`no ${input}`);
    return input * 2;
  });
}

interface Opened {
  readonly fixture: FakeTimeFixture;
  readonly worker: Worker;
}

/** A fixture with a worker for these tasks, closed after the test. `wrap` puts something between worker and engine. */
function open(tasks: readonly AnyTask[], wrap?: (engine: Engine) => Engine, options: WorkerOptions = {}): Opened {
  const fixture = new FakeTimeFixture(wrap);
  onTestFinished(() => fixture.longshore.close());
  return { fixture, worker: fixture.longshore.worker(tasks, { prefetch: 0, ...options }) };
}

/** The ids of the jobs of a queue, sorted. */
async function idsIn(fixture: FakeTimeFixture, queue: string): Promise<string[]> {
  const { jobs } = await fixture.longshore.jobs({ queue }).page();
  return jobs.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1));
}

const outcomes = async (job: Job): Promise<unknown[]> => (await job.refresh()).history.map(({ outcome }) => outcome);

/** An engine that fails the first time something is asked of it; `happened` says whether that had its effect. */
function failingOnce(command: keyof Engine, when: (params: never) => boolean, happened: boolean) {
  return (engine: Engine): Engine => {
    let failed = false;
    const run = (params: never): unknown =>
      Reflect.apply(Reflect.get(engine, command) as () => unknown, engine, [params]);
    const own = async (params: never): Promise<unknown> => {
      if (failed || !when(params)) return run(params);
      failed = true;
      if (happened) await run(params);
      throw new EngineUnavailable("memory:", "cut off");
    };
    return withCommands(engine, { [command]: own });
  };
}

/** An engine whose line is cut right after the n-th command of this name has had its effect: no answer comes any more. */
function cuttable(engine: Engine, command: keyof Engine, n: number): Engine {
  let left = n;
  return new Proxy(engine, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name, target);
      if (typeof found !== "function" || name === "close") return typeof found === "function" ? () => {} : found;
      return async (...given: unknown[]) => {
        if (left <= 0) throw new EngineUnavailable("memory:", "cut off");
        const answer: unknown = await Reflect.apply(found, target, given);
        if (name === command && isAboutChildren(given[0])) left -= 1;
        if (left <= 0) throw new EngineUnavailable("memory:", "cut off");
        return answer;
      };
    },
  });
}

function isAboutChildren(params: unknown): boolean {
  const { updates = [] } = params as { updates?: readonly { after?: unknown; checkpoints?: unknown }[] };
  return updates.every(({ after, checkpoints }) => after !== undefined || checkpoints !== undefined);
}

describe("spawn.all", () => {
  it("gives what the jobs gave, in the order of the inputs, in a new run that counts no attempt", async () => {
    const seen: number[] = [];
    const double = doubling(seen);
    const steps: string[] = [];
    const parent = task("parent", ONCE, async ({ step, spawn, job }) => {
      await step("before", () => steps.push("before"));
      const given = await spawn.all("doubled", double, [3, 1, 2]);
      await step("after", () => steps.push("after"));
      return { ...given, attempt: job.attempt };
    });
    const { fixture } = open([parent, double]);
    const job = await fixture.enqueue(parent);
    await fixture.rest();

    const result = { values: [6, 2, 4], errors: [], attempt: 1 };
    expect(await job.refresh()).toMatchObject({ state: "completed", result, attempt: 1 });
    expect(await outcomes(job)).toEqual(["waited", "completed"]);
    expect(steps).toEqual(["before", "after"]);
    expect(seen).toEqual([3, 1, 2]);
    expect(await idsIn(fixture, "children")).toEqual(
      ["00000", "00001", "00002"].map((key) => `${job.id}.doubled.${key}`),
    );
  });

  it("gives the slot back while the jobs run", async () => {
    const double = doubling();
    const parent = task("parent", ONCE, ({ spawn }) => spawn.all("doubled", double, [1, 2]));
    const { fixture, worker } = open([parent]);
    const told: unknown[] = [];
    worker.on("waiting", ({ id }) => told.push(id));
    const job = await fixture.enqueue(parent);
    await fixture.rest();

    expect(await job.refresh()).toMatchObject({
      state: "blocked",
      attempt: 0,
      progress: { step: "doubled", items: { done: 0, failed: 0, total: 2 } },
    });
    expect([worker.running, told]).toEqual([0, [job.id]]);
    fixture.longshore.worker([double]);
    await fixture.rest();
    expect(await job.refresh()).toMatchObject({ state: "completed", result: { values: [2, 4], errors: [] } });
  });

  it("works in one slot", async () => {
    const double = doubling();
    const parent = task("parent", { ...ONCE, queue: "children" }, ({ spawn }) =>
      spawn.all("doubled", double, [1, 2, 3]),
    );
    const { fixture } = open([parent, double], undefined, { concurrency: 1 });
    const job = await fixture.enqueue(parent);
    await fixture.rest();

    expect((await job.refresh()).state).toBe("completed");
  });

  it("is finished by a worker that stops when nothing is left to do", async () => {
    const double = doubling();
    const parent = task("parent", ONCE, ({ spawn }) => spawn.all("doubled", double, [1, 2, 3]));
    const fixture = new FakeTimeFixture();
    onTestFinished(() => fixture.longshore.close());
    const job = await fixture.enqueue(parent);
    const worker = fixture.longshore.worker([parent, double], { burst: true });
    await fixture.pass(5_000);

    expect(worker.state).toBe("stopped");
    expect((await job.refresh()).state).toBe("completed");
  });

  it("may follow and accompany others, each with steps between", async () => {
    const seen: number[] = [];
    const double = doubling(seen);
    const parent = task("parent", ONCE, async ({ step, spawn }) => {
      const [a, b] = await Promise.all([spawn.all("a", double, [1]), spawn.all("b", double, [2, 3])]);
      const next = await step("sum", () => [...a.values, ...b.values]);
      const c = await spawn.all("c", double, next);
      return c.values;
    });
    const { fixture } = open([parent, double]);
    const job = await fixture.enqueue(parent);
    await fixture.rest();

    expect(await job.refresh()).toMatchObject({ state: "completed", result: [4, 8, 12] });
    expect(await outcomes(job)).toEqual(["waited", "waited", "completed"]);
    expect(seen).toEqual([1, 2, 3, 2, 4, 6]);
  });

  it("beside a sleep ends when both are over", async () => {
    const double = doubling();
    const parent = task("parent", ONCE, async ({ step, spawn }) => {
      const [given] = await Promise.all([spawn.all("doubled", double, [1]), step.sleep("nap", "1m")]);
      return given.values;
    });
    const { fixture } = open([parent, double]);
    const job = await fixture.enqueue(parent);
    await fixture.pass(59_000, 1_000);
    expect((await job.refresh()).state).toBe("delayed");
    await fixture.pass(2_000);

    expect(await job.refresh()).toMatchObject({ state: "completed", result: [2] });
  });

  it("holds although the handler catches what it throws, or throws something else", async () => {
    const double = doubling();
    const caught: unknown[] = [];
    const parent = task("parent", ONCE, async ({ spawn, input }: JobContext<string>) => {
      try {
        return (await spawn.all("doubled", double, [1])).values;
      } catch (error) {
        caught.push(error);
        await spawn(double, 7, { key: "late" }).catch(() => {});
        if (input === "throws") throw new Error("something else", { cause: error });
        return "too early";
      }
    });
    const { fixture } = open([parent, double]);
    const jobs = [await fixture.enqueue(parent, "returns"), await fixture.enqueue(parent, "throws")];
    await fixture.rest();

    for (const job of jobs) expect(await job.refresh()).toMatchObject({ state: "completed", result: [2], attempt: 1 });
    expect(caught).toEqual([expect.any(Suspended), expect.any(Suspended)]);
    expect(await idsIn(fixture, "children")).toHaveLength(2);
  });

  it("is no failure of the step it is called in, which is not tried again for it", async () => {
    const double = doubling();
    const given: unknown[] = [];
    const parent = task("parent", ONCE, async ({ spawn, step }) => {
      const options = { retry: { tries: 5, backoff: "1h" }, optional: true } as const;
      given.push(await step("all of it", async () => (await spawn.all("doubled", double, [1])).values, options));
    });
    const { fixture } = open([parent]);
    const job = await fixture.enqueue(parent);
    await fixture.rest();
    expect((await job.refresh()).state).toBe("blocked");
    fixture.longshore.worker([double]);
    await fixture.rest();

    expect(await job.refresh()).toMatchObject({ state: "completed", failures: [] });
    expect(given, "the handler does not go on without it").toEqual([[2]]);
  });

  it("of nothing is done at once", async () => {
    const double = doubling();
    const parent = task("parent", { ...ONCE, steps: ["none"] }, ({ spawn }) => spawn.all("none", double, []));
    const { fixture } = open([parent, double]);
    const job = await fixture.enqueue(parent);
    await fixture.rest();

    expect(await job.refresh()).toMatchObject({
      state: "completed",
      result: { values: [], errors: [] },
      progress: { done: 1, total: 1 },
    });
    expect(await outcomes(job)).toEqual(["completed"]);
  });

  it("of a thousand and more works, in commands of at most 250 to enqueue and 500 to report", async () => {
    const sizes: number[] = [];
    const double = doubling();
    const parent = task("parent", ONCE, async ({ spawn }) => {
      const inputs = Array.from({ length: 1_234 }, (_, n) => n);
      const { values } = await spawn.all("doubled", double, inputs);
      return [values.length, values.reduce((sum, value) => sum + value, 0)];
    });
    const { fixture } = open([parent, double], (engine) =>
      withCommands(engine, {
        enqueue: (params) => {
          sizes.push(params.jobs.length);
          return engine.enqueue(params);
        },
        report: (params) => {
          sizes.push(...params.updates.flatMap(({ after = [] }) => (after.length === 0 ? [] : [after.length])));
          return engine.report(params);
        },
      }),
    );
    const job = await fixture.enqueue(parent);
    for (let i = 0; i < 100 && (await job.refresh()).state !== "completed"; i += 1) await fixture.rest();

    expect((await job.refresh()).result).toEqual([1_234, 1_233 * 1_234]);
    expect(sizes).toEqual([1, 250, 250, 500, 250, 250, 500, 234, 234]);
  });

  it("of jobs with sixteen tags works, in commands of at most 29", async () => {
    const sizes: number[] = [];
    const tags = Array.from({ length: 16 }, (_, n) => `tag:${n}`);
    const child = task<number, number>("tagged", { tags }, (ctx) => ctx.input);
    const parent = task("parent", ONCE, async ({ spawn }) => {
      const { values } = await spawn.all(
        "tagged",
        child,
        Array.from({ length: 60 }, (_, n) => n),
      );
      return values.length;
    });
    const { fixture } = open([parent, child], (engine) =>
      withCommands(engine, {
        enqueue: (params) => {
          sizes.push(params.jobs.length);
          return engine.enqueue(params);
        },
      }),
    );
    const job = await fixture.enqueue(parent);
    for (let i = 0; i < 100 && (await job.refresh()).state !== "completed"; i += 1) await fixture.rest();

    expect((await job.refresh()).result).toBe(60);
    expect(sizes).toEqual([1, 29, 29, 2]);
  });

  it("goes on when some of the jobs fail: the job is then partial, and says what failed", async () => {
    const double = doubling();
    const parent = task("parent", ONCE, ({ spawn }) =>
      spawn.all("doubled", double, [1, -1, 2], { key: (n) => `n ${n}` }),
    );
    const { fixture } = open([parent, double]);
    const job = await fixture.enqueue(parent);
    await fixture.rest();

    const error = { name: "NonRetryable", code: "NON_RETRYABLE", message: "no -1", stack: null, cause: null };
    expect(await job.refresh()).toMatchObject({
      state: "partial",
      result: { values: [2, 4], errors: [{ item: -1, key: "n -1", error }] },
      failures: [{ step: "doubled", key: "n -1", error }],
    });
  });

  it("says of jobs that ended without an error how they ended", async () => {
    const double = doubling();
    const parent = task("parent", ONCE, ({ spawn }) => spawn.all("doubled", double, [1, 2, 3, 4], { ttl: "10m" }));
    const { fixture } = open([parent]);
    const job = await fixture.enqueue(parent);
    await fixture.rest();
    const queue = fixture.longshore.queue("children");
    const [one = "", two = "", three = "", four = ""] = await idsIn(fixture, "children");
    await queue.job(two).cancel();
    await queue.job(three).remove();
    await fixture.longshore.worker([double], { maxJobs: 1 }).finished;
    await fixture.pass(700_000, 60_000);
    fixture.memory.sweep({ queues: ["children"], limit: 10 });
    await fixture.rest();

    expect(await job.refresh()).toMatchObject({
      state: "partial",
      result: {
        values: [2],
        errors: [
          {
            item: 2,
            error: { code: "DEPENDENCY_FAILED", message: expect.stringContaining(`${two}, which it depends on`) },
          },
          { item: 3, error: { code: "DEPENDENCY_GONE", message: expect.stringContaining(three) } },
          { item: 4, error: { code: "DEPENDENCY_FAILED", message: expect.stringContaining("ended as expired") } },
        ],
      },
    });
    expect([one, four].every((id) => id.startsWith(job.id))).toBe(true);
  });

  it("says of a job that failed and was cancelled before its next attempt that it was cancelled", async () => {
    const double = doubling();
    const child = task("child", { queue: "children", backoff: "1h" }, () => {
      throw new Error("not yet");
    });
    const parent = task("parent", ONCE, async ({ spawn }) => {
      await spawn.all("made", child, [1], { optional: true });
      return (await spawn.all("doubled", double, [1])).values;
    });
    const { fixture } = open([parent, child, double]);
    const job = await fixture.enqueue(parent);
    await fixture.rest();
    await fixture.longshore.queue("children").job(`${job.id}.made.00000`).cancel();
    await fixture.rest();

    expect(await job.refresh()).toMatchObject({
      state: "partial",
      result: [2],
      failures: [{ error: { code: "DEPENDENCY_FAILED", message: expect.stringContaining("ended as cancelled") } }],
    });
  });

  it("fails for good when all of the jobs fail, unless it is optional", async () => {
    const double = doubling();
    const parent = task("parent", { attempts: 5, backoff: 1 }, async ({ spawn, input }: JobContext<boolean>) => {
      await spawn.all("doubled", double, [-1, -2], { optional: input });
    });
    const { fixture } = open([parent, double]);
    const strict = await fixture.enqueue(parent, false);
    const lenient = await fixture.enqueue(parent, true);
    await fixture.pass(1_000);

    expect(await strict.refresh()).toMatchObject({
      state: "failed",
      attempt: 1,
      error: { code: "ALL_FAILED", message: 'every job of spawn "doubled" failed, 2 in number; the first: no -1' },
    });
    // Its handler gave nothing, and nothing else ended well.
    expect(await lenient.refresh()).toMatchObject({ state: "failed", error: { code: "ALL_FAILED" } });
  });

  it("is a success of the job that gives nothing else", async () => {
    const double = doubling();
    const parent = task("parent", ONCE, async ({ spawn }) => {
      await spawn.all("doubled", double, [1, -1]);
    });
    const { fixture } = open([parent, double]);
    const job = await fixture.enqueue(parent);
    await fixture.rest();

    expect((await job.refresh()).state).toBe("partial");
  });

  it("keeps the jobs as long as their parent", async () => {
    const double = doubling();
    const keep = { completed: { age: "3d" } } as const;
    const parent = task("parent", { ...ONCE, keep }, async ({ step, spawn }) => {
      await spawn.all("doubled", double, [1], { keep: { completed: { age: "1m" } } });
      await step.sleep("nap", "1d");
      return (await spawn.all("again", double, [2])).values;
    });
    const { fixture } = open([parent, double]);
    const job = await fixture.enqueue(parent);
    await fixture.pass(90_000_000, 600_000);

    expect(await job.refresh()).toMatchObject({ state: "completed", result: [4] });
    expect(await idsIn(fixture, "children")).toHaveLength(2);
  });

  it.each<[string, keyof Engine, (params: never) => boolean, boolean]>([
    ["before they are made", "enqueue", ({ jobs }: { jobs: { task: string }[] }) => jobs[0]?.task === "double", false],
    ["when they are made", "enqueue", ({ jobs }: { jobs: { task: string }[] }) => jobs[0]?.task === "double", true],
    [
      "before they are waited for",
      "report",
      ({ updates: [first] }: { updates: { after?: [] }[] }) => !!first?.after,
      false,
    ],
    [
      "when they are waited for",
      "report",
      ({ updates: [first] }: { updates: { after?: [] }[] }) => !!first?.after,
      true,
    ],
    ["before they are read", "getJobs", ({ refs }: { refs: JobRef[] }) => refs[0]?.queue === "children", false],
    ["before it is known how they ended", "dependencies", () => true, false],
  ])(
    "outlasts an engine that fails %s: no attempt is counted, nothing is made twice",
    async (_when, command, when, had) => {
      const seen: number[] = [];
      const double = doubling(seen);
      const parent = task("parent", ONCE, ({ spawn }) => spawn.all("doubled", double, [1, 2]));
      const { fixture, worker } = open([parent, double], failingOnce(command, when, had));
      const troubles: string[] = [];
      worker.on("error", (error) => troubles.push(error.message));
      const job = await fixture.enqueue(parent);
      await fixture.pass(5_000);

      expect(await job.refresh()).toMatchObject({ state: "completed", result: { values: [2, 4] }, attempt: 1 });
      expect([seen, troubles.length]).toEqual([[1, 2], 1]);
    },
  );

  it.each<[string, keyof Engine, number]>([
    ["made some of them", "enqueue", 1],
    ["waited for some", "report", 1],
    ["made all of them", "enqueue", 2],
    ["waited for all", "report", 2],
    ["noted that", "report", 3],
  ])("makes them once when its worker dies right after it has %s", async (_when, command, calls) => {
    const seen: number[] = [];
    const double = doubling(seen);
    const parent = task("parent", ONCE, async ({ spawn }) => {
      const { values } = await spawn.all(
        "doubled",
        double,
        Array.from({ length: 750 }, (_, n) => n),
      );
      return values.length;
    });
    const fixture = new FakeTimeFixture();
    const line = cuttable(fixture.memory, command, calls);
    const cutOff = new FakeTimeFixture(() => line, { clock: fixture.clock });
    onTestFinished(async () => {
      const closed = Promise.all([cutOff.longshore.close(), fixture.longshore.close()]);
      await fixture.pass(10_000, 1_000);
      await closed;
    });
    const job = await fixture.enqueue(parent);
    cutOff.longshore.worker([parent], { grace: 0 }).on("error", () => {});
    await cutOff.rest();
    expect((await job.refresh()).state).toBe("active");
    fixture.longshore.worker([parent, double]);
    for (let i = 0; i < 200 && (await job.refresh()).state !== "completed"; i += 1) await fixture.pass(1_000, 500);

    expect(await job.refresh()).toMatchObject({ state: "completed", result: 750, crashes: 1, attempt: 1 });
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 750 }, (_, n) => n));
  });
});

describe("spawn", () => {
  it("makes a job at once and goes on, and makes it once however often the job runs", async () => {
    const seen: number[] = [];
    const double = doubling(seen);
    const refs: JobRef[] = [];
    const parent = task("parent", { attempts: 3, backoff: 1 }, async ({ spawn, step, job }) => {
      refs.push(await spawn(double, 1));
      for (const n of [2, 3]) refs.push(await spawn(double, n, { name: "more", key: n }));
      await step.sleep("nap", "2d");
      if (job.attempt < 3) throw new Error("again");
    });
    const { fixture } = open([parent, double]);
    const job = await fixture.enqueue(parent);
    await fixture.rest();
    expect(seen).toEqual([1, 2, 3]);
    // Longer than the jobs are kept: that they were made is remembered by the one that made them.
    await fixture.pass(180_000_000, 600_000);

    expect(await job.refresh()).toMatchObject({ state: "completed", attempt: 3 });
    expect(seen).toEqual([1, 2, 3]);
    const ids = [`${job.id}.double.0`, `${job.id}.more.2`, `${job.id}.more.3`];
    expect(refs.slice(0, 3)).toEqual(ids.map((id) => ({ queue: "children", id })));
    expect(refs).toHaveLength(12);
  });

  it("of a step is made once, however often the step is tried", async () => {
    const seen: number[] = [];
    const double = doubling(seen);
    const parent = task("parent", ONCE, ({ spawn, step }) =>
      step(
        "announce",
        async ({ tryNumber: attempt }) => {
          await spawn(double, attempt);
          if (attempt < 3) throw new Error("again");
          return attempt;
        },
        { retry: { tries: 3, backoff: 0 } },
      ),
    );
    const { fixture } = open([parent, double]);
    const job = await fixture.enqueue(parent);
    await fixture.pass(1_000);

    expect(await job.refresh()).toMatchObject({ state: "completed", result: 3 });
    expect(seen).toEqual([1]);
  });

  it("that is not awaited is made before its job ends", async () => {
    const seen: number[] = [];
    const double = doubling(seen);
    const parent = task("parent", ONCE, ({ spawn }) => {
      void spawn(double, 5);
    });
    const { fixture } = open([parent, double]);
    const job = await fixture.enqueue(parent);
    await fixture.rest();

    expect([(await job.refresh()).state, seen]).toEqual(["completed", [5]]);
  });

  it("takes the options of the call, the task and the queue, and adds the tags of its parent", async () => {
    const child = task("child", { queue: "children", attempts: 7, tags: ["of:task"] });
    const parent = task("parent", { ...ONCE, tags: ["user:42"] }, async ({ spawn }) => {
      await spawn(child, null, { priority: 5, timeout: "1m", tags: ["of:call"], meta: { a: 1 }, delay: "1h" });
      await spawn("by-name", { b: 2 }, { queue: "children", key: "x" });
    });
    const fixture = new FakeTimeFixture(undefined, { defaults: { queues: { children: { ttl: "1d", attempts: 2 } } } });
    onTestFinished(() => fixture.longshore.close());
    fixture.longshore.worker([parent]);
    const job = await fixture.enqueue(parent);
    await fixture.rest();

    expect(await (await fixture.longshore.job(`${job.id}.child.0`))?.refresh()).toMatchObject({
      task: "child",
      state: "delayed",
      priority: 5,
      attempts: 7,
      timeout: 60_000,
      ttl: 86_400_000,
      tags: ["user:42", "of:task", "of:call"],
      meta: { a: 1 },
      flow: null,
    });
    expect(await (await fixture.longshore.job(`${job.id}.by-name.x`))?.refresh()).toMatchObject({
      input: { b: 2 },
      attempts: 2,
    });
  });

  const checked = task("checked", { queue: "children", input: z.object({ url: z.string() }) });
  it.each<[string, (spawn: Spawn) => Promise<unknown>, string]>([
    ["an input that the task's schema refuses", (spawn) => spawn(checked, { url: 7 } as never), "input.url: 7"],
    [
      "one input of many that the task's schema refuses",
      (spawn) => spawn.all("c", checked, [{ url: "a" }, {} as never]),
      "inputs[1].url",
    ],
    ["an input that JSON cannot keep", (spawn) => spawn.all("c", "c", [1, new Map()]), "inputs[1]: "],
    ["an input that is too large", (spawn) => spawn("c", "x".repeat(200_000)), "over the cap"],
    ["inputs that are no list", (spawn) => spawn.all("c", "c", {} as never), "inputs: {} is not allowed: a list"],
    [
      "two inputs with one key",
      (spawn) => spawn.all("c", "c", [1, 2], { key: () => "k" }),
      "a key that no other item has",
    ],
    ["a key that is no function", (spawn) => spawn.all("c", "c", [1], { key: "k" as never }), "key: "],
    ["more than 10,000 inputs", (spawn) => spawn.all("c", "c", Array.from({ length: 10_001 })), "at most 10000 jobs"],
    ["a name used twice", (spawn) => spawn("c").then(() => spawn("c")), "a key of its own for each call"],
    [
      "a name of many jobs used twice",
      (spawn) => Promise.all([spawn.all("c", "c", []), spawn.all("c", "c", [])]),
      "used before",
    ],
    [
      "a name and key that make the id of another",
      (spawn) => spawn("c", 1, { key: "00000" }).then(() => spawn.all("c", "d", [1, 2])),
      "key: ",
    ],
    ["a name that is no text", (spawn) => spawn.all(7 as never, "c", []), "spawn: 7"],
    ["a task that is none", (spawn) => spawn({} as never), "task: "],
    ["an option that does not exist", (spawn) => spawn("c", 1, { retrys: 3 } as never), "no such option"],
    ["options that are none", (spawn) => spawn("c", 1, 7 as never), "options: 7"],
    ["an id of its own", (spawn) => spawn("c", 1, { id: "x" } as never), "id: "],
    ["a unique key", (spawn) => spawn("c", 1, { unique: { key: "x" } } as never), "its parent decides"],
    ["superseding", (spawn) => spawn.all("c", "c", [1], { supersedes: "x" } as never), "its parent decides"],
    ["holding", (spawn) => spawn("c", 1, { hold: true } as never), "its parent decides"],
  ])("is refused for %s, before anything more is made", async (_what, use, message) => {
    const parent = task("parent", { attempts: 3 }, async ({ spawn }) => use(spawn));
    const { fixture } = open([parent]);
    const job = await fixture.enqueue(parent);
    await fixture.pass(1_000);

    expect(await job.refresh()).toMatchObject({ state: "failed", attempt: 1 });
    expect((await job.refresh()).error?.message).toContain(message);
    expect((await idsIn(fixture, "default")).filter((id) => id !== job.id && !/\.c\.0+$/.test(id))).toEqual([]);
    expect(await idsIn(fixture, "children")).toEqual([]);
  });

  it("is refused where a job that it did not make has the id", async () => {
    const double = doubling();
    const parent = task("parent", { attempts: 3 }, ({ spawn }) => spawn(double, 1));
    const { fixture } = open([parent]);
    await fixture.longshore.enqueue(double, 9, { id: "mine.double.0" });
    const job = await fixture.longshore.enqueue("parent", null, { id: "mine" });
    await fixture.rest();

    expect(await job.refresh()).toMatchObject({
      state: "failed",
      error: { message: expect.stringContaining("mine.double.0") },
    });
  });

  it("wants the same inputs in every run", async () => {
    const double = doubling();
    let runs = 0;
    const parent = task("parent", ONCE, ({ spawn, input }: JobContext<"fewer" | "others">) => {
      runs += 1;
      const first = runs % 2 === 1;
      const inputs = first ? [1, 2] : input === "fewer" ? [1] : [3, 4];
      return spawn.all("doubled", double, inputs, { key: (n) => n });
    });
    const { fixture } = open([parent, double]);
    const fewer = await fixture.enqueue(parent, "fewer");
    await fixture.rest();
    const others = await fixture.enqueue(parent, "others");
    await fixture.rest();

    expect((await fewer.refresh()).error?.message).toContain("as many as in the run that made the jobs, 2");
    expect((await others.refresh()).error?.message).toContain("a key of the run that made the jobs");
  });

  it("waits for jobs that are retried, and takes what they give then", async () => {
    let broken = true;
    const child = task("child", { queue: "children", ...ONCE }, ({ input }: JobContext<number>) => {
      if (broken && input === 2) throw new Error("no");
      return input;
    });
    const parent = task("parent", ONCE, ({ spawn }) => spawn.all("made", child, [1, 2]));
    const { fixture } = open([parent, child]);
    const job = await fixture.enqueue(parent);
    await fixture.rest();
    expect((await job.refresh()).state).toBe("partial");
    broken = false;
    await fixture.longshore.queue("children").job(`${job.id}.made.00001`).retry();
    await job.retry();
    await fixture.rest();

    expect(await job.refresh()).toMatchObject({ state: "completed", result: { values: [1, 2], errors: [] } });
  });

  it("looks again later for a job that was retried after it had ended", async () => {
    const double = doubling();
    const parent = task("parent", ONCE, ({ spawn }) => spawn.all("doubled", double, [1]));
    const { fixture } = open([parent, double]);
    const job = await fixture.enqueue(parent);
    await fixture.rest();
    await fixture.longshore.queue("children").pause();
    await fixture.longshore.queue("children").job(`${job.id}.doubled.00000`).retry();
    await job.retry();
    await fixture.rest();
    expect(await job.refresh()).toMatchObject({ state: "delayed", attempt: 0 });
    await fixture.longshore.queue("children").resume();
    await fixture.pass(11_000, 1_000);

    expect(await job.refresh()).toMatchObject({ state: "completed", result: { values: [2] } });
  });
});

describe("jobs spawned in a flow", () => {
  it("belong to it, and it waits for them", async () => {
    const double = doubling();
    const parent = task("parent", ONCE, async ({ spawn }) => {
      await spawn(double, -5, { optional: true });
      await spawn(double, 5, { key: "five" });
      return (await spawn.all("doubled", double, [1, -1])).values;
    });
    const { fixture } = open([parent, double]);
    const flow = new FlowInTest(fixture);
    const job = await flow.begin({ crawl: { task: "parent", input: null } });
    await fixture.rest();

    const id = job("crawl").id;
    expect(flow.record()).toMatchObject({ state: "partial" });
    const members = fixture.memory.getJobs({ refs: flow.members() });
    expect(
      members.map((member) => [member?.id, member?.flow?.node, member?.flow?.parent, member?.flow?.ifFailed]),
    ).toEqual(
      [
        [id, "crawl", null, "fail"],
        [`${id}.double.0`, "crawl.double", "crawl", "continue"],
        [`${id}.double.five`, "crawl.double.five", "crawl", "fail"],
        [`${id}.doubled.00000`, "crawl.doubled.00000", "crawl", "continue"],
        [`${id}.doubled.00001`, "crawl.doubled.00001", "crawl", "continue"],
      ].toSorted(([, , a], [, , b]) => (a === b ? 0 : a === null ? 1 : -1)),
    );
  });

  it.each<[way: string, make: (spawn: Spawn, double: AnyTask) => Promise<unknown>]>([
    ["are waited for", async (spawn, double) => (await spawn.all("doubled", double, [1, 2])).values.length],
    ["are left alone", (spawn, double) => spawn(double, 1)],
  ])("run when the flow was cancelled and retried while they were made, and %s", async (_way, make) => {
    const seen: number[] = [];
    const double = doubling(seen);
    const parent = task("parent", ONCE, ({ spawn }) => make(spawn, double));
    let cut: (() => void) | null = null;
    const { fixture } = open([parent, double], (engine) =>
      withCommands(engine, {
        enqueue: (params) => {
          const flowIsCut = cut;
          cut = null;
          if (flowIsCut === null) return engine.enqueue(params);
          // What was being made arrives when its maker is queued again, and its flow is not yet.
          flow.cancel();
          fixture.memory.retry({ refs: [parentRef], op: "again", fromStart: false });
          const answers = engine.enqueue(params);
          flowIsCut();
          return answers;
        },
      }),
    );
    const flow = new FlowInTest(fixture);
    cut = () => void fixture.memory.retry({ refs: [flow.ref], op: "again", fromStart: false });
    const job = await flow.begin({ crawl: { task: "parent", input: null } });
    const parentRef = { queue: job("crawl").queue, id: job("crawl").id };
    await fixture.pass(2_000);

    const members = fixture.memory.getJobs({ refs: flow.members() });
    expect([...new Set(members.map((member) => member?.state))]).toEqual(["completed"]);
    expect(flow.record()).toMatchObject({ state: "completed" });
    expect(seen).toHaveLength(members.length - 1);
  });

  it("are cancelled with it while their parent waits", async () => {
    const double = doubling();
    const parent = task("parent", ONCE, ({ spawn }) => spawn.all("doubled", double, [1, 2]));
    const { fixture } = open([parent]);
    const flow = new FlowInTest(fixture);
    const job = await flow.begin({ crawl: { task: "parent", input: null } });
    await fixture.rest();
    expect((await job("crawl").refresh()).state).toBe("blocked");
    flow.cancel();

    const members = fixture.memory.getJobs({ refs: flow.members() });
    expect(members.map((member) => member?.state)).toEqual(["cancelled", "cancelled", "cancelled"]);
  });
});
