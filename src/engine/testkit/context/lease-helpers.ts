/** Helpers for scenarios about leases: workers that decline jobs, and workers that die with jobs. */
import assert from "node:assert/strict";
import { SUSPECT_FROM, type JobSpec } from "../../../model/job/job.js";
import type { Lease } from "../../contract/engine.js";
import type { ScenarioContext } from "./scenario-context.js";
import { settlement, type TestSession } from "./test-session.js";

export const DECLINE = { kind: "decline" } as const;

/** Leases the next jobs to a session that then dies, and recovers them; answers their ids. */
export async function crash(context: ScenarioContext, max = 1): Promise<string[]> {
  const session = await context.session({ ttl: 1_000 });
  const ids = await session.claimIds(max);
  context.advance(1_000);
  await context.sweep();
  return ids;
}

/** Makes suspects of the next jobs, with no others in line: sessions die with them until they are. Answers their ids. */
export async function makeSuspects(context: ScenarioContext, max = 1): Promise<string[]> {
  let ids: string[] = [];
  for (let death = 1; death <= SUSPECT_FROM; death += 1) ids = await crash(context, max);
  return ids;
}

/** Queued jobs of the task `new`. */
export async function addNew(
  context: ScenarioContext,
  count: number,
  change: Partial<JobSpec> = {},
): Promise<string[]> {
  return context.addMany(count, { task: "new", attempts: 1, ...change });
}

/** Leases jobs and declines them all in one command, which claims nothing. */
export async function declineNext(
  session: TestSession,
  count = 1,
  tasks: readonly string[] = [],
): Promise<readonly Lease[]> {
  const leases = await session.claim(count, { tasks });
  assert.equal(leases.length, count, "there are so many to decline");
  await session.exchange(leases.map((lease) => settlement(lease, DECLINE)));
  return leases;
}

/** The ids of jobs leased for the tasks `old` and `new`. */
export function claimNew(session: TestSession, max = 10): Promise<string[]> {
  return session.claimIds(max, { tasks: ["old", "new"] });
}

/** A suspect of the task `new` that was declined. */
export async function declinedSuspect(context: ScenarioContext): Promise<string> {
  const [id = ""] = await addNew(context, 1);
  await makeSuspects(context);
  await declineNext(await context.session());
  return id;
}
