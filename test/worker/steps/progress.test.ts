// How far a job is: computed from its steps, never falling within an attempt, kept over retries; and what it shows on its
// way: milestones, counters, messages.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { task, type Emit, type Job, type JobContext, type JobEvent, type Progress } from "longshore";
import { makeGate } from "../fixtures/gate.js";
import { onEveryEngine } from "../fixtures/on-engines.js";
import { FakeTimeFixture, withCommands } from "../fixtures/fake-time-fixture.js";

const ONCE = { attempts: 1 } as const;

/** Records all progress that is sent, and lets a handler wait until its own progress has been. */
class RecordingFixture extends FakeTimeFixture {
  readonly sent: Progress[];

  constructor() {
    const sent: Progress[] = [];
    super((engine) =>
      withCommands(engine, {
        report: (params) => {
          for (const { progress } of params.updates) if (progress !== undefined) sent.push(progress);
          return engine.report(params);
        },
      }),
    );
    this.sent = sent;
  }

  /** Waits until the reported progress has been sent. */
  async said(): Promise<Progress | undefined> {
    await new Promise<void>((resolve) => {
      this.clock.after(150, resolve);
    });
    return this.sent.at(-1);
  }
}

/** A job that is at 40 percent when it says something else, once it has ended. */
async function saying(
  say: (progress: JobContext<unknown>["progress"]) => void,
): Promise<{ fixture: RecordingFixture; job: Job }> {
  const fixture = new RecordingFixture();
  const scan = task("scan", ONCE, ({ progress }) => {
    progress(40);
    say(progress);
  });
  fixture.longshore.worker([scan]);
  const job = await fixture.enqueue(scan);
  await fixture.rest();
  return { fixture, job };
}

function items(done: number, failed: number): unknown {
  return { done, failed, total: 4 };
}

describe("progress through declared steps", () => {
  it("is 0 before anything ran, computed after each step, and 100 only at the end", async () => {
    const fixture = new RecordingFixture();
    const seen: unknown[] = [];
    const note = async (): Promise<void> => {
      const { percent, done, total, step } = (await fixture.said()) ?? {};
      seen.push([percent, done, total, step]);
    };
    const scan = task("scan", { ...ONCE, steps: { crawl: 1, parse: 1, analyse: 5, report: 1 } }, async ({ step }) => {
      await step("crawl", note);
      await note();
      await step("parse", note);
      await step("analyse", note);
      await step("report", note);
      await note();
    });
    fixture.longshore.worker([scan]);
    const job = await fixture.enqueue(scan);
    await fixture.pass(2_000, 50);

    expect(seen).toEqual([
      [0, 0, 4, "crawl"],
      [12, 1, 4, null],
      [12, 1, 4, "parse"],
      [25, 2, 4, "analyse"],
      [87, 3, 4, "report"],
      [99, 4, 4, null],
    ]);
    expect(await job.progress()).toMatchObject({ percent: 100, done: 4, total: 4, step: null });
    await fixture.longshore.close();
  });

  it("moves within a step by what the handler says, and within a step over items by the items", async () => {
    const fixture = new RecordingFixture();
    const seen: unknown[] = [];
    const note = async (): Promise<void> => {
      const { percent, items, message } = (await fixture.said()) ?? {};
      seen.push([percent, items, message]);
    };
    const scan = task("scan", { ...ONCE, steps: ["crawl", "analyse"] }, async ({ step, progress }) => {
      await step("crawl", async () => {
        progress(1, 4, "page 1 of 4");
        await note();
        progress(50);
        await note();
      });
      await step.all(
        "analyse",
        ["a", "b", "c", "d"],
        async (item) => {
          await note();
          progress(50, `half of ${item}`);
          await note();
          if (item === "b") throw new Error("no");
        },
        { concurrency: 1 },
      );
    });
    fixture.longshore.worker([scan]);
    await fixture.enqueue(scan);
    await fixture.pass(4_000, 50);

    expect(seen).toEqual([
      [12, { done: 1, failed: 0, total: 4 }, "page 1 of 4"],
      [25, null, "page 1 of 4"],
      [50, items(0, 0), null],
      [56, items(0, 0), "half of a"],
      [62, items(1, 0), "half of a"],
      [68, items(1, 0), "half of b"],
      [75, items(2, 1), "half of b"],
      [81, items(2, 1), "half of c"],
      [87, items(3, 1), "half of c"],
      [93, items(3, 1), "half of d"],
    ]);
    await fixture.longshore.close();
  });

  it("never falls within an attempt, although a try is begun again or a weight turns out to be larger", async () => {
    const fixture = new RecordingFixture();
    const scan = task("scan", { ...ONCE, steps: ["a", "b", "c"] }, async ({ step, progress }) => {
      await step(
        "a",
        async ({ tryNumber: attempt }) => {
          progress(90);
          await fixture.said();
          if (attempt === 1) throw new Error("again");
        },
        { retry: { tries: 2, backoff: 1_000 } },
      );
      await step("b", () => fixture.said(), { weight: 20 });
      await step("c", () => fixture.said());
    });
    fixture.longshore.worker([scan]);
    await fixture.enqueue(scan);
    await fixture.pass(4_000, 50);

    const percents = fixture.sent.map(({ percent }) => percent);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(percents.at(-1)).toBe(99);
    await fixture.longshore.close();
  });

  it("begins a retry with what is done", async () => {
    const fixture = new RecordingFixture();
    const steps = ["crawl", "parse", "analyse", "report"] as const;
    const seen: unknown[] = [];
    const scan = task("scan", { attempts: 2, backoff: "10s", steps }, async ({ step, progress, job }) => {
      if (job.attempt === 2) {
        progress(0, "again");
        const { percent, done, message } = (await fixture.said()) ?? {};
        seen.push([percent, done, message]);
      }
      await step("crawl", () => 1);
      await step("parse", () => 1);
      await step("analyse", () => {
        if (job.attempt === 1) throw new Error("again");
      });
      await step("report", () => 1);
    });
    fixture.longshore.worker([scan]);
    const job = await fixture.enqueue(scan);
    await fixture.pass(500, 50);
    expect(await job.progress()).toMatchObject({ percent: 50, done: 2, total: 4 });
    await fixture.pass(15_000, 500);

    expect(seen).toEqual([[50, 2, "again"]]);
    expect(await job.progress()).toMatchObject({ percent: 100, done: 4 });
    await fixture.longshore.close();
  });

  it("is not moved by what is said outside of steps, but its message is", async () => {
    const fixture = new RecordingFixture();
    const scan = task("scan", { ...ONCE, steps: ["a"] }, async ({ progress }) => {
      progress(70, "of something else");
      await fixture.said();
    });
    fixture.longshore.worker([scan]);
    await fixture.enqueue(scan);
    await fixture.pass(500, 50);

    expect(fixture.sent).toMatchObject([{ percent: 0, total: 1, message: "of something else" }]);
    await fixture.longshore.close();
  });

  it("costs nothing where it is not used", async () => {
    const fixture = new RecordingFixture();
    const quiet = task("quiet", { ...ONCE, steps: ["a"] }, () => 1);
    fixture.longshore.worker([quiet]);
    await fixture.enqueue(quiet);
    await fixture.pass(500, 50);

    expect(fixture.sent).toEqual([]);
    await fixture.longshore.close();
  });
});

describe("progress without declared steps", () => {
  it("is what the handler says; steps say their name and how many have ended", async () => {
    const fixture = new RecordingFixture();
    const seen: unknown[] = [];
    const scan = task("scan", ONCE, async ({ step, progress }) => {
      progress(1, 3, "one of three");
      seen.push(await fixture.said());
      progress(40);
      await step("any", async () => {
        progress(2, 9);
        seen.push(await fixture.said());
      });
      seen.push(await fixture.said());
    });
    fixture.longshore.worker([scan]);
    await fixture.enqueue(scan);
    await fixture.pass(1_000, 50);

    expect(seen).toMatchObject([
      { percent: 33, message: "one of three", done: 0, total: null, step: null },
      { percent: 40, done: 0, total: null, step: "any", items: { done: 2, failed: 0, total: 9 } },
      { percent: 40, done: 1, total: null, step: null, items: null },
    ]);
    await fixture.longshore.close();
  });

  it("is at most 99 before the end, never falls, and is moved by what is said within a plain step", async () => {
    const fixture = new RecordingFixture();
    const scan = task("scan", ONCE, async ({ step, progress }) => {
      await step("crawl", async () => {
        progress(50);
        await fixture.said();
      });
      await step.all("parse", ["a"], async () => {
        progress(70);
        await fixture.said();
      });
      progress(3, 10);
      await fixture.said();
      progress(100);
      await fixture.said();
      progress(20);
      await fixture.said();
    });
    fixture.longshore.worker([scan]);
    const job = await fixture.enqueue(scan);
    await fixture.pass(2_000, 50);

    expect([...new Set(fixture.sent.map(({ percent }) => percent))]).toEqual([50, 99]);
    expect(await job.progress()).toMatchObject({ percent: 100 });
    await fixture.longshore.close();
  });

  const off: [string, (progress: JobContext<unknown>["progress"]) => void, number, string][] = [
    ["more than 100 percent", (progress) => progress(100.000_000_6), 99, "progress: 100.0000006 is not allowed"],
    ["less than nothing", (progress) => progress(-1), 40, "progress: -1 is not allowed: a number from 0 to 100"],
    ["more than all", (progress) => progress(4, 3), 99, "progress: 4 is not allowed: a number from 0 to 3"],
    ["a message that is no text", (progress) => progress(4, 5, 6 as never), 80, "progress, its message: 6"],
    ["no message", (progress) => progress(4, 5, null as never), 80, "progress, its message: null"],
  ];
  it.each(off)("takes %s for what it can mean, and warns", async (_what, say, percent, warning) => {
    const { fixture, job } = await saying(say);

    expect(await job.refresh()).toMatchObject({ state: "completed", attempt: 1 });
    expect(fixture.sent.at(-1)?.percent).toBe(percent);
    expect((await job.logs()).lines).toMatchObject([{ level: "warn", message: expect.stringContaining(warning) }]);
    await fixture.longshore.close();
  });

  const none: [string, (progress: JobContext<unknown>["progress"]) => void, string][] = [
    ["nothing of nothing", (progress) => progress(Number.NaN), "progress: NaN is not allowed"],
    ["an endless number", (progress) => progress(Number.POSITIVE_INFINITY), "progress: Infinity"],
    ["text", (progress) => progress("50" as never), 'progress: "50"'],
    ["a bigint", (progress) => progress(5n as never, 10n as never), "progress.total: 10n"],
    ["an endless total", (progress) => progress(4, Number.POSITIVE_INFINITY), "progress.total: Infinity"],
    ["a total below 0", (progress) => progress(4, -1), "progress.total: -1"],
    ["no total", (progress) => progress(4, null as never), "progress.total: null"],
  ];
  it.each(none)("leaves out %s, and warns", async (_what, say, warning) => {
    const { fixture, job } = await saying(say);

    expect(await job.refresh()).toMatchObject({ state: "completed", attempt: 1 });
    expect(fixture.sent.at(-1)?.percent).toBe(40);
    expect((await job.logs()).lines).toMatchObject([{ level: "warn", message: expect.stringContaining(warning) }]);
    await fixture.longshore.close();
  });

  it("keeps the message of what it leaves out, and warns once in a run", async () => {
    const { fixture, job } = await saying((progress) => {
      for (let page = 0; page < 100; page += 1) progress(Number.NaN, `page ${page}`);
    });

    expect(fixture.sent.at(-1)).toMatchObject({ percent: 40, message: "page 99" });
    expect((await job.logs()).lines).toHaveLength(1);
    await fixture.longshore.close();
  });
});

onEveryEngine("a milestone", (storage) => {
  it("is read and watched before the job ends", async () => {
    const longshore = await storage.connect();
    const gate = makeGate();
    const scan = task("scan", { ...ONCE, milestones: ["TEASER_READY"] }, async ({ emit }) => {
      await gate.opened;
      void emit("TEASER_READY", { title: "T" });
      await watched.opened;
      return "full";
    });
    const watched = makeGate();
    longshore.worker([scan]);
    const job = await longshore.enqueue(scan);
    const events: JobEvent[] = [];
    const watching = (async () => {
      for await (const event of job.events()) {
        if (events.length === 0) gate.open();
        events.push(event);
        if (event.kind === "milestone") watched.open();
      }
    })();

    await watched.opened;
    expect(await job.milestones()).toMatchObject([{ name: "TEASER_READY", value: { title: "T" } }]);
    expect(await job.progress()).toMatchObject({ milestones: ["TEASER_READY"] });
    expect(await job.result()).toBe("full");
    await watching;
    expect(events.filter(({ kind }) => kind === "milestone")).toMatchObject([
      { name: "TEASER_READY", value: { title: "T" } },
    ]);
  });

  it("that was not awaited is stored before the job ends, also after a retry", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", { attempts: 2, backoff: 0 }, ({ emit, job }) => {
      void emit(`attempt ${job.attempt}`, job.attempt);
      if (job.attempt === 1) throw new Error("again");
    });
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);
    await job.result();

    expect((await job.milestones()).map(({ name, value }) => [name, value])).toEqual([
      ["attempt 1", 1],
      ["attempt 2", 2],
    ]);
    expect((await job.progress())?.milestones).toEqual(["attempt 1", "attempt 2"]);
  });

  it("shown again replaces what it showed, in its place", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", ONCE, async ({ emit }) => {
      await emit("half", 1);
      await emit("whole", 2);
      await emit("half", 3);
    });
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);
    await job.result();

    expect((await job.milestones()).map(({ name, value }) => [name, value])).toEqual([
      ["half", 3],
      ["whole", 2],
    ]);
  });

  it("shows what its schema makes of it", async () => {
    const longshore = await storage.connect();
    const scan = task(
      "scan",
      { ...ONCE, milestones: { READY: z.object({ title: z.string().trim(), score: z.number().default(5) }) } },
      ({ emit }) => emit("READY", { title: " T " }),
    );
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);
    await job.result();

    expect(await job.milestones()).toMatchObject([{ value: { title: "T", score: 5 } }]);
  });

  it.each<[string, (emit: Emit) => unknown, string]>([
    ["a name that is not declared", (emit) => emit("NEVER", 1), "one of the task's milestones: READY"],
    ["a value that its schema refuses", (emit) => emit("READY", { title: 7 }), "milestone.READY.title: 7"],
    ["more than 16 KiB", (emit) => emit("READY", { title: "x".repeat(17_000) }), "over the cap of 16384 bytes"],
    ["a name with control characters", (emit) => emit("\u0000", 1), "milestone: "],
  ])("is refused at once for %s", async (_what, use, message) => {
    const longshore = await storage.connect();
    const options = { ...ONCE, milestones: { READY: z.object({ title: z.string() }) } };
    const scan = task("scan", options, ({ emit }) => void use(emit as Emit));
    longshore.worker([scan]);

    await expect((await longshore.enqueue(scan)).result()).rejects.toThrow(message);
  });

  it("is refused when there are more than 100 of different names", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", ONCE, async ({ emit }) => {
      for (let n = 0; n < 101; n += 1) await emit(`page ${n}`, n);
    });
    longshore.worker([scan]);

    await expect((await longshore.enqueue(scan)).result()).rejects.toThrow("at most 100 milestones");
  });
});

onEveryEngine("a counter", (storage) => {
  it("adds up, and is shown with the job", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", ONCE, ({ count }) => {
      count("issues", 3);
      count("issues", 0.5);
      count("pages");
    });
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);
    await job.result();

    expect(await job.progress()).toMatchObject({ counters: { issues: 3.5, pages: 1 } });
  });

  it("stays right over retries when it is counted in steps and items", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", { attempts: 3, backoff: 0 }, async ({ step, count, job }) => {
      await step("crawl", () => count("pages", 10));
      await step.all("analyse", ["a", "b", "c"], (item) => {
        count("issues", 2);
        if (item === "c" && job.attempt < 3) throw new Error("no");
      });
      count("outside");
      if (job.attempt < 3) throw new Error("again");
    });
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);
    await job.result();

    expect(await job.progress()).toMatchObject({ counters: { pages: 10, issues: 6, outside: 1 } });
    expect((await job.steps()).map(({ name, key, counters }) => [name, key, counters])).toEqual([
      ["crawl", null, { pages: 10 }],
      ["analyse", "a", { issues: 2 }],
      ["analyse", "b", { issues: 2 }],
      ["analyse", "c", { issues: 2 }],
    ]);
  });

  it("forgets what was counted in a try that failed", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", ONCE, ({ step, count }) =>
      step(
        "shaky",
        ({ tryNumber: attempt }) => {
          count("issues", 7);
          if (attempt === 1) throw new Error("again");
        },
        { retry: { tries: 2, backoff: 0 } },
      ),
    );
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);
    await job.result();

    expect(await job.progress()).toMatchObject({ counters: { issues: 7 } });
  });

  it.each<[string, (count: JobContext<unknown>["count"]) => void, string]>([
    ["what is no number", (count) => count("n", "1" as never), 'counter.n: "1"'],
    ["endless numbers", (count) => count("n", Number.NaN), "counter.n: NaN"],
    ["an empty name", (count) => count(""), "counter"],
    ["a 51st name", (count) => Array.from({ length: 51 }, (_, n) => count(`n${n}`)), "at most 50 counters"],
  ])("leaves out %s, and warns once", async (_what, use, warning) => {
    const longshore = await storage.connect();
    const scan = task("scan", ONCE, ({ count }) => {
      count("pages", 2);
      use(count);
      use(count);
      count("pages");
      return "done";
    });
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);
    expect(await job.result()).toBe("done");
    expect(await job.progress()).toMatchObject({ counters: { pages: 3 } });
    expect((await job.logs()).lines).toMatchObject([{ level: "warn", message: expect.stringContaining(warning) }]);
  });

  it("stays a number however much is counted", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", ONCE, ({ count }) => {
      count("n", Number.MAX_VALUE);
      count("n", Number.MAX_VALUE);
    });
    longshore.worker([scan]);

    const job = await longshore.enqueue(scan);
    await job.result();
    expect(await job.progress()).toMatchObject({ counters: { n: Number.MAX_VALUE } });
  });

  it("of one job is not that of another in whose step it is used", async () => {
    const longshore = await storage.connect();
    const begun = makeGate();
    const over = makeGate();
    const contexts: JobContext<unknown>[] = [];
    const inner = task("inner", ONCE, async (context) => {
      contexts.push(context);
      begun.open();
      await over.opened;
    });
    const outer = task("outer", ONCE, ({ step }) => step("use", () => contexts[0]?.count("inner")));
    longshore.worker([inner, outer]);

    const first = await longshore.enqueue(inner);
    await begun.opened;
    const second = await longshore.enqueue(outer);
    await second.result();
    over.open();
    await first.result();

    expect((await second.steps()).map(({ counters }) => counters)).toEqual([{}]);
    expect((await first.progress())?.counters).toEqual({ inner: 1 });
  });
});

describe("milestones", () => {
  it("take one place each, however often they are shown", async () => {
    const fixture = new FakeTimeFixture();
    const scan = task("scan", { attempts: 2, backoff: 0 }, async ({ emit, job }) => {
      for (let n = 0; n < 5; n += 1) await emit("half", n);
      if (job.attempt === 1) throw new Error("again");
    });
    fixture.longshore.worker([scan]);
    const { id, queue } = await fixture.enqueue(scan);
    await fixture.rest();

    expect(fixture.memory.checkpoints({ queue, id })).toMatchObject([{ seq: 1, name: "half", value: "4" }]);
    await fixture.longshore.close();
  });
});
