// What applications do with schedules: put, look, pause, resume, run, move, remove. Time stands still where it matters.
import { beforeEach, describe, expect, it } from "vitest";
import {
  InvalidInput,
  schedule,
  ScheduleNotFound,
  task,
  UniqueConflict,
  type AnySchedule,
  type Engine,
  type Longshore,
} from "longshore";
import { z } from "zod";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";
import { FakeTimeFixture, withCommands } from "../worker/fixtures/fake-time-fixture.js";

const cleanUp = task<{ olderThan: string }>("clean-up", { queue: "chores", priority: 5, tags: ["app:7"] });
const ping = task("ping", () => "pong");
const HOUR = 3_600_000;

let fixture: FakeTimeFixture;
let longshore: Longshore;

beforeEach(() => {
  fixture = new FakeTimeFixture();
  ({ longshore } = fixture);
});

const hourly = { name: "hourly", task: cleanUp, input: { olderThan: "7d" }, every: "1h" } as const;

describe("putting a schedule", () => {
  it("takes a task by its value, with its queue and options", async () => {
    const put = await longshore.schedules.put({ ...hourly, options: { attempts: 9, tags: ["nightly"] } });

    const next = Math.ceil(fixture.clock.now() / HOUR) * HOUR;
    expect(put).toMatchObject({
      outcome: "created",
      name: "hourly",
      queue: "chores",
      task: "clean-up",
      input: { olderThan: "7d" },
      times: { type: "interval", every: HOUR, anchor: 0 },
      paused: false,
      next: [next, next + HOUR, next + 2 * HOUR, next + 3 * HOUR, next + 4 * HOUR],
      lastJob: null,
      problem: null,
    });
    const job = await longshore.schedules.run("hourly");
    expect(await (await longshore.job(job.id))?.refresh()).toMatchObject({
      task: "clean-up",
      queue: "chores",
      priority: 5,
      attempts: 9,
      tags: ["app:7", "nightly", "schedule:hourly"],
      input: { olderThan: "7d" },
    });
  });

  it("takes a task by its name, in the queue default unless another is named", async () => {
    expect(await longshore.schedules.put({ name: "a", task: "mail", cron: "@daily" })).toMatchObject({
      queue: "default",
      task: "mail",
    });
    const other = { name: "b", task: "mail", cron: "@daily", options: { queue: "mails" } };
    expect(await longshore.schedules.put(other)).toMatchObject({ queue: "mails" });
  });

  it("knows what the connection says of a queue", async () => {
    fixture = new FakeTimeFixture(undefined, { payloadCap: 100, defaults: { queues: { chores: { attempts: 7 } } } });
    await fixture.longshore.schedules.put(hourly);
    const job = await fixture.longshore.schedules.run("hourly");
    expect(await (await fixture.longshore.job(job.id))?.refresh()).toMatchObject({ attempts: 7 });
    const big = { ...hourly, input: { olderThan: "x".repeat(100) } };
    await expect(fixture.longshore.schedules.put(big)).rejects.toThrow(/over the cap of 100 bytes/);
  });

  it.each([
    ["schedule.every", { ...hourly, every: "1 fortnight" }],
    ["schedule.cron", { name: "x", task: ping, cron: "0 0 30 2 *" }],
    ["schedule.timeZone", { name: "x", task: ping, cron: "@daily", timeZone: "Europe/Atlantis" }],
    ["schedule.task", { name: "x", task: 7, cron: "@daily" }],
    ["schedule.task", { name: "x", task: {}, cron: "@daily" }],
    ["schedule.options.id", { name: "x", task: ping, cron: "@daily", options: { id: "mine" } }],
    ["schedule.often", { name: "x", task: ping, cron: "@daily", often: true }],
    ["schedule", null],
  ])("refuses %s before anything is stored", async (field, wrong) => {
    const refused = longshore.schedules.put(wrong as never).catch((error: unknown) => error);
    expect(await refused).toBeInstanceOf(InvalidInput);
    expect(await refused).toMatchObject({ field });
    expect(await longshore.queues()).toEqual([]);
  });

  it.each([
    ["at once", z.object({ url: z.url() })],
    ["later", z.object({ url: z.string().refine(async (url) => Promise.resolve(url.startsWith("http"))) })],
  ])("checks the input with the task's schema, which answers %s", async (_when, input) => {
    const scan = task("scan", { input });
    await expect(
      longshore.schedules.put({ name: "s", task: scan, input: { url: "nowhere" }, every: "1h" }),
    ).rejects.toMatchObject({ field: "schedule.input.url" });
    const put = longshore.schedules.put({ name: "s", task: scan, input: { url: "http://a.example" }, every: "1h" });
    expect(await put).toMatchObject({ outcome: "created" });
  });

  it("says whether it was there as it is, or as another", async () => {
    const before = await longshore.schedules.put(hourly);
    await fixture.pass(1_000);
    expect(await longshore.schedules.put(hourly)).toEqual({ ...before, outcome: "unchanged" });
    expect(await longshore.schedules.put({ ...hourly, overlap: "skip" })).toMatchObject({ outcome: "changed" });
  });
});

describe("types", () => {
  it("hold the input of a schedule to that of its task", () => {
    const typed: AnySchedule = schedule(hourly);
    expect(typed).toEqual(hourly);
    expect(Object.isFrozen(typed)).toBe(true);
    // @ts-expect-error the task takes an object
    expect(() => schedule({ ...hourly, input: 7 })).not.toThrow();
    // @ts-expect-error the task needs an input
    expect(() => schedule({ name: "hourly", task: cleanUp, every: "1h" })).not.toThrow();
    // @ts-expect-error either a cron expression or an interval
    expect(() => schedule({ ...hourly, cron: "@daily" })).toThrow(InvalidInput);
    expect(() => schedule({ name: "ping", task: ping, cron: "@hourly" })).not.toThrow();
  });

  it("let what schedule() gives be put", async () => {
    expect(await longshore.schedules.put(schedule(hourly))).toMatchObject({ name: "hourly", outcome: "created" });
  });
});

describe("a schedule by its name", () => {
  beforeEach(async () => {
    await longshore.schedules.put(hourly);
  });

  it("is found, and listed by queue and name", async () => {
    await longshore.schedules.put({ name: "a", task: ping, cron: "*/5 * * * *", timeZone: "Asia/Tokyo" });
    await longshore.schedules.put({ ...hourly, name: "daily", every: "1d" });
    const names = async (query = {}): Promise<string[]> =>
      (await longshore.schedules.list(query)).map(({ name }) => name);
    expect(await names()).toEqual(["daily", "hourly", "a"]);
    expect(await names({ queue: "default" })).toEqual(["a"]);
    expect(await longshore.schedules.get("a")).toMatchObject({
      times: { type: "cron", cron: "*/5 * * * *", timeZone: "Asia/Tokyo" },
    });
    expect(await longshore.schedules.get("none")).toBeNull();
    await expect(longshore.schedules.get("no name")).rejects.toThrow(InvalidInput);
  });

  it("has no next time while it is paused, and begins anew when it is resumed", async () => {
    await longshore.schedules.pause("hourly");
    expect(await longshore.schedules.get("hourly")).toMatchObject({ paused: true, next: [] });
    await fixture.pass(3 * HOUR, HOUR);
    await longshore.schedules.resume("hourly");
    const { paused, lastDue, next } = (await longshore.schedules.get("hourly")) ?? {};
    expect([paused, lastDue]).toEqual([false, fixture.clock.now()]);
    expect(next?.[0]).toBeGreaterThan(fixture.clock.now());
  });

  it("is left as it is by resuming when it was not paused", async () => {
    const before = await longshore.schedules.get("hourly");
    await fixture.pass(1_000);
    await longshore.schedules.resume("hourly");
    expect(await longshore.schedules.get("hourly")).toEqual(before);
  });

  it("is run now, paused or not, and its ticks stay as they are", async () => {
    await longshore.schedules.pause("hourly");
    const before = await longshore.schedules.get("hourly");
    const one = await longshore.schedules.run("hourly");
    const two = await longshore.schedules.run("hourly");
    expect(one.id).not.toBe(two.id);
    expect(await (await longshore.job(one.id))?.refresh()).toMatchObject({ state: "queued" });
    expect(await longshore.schedules.get("hourly")).toEqual(before);
  });

  it("is run now with a key that may be held", async () => {
    const unique = { key: "k", onConflict: "reject" } as const;
    await longshore.schedules.put({ ...hourly, options: { unique } });
    await longshore.schedules.run("hourly");
    await expect(longshore.schedules.run("hourly")).rejects.toThrow(UniqueConflict);
  });

  it("is removed, and its jobs stay", async () => {
    const job = await longshore.schedules.run("hourly");
    expect(await longshore.schedules.remove("hourly")).toBe(true);
    expect(await longshore.schedules.remove("hourly")).toBe(false);
    expect(await longshore.schedules.list()).toEqual([]);
    expect(await (await longshore.job(job.id))?.refresh()).toMatchObject({ state: "queued" });
  });

  it("that is not there is said to be missing", async () => {
    for (const command of ["pause", "resume", "run"] as const) {
      await expect(longshore.schedules[command]("none")).rejects.toThrow(ScheduleNotFound);
    }
  });

  it("is nothing to a connection that was closed", async () => {
    await longshore.close();
    await expect(longshore.schedules.list()).rejects.toThrow(/closed/);
    await expect(longshore.schedules.put(hourly)).rejects.toThrow(/closed/);
  });
});

it("resumes by the definition that a schedule has by then", async () => {
  let meanwhile: (() => Promise<unknown>) | null = null;
  fixture = new FakeTimeFixture((memory) =>
    withCommands(memory, {
      async resumeSchedule(params) {
        const change = meanwhile;
        meanwhile = null;
        await change?.();
        return memory.resumeSchedule(params);
      },
    }),
  );
  const { schedules } = fixture.longshore;
  await schedules.put({ ...hourly, paused: true });
  meanwhile = () => schedules.put({ ...hourly, every: "1d" });
  await schedules.resume("hourly");
  const { next = [] } = (await schedules.get("hourly")) ?? {};
  expect((next[1] ?? 0) - (next[0] ?? 0)).toBe(24 * HOUR);
});

describe("a schedule whose queue changes", () => {
  const moved = { ...hourly, options: { queue: "other" } };

  it("moves there, and goes on from its last tick", async () => {
    await longshore.schedules.put(hourly);
    const before = await longshore.schedules.get("hourly");
    await fixture.pass(5 * HOUR, HOUR);
    expect(await longshore.schedules.put(moved)).toMatchObject({ outcome: "changed", queue: "other" });
    expect(await longshore.schedules.list()).toEqual([{ ...before, queue: "other", createdAt: fixture.clock.now() }]);
  });

  it("begins anew with other times", async () => {
    await longshore.schedules.put(hourly);
    await fixture.pass(5 * HOUR, HOUR);
    expect(await longshore.schedules.put({ ...moved, every: "2h" })).toMatchObject({ lastDue: fixture.clock.now() });
  });

  it("stays paused", async () => {
    await longshore.schedules.put(hourly);
    await longshore.schedules.pause("hourly");
    expect(await longshore.schedules.put(moved)).toMatchObject({ paused: true, queue: "other" });
    expect(await longshore.schedules.list()).toHaveLength(1);
  });

  it.each([
    ["before", "putSchedule", "chores"],
    ["after", "putSchedule", "other"],
    ["before", "removeSchedule", "other"],
    ["after", "removeSchedule", "other"],
    ["before", "resumeSchedule", "other"],
    ["after", "resumeSchedule", "other"],
  ] as const)(
    "fires each tick once when its mover dies %s %s, and is in the queue %s in the end",
    async (when, last, end) => {
      let dies = false;
      const dying = (name: typeof last, memory: Engine) => async (params: never) => {
        const dead = dies && name === last;
        const answer = dead && when === "before" ? null : await (memory[name] as (params: never) => unknown)(params);
        if (dead) throw new Error("the mover is dead");
        return answer as never;
      };
      fixture = new FakeTimeFixture((memory) =>
        withCommands(memory, {
          putSchedule: dying("putSchedule", memory),
          removeSchedule: dying("removeSchedule", memory),
          resumeSchedule: dying("resumeSchedule", memory),
        }),
      );
      ({ longshore } = fixture);
      await longshore.schedules.put(hourly);
      const worker = longshore.worker([task("clean-up", () => "done")], { queues: ["chores", "other"] });
      await fixture.pass(2 * HOUR, 60_000);
      dies = true;
      await expect(longshore.schedules.put(moved)).rejects.toThrow("the mover is dead");
      dies = false;
      await fixture.pass(3 * HOUR, 60_000);

      expect((await longshore.schedules.list()).map(({ queue }) => queue)).toEqual([end]);
      const ids: string[] = [];
      for await (const { id } of longshore.jobs({ tag: "schedule:hourly" })) ids.push(id);
      expect(ids).toHaveLength(5);
      expect(new Set(ids).size).toBe(5);
      await Promise.all([worker.stop(), fixture.pass(1_000)]);
    },
  );

  it("has no job of a tick that was fired in the old queue while it moved", async () => {
    let meanwhile: (() => Promise<unknown>) | null = null;
    fixture = new FakeTimeFixture((memory) =>
      withCommands(memory, {
        async putSchedule(params) {
          const answer = memory.putSchedule(params);
          const act = meanwhile;
          meanwhile = null;
          await act?.();
          return answer;
        },
      }),
    );
    ({ longshore } = fixture);
    await longshore.schedules.put(hourly);
    const worker = longshore.worker([task("clean-up", () => "done")], { queues: ["chores"] });
    meanwhile = () => fixture.pass(HOUR, 60_000);
    const { lastJob, lastDue } = (await longshore.schedules.put(moved)) as { lastJob: string | null; lastDue: number };
    expect([lastJob, lastDue % HOUR]).toEqual([null, 0]);
    await Promise.all([worker.stop(), fixture.pass(1_000)]);
  });
});

onEveryEngine("schedules", (storage) => {
  it("are put, listed, run, fired and removed", async () => {
    const real = await storage.connect();
    const put = await real.schedules.put({ name: "often", task: ping, every: "1s", options: { queue: "q" } });
    expect(put).toMatchObject({ outcome: "created", queue: "q", next: { length: 5 } });
    const worker = real.worker([ping], { queues: ["q"] });
    const ran: string[] = [];
    worker.on("completed", ({ id }) => void ran.push(id));
    await expect.poll(() => ran.filter((id) => id.startsWith("tick:often:")).length).toBe(2);
    const now = await real.schedules.run("often");
    expect(await now.result()).toBe("pong");
    await real.schedules.put({ name: "often", task: ping, every: "1s", options: { queue: "r" } });
    expect(await real.schedules.list()).toHaveLength(1);
    expect(await real.schedules.remove("often")).toBe(true);
    expect(await real.schedules.list()).toEqual([]);
  });
});
