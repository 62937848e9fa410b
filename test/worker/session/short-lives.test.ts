// Sessions that end as soon as they begin, for any reason: the worker waits longer each time and reports it.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { task, type Engine, type Worker } from "longshore";
import { FakeTimeFixture, withCommands } from "../fixtures/fake-time-fixture.js";

const LEASE = 10_000;

let fixture: FakeTimeFixture;
let worker: Worker;
/** When each session was opened, in milliseconds since the first. */
let opened: number[];
let starts: number;
let errors: string[];
/** Sessions that the engine says are over, although it knows of what they hold. */
let over: Set<string>;
/** When a session ends: as soon as it was opened, or as soon as it has got a job. */
let ends: "at once" | "with work" | "once with work" | "never";

const work = task("work", { attempts: 1 }, () => {
  starts += 1;
});

function forgetful(memory: Engine): Engine {
  return withCommands(memory, {
    openSession: (params) => {
      opened.push(fixture.clock.now() - params.worker.startedAt);
      if (ends === "at once") over.add(params.session);
      return memory.openSession(params);
    },
    exchange: async (params) => {
      if (over.has(params.session)) return { alive: false, settled: [], leases: [], more: false, nextDue: null };
      const answer = await memory.exchange(params);
      if (ends.endsWith("with work") && answer.leases.length > 0) over.add(params.session);
      if (ends.startsWith("once") && over.size > 0) ends = "never";
      return answer;
    },
  });
}

beforeEach(async () => {
  [opened, starts, errors, over, ends] = [[], 0, [], new Set(), "with work"];
  fixture = new FakeTimeFixture(forgetful);
  worker = fixture.longshore.worker([work], { lease: LEASE });
  worker.on("error", (error) => errors.push(error.message));
  await fixture.rest();
});

afterEach(async () => {
  const stopped = worker.stop({ grace: 0 });
  await fixture.pass(7_000, 1_000);
  await stopped;
  await fixture.longshore.close();
});

describe("a worker whose sessions end sooner than their lease", () => {
  it("begins a job again after a wait, and not at once", async () => {
    await fixture.enqueue(work);
    await fixture.rest();

    expect(starts).toBe(1);
    await fixture.pass(1_000, 10);
    expect(starts).toBe(2);
  });

  it("waits longer from one to the next", async () => {
    await fixture.enqueue(work);
    await fixture.rest();
    ends = "at once";
    await fixture.pass(30_000, 50);

    const waits = opened.slice(1).map((at, index) => at - (opened[index] ?? 0));
    expect(waits).toEqual([100, 150, 300, 600, 1_200, 2_400, 3_750, 3_750, 3_750, 3_750, 3_750, 3_750]);
  });

  it("says so", async () => {
    await fixture.enqueue(work);
    await fixture.pass(1_000, 10);

    expect(errors[0]).toMatch(/ended this worker's session sooner than its lease of 10000 ms:/);
    expect(errors.length).toBe(opened.length - 1);
  });

  it("has what it begins counted from the second time on, until the job fails", async () => {
    const job = await fixture.enqueue(work);
    await fixture.pass(100_000);

    expect(await job.refresh()).toMatchObject({ state: "failed", crashes: 3, error: { code: "WORKER_LOST" } });
    expect(starts).toBe(4);
  });

  it("goes on as ever once they live", async () => {
    const job = await fixture.enqueue(work);
    await fixture.rest();
    ends = "never";
    await fixture.pass(1_000);

    expect(await job.refresh()).toMatchObject({ state: "completed", crashes: 0 });
  });

  it("stops at once while it waits", async () => {
    await fixture.enqueue(work);
    await fixture.rest();
    await worker.stop();

    expect(worker.state).toBe("stopped");
    expect((await fixture.longshore.queue("default").counts()).queued).toBe(1);
  });
});

it("a session that lived as long as its lease is followed by another at once, and nothing is said", async () => {
  ends = "once with work";
  await fixture.pass(LEASE);
  const job = await fixture.enqueue(work);
  await fixture.rest();

  expect(opened).toEqual([0, LEASE]);
  expect(errors).toEqual([]);
  expect(await job.refresh()).toMatchObject({ state: "completed", crashes: 0 });
});
