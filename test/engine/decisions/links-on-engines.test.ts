// Reactions to messages: every engine is brought into the situations of the tables that commands can bring about, and its jobs
// react as they say. Messages are not seen here but in what they do: a reply `cancel` cancels the member, `go` lets it run.
import { expect, test } from "vitest";
import type { Effect } from "../../../src/engine/shared/reactions.js";
import type { ScenarioContext } from "../../../src/engine/testkit/index.js";
import { reach } from "../../../src/engine/testkit/context/reach.js";
import {
  DEPENDENCY_FAILED,
  isSuccess,
  type DependencyEnd,
  type DependencyPolicy,
} from "../../../src/model/job/dependency.js";
import type { JobRef, JobSpec } from "../../../src/model/job/job.js";
import type { Membership } from "../../../src/model/job/membership.js";
import { isTerminal, type JobState } from "../../../src/model/job/state.js";
import { onEachEngine } from "./each-engine.js";
import { DEPENDENT_CASES, END_CASES, JOIN_CASES, type EndCase } from "./reaction-cases.js";

/** Longer than any job is kept. */
const AGES = 30 * 86_400_000;

const inFlow = (flow: JobRef, ifFailed: DependencyPolicy = "fail"): Membership => {
  return { ...flow, node: "node", parent: null, weight: 1, ifFailed: ifFailed === "cancel" ? "fail" : ifFailed };
};

/** Adds a job to a queue of its own. */
async function add(context: ScenarioContext, change: Partial<JobSpec> = {}): Promise<JobRef> {
  const ref = { queue: context.fresh("links-"), id: context.fresh("job-") };
  await context.add({ ...ref, ...change });
  return ref;
}

const addFlow = (context: ScenarioContext): Promise<JobRef> => add(context, { role: "flow" });

async function addMember(
  context: ScenarioContext,
  flow: JobRef,
  ifFailed?: DependencyPolicy,
  change = {},
): Promise<JobRef> {
  return add(context, { hold: true, flow: inFlow(flow, ifFailed), ...change });
}

const begin = (context: ScenarioContext, flow: JobRef, members: number): Promise<unknown> =>
  Promise.resolve(context.engine.commitFlow({ ...flow, members }));

const stateOf = async (context: ScenarioContext, { queue, id }: JobRef): Promise<JobState | null> =>
  (await context.find(id, queue))?.state ?? null;

/** How a dependency ended, as its dependent knows it; `undefined`: it is none. */
async function known(
  context: ScenarioContext,
  of: JobRef,
  { queue, id }: JobRef,
): Promise<DependencyEnd | null | undefined> {
  const found = (await context.engine.dependencies(of)).find((one) => one.queue === queue && one.id === id);
  return found?.state;
}

/** Runs the only job of a queue to an end. */
async function run(
  context: ScenarioContext,
  { queue }: JobRef,
  end: "completed" | "partial" | "failed",
): Promise<void> {
  const session = await context.session({ queues: [queue] });
  const lease = await session.next();
  if (end === "failed") await session.fail(lease, null);
  else await session.settle(lease, { kind: end === "completed" ? "complete" : "partial", result: null });
}

/** Ends a job, whose ttl is 1 s and whose supersede key is `key`. */
async function endAs(context: ScenarioContext, ref: JobRef, end: DependencyEnd): Promise<void> {
  if (end === "completed" || end === "partial" || end === "failed") await run(context, ref, end);
  if (end === "cancelled") await context.control("cancel", ref);
  if (end === "removed") await context.control("remove", ref);
  if (end === "superseded") await context.add({ queue: ref.queue, supersedes: "key", hold: true });
  if (end !== "expired") return;
  context.advance(1_000);
  await context.sweep(1_000, [ref.queue]);
}

/** A job that waits for another one, as the case says, and that one. */
async function waiting(
  context: ScenarioContext,
  { job, ifFailed }: EndCase,
): Promise<[job: JobRef, dependency: JobRef]> {
  const mortal = { ttl: 1_000, supersedes: "key" };
  if (job.startsWith("is a flow")) {
    const flow = await addFlow(context);
    const member = await addMember(context, flow, ifFailed, mortal);
    const others = job === "is a flow with other members at work" ? [await addMember(context, flow)] : [];
    if (job !== "is a flow being created") await begin(context, flow, 1 + others.length);
    return [flow, member];
  }
  const dependency = await add(context, mortal);
  const after = [{ ...dependency, ifFailed }];
  if (job === "runs already") {
    const ref = await add(context);
    const session = await context.session({ queues: [ref.queue] });
    await session.report(await session.next(), { after: [dependency] });
    return [ref, dependency];
  }
  const other = job === "waits for another one too" ? [{ ...(await add(context, { hold: true })), ifFailed }] : [];
  const ref = await add(context, {
    after: [...after, ...other].toSorted((a, b) => (a.queue < b.queue ? -1 : 1)),
    hold: job === "is held",
    due: { in: job === "is due later" ? 60_000 : 0 },
  });
  if (job === "has ended") await context.control("cancel", ref);
  return [ref, dependency];
}

/** A held job asks nothing of its dependencies, so it hears of no end before it is let go. */
const REACHABLE = END_CASES.filter(({ job }) => job !== "is held");

onEachEngine("the end of a dependency", (contextNow) => {
  test.each(REACHABLE)("$end, $ifFailed: a job that $job", async (one) => {
    const context = contextNow();
    const [ref, dependency] = await waiting(context, one);
    const before = (await context.job(ref.id, ref.queue)).state;
    // A flow that ends takes its members along.
    await (one.job === "is a flow that has ended"
      ? context.control("cancel", ref)
      : endAs(context, dependency, one.end));
    const job = await context.job(ref.id, ref.queue);
    expect(job.state).toBe(one.state);
    expect(await known(context, ref, dependency)).toBe(one.end);
    expect(job.error?.code ?? null).toBe(one.effects.includes("record-failure") ? DEPENDENCY_FAILED : null);
    const moves: readonly Effect["kind"][] = ["make-ready", "end", "complete-flow"];
    const moved = one.effects.some((effect) => moves.includes(effect)) || one.job === "is a flow that has ended";
    expect(job.state !== before).toBe(moved);
  });
});

const runs = DEPENDENT_CASES.filter(({ kind }) => kind === "link");

onEachEngine("a dependent", (contextNow) => {
  test.each(runs)("of a job that is $state", async ({ state, effects, replies }) => {
    const context = contextNow();
    const { ref } = await reach(context, state);
    const dependent = await add(context, { after: [{ ...ref, ifFailed: "continue" }] });
    expect(await context.engine.dependents(ref)).toEqual([dependent]);
    expect(await known(context, dependent, ref)).toBe(replies ? state : null);
    expect(await stateOf(context, dependent)).toBe(replies ? "queued" : "blocked");
    // What is retained stays as long as its dependent does.
    const retains = effects.includes("retain");
    expect(retains).toBe(isTerminal(state));
    if (!retains) return;
    context.advance(AGES);
    await context.sweep(1_000, [ref.queue]);
    expect(await stateOf(context, ref)).toBe(state);
  });

  test("of a member that is held: it may run once the flow begins, and reports its end", async () => {
    const context = contextNow();
    const flow = await addFlow(context);
    const member = await addMember(context, flow);
    expect(await stateOf(context, member)).toBe("blocked");
    await begin(context, flow, 1);
    expect(await stateOf(context, member)).toBe("queued");
    await run(context, member, "completed");
    expect(await known(context, flow, member)).toBe("completed");
  });

  test("that is removed leaves an ended job to retention when it was the last", async () => {
    const context = contextNow();
    const ref = await add(context);
    const [one, two] = [
      await add(context, { after: [{ ...ref, ifFailed: "fail" }] }),
      await add(context, { after: [{ ...ref, ifFailed: "fail" }] }),
    ];
    await run(context, ref, "completed");
    const left: (JobState | null)[] = [];
    for (const dependent of [one, two]) {
      await context.control("remove", dependent);
      context.advance(AGES);
      await context.sweep(1_000, [ref.queue]);
      left.push(await stateOf(context, ref));
    }
    expect(left).toEqual(["completed", null]);
  });

  test("that is removed leaves a waiting job as it is, and retention has that when it has ended", async () => {
    const context = contextNow();
    const ref = await add(context);
    await context.control("remove", await add(context, { after: [{ ...ref, ifFailed: "fail" }] }));
    expect([await stateOf(context, ref), await context.engine.dependents(ref)]).toEqual(["queued", []]);
    await run(context, ref, "completed");
    context.advance(AGES);
    await context.sweep(1_000, [ref.queue]);
    expect(await stateOf(context, ref)).toBeNull();
  });
});

/** A flow and a member that joins it: for the first time, or again when it is retried. */
type Joining = (context: ScenarioContext) => Promise<readonly [flow: JobRef, member: JobRef]>;

/** A flow that has begun and has two members: one that has ended, and one that waits. */
async function withEnded(
  context: ScenarioContext,
  end: "completed" | "failed",
): Promise<[flow: JobRef, ended: JobRef, other: JobRef]> {
  const flow = await addFlow(context);
  const [ended, other] = [await addMember(context, flow, "continue"), await addMember(context, flow, "continue")];
  await begin(context, flow, 2);
  await run(context, ended, end);
  return [flow, ended, other];
}

const retried = async (context: ScenarioContext, member: JobRef): Promise<JobRef> => {
  expect((await context.control("retry", member)).outcome).toBe("applied");
  return member;
};

/** The rest needs 10,000 jobs, which conformance has, or a message that comes late: late-messages.test.ts. */
const JOININGS: Readonly<Record<string, Joining>> = {
  "no flow": async (context) => {
    const job = await add(context);
    return [job, await addMember(context, job)];
  },
  "a flow being created": async (context) => {
    const flow = await addFlow(context);
    return [flow, await addMember(context, flow)];
  },
  "one that was cancelled incomplete": async (context) => {
    const flow = await addFlow(context);
    await context.control("cancel", flow);
    return [flow, await addMember(context, flow)];
  },
  "one that has begun": async (context) => {
    const [flow] = await withEnded(context, "completed");
    return [flow, await addMember(context, flow)];
  },
  "one that has ended": async (context) => {
    const [flow, , other] = await withEnded(context, "completed");
    await run(context, other, "failed");
    return [flow, await addMember(context, flow)];
  },
  "one that knows its failure": async (context) => {
    const [flow, ended] = await withEnded(context, "failed");
    return [flow, await retried(context, ended)];
  },
  "one that knows its success": async (context) => {
    const [flow, ended] = await withEnded(context, "completed");
    return [flow, await retried(context, ended)];
  },
  "one being created that knows its failure": async (context) => {
    const flow = await addFlow(context);
    const member = await addMember(context, flow);
    await context.control("cancel", member);
    expect(await known(context, flow, member)).toBe("cancelled");
    return [flow, await retried(context, member)];
  },
  "an ended one with its end": async (context) => {
    const [flow, ended, other] = await withEnded(context, "failed");
    await run(context, other, "completed");
    return [flow, await retried(context, ended)];
  },
};

onEachEngine("a member that joins", (contextNow) => {
  test.each(JOIN_CASES.filter(({ name }) => name in JOININGS))(
    "$name",
    async ({ name, flow, held, effects, replies }) => {
      const context = contextNow();
      const [ref, member] = (await JOININGS[name]?.(context)) ?? [];
      if (ref === undefined || member === undefined) throw new Error("filtered above");
      const cancelled = replies.includes("cancel");
      const mayRun = replies.includes("go") || !held;
      expect(await stateOf(context, member)).toBe(cancelled ? "cancelled" : mayRun ? "queued" : "blocked");
      const waits = effects.some((effect) => effect === "add-dependency" || effect === "reopen-dependency");
      // One that joined and was cancelled has reported that already.
      const end = waits ? (cancelled ? "cancelled" : null) : (flow.known?.state ?? undefined);
      expect(await known(context, ref, member)).toBe(end);
    },
  );
});

onEachEngine("a flow that is cancelled", (contextNow) => {
  test("cancels members that wait and that run, not those that have ended", async () => {
    const context = contextNow();
    const [flow, ended, running] = await withEnded(context, "completed");
    const waits = await addMember(context, flow);
    const session = await context.session({ queues: [running.queue] });
    const lease = await session.next();
    await context.control("cancel", flow);
    const states = [await stateOf(context, ended), await stateOf(context, running), await stateOf(context, waits)];
    expect(states).toEqual(["completed", "cancelled", "cancelled"]);
    expect(await session.complete(lease)).toBe("stale");
    for (const member of [running, waits])
      expect(isSuccess((await known(context, flow, member)) ?? "removed")).toBe(false);
  });

  test("before it is complete removes its members, ended ones too, and not another job with the id of one", async () => {
    const context = contextNow();
    const flow = await addFlow(context);
    const [held, ended, gone] = [
      await addMember(context, flow),
      await addMember(context, flow),
      await addMember(context, flow),
    ];
    await context.control("cancel", ended);
    await context.control("remove", gone);
    await context.add({ ...gone, nonce: "another" });
    await context.control("cancel", flow);
    const states = [
      await stateOf(context, held),
      await stateOf(context, ended),
      await stateOf(context, flow),
      await stateOf(context, gone),
    ];
    expect(states).toEqual([null, null, null, "queued"]);
  });
});
