// Workers while time jumps: the date is set, everything stands still, a session is merely late. No worker dies, so none loses its
// jobs; one that does die is found out within a lease.
import { afterEach, describe, expect, it } from "vitest";
import { attach, task, type Engine, type Job, type Worker } from "longshore";
import { makeGate } from "../fixtures/gate.js";
import { FakeTimeFixture, withCommands } from "../fixtures/fake-time-fixture.js";

const HOUR = 3_600_000;
const LEASE = 2_000;

let workers: Worker[] = [];

afterEach(async () => {
  const stopped = workers.map((worker) => worker.stop({ grace: 0 }));
  workers = [];
  await Promise.all(stopped);
});

/** Three workers that hold two jobs each until the gate opens. */
async function atWork() {
  const fixture = new FakeTimeFixture();
  const gate = makeGate();
  let starts = 0;
  const held = task("held", { timeout: "10m" }, async () => {
    starts += 1;
    await gate.opened;
  });
  workers = [1, 2, 3].map(() => fixture.longshore.worker([held], { concurrency: 2, lease: LEASE, prefetch: 0 }));
  const jobs: Job[] = [];
  for (let n = 0; n < 6; n += 1) jobs.push(await fixture.enqueue(held));
  await fixture.pass(1_000);
  const ends = async (): Promise<unknown[]> => {
    gate.open();
    await fixture.pass(5_000);
    const ended = await Promise.all(jobs.map(async (job) => job.refresh()));
    return [starts, ...ended.map(({ state, attempt, crashes }) => `${state} ${attempt} ${crashes}`)];
  };
  return { fixture, ends };
}

const UNDISTURBED = [6, ...Array.from({ length: 6 }, () => "completed 1 0")];

describe("jobs that run", () => {
  it.each([HOUR, -HOUR])("go on when the date is set by %d ms", async (step) => {
    const { fixture, ends } = await atWork();
    fixture.clock.step(step);
    await fixture.pass(30_000);
    expect(await ends()).toEqual(UNDISTURBED);
  });

  it("go on when everything stands still for longer than their leases, again and again", async () => {
    const { fixture, ends } = await atWork();
    for (let round = 0; round < 5; round += 1) {
      fixture.clock.standStill(10_000);
      await fixture.pass(1_500);
    }
    expect(await ends()).toEqual(UNDISTURBED);
  });
});

/** An engine for a worker that dies when it has been given a job: it sends nothing after that command. */
function diesWithFirstLease(engine: Engine): { mortal: Engine; died: () => boolean } {
  let dead = false;
  const silent = new Promise<never>(() => {});
  const mortal = withCommands(engine, {
    heartbeat: async (params) => (dead ? silent : engine.heartbeat(params)),
    sweep: async (params) => (dead ? silent : engine.sweep(params)),
    exchange: async (params) => {
      if (dead) return silent;
      const answer = await engine.exchange(params);
      dead = answer.leases.length > 0;
      return dead ? silent : answer;
    },
  });
  return { mortal, died: () => dead };
}

describe("a worker that dies when it is given its first job after a long rest", () => {
  it("is found out within a lease", async () => {
    const fixture = new FakeTimeFixture();
    const { mortal, died } = diesWithFirstLease(fixture.memory);
    const work = task("work", () => "done");
    const options = { lease: LEASE, prefetch: 0 as const };
    const dying = attach(mortal, { clock: fixture.clock, random: () => 0.5 }).worker([work], options);
    await fixture.pass(100_000, 1_000);
    const job = await fixture.enqueue(work);
    await fixture.rest();
    expect(died()).toBe(true);
    const next = fixture.longshore.worker([work], options);
    // Who starts after a death takes three seconds longer, to know it from a standstill.
    await fixture.pass(LEASE + 3_000);
    expect(await job.refresh()).toMatchObject({ state: "completed", crashes: 1 });
    workers = [next];
    void dying.stop({ grace: 0 });
  });

  it("is no worker of its other queues either", async () => {
    const fixture = new FakeTimeFixture();
    const { mortal, died } = diesWithFirstLease(fixture.memory);
    const [work, other] = [task("work", { queue: "a" }, () => "done"), task("other", { queue: "b" }, () => "done")];
    const options = { lease: LEASE, prefetch: 0 as const };
    const dying = attach(mortal, { clock: fixture.clock, random: () => 0.5 }).worker([work, other], options);
    await fixture.pass(100_000, 1_000);
    await fixture.enqueue(work);
    await fixture.rest();
    expect(died()).toBe(true);
    const next = fixture.longshore.worker([work, other], { ...options, name: "next" });
    workers = [next];
    await fixture.pass(2 * LEASE + 6_000);
    expect((await fixture.longshore.workers()).map(({ name }) => name)).toEqual(["next"]);
    void dying.stop({ grace: 0 });
  });
});
