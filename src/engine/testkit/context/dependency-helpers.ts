/** Helpers for scenarios about jobs that wait for others. */
import assert from "node:assert/strict";
import type { Dependency, DependencyPolicy } from "../../../model/job/dependency.js";
import type { JobSpec } from "../../../model/job/job.js";
import type { Lease } from "../../contract/engine.js";
import { MAIN, type ScenarioContext } from "./scenario-context.js";
import type { TestSession } from "./test-session.js";

/** The queue of dependents whose dependencies are in the queue `main`. */
export const OTHER = "other";

/** Milliseconds. */
export const DAY = 86_400_000;

/** The dependencies on these jobs, as a spec has them. */
export function after(ids: readonly string[], ifFailed: DependencyPolicy = "fail", queue = MAIN): Dependency[] {
  return ids.map((id) => ({ queue, id, ifFailed })).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Leases the next job, which must be this one. */
export async function take(session: TestSession, id: string): Promise<Lease> {
  const lease = await session.next();
  assert.equal(lease.id, id);
  return lease;
}

/** A job that has a ttl of 5 s and can be superseded, and one of the queue `other` that waits for it. */
export async function pair(
  context: ScenarioContext,
  ifFailed: DependencyPolicy,
  change: Partial<JobSpec> = {},
): Promise<[first: string, second: string]> {
  const first = await context.add({ ttl: 5_000, supersedes: "key" });
  const second = await context.add({ queue: OTHER, after: after([first], ifFailed), ...change });
  return [first, second];
}

/** The state of a job of the queue `other`. */
export async function stateOf(context: ScenarioContext, id: string): Promise<string> {
  return context.state(id, OTHER);
}

/** The states in which the dependencies of a job ended. */
export async function ends(context: ScenarioContext, id: string, queue = OTHER): Promise<(string | null)[]> {
  return (await context.engine.dependencies({ queue, id })).map(({ state }) => state);
}
