/**
 * A flow is cancelled while a job of it makes others, before each command that the job sends. The jobs made by then are members
 * and cancelled, and a retry of the flow runs every one of them once.
 */
import assert from "node:assert/strict";
import { isSuccess } from "../../../../model/job/dependency.js";
import type { JobRef, JobSpec } from "../../../../model/job/job.js";
import type { SettlementAnswer, Lease } from "../../../contract/engine.js";
import { OTHER } from "../../context/dependency-helpers.js";
import { all, begin, child, HOME, membersOf, retry } from "../../context/late-member-helpers.js";
import type { ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import type { TestSession } from "../../context/test-session.js";

/** The commands of a run that spawns jobs, in order; the last one ends it. */
type Commands = (() => Promise<SettlementAnswer>)[];

/** A way to spawn jobs in parts: the commands of the run, given its lease. */
type Making = (
  context: ScenarioContext,
  session: TestSession,
  lease: Lease,
  parts: readonly (readonly JobSpec[])[],
) => Commands;

const made = (context: ScenarioContext, jobs: readonly JobSpec[]) => async (): Promise<SettlementAnswer> => {
  await context.engine.enqueue({ jobs });
  return "applied";
};

/** The checkpoint by which a later run sees that the jobs were made. */
const MADE = { seq: 1, kind: "spawn", name: "made", key: null, value: "1", at: 0, took: 0, counters: null } as const;

/** The run waits for its jobs: it makes them and depends on them part by part. */
const waiting: Making = (context, session, lease, parts) => [
  ...parts.flatMap((part) => [
    made(context, part),
    () => session.report(lease, { after: part.map(({ queue, id }) => ({ queue, id })) }),
  ]),
  () => session.report(lease, { checkpoints: [MADE] }),
  () => session.settle(lease, { kind: "wait" }),
];

/** The run goes on without its jobs. */
const goingOn: Making = (context, session, lease, parts) => [
  ...parts.map((part) => made(context, part)),
  () => session.report(lease, { checkpoints: [MADE] }),
  () => session.complete(lease),
];

/** Sends the commands of a run, and cancels its flow before one of them. The run stops once a command is answered `stale`. */
async function cancelledBefore(
  context: ScenarioContext,
  flow: JobRef,
  commands: Commands,
  point: number,
): Promise<void> {
  for (const [index, command] of commands.entries()) {
    if (index === point) await context.control("cancel", flow);
    if ((await command()) === "stale") return;
  }
  if (point === commands.length) await context.control("cancel", flow);
}

/** Runs all jobs to their end. The parent makes its jobs once more, unless it has the checkpoint of that. */
async function finish(
  context: ScenarioContext,
  session: TestSession,
  parent: string,
  making: Making,
  parts: readonly JobSpec[][],
) {
  const runs = new Map<string, number>();
  for (;;) {
    const leases = await session.claimMany(500);
    if (leases.length === 0) return runs;
    for (const lease of leases) {
      runs.set(lease.id, (runs.get(lease.id) ?? 0) + 1);
      if (lease.id === parent && !lease.checkpoints) {
        for (const command of making(context, session, lease, parts)) assert.equal(await command(), "applied");
      }
    }
    const done = { kind: "complete", result: null } as const;
    const rest = leases.filter((lease) => lease.id !== parent || lease.checkpoints);
    await session.exchange(rest.map(({ queue, id, epoch }) => ({ queue, id, epoch, outcome: done })));
  }
}

/** Cancels a flow before command `point` of a job that spawns others, retries it, and runs all jobs. */
async function cancelAndRetry(
  context: ScenarioContext,
  making: Making,
  parts: number,
  size: number,
  point: number,
): Promise<boolean> {
  const { flow, parent } = await begin(context);
  const session = await all(context);
  const lease = await session.next();
  const jobs = Array.from({ length: parts }, () => Array.from({ length: size }, () => child(context, flow)));
  const commands = making(context, session, lease, jobs);
  await cancelledBefore(context, flow, commands, point);
  const where = `cancelled before command ${point}`;
  const there = (await context.list({ queue: OTHER }, 500)).length;
  const members = await membersOf(context, flow);
  assert.equal(members.length, there + 1, `${where}: what was made is a member`);
  for (const { id, state } of members) {
    if (id !== parent || !isSuccess(state)) assert.equal(state, "cancelled", `${where}: it is cancelled`);
  }
  const dependencies = await context.engine.dependencies(flow);
  assert.deepEqual(
    dependencies.map(({ state }) => state),
    members.map(({ state }) => state),
    `${where}: the flow knows that`,
  );
  await retry(context, flow);
  const runs = await finish(context, session, parent, making, jobs);
  for (const { id } of jobs.flat()) assert.equal(runs.get(id), 1, `${where}: each of the jobs runs`);
  assert.equal(await context.state(flow.id, HOME), "completed", where);
  for (const { state } of await membersOf(context, flow)) assert.equal(state, "completed", where);
  await context.engine.obliterate({ queue: OTHER, force: true });
  await session.close();
  return point < commands.length;
}

/**
 * Cancels a flow before command `point` of a job that spawns others and retries it at once. The run knows nothing of that: it
 * makes jobs until a command is answered `stale`.
 */
async function retryMeanwhile(context: ScenarioContext, making: Making, point: number): Promise<boolean> {
  const { flow, parent } = await begin(context);
  const session = await all(context);
  const jobs = [1, 2].map(() => Array.from({ length: 2 }, () => child(context, flow)));
  const commands = making(context, session, await session.next(), jobs);
  const where = `retried before command ${point}`;
  for (const [index, command] of commands.entries()) {
    if (index === point) {
      await context.control("cancel", flow);
      await retry(context, flow);
    }
    if ((await command()) === "stale") break;
  }
  const runs = await finish(context, session, parent, making, jobs);
  if (point >= commands.length) return false;
  for (const { id } of jobs.flat()) assert.equal(runs.get(id), 1, `${where}: each of the jobs runs once`);
  assert.equal(await context.state(flow.id, HOME), "completed", where);
  for (const { state } of await membersOf(context, flow)) assert.equal(state, "completed", where);
  await context.engine.obliterate({ queue: OTHER, force: true });
  await session.close();
  return true;
}

export const cancelledSpawns = scenarios("late-members", [
  [
    "cancelled-while-making-then-waiting",
    "a flow cancelled at any point while a job makes others and waits for them runs all of them when it is retried",
    async (context) => {
      for (let point = 0; await cancelAndRetry(context, waiting, 2, 2, point);) point += 1;
    },
  ],
  [
    "cancelled-while-making-then-going-on",
    "a flow cancelled at any point while a job makes others and goes on runs all of them when it is retried",
    async (context) => {
      for (let point = 0; await cancelAndRetry(context, goingOn, 2, 1, point);) point += 1;
    },
  ],
  [
    "retried-while-making-then-waiting",
    "a flow cancelled and retried at any point while a job makes others and waits for them runs each of them once",
    async (context) => {
      for (let point = 0; await retryMeanwhile(context, waiting, point);) point += 1;
    },
  ],
  [
    "retried-while-making-then-going-on",
    "a flow cancelled and retried at any point while a job makes others and goes on runs each of them once",
    async (context) => {
      for (let point = 0; await retryMeanwhile(context, goingOn, point);) point += 1;
    },
  ],
  [
    "cancelled-while-making-3000",
    "a flow cancelled while a job makes three thousand others, in parts, runs all of them when it is retried",
    async (context) => {
      await cancelAndRetry(context, waiting, 6, 500, 4);
    },
  ],
]);
