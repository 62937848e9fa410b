// A task's own statuses: only the transitions it allows, emitted in order, and read with the job.
import { expect, it } from "vitest";
import { IllegalTransition, InvalidInput, NonRetryable, statuses, task } from "longshore";
import { reviews } from "../../model/profile/profiles.js";
import { onEveryEngine } from "../fixtures/on-engines.js";
import { FakeTimeFixture } from "../fixtures/fake-time-fixture.js";

const scanStatuses = statuses({
  initial: "QUEUED",
  transitions: {
    QUEUED: ["RUNNING", "ERROR_VALIDATION"],
    RUNNING: ["TEASER_READY", "ERROR_CRAWL"],
    TEASER_READY: ["FULL_READY"],
    FULL_READY: [],
    ERROR_VALIDATION: [],
    ERROR_CRAWL: [],
  },
});

onEveryEngine("a task's own statuses", (storage) => {
  it("are taken in the order the task allows, kept with the job and emitted to watchers", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", { statuses: scanStatuses }, async ({ status, emit }) => {
      const begin = status.current;
      await status.set("RUNNING");
      await emit("teaser", { title: "T" });
      await status.set("TEASER_READY");
      void status.set("FULL_READY");
      return [begin, status.current];
    });
    const job = await longshore.enqueue(scan, undefined, { delay: 50 });
    const told: string[] = [];
    const watched = (async () => {
      for await (const event of job.events()) if (event.kind === "status") told.push(event.name);
    })();
    longshore.worker([scan]);

    expect(await job.result()).toEqual(["QUEUED", "FULL_READY"]);
    await watched;
    expect(told).toEqual(["RUNNING", "TEASER_READY", "FULL_READY"]);
    expect((await job.refresh()).progress?.status).toBe("FULL_READY");
  });

  it("are each emitted to watchers although several are set at once", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", { statuses: scanStatuses }, ({ status }) => {
      void status.set("RUNNING");
      void status.set("TEASER_READY");
      void status.set("FULL_READY");
    });
    const job = await longshore.enqueue(scan, undefined, { delay: 50 });
    const told: string[] = [];
    const watched = (async () => {
      for await (const event of job.events()) if (event.kind === "status") told.push(event.name);
    })();
    longshore.worker([scan]);
    await watched;

    expect(told).toEqual(["RUNNING", "TEASER_READY", "FULL_READY"]);
    expect((await job.refresh()).progress?.status).toBe("FULL_READY");
  });

  it("refuse a transition that is not declared, and the attempt fails with it", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", { statuses: scanStatuses, attempts: 1 }, async ({ status }) => {
      await status.set("FULL_READY");
    });
    longshore.worker([scan]);
    const job = await longshore.enqueue(scan);

    await expect(job.result()).rejects.toThrow(/QUEUED/);
    const { error, progress } = await job.refresh();
    expect([error?.name, error?.code, progress]).toEqual(["IllegalTransition", "ILLEGAL_TRANSITION", null]);
  });

  it("begin anew with every attempt, and the last one stays readable", async () => {
    const longshore = await storage.connect();
    const begins: string[] = [];
    const scan = task("scan", { statuses: scanStatuses, attempts: 2, backoff: 0 }, async ({ status, job }) => {
      begins.push(status.current);
      await status.set("RUNNING");
      await status.set("ERROR_CRAWL");
      if (job.attempt === 1) throw new Error("no answer");
      throw new NonRetryable("gone");
    });
    longshore.worker([scan]);
    const job = await longshore.enqueue(scan);

    await expect(job.result()).rejects.toThrow("gone");
    expect(begins).toEqual(["QUEUED", "QUEUED"]);
    expect((await job.refresh()).progress?.status).toBe("ERROR_CRAWL");
  });

  it("can be asked for by their profile from a snapshot as it is", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", async ({ step }) => step("crawl", () => 1));
    longshore.worker([scan]);
    const job = await longshore.enqueue(scan);
    await job.result();

    expect(reviews.status(await job.refresh())).toEqual({ status: "finished", step: null });
  });

  it("cannot be set by a task that declares none", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", { attempts: 1 }, ({ status }) => status.set("RUNNING"));
    longshore.worker([scan]);
    const job = await longshore.enqueue(scan);

    await expect(job.result()).rejects.toThrow(/declares no statuses/);
  });
});

it("cost a job one checkpoint, however many are set and however often it is tried", async () => {
  const fixture = new FakeTimeFixture();
  const clockwork = statuses({ initial: "TICK", transitions: { TICK: ["TOCK"], TOCK: ["TICK"] } });
  const scan = task("scan", { statuses: clockwork, attempts: 2, backoff: 0 }, async ({ status, step, job }) => {
    for (let n = 0; n < 20; n += 1) await status.set(n % 2 === 0 ? "TOCK" : "TICK");
    if (job.attempt === 1) throw new Error("again");
    await step("end", () => 1);
  });
  fixture.longshore.worker([scan]);
  const { id, queue } = await fixture.enqueue(scan);
  await fixture.pass(1_000);

  expect(fixture.memory.checkpoints({ queue, id })).toMatchObject([
    { seq: 1, kind: "status", name: "TICK" },
    { seq: 2, kind: "step", name: "end" },
  ]);
  await fixture.longshore.close();
});

it("an illegal transition names both statuses and what is allowed", () => {
  expect(() => scanStatuses.assert("QUEUED", "FULL_READY")).toThrow(IllegalTransition);
});

it("statuses that are none are refused when the task is defined", () => {
  expect(() => task("scan", { statuses: { initial: "A" } as never })).toThrow(InvalidInput);
});
