// Steps over items: several at a time, each remembered by its key, each free to fail alone.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { AllFailed, NonRetryable, task } from "longshore";
import { describeFailure } from "../../../src/model/failure/failure.js";
import { makeGate } from "../fixtures/gate.js";
import { onEveryEngine } from "../fixtures/on-engines.js";
import { FakeTimeFixture } from "../fixtures/fake-time-fixture.js";

const ONCE = { attempts: 1 } as const;

/** Fails the first time it is called, and notes every call. */
function shakyOnce(calls: string[]): (what: string) => void {
  return (what) => {
    const first = !calls.includes(what);
    calls.push(what);
    if (first) throw new Error(`${what} broke`);
  };
}

function fails(): never {
  throw new Error("no");
}

onEveryEngine("a step over items", (storage) => {
  it("gives what the items gave, in their order, several at a time", async () => {
    const longshore = await storage.connect();
    let running = 0;
    let most = 0;
    const scan = task("scan", ONCE, async ({ step }) =>
      step.all(
        "double",
        Array.from({ length: 20 }, (_, n) => n),
        async (n) => {
          running += 1;
          most = Math.max(most, running);
          await sleep(n % 3);
          running -= 1;
          return n * 2;
        },
        { concurrency: 4 },
      ),
    );
    longshore.worker([scan]);

    const { values, errors } = await (await longshore.enqueue(scan)).result();

    expect(values).toEqual(Array.from({ length: 20 }, (_, n) => n * 2));
    expect(errors).toEqual([]);
    expect(most).toBe(4);
  });

  it("of no items is done", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", { ...ONCE, steps: ["none"] }, ({ step }) => step.all("none", [] as string[], () => 1));
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);

    expect(await job.result()).toEqual({ values: [], errors: [] });
    expect(await job.refresh()).toMatchObject({ state: "completed", progress: { done: 1, total: 1 } });
  });

  it("goes on when some fail, and a retry by hand runs only those", async () => {
    const longshore = await storage.connect();
    const calls: string[] = [];
    const failsOnce = shakyOnce(calls);
    const scan = task("scan", ONCE, async ({ step }) => {
      const { values, errors } = await step.all(
        "analyse",
        [{ id: "tone" }, { id: "length" }, { id: "sense" }],
        ({ id }) => {
          if (id === "length") failsOnce(id);
          else calls.push(id);
          return id.toUpperCase();
        },
        { key: ({ id }) => id, concurrency: 1 },
      );
      return [values, errors.map(({ item, key, error }) => [item.id, key, error.message])];
    });
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);

    expect(await job.result()).toEqual([["TONE", "SENSE"], [["length", "length", "length broke"]]]);
    expect(await job.refresh()).toMatchObject({
      state: "partial",
      failures: [{ step: "analyse", key: "length", error: { message: "length broke", stack: null, cause: null } }],
    });
    await job.retry();
    await expect.poll(async () => (await job.refresh()).state).toBe("completed");
    expect(await job.result()).toEqual([["TONE", "LENGTH", "SENSE"], []]);
    expect(calls).toEqual(["tone", "length", "sense", "length"]);
  });

  it("fails when all of them fail, and the next attempt tries all of them", async () => {
    const longshore = await storage.connect();
    let calls = 0;
    const scan = task("scan", { attempts: 2, backoff: 1 }, async ({ step }) => {
      await step("before", () => 1);
      return step.all("analyse", ["a", "b", "c"], () => {
        calls += 1;
        throw new Error("no model");
      });
    });
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);

    await expect(job.result()).rejects.toThrow('every item of step "analyse" failed, 3 in number; the first: no model');
    expect(await job.refresh()).toMatchObject({ state: "failed", attempt: 2, error: { name: "AllFailed" } });
    expect(calls).toBe(6);
  });

  it("is not tried again when all of them failed for good", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", { attempts: 5, backoff: 1 }, ({ step }) =>
      step.all("analyse", ["a", "b"], () => {
        throw new NonRetryable("no");
      }),
    );
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);

    await expect(job.result()).rejects.toThrow("every item");
    expect((await job.refresh()).attempt).toBe(1);
  });

  it("may fail as a whole when it is optional", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", ONCE, async ({ step }) => {
      await step("before", () => 1);
      const { errors } = await step.all("analyse", ["a", "b"], fails, { optional: true });
      return errors.length;
    });
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);

    expect(await job.result()).toBe(2);
    expect((await job.refresh()).state).toBe("partial");
  });

  it("keeps the first 100 failures of many", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", ONCE, ({ step }) =>
      step.all(
        "analyse",
        Array.from({ length: 150 }, (_, n) => n),
        (n) => {
          if (n > 0) throw new Error(`no ${n}`);
        },
      ),
    );
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);

    expect((await job.result()).errors).toHaveLength(149);
    expect((await job.refresh()).failures).toHaveLength(100);
  });

  it("begins no further item once the run should end", async () => {
    const longshore = await storage.connect();
    const calls: number[] = [];
    const started = makeGate();
    const scan = task("scan", {}, ({ step }) =>
      step.all(
        "endless",
        [1, 2, 3, 4],
        async (n, { signal }) => {
          calls.push(n);
          if (calls.length === 2) started.open();
          await sleep(20_000, undefined, { signal });
        },
        { concurrency: 2 },
      ),
    );
    const worker = longshore.worker([scan]);
    const cancelled = new Promise((resolve) => worker.once("cancelled", resolve));
    const job = await longshore.enqueue(scan);
    await started.opened;
    await job.cancel();
    await cancelled;

    expect(calls).toEqual([1, 2]);
    expect((await job.refresh()).failures).toEqual([]);
  });
});

describe("a job with more than 10,000 steps and items", () => {
  it("is refused before it begins those that are too many", async () => {
    const fixture = new FakeTimeFixture();
    let calls = 0;
    const scan = task("scan", ONCE, ({ step }) =>
      step.all(
        "items",
        Array.from({ length: 10_001 }, (_, n) => n),
        () => {
          calls += 1;
        },
      ),
    );
    fixture.longshore.worker([scan]);
    const job = await fixture.enqueue(scan);
    await fixture.rest();

    expect((await job.refresh()).error?.message).toContain("at most 10000 steps, items and sleeps");
    expect(calls).toBe(0);
    await fixture.longshore.close();
  });
});

describe("a job with 10,000 steps and items", () => {
  it("may begin the last of them while the others are worked on: none counts twice, nor does one that failed", async () => {
    const fixture = new FakeTimeFixture();
    const scan = task("scan", ONCE, async ({ step }) => {
      const pages = Array.from({ length: 10_000 }, (_, n) => n);
      const { errors } = await step.all(
        "pages",
        pages,
        async (n) => {
          if (n === 0) throw new Error("no");
          if (n === 9_999) await step("title of the last", () => "T");
        },
        { concurrency: 1_000 },
      );
      return errors.length;
    });
    fixture.longshore.worker([scan]);
    const job = await fixture.enqueue(scan);
    await fixture.pass(5_000);

    expect(await job.refresh()).toMatchObject({ state: "partial", result: 1 });
    await fixture.longshore.close();
  });
});

describe("all that failed", () => {
  it("has one fingerprint, however many they were", () => {
    expect(fingerprintOf(3)).toBe(fingerprintOf(140));
  });
});

function fingerprintOf(failed: number): string {
  return describeFailure(new AllFailed('every item of step "a"', failed, new Error("no model"), true)).fingerprint;
}
