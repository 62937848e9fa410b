/** Helpers for scenarios about failure groups. */
import assert from "node:assert/strict";
import { plainFailure, type Failure } from "../../../model/failure/failure.js";
import type { FailureGroup, GivenGroupState } from "../../../model/failure/group.js";
import type { FailureGroupPage, FailureGroupQuery, Lease, WorkerInfo } from "../../contract/engine.js";
import { MAIN, type ScenarioContext } from "./scenario-context.js";
import { BOOM, settlement, type TestSession } from "./test-session.js";

/** Failures whose messages differ in words, so that each has a fingerprint of its own. */
export function causes(count: number): Failure[] {
  return Array.from({ length: count }, (_, index) => plainFailure("Error", `no ${wordOf(index)}`, null));
}

/** A word for a number, without digits. */
function wordOf(number: number): string {
  return String(number).replaceAll(/\d/g, (digit) => "abcdefghij".charAt(Number(digit)));
}

/** A page of the groups of the queue `main`. */
export async function listGroups(
  { engine }: ScenarioContext,
  query: Partial<FailureGroupQuery> = {},
): Promise<FailureGroupPage> {
  return engine.failureGroups({ queue: MAIN, limit: 100, ...query });
}

/** The group of a failure in the queue `main`, which must be there. */
export async function groupOf({ engine }: ScenarioContext, { fingerprint }: Failure = BOOM): Promise<FailureGroup> {
  const group = await engine.failureGroup({ queue: MAIN, fingerprint });
  assert.ok(group, `there is a group ${fingerprint}`);
  return group;
}

/** Changes the group of `BOOM` in the queue `main`. */
export async function give(
  { engine }: ScenarioContext,
  state: GivenGroupState,
  by: string | null = "ada",
): Promise<FailureGroup | null> {
  return engine.changeFailureGroup({ queue: MAIN, fingerprint: BOOM.fingerprint, state, by });
}

/** Enqueues a job, leases it, and lets its run fail for good, or with another attempt after `retryIn` milliseconds. */
export async function failOne(
  context: ScenarioContext,
  session: TestSession,
  {
    error = BOOM,
    retryIn = null,
    ...change
  }: { error?: Failure; retryIn?: number | null; id?: string; task?: string } = {},
): Promise<Lease> {
  await context.add(change);
  const lease = await session.next();
  assert.equal(await session.fail(lease, retryIn, error), "applied");
  return lease;
}

/** Enqueues a job for each failure, and lets each fail with it for good, at most 500 in one exchange. */
export async function failAll(
  context: ScenarioContext,
  session: TestSession,
  failures: readonly Failure[],
): Promise<void> {
  for (let from = 0; from < failures.length; from += 500) {
    const some = failures.slice(from, from + 500);
    await context.addMany(some.length);
    const leases = await session.claimMany(some.length);
    const settle = leases.map((lease, index) => {
      return settlement(lease, { kind: "fail", error: some[index] ?? BOOM, retryIn: null });
    });
    const { settled } = await session.exchange(settle);
    assert.ok(settled.every((answer) => answer === "applied"));
  }
}

/** A worker with a version of its application, and of the task `work`. */
export function versioned(appVersion: string, version: string | null = null): Partial<WorkerInfo> {
  return { appVersion, environment: "test", tasks: [{ name: "work", version, label: null, resultUrl: null }] };
}
