// A worker's life in fake time: stopping, burst, limits on its life, lost sessions, an engine
// that does not answer, upkeep, the order of queues. Time passes only when a test says so.
import { afterEach, describe, expect, it } from "vitest";
import {
  EngineUnavailable,
  InvalidInput,
  LeaseLost,
  ShuttingDown,
  task,
  type Engine,
  type JobContext,
  type RunningJob,
  type Worker,
} from "longshore";
import { unknownWorker } from "../../../src/engine/shared/workers/worker-info.js";
import { makeGate } from "../fixtures/gate.js";
import { lifeOf } from "../../../src/worker/session/overdue-watch.js";
import { FakeTimeFixture, withCommands } from "../fixtures/fake-time-fixture.js";

let fixture: FakeTimeFixture;
let workers: Worker[] = [];

const quick = task("quick", {}, ({ input }: JobContext<unknown>) => input);

function work(...[tasks, options]: Parameters<FakeTimeFixture["longshore"]["worker"]>): Worker {
  const worker = fixture.longshore.worker(tasks, options);
  workers.push(worker);
  return worker;
}

afterEach(async () => {
  for (const worker of workers) {
    const stopped = worker.stop({ grace: 0 });
    await fixture.pass(7_000, 1_000);
    await stopped;
  }
  workers = [];
  await fixture.longshore.close();
});

describe("stopping", () => {
  it("waits for running jobs and takes no new ones", async () => {
    fixture = new FakeTimeFixture();
    const gate = makeGate();
    const held = task("held", {}, () => gate.opened);
    const worker = work([held], { concurrency: 1 });
    const [first, second] = await enqueueTwo(held);
    await fixture.rest();

    const stopped = worker.stop();
    gate.open();
    await stopped;

    expect(worker.state).toBe("stopped");
    expect((await first.refresh()).state).toBe("completed");
    expect((await second.refresh()).state).toBe("queued");
    expect(await fixture.longshore.workers()).toEqual([]);
  });

  it("aborts signals after the grace, then hands unfinished jobs back to the head, uncounted", async () => {
    fixture = new FakeTimeFixture();
    const reasons: unknown[] = [];
    const endless = task("endless", {}, ({ signal }) => {
      signal.addEventListener("abort", () => reasons.push(signal.reason));
      return new Promise(() => {});
    });
    const worker = work([endless], { concurrency: 2, grace: "10s" });
    const [first, second] = await enqueueTwo(endless);
    const third = await enqueue(endless);
    await fixture.rest();

    const stopped = worker.stop();
    await fixture.pass(9_900);
    expect(reasons).toEqual([]);
    await fixture.pass(200);
    expect(reasons).toEqual([expect.any(ShuttingDown), expect.any(ShuttingDown)]);
    await fixture.pass(1_000);
    await stopped;

    expect(await first.refresh()).toMatchObject({ state: "queued", attempt: 0, crashes: 0 });
    expect(await Promise.all([first, second, third].map((job) => job.position()))).toEqual([1, 2, 3]);
  });

  it("hands back, uncounted, a run that throws because its worker stops", async () => {
    fixture = new FakeTimeFixture();
    const polite = task("polite", { attempts: 1 }, async ({ signal }) => {
      await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    });
    const worker = work([polite], { grace: 0 });
    const job = await enqueue(polite);
    await fixture.rest();

    await settle(worker.stop());

    expect(await job.refresh()).toMatchObject({ state: "queued", attempt: 0 });
  });

  it("keeps the result of a job that ends well in its last moment", async () => {
    fixture = new FakeTimeFixture();
    const saving = task(
      "saving",
      {},
      ({ signal }) => new Promise((r) => signal.addEventListener("abort", () => r("saved"))),
    );
    const worker = work([saving], { grace: 0 });
    const job = await enqueue(saving);
    await fixture.rest();

    await settle(worker.stop());

    expect(await job.refresh()).toMatchObject({ state: "completed", result: "saved" });
  });

  it("skips the wait when stop() is called twice", async () => {
    fixture = new FakeTimeFixture();
    const endless = task("endless", {}, () => new Promise(() => {}));
    const worker = work([endless], { grace: "1h" });
    const job = await enqueue(endless);
    await fixture.rest();

    void worker.stop();
    await fixture.rest();
    void worker.stop();
    await fixture.rest();
    await worker.stop();

    expect((await job.refresh()).state).toBe("queued");
  });

  it("returns leased-ahead jobs to the head in their order", async () => {
    fixture = new FakeTimeFixture();
    const endless = task("endless", {}, () => new Promise(() => {}));
    const worker = work([endless], { concurrency: 1, prefetch: 2, grace: 0 });
    const jobs = [await enqueue(endless), await enqueue(endless), await enqueue(endless), await enqueue(endless)];
    await fixture.rest();
    expect(await fixture.longshore.queue("default").getActiveCount()).toBe(3);

    await settle(worker.stop());

    expect(await Promise.all(jobs.map((job) => job.position()))).toEqual([1, 2, 3, 4]);
  });
});

describe("a worker at rest", () => {
  it("takes each job that comes without letting time pass, however soon it comes after the last", async () => {
    fixture = new FakeTimeFixture();
    work([quick]);
    await fixture.rest();

    for (let jobs = 1; jobs <= 6; jobs += 1) {
      await enqueue(quick);
      await fixture.rest();
      expect(await fixture.longshore.queue("default").getCompletedCount()).toBe(jobs);
    }
  });
});

describe("a life with an end", () => {
  it("stops in burst when nothing is queued and nothing runs, whatever is delayed", async () => {
    fixture = new FakeTimeFixture();
    for (let i = 0; i < 3; i += 1) await enqueue(quick);
    const later = await fixture.longshore.enqueue(quick, 1, { delay: "1h" });

    const worker = work([quick], { burst: true });
    await worker.finished;

    expect(await fixture.longshore.queue("default").getCompletedCount()).toBe(3);
    expect((await later.refresh()).state).toBe("delayed");
  });

  it("stops after maxJobs runs and leaves the rest", async () => {
    fixture = new FakeTimeFixture();
    for (let i = 0; i < 10; i += 1) await enqueue(quick);

    const worker = work([quick], { maxJobs: 4, concurrency: 3 });
    await worker.finished;

    expect(await fixture.longshore.queue("default").counts()).toMatchObject({ completed: 4, queued: 6 });
  });

  it("stops after maxIdle without work, counted from the last job", async () => {
    fixture = new FakeTimeFixture();
    const worker = work([quick], { maxIdle: "10s" });
    await fixture.pass(9_000);
    await enqueue(quick);
    await fixture.pass(9_000);
    expect(worker.state).toBe("running");

    await fixture.pass(2_000);

    await worker.finished;
  });

  it("stops at the end of a run when the process is over maxRss, and lets the other runs finish", async () => {
    fixture = new FakeTimeFixture();
    const gate = makeGate();
    const held = task("held", {}, () => gate.opened);
    const worker = work([held, quick], { maxRss: "1MB" });
    const first = await enqueue(held);
    await enqueue(quick);
    await fixture.rest();
    expect(worker.state).toBe("stopping");
    const late = await enqueue(quick);

    gate.open();
    await worker.finished;

    expect((await first.refresh()).state).toBe("completed");
    expect((await late.refresh()).state).toBe("queued");
  });

  it("stops over maxRss without any work, and goes on under it", async () => {
    fixture = new FakeTimeFixture();
    const fat = work([quick], { maxRss: "1MB" });
    const slim = work([quick], { maxRss: "1000GB" });
    await fixture.pass(4_900);
    expect([fat.state, slim.state]).toEqual(["running", "running"]);

    await fixture.pass(200);

    await fat.finished;
    expect(slim.state).toBe("running");
  });

  it.each([
    ["burst", { burst: true }],
    ["maxJobs", { maxJobs: 1 }],
    ["maxIdle", { maxIdle: "1s" }],
    ["maxRss", { maxRss: "1MB" }],
    ["stop", {}],
  ] as const)("says that it stops, and why: %s", async (reason, options) => {
    fixture = new FakeTimeFixture();
    const worker = work([quick], options);
    const told: string[] = [];
    worker.on("stopping", (why) => told.push(why)).on("stopped", () => told.push("stopped"));
    await enqueue(quick);
    await fixture.pass(1_100);
    if (reason === "stop") void worker.stop();
    void worker.stop();
    await fixture.pass(100);
    await worker.finished;

    expect(told).toEqual([reason, "stopped"]);
  });
});

describe("leases", () => {
  it("keeps jobs that take longer than the lease", async () => {
    fixture = new FakeTimeFixture();
    const gate = makeGate();
    const long = task("long", { timeout: "1h" }, () => gate.opened);
    work([long], { lease: "2s" });
    const job = await enqueue(long);

    await fixture.pass(20_000);
    gate.open();
    await fixture.rest();

    expect(await job.refresh()).toMatchObject({ state: "completed", crashes: 0 });
  });

  it("gives up jobs whose session was lost, drops their outcome, and goes on with a new session", async () => {
    let deaf = false;
    fixture = new FakeTimeFixture((engine) =>
      withCommands(engine, {
        heartbeat: (params) => {
          if (deaf) throw new EngineUnavailable("memory:", "nobody answers");
          return engine.heartbeat(params);
        },
      }),
    );
    const reasons: unknown[] = [];
    const gates = [makeGate(), makeGate()];
    let runs = 0;
    const long = task("long", {}, async ({ signal }) => {
      runs += 1;
      const run = runs;
      signal.addEventListener("abort", () => reasons.push(signal.reason));
      await gates[run - 1]?.opened;
      return run;
    });
    const worker = work([long], { lease: "2s" });
    const lost: string[] = [];
    worker.on("lost", (job) => lost.push(job.id)).on("error", () => {});
    const job = await enqueue(long);
    await fixture.rest();

    deaf = true;
    await fixture.pass(2_500);
    deaf = false;
    await fixture.pass(3_000);
    gates[0]?.open();
    await fixture.rest();
    expect((await job.refresh()).state).toBe("active");
    gates[1]?.open();
    await fixture.rest();

    expect(lost).toEqual([job.id]);
    expect(reasons).toEqual([expect.any(LeaseLost)]);
    expect(await job.refresh()).toMatchObject({ state: "completed", result: 2, crashes: 1 });
  });

  it("recovers the jobs of a dead worker within a lease", async () => {
    fixture = new FakeTimeFixture();
    const job = await enqueue(quick);
    await diesWith(1, 2_000);
    work([quick]);

    await fixture.pass(2_300);

    expect(await job.refresh()).toMatchObject({ state: "completed", crashes: 1 });
  });

  it("holds one suspect at a time, and runs other work beside it", async () => {
    fixture = new FakeTimeFixture();
    const gate = makeGate();
    const held = task("held", {}, () => gate.opened);
    const suspects = [await enqueue(held), await enqueue(held), await enqueue(held)];
    await diesWith(3, 1_000);
    await fixture.pass(1_500);
    fixture.memory.sweep({ queues: ["default"], limit: 500 });
    await diesWith(3, 1_000);
    const worker = work([held, quick], { concurrency: 10 });
    await fixture.pass(2_000);

    expect(worker.running).toBe(1);
    const other = await enqueue(quick);
    await fixture.pass(1_000);
    expect((await other.refresh()).state).toBe("completed");
    gate.open();
    await fixture.pass(1_000);
    expect(await Promise.all(suspects.map(async (job) => (await job.refresh()).state))).toEqual([
      "completed",
      "completed",
      "completed",
    ]);
  });

  it("fails a job after three deaths of its worker, and none of its neighbours", async () => {
    fixture = new FakeTimeFixture();
    const poison = await enqueue(quick);
    const neighbours = await Promise.all(Array.from({ length: 50 }, () => enqueue(quick)));
    await diesWith(51, 1_000);
    // A suspect is leased alone: the worker that takes the poison now loses no other job.
    for (let death = 2; death <= 3; death += 1) {
      await fixture.pass(1_500);
      fixture.memory.sweep({ queues: ["default"], limit: 500 });
      while ((await poison.refresh()).state === "queued") await runOneOrDie(poison.id);
    }
    await fixture.pass(1_500);
    work([quick]);
    await fixture.pass(5_000);

    expect(await poison.refresh()).toMatchObject({ state: "failed", crashes: 3, error: { code: "WORKER_LOST" } });
    for (const job of neighbours) expect((await job.refresh()).state).toBe("completed");
  });

  it("gives leased-ahead jobs back when the ones before them turn out slow", async () => {
    fixture = new FakeTimeFixture();
    const gate = makeGate();
    const mixed = task("mixed", {}, ({ input }: JobContext<string>) => (input === "slow" ? gate.opened : undefined));
    const worker = work([mixed], { concurrency: 1 });
    for (let i = 0; i < 20; i += 1) await enqueue(mixed, "fast");
    await fixture.rest();
    await enqueue(mixed, "slow");
    await enqueue(mixed, "fast");
    await fixture.rest();
    expect(worker.running).toBe(1);

    await fixture.pass(300);

    expect(await fixture.longshore.queue("default").counts()).toMatchObject({ active: 1, queued: 1 });
    gate.open();
    await fixture.pass(100);
  });
});

describe("an engine that does not answer", () => {
  it("loses no outcome: the same command is sent again until it is answered", async () => {
    let down = false;
    fixture = new FakeTimeFixture((engine) => failing(engine, () => down));
    const gate = makeGate();
    let runs = 0;
    const once = task("once", {}, async () => {
      runs += 1;
      await gate.opened;
      return "done";
    });
    const worker = work([once]);
    const errors: Error[] = [];
    worker.on("error", (error) => errors.push(error));
    const job = await enqueue(once);
    await fixture.rest();

    down = true;
    gate.open();
    await fixture.pass(8_000);
    down = false;
    await fixture.pass(6_000);

    expect(await job.refresh()).toMatchObject({ state: "completed", result: "done" });
    expect(runs).toBe(1);
    expect(errors).toEqual([expect.any(EngineUnavailable)]);
  });

  it("does not run a job twice when the answer with its lease was lost", async () => {
    let lost = 1;
    fixture = new FakeTimeFixture((engine) =>
      withCommands(engine, {
        exchange: async (params) => {
          const answer = await engine.exchange(params);
          if (answer.leases.length > 0 && lost > 0) {
            lost -= 1;
            throw new EngineUnavailable("memory:", "the answer was lost");
          }
          return answer;
        },
      }),
    );
    const seen: unknown[] = [];
    const once = task("once", {}, ({ input }: JobContext<number>) => {
      seen.push(input);
    });
    work([once]).on("error", () => {});
    await enqueue(once, 1);
    await fixture.pass(2_000);

    expect(seen).toEqual([1]);
    expect(await fixture.longshore.queue("default").counts()).toMatchObject({ completed: 1, active: 0 });
  });

  it("begins when the engine comes up, and needs no restart", async () => {
    let down = true;
    fixture = new FakeTimeFixture((engine) => failing(engine, () => down));
    const worker = work([quick]);
    worker.on("error", () => {});
    await fixture.pass(10_000);
    expect(worker.state).toBe("starting");

    down = false;
    await fixture.pass(6_000);

    await worker.ready();
    const job = await enqueue(quick, "hello");
    await fixture.rest();
    expect((await job.refresh()).result).toBe("hello");
  });
});

describe("upkeep", () => {
  it("runs delayed jobs when they are due", async () => {
    fixture = new FakeTimeFixture();
    work([quick]);
    const job = await fixture.longshore.enqueue(quick, 1, { delay: "5s" });

    await fixture.pass(4_900);
    expect((await job.refresh()).state).toBe("delayed");
    await fixture.pass(200);

    expect((await job.refresh()).state).toBe("completed");
  });

  it("expires jobs that did not start in time, and removes old ones", async () => {
    fixture = new FakeTimeFixture();
    await fixture.longshore.queue("default").pause();
    work([quick]);
    const late = await fixture.longshore.enqueue(quick, 1, { ttl: "5s", keep: { failed: { age: "1m" } } });

    await fixture.pass(40_000, 1_000);
    const { state, finishedAt } = await late.refresh();
    expect(state).toBe("expired");
    await fixture.pass((finishedAt ?? 0) + 59_000 - fixture.clock.now(), 1_000);
    expect(await fixture.longshore.job(late.id)).not.toBeNull();

    // At rest a worker sweeps every half minute.
    await fixture.pass(1_000 + 31_000, 500);
    expect(await fixture.longshore.job(late.id)).toBeNull();
  });

  it.each([
    ["wakes it only for work", false],
    ["wakes it for nothing after every wait", true],
  ])("asks little of an engine that %s while there is none", async (_what, restless) => {
    let commands = 0;
    let waits = 0;
    const count = <P extends unknown[], A>(command: (...params: P) => A): ((...params: P) => A) => {
      return (...params) => {
        commands += 1;
        return command(...params);
      };
    };
    fixture = new FakeTimeFixture((engine) =>
      withCommands(engine, {
        exchange: count((params) => engine.exchange(params)),
        heartbeat: count((params) => engine.heartbeat(params)),
        sweep: count((params) => engine.sweep(params)),
        now: count(() => engine.now()),
        awaitWork: (params) => {
          waits += 1;
          if (restless && waits % 2 === 0) return Promise.resolve(null);
          commands += 1;
          return engine.awaitWork(params);
        },
      }),
    );
    work([quick]);
    await fixture.pass(60_000, 1_000);
    commands = 0;

    await fixture.pass(3_600_000, 5_000);

    expect(commands * 24).toBeLessThan(restless ? 11_000 : 9_000);
  });
});

describe("the order of queues", () => {
  it("is strict for a list", async () => {
    fixture = new FakeTimeFixture();
    const order: string[] = [];
    const note = task("note", {}, ({ job }) => void order.push(job.queue));
    for (const queue of ["low", "high", "low", "high"]) await fixture.longshore.enqueue(note, undefined, { queue });

    await work([note], { queues: ["high", "low"], concurrency: 1, prefetch: 0, burst: true }).finished;

    expect(order).toEqual(["high", "high", "low", "low"]);
  });

  it("follows weights by chance", async () => {
    let seed = 1;
    // A Lehmer generator: the same draws in every run.
    const random = (): number => (seed = (seed * 48_271) % 0x7fff_ffff) / 0x7fff_ffff;
    fixture = new FakeTimeFixture(undefined, { random });
    const order: string[] = [];
    const note = task("note", {}, ({ job }) => void order.push(job.queue));
    for (let i = 0; i < 300; i += 1) {
      for (const queue of ["high", "low"]) await enqueue(note, undefined, queue);
    }

    await work([note], { queues: { high: 3, low: 1 }, concurrency: 1, prefetch: 0, maxJobs: 200 }).finished;

    const high = order.filter((queue) => queue === "high").length;
    expect(high).toBeGreaterThan(120);
    expect(high).toBeLessThan(180);
  });
});

describe("events", () => {
  it("emits events of its jobs and of its own life", async () => {
    fixture = new FakeTimeFixture();
    const told: string[] = [];
    const shaky = task("shaky", { attempts: 2, backoff: "1s" }, ({ input, job }: JobContext<string>) => {
      if (input === "bad" || job.attempt === 1) throw new Error(input);
      return input;
    });
    const worker = work([shaky], { concurrency: 1 });
    for (const name of ["started", "idle", "stopping", "stopped"] as const) worker.on(name, () => void told.push(name));
    for (const name of ["active", "completed", "failed", "retrying"] as const) {
      worker.on(name, (job: RunningJob) => void told.push(`${name} ${job.attempt}`));
    }
    await fixture.rest();
    await enqueue(shaky, "good");
    await fixture.pass(1_100);
    await enqueue(shaky, "bad");
    await fixture.pass(1_100);
    await settle(worker.stop());

    expect(told).toEqual([
      ...["started", "idle"],
      ...["active 1", "retrying 1", "idle", "active 2", "completed 2", "idle"],
      ...["active 1", "retrying 1", "idle", "active 2", "failed 2", "idle"],
      ...["stopping", "stopped"],
    ]);
  });
});

describe("options", () => {
  it.each([
    [{ concurrency: 0 }, "concurrency"],
    [{ lease: 500 }, "lease"],
    [{ queues: [] }, "queues"],
    [{ queues: { high: 0 } }, "queues.high"],
    [{ queues: ["no spaces"] }, "queues"],
    [{ prefetch: 501 }, "prefetch"],
    [{ maxJobs: 1.5 }, "maxJobs"],
    [{ maxRss: "much" }, "maxRss"],
    [{ concurrency: "most" }, "concurrency"],
    [{ concurency: 5 }, "concurency"],
  ])("refuses %j", (options, field) => {
    fixture = new FakeTimeFixture();
    const make = (): Worker => fixture.longshore.worker([quick], options as object);
    expect(make).toThrow(InvalidInput);
    expect(make).toThrow(field);
  });
});

async function enqueue(what: Parameters<FakeTimeFixture["enqueue"]>[0], input?: unknown, queue?: string) {
  return fixture.enqueue(what, input, queue);
}

async function enqueueTwo(what: Parameters<FakeTimeFixture["enqueue"]>[0]) {
  return [await enqueue(what), await enqueue(what)] as const;
}

async function settle(stopped: Promise<void>): Promise<void> {
  await fixture.pass(2_000);
  await stopped;
}

/** A worker takes `max` jobs with a lease of `ttl` milliseconds and dies. */
async function diesWith(max: number, lease: number): Promise<void> {
  const session = `dead/${fixture.clock.now()}-${max}`;
  const info = { ...unknownWorker("dead"), queues: ["default"], concurrency: max };
  fixture.memory.openSession({ session, worker: info, ttl: lifeOf(lease) });
  const claim = { queues: ["default"], max, suspect: true };
  const { leases } = fixture.memory.exchange({ session, lane: 0, call: 1, settle: [], claim });
  expect(leases.length).toBe(max);
}

/** A worker takes the next job: it completes it, or dies of it when it is the poison. */
async function runOneOrDie(poison: string): Promise<void> {
  const session = `brief/${Math.random()}`;
  const info = { ...unknownWorker("brief"), queues: ["default"], concurrency: 1 };
  fixture.memory.openSession({ session, worker: info, ttl: 1_000 });
  const claim = { queues: ["default"], max: 1, suspect: true };
  const { leases } = fixture.memory.exchange({ session, lane: 0, call: 1, settle: [], claim });
  if (leases[0] === undefined || leases[0].id === poison) return;
  const settle = leases.map(({ queue, id, epoch }) => {
    return { queue, id, epoch, outcome: { kind: "complete", result: null } as const };
  });
  fixture.memory.exchange({ session, lane: 0, call: 2, settle, claim: null });
  fixture.memory.closeSession({ session, queues: ["default"] });
}

function failing(engine: Engine, down: () => boolean): Engine {
  const guard = (): void => {
    if (down()) throw new EngineUnavailable("redis://localhost:6379", "connection refused");
  };
  return withCommands(engine, {
    now: () => (guard(), engine.now()),
    openSession: (params) => (guard(), engine.openSession(params)),
    exchange: (params) => (guard(), engine.exchange(params)),
    awaitWork: (params) => (guard(), engine.awaitWork(params)),
    sweep: (params) => (guard(), engine.sweep(params)),
  });
}
