// Runs with steps that do not succeed: asleep, cancelled, without their lease, half succeeded. In fake time.
import { describe, expect, it } from "vitest";
import { attach, EngineUnavailable, task, type JobContext, type LongshoreError } from "longshore";
import { FakeTimeFixture, withCommands } from "../fixtures/fake-time-fixture.js";

const ONCE = { attempts: 1 } as const;

function waitIn(fixture: FakeTimeFixture, ms: number): Promise<void> {
  return new Promise((resolve) => {
    fixture.clock.after(ms, resolve);
  });
}

describe("a step of a run that lost its lease", () => {
  it("is not run again by the run that has it now; one that was not stored is", async () => {
    let cut = false;
    const orDead = <T>(answer: () => T): T => {
      if (cut) throw new EngineUnavailable("memory:", "cut off");
      return answer();
    };
    const fixture = new FakeTimeFixture((engine) =>
      withCommands(engine, {
        heartbeat: (params) => orDead(() => engine.heartbeat(params)),
        exchange: (params) => orDead(() => engine.exchange(params)),
        report: (params) => orDead(() => engine.report(params)),
        openSession: (params) => orDead(() => engine.openSession(params)),
      }),
    );
    const other = attach(fixture.memory, { clock: fixture.clock });
    const calls: string[] = [];
    const rejected: unknown[] = [];
    const scan = task("scan", ONCE, async ({ step }) => {
      await step("one", () => calls.push("one"));
      if (calls.length === 1) cut = true;
      return step("two", () => calls.push("two")).catch((error: unknown) => {
        rejected.push(error);
        throw error;
      });
    });
    const lost = fixture.longshore.worker([scan]);
    lost.on("error", () => {});
    const job = await fixture.enqueue(scan);
    await fixture.rest();
    expect(calls).toEqual(["one", "two"]);
    other.worker([scan]);
    await fixture.pass(60_000, 1_000);

    expect(await (await other.job(job.id))?.refresh()).toMatchObject({ state: "completed", attempt: 1, crashes: 1 });
    expect(calls).toEqual(["one", "two", "two"]);
    cut = false;
    await fixture.pass(20_000, 1_000);
    expect(rejected).toMatchObject([{ code: "LEASE_LOST" }]);
    await Promise.all([fixture.longshore.close(), other.close()]);
  });

  it("rejects, and leaves nothing", async () => {
    const fixture = new FakeTimeFixture();
    const rejected: unknown[] = [];
    const scan = task("scan", ONCE, async ({ step, job, emit }) => {
      await step("one", async () => (await fixture.longshore.job(job.id))?.cancel(), { optional: true }).catch(
        (error: unknown) => rejected.push(error),
      );
      void emit("too late", 1);
    });
    fixture.longshore.worker([scan]);
    const job = await fixture.enqueue(scan);
    await fixture.pass(2_000);

    expect(rejected).toMatchObject([{ code: expect.stringMatching(/^(CANCELLED|LEASE_LOST)$/) }]);
    expect([await job.steps(), await job.milestones()]).toEqual([[], []]);
    expect(await job.refresh()).toMatchObject({ state: "cancelled", failures: [] });
    await fixture.longshore.close();
  });
});

describe("a step, once the run should end", () => {
  it("is not tried again, and no further item is begun", async () => {
    const fixture = new FakeTimeFixture();
    const calls: string[] = [];
    const retry = { tries: 5, backoff: "1h" } as const;
    const scan = task("scan", ONCE, async ({ step, signal }) => {
      const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
      await Promise.allSettled([
        step("shaky", () => Promise.reject(new Error(String(calls.push("shaky")))), { retry }),
        step.all("items", ["a", "b"], (item) => (calls.push(item), aborted.then(() => item)), { concurrency: 1 }),
      ]);
    });
    fixture.longshore.worker([scan]);
    const job = await fixture.enqueue(scan);
    await fixture.rest();
    await job.cancel();
    await fixture.pass(5_000, 500);

    expect(calls).toEqual(["shaky", "a"]);
    await fixture.longshore.close();
  });

  it("is not begun although items of it ignore that their worker stops", async () => {
    const fixture = new FakeTimeFixture();
    const other = attach(fixture.memory, { clock: fixture.clock, random: () => 0.5 });
    const calls: string[] = [];
    const scanBy = (who: string) =>
      task("scan", ONCE, ({ step }) =>
        step.all(
          "pages",
          [1, 2, 3, 4],
          async (page) => {
            calls.push(`${who} ${page}`);
            await waitIn(fixture, 400);
          },
          { concurrency: 1 },
        ),
      );
    const first = fixture.longshore.worker([scanBy("first")]);
    const job = await fixture.enqueue(scanBy("first"));
    await fixture.pass(500);
    void first.stop({ grace: 0 });
    await fixture.pass(3_000);
    other.worker([scanBy("second")]);
    await fixture.pass(5_000);

    expect((await (await other.job(job.id))?.refresh())?.state).toBe("completed");
    expect(calls).toEqual(["first 1", "first 2", "second 3", "second 4"]);
    await Promise.all([fixture.longshore.close(), other.close()]);
  });
});

describe("a chain of steps that the handler does not await", () => {
  it("is not gone on with after its attempt has failed; the next attempt does that", async () => {
    const fixture = new FakeTimeFixture();
    const calls: string[] = [];
    const scan = task("scan", { attempts: 2, backoff: "5s" }, async ({ step, job }) => {
      const call = (name: string, ms: number) =>
        step(name, async () => {
          calls.push(`${name} in attempt ${job.attempt}`);
          await waitIn(fixture, ms);
        });
      const chain = async (): Promise<void> => {
        await call("a", 1_000);
        await call("b", 1_000);
      };
      const broken = step("broken", () => {
        if (job.attempt === 1) throw new Error("broken");
      });
      await Promise.all([chain(), broken]);
    });
    fixture.longshore.worker([scan]);
    const job = await fixture.enqueue(scan);
    await fixture.pass(20_000);

    expect((await job.refresh()).state).toBe("completed");
    expect(calls).toEqual(["a in attempt 1", "b in attempt 2"]);
    await fixture.longshore.close();
  });

  it("is not gone on with after the handler has returned", async () => {
    const fixture = new FakeTimeFixture();
    const calls: string[] = [];
    const scan = task("scan", ONCE, ({ step }) => {
      const chain = async (): Promise<void> => {
        await step("a", () => waitIn(fixture, 500));
        await step("b", () => calls.push("b"));
      };
      chain().catch((error: unknown) => calls.push((error as LongshoreError).code));
      return "returned";
    });
    fixture.longshore.worker([scan]);
    const job = await fixture.enqueue(scan);
    await fixture.pass(3_000);

    expect(await job.refresh()).toMatchObject({ state: "completed", result: "returned" });
    expect(calls).toEqual(["LEASE_LOST"]);
    expect((await job.steps()).map(({ name }) => name)).toEqual(["a"]);
    await fixture.longshore.close();
  });
});

describe("a job that half succeeds", () => {
  it("calls the hooks of partial jobs, with its result", async () => {
    const fixture = new FakeTimeFixture();
    const endings: unknown[] = [];
    const scan = task("scan", ONCE, async ({ step }) => {
      await step("a", () => 1);
      await step("b", () => Promise.reject(new Error("no")), { optional: true });
      return "half";
    });
    const onSettle = (_context: unknown, ending: unknown): void => void endings.push(ending);
    fixture.longshore.worker([scan], { middleware: [{ onSettle }] });
    await fixture.enqueue(scan);
    await fixture.rest();

    expect(endings).toEqual([{ kind: "partial", result: "half", error: undefined }]);
    await fixture.longshore.close();
  });
});

describe("a sleep", () => {
  it("gives the slot back, counts no attempt, and goes on after it where it was", async () => {
    const fixture = new FakeTimeFixture();
    const calls: string[] = [];
    const order = task("order", { attempts: 1 }, async ({ step, job }) => {
      await step("order", () => calls.push("order"));
      await step.sleep("until it is there", "2h");
      return step("collect", () => `collected in attempt ${job.attempt}`);
    });
    const worker = fixture.longshore.worker([order]);
    const job = await fixture.enqueue(order);
    await fixture.rest();

    expect(await job.refresh()).toMatchObject({ state: "delayed", runAt: fixture.clock.now() + 7_200_000 });
    expect(worker.running).toBe(0);
    await fixture.pass(7_199_000, 60_000);
    expect((await job.refresh()).state).toBe("delayed");
    await fixture.pass(2_000);
    expect(await job.refresh()).toMatchObject({ state: "completed", result: "collected in attempt 1" });
    expect(calls).toEqual(["order"]);
    await fixture.longshore.close();
  });

  it("holds although the handler catches what it throws, or throws something else", async () => {
    const fixture = new FakeTimeFixture();
    const runs: string[] = [];
    const stubborn = task("stubborn", { attempts: 1 }, async ({ step, input }: JobContext<string>) => {
      runs.push(input);
      try {
        await step.sleep("nap", "1m");
      } catch {
        if (input === "throws") throw new Error("something else");
        await step("more", () => runs.push("a step after the sleep")).catch(() => {});
      }
      return input;
    });
    fixture.longshore.worker([stubborn]);
    const jobs = [await fixture.enqueue(stubborn, "returns"), await fixture.enqueue(stubborn, "throws")];
    await fixture.rest();

    for (const job of jobs) expect((await job.refresh()).state).toBe("delayed");
    await fixture.pass(61_000, 1_000);
    for (const job of jobs) expect((await job.refresh()).state).toBe("completed");
    expect(runs).toEqual(["returns", "throws", "returns", "throws"]);
    await fixture.longshore.close();
  });

  it("that is woken early sleeps on", async () => {
    const fixture = new FakeTimeFixture();
    const nap = task("nap", { attempts: 1 }, async ({ step }) => {
      await step.sleep("nap", "1h");
    });
    fixture.longshore.worker([nap]);
    const job = await fixture.enqueue(nap);
    await fixture.rest();
    const { runAt } = await job.refresh();
    await fixture.pass(60_000, 10_000);
    await job.promote();
    await fixture.pass(1_000);

    expect(await job.refresh()).toMatchObject({ state: "delayed", runAt });
    await fixture.longshore.close();
  });

  it("beside others ends with the shortest", async () => {
    const fixture = new FakeTimeFixture();
    const nap = task("nap", { attempts: 1 }, ({ step }) =>
      Promise.all([step.sleep("long", "2h"), step.sleep("short", "1h")]),
    );
    fixture.longshore.worker([nap]);
    const job = await fixture.enqueue(nap);
    await fixture.rest();

    expect((await job.refresh()).runAt).toBe(fixture.clock.now() + 3_600_000);
    await fixture.longshore.close();
  });
});
