// What needs attention, as it comes about on each engine; and that a look is bounded, however many queues there are.
import { attach, connect, task, type Engine, type Insight, type Longshore } from "longshore";
import { Redis } from "ioredis";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import type { Lease, Settlement, WorkerInfo } from "../../src/engine/contract/engine.js";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import { ManualClock } from "../../src/engine/testkit/context/manual-clock.js";
import { freshPrefix, nodesOf } from "../engine/redis/redis-storage.js";
import { startRedisServer } from "../support/redis-server.js";
import { FakeTimeFixture, withCommands } from "../worker/fixtures/fake-time-fixture.js";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";

const quick = task("quick", { queue: "quick" }, () => "done");
/** What is always so in these tests. */
const USUAL = new Set(["single-worker", "store-volatile"]);

async function codes(longshore: Longshore): Promise<string[]> {
  return (await longshore.insights()).filter(({ code }) => !USUAL.has(code)).map(({ code }) => code);
}

async function only(longshore: Longshore, code: Insight["code"]): Promise<Insight> {
  const found = (await longshore.insights()).filter((insight) => insight.code === code);
  expect(found).toHaveLength(1);
  return found[0] as Insight;
}

onEveryEngine("insights", (storage) => {
  it("are none where all is well", async () => {
    const longshore = await storage.connect();
    expect(await codes(longshore)).toEqual([]);
    await longshore.worker([quick]).ready();
    await (await longshore.enqueue(quick, undefined)).result();
    expect(await codes(longshore)).toEqual([]);
  });

  it("name a queue without a worker, since when its first job waits", async () => {
    const longshore = await storage.connect();
    const [first] = await longshore.enqueueMany("scan", [1, 2], { queue: "scans" });
    const insight = await only(longshore, "no-worker");
    expect(insight).toMatchObject({ severity: "error", subjects: { queues: ["scans"] } });
    expect(insight.since).toBe((await first?.refresh())?.runAt);
  });

  it("name a task that no worker knows, and workers that take nothing", async () => {
    const longshore = await storage.connect();
    const worker = longshore.worker([quick], { name: "one" });
    worker.on("unknown", () => undefined).on("error", () => undefined);
    await worker.ready();
    await longshore.enqueue("ocr", null, { queue: "quick" });
    await expect.poll(() => codes(longshore)).toContain("unknown-task");
    expect(await only(longshore, "unknown-task")).toMatchObject({
      severity: "error",
      subjects: { queues: ["quick"], tasks: ["ocr"] },
    });
    await longshore.worker("one").quiet();
    await expect.poll(() => codes(longshore)).toContain("quiet-workers");
  });

  it("name what many failures have in common", async () => {
    const longshore = await storage.connect();
    const broken = task("broken", { queue: "broken", attempts: 1 }, () => {
      throw new Error("connect ECONNREFUSED 10.0.0.7:443");
    });
    await longshore.enqueueMany(broken, Array.from({ length: 6 }));
    await longshore.worker([broken], { burst: true }).finished;
    const { severity, text, subjects } = await only(longshore, "shared-cause");
    expect([severity, subjects.tasks]).toEqual(["warning", ["broken"]]);
    expect(text).toMatch(/^6 of the last 6 failed runs/);
  });
});

const WORKER: WorkerInfo = {
  name: "",
  host: "h",
  pid: 1,
  queues: ["scans"],
  tasks: [],
  appVersion: null,
  environment: null,
  longshore: "1",
  node: "20",
  concurrency: 4,
  startedAt: 0,
};

/** A memory engine whose workers and time a test plays itself. */
function byHand() {
  const clock = new ManualClock();
  const memory = new MemoryEngine({ clock });
  return { memory, clock, longshore: attach(memory, { clock }) };
}

describe("over time", () => {
  it("a queue is paused for long, its jobs wait for long, and a schedule is late", async () => {
    const { longshore, clock } = new FakeTimeFixture();
    await longshore.queue("paused").pause();
    await longshore.enqueue("scan", null, { queue: "paused" });
    await longshore.schedules.put({ name: "hourly", every: "1h", task: "scan", options: { queue: "timed" } });
    expect(await codes(longshore)).toEqual([]);
    clock.advance(2 * 3_600_000);
    expect(await codes(longshore)).toEqual(["schedule-late", "paused"]);
    await longshore.close();
  });

  it("a job waits far longer than it usually does", async () => {
    const { memory, longshore, clock } = byHand();
    const session = "one/1";
    memory.openSession({ session, worker: { ...WORKER, name: "one" }, ttl: 24 * 3_600_000 });
    let call = 0;
    const exchange = (settle: Settlement[], max: number): readonly Lease[] => {
      const claim = max === 0 ? null : { queues: ["scans"], max, suspect: true };
      return memory.exchange({ session, lane: 0, call: (call += 1), settle, claim }).leases;
    };
    const pass = (minutes: number): void => {
      for (let n = 0; n < minutes; n += 1) {
        clock.advance(60_000);
        memory.sweep({ queues: ["scans"], limit: 100 });
      }
    };
    // For some hours, a job of each waits for four minutes.
    for (let hour = 0; hour < 5; hour += 1) {
      await longshore.enqueue("scan", hour, { queue: "scans" });
      pass(4);
      exchange(
        exchange([], 1).map(({ queue, id, epoch }) => ({
          queue,
          id,
          epoch,
          outcome: { kind: "complete", result: null },
        })),
        0,
      );
      pass(56);
    }
    await longshore.enqueue("scan", 0, { queue: "scans" });
    pass(20);
    expect(await codes(longshore)).toEqual([]);
    pass(5);
    expect(await only(longshore, "waiting-long")).toMatchObject({
      severity: "warning",
      text: "queue scans: the next job has waited for 25m, 1 job waits; in the day before it was 4m at most in a usual hour",
    });
    await longshore.close();
  });

  it("workers die again and again, until their jobs fail for it", async () => {
    const { memory, longshore, clock } = byHand();
    await longshore.enqueueMany("scan", [1, 2, 3, 4], { queue: "scans" });
    const die = (name: string): void => {
      const session = `${name}/1`;
      memory.openSession({ session, worker: { ...WORKER, name }, ttl: 1_000 });
      memory.exchange({ session, lane: 0, call: 1, settle: [], claim: { queues: ["scans"], max: 4, suspect: true } });
      clock.advance(2_000);
      memory.sweep({ queues: ["scans"], limit: 100 });
    };
    die("a");
    expect(await only(longshore, "crash-loop")).toMatchObject({
      severity: "warning",
      subjects: { queues: ["scans"], tasks: ["scan"] },
      text: "queue scans: 4 runs of task scan ended with their worker in the last hour",
    });
    die("b");
    die("c");
    const { severity, text } = await only(longshore, "crash-loop");
    expect(severity).toBe("error");
    expect(text).toMatch(/^1 job of task scan failed because its workers died three times/);
    await longshore.close();
  });
});

describe("a look", () => {
  it("reads closely no more than 200 queues, those with the most jobs first, and says so", async () => {
    const asked = { listJobs: 0, failureGroups: 0, series: 0, schedules: [] as unknown[] };
    const fixture = new FakeTimeFixture((memory: Engine) =>
      withCommands(memory, {
        listJobs: (params) => {
          asked.listJobs += 1;
          return memory.listJobs(params);
        },
        failureGroups: (params) => {
          asked.failureGroups += 1;
          return memory.failureGroups(params);
        },
        series: (params) => {
          asked.series += 1;
          expect(params.queues?.length).toBeLessThanOrEqual(200);
          return memory.series(params);
        },
      }),
    );
    const { longshore } = fixture;
    for (let n = 0; n < 230; n += 1) await longshore.enqueue("scan", null, { queue: `q${n}` });
    await longshore.enqueueMany("scan", [1, 2], { queue: "most" });
    const insights = await longshore.insights();
    expect(insights.filter(({ code }) => code === "no-worker")).toHaveLength(200);
    expect(insights.some(({ subjects }) => subjects.queues?.includes("most"))).toBe(true);
    expect(insights.filter(({ code }) => code === "not-all-looked-at")).toMatchObject([
      { severity: "info", text: "31 queues more have jobs waiting; only the 200 with the most were looked at" },
    ]);
    expect([asked.listJobs, asked.failureGroups, asked.series]).toEqual([200, 200, 2]);
    await longshore.close();
  });
});

describe.skipIf(!inject("canStartRedis"))("a Redis", () => {
  it("that has become a replica is named, and what cannot be read then is said", async () => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const admin = new Redis(server.url);
    onTestFinished(() => admin.disconnect());
    const longshore = await connect({ engine: "redis", url: server.url, commandTimeout: 300 });
    onTestFinished(() => longshore.close());
    const warnings: Error[] = [];
    const warned = (warning: Error): unknown => warnings.push(warning);
    process.on("warning", warned);
    onTestFinished(() => void process.off("warning", warned));
    await longshore.enqueue("scan", null, { queue: "scans" });
    // Of a server that is not there: it keeps what it has.
    await admin.replicaof("127.0.0.1", 1);
    expect(await only(longshore, "store-refuses")).toMatchObject({ severity: "error" });
    expect(await only(longshore, "no-worker")).toMatchObject({ subjects: { queues: ["scans"] } });
    expect(await only(longshore, "not-all-looked-at")).toMatchObject({
      text: expect.stringContaining("figures over time"),
    });
    // However many commands wait for it to be written to, none is taken for a leak.
    const waiting = Array.from({ length: 12 }, (_, n) =>
      longshore
        .queue(`q${n}`)
        .pause()
        .catch(() => null),
    );
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => null));
    expect(warnings).toEqual([]);
    await admin.replicaof("NO", "ONE");
    await expect.poll(() => codes(longshore).catch(() => [])).not.toContain("not-all-looked-at");
  });

  it("that keeps nothing, may evict and is nearly full is named for each", async () => {
    const server = await startRedisServer({ maxmemory: "10mb", maxmemoryPolicy: "allkeys-lru" });
    onTestFinished(() => server.stop());
    const admin = new Redis(server.url);
    onTestFinished(() => admin.disconnect());
    const longshore = await connect({ engine: "redis", url: server.url, allowEviction: true });
    onTestFinished(() => longshore.close());
    expect(new Set(await codes(longshore))).toEqual(new Set(["store-evicts"]));
    const used = Number(/used_memory:(\d+)/.exec(await admin.info("memory"))?.[1]);
    await admin.config("SET", "maxmemory", Math.ceil(used / 0.85));
    expect(await only(longshore, "store-nearly-full")).toMatchObject({
      severity: "warning",
      subjects: { nodes: [`127.0.0.1:${server.port}`] },
    });
    expect(await only(longshore, "store-volatile")).toMatchObject({ severity: "warning" });
  });
});

describe.skipIf(inject("clusterNodes").length === 0)("a cluster", () => {
  it("is looked at as a whole: ready, a job through it, each of its masters, what needs attention", async () => {
    const cluster = nodesOf(inject("clusterNodes"));
    const longshore = await connect({ engine: "redis", cluster, prefix: freshPrefix() });
    onTestFinished(() => longshore.close());
    expect((await longshore.store()).nodes).toHaveLength(cluster.length);
    expect((await longshore.ready()).ready).toBe(true);
    expect(await longshore.smoke()).toMatchObject({ ok: true });
    await longshore.enqueue("scan", null, { queue: "scans" });
    expect(await only(longshore, "no-worker")).toMatchObject({ subjects: { queues: ["scans"] } });
    expect(await longshore.capacity()).toMatchObject({ queues: [{ queue: "scans", slotsNeeded: null }] });
    await longshore.queue("scans").obliterate({ force: true });
  });
});
