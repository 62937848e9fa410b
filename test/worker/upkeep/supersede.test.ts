// Superseding as applications see it: the older job does not run, or is aborted and dropped, and a hook is called for it.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  attach,
  EngineUnavailable,
  JobFailed,
  Superseded,
  task,
  type Engine,
  type Job,
  type JobContext,
  type JobSnapshot,
  type Worker,
} from "longshore";
import { makeGate, type Gate } from "../fixtures/gate.js";
import { onEveryEngine } from "../fixtures/on-engines.js";
import { FakeTimeFixture, withCommands } from "../fixtures/fake-time-fixture.js";

interface Input {
  readonly n: number;
}

/** Until something holds. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(2);
}

onEveryEngine("superseding", (storage) => {
  it("of two waiting jobs with one key only the later runs", async () => {
    const longshore = await storage.connect();
    const ran: number[] = [];
    const analyse = task("analyse", ({ input }: JobContext<Input>) => void ran.push(input.n));
    const first = await longshore.enqueue(analyse, { n: 1 }, { supersedes: "r7" });
    const second = await longshore.enqueue(analyse, { n: 2 }, { supersedes: "r7" });

    longshore.worker([analyse]);
    await second.result();

    expect(ran).toEqual([2]);
    expect((await first.refresh()).state).toBe("superseded");
    await expect(first.result()).rejects.toThrow(JobFailed);
  });

  it("a running job's signal aborts, and what it returns is dropped", async () => {
    const longshore = await storage.connect();
    const begun = makeGate();
    const analyse = task("analyse", async ({ input, signal }: JobContext<Input>) => {
      if (input.n === 1) {
        begun.open();
        await until(() => signal.aborted);
      }
      return signal.aborted ? signal.reason : input.n;
    });
    const worker = longshore.worker([analyse], { concurrency: 2 });
    const superseded: string[] = [];
    worker.on("superseded", ({ id }) => superseded.push(id));
    const first = await longshore.enqueue(analyse, { n: 1 }, { supersedes: "r7" });
    await begun.opened;

    const second = await longshore.enqueue(analyse, { n: 2 }, { supersedes: "r7" });

    expect(await second.result()).toBe(2);
    await until(() => superseded.length > 0);
    expect(superseded).toEqual([first.id]);
    const snapshot = await first.refresh();
    expect([snapshot.state, snapshot.result]).toEqual(["superseded", null]);
    expect(snapshot.history.map(({ outcome }) => outcome)).toEqual(["superseded"]);
  });

  it("the reason of the signal is that it was superseded", async () => {
    const longshore = await storage.connect();
    let reason: unknown = null;
    const begun = makeGate();
    const analyse = task("analyse", async ({ input, signal }: JobContext<Input>) => {
      if (input.n === 2) return;
      begun.open();
      await until(() => signal.aborted);
      reason = signal.reason;
    });
    longshore.worker([analyse]);
    await longshore.enqueue(analyse, { n: 1 }, { supersedes: "r7" });
    await begun.opened;

    await longshore.enqueue(analyse, { n: 2 }, { supersedes: "r7" });
    await until(() => reason !== null);

    expect(reason).toBeInstanceOf(Superseded);
  });

  it("the task's hook is called for each superseded job before the newer one runs", async () => {
    const longshore = await storage.connect();
    const told: string[] = [];
    const analyse = task(
      "analyse",
      {
        onSuperseded: async (job: JobSnapshot) => {
          await sleep(1);
          told.push(`${job.state} ${JSON.stringify(job.input)} ${JSON.stringify(job.result)}`);
        },
      },
      ({ input }: JobContext<Input>) => {
        told.push(`run ${input.n}`);
        return input.n;
      },
    );
    longshore.worker([analyse]);
    for (const n of [1, 2, 3]) {
      const job = await longshore.enqueue(analyse, { n }, { supersedes: "r7" });
      await job.result();
    }

    expect(told).toEqual(["run 1", 'superseded {"n":1} 1', "run 2", 'superseded {"n":2} 2', "run 3"]);
  });

  it("a whole bulk enqueue supersedes the one before it, and every hook is called", async () => {
    const longshore = await storage.connect();
    const told = new Set<unknown>();
    const analyse = task(
      "analyse",
      { onSuperseded: ({ input }) => void told.add((input as Input).n) },
      ({ input }: JobContext<Input>) => input.n,
    );
    const inputs = Array.from({ length: 120 }, (_, n) => ({ n }));
    const enqueue = () => longshore.enqueueMany(analyse, inputs, { each: ({ n }) => ({ supersedes: `r${n}` }) });
    const [first, second] = [await enqueue(), await enqueue()];
    longshore.worker([analyse]);
    await Promise.all(second.map((job) => job.result()));

    const counts = await longshore.queue("default").counts();
    expect([counts.superseded, counts.completed]).toEqual([first.length, second.length]);
    expect(told.size).toBe(120);
  });

  it("a hook that fails does not hold up the newer job, and the worker says so", async () => {
    const longshore = await storage.connect();
    let calls = 0;
    const errors: string[] = [];
    const analyse = task(
      "analyse",
      {
        onSuperseded: () => {
          calls += 1;
          throw new Error("the application's database is away");
        },
      },
      ({ input }: JobContext<Input>) => input.n,
    );
    const worker = longshore.worker([analyse]);
    worker.on("error", ({ message }) => void errors.push(message));
    await (await longshore.enqueue(analyse, { n: 1 }, { supersedes: "r7" })).result();

    expect(await (await longshore.enqueue(analyse, { n: 2 }, { supersedes: "r7" })).result()).toBe(2);
    expect([calls, errors]).toEqual([1, ["the application's database is away"]]);
  });
});

it("a hook that failed is called again every 30 s, until it succeeds", async () => {
  const fixture = new FakeTimeFixture();
  const calls: number[] = [];
  const analyse = task("analyse", {
    onSuperseded: () => {
      calls.push(fixture.clock.now());
      if (calls.length < 3) throw new Error("away");
    },
  });
  const worker = fixture.longshore.worker([analyse]).handle(analyse, () => "done");
  worker.on("error", () => {});
  await fixture.rest();
  await fixture.longshore.enqueue(analyse, {}, { supersedes: "r7" });
  await fixture.longshore.enqueue(analyse, {}, { supersedes: "r7" });
  await fixture.rest();
  expect(calls).toHaveLength(1);

  await fixture.pass(180_000, 1_000);

  expect(calls).toHaveLength(3);
  const pauses = calls.slice(1).map((at, index) => at - (calls[index] ?? 0));
  for (const pause of pauses) expect(pause).toBeGreaterThanOrEqual(30_000);
  await fixture.longshore.close();
});

it("a hook that does not end holds up neither the newer job for long nor the hooks of others", async () => {
  const fixture = new FakeTimeFixture();
  const told: string[] = [];
  const ran: number[] = [];
  const analyse = task("analyse", {
    onSuperseded: ({ supersedes }) => {
      if (supersedes === "hangs") return new Promise(() => {});
      told.push(supersedes ?? "");
      return undefined;
    },
  });
  const worker = fixture.longshore.worker([analyse]).handle(analyse, ({ job }) => void ran.push(job.createdAt));
  const complaints: string[] = [];
  worker.on("error", ({ message }) => complaints.push(message));
  await fixture.rest();
  for (const supersedes of ["hangs", "other"]) {
    await fixture.longshore.enqueue(analyse, {}, { supersedes, hold: true });
    await fixture.longshore.enqueue(analyse, {}, { supersedes });
  }
  await fixture.rest();
  expect([told, ran.length]).toEqual([["other"], 0]);

  await fixture.pass(6_000, 1_000);
  expect(ran).toHaveLength(2);
  await fixture.pass(120_000, 1_000);
  expect(told).toEqual(["other"]);
  expect(complaints[0]).toMatch(/onSuperseded of task analyse/);
  await fixture.longshore.close();
});

/** A fixture with two jobs of one key and a worker whose hook takes until the gate opens. */
async function heldUp(
  wrap?: (engine: Engine) => Engine,
): Promise<{ fixture: FakeTimeFixture; second: Job; worker: Worker; hook: Gate; ran: boolean[] }> {
  const fixture = new FakeTimeFixture(wrap);
  const hook = makeGate();
  const ran: boolean[] = [];
  const analyse = task("analyse", { attempts: 1, onSuperseded: () => hook.opened }, ({ signal }) => {
    ran.push(signal.aborted);
  });
  await fixture.longshore.enqueue(analyse, undefined, { supersedes: "r7" });
  const second = await fixture.longshore.enqueue(analyse, undefined, { supersedes: "r7" });
  const worker = fixture.longshore.worker([analyse], { lease: "1s" });
  worker.on("error", () => {});
  await fixture.pass(500);
  return { fixture, second, worker, hook, ran };
}

describe("a run that waits for the hook of the one it supersedes", () => {
  it("runs when the hook has been called", async () => {
    const { fixture, second, hook, ran } = await heldUp();
    expect(ran).toEqual([]);
    hook.open();
    await fixture.rest();

    expect((await second.refresh()).state).toBe("completed");
    expect(ran).toEqual([false]);
    await fixture.longshore.close();
  });

  it("does not run here any more once the stopping worker has handed it back", async () => {
    const { fixture, second, worker, hook, ran } = await heldUp();
    void worker.stop({ grace: 0 });
    await fixture.pass(3_000);
    const other = attach(fixture.memory, { clock: fixture.clock });
    const analyse = task("analyse", () => "by the other worker");
    other.worker([analyse]);
    await fixture.pass(1_000);
    hook.open();
    await fixture.rest();

    const job = await other.job(second.id);
    expect(await job?.refresh()).toMatchObject({ state: "completed", result: "by the other worker" });
    expect(ran).toEqual([]);
    expect([worker.state, worker.running]).toEqual(["stopped", 0]);
    await Promise.all([fixture.longshore.close(), other.close()]);
  });

  it("does not run by a lease that was lost meanwhile", async () => {
    let cut = false;
    const { fixture, second, hook, ran } = await heldUp((engine) => {
      const alive = (): Engine => {
        if (cut) throw new EngineUnavailable("memory:", "cut off");
        return engine;
      };
      return withCommands(engine, {
        heartbeat: (params) => alive().heartbeat(params),
        exchange: (params) => alive().exchange(params),
        openSession: (params) => alive().openSession(params),
      });
    });
    cut = true;
    await fixture.pass(2_000);
    fixture.memory.sweep({ queues: ["default"], limit: 100 });
    cut = false;
    await fixture.pass(1_500);
    expect(ran).toEqual([]);
    hook.open();
    await fixture.rest();

    // Once, by the lease that the worker has on it now.
    expect(await second.refresh()).toMatchObject({ state: "completed", crashes: 1 });
    expect(ran).toEqual([false]);
    await fixture.longshore.close();
  });

  it("does not run when it is cancelled meanwhile", async () => {
    const { fixture, second, worker, hook, ran } = await heldUp();
    await second.cancel();
    await fixture.pass(5_000);
    hook.open();
    await fixture.rest();

    expect((await second.refresh()).state).toBe("cancelled");
    expect([ran, worker.running]).toEqual([[], 0]);
    await fixture.longshore.close();
  });
});
