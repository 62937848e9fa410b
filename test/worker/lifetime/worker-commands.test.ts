// Commands to a worker from anywhere: to be quiet, to take work again, to stop once its jobs have ended; and how it says how it is.
import { afterEach, describe, expect, it } from "vitest";
import { connect, task, WorkerNotFound, type Longshore, type StopReason, type WorkerRecord } from "longshore";
import { LONGSHORE_VERSION } from "../../../src/model/version.js";
import type { HeartbeatAnswer } from "../../../src/engine/contract/engine.js";
import { FakeTimeFixture, withCommands } from "../fixtures/fake-time-fixture.js";
import { makeGate } from "../fixtures/gate.js";
import { onEveryEngine } from "../fixtures/on-engines.js";

const quick = task("quick", () => "done");

/** The worker of this name as it is listed. */
async function listed(longshore: Longshore, name: string): Promise<WorkerRecord> {
  const found = (await longshore.workers()).find((worker) => worker.name === name);
  if (found === undefined) throw new Error(`no worker ${name}`);
  return found;
}

onEveryEngine("a worker that is commanded", (storage) => {
  it("takes nothing while it is quiet, ends what it runs, and takes work again when it is resumed", async () => {
    const longshore = await storage.connect();
    const gate = makeGate();
    const held = task("held", () => gate.opened);
    await longshore.worker([held, quick], { name: "one", concurrency: 2 }).ready();
    const running = await longshore.enqueue(held, {});
    await expect.poll(async () => (await running.refresh()).state).toBe("active");

    const { session } = await listed(longshore, "one");
    expect(await longshore.worker("one").quiet()).toEqual([session]);
    await expect.poll(async () => (await listed(longshore, "one")).command?.acknowledgedAt).toEqual(expect.any(Number));
    expect(await listed(longshore, "one")).toMatchObject({
      command: { command: "quiet" },
      status: { suspended: ["quiet"], busy: 1, slots: [{ id: running.id, task: "held" }] },
    });

    // It leaves what comes to another, and ends what it has.
    const other = longshore.worker([quick], { name: "two" });
    const jobs = await longshore.enqueueMany(quick, [{}, {}, {}]);
    await Promise.all(jobs.map((job) => job.result()));
    for (const job of jobs) expect((await job.refresh()).history).toMatchObject([{ worker: "two" }]);
    gate.open();
    await running.result();
    await other.stop();
    const left = await longshore.enqueue(quick, {});

    await longshore.worker(session).resume();
    expect(await left.result()).toBe("done");
    await expect.poll(async () => (await listed(longshore, "one")).status?.suspended).toEqual([]);
  });

  it("stops once what it runs has ended, however long its grace is", async () => {
    const longshore = await storage.connect();
    const gate = makeGate();
    const reasons: StopReason[] = [];
    const held = task("held", () => gate.opened);
    const worker = longshore.worker([held], { name: "one", grace: "1ms" });
    worker.on("stopping", (reason) => reasons.push(reason));
    const running = await longshore.enqueue(held, {});
    await expect.poll(async () => (await running.refresh()).state).toBe("active");

    await longshore.worker("one").stop();
    await expect.poll(async () => (await listed(longshore, "one")).status?.suspended).toEqual(["stopping"]);
    expect(worker.state).toBe("stopping");
    gate.open();
    await worker.finished;

    expect(reasons).toEqual(["command"]);
    expect((await running.refresh()).state).toBe("completed");
    expect(await longshore.workers()).toEqual([]);
  });

  it("is each one of that name; where there is none, that is an error", async () => {
    const longshore = await storage.connect();
    await longshore.worker([quick], { name: "twin" }).ready();
    await longshore.worker([quick], { name: "twin" }).ready();
    const sessions = (await longshore.workers()).map(({ session }) => session);

    expect((await longshore.worker("twin").quiet()).toSorted()).toEqual(sessions);
    await expect(longshore.worker("no-such").stop()).rejects.toThrow(WorkerNotFound);
    await expect(longshore.worker("no-such").quiet()).rejects.toMatchObject({ code: "WORKER_NOT_FOUND" });
    await expect
      .poll(async () => (await longshore.workers()).map(({ status }) => status?.suspended))
      .toEqual([["quiet"], ["quiet"]]);
  });
});

describe("in fake time", () => {
  const fixture = new FakeTimeFixture();
  afterEach(async () => {
    const closed = fixture.longshore.close();
    await fixture.pass(40_000, 1_000);
    await closed;
  });

  it("a worker at rest obeys at once, and jobs that it leased ahead go back; a grace given later still holds", async () => {
    const gate = makeGate();
    const held = task("held", () => gate.opened);
    const worker = fixture.longshore.worker([held], { name: "one", concurrency: 1, prefetch: 3 });
    await worker.ready();
    await fixture.pass(60_000, 1_000);
    await fixture.longshore.worker("one").quiet();
    await fixture.rest();
    expect(await listed(fixture.longshore, "one")).toMatchObject({ status: { suspended: ["quiet"] } });

    await fixture.longshore.worker("one").resume();
    await fixture.longshore.enqueueMany(held, [{}, {}, {}]);
    await fixture.rest();
    expect((await fixture.longshore.queues())[0]?.counts).toMatchObject({ active: 3 });
    await fixture.longshore.worker("one").quiet();
    await fixture.rest();
    expect((await fixture.longshore.queues())[0]?.counts).toMatchObject({ active: 1, queued: 2 });

    await fixture.longshore.worker("one").stop();
    await fixture.pass(240_000, 10_000);
    expect(worker.state).toBe("stopping");
    const stopped = worker.stop({ grace: "10s" });
    await fixture.pass(9_000);
    expect(worker.state).toBe("stopping");
    await fixture.pass(3_000);
    await stopped;
    expect((await fixture.longshore.queues())[0]?.counts).toMatchObject({ active: 0, queued: 3 });
  });
});

describe("a command that meets what is under way", () => {
  let fixture: FakeTimeFixture;
  afterEach(async () => {
    await fixture.longshore.close();
  });

  it("lets jobs go back that an exchange leased meanwhile", async () => {
    const door = makeGate();
    let holding = false;
    fixture = new FakeTimeFixture((engine) =>
      withCommands(engine, {
        exchange: async (params) => {
          const answer = await engine.exchange(params);
          if (holding) await door.opened;
          return answer;
        },
      }),
    );
    const ran: string[] = [];
    const note = task("note", ({ job }) => void ran.push(job.id));
    await fixture.longshore.worker([note], { name: "one" }).ready();
    await fixture.rest();
    holding = true;
    await fixture.longshore.enqueueMany(note, [{}, {}]);
    await fixture.rest();
    expect((await fixture.longshore.queues())[0]?.counts).toMatchObject({ active: 2 });
    await fixture.longshore.worker("one").quiet();
    await fixture.rest();
    door.open();
    await fixture.rest();

    expect((await fixture.longshore.queues())[0]?.counts).toMatchObject({ active: 0, queued: 2 });
    expect(ran).toEqual([]);
  });

  it("is carried out once, whatever late answers of heartbeats say", async () => {
    const given: HeartbeatAnswer[] = [];
    let late: HeartbeatAnswer | null = null;
    fixture = new FakeTimeFixture((engine) =>
      withCommands(engine, {
        heartbeat: async (params) => {
          const answer = await engine.heartbeat(params);
          if (answer.command !== undefined) given.push(answer);
          return late ?? answer;
        },
      }),
    );
    await fixture.longshore.worker([quick], { name: "one" }).ready();
    await fixture.longshore.worker("one").quiet();
    await fixture.rest();
    await fixture.longshore.worker("one").resume();
    await fixture.rest();
    expect(given.map(({ command }) => command?.command)).toEqual(["quiet", "resume"]);
    late = given[0] ?? null;
    await fixture.pass(30_000, 1_000);
    late = null;
    await fixture.pass(30_000, 1_000);

    expect((await listed(fixture.longshore, "one")).status?.suspended).toEqual([]);
    expect(await (await fixture.longshore.enqueue(quick, {})).result()).toBe("done");
  });
});

describe("the status of a worker", () => {
  it("says what it runs, on what, with how much memory", async () => {
    const longshore = await connect("memory:");
    await longshore.worker([quick], { name: "one", maxJobs: 1, lease: "1s" }).ready();
    await expect.poll(async () => (await listed(longshore, "one")).status).not.toBeNull();
    const { status, ...worker } = await listed(longshore, "one");
    expect(worker).toMatchObject({ longshore: LONGSHORE_VERSION, node: process.version });
    expect(status?.heap).toBeGreaterThan(1_000_000);
    expect(status?.rss).toBeGreaterThan(status?.heap ?? 0);
    expect(status).toMatchObject({ busy: 0, slots: [], suspended: [] });
    await longshore.close();
  });
});
