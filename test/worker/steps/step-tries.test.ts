// The tries of steps. One that failed leaves nothing behind: no timeout that still runs, nothing counted, no
// name that stays taken, and no unhandled rejection. In fake time.
import { describe, expect, it, onTestFinished } from "vitest";
import { InvalidInput, task } from "longshore";
import { FakeTimeFixture } from "../fixtures/fake-time-fixture.js";

const ONCE = { attempts: 1 } as const;

/** The unhandled rejections from now on to the end of the test. */
function watchRejections(): readonly string[] {
  const seen: string[] = [];
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", (error) => seen.push(String(error)));
  onTestFinished(() => {
    process.removeAllListeners("unhandledRejection");
    for (const listener of others) process.on("unhandledRejection", listener);
  });
  return seen;
}

function fails(): never {
  throw new Error("no answer");
}

function waitIn(fixture: FakeTimeFixture): (ms: number) => Promise<void> {
  return (ms) =>
    new Promise((resolve) => {
      fixture.clock.after(ms, resolve);
    });
}

describe("a try that failed", () => {
  it("by throwing at once has no timeout that still runs while the next one is waited for", async () => {
    const rejections = watchRejections();
    const fixture = new FakeTimeFixture();
    const scan = task("scan", ONCE, ({ step }) =>
      step(
        "crawl",
        ({ tryNumber: attempt }) => {
          if (attempt === 1) throw new Error("at once");
          return attempt;
        },
        { timeout: "1s", retry: { tries: 2, backoff: "5s" } },
      ),
    );
    fixture.longshore.worker([scan]);
    const job = await fixture.enqueue(scan);
    await fixture.pass(10_000);

    expect(await job.result()).toBe(2);
    expect(rejections).toEqual([]);
    await fixture.longshore.close();
  });

  it("by its timeout is ignored from then on, during the wait for the next one and after", async () => {
    const fixture = new FakeTimeFixture();
    const wait = waitIn(fixture);
    const scan = task("scan", ONCE, ({ step, count }) =>
      step(
        "crawl",
        async ({ tryNumber: attempt }) => {
          if (attempt === 1) await wait(2_000);
          count("pages");
        },
        { timeout: "1s", retry: { tries: 2, backoff: "5s" } },
      ),
    );
    fixture.longshore.worker([scan]);
    const job = await fixture.enqueue(scan);
    await fixture.pass(10_000);

    expect((await job.progress())?.counters).toEqual({ pages: 1 });
    expect((await job.steps()).map(({ counters }) => counters)).toEqual([{ pages: 1 }]);
    await fixture.longshore.close();
  });

  it("gives back the names of the steps within it: the next one reads what they gave", async () => {
    const fixture = new FakeTimeFixture();
    const calls: string[] = [];
    const scan = task("scan", ONCE, ({ step }) =>
      step(
        "outer",
        async ({ tryNumber: attempt }) => {
          await step("inner", () => calls.push("inner"));
          if (attempt === 1) throw new Error("again");
          return `try ${attempt}`;
        },
        { retry: { tries: 3, backoff: "1s" } },
      ),
    );
    fixture.longshore.worker([scan]);
    const job = await fixture.enqueue(scan);
    await fixture.pass(5_000);

    expect(await job.refresh()).toMatchObject({ state: "completed", result: "try 2" });
    expect(calls).toEqual(["inner"]);
    await fixture.longshore.close();
  });
});

describe("a step that failed", () => {
  it("gives its name back: something else may be tried under it", async () => {
    const fixture = new FakeTimeFixture();
    const plain = task("plain", { ...ONCE, steps: ["price"] }, ({ step }) =>
      step("price", fails).catch(() => step("price", () => "from the cache")),
    );
    const optional = task(
      "optional",
      { ...ONCE, steps: ["price"] },
      async ({ step }) => (await step("price", fails, { optional: true })) ?? step("price", () => "from the cache"),
    );
    const many = task("many", { ...ONCE, steps: ["price"] }, async ({ step }) => {
      const { values } = await step.all("price", ["a", "b"], fails).catch(() => step.all("price", ["a"], (key) => key));
      return values;
    });
    fixture.longshore.worker([plain, optional, many]);
    const jobs = [await fixture.enqueue(plain), await fixture.enqueue(optional), await fixture.enqueue(many)];
    await fixture.rest();

    const ends = await Promise.all(jobs.map((job) => job.refresh()));
    expect(ends.map(({ state, result, failures }) => [state, result, failures.map(({ key }) => key)])).toEqual([
      ["completed", "from the cache", []],
      ["partial", "from the cache", [null]],
      ["partial", ["a"], ["a", "b"]],
    ]);
    await fixture.longshore.close();
  });

  it("and was given up does not give back the name that another call has by now", async () => {
    const fixture = new FakeTimeFixture();
    const wait = waitIn(fixture);
    const refused: unknown[] = [];
    const scan = task("scan", ONCE, ({ step }) =>
      step(
        "outer",
        async ({ tryNumber: attempt }) => {
          const inner = step("inner", async () => {
            await wait(attempt === 1 ? 3_500 : 1_500);
            if (attempt === 1) throw new Error("too late");
          });
          if (attempt === 2) {
            await wait(1_000);
            await step("inner", () => 1).catch((error: unknown) => refused.push(error));
          }
          await inner;
        },
        // The first try is given up at 2 s and the second begins at 3 s, before the first has failed.
        { timeout: "2s", retry: { tries: 2, backoff: "1s" } },
      ),
    );
    fixture.longshore.worker([scan]);
    const job = await fixture.enqueue(scan);
    await fixture.pass(10_000);

    expect((await job.refresh()).state).toBe("completed");
    expect(refused).toEqual([expect.any(InvalidInput)]);
    await fixture.longshore.close();
  });

  it("before it is awaited rejects when it is awaited later, and is no unhandled rejection", async () => {
    const rejections = watchRejections();
    const fixture = new FakeTimeFixture();
    const wait = waitIn(fixture);
    const scan = task("scan", ONCE, async ({ step }) => {
      const early = step("early", () => Promise.reject(new Error("early")));
      const items = step.all("items", ["a"], () => Promise.reject(new Error("item")));
      const nap = step.sleep("nap", "soon" as never);
      await wait(1_000);
      return Promise.allSettled([early, items, nap]).then((ends) => ends.map(({ status }) => status));
    });
    fixture.longshore.worker([scan]);
    const job = await fixture.enqueue(scan);
    await fixture.pass(3_000);

    expect(await job.refresh()).toMatchObject({ result: ["rejected", "rejected", "rejected"] });
    expect(rejections).toEqual([]);
    await fixture.longshore.close();
  });
});
