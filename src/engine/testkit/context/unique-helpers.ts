/** Helpers for scenarios about unique keys: jobs that are enqueued with one, debounced or not. */
import assert from "node:assert/strict";
import type { Unique } from "../../../model/job/unique.js";
import type { EnqueueAnswer } from "../../contract/engine.js";
import type { ScenarioContext } from "./scenario-context.js";

/** Enqueues a job with the key `k`; answers what became of it. */
export async function offer(
  context: ScenarioContext,
  unique: Partial<Unique> = {},
  queue = "main",
): Promise<EnqueueAnswer> {
  const spec = context.spec({ queue, unique: { key: "k", until: "finished", onConflict: "join", ...unique } });
  const [answer] = await context.engine.enqueue({ jobs: [spec] });
  assert.ok(answer);
  if (answer.outcome === "created") assert.equal(answer.id, spec.id);
  return answer;
}

/** Enqueues a job with the key `k`, which must be new, and answers its id. */
export async function created(context: ScenarioContext, unique: Partial<Unique> = {}): Promise<string> {
  const answer = await offer(context, unique);
  assert.equal(answer.outcome, "created");
  return answer.id;
}

/** A function that enqueues debounced jobs of the key `d`. `wait`, `most` and `ttl` are in milliseconds. */
export function debouncing(
  context: ScenarioContext,
  wait: number,
  most: number | null,
  ttl: number | null = null,
): (input: string) => Promise<EnqueueAnswer> {
  const unique: Unique = { key: "d", until: "started", onConflict: "replace", debounce: { wait, most } };
  return async (input) => {
    const [answer] = await context.engine.enqueue({ jobs: [context.spec({ input, unique, ttl, due: { in: wait } })] });
    assert.ok(answer);
    return answer;
  };
}
