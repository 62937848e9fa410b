// A worker that gives no sign of life, and whose lease runs still: jobs that wait do not count on it, wherever that is said.
import { beforeEach, describe, expect, it } from "vitest";
import { task, type Job, type WorkerRecord } from "longshore";
import { fleetChecks } from "../../src/cli/doctor/fleet-checks.js";
import { FakeTimeFixture } from "../worker/fixtures/fake-time-fixture.js";

const TTL = 30_000;
const scan = task("scan", { queue: "scans" }, () => null);
let fixture: FakeTimeFixture;
let job: Job;

beforeEach(async () => {
  fixture = new FakeTimeFixture();
  const worker = {
    ...{ name: "stuck", host: "host-1", pid: 1, longshore: "0.1.0", node: "v20.20.2" },
    ...{ appVersion: null, environment: null, startedAt: fixture.clock.now(), concurrency: 5, queues: ["scans"] },
    tasks: [{ name: "scan", version: null, label: null, resultUrl: null, redact: [] }],
  };
  fixture.memory.openSession({ session: "stuck/1", worker, ttl: TTL });
  job = await fixture.longshore.enqueue(scan, null);
});

async function workers(): Promise<readonly WorkerRecord[]> {
  return fixture.longshore.workers();
}

/** What is said of the queue, by all who say something of it. */
async function served() {
  const { longshore } = fixture;
  const [figures] = await longshore.queueFigures(["scans"]);
  const { queues } = await longshore.capacity({ queues: "scans" });
  const insights = await longshore.insights();
  const checks = fleetChecks(await workers(), await longshore.queues(), insights);
  return {
    why: (await job.why()).map(({ kind }) => kind),
    figures: figures?.workers,
    slots: queues[0]?.slots,
    insights: insights.filter(({ code }) => code === "no-worker").map(({ text }) => text),
    doctor: checks.find(({ name }) => name === "workers")?.text,
    orphans: checks.find(({ name }) => name === "orphans")?.status,
  };
}

describe("a worker", () => {
  it("serves its queue while its heartbeats come", async () => {
    expect(await served()).toEqual({
      ...{ why: ["soon"], figures: 1, slots: 5, insights: [], orphans: "ok" },
      doctor: "only stuck is running: while it restarts, nothing runs",
    });
  });

  it("does not when it is silent, though it keeps what it holds", async () => {
    fixture.clock.advance(TTL * 0.7);
    expect((await workers())[0]?.liveness).toBe("silent");
    expect(await served()).toEqual({
      ...{ why: ["no-worker"], figures: 0, slots: 0, orphans: "ok" },
      insights: ["queue scans has 1 job waiting and no worker that gives signs of life: stuck is silent"],
      doctor: "no worker is running; no sign of life of late from stuck",
    });
  });

  it("that is silent is not given a job to see whether jobs get through", async () => {
    fixture.clock.advance(TTL * 0.7);
    const smoke = fixture.longshore.smoke({ queue: "scans", timeout: "1s" });
    await fixture.pass(1_200);
    expect(await smoke).toMatchObject({
      ...{ ok: false, jobId: null },
      problem: expect.stringMatching(/^No living worker serves queue scans; the last one was seen 2\ds ago\.$/),
    });
  });
});
