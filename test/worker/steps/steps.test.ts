// Steps: what a handler does by name is not done again. Crashes, retries and releases are made to happen, and what was
// done is counted.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { NonRetryable, RetryAfter, Snooze, TimedOut, task, type JobContext, type Step } from "longshore";
import { makeGate } from "../fixtures/gate.js";
import { onEveryEngine } from "../fixtures/on-engines.js";

const ONCE = { attempts: 1 } as const;
const AGAIN = { attempts: 3, backoff: 1 } as const;

/** Fails the first time it is called, and notes every call. */
function shakyOnce(calls: string[]): (what: string) => void {
  return (what) => {
    const first = !calls.includes(what);
    calls.push(what);
    if (first) throw new Error(`${what} broke`);
  };
}

onEveryEngine("a step", (storage) => {
  it("that ended well is not run again by a retry, and gives what it gave", async () => {
    const longshore = await storage.connect();
    const calls: string[] = [];
    const scan = task("scan", AGAIN, async ({ step, job }) => {
      const page = await step("crawl", () => {
        calls.push("crawl");
        return { title: "T", at: new Date(0) };
      });
      const parsed = await step("parse", () => {
        calls.push("parse");
        if (job.attempt < 3) throw new Error("cannot parse");
        return page.at;
      });
      return [page, parsed];
    });
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);

    const at = "1970-01-01T00:00:00.000Z";
    expect(await job.result()).toEqual([{ title: "T", at }, at]);
    expect(calls).toEqual(["crawl", "parse", "parse", "parse"]);
    expect((await job.steps()).map(({ name, key, value }) => [name, key, value])).toEqual([
      ["crawl", null, { title: "T", at }],
      ["parse", null, at],
    ]);
  });

  it("gives the first time what it gives later: JSON", async () => {
    const longshore = await storage.connect();
    const seen: unknown[] = [];
    const scan = task("scan", AGAIN, async ({ step, job }) => {
      seen.push(await step("date", () => ({ at: new Date(0), gone: undefined })));
      seen.push(await step("nothing", () => {}));
      if (job.attempt === 1) throw new Error("again");
    });
    longshore.worker([scan]);

    await (await longshore.enqueue(scan)).result();

    const first = { at: "1970-01-01T00:00:00.000Z" };
    expect(seen).toEqual([first, null, first, null]);
  });

  it("is stored before it is answered", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", ONCE, async ({ step, job }) => {
      await step("one", () => 1);
      const stored = await (await longshore.job(job.id))?.steps();
      return stored?.map(({ name, value }) => [name, value]);
    });
    longshore.worker([scan]);

    expect(await (await longshore.enqueue(scan)).result()).toEqual([["one", 1]]);
  });

  it("is not run again after the worker handed the job back, but one under way is", async () => {
    const longshore = await storage.connect();
    const calls: string[] = [];
    const arrived = makeGate();
    const scan = task("scan", ONCE, async ({ step, signal }) => {
      await step("one", () => calls.push("one"));
      return step("two", async () => {
        calls.push("two");
        if (calls.length > 2) return "done";
        arrived.open();
        await sleep(20_000, undefined, { signal });
        return "too late";
      });
    });
    const first = longshore.worker([scan]);
    const job = await longshore.enqueue(scan);
    await arrived.opened;
    await first.stop({ grace: 0 });
    longshore.worker([scan]);

    expect(await job.result()).toBe("done");
    expect(calls).toEqual(["one", "two", "two"]);
    expect((await job.refresh()).history.map(({ outcome }) => outcome)).toEqual(["returned", "completed"]);
  });

  it("that was not awaited is over before the job is", async () => {
    const longshore = await storage.connect();
    const gate = makeGate();
    const scan = task("scan", ONCE, ({ step }) => {
      void step("late", async () => {
        await gate.opened;
        return 7;
      });
      setTimeout(gate.open, 5);
      return "returned";
    });
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);

    expect(await job.result()).toBe("returned");
    expect(await job.steps()).toMatchObject([{ name: "late", value: 7 }]);
  });

  it("beside one that fails is not lost", async () => {
    const longshore = await storage.connect();
    const calls: string[] = [];
    const failsOnce = shakyOnce(calls);
    const scan = task("scan", AGAIN, ({ step }) =>
      Promise.all([
        step("slow", async () => {
          calls.push("slow");
          await sleep(10);
        }),
        step("shaky", () => failsOnce("shaky")),
      ]),
    );
    longshore.worker([scan]);

    await (await longshore.enqueue(scan)).result();

    expect(calls).toEqual(["slow", "shaky", "shaky"]);
  });

  it("is tried again as its own retry says, without a new attempt", async () => {
    const longshore = await storage.connect();
    const tries: number[] = [];
    const scan = task("scan", ONCE, ({ step }) =>
      step(
        "shaky",
        ({ tryNumber: attempt }) => {
          tries.push(attempt);
          if (attempt === 1) throw new Error("not yet");
          if (attempt === 2) throw new RetryAfter(2);
          return attempt;
        },
        { retry: { tries: 4, backoff: 1 } },
      ),
    );
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);

    expect(await job.result()).toBe(3);
    expect(tries).toEqual([1, 2, 3]);
    expect((await job.refresh()).history).toHaveLength(1);
  });

  it.each([
    ["NonRetryable", () => new NonRetryable("no"), undefined],
    ["an HTTP 404", () => Object.assign(new Error("gone"), { status: 404 }), undefined],
    ["what the task's classifier calls final", () => new Error("quota"), () => ({ kind: "final" }) as const],
  ])("is not tried again after %s", async (_what, error, classify) => {
    const longshore = await storage.connect();
    let tries = 0;
    const scan = task("scan", { ...ONCE, ...(classify === undefined ? {} : { classify }) }, ({ step }) =>
      step(
        "hopeless",
        () => {
          tries += 1;
          throw error();
        },
        { retry: { tries: 5, backoff: 1 } },
      ),
    );
    longshore.worker([scan]);

    await expect((await longshore.enqueue(scan)).result()).rejects.toThrow(error().message);
    expect(tries).toBe(1);
  });

  it("that takes longer than its timeout fails, its signal aborts, and its later result is ignored", async () => {
    const longshore = await storage.connect();
    const gate = makeGate();
    const reasons: unknown[] = [];
    const scan = task("scan", { attempts: 1 }, async ({ step, count, progress }) => {
      const error: unknown = await step(
        "stuck",
        async ({ signal }) => {
          await gate.opened;
          reasons.push(signal.reason);
          count("late");
          progress(90, "late");
        },
        { timeout: 5 },
      ).catch((thrown: unknown) => thrown);
      gate.open();
      await sleep(1);
      return (error as Error).message;
    });
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);

    expect(await job.result()).toBe('step "stuck" ran longer than its timeout of 5 ms');
    expect(reasons).toEqual([expect.any(TimedOut)]);
    expect((await job.refresh()).progress).toMatchObject({ counters: {}, message: null });
  });

  it("that sees its job cancelled does not count as a failure of its own", async () => {
    const longshore = await storage.connect();
    const started = makeGate();
    let rejected: unknown;
    const scan = task("scan", {}, async ({ step }) => {
      await step(
        "optional",
        async ({ signal }) => {
          started.open();
          await sleep(20_000, undefined, { signal });
        },
        { optional: true, timeout: "10s", retry: { tries: 5, backoff: 1 } },
      ).catch((error: unknown) => {
        rejected = error;
        throw error;
      });
    });
    const worker = longshore.worker([scan]);
    const cancelled = new Promise((resolve) => worker.once("cancelled", resolve));
    const job = await longshore.enqueue(scan);
    await started.opened;
    await job.cancel();
    await cancelled;

    expect(rejected).toMatchObject({ name: "AbortError" });
    expect(await job.refresh()).toMatchObject({ state: "cancelled", failures: [] });
  });

  it("is not begun once the run should end: it rejects with the signal's reason", async () => {
    const longshore = await storage.connect();
    const started = makeGate();
    const seen: unknown[] = [];
    const scan = task("scan", {}, async ({ step, signal }) => {
      started.open();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      await step("late", () => seen.push("ran")).catch((error: unknown) => seen.push(error));
    });
    const worker = longshore.worker([scan]);
    const cancelled = new Promise((resolve) => worker.once("cancelled", resolve));
    const job = await longshore.enqueue(scan);
    await started.opened;
    await job.cancel();
    await cancelled;

    expect(seen).toMatchObject([{ code: "CANCELLED" }]);
  });

  it("that throws Snooze puts the job back, although it is optional", async () => {
    const longshore = await storage.connect();
    let runs = 0;
    const scan = task("scan", ONCE, ({ step }) =>
      step(
        "early",
        () => {
          runs += 1;
          if (runs < 3) throw new Snooze(1);
          return runs;
        },
        { optional: true, retry: { tries: 9, backoff: 0 } },
      ),
    );
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);

    expect(await job.result()).toBe(3);
    expect((await job.refresh()).history.map(({ outcome }) => outcome)).toEqual(["snoozed", "snoozed", "completed"]);
  });

  it("that the task does not declare is refused, naming those of the job", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", { ...ONCE, steps: ["crawl", "parse"] }, ({ step }) => (step as Step)("index", () => 1));
    longshore.worker([scan]);

    await expect((await longshore.enqueue(scan)).result()).rejects.toThrow(
      'step: "index" is not allowed: one of the steps of this job: crawl, parse',
    );
  });

  it("is one of those that its job chose from its input", async () => {
    const longshore = await storage.connect();
    const analysers: Record<string, "data" | "features"> = { "R-D": "data", "R-F": "features" };
    const analyse = task(
      "analyse",
      {
        ...ONCE,
        steps: ({ code }: { code: string }) => code.split(",").flatMap((letter) => analysers[letter] ?? []),
      },
      async ({ step, input }: JobContext<{ code: string; run: ("data" | "features")[] }, "data" | "features">) => {
        const done: string[] = [];
        for (const name of input.run) done.push(await step(name, () => `${name} analysed`));
        return done;
      },
    );
    longshore.worker([analyse]);

    const both = await longshore.enqueue(analyse, { code: "R-D,R-F", run: ["data", "features"] });
    const wrong = await longshore.enqueue(analyse, { code: "R-D", run: ["features"] });

    expect(await both.result()).toEqual(["data analysed", "features analysed"]);
    expect((await both.refresh()).progress).toMatchObject({ total: 2, done: 2 });
    await expect(wrong.result()).rejects.toThrow("one of the steps of this job: data");
  });

  it.each<[string, (step: Step) => Promise<unknown>, string]>([
    ["a name used twice", (step) => step("a", () => 1).then(() => step("a", () => 2)), "used before in this run"],
    ["a name that is no text", (step) => step(7 as never, () => 1), "step: 7"],
    ["a name with control characters", (step) => step("a\u0007", () => 1), "step: "],
    ["no code", (step) => step("a", undefined as never), "the code of the step"],
    ["an option that does not exist", (step) => step("a", () => 1, { retries: 3 } as never), "no such option"],
    ["a timeout of 0", (step) => step("a", () => 1, { timeout: 0 }), "timeout: 0"],
    ["no tries", (step) => step("a", () => 1, { retry: { tries: 0 } }), "retry.tries: 0"],
    ["a weight without declared steps", (step) => step("a", () => 1, { weight: 2 }), "tasks that declare their steps"],
    ["a value that JSON cannot keep", (step) => step("a", () => ({ m: new Map() })), "a.m"],
    ["a value that is too large", (step) => step("a", () => "x".repeat(200_000)), "over the cap"],
    ["items that are no list", (step) => step.all("a", "b" as never, () => 1), "items"],
    ["items without a key", (step) => step.all("a", [{}] as never, () => 1), "give the option key"],
    ["items with one key", (step) => step.all("a", ["b", "b"], () => 1), "a key that no other item has"],
    ["no concurrency", (step) => step.all("a", ["b"], () => 1, { concurrency: 0 }), "concurrency: 0"],
    ["a sleep that is no duration", (step) => step.sleep("a", "soon" as never), "duration"],
  ])("is refused for %s", async (_what, use, message) => {
    const longshore = await storage.connect();
    const scan = task("scan", ONCE, ({ step }) => use(step));
    longshore.worker([scan]);

    await expect((await longshore.enqueue(scan)).result()).rejects.toThrow(message);
  });

  it("fails alone when it is optional: the job ends as partial, and a retry runs only what failed", async () => {
    const longshore = await storage.connect();
    const calls: string[] = [];
    const failsOnce = shakyOnce(calls);
    const scan = task("scan", ONCE, async ({ step }) => {
      const title = await step("crawl", () => {
        calls.push("crawl");
        return "T";
      });
      const score = await step(
        "score",
        () => {
          failsOnce("score");
          return 9;
        },
        { optional: true },
      );
      return { title, score };
    });
    const worker = longshore.worker([scan]);
    const told: unknown[] = [];
    worker.on("completed", (_job, result) => told.push(["completed", result]));
    worker.on("partial", (_job, result, failures) => told.push(["partial", result, failures.length]));

    const job = await longshore.enqueue(scan);

    expect(await job.result()).toEqual({ title: "T" });
    expect(await job.refresh()).toMatchObject({
      state: "partial",
      failures: [{ step: "score", key: null, error: { message: "score broke", stack: null } }],
    });
    expect(await job.progress()).toMatchObject({ percent: 100 });
    await job.retry();
    await expect.poll(async () => (await job.refresh()).state).toBe("completed");
    expect(await job.result()).toEqual({ title: "T", score: 9 });
    expect((await job.refresh()).failures).toEqual([]);
    expect(calls).toEqual(["crawl", "score", "score"]);
    expect(told).toEqual([
      ["partial", { title: "T" }, 1],
      ["completed", { title: "T", score: 9 }],
    ]);
  });

  it("that is all there is fails the job when it fails, although it is optional", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", { attempts: 2, backoff: 1 }, async ({ step }) => {
      await step("only", () => Promise.reject(new Error("no model")), { optional: true });
    });
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);

    await expect(job.result()).rejects.toThrow("every optional step and item failed, 1 in number; the first: no model");
    expect(await job.refresh()).toMatchObject({ state: "failed", attempt: 2, error: { code: "ALL_FAILED" } });
  });

  it("that is all there is leaves the job partial, when its handler gives a result nonetheless", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", { attempts: 2, backoff: 1 }, async ({ step }) => {
      const report = { pages: 7 };
      await step("notify", () => Promise.reject(new Error("no mail server")), { optional: true });
      return report;
    });
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);

    expect(await job.result()).toEqual({ pages: 7 });
    expect(await job.refresh()).toMatchObject({ state: "partial", attempt: 1, failures: [{ step: "notify" }] });
  });

  it("may be run within another", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", ONCE, ({ step, count }) =>
      step("outer", async () => {
        count("outer");
        return step("inner", () => {
          count("inner", 2);
          return 5;
        });
      }),
    );
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);

    expect(await job.result()).toBe(5);
    expect((await job.steps()).map(({ name, counters }) => [name, counters])).toEqual([
      ["inner", { inner: 2 }],
      ["outer", { outer: 1 }],
    ]);
  });
});
