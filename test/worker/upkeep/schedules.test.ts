// Workers and schedules, in fake time: any worker fires a due tick on time, once, and a worker puts the
// schedules that it was given.
import { setImmediate as turn } from "node:timers/promises";
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import {
  EngineUnavailable,
  InvalidInput,
  schedule,
  task,
  type Engine,
  type Worker,
  type WorkerOptions,
} from "longshore";
import { z } from "zod";
import { parseSchedule } from "../../../src/model/schedule/schedule.js";
import { tickId } from "../../../src/model/schedule/ticks.js";
import { FakeTimeFixture, withCommands } from "../fixtures/fake-time-fixture.js";
import { makeGate } from "../fixtures/gate.js";

const MINUTE = 60_000;
const ping = task("ping", { queue: "q" }, () => "pong");

const workers: Worker[] = [];
let fixture = new FakeTimeFixture();

afterEach(async () => {
  await Promise.all([...workers.map((worker) => worker.stop()), fixture.pass(2_000)]);
  workers.length = 0;
});

function work(options: WorkerOptions = {}): Worker {
  const worker = fixture.longshore.worker([ping], { queues: ["q"], ...options });
  workers.push(worker);
  return worker;
}

/** The ids of the jobs of a schedule, by their ticks. */
async function jobsOf(name: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of fixture.longshore.jobs({ tag: `schedule:${name}` })) ids.push(id);
  return ids.toSorted();
}

describe("a tick", () => {
  it("runs within 150 ms of its time on a worker at rest", async () => {
    fixture = new FakeTimeFixture();
    await fixture.longshore.schedules.put({ name: "s", task: ping, every: "1m" });
    const worker = work();
    const ran: number[] = [];
    worker.on("completed", () => void ran.push(fixture.clock.now() % MINUTE));
    await fixture.pass(5 * MINUTE, 10);
    expect(ran).toHaveLength(5);
    for (const late of ran) expect(late).toBeLessThan(150);
  });

  it("costs no more looks than it needs", async () => {
    let sweeps = 0;
    let exchanges = 0;
    fixture = new FakeTimeFixture((memory) =>
      withCommands(memory, {
        sweep: (params) => {
          sweeps += 1;
          return memory.sweep(params);
        },
        exchange: (params) => {
          exchanges += 1;
          return memory.exchange(params);
        },
      }),
    );
    await fixture.longshore.schedules.put({ name: "s", task: ping, every: "10m" });
    work();
    await fixture.pass(60 * MINUTE);
    expect(await jobsOf("s")).toHaveLength(6);
    // At rest: a sweep every half minute, and little more for each tick.
    expect(sweeps).toBeLessThan(120 * 1.4 + 6 * 4);
    expect(exchanges).toBeLessThan(120 + 6 * 6);
  });

  it("of a schedule that was put while all workers slept runs on time", async () => {
    fixture = new FakeTimeFixture();
    const worker = work();
    await fixture.pass(5_000);
    const soon = fixture.clock.now() + 4_000;
    const ran: number[] = [];
    worker.on("completed", () => void ran.push(fixture.clock.now()));
    await fixture.longshore.schedules.put({ name: "s", task: ping, every: "1h", anchor: soon });
    await fixture.pass(4_200, 10);
    expect(ran).toHaveLength(1);
    expect((ran[0] ?? 0) - soon).toBeLessThan(150);
  });

  it("of a paused queue is fired on time, by a worker that learns of it from its own sweeps alone", async () => {
    fixture = new FakeTimeFixture((memory) =>
      withCommands(memory, { exchange: async (params) => ({ ...(await memory.exchange(params)), nextDue: null }) }),
    );
    await fixture.longshore.queue("q").pause();
    await fixture.longshore.schedules.put({ name: "s", task: ping, every: "5s" });
    work();
    await fixture.pass(MINUTE + 1_000, 10);
    const late: number[] = [];
    for await (const { createdAt } of fixture.longshore.jobs({ queue: "q" })) late.push(createdAt % 5_000);
    expect(late).toHaveLength(12);
    expect(Math.max(...late)).toBeLessThan(150);
  });

  it("runs on another worker when the one that fired all before is gone", async () => {
    fixture = new FakeTimeFixture();
    await fixture.longshore.schedules.put({ name: "s", task: ping, every: "1m" });
    const first = work();
    await fixture.pass(2 * MINUTE);
    work();
    await Promise.all([first.stop(), fixture.pass(1_000)]);
    await fixture.pass(3 * MINUTE);
    expect(await jobsOf("s")).toHaveLength(5);
  });

  it("that is due runs before a worker with burst stops", async () => {
    // It finds the queue empty before its first sweep, and the wake-up for the job comes late.
    fixture = new FakeTimeFixture((memory) =>
      withCommands(memory, {
        sweep: async (params) => {
          for (let turns = 0; turns < 10; turns += 1) await turn();
          return memory.sweep(params);
        },
        awaitWork: ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(null))),
      }),
    );
    await fixture.longshore.schedules.put({ name: "s", task: ping, every: "1m" });
    await fixture.pass(MINUTE, MINUTE);
    const worker = work({ burst: true });
    let ran = 0;
    worker.on("completed", () => void (ran += 1));
    await Promise.all([worker.finished, fixture.pass(1_000)]);
    expect(ran).toBe(1);
  });

  it.each([
    ["all", 300],
    ["one", 1],
    ["skip", 1],
  ] as const)("that was missed is made up for by catchUp: %s", async (catchUp, jobs) => {
    fixture = new FakeTimeFixture();
    await fixture.longshore.schedules.put({ name: "s", task: ping, every: "1m", catchUp });
    await fixture.pass(300 * MINUTE, 300 * MINUTE);
    work();
    await fixture.pass(1_000);
    expect(await jobsOf("s")).toHaveLength(jobs);
    const [found] = await fixture.longshore.schedules.list();
    expect(found?.lastDue).toBe(fixture.clock.now() - (fixture.clock.now() % MINUTE));
  });

  it("late by more than a minute is left out by catchUp: skip, and the schedule goes on", async () => {
    fixture = new FakeTimeFixture();
    await fixture.longshore.schedules.put({ name: "s", task: ping, every: "10m", catchUp: "skip" });
    await fixture.pass(15 * MINUTE, 15 * MINUTE);
    work();
    await fixture.pass(1_000);
    expect(await jobsOf("s")).toEqual([]);
    await fixture.pass(10 * MINUTE);
    expect(await jobsOf("s")).toHaveLength(1);
  });

  it("whose job has not ended keeps the next from running with overlap: skip", async () => {
    fixture = new FakeTimeFixture();
    const ends: (() => void)[] = [];
    const slow = task("ping", { queue: "q", timeout: "1h" }, () => new Promise<void>((resolve) => ends.push(resolve)));
    await fixture.longshore.schedules.put({ name: "s", task: ping, every: "1m", overlap: "skip" });
    workers.push(fixture.longshore.worker([slow], { queues: ["q"] }));
    await fixture.pass(5 * MINUTE);
    expect(await jobsOf("s")).toHaveLength(1);
    ends[0]?.();
    await fixture.pass(MINUTE);
    expect(await jobsOf("s")).toHaveLength(2);
    ends[1]?.();
  });
});

describe("a schedule that cannot be used", () => {
  const good = parseSchedule("schedule", { name: "bad", task: "ping", every: "1m", options: { queue: "q" } });

  it.each([
    ["whose times are none", { ...good, times: { type: "cron", cron: "never", timeZone: "UTC" } } as const],
    ["that cannot be decoded", { ...good, job: { ...good.job, task: 7 as unknown as string } }],
  ])("%s is paused and reported, and the others go on", async (_what, bad) => {
    fixture = new FakeTimeFixture();
    const put = {
      queue: "q",
      status: "active",
      lastDue: fixture.clock.now(),
      nextDue: fixture.clock.now(),
      op: "1",
    } as const;
    fixture.memory.putSchedule({ ...put, schedule: bad });
    await fixture.longshore.schedules.put({ name: "s", task: ping, every: "1m" });
    const worker = work();
    const errors: Error[] = [];
    worker.on("error", (error) => void errors.push(error));
    await fixture.pass(2 * MINUTE);
    expect(errors).toHaveLength(1);
    expect(await jobsOf("s")).toHaveLength(2);
    expect(await fixture.longshore.schedules.get("bad")).toMatchObject({ paused: true });
  });
});

describe("a worker with schedules", () => {
  const hourly = schedule({ name: "hourly", task: ping, cron: "0 * * * *" });

  it("puts them when it starts, and those that are there stay as they are", async () => {
    fixture = new FakeTimeFixture();
    await work({ schedules: [hourly] }).ready();
    const before = await fixture.longshore.schedules.list();
    expect(before).toMatchObject([{ name: "hourly", queue: "q", task: "ping" }]);
    await fixture.longshore.schedules.pause("hourly");
    await fixture.pass(MINUTE);
    await work({ schedules: [hourly, { name: "daily", task: "ping", every: "1d" }] }).ready();
    expect(await fixture.longshore.schedules.list()).toMatchObject([
      { name: "daily", queue: "default" },
      { ...before[0], paused: true, next: [] },
    ]);
  });

  it("refuses wrong ones when it is made", () => {
    fixture = new FakeTimeFixture();
    expect(() => work({ schedules: 7 as never })).toThrow(/schedules/);
    expect(() => work({ schedules: [{ name: "x", task: "y", cron: "soon" }] })).toThrow(InvalidInput);
    expect(() => work({ schedules: [hourly, hourly] })).toThrow(/schedules\[1\]\.name/);
    const scan = task("scan", { input: z.object({ url: z.url() }) });
    const wrong = { name: "x", task: scan, input: { url: 7 }, every: "1h" } as const;
    expect(() => work({ schedules: [wrong as never] })).toThrow(/schedules\[0\]\.input\.url/);
  });

  it("reports one that an asynchronous schema refuses, and puts the others", async () => {
    fixture = new FakeTimeFixture();
    const late = task("late", { input: z.string().refine(async () => Promise.resolve(false), "not today") });
    const refused = schedule({ name: "refused", task: late, input: "x", every: "1h" });
    const worker = work({ schedules: [refused, hourly] });
    const errors: Error[] = [];
    worker.on("error", (error) => void errors.push(error));
    await worker.ready();
    expect(errors.map((error) => error.message).join()).toMatch(/schedules\[0\]\.input: .*not today/);
    expect(await fixture.longshore.schedules.list()).toMatchObject([{ name: "hourly" }]);
  });

  it("sweeps before it has put them: a worker that lives for seconds recovers, promotes and removes too", async () => {
    let sweeps = 0;
    const gate = makeGate();
    fixture = new FakeTimeFixture((memory) =>
      withCommands(memory, {
        sweep: (params) => {
          sweeps += 1;
          return memory.sweep(params);
        },
        putSchedule: async (params) => {
          await gate.opened;
          return memory.putSchedule(params);
        },
      }),
    );
    const worker = work({ schedules: [hourly] });
    await fixture.pass(100);
    expect([worker.state, sweeps > 0]).toEqual(["starting", true]);

    gate.open();
    await worker.ready();
    expect(await fixture.longshore.schedules.list()).toHaveLength(1);
  });

  it("fires one in time that it put after its first sweep, also when nothing wakes it", async () => {
    let puts = 0;
    fixture = new FakeTimeFixture((memory) =>
      withCommands(memory, {
        exchange: async (params) => ({ ...(await memory.exchange(params)), nextDue: null }),
        awaitWork: ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(null))),
        putSchedule: (params) => {
          puts += 1;
          if (puts < 3) throw new EngineUnavailable("memory:", "it is full");
          return memory.putSchedule(params);
        },
      }),
    );
    work({ schedules: [schedule({ name: "s", task: ping, every: "5s" })] }).on("error", () => undefined);
    await fixture.pass(20_000, 10);
    expect(puts).toBe(3);
    const late: number[] = [];
    for await (const { createdAt } of fixture.longshore.jobs({ queue: "q" })) late.push(createdAt % 5_000);
    expect(late.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...late)).toBeLessThan(150);
  });

  it("with burst does not end before they are put", async () => {
    const gate = makeGate();
    fixture = new FakeTimeFixture((memory) =>
      withCommands(memory, {
        putSchedule: async (params) => {
          await gate.opened;
          return memory.putSchedule(params);
        },
      }),
    );
    const worker = work({ schedules: [hourly], burst: true });
    await fixture.pass(5_000);
    expect(worker.state).toBe("starting");

    gate.open();
    await Promise.all([worker.finished, fixture.pass(1_000)]);
    expect(await fixture.longshore.schedules.list()).toHaveLength(1);
  });

  it("takes work although the engine takes no schedule, which it puts later", async () => {
    let full = true;
    fixture = new FakeTimeFixture((memory) =>
      withCommands(memory, {
        putSchedule: (params) => {
          if (full) throw new EngineUnavailable("memory:", "it is full");
          return memory.putSchedule(params);
        },
      }),
    );
    const worker = work({ schedules: [hourly] });
    worker.on("error", () => undefined);
    await worker.ready();
    expect(worker.state).toBe("running");
    await fixture.pass(10_000);
    expect(await fixture.longshore.schedules.list()).toEqual([]);
    full = false;
    await fixture.pass(10_000);
    expect(await fixture.longshore.schedules.list()).toHaveLength(1);
  });
});

/** A command that is answered late: others run between a sweep and what follows from it. */
function late<P, A>(command: (params: P) => A | Promise<A>): (params: P) => Promise<A> {
  return async (params) => {
    await Promise.resolve();
    return await command(params);
  };
}

describe("of many sweepers at once", () => {
  const option = fc.record({
    every: fc.constantFrom(1_000, 7_000, MINUTE, 90_000),
    jitter: fc.constantFrom(0, 500),
    overlap: fc.constantFrom("allow", "allow", "supersede"),
  });

  it("one makes the job of each tick, and no tick is left out", async () => {
    let fired = 0;
    let stale = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(option, { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 5, maxLength: 15 }),
        fc.integer({ min: 2, max: 5 }),
        async (options, pauses, sweepers) => {
          fixture = new FakeTimeFixture((memory: Engine) =>
            withCommands(memory, {
              sweep: late((params) => memory.sweep(params)),
              fireSchedules: late(async (params) => {
                const answers = await memory.fireSchedules(params);
                fired += answers.filter((answer) => answer === "applied").length;
                stale += answers.filter((answer) => answer === "stale").length;
                return answers;
              }),
            }),
          );
          const from = fixture.clock.now();
          for (const [index, change] of options.entries()) {
            await fixture.longshore.schedules.put({
              name: `s${index}`,
              task: ping,
              catchUp: "all",
              ...change,
            });
          }
          const team = Array.from({ length: sweepers }, () => work());
          for (const ms of pauses) await fixture.pass(ms, 10_000);
          await fixture.pass(2 * MINUTE, 1_000);

          const until = fixture.clock.now();
          for (const [index, { every: step }] of options.entries()) {
            const ticks: string[] = [];
            // What became due in the last moment may wait for its sweep.
            const first = Math.floor(from / step) * step + step;
            for (let due = first; due <= until - 1_500; due += step) ticks.push(tickId(`s${index}`, due));
            const jobs = await jobsOf(`s${index}`);
            expect(jobs.length).toBe(new Set(jobs).size);
            expect(jobs.slice(0, ticks.length)).toEqual(ticks.toSorted());
            expect(jobs.length).toBeLessThanOrEqual(ticks.length + 2);
          }
          await Promise.all([...team.map((worker) => worker.stop()), fixture.pass(2_000)]);
          workers.length = 0;
        },
      ),
      { numRuns: 20 },
    );
    expect(fired).toBeGreaterThan(500);
    expect(stale).toBeGreaterThan(100);
  });
});
