// Runs of jobs by a worker: results, failures and whether they are retried, timeouts, cancels, outcomes that handlers choose.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { z } from "zod";
import { Cancelled, NonRetryable, RetryAfter, Snooze, TimedOut, currentJob, task, type JobContext } from "longshore";
import { makeGate } from "../fixtures/gate.js";
import { onEveryEngine } from "../fixtures/on-engines.js";

/** How often a worker with the default lease gives a sign of life, in milliseconds. */
const HEARTBEAT = 13_500;

onEveryEngine("a worker", (storage) => {
  it("runs a job and keeps its result", async () => {
    const longshore = await storage.connect();
    const double = task("double", {}, ({ input }: JobContext<{ n: number }>) => ({ twice: input.n * 2 }));
    longshore.worker([double]);

    const job = await longshore.enqueue(double, { n: 21 });

    expect(await job.result()).toEqual({ twice: 42 });
    const snapshot = await job.refresh();
    expect(snapshot).toMatchObject({ state: "completed", attempt: 1, attempts: 3, input: { n: 21 } });
    expect(snapshot.history).toMatchObject([{ number: 1, outcome: "completed" }]);
  });

  it("runs no more jobs at a time than its concurrency", async () => {
    const longshore = await storage.connect();
    let running = 0;
    let most = 0;
    const slow = task("slow", {}, async () => {
      running += 1;
      most = Math.max(most, running);
      await sleep(5);
      running -= 1;
    });
    longshore.worker([slow], { concurrency: 3 });

    const jobs = await longshore.enqueueMany(
      slow,
      Array.from({ length: 20 }, () => undefined),
    );
    await Promise.all(jobs.map((job) => job.result()));

    expect(most).toBe(3);
  });

  it("tries a failed job again by its backoff, and keeps every attempt", async () => {
    const longshore = await storage.connect();
    let runs = 0;
    const shaky = task("shaky", { attempts: 3, backoff: [1, 2] }, ({ job }) => {
      runs += 1;
      if (job.attempt < 3) throw new Error(`attempt ${job.attempt} broke`);
      return "at last";
    });
    longshore.worker([shaky]);

    const job = await longshore.enqueue(shaky);

    expect(await job.result()).toBe("at last");
    expect(runs).toBe(3);
    expect(
      (await job.refresh()).history.map(({ number, outcome, error }) => [number, outcome, error?.message]),
    ).toEqual([
      [1, "failed", "attempt 1 broke"],
      [2, "failed", "attempt 2 broke"],
      [3, "completed", undefined],
    ]);
  });

  it("fails a job for good after its last attempt", async () => {
    const longshore = await storage.connect();
    const broken = task("broken", { attempts: 2, backoff: 1 }, () => {
      throw new TypeError("never works");
    });
    longshore.worker([broken]);

    const job = await longshore.enqueue(broken);

    await expect(job.result()).rejects.toMatchObject({ code: "JOB_FAILED", state: "failed" });
    expect(await job.refresh()).toMatchObject({ state: "failed", attempt: 2, error: { name: "TypeError" } });
  });

  it.each([
    ["NonRetryable", () => new NonRetryable("the URL is private", { code: "PRIVATE" }), "PRIVATE"],
    ["an HTTP 404", () => Object.assign(new Error("not found"), { status: 404 }), "404"],
  ])("does not try again after %s", async (_what, failure, code) => {
    const longshore = await storage.connect();
    const hopeless = task("hopeless", { attempts: 5, backoff: 1 }, () => {
      throw failure();
    });
    longshore.worker([hopeless]);

    const job = await longshore.enqueue(hopeless);

    await expect(job.result()).rejects.toThrow("failed");
    expect(await job.refresh()).toMatchObject({ attempt: 1, error: { code } });
  });

  it("waits as long as RetryAfter says, and counts the attempt", async () => {
    const longshore = await storage.connect();
    const limited = task("limited", { attempts: 2, backoff: "1h" }, ({ job }) => {
      if (job.attempt === 1) throw new RetryAfter(5);
      return job.attempt;
    });
    longshore.worker([limited]);

    expect(await (await longshore.enqueue(limited)).result()).toBe(2);
  });

  it("puts a snoozed job back without counting the attempt", async () => {
    const longshore = await storage.connect();
    let runs = 0;
    const early = task("early", { attempts: 1 }, ({ job }) => {
      runs += 1;
      if (runs < 3) throw new Snooze(2);
      return job.attempt;
    });
    longshore.worker([early]);

    expect(await (await longshore.enqueue(early)).result()).toBe(1);
    expect(runs).toBe(3);
  });

  it("lets the task's own classifier decide", async () => {
    const longshore = await storage.connect();
    const picky = task("picky", { attempts: 5, backoff: 1, classify: () => ({ kind: "final" }) }, () => {
      throw new Error("quota");
    });
    longshore.worker([picky]);

    const job = await longshore.enqueue(picky);

    await expect(job.result()).rejects.toThrow("quota");
    expect((await job.refresh()).attempt).toBe(1);
  });

  it("that waits for no other fails a job of a task it does not know, naming those it knows", async () => {
    const longshore = await storage.connect();
    const known = task("known", {}, () => "fine");
    longshore.worker([known], { unknownTasks: 0 });

    const job = await longshore.enqueue("stranger", {}, { attempts: 2, backoff: 1 });

    await expect(job.result()).rejects.toThrow('no handler for task "stranger"; this worker knows known');
    expect(await job.refresh()).toMatchObject({ attempt: 1, error: { code: "UNKNOWN_TASK" } });
  });

  it("fails a job whose result cannot be stored, naming what is wrong", async () => {
    const longshore = await storage.connect();
    const odd = task("odd", { attempts: 3, backoff: 1 }, () => ({ list: [{ when: new Map() }] }));
    longshore.worker([odd]);

    const job = await longshore.enqueue(odd);

    await expect(job.result()).rejects.toThrow("result.list[0].when");
    expect((await job.refresh()).attempt).toBe(1);
  });

  it("ends an attempt at its timeout although the handler ignores it, and drops what it returns later", async () => {
    const longshore = await storage.connect();
    const reasons: unknown[] = [];
    const gate = makeGate();
    const stubborn = task("stubborn", { attempts: 1, timeout: 30 }, async ({ signal }) => {
      signal.addEventListener("abort", () => reasons.push(signal.reason));
      await gate.opened;
      return "too late";
    });
    const worker = longshore.worker([stubborn]);

    const job = await longshore.enqueue(stubborn);

    await expect(job.result()).rejects.toThrow("longer than its timeout of 30 ms");
    expect(reasons).toEqual([expect.any(TimedOut)]);
    expect(worker.running).toBe(0);
    expect(worker.overrunning).toBe(1);
    gate.open();
    await expect.poll(() => worker.overrunning).toBe(0);
    expect(await job.refresh()).toMatchObject({ state: "failed", result: null });
  });

  it("aborts the signal of a job that is cancelled while it runs, long before its next heartbeat", async () => {
    const longshore = await storage.connect();
    const elsewhere = longshore.info.kind === "memory" ? longshore : await storage.connect();
    const started = makeGate();
    let reason: unknown;
    const endless = task("endless", {}, async ({ signal }) => {
      started.open();
      await sleep(20_000, undefined, { signal }).catch(() => {});
      reason = signal.reason;
      return "what I have";
    });
    const worker = longshore.worker([endless]);
    const cancelled = new Promise((resolve) => worker.once("cancelled", resolve));
    const { id } = await longshore.enqueue(endless);
    await started.opened;

    const before = performance.now();
    await (await elsewhere.job(id))?.cancel();
    await cancelled;

    expect(performance.now() - before).toBeLessThan(HEARTBEAT / 2);
    expect(reason).toBeInstanceOf(Cancelled);
    expect(await (await longshore.job(id))?.refresh()).toMatchObject({ state: "cancelled", result: null });
  });

  it("stores what a handler says before its outcome", async () => {
    const longshore = await storage.connect();
    const chatty = task("chatty", {}, ({ progress, log, meta }) => {
      progress(10, "begun");
      log("one");
      log.warn("two");
      meta.merge({ page: 1 });
      meta.merge({ pages: 9 });
      progress(60, "half");
      return meta.get();
    });
    longshore.worker([chatty]);

    const job = await longshore.enqueue(chatty, undefined, { meta: { by: "me" } });

    expect(await job.result()).toEqual({ by: "me", page: 1, pages: 9 });
    expect(await job.refresh()).toMatchObject({
      progress: { percent: 100, message: "half" },
      meta: { by: "me", page: 1, pages: 9 },
    });
    expect((await job.logs()).lines).toMatchObject([
      { level: "info", message: "one" },
      { level: "warn", message: "two" },
    ]);
  });

  it("shows progress while the job runs", async () => {
    const longshore = await storage.connect();
    const gate = makeGate();
    const half = task("half", {}, async ({ progress }) => {
      progress(50, "half way");
      await gate.opened;
    });
    longshore.worker([half]);
    const job = await longshore.enqueue(half);

    await expect.poll(() => job.progress()).toMatchObject({ percent: 50, message: "half way" });
    gate.open();
    await job.result();
  });

  it("gives the handler its input as the schema makes it", async () => {
    const longshore = await storage.connect();
    const when = task(
      "when",
      { input: z.object({ at: z.coerce.date(), zone: z.string().default("UTC") }) },
      ({ input }) => [input.at.getUTCFullYear(), input.zone],
    );
    longshore.worker([when]);

    const job = await longshore.enqueue(when, { at: "2026-11-21T10:00:00Z" });

    expect(await job.result()).toEqual([2026, "UTC"]);
  });

  it("does not call the handler when an asynchronous schema took longer than the attempt may", async () => {
    const longshore = await storage.connect();
    const gate = makeGate();
    let enqueued = false;
    const slow = z.string().refine(async () => {
      if (enqueued) await gate.opened;
      return true;
    });
    const calls: string[] = [];
    const scan = task("scan", { input: slow, attempts: 1, timeout: 20 }, ({ input }) => calls.push(input));

    const job = await longshore.enqueue(scan, "late");
    enqueued = true;
    const worker = longshore.worker([scan]);
    await expect(job.result()).rejects.toThrow("ran longer than its timeout");
    expect(worker.overrunning).toBe(1);
    gate.open();
    await expect.poll(() => worker.overrunning).toBe(0);

    expect(calls).toEqual([]);
  });

  it.each<[string, (context: JobContext<unknown>) => unknown, string]>([
    ["a step gives too much", ({ step }) => step("crawl", () => "x".repeat(200_000)), "step.crawl: 200002 bytes"],
    ["a step gives what JSON cannot keep", ({ step }) => step("crawl", () => ({ at: Number.NaN })), "step.crawl.at: "],
    ["a name is used twice", ({ step }) => step("a", () => 1).then(() => step("a", () => 2)), "step: "],
  ])("does not repeat a mistake in the code: %s", async (_what, use, message) => {
    const longshore = await storage.connect();
    const calls: unknown[] = [];
    const scan = task("scan", { attempts: 3, backoff: 1 }, (context: JobContext<unknown>) => {
      calls.push(context.job.attempt);
      return use(context);
    });
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);

    await expect(job.result()).rejects.toThrow(message);
    expect(calls).toEqual([1]);
  });

  it("fails a job for good whose stored input its schema refuses", async () => {
    const longshore = await storage.connect();
    const strict = task("strict", { input: z.object({ url: z.string() }) }, () => "ran");
    longshore.worker([strict]);

    const job = await longshore.enqueue("strict", { url: 7 });

    await expect(job.result()).rejects.toThrow("input.url: 7 is not allowed");
    expect((await job.refresh()).attempt).toBe(1);
  });

  it("calls hooks around every run, with how it ended", async () => {
    const longshore = await storage.connect();
    const seen: string[] = [];
    const hook = (name: string) => ({
      onStart: async () => {
        await sleep(1);
        seen.push(`${name} start`);
      },
      onSettle: (_context: unknown, { kind, result, error }: { kind: string; result: unknown; error: unknown }) => {
        seen.push(`${name} ${kind} ${String(result ?? error)}`);
      },
    });
    const mixed = task("mixed", { attempts: 1 }, ({ input }: JobContext<string>) => {
      if (input === "bad") throw new Error("bad");
      return "good";
    });
    longshore.worker([mixed], { concurrency: 1, middleware: [hook("outer"), hook("inner")] });

    await (await longshore.enqueue(mixed, "ok")).result();
    await expect((await longshore.enqueue(mixed, "bad")).result()).rejects.toThrow("bad");

    expect(seen).toEqual([
      ...["outer start", "inner start", "inner complete good", "outer complete good"],
      ...["outer start", "inner start", "inner fail Error: bad", "outer fail Error: bad"],
    ]);
  });

  it("makes currentJob() work where it was asked for", async () => {
    const longshore = await storage.connect();
    const tracked = task("tracked", {}, () => idOfCurrentJob());
    longshore.worker([tracked], { currentJob: true });

    const job = await longshore.enqueue(tracked);

    expect(await job.result()).toBe(job.id);
    expect(() => currentJob()).toThrow("outside of a handler");
  });

  it("takes a handler for a task that was defined without one", async () => {
    const longshore = await storage.connect();
    const remote = task<{ n: number }, string>("remote");
    longshore.worker([remote]).handle(remote, ({ input }) => `n is ${input.n}`);

    expect(await (await longshore.enqueue(remote, { n: 4 })).result()).toBe("n is 4");
  });
});

async function idOfCurrentJob(): Promise<string> {
  await sleep(1);
  return currentJob().job.id;
}
