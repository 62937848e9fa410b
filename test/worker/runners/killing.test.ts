// What does not end by itself is ended, with everything it started; and only it.
import { describe, expect, it } from "vitest";
import type { Job } from "longshore";
import { ChildFixture, CHILD_RUNNERS, eventually, lives } from "./child-fixture.js";

/** What a handler that started a process says of it. */
async function bred(job: Job): Promise<{ pid: number; grandchild: number }> {
  const { meta } = await ChildFixture.until(job, ({ meta }) => "pid" in (meta ?? {}));
  return meta as { pid: number; grandchild: number };
}

/** Timers fire up to a millisecond early, and times are whole milliseconds. */
const ROUNDING = 2;

describe.each(CHILD_RUNNERS)("a handler in a %s of its own", (runner) => {
  const bounds = { runner, killGrace: 100 } as const;

  it("is killed when it ignores its signal", async () => {
    const fixture = await ChildFixture.open({ deaf: bounds, who: bounds }, { concurrency: 1 });
    const first = await fixture.run("who");
    const from = performance.now();
    const { error } = await fixture.run("deaf", null, { timeout: 300 });

    expect(error?.code).toBe("TIMEOUT");
    expect(performance.now() - from).toBeGreaterThan(390);
    expect((await fixture.run("who")).result).not.toBe(first.result);
  });

  it("is killed when it never lets go of the CPU; the worker goes on meanwhile", async () => {
    const fixture = await ChildFixture.open({ spin: bounds, who: bounds }, { concurrency: 2 });
    // In a child that is up: on a busy machine starting one can take longer than the timeout.
    await fixture.run("who");
    const spinning = await fixture.enqueue("spin", null, { timeout: 2_500 });
    await ChildFixture.until(spinning, ({ progress }) => progress?.percent === 10);
    expect((await spinning.logs()).lines).toMatchObject([{ message: "spinning" }]);

    expect(await fixture.run("who")).toMatchObject({ state: "completed" });
    await expect(spinning.result()).rejects.toThrow("timeout");
    expect(await spinning.refresh()).toMatchObject({ error: { code: "TIMEOUT" } });
  });

  it("keeps its slot until it is dead", async () => {
    const fixture = await ChildFixture.open({ deaf: { runner, killGrace: 500 }, who: bounds }, { concurrency: 1 });
    // Time enough for a busy machine to start the process: one that has not begun needs no grace.
    const deaf = await fixture.enqueue("deaf", null, { timeout: 3_000 });
    await ChildFixture.until(deaf, ({ state }) => state === "active");
    const next = await fixture.enqueue("who");
    await next.result();

    const [dead, following] = [await deaf.refresh(), await next.refresh()];
    expect(dead.state).toBe("failed");
    // It got the signal to end at its timeout, and killed when the grace was over.
    expect((following.startedAt ?? 0) - (dead.startedAt ?? 0)).toBeGreaterThanOrEqual(3_500 - ROUNDING);
    expect(fixture.worker.overrunning).toBe(0);
  });

  it("is killed when it ignores a cancel", async () => {
    const fixture = await ChildFixture.open({ deaf: bounds, who: bounds }, { concurrency: 1 });
    const deaf = await fixture.enqueue("deaf");
    await ChildFixture.until(deaf, ({ state }) => state === "active");
    await deaf.cancel();

    expect(await fixture.run("who")).toMatchObject({ state: "completed" });
    expect((await deaf.refresh()).state).toBe("cancelled");
  });

  it.each([
    ["its own group", false],
    ["another group", true],
  ])("takes along what it started in %s, though that ignores SIGTERM", async (_where, detached) => {
    const fixture = await ChildFixture.open({ breed: bounds, who: bounds }, { concurrency: 1 });
    const job = await fixture.enqueue("breed", { detached });
    const { pid, grandchild } = await bred(job);
    expect([lives(pid), lives(grandchild)]).toEqual([true, true]);

    await job.cancel();
    // Begins when the slot is free.
    await fixture.run("who");
    expect([lives(pid), lives(grandchild)]).toEqual([runner === "thread", false]);
  });

  it("takes along what a job that ended well has left, when its child is closed", async () => {
    const fixture = await ChildFixture.open({ breed: { ...bounds, maxJobsPerChild: 1 } });
    const job = await fixture.enqueue("breed", { detached: true, ends: true });
    const grandchild = (await job.result()) as number;

    const after = await eventually(
      () => lives(grandchild),
      (living) => !living,
    );
    expect(after).toBe(false);
  });

  it("is killed when the worker stops and it does not listen, before its job is handed back", async () => {
    const fixture = await ChildFixture.open({ breed: { runner } });
    const job = await fixture.enqueue("breed", { detached: true });
    const { pid, grandchild } = await bred(job);
    const whenReleased: boolean[] = [];
    fixture.worker.on("returned", () => whenReleased.push(lives(pid), lives(grandchild)));
    await fixture.worker.stop();

    expect(await job.refresh()).toMatchObject({ state: "queued", attempt: 0 });
    expect(whenReleased).toEqual([runner === "thread", false]);
  });
});

describe.each([
  ["thread", "exit", {}, { how: "exited with code 3", exitCode: 3 }],
  ["thread", "throw", {}, { how: "ended with TypeError: nobody caught this" }],
  ["thread", "reject", {}, { how: "ended with Error: nobody caught this" }],
  ["process", "exit", { words: "the last words" }, { how: "exited with code 3; it last wrote: the last words" }],
  ["process", "kill", {}, { how: "was ended by SIGKILL" }],
  ["process", "throw", {}, { how: "TypeError: nobody caught this" }],
  ["process", "reject", {}, { how: "Error: nobody caught this" }],
] as const)("a %s that ends under its job (%s)", (runner, how, more, { how: told }) => {
  it("fails that attempt alone, and is replaced", async () => {
    const fixture = await ChildFixture.open({ die: { runner }, pause: { runner } }, { concurrency: 3 });
    const neighbours = await Promise.all([fixture.enqueue("pause", 700), fixture.enqueue("pause", 700)]);
    const dying = await fixture.run("die", { how, ...more }, { attempts: 2, backoff: 1 });

    expect(dying).toMatchObject({ state: "failed", attempt: 2, crashes: 0, error: { code: "CHILD_DIED" } });
    expect(dying.error?.message).toContain(told);
    for (const neighbour of neighbours) await neighbour.result();
    expect(fixture.troubles).toEqual([]);
  });
});

describe("a process that is signalled together with its worker", () => {
  it("goes on until its worker says otherwise", async () => {
    const fixture = await ChildFixture.open({ signalled: { runner: "process" } });

    expect(await fixture.run("signalled")).toMatchObject({ result: "still here" });
  });
});

describe("the memory of a job", () => {
  it.each([
    ["thread", {}],
    ["process", {}],
    ["process", { buffers: true }],
  ] as const)("is bounded in a %s (%o)", async (runner, input) => {
    const fixture = await ChildFixture.open({ eat: { runner, maxMemory: "128MB" }, who: { runner } });
    const { error } = await fixture.run("eat", input);

    expect(error).toMatchObject({ name: "OutOfMemory", code: "OUT_OF_MEMORY" });
    expect(error?.message).toContain("134217728 bytes");
    expect(await fixture.run("who")).toMatchObject({ state: "completed" });
  });

  it("is not held against a job that stays within it", async () => {
    const fixture = await ChildFixture.open({ pause: { runner: "process", maxMemory: "128MB" } });

    expect(await fixture.run("pause", 500)).toMatchObject({ state: "completed" });
  });
});
