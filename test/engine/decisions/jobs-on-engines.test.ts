// Admission, unique keys and retries: every engine is brought into each situation of the tables, and decides as they say.
// Memory and SQLite share the decisions; the Redis scripts have their own, which are held to the tables here.
import { expect, test } from "vitest";
import type { JobRef, JobSpec } from "../../../src/model/job/job.js";
import { FLOW_CREATION } from "../../../src/model/job/membership.js";
import { isTerminal } from "../../../src/model/job/state.js";
import type { Unique } from "../../../src/model/job/unique.js";
import type { ScenarioContext } from "../../../src/engine/testkit/index.js";
import { reach } from "../../../src/engine/testkit/context/reach.js";
import { ADMISSION_CASES, POSTPONEMENT_CASES, type AdmissionCase } from "./admission-cases.js";
import { CRASH_CASES } from "./crash-cases.js";
import { onEachEngine } from "./each-engine.js";
import { RETRY_CASES, type RetryCase } from "./retry-cases.js";
import { CONFLICT_CASES, OWNERSHIP_CASES } from "./unique-key-cases.js";

const timeOf = (context: ScenarioContext, due: AdmissionCase["due"]): JobSpec["due"] => {
  if (typeof due === "number") return { in: due };
  return { at: context.clock.now() + (due === "past" ? -1_000 : 1_000) };
};

/** Milliseconds until a job expires if it is left alone; `null`: it does not within two minutes. */
async function lifeOf(context: ScenarioContext, { queue, id }: JobRef, life: number | null): Promise<number | null> {
  const expired = async (): Promise<boolean> => {
    await context.sweep(1_000, [queue]);
    const job = await context.find(id, queue);
    return job === null || isTerminal(job.state);
  };
  context.advance((life ?? 120_000) - 1);
  if (await expired()) return -1;
  context.advance(1);
  return (await expired()) ? life : null;
}

onEachEngine("admission", (contextNow) => {
  test.each(ADMISSION_CASES)("$name", async ({ spec, depends, due, state, runIn }) => {
    const context = contextNow();
    const queue = context.fresh("admission-");
    const first = { queue: context.fresh("first-"), id: "first" };
    if (depends) await context.add({ ...first, hold: true });
    const after = depends ? [{ ...first, ifFailed: "fail" as const }] : [];
    const id = await context.add({ ...spec, queue, after, due: timeOf(context, due) });
    const job = await context.job(id, queue);
    expect([job.state, job.runAt - context.clock.now()]).toEqual([state, runIn]);
    const life = spec.role === "flow" ? FLOW_CREATION : (spec.ttl ?? null);
    expect(await lifeOf(context, { queue, id }, life)).toBe(life);
  });

  test.each(POSTPONEMENT_CASES)("$state, then due $due: $becomes", async ({ state, due, becomes }) => {
    const context = contextNow();
    const { ref } = await reach(context, state);
    const before = await context.job(ref.id, ref.queue);
    context.advance(100);
    await context.update(ref, { due: timeOf(context, due) });
    const job = await context.job(ref.id, ref.queue);
    expect(job.state).toBe(becomes === "kept" || becomes === "unchanged" ? state : becomes);
    const runAt = context.clock.now() + (due === "later" ? 1_000 : 0);
    expect(job.runAt).toBe(becomes === "unchanged" ? before.runAt : runAt);
  });
});

onEachEngine("the death of a worker", (contextNow) => {
  test.each(CRASH_CASES)("after $before others: $state, a suspect: $suspect", async ({ before, state, suspect }) => {
    const context = contextNow();
    const queue = context.fresh("crash-");
    const id = await context.add({ queue });
    for (let death = 0; death <= before; death += 1) {
      await (await context.session({ queues: [queue], ttl: 1_000 })).next();
      context.advance(1_000);
      await context.sweep(10, [queue]);
    }
    const { state: found, crashes } = await context.job(id, queue);
    expect([found, crashes]).toEqual([state, before + 1]);
    const [lease] = await (await context.session({ queues: [queue] })).claim(1);
    expect(lease?.suspect ?? false).toBe(suspect);
  });
});

onEachEngine("unique keys", (contextNow) => {
  test.each(OWNERSHIP_CASES)("until $until, $state, has run: $hasRun, age $age: $owns", async (one) => {
    const { until, state, hasRun, age, owns } = one;
    const context = contextNow();
    const unique = { key: "key", until, onConflict: "join" } as const;
    const again = state === "queued" && hasRun;
    const { ref, session, lease } = await reach(context, again ? "active" : state, { unique });
    if (again && session !== null && lease !== null) await session.fail(lease, 0);
    expect((await context.job(ref.id, ref.queue)).state).toBe(state);
    context.advance(age);
    const second = context.spec({ queue: ref.queue, unique, hold: true });
    const [answer] = await context.engine.enqueue({ jobs: [second] });
    expect(answer).toEqual(
      owns ? { id: ref.id, outcome: "joined", state } : { id: second.id, outcome: "created", state: "blocked" },
    );
  });

  test.each(["finished", "started"] as const)(
    "until %s: a job past its ttl is expired by the next one",
    async (until) => {
      const context = contextNow();
      const unique = { key: "key", until, onConflict: "join" } as const;
      const { ref } = await reach(context, "queued", { unique, ttl: 1_000 });
      const second = (): JobSpec => context.spec({ queue: ref.queue, unique });
      context.advance(999);
      expect((await context.engine.enqueue({ jobs: [second()] }))[0]?.outcome).toBe("joined");
      context.advance(1);
      expect((await context.engine.enqueue({ jobs: [second()] }))[0]?.outcome).toBe("created");
      expect(await context.state(ref.id, ref.queue)).toBe("expired");
    },
  );

  test.each(CONFLICT_CASES)("$owner: $onConflict, ttls $ttls, debounce $debounce", async (one) => {
    const { onConflict, owner: state, ttls = [null, null], debounce, outcome, expiresIn, runsIn } = one;
    const context = contextNow();
    // The key of a job that has ended is its own for a time.
    const until: Unique["until"] = isTerminal(state) ? 600_000 : "finished";
    const { ref } = await reach(context, state, { ttl: ttls[0], unique: { key: "key", until, onConflict: "join" } });
    const before = await context.job(ref.id, ref.queue);
    context.advance(100);
    const unique = { key: "key", until, onConflict, ...(debounce === undefined ? {} : { debounce }) };
    const second = context.spec({ queue: ref.queue, input: '"second"', ttl: ttls[1], unique });
    const [answer] = await context.engine.enqueue({ jobs: [second] });
    const job = await context.job(ref.id, ref.queue);
    expect(answer).toEqual({ id: ref.id, outcome, state: job.state });
    expect(job.input).toBe(outcome === "replaced" ? '"second"' : before.input);
    expect(job.runAt).toBe(runsIn === undefined ? before.runAt : context.clock.now() + runsIn);
    if (state === "active" || isTerminal(state)) return;
    const life = expiresIn ?? (ttls[0] === null ? null : ttls[0] - 100);
    expect(await lifeOf(context, ref, life)).toBe(life);
  });
});

/** A flow of one member, in the state of the case. */
async function flowOf(context: ScenarioContext, { state, flow }: RetryCase): Promise<JobRef> {
  const ref = { queue: context.fresh("flow-"), id: "flow" };
  const queue = context.fresh("member-");
  await context.add({ ...ref, role: "flow" });
  await context.add({ queue, hold: true, flow: { ...ref, node: "node", parent: null, weight: 1, ifFailed: "fail" } });
  await context.engine.commitFlow({ ...ref, members: 1 });
  const session = await context.session({ queues: [queue] });
  const lease = await session.next();
  if (state === "blocked") return ref;
  if (state === "partial") await session.settle(lease, { kind: "partial", result: null });
  else await (flow === "all succeeded" ? session.complete(lease) : session.fail(lease, null));
  return ref;
}

/** A job in the state of the case; if it can have run, its run left a checkpoint. */
async function endedOf(context: ScenarioContext, one: RetryCase): Promise<JobRef> {
  if (one.flow !== undefined) return flowOf(context, one);
  const { state, unique, supersedes } = one;
  const change: Partial<JobSpec> = {
    ...(unique === undefined ? {} : { unique: { key: "key", until: unique.until, onConflict: "join" } }),
    ...(supersedes === undefined ? {} : { supersedes: "key" }),
  };
  const hasRun = ["completed", "partial", "failed", "cancelled"].includes(state);
  const { ref, session, lease } = await reach(context, hasRun ? "active" : state, change);
  if (!hasRun || session === null || lease === null) return ref;
  const step = { seq: 1, kind: "step", name: "step", key: null, value: "1", at: 0, took: 0, counters: null } as const;
  await session.report(lease, { checkpoints: [step] });
  if (state === "completed") await session.complete(lease);
  if (state === "partial") await session.settle(lease, { kind: "partial", result: null });
  if (state === "failed") await session.fail(lease, null);
  if (state === "cancelled") await context.control("cancel", ref);
  return ref;
}

// No command makes a flow miss the success of its last member: redis/deliveries.test.ts has one.
const RETRIES = RETRY_CASES.filter(({ state, flow }) => !(state === "cancelled" && flow === "all succeeded"));

onEachEngine("retry", (contextNow) => {
  test.each(RETRIES)("$state, from start: $fromStart, $unique, $supersedes, $flow: $outcome", async (one) => {
    const { state, fromStart = false, unique, supersedes, flow, outcome, drops } = one;
    const context = contextNow();
    const ref = await endedOf(context, one);
    const { queue } = ref;
    const key = unique === undefined ? null : ({ key: "key", until: unique.until, onConflict: "join" } as const);
    if (unique?.taken === true && typeof unique.until === "number") context.advance(unique.until);
    const taker = unique?.taken === true ? await context.add({ queue, hold: true, unique: key }) : null;
    if (supersedes === "older") await context.add({ queue, hold: true, supersedes: "key" });
    expect((await context.job(ref.id, queue)).state).toBe(state);
    const left = (await context.engine.checkpoints(ref)).length;
    const [answer] = await context.retry({ refs: [ref], op: context.fresh("op") }, fromStart);
    const applied = outcome === "applied";
    const next = flow === undefined ? "queued" : "blocked";
    // Whose key it is can be said of a unique one.
    const owner = outcome === "conflict" && unique?.until === "finished" && taker !== null ? { owner: taker } : {};
    expect(answer).toEqual({ outcome, state: applied ? next : state, ...owner });
    expect(await context.engine.checkpoints(ref)).toHaveLength(drops === true ? 0 : left);
    if (!applied || key === null) return;
    // Who meets the key now? A job that took it again, or another one.
    const [met] = await context.engine.enqueue({ jobs: [context.spec({ queue, hold: true, unique: key })] });
    expect(met?.id === ref.id).toBe(unique?.until === "finished");
  });
});
