// Jobs of tasks that a worker has no code for, as in a rolling deploy: left to other workers, kept waiting, failed in the end.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { InvalidInput, module, task, UnknownTask, type Engine, type Job, type Worker } from "longshore";
import { makeGate } from "../fixtures/gate.js";
import { onEveryEngine } from "../fixtures/on-engines.js";
import { FakeTimeFixture, withCommands } from "../fixtures/fake-time-fixture.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** How long something may take that no clock decides, on a busy machine. */

const oldTask = task("old", {}, () => "old");
const newTask = task("new", { attempts: 1 }, () => "new");

onEveryEngine("a worker that has not the code of a task", (storage) => {
  it("leaves its jobs to one that has, which waits beside it", async () => {
    const longshore = await storage.connect();
    const old = longshore.worker([oldTask], { name: "old-one" });
    old.on("unknown", () => {});
    const fresh = longshore.worker([oldTask, newTask], { name: "new-one" });
    await Promise.all([old.ready(), fresh.ready()]);

    const jobs = await longshore.enqueueMany(
      newTask,
      Array.from({ length: 50 }, () => undefined),
    );

    expect(new Set(await Promise.all(jobs.map((job) => job.result())))).toEqual(new Set(["new"]));
    for (const job of await Promise.all(jobs.map((one) => one.refresh()))) {
      expect(job).toMatchObject({ state: "completed", attempt: 1, crashes: 0 });
      expect(job.history.filter(({ outcome }) => outcome !== "declined")).toMatchObject([{ worker: "new-one" }]);
    }
  });

  it("keeps its jobs for one that comes later", async () => {
    const longshore = await storage.connect();
    const old = longshore.worker([oldTask]);
    const met = new Promise<unknown[]>((resolve) => old.once("unknown", (...told) => resolve(told)));
    const job = await longshore.enqueue(newTask);

    expect(await met).toEqual(["new", expect.any(UnknownTask)]);
    await expect.poll(async () => (await job.refresh()).history[0]?.outcome).toBe("declined");
    expect(await job.refresh()).toMatchObject({ state: "queued", attempt: 0, error: null });
    longshore.worker([newTask]);
    expect(await job.result()).toBe("new");
    expect((await job.refresh()).attempt).toBe(1);
  });
});

describe("jobs of a task that no worker has", () => {
  let fixture: FakeTimeFixture;
  let told: string[];
  let claims: number;

  function old(options = {}): Worker {
    const worker = fixture.longshore.worker([oldTask], { name: "old-one", ...options });
    worker.on("unknown", (name) => told.push(name));
    return worker;
  }

  beforeEach(() => {
    told = [];
    claims = 0;
    const counting = (engine: Engine): Engine =>
      withCommands(engine, { exchange: (params) => ((claims += 1), engine.exchange(params)) });
    fixture = new FakeTimeFixture(counting);
  });

  afterEach(() => fixture.longshore.close());

  it("wait, and are not taken again and again", async () => {
    old();
    const jobs = [await fixture.enqueue(newTask), await fixture.enqueue(newTask)];
    await fixture.pass(1_000);
    const before = claims;
    await fixture.pass(30 * MINUTE, 10_000);

    for (const job of jobs) {
      expect(await job.refresh()).toMatchObject({ state: "queued", attempt: 0, history: [{ outcome: "declined" }] });
    }
    // A worker that has nothing to do asks once a minute.
    expect(claims - before).toBeLessThanOrEqual(35);
  });

  it("are reported once a minute, as long as they wait", async () => {
    old();
    await fixture.enqueue(newTask);
    await fixture.enqueue(newTask);
    await fixture.pass(1_000);
    expect(told).toEqual(["new"]);
    await fixture.pass(10 * MINUTE, 1_000);

    expect(told.length).toBeGreaterThanOrEqual(5);
    expect(told.length).toBeLessThanOrEqual(11);
  });

  it("are not reported by other workers while one has the task, however busy that is", async () => {
    const gate = makeGate();
    const busy = task("new", {}, () => gate.opened);
    fixture.longshore.worker([busy], { concurrency: 1, prefetch: 0 });
    await fixture.enqueue(newTask);
    await fixture.rest();
    await fixture.enqueue(newTask);
    old();
    await fixture.pass(2_000);
    told = [];
    await fixture.pass(10 * MINUTE, 1_000);

    expect(told).toEqual([]);
    gate.open();
    await fixture.rest();
  });

  it("are reported as a warning of the process when there is no listener", async () => {
    const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
    fixture.longshore.worker([oldTask], { name: "mute" });
    await fixture.enqueue(newTask);
    await fixture.rest();

    expect((await warned).message).toBe(
      'worker mute: no handler for task "new"; this worker knows old; ' +
        "its jobs are left to workers that have it, and no attempt is counted",
    );
  });

  it("fail an hour after the first worker met them, by whichever worker lives then", async () => {
    const first = old();
    const job = await fixture.enqueue(newTask);
    await fixture.pass(1_000);
    await first.stop();
    const failed: unknown[] = [];
    old().on("failed", (_job, error) => failed.push(error));
    await fixture.pass(58 * MINUTE, 1_000);
    expect((await job.refresh()).state).toBe("queued");
    await fixture.pass(4 * MINUTE, 1_000);

    expect(await job.refresh()).toMatchObject({ state: "failed", error: { code: "UNKNOWN_TASK" } });
    expect(failed).toEqual([expect.any(UnknownTask)]);
  });

  it("fail after the time set for the worker", async () => {
    old({ unknownTasks: "5m" });
    const job = await fixture.enqueue(newTask);
    await fixture.pass(4 * MINUTE, 1_000);
    expect((await job.refresh()).state).toBe("queued");
    await fixture.pass(3 * MINUTE, 1_000);

    expect((await job.refresh()).state).toBe("failed");
  });

  it("fail at once when that time is 0", async () => {
    old({ unknownTasks: 0 });
    const job = await fixture.enqueue(newTask);
    await fixture.rest();

    expect(await job.refresh()).toMatchObject({ state: "failed", error: { code: "UNKNOWN_TASK" } });
    expect(told).toEqual([]);
  });

  it("do not fail while a worker that has it works its way to them, however long that takes", async () => {
    const gate = makeGate();
    const busy = task("new", { timeout: "24h" }, () => gate.opened);
    fixture.longshore.worker([busy], { concurrency: 1, prefetch: 0 });
    await fixture.enqueue(busy);
    await fixture.rest();
    const job = await fixture.enqueue(newTask);
    old({ unknownTasks: "5m" });
    await fixture.pass(HOUR, 5_000);

    expect((await job.refresh()).state).toBe("queued");
    gate.open();
    await fixture.pass(1_000);
    expect((await job.refresh()).state).toBe("completed");
  });

  it("are no jobs that count for maxJobs, nor short ones for which more are leased ahead", async () => {
    const worker = old({ maxJobs: 1, concurrency: 1 });
    const strangers: Job[] = [];
    for (let n = 0; n < 5; n += 1) strangers.push(await fixture.enqueue(newTask));
    const job = await fixture.enqueue(oldTask);
    await fixture.pass(1_000);
    await worker.finished;

    expect(await job.result()).toBe("old");
    for (const stranger of strangers) expect((await stranger.refresh()).state).toBe("queued");
  });
});

describe("a job whose task's module is missing", () => {
  let fixture: FakeTimeFixture;
  let root: string;

  beforeEach(async () => {
    fixture = new FakeTimeFixture();
    root = await mkdtemp(join(tmpdir(), "longshore-"));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
  });

  afterEach(() => fixture.longshore.close());

  /** Looking for a file takes turns of the event loop that no clock counts. */
  async function declines(job: Job, times: number): Promise<void> {
    const declined = async (): Promise<number> => {
      await fixture.rest();
      return (await job.refresh()).history.filter(({ outcome }) => outcome === "declined").length;
    };
    await expect.poll(declined).toBe(times);
  }

  it("is tried again after 10 s, 20 s, 40 s …, and runs once the module is there", async () => {
    const late = task("late", { attempts: 1 }, module("./late.mjs#run"));
    const worker = fixture.longshore.worker([late], { tasksRoots: [root] });
    worker.on("unknown", () => {});
    const job = await fixture.enqueue(late);
    await declines(job, 1);
    for (const [index, rest] of [10_000, 20_000, 40_000].entries()) {
      await fixture.pass(rest - 1, 500);
      await declines(job, index + 1);
      await fixture.pass(1);
      await declines(job, index + 2);
    }
    await writeFile(join(root, "late.mjs"), "export const run = () => 'there';");
    await fixture.pass(80_000, 1_000);

    expect(await job.result()).toBe("there");
    expect((await job.refresh()).attempt).toBe(1);
  });

  it("is left to another worker that finds it", async () => {
    await writeFile(join(root, "late.mjs"), "export const run = () => 'there';");
    const empty = await mkdtemp(join(tmpdir(), "longshore-"));
    onTestFinished(() => rm(empty, { recursive: true, force: true }));
    const late = task("late", { attempts: 1 }, module("./late.mjs#run"));
    const without = fixture.longshore.worker([late], { tasksRoots: [empty] });
    without.on("unknown", () => {});
    const job = await fixture.enqueue(late);
    await declines(job, 1);
    fixture.longshore.worker([late], { tasksRoots: [root] });

    expect(await job.result()).toBe("there");
  });

  it("does not fail while another worker runs that task and has only not come to it", async () => {
    await writeFile(
      join(root, "late.mjs"),
      "export const run = () => new Promise((end) => (globalThis.endLate = end));",
    );
    const empty = await mkdtemp(join(tmpdir(), "longshore-"));
    onTestFinished(() => rm(empty, { recursive: true, force: true }));
    const late = task("late", { attempts: 1, timeout: "1h" }, module("./late.mjs#run"));
    fixture.longshore.worker([late], { tasksRoots: [root], concurrency: 1, prefetch: 0 });
    const first = await fixture.enqueue(late);
    await expect.poll(() => Reflect.has(globalThis, "endLate")).toBe(true);
    const without = fixture.longshore.worker([late], { tasksRoots: [empty], unknownTasks: "1m" });
    without.on("unknown", () => {});
    const job = await fixture.enqueue(late);
    await declines(job, 1);
    for (const [index, rest] of [10_000, 20_000, 40_000].entries()) {
      await fixture.pass(rest, 1_000);
      await declines(job, index + 2);
    }

    expect((await job.refresh()).state).toBe("queued");
    await Promise.all([first, job].map((one) => one.cancel()));
    (Reflect.get(globalThis, "endLate") as () => void)();
    Reflect.deleteProperty(globalThis, "endLate");
  });

  it("fails when it was missing for the time set for the worker", async () => {
    const late = task("late", { attempts: 3 }, module("./late.mjs#run"));
    const worker = fixture.longshore.worker([late], { tasksRoots: [root], unknownTasks: "1m" });
    worker.on("unknown", () => {});
    const job = await fixture.enqueue(late);
    await declines(job, 1);
    for (const [index, rest] of [10_000, 20_000].entries()) {
      await fixture.pass(rest, 1_000);
      await declines(job, index + 2);
    }
    await fixture.pass(40_000, 1_000);

    const state = async (): Promise<string> => {
      await fixture.rest();
      return (await job.refresh()).state;
    };
    await expect.poll(state).toBe("failed");
    expect((await job.refresh()).error?.code).toBe("MODULE_NOT_FOUND");
  });
});

describe("a worker with a task that has no handler", () => {
  let fixture: FakeTimeFixture;
  const bare = task("bare");

  beforeEach(() => {
    fixture = new FakeTimeFixture();
  });

  afterEach(() => fixture.longshore.close());

  it("takes one that is given in the same turn, also after promises have gone by", async () => {
    const worker = fixture.longshore.worker([oldTask, bare]);
    await Promise.resolve();
    await Promise.resolve();
    worker.handle(bare, () => "handled");
    await worker.ready();

    expect(await (await fixture.enqueue(bare)).result()).toBe("handled");
  });

  it("is refused when the turn is over: ready() rejects, and it stops", async () => {
    const worker = fixture.longshore.worker([oldTask, bare]);

    const error = await worker.ready().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error).toMatchObject({ field: "tasks[1]", message: expect.stringContaining('"bare"') });
    await worker.finished;
    expect(worker.state).toBe("stopped");
    expect(await fixture.longshore.workers()).toEqual([]);
  });

  it("is reported to listeners, which then need not await ready()", async () => {
    const worker = fixture.longshore.worker([bare]);
    const events: unknown[] = [];
    worker.on("error", (error) => events.push(error));
    worker.on("stopping", (reason) => events.push(reason));
    await worker.finished;

    expect(events).toEqual([expect.any(InvalidInput), "refused"]);
  });

  it("is not refused when it was stopped in that turn", async () => {
    const worker = fixture.longshore.worker([bare]);
    await worker.stop();

    await expect(worker.ready()).resolves.toBeUndefined();
  });
});

describe("the time that jobs of unknown tasks wait", () => {
  it.each([-1, Number.NaN, "soon"])("is not %j", async (unknownTasks) => {
    const fixture = new FakeTimeFixture();
    onTestFinished(() => fixture.longshore.close());

    expect(() => fixture.longshore.worker([oldTask], { unknownTasks: unknownTasks as number })).toThrow("unknownTasks");
  });
});

it("a worker says which tasks it has, those given a handler later included", async () => {
  const fixture = new FakeTimeFixture();
  onTestFinished(() => fixture.longshore.close());
  const bare = task("bare");
  await fixture.longshore
    .worker([oldTask, bare])
    .handle(bare, () => 1)
    .ready();

  expect((await fixture.longshore.workers()).map(({ tasks }) => tasks.map(({ name }) => name))).toEqual([
    ["old", "bare"],
  ]);
});
