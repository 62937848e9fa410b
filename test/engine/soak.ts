// A life of jobs with every feature, from the first one to the removal of the last: what is left of it afterwards is what an
// engine forgets to give back. `LONGSHORE_SOAK` sets another number of jobs.
import { RESEND_WINDOW, type Outcome } from "../../src/engine/contract/engine.js";
import { MAIN, progressOf, type ScenarioContext } from "../../src/engine/testkit/context/scenario-context.js";
import {
  append,
  listed,
  LOG,
  removeDocument,
  SETTINGS,
  stored,
} from "../../src/engine/testkit/context/document-helpers.js";
import { fire, put, toTick } from "../../src/engine/testkit/context/schedule-helpers.js";
import { BOOM, STEP_FAILURES, type TestSession } from "../../src/engine/testkit/context/test-session.js";
import type { Checkpoint } from "../../src/model/job/report/checkpoint.js";
import type { JobSpec } from "../../src/model/job/job.js";

/** How many jobs a soak has. */
export const SOAK_JOBS = Number(process.env["LONGSHORE_SOAK"] ?? 2_000);
/** The queues that it uses. */
export const SOAK_QUEUES: readonly string[] = [MAIN, "other"];

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

/** Jobs with every feature come, run and are removed one by one, in queues that are watched; sweeps do the rest. */
export async function soak(context: ScenarioContext): Promise<void> {
  for (const queue of SOAK_QUEUES) await context.engine.watch({ queue, cursor: null, max: 1 });
  const dead = await context.session({ queues: SOAK_QUEUES, ttl: 1_000 });
  const worker = { appVersion: "1.0", environment: "soak" };
  const session = await context.session({ queues: SOAK_QUEUES, ttl: 400 * DAY, worker });
  for (const one of [dead, session]) {
    const status = {
      at: 0,
      clockAhead: null,
      rss: 1,
      heap: 1,
      cpu: null,
      loopDelay: 0,
      busy: 0,
      slots: [],
      suspended: [],
    };
    await one.heartbeat(one.ttl, { status });
    await one.command("quiet", "op");
  }
  for (let from = 0; from < SOAK_JOBS; from += 100) {
    await fill(context, from);
    if (from === 0) await dead.claim(5, { queues: SOAK_QUEUES });
    await work(context, session);
    await write(context, from);
  }
  context.advance(2_000);
  for (const queue of SOAK_QUEUES) await context.sweep(1_000, [queue]);
  await work(context, session);
  await session.close();
  await context.engine.removeSchedule({ queue: MAIN, name: "poll" });
  await removeAll(context);
  await removeDocuments(context);
  context.advance(RESEND_WINDOW);
  for (let more = true; more;) ({ more } = await context.sweep(1_000, SOAK_QUEUES));
}

/** Enqueues a hundred jobs of all kinds. */
async function fill(context: ScenarioContext, from: number): Promise<void> {
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
    return context.spec({ queue: SOAK_QUEUES[n % 2] ?? MAIN, ...change });
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
async function work(context: ScenarioContext, session: TestSession): Promise<void> {
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
    for (const queue of SOAK_QUEUES) await context.sweep(1_000, [queue]);
    for (const [n, lease] of (await session.claim(100, { queues: SOAK_QUEUES })).entries()) {
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
  const superseded = await context.engine.claimEnded({ queues: SOAK_QUEUES, tasks: ["work"], limit: 100 });
  await context.engine.acknowledgeEnded({ refs: superseded });
}

/** Puts and changes documents, and appends to a log that is full soon. */
async function write(context: ScenarioContext, from: number): Promise<void> {
  for (let n = 0; n < 20; n += 1) {
    await stored(context, { id: `d${from + n}` });
    await stored(context, { id: `d${n}`, value: "2" });
    await append(context, { cap: 50 });
  }
}

/** Removes document after document. */
async function removeDocuments(context: ScenarioContext): Promise<void> {
  for (const kind of [SETTINGS, LOG]) {
    for (const { id, version } of await listed(context, { kind })) await removeDocument(context, { kind, id, version });
  }
}

/** Cancels and removes job after job. */
async function removeAll(context: ScenarioContext): Promise<void> {
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
