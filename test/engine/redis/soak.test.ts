// What is stored comes and goes: after thousands of jobs that used every feature have been removed one by one, Redis has what
// it had before, but for a queue's own numbers; and those go with the queue. LONGSHORE_SOAK sets another number of jobs.
import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { MAIN, progressOf, type ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { fire, put, toTick } from "../../../src/engine/testkit/context/schedule-helpers.js";
import { BOOM, STEP_FAILURES, type TestSession } from "../../../src/engine/testkit/context/test-session.js";
import type { Checkpoint } from "../../../src/model/job/checkpoint.js";
import type { Outcome } from "../../../src/engine/contract/engine.js";
import type { JobSpec } from "../../../src/model/job/job.js";
import { beforeEachOnRedis } from "./redis-fixture.js";

const MANY = Number(process.env["LONGSHORE_SOAK"] ?? 2_000);
const QUEUES = [MAIN, "other"];
const DAY = 86_400_000;
const CHECKPOINT: Checkpoint = {
  seq: 1,
  kind: "step",
  name: "s",
  key: null,
  value: "1",
  at: 0,
  took: 0,
  counters: null,
};

let context: ScenarioContext;
let redis: Redis;

beforeEachOnRedis((opened) => {
  ({ context, redis } = opened);
});

describe(`after ${MANY} jobs with every feature`, () => {
  it("nothing is left of them once all are removed, and nothing at all of queues that are", async () => {
    for (const queue of QUEUES) await context.engine.watch({ queue, cursor: null, max: 1 });
    const dead = await context.session({ queues: QUEUES, ttl: 1_000 });
    const session = await context.session({ queues: QUEUES, ttl: 400 * DAY });
    for (let from = 0; from < MANY; from += 100) {
      await fill(from);
      if (from === 0) await dead.claim(5, { queues: QUEUES });
      await work(session);
    }
    context.advance(2_000);
    for (const queue of QUEUES) await context.sweep(1_000, [queue]);
    await work(session);
    await session.close();
    await context.engine.removeSchedule({ queue: MAIN, name: "poll" });
    await removeAll();
    for (let more = true; more;) ({ more } = await context.sweep(1_000, QUEUES));

    expect(await context.list()).toEqual([]);
    expect((await kinds()).filter((kind) => !["queues", "queue", "wake", "events"].includes(kind))).toEqual([]);
    for (const key of (await left()).filter((one) => one.endsWith(":events"))) {
      expect(await redis.pttl(key)).toBeGreaterThan(0);
    }
    expect(
      (await Promise.all(QUEUES.map((queue) => context.counts(queue)))).flatMap((row) => Object.values(row)),
    ).toEqual(QUEUES.flatMap(() => Array.from({ length: 10 }, () => 0)));
    for (const queue of QUEUES) await context.engine.obliterate({ queue, force: false });
    expect(await left()).toEqual([]);
  });

  it("and what only watches or reads makes no queue, and misses nothing of one that comes to exist", async () => {
    const { cursor } = await context.engine.watch({ queue: "nowhere", cursor: null, max: 1 });
    await context.engine.listJobs({ filter: { queue: "nowhere" }, cursor: null, limit: 10 });
    await context.engine.workers();
    await context.sweep(10, ["nowhere"]);

    expect(await context.engine.queues()).toEqual([]);
    const keys = await left();
    expect(keys).toHaveLength(1);
    expect(await redis.pttl(keys[0] ?? "")).toBeGreaterThan(0);
    await context.add({ queue: "nowhere" });
    const { events, gap } = await context.engine.watch({ queue: "nowhere", cursor, max: 10 });
    expect([events.map(({ kind }) => kind), gap]).toEqual([["state"], false]);
    expect(await redis.pttl(keys[0] ?? "")).toBe(-1);
  });
});

async function left(): Promise<readonly string[]> {
  return (await context.storage.leftovers?.()) ?? [];
}

/** Which structures are left. */
async function kinds(): Promise<string[]> {
  return [...new Set((await left()).map((key) => key.slice(key.lastIndexOf(":") + 1)))];
}

/** Enqueues a hundred jobs of all kinds. */
async function fill(from: number): Promise<void> {
  const rules = { age: 60_000 + from, count: 50 };
  const changes: Partial<JobSpec>[] = [
    {},
    { tags: ["user:42", `run:${from}`] },
    { priority: (from % 7) - 3 },
    { due: { in: 500 } },
    { retention: { completed: rules, failed: rules } },
    { supersedes: `k${from % 300}`, tags: ["user:42"] },
    { unique: { key: `u${from}`, until: "finished", onConflict: "join" } },
    { unique: { key: `t${from}`, until: 5_000, onConflict: "replace" } },
    { ttl: 1 },
    { meta: "{}", nonce: "n" },
    { hold: true },
  ];
  const jobs = Array.from({ length: 80 }, (_none, n) => {
    const change = changes[n % changes.length] ?? {};
    return context.spec({ queue: QUEUES[n % 2] ?? MAIN, ...change });
  });
  await context.engine.enqueue({ jobs });
  const [first, second] = jobs;
  const after = [first, second].map((job) => ({
    queue: job?.queue ?? "",
    id: job?.id ?? "",
    ifFailed: "continue" as const,
  }));
  await context.addMany(10, { after });
  const flow = await context.add({ role: "flow" });
  const membership = { queue: MAIN, id: flow, node: "n", parent: null, weight: 1, ifFailed: "continue" } as const;
  await context.addMany(9, { queue: "other", hold: true, flow: membership });
  await context.engine.commitFlow({ queue: MAIN, id: flow, members: 9 });
  await put(context);
  toTick(context);
  await fire(context);
}

/** Runs what is ready, with all outcomes. */
async function work(session: TestSession): Promise<void> {
  const outcomes: Outcome[] = [
    { kind: "complete", result: '"r"' },
    { kind: "complete", result: JSON.stringify("r".repeat(3_000)) },
    { kind: "fail", error: BOOM, retryIn: null },
    { kind: "fail", error: BOOM, retryIn: 0 },
    { kind: "partial", result: "1", failures: STEP_FAILURES },
    { kind: "snooze", delay: 100 },
    { kind: "return" },
    { kind: "decline" },
  ];
  for (let round = 0; round < 4; round += 1) {
    context.advance(200);
    for (const queue of QUEUES) await context.sweep(1_000, [queue]);
    for (const [n, lease] of (await session.claim(100, { queues: QUEUES })).entries()) {
      await session.report(lease, {
        progress: progressOf(50, null),
        lines: [{ at: 0, level: "info", message: `line ${n}` }],
        checkpoints: [CHECKPOINT],
      });
      if (n % 11 === 0) await context.control("cancel", { queue: lease.queue, id: lease.id });
      await session.settle(lease, outcomes[(n + round) % outcomes.length] ?? { kind: "return" });
    }
  }
  const failed = await context.engine.listJobs({ filter: { states: ["failed"] }, cursor: null, limit: 20 });
  await context.retry({ refs: failed.jobs.map(({ queue, id }) => ({ queue, id })), op: context.fresh("op") });
  const superseded = await context.engine.claimEnded({ queues: QUEUES, tasks: ["work"], limit: 100 });
  await context.engine.acknowledgeEnded({ refs: superseded });
}

/** Cancels and removes job after job. */
async function removeAll(): Promise<void> {
  for (const command of ["cancel", "remove"] as const) {
    let cursor: string | null = null;
    do {
      const page: Parameters<typeof context.engine.listJobs>[0] = { filter: {}, cursor, limit: 200 };
      const { jobs, cursor: next } = await context.engine.listJobs(page);
      const refs = jobs.map(({ queue, id }) => ({ queue, id }));
      await context.engine[command]({ refs, op: context.fresh("op") });
      cursor = next;
    } while (cursor !== null);
  }
}
