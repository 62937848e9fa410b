// Bulk jobs: something done to all jobs that match, as a job of its own that any worker runs beside its own work.
import { EventEmitter, once } from "node:events";
import { describe, expect, it } from "vitest";
import { connect, InvalidInput, task, type BulkRequest, type Job, type Longshore } from "longshore";
import { BULK_QUEUE } from "../../src/model/bulk/bulk.js";
import { FakeTimeFixture, withCommands } from "../worker/fixtures/fake-time-fixture.js";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";

const work = task<number>("work", { queue: "work", attempts: 1 }, () => "done");
/** The task of the workers here: the jobs above are never run. */
const other = task("other", { queue: "other" }, () => "done");

async function stateOf(job: Job): Promise<string | undefined> {
  return (await job.refresh().catch(() => undefined))?.state;
}

async function runsBulk(longshore: Longshore): Promise<void> {
  await longshore.worker([other]).ready();
}

const range = (count: number): number[] => Array.from({ length: count }, (_none, index) => index);

onEveryEngine("a bulk job", (storage) => {
  it("cancels all jobs that match, page by page, and counts them", async () => {
    const longshore = await storage.connect();
    const jobs = await longshore.enqueueMany(work, range(1_201), { tags: ["user:42"] });
    const [spared] = await longshore.enqueueMany(work, [1], { tags: ["user:7"] });
    const job = await longshore.bulk({ action: "cancel", filter: { tag: "user:42" }, by: "ada" });
    expect(job.queue).toBe(BULK_QUEUE);
    await runsBulk(longshore);

    expect(await job.result()).toEqual({ matched: 1_201, applied: 1_201, refused: {}, firstRefusals: [] });
    const some = [jobs[0], jobs[600], jobs[1_200], spared].filter((one) => one !== undefined);
    expect(await Promise.all(some.map(stateOf))).toEqual(["cancelled", "cancelled", "cancelled", "queued"]);
    const { tags, progress } = await job.refresh();
    expect(tags).toEqual(["action:cancel", "by:ada"]);
    expect(progress).toMatchObject({ percent: 100, message: "1201 of 1201 jobs" });
  });

  it("retries once what had failed when it began, however often others that wait for it are listed", async () => {
    let afterRetry: (() => Promise<void>) | null = null;
    const longshore = await storage.attach((engine) =>
      withCommands(engine, {
        retry: async (params) => {
          const answers = await engine.retry(params);
          await afterRetry?.();
          return answers;
        },
      }),
    );
    const failing = task("failing", { queue: "z", attempts: 1 }, () => {
      throw new Error("again");
    });
    const first = await longshore.enqueue(failing);
    await longshore.enqueueMany(work, range(501), { queue: "a", after: [first] });
    await longshore.worker([failing, work], { queues: ["a", "z"], system: false }).ready();
    const runs = async (): Promise<number> => (await first.refresh()).history.length;
    const failed = async (): Promise<number> => (await longshore.queue("a").counts()).failed;
    await expect.poll(failed).toBe(501);
    // Before the second page is listed it has failed again, and so have those of the first page.
    afterRetry = async () => {
      await expect.poll(async () => [await stateOf(first), await failed()]).toEqual(["failed", 501]);
    };

    const job = await longshore.bulk({ action: "retry", filter: { states: "failed" } });
    await runsBulk(longshore);
    expect(await job.result()).toMatchObject({ matched: 502, applied: 502 });
    expect(await runs()).toBe(2);
  });

  it("promotes, releases and removes", async () => {
    const longshore = await storage.connect();
    const delayed = await longshore.enqueue(work, 1, { delay: "1h", tags: ["delayed"] });
    const held = await longshore.enqueue(work, 2, { hold: true, tags: ["held"] });
    const gone = await longshore.enqueue(work, 3, { tags: ["gone"] });
    await runsBulk(longshore);
    const applied = async (request: BulkRequest): Promise<number> =>
      (await (await longshore.bulk(request)).result()).applied;

    expect(await applied({ action: "promote", filter: { queue: "work" } })).toBe(1);
    expect(await applied({ action: "release", filter: { queue: "work", tag: "held" } })).toBe(1);
    expect(await applied({ action: "remove", filter: { tag: "gone" } })).toBe(1);
    expect(await Promise.all([delayed, held, gone].map(stateOf))).toEqual(["queued", "queued", undefined]);
  });

  it("names the first jobs to which it could not be done, and why", async () => {
    const longshore = await storage.connect();
    const failing = task("failing", { queue: "work", attempts: 1 }, () => {
      throw new Error("no");
    });
    const burst = async (): Promise<void> => longshore.worker([failing], { burst: true }).finished;
    const unique = { unique: { key: "one" }, tags: ["old"] };
    const first = await longshore.enqueue(failing, 1, unique);
    await burst();
    // The key has another owner now.
    await longshore.enqueue(failing, 2, { ...unique, tags: ["new"], delay: "1h" });
    const job = await longshore.bulk({ action: "retry", filter: { tag: "old" } });
    await runsBulk(longshore);

    expect(await job.result()).toEqual({
      matched: 1,
      applied: 0,
      refused: { conflict: 1 },
      firstRefusals: [{ queue: "work", id: first.id, outcome: "conflict", state: "failed" }],
    });
  });

  it("waits in a queue that stands apart, for a worker that works for the platform", async () => {
    const longshore = await storage.connect();
    await longshore.enqueue(work, 1);
    const job = await longshore.bulk({ action: "cancel", filter: {}, all: true });
    await longshore.worker([other], { system: false }).ready();
    await longshore.worker([other], { burst: true }).finished;

    expect(await stateOf(job)).toBe("queued");
    expect((await longshore.queues()).map(({ name }) => name)).not.toContain(BULK_QUEUE);
    expect((await longshore.queues({ system: true })).map(({ name }) => name)).toContain(BULK_QUEUE);
    expect((await longshore.jobs({ states: "queued" }).page()).jobs.map(({ task }) => task)).toEqual(["work"]);
    await runsBulk(longshore);
    expect(await job.result()).toMatchObject({ matched: 1, applied: 1 });
    // Only the session with which it works for the platform is in that queue, and workers are listed without it.
    expect((await longshore.workers()).flatMap(({ queues }) => queues)).not.toContain(BULK_QUEUE);
  });

  it("goes on where a worker was cut off: the command under way has one effect, and is counted once", async () => {
    const sent: string[] = [];
    const cut = new EventEmitter();
    const isCutOff = once(cut, "off");
    const longshore = await storage.attach((engine) =>
      withCommands(engine, {
        cancel: async (params) => {
          sent.push(params.op);
          const answers = await engine.cancel(params);
          if (sent.length !== 2) return answers;
          cut.emit("off");
          return new Promise(() => {});
        },
      }),
    );
    const jobs = await longshore.enqueueMany(work, range(1_201));
    const first = longshore.worker([other]);
    const job = await longshore.bulk({ action: "cancel", filter: { task: "work" } });
    await isCutOff;
    expect((await longshore.queue("work").counts()).cancelled).toBe(1_000);
    await first.stop();
    expect(await stateOf(job)).toBe("queued");
    await runsBulk(longshore);

    expect(await job.result()).toEqual({ matched: jobs.length, applied: jobs.length, refused: {}, firstRefusals: [] });
    expect(sent).toEqual([`${job.id}:0`, `${job.id}:1`, `${job.id}:1`, `${job.id}:2`]);
    expect((await longshore.queue("work").counts()).cancelled).toBe(jobs.length);
    // However many commands there are, only the last is kept.
    expect(await job.steps()).toHaveLength(1);
  });

  it("is counted before: a preview says how many jobs match, and does nothing", async () => {
    const longshore = await storage.connect();
    await longshore.enqueueMany(work, range(501));
    await longshore.enqueue(work, 1, { delay: "1h" });
    expect(await longshore.bulkPreview({ action: "cancel", filter: { task: "work" } })).toEqual({
      matched: 502,
      exact: true,
    });
    expect(await longshore.bulkPreview({ action: "promote", filter: { task: "work" } })).toEqual({
      matched: 1,
      exact: true,
    });
    expect(await longshore.queue("work").counts()).toMatchObject({ queued: 501, delayed: 1 });
  });

  it("stops when it is cancelled while it runs, after the command under way, and says how far it was", async () => {
    const sent: string[] = [];
    const third = new EventEmitter();
    const begins = once(third, "begins");
    const longshore = await storage.attach((engine) =>
      withCommands(engine, {
        promote: async (params) => {
          sent.push(params.op);
          if (sent.length === 3) {
            third.emit("begins");
            await once(third, "goes on");
          }
          return engine.promote(params);
        },
      }),
    );
    await longshore.enqueueMany(work, range(2_001), { delay: "1h" });
    const job = await longshore.bulk({ action: "promote", filter: { queue: "work" } });
    await runsBulk(longshore);
    await begins;
    await job.cancel();
    third.emit("goes on");

    await expect(job.result()).rejects.toMatchObject({ code: "JOB_FAILED", state: "cancelled" });
    expect((await job.refresh()).progress).toMatchObject({ percent: 49, message: "1000 of 2001 jobs" });
    const promoted = async (): Promise<number> => (await longshore.queue("work").counts()).queued;
    await expect.poll(promoted).toBe(1_500);
    // The worker is done with it: it takes the next one, and has sent nothing in between.
    await (await longshore.bulk({ action: "cancel", filter: { queue: "nowhere" } })).result();
    expect([sent.length, await promoted()]).toEqual([3, 1_500]);
  });

  it("can be cancelled before it has begun", async () => {
    const longshore = await storage.connect();
    const spared = await longshore.enqueue(work, 1);
    const job = await longshore.bulk({ action: "cancel", filter: { task: "work" } });
    await job.cancel();
    await runsBulk(longshore);
    const next = await longshore.bulk({ action: "promote", filter: { task: "work" } });
    await next.result();
    expect([await stateOf(job), await stateOf(spared)]).toEqual(["cancelled", "queued"]);
  });
});

describe("a worker that is busy", () => {
  it("has a slot for bulk jobs beside its own, and looks for them every 15 s", async () => {
    const fixture = new FakeTimeFixture();
    const { longshore } = fixture;
    const gate = new EventEmitter();
    const slow = task("slow", { queue: "slow" }, async () => void (await once(gate, "open")));
    longshore.worker([slow], { concurrency: 1 });
    const running = await longshore.enqueue(slow);
    await fixture.pass(1_000);
    expect(await stateOf(running)).toBe("active");

    const job = await longshore.bulk({ action: "cancel", filter: { queue: "work" } });
    await fixture.pass(16_000);
    expect([await stateOf(job), await stateOf(running)]).toEqual(["completed", "active"]);
    gate.emit("open");
    await fixture.pass(1_000);
    expect(await stateOf(running)).toBe("completed");
    const closing = longshore.close();
    await fixture.pass(1_000);
    await closing;
  });
});

describe("bulk jobs that have ended", () => {
  it.each(["at rest", "at work"])(
    "are removed after seven days, though none follows them, by a worker %s",
    async (how) => {
      const fixture = new FakeTimeFixture();
      const { longshore } = fixture;
      const hour = 3_600_000;
      const ids = async (): Promise<string[]> =>
        (await longshore.jobs({ queue: BULK_QUEUE }).page()).jobs.map(({ id }) => id);
      const slow = task("slow", { queue: "slow", timeout: "30d" }, ({ signal }) => once(signal, "abort"));
      longshore.worker([slow]);
      if (how === "at work") await longshore.enqueue(slow);
      const gone = await longshore.bulk({ action: "cancel", filter: { queue: "work" } });
      await gone.cancel();
      const done = await longshore.bulk({ action: "cancel", filter: { queue: "work" } });
      await fixture.pass(20_000);
      expect([await stateOf(gone), await stateOf(done)]).toEqual(["cancelled", "completed"]);

      await fixture.pass(7 * 24 * hour - 60_000, 60_000);
      expect(await ids()).toHaveLength(2);
      await fixture.pass(2 * hour, 60_000);
      expect(await ids()).toEqual([]);
      const closing = longshore.close();
      await fixture.pass(60_000);
      await closing;
    },
  );
});

describe("a bulk job is refused", () => {
  const wrong: Record<string, { request: object; field: string }> = {
    "without conditions": { request: { action: "cancel", filter: {} }, field: "filter" },
    "with nothing in not": { request: { action: "remove", filter: { not: {} } }, field: "filter" },
    "with nothing said in not": { request: { action: "remove", filter: { not: { tag: undefined } } }, field: "filter" },
    "with a bound that is not known": {
      request: { action: "remove", filter: { created: { before: undefined } } },
      field: "created",
    },
    "without a filter": { request: { action: "cancel" }, field: "filter" },
    "with an unknown action": { request: { action: "explode", filter: { task: "work" } }, field: "action" },
    "with an unknown condition": { request: { action: "cancel", filter: { user: "42" } }, field: "user" },
    "with an unknown option": { request: { action: "cancel", filter: { task: "work" }, limit: 5 }, field: "limit" },
    "for states the action never starts from": {
      request: { action: "promote", filter: { states: "failed" } },
      field: "states",
    },
    "for a queue of the platform": {
      request: { action: "cancel", filter: { queue: BULK_QUEUE } },
      field: "filter.queue",
    },
    "with fromStart for another action": {
      request: { action: "cancel", filter: { task: "work" }, fromStart: true },
      field: "fromStart",
    },
    "with a name that is too long": {
      request: { action: "cancel", filter: { task: "work" }, by: "a".repeat(121) },
      field: "by",
    },
  };

  it.each(Object.keys(wrong))("%s", async (how) => {
    const longshore = await connect("memory:");
    try {
      const { request, field } = wrong[how] ?? { request: {}, field: "" };
      const error: unknown = await longshore.bulk(request as BulkRequest).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(InvalidInput);
      expect((error as InvalidInput).message).toContain(`${field}:`);
      expect(await longshore.queues({ system: true })).toEqual([]);
    } finally {
      await longshore.close();
    }
  });
});
