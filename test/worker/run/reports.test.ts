// Reports of runs reach the engine in commands of bounded size, in order, and are sent again when the engine was away or refused
// for a moment. In fake time.
import { describe, expect, it } from "vitest";
import { EngineRefused, EngineUnavailable, task, type JobContext } from "longshore";
import type { Checkpoint } from "../../../src/model/job/report/checkpoint.js";
import type { Report } from "../../../src/engine/contract/engine.js";
import { makeGate } from "../fixtures/gate.js";
import { FakeTimeFixture, withCommands } from "../fixtures/fake-time-fixture.js";

const ONCE = { attempts: 1 } as const;
const MIB = 1024 * 1024;

/** Records the reports of every command. */
class RecordingFixture extends FakeTimeFixture {
  readonly commands: (readonly Report[])[];

  constructor() {
    const commands: (readonly Report[])[] = [];
    super((engine) =>
      withCommands(engine, {
        report: (params) => {
          commands.push(params.updates);
          return engine.report(params);
        },
      }),
    );
    this.commands = commands;
  }
}

function checkpointsOf(updates: readonly Report[]): Checkpoint[] {
  return updates.flatMap(({ checkpoints = [] }) => checkpoints);
}

describe("what many steps leave at once", () => {
  it("is cut into commands of at most 4 MiB, and what one run left stays in order", async () => {
    const fixture = new RecordingFixture();
    const gate = makeGate();
    const page = "p".repeat(100_000);
    const pages = Array.from({ length: 60 }, (_, n) => n);
    const scan = task("scan", ONCE, async ({ step }) => {
      const { values } = await step.all("pages", pages, () => gate.opened.then(() => page), { concurrency: 60 });
      return values.length;
    });
    fixture.longshore.worker([scan], { concurrency: 3 });
    const jobs = [await fixture.enqueue(scan), await fixture.enqueue(scan), await fixture.enqueue(scan)];
    await fixture.rest();
    gate.open();
    await fixture.pass(1_000);

    for (const job of jobs) expect(await job.refresh()).toMatchObject({ state: "completed", result: 60 });
    const sizes = fixture.commands.map((updates) =>
      checkpointsOf(updates).reduce((sum, { value }) => sum + value.length, 0),
    );
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4 * MIB);
    // Those of several runs still travel together.
    expect(Math.max(...sizes)).toBeGreaterThan(3 * MIB);
    expect(Math.max(...fixture.commands.map((updates) => new Set(updates.map(({ id }) => id)).size))).toBeGreaterThan(
      1,
    );
    for (const { id } of jobs) {
      const own = fixture.commands.map((updates) => updates.filter((update) => update.id === id));
      const numbers = own.flatMap((updates) => checkpointsOf(updates)).map(({ seq }) => seq);
      expect(numbers).toEqual(pages.map((n) => n + 1));
    }
    await fixture.longshore.close();
  });

  it("is at most 500 checkpoints in an update", async () => {
    const fixture = new RecordingFixture();
    const gate = makeGate();
    const items = Array.from({ length: 700 }, (_, n) => n);
    const scan = task("scan", { ...ONCE, steps: ["items"] }, ({ step }) =>
      step.all("items", items, () => gate.opened, { concurrency: 1_000 }),
    );
    fixture.longshore.worker([scan]);
    await fixture.enqueue(scan);
    await fixture.pass(200);
    gate.open();
    await fixture.pass(1_000);

    const counts = fixture.commands.flat().map(({ checkpoints = [] }) => checkpoints.length);
    expect(Math.max(...counts)).toBe(500);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(700);
    await fixture.longshore.close();
  });
});

describe("an engine that does not take a report for a while", () => {
  it("though it had applied it is sent it again, and no log line is there twice", async () => {
    let lost = 2;
    const fixture = new FakeTimeFixture((engine) =>
      withCommands(engine, {
        report: async (params) => {
          const answers = await engine.report(params);
          lost -= 1;
          if (lost >= 0) throw new EngineUnavailable("memory:", "no answer");
          return answers;
        },
      }),
    );
    const talk = task("talk", ONCE, async ({ log }: JobContext<unknown>) => {
      for (const message of ["one", "two", "three"]) {
        log(message);
        await new Promise<void>((passed) => void fixture.clock.after(1_000, passed));
      }
    });
    fixture.longshore.worker([talk]);
    const job = await fixture.enqueue(talk);
    await fixture.pass(20_000);

    expect(await job.refresh()).toMatchObject({ state: "completed" });
    expect((await job.logs()).lines.map(({ message }) => message)).toEqual(["one", "two", "three"]);
    await fixture.longshore.close();
  });

  it.each([
    ["is away", () => new EngineUnavailable("memory:", "gone")],
    ["refuses", () => new EngineRefused("OOM command not allowed when used memory > 'maxmemory'")],
  ])("because it %s is sent it again, and no step is done twice", async (_why, refusal) => {
    let refusals = 0;
    const orRefuse = <T>(answer: () => T): T => {
      if (refusals === 0) return answer();
      refusals -= 1;
      throw refusal();
    };
    const fixture = new FakeTimeFixture((engine) =>
      withCommands(engine, {
        report: (params) => orRefuse(() => engine.report(params)),
        checkpoints: (params) => orRefuse(() => engine.checkpoints(params)),
      }),
    );
    const calls: string[] = [];
    const order = task("order", { attempts: 2, backoff: "1s" }, async ({ step, job }: JobContext<unknown>) => {
      refusals = 2;
      await step("pay", () => calls.push(`pay in attempt ${job.attempt}`));
      if (job.attempt === 1) throw new Error("after paying");
    });
    const worker = fixture.longshore.worker([order]);
    const errors: string[] = [];
    worker.on("error", ({ message }) => errors.push(message));
    const job = await fixture.enqueue(order);
    await fixture.pass(10_000);

    expect(await job.refresh()).toMatchObject({ state: "completed", attempt: 2 });
    expect(calls).toEqual(["pay in attempt 1"]);
    expect(errors).toEqual([refusal().message]);
    await fixture.longshore.close();
  });
});
