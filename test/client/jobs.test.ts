// Handles on jobs, queues and listings: reading, waiting, commands on one and on many.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  InvalidInput,
  JobFailed,
  JobNotFound,
  PayloadTooLarge,
  ResultTimeout,
  WrongState,
  task,
  type JobContext,
  type JobEvent,
  type StandardSchema,
  type WatchEvent,
} from "longshore";
import { makeGate } from "../worker/fixtures/gate.js";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";

const echo = task("echo", { queue: "main" }, ({ input }: JobContext<unknown>) => input ?? null);
const broken = task("broken", { queue: "main", attempts: 1 }, () => {
  throw new Error("never works");
});

const numbers: StandardSchema<number> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => (typeof value === "number" ? { value } : { issues: [{ message: "a number" }] }),
  },
};

onEveryEngine("a job handle", (storage) => {
  it("waits for results of many jobs at once", async () => {
    const longshore = await storage.connect();
    const jobs = await longshore.enqueueMany(
      echo,
      Array.from({ length: 600 }, (_, n) => n),
    );
    const results = Promise.all(jobs.map((job) => job.result()));
    longshore.worker([echo]);

    expect(await results).toEqual(Array.from({ length: 600 }, (_, n) => n));
  });

  it("gives the result of a job that has long ended", async () => {
    const longshore = await storage.connect();
    const job = await longshore.enqueue(echo, "early");
    await longshore.worker([echo], { burst: true }).finished;

    expect(await job.result()).toBe("early");
  });

  it("throws what the job failed of, and for a cancelled job that it was", async () => {
    const longshore = await storage.connect();
    const failed = await longshore.enqueue(broken);
    const cancelled = await longshore.enqueue(echo, 1, { delay: "1h" });
    longshore.worker([broken]);

    await expect(failed.result()).rejects.toThrow(JobFailed);
    await expect(failed.result()).rejects.toMatchObject({ state: "failed", cause: { message: "never works" } });
    expect(await cancelled.cancel()).toBe("cancelled");
    await expect(cancelled.result()).rejects.toMatchObject({ state: "cancelled" });
  });

  it("gives up waiting at its timeout or signal, and leaves the job alone", async () => {
    const longshore = await storage.connect();
    const job = await longshore.enqueue(echo, 1);

    await expect(job.result({ timeout: 20 })).rejects.toThrow(ResultTimeout);
    await expect(job.result({ signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ name: "TimeoutError" });
    expect((await job.refresh()).state).toBe("queued");
  });

  it("tells that a job is gone", async () => {
    const longshore = await storage.connect();
    const job = await longshore.enqueue(echo, 1);
    const waiting = job.result();
    waiting.catch(() => {});
    await sleep(20);
    await job.remove();

    await expect(waiting).rejects.toThrow(JobNotFound);
    await expect(job.refresh()).rejects.toThrow(JobNotFound);
    await expect(job.cancel()).rejects.toThrow(JobNotFound);
    expect(await longshore.job(job.id)).toBeNull();
  });

  it("tells the events of a job from its present state to its end", async () => {
    const longshore = await storage.connect();
    const gate = makeGate();
    const seen: string[] = [];
    const stepped = task("stepped", {}, async ({ progress }) => {
      await gate.opened;
      for (const percent of [0, 50, 100]) {
        progress(percent);
        // What is done is not shown before it is: the last hundredth is the end of the job.
        await expect.poll(() => seen).toContain(`${Math.min(percent, 99)}%`);
      }
    });
    const job = await longshore.enqueue(stepped);
    const reading = (async () => {
      for await (const event of job.events()) {
        seen.push(describeEvent(event));
        if (seen.length === 1) longshore.worker([stepped]);
        if (event.kind === "state" && event.state === "active") gate.open();
      }
    })();
    await reading;

    expect(seen).toEqual(["queued", "active", "0%", "50%", "99%", "completed"]);
    expect((await job.refresh()).progress?.percent).toBe(100);
  });

  it("is queued again with another input, checked as the first one was", async () => {
    const longshore = await storage.connect({ payloadCap: 1_000 });
    const typed = task("typed", { queue: "main", input: numbers }, ({ input }) => input * 2);
    const job = await longshore.enqueue(typed, 1);
    await job.cancel();

    await expect(job.retry({ input: "two" as never })).rejects.toThrow(InvalidInput);
    const byName = await longshore.job(job.id);
    await expect(byName?.retry({ input: "x".repeat(1_000) })).rejects.toThrow(PayloadTooLarge);
    await expect(job.retry({ inptu: 2 } as object)).rejects.toMatchObject({ field: "inptu" });
    await expect(longshore.retryAll({ queue: "main" }, { input: 2 } as object)).rejects.toMatchObject({
      field: "input",
    });
    expect(await job.refresh()).toMatchObject({ state: "cancelled", input: 1 });
    expect(await job.retry({ input: 21 })).toBe("queued");
    await longshore.worker([typed], { burst: true }).finished;
    expect(await job.result()).toBe(42);
  });

  it("commands: promote, retry, update, and refuses what the state does not allow", async () => {
    const longshore = await storage.connect();
    const job = await longshore.enqueue(echo, "old", { delay: "1h", tags: ["a"] });

    await job.update({ input: "new", tags: ["b"], priority: -5 });
    expect(await job.refresh()).toMatchObject({ input: "new", tags: ["b"], priority: -5, state: "delayed" });
    await expect(job.update({ prioritty: 1 } as object)).rejects.toThrow(InvalidInput);
    await expect(job.retry()).rejects.toThrow(WrongState);
    expect(await job.promote()).toBe("queued");
    await expect(job.promote()).rejects.toThrow("cannot promote job");
    expect(await job.position()).toBe(1);
    const worker = longshore.worker([echo], { burst: true });
    expect(await job.result()).toBe("new");
    await worker.finished;
    await expect(job.update({ input: 1 })).rejects.toThrow(WrongState);
    expect(await job.retry()).toBe("queued");
  });

  it("is found by its bare id from another connection", async () => {
    const longshore = await storage.connect();
    const { id } = await longshore.enqueue(echo, "here");

    const found = await longshore.job<string>(id);

    expect(found).toMatchObject({ id, queue: "main", outcome: null });
    expect(await (await longshore.job(id))?.refresh()).toMatchObject({ task: "echo", input: "here" });
    await expect(longshore.job("no spaces")).rejects.toThrow(InvalidInput);
  });
});

onEveryEngine("a queue handle", (storage) => {
  it("counts, pauses and resumes", async () => {
    const longshore = await storage.connect();
    const queue = longshore.queue("main");
    await queue.pause();
    await longshore.enqueueMany(echo, [1, 2, 3]);
    longshore.worker([echo, broken]);
    await sleep(30);

    expect(await queue.isPaused()).toBe(true);
    expect(await queue.getWaitingCount()).toBe(3);
    await queue.resume();
    await expect.poll(() => queue.getCompletedCount()).toBe(3);
    expect([await queue.getActiveCount(), await queue.getFailedCount()]).toEqual([0, 0]);
    expect((await longshore.queues()).map(({ name, paused }) => ({ name, paused }))).toEqual([
      { name: "main", paused: false },
    ]);
  });

  it("drains what waits, and delayed jobs only when asked to", async () => {
    const longshore = await storage.connect();
    const queue = longshore.queue("main");
    await longshore.enqueueMany(
      echo,
      Array.from({ length: 520 }, (_, n) => n),
    );
    await longshore.enqueue(echo, 1, { delay: "1h" });

    expect(await queue.drain()).toEqual({ matched: 520, applied: 520, skipped: 0, cursor: null });
    expect(await queue.counts()).toMatchObject({ queued: 0, delayed: 1 });
    expect((await queue.drain({ delayed: true })).applied).toBe(1);
  });

  it("obliterates, while jobs run only by force", async () => {
    const longshore = await storage.connect();
    const started = makeGate();
    let aborted = false;
    const endless = task("endless", { queue: "main" }, async ({ signal }) => {
      started.open();
      await sleep(10_000, undefined, { signal }).catch(() => {});
      aborted = signal.aborted;
    });
    const worker = longshore.worker([endless], { grace: 0, lease: "1s" });
    worker.on("error", () => {});
    await longshore.enqueue(endless);
    await started.opened;

    await expect(longshore.queue("main").obliterate()).rejects.toThrow(WrongState);
    await longshore.queue("main").obliterate({ force: true });
    await expect.poll(() => aborted).toBe(true);
    await worker.stop();
    expect(await longshore.queue("main").counts()).toMatchObject({ active: 0, queued: 0 });
  });

  it("streams its events in order", async () => {
    const longshore = await storage.connect();
    const stop = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of longshore.watch("main", { signal: stop.signal })) {
        seen.push(describeWatchEvent(event));
        if (seen.at(-1) === "completed") stop.abort();
      }
    })();
    // Events from before the watch are not emitted to it.
    await expect.poll(() => longshore.enqueue(echo, 0, { delay: "1h" }).then(() => seen.length)).toBeGreaterThan(0);
    await longshore.enqueue(echo, 1);
    await expect.poll(() => seen).toContain("queued");
    longshore.worker([echo]);
    await reading;

    expect(seen.filter((event) => event !== "delayed")).toEqual(["queued", "active", "completed"]);
  });
});

onEveryEngine("many jobs", (storage) => {
  it("are listed by filter, as a stream and page by page", async () => {
    const longshore = await storage.connect();
    await longshore.enqueueMany(
      echo,
      Array.from({ length: 250 }, (_, n) => n),
      { tags: ["user:1"] },
    );
    await longshore.enqueue(echo, "other", { tags: ["user:2"] });

    const inputs: unknown[] = [];
    for await (const job of longshore.jobs({ tag: "user:1", states: "queued" }, { fields: ["input"] }))
      inputs.push(job.input);
    expect(inputs).toEqual(Array.from({ length: 250 }, (_, n) => n));

    const list = longshore.queue("main").jobs({ states: ["queued"] });
    const first = await list.page({ limit: 200 });
    const second = await list.page({ limit: 200, cursor: first.cursor });
    expect([first.jobs.length, second.jobs.length, second.cursor]).toEqual([200, 51, null]);
  });

  it("are cancelled, retried, promoted and removed together, in chunks that can be continued", async () => {
    const longshore = await storage.connect();
    await longshore.enqueueMany(
      echo,
      Array.from({ length: 700 }, (_, n) => n),
      { delay: "1h", tags: ["batch:1"] },
    );
    const query = { tag: "batch:1" };

    const some = await longshore.promoteAll(query, { limit: 600 });
    expect(some).toMatchObject({ matched: 600, applied: 600, skipped: 0 });
    const rest = await longshore.promoteAll(query, { cursor: some.cursor });
    expect(rest).toEqual({ matched: 100, applied: 100, skipped: 0, cursor: null });
    expect(await longshore.cancelAll(query)).toMatchObject({ matched: 700, applied: 700 });
    expect(await longshore.retryAll(query)).toMatchObject({ matched: 0 });
    expect(await longshore.retryAll({ ...query, states: "cancelled" })).toMatchObject({ applied: 700 });
    expect(await longshore.tagTotals("batch:1")).toMatchObject({
      total: 700,
      inProgress: 700,
      completed: 0,
      failed: 0,
    });
    expect(await longshore.removeAll(query)).toMatchObject({ applied: 700 });
    expect(await longshore.tagTotals("batch:1")).toMatchObject({ total: 0 });
  });

  it("count by tag", async () => {
    const longshore = await storage.connect();
    await longshore.enqueueMany(echo, [1, 2], { tags: ["user:42"] });
    await longshore.enqueue(broken, undefined, { tags: ["user:42"] });
    await longshore.worker([echo, broken], { burst: true }).finished;
    await longshore.enqueue(echo, 3, { tags: ["user:42"] });

    const totals = await longshore.tagTotals("user:42");

    expect(totals).toMatchObject({ total: 4, completed: 2, failed: 1, inProgress: 1, states: { queued: 1 } });
  });

  it("say which workers run them", async () => {
    const longshore = await storage.connect();
    const gate = makeGate();
    const held = task("held", { queue: "main" }, () => gate.opened);
    const worker = longshore.worker([held], { name: "w1", concurrency: 3 });
    await longshore.enqueueMany(held, [undefined, undefined]);

    await expect
      .poll(async () =>
        (await longshore.workers()).map(({ name, running, concurrency, queues }) => ({
          name,
          running,
          concurrency,
          queues,
        })),
      )
      .toEqual([{ name: "w1", running: 2, concurrency: 3, queues: ["main"] }]);
    gate.open();
    await worker.stop();
    expect(await longshore.workers()).toEqual([]);
  });
});

describe("filters", () => {
  it.each([
    [{ states: "wating" }, "states[0]"],
    [{ stats: "queued" }, "stats"],
    [{ queue: "no spaces" }, "queue"],
    [{ createdFrom: new Date("rubbish") }, "createdFrom"],
  ])("are refused when misspelt: %j", async (query, field) => {
    const { connect } = await import("longshore");
    const longshore = await connect("memory:");
    expect(() => longshore.jobs(query as object)).toThrow(InvalidInput);
    expect(() => longshore.jobs(query as object)).toThrow(field);
    await expect(longshore.cancelAll(query as object)).rejects.toThrow(InvalidInput);
    await longshore.close();
  });
});

function describeEvent(event: JobEvent): string {
  if (event.kind === "state") return event.state;
  return event.kind === "progress" ? `${event.progress.percent}%` : event.kind;
}

function describeWatchEvent(event: WatchEvent): string {
  return event.kind === "state" ? event.state : event.kind;
}
