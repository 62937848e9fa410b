/** Helpers for scenarios about late members: a started flow of one job, jobs that join it, and a retry of all of it. */
import assert from "node:assert/strict";
import { toRetry } from "../../../model/flow/graph.js";
import type { Membership } from "../../../model/job/membership.js";
import type { JobRecord, JobRef, JobSpec } from "../../../model/job/job.js";
import { DAY, OTHER } from "./dependency-helpers.js";
import { MAIN, type ScenarioContext } from "./scenario-context.js";
import type { TestSession } from "./test-session.js";

export const HOME = "home";

/** The membership of the job that a flow is created with. */
export function member(flow: string, change: Partial<Membership> = {}): Membership {
  return { queue: HOME, id: flow, node: "parent", parent: null, weight: 1, ifFailed: "fail", ...change };
}

/** A flow of one job, `parent`, which has started. */
export async function begin(
  context: ScenarioContext,
  change: Partial<JobSpec> = {},
): Promise<{ flow: JobRef; parent: string }> {
  const id = await context.add({ queue: HOME, role: "flow", ...change });
  const parent = await context.add({ hold: true, flow: member(id) });
  await context.engine.commitFlow({ queue: HOME, id, members: 1 });
  return { flow: { queue: HOME, id }, parent };
}

/** A session of the members' queues that outlives the scenario. */
export const all = (context: ScenarioContext): Promise<TestSession> =>
  context.session({ queues: [MAIN, OTHER], ttl: 100 * DAY });

/** A job that joins a flow when it is enqueued. */
export function child(context: ScenarioContext, flow: JobRef, change: Partial<JobSpec> = {}): JobSpec {
  return context.spec({ queue: OTHER, flow: member(flow.id, { node: "child", parent: "parent" }), ...change });
}

export async function membersOf(context: ScenarioContext, flow: JobRef): Promise<JobRecord[]> {
  const refs = (await context.engine.dependencies(flow)).map(({ queue, id }) => ({ queue, id }));
  return (await context.engine.getJobs({ refs })).filter((job) => job !== null);
}

/** Retries a flow as its handle does: first its members that did not succeed, in their order, then itself. */
export async function retry(context: ScenarioContext, flow: JobRef): Promise<void> {
  for (const level of toRetry(await membersOf(context, flow))) {
    for (const { queue, id } of level) await context.control("retry", { queue, id });
  }
  assert.equal((await context.control("retry", flow)).outcome, "applied");
}
