// Reactions to messages: every engine is brought into the situations of the tables that commands can bring about, and its jobs
// react as they say. Messages are not seen here but in what they do: a reply `cancel` cancels the member, `go` lets it run.
import { expect, test } from "vitest";
import type { Effect } from "../../../src/engine/shared/reactions.js";
import type { Kit } from "../../../src/engine/testkit/index.js";
import { reach } from "../../../src/engine/testkit/kit/reach.js";
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
async function add(kit: Kit, change: Partial<JobSpec> = {}): Promise<JobRef> {
  const ref = { queue: kit.fresh("links-"), id: kit.fresh("job-") };
  await kit.add({ ...ref, ...change });
  return ref;
}

const addFlow = (kit: Kit): Promise<JobRef> => add(kit, { role: "flow" });

async function addMember(kit: Kit, flow: JobRef, ifFailed?: DependencyPolicy, change = {}): Promise<JobRef> {
  return add(kit, { hold: true, flow: inFlow(flow, ifFailed), ...change });
}

const begin = (kit: Kit, flow: JobRef, members: number): Promise<unknown> =>
  Promise.resolve(kit.engine.commitFlow({ ...flow, members }));

const stateOf = async (kit: Kit, { queue, id }: JobRef): Promise<JobState | null> =>
  (await kit.find(id, queue))?.state ?? null;

/** How a dependency ended, as its dependent knows it; `undefined`: it is none. */
async function known(kit: Kit, of: JobRef, { queue, id }: JobRef): Promise<DependencyEnd | null | undefined> {
  const found = (await kit.engine.dependencies(of)).find((one) => one.queue === queue && one.id === id);
  return found?.state;
}

/** Runs the only job of a queue to an end. */
async function run(kit: Kit, { queue }: JobRef, end: "completed" | "partial" | "failed"): Promise<void> {
  const session = await kit.session({ queues: [queue] });
  const lease = await session.next();
  if (end === "failed") await session.fail(lease, null);
  else await session.settle(lease, { kind: end === "completed" ? "complete" : "partial", result: null });
}

/** Ends a job, whose ttl is 1 s and whose supersede key is `key`. */
async function endAs(kit: Kit, ref: JobRef, end: DependencyEnd): Promise<void> {
  if (end === "completed" || end === "partial" || end === "failed") await run(kit, ref, end);
  if (end === "cancelled") await kit.control("cancel", ref);
  if (end === "removed") await kit.control("remove", ref);
  if (end === "superseded") await kit.add({ queue: ref.queue, supersedes: "key", hold: true });
  if (end !== "expired") return;
  kit.advance(1_000);
  await kit.sweep(1_000, [ref.queue]);
}

/** A job that waits for another one, as the case says, and that one. */
async function waiting(kit: Kit, { job, ifFailed }: EndCase): Promise<[job: JobRef, dependency: JobRef]> {
  const mortal = { ttl: 1_000, supersedes: "key" };
  if (job.startsWith("is a flow")) {
    const flow = await addFlow(kit);
    const member = await addMember(kit, flow, ifFailed, mortal);
    const others = job === "is a flow with other members at work" ? [await addMember(kit, flow)] : [];
    if (job !== "is a flow being created") await begin(kit, flow, 1 + others.length);
    return [flow, member];
  }
  const dependency = await add(kit, mortal);
  const after = [{ ...dependency, ifFailed }];
  if (job === "runs already") {
    const ref = await add(kit);
    const session = await kit.session({ queues: [ref.queue] });
    await session.report(await session.next(), { after: [dependency] });
    return [ref, dependency];
  }
  const other = job === "waits for another one too" ? [{ ...(await add(kit, { hold: true })), ifFailed }] : [];
  const ref = await add(kit, {
    after: [...after, ...other].toSorted((a, b) => (a.queue < b.queue ? -1 : 1)),
    hold: job === "is held",
    due: { in: job === "is due later" ? 60_000 : 0 },
  });
  if (job === "has ended") await kit.control("cancel", ref);
  return [ref, dependency];
}

/** A held job asks nothing of its dependencies, so it hears of no end before it is let go. */
const HEARD = END_CASES.filter(({ job }) => job !== "is held");

onEachEngine("the end of a dependency", (kitNow) => {
  test.each(HEARD)("$end, $ifFailed: a job that $job", async (one) => {
    const kit = kitNow();
    const [ref, dependency] = await waiting(kit, one);
    const before = (await kit.job(ref.id, ref.queue)).state;
    // A flow that ends takes its members along.
    await (one.job === "is a flow that has ended" ? kit.control("cancel", ref) : endAs(kit, dependency, one.end));
    const job = await kit.job(ref.id, ref.queue);
    expect(job.state).toBe(one.state);
    expect(await known(kit, ref, dependency)).toBe(one.end);
    expect(job.error?.code ?? null).toBe(one.effects.includes("record-failure") ? DEPENDENCY_FAILED : null);
    const moves: readonly Effect["kind"][] = ["make-ready", "end", "complete-flow"];
    const moved = one.effects.some((effect) => moves.includes(effect)) || one.job === "is a flow that has ended";
    expect(job.state !== before).toBe(moved);
  });
});

const runs = DEPENDENT_CASES.filter(({ kind }) => kind === "link");

onEachEngine("a dependent", (kitNow) => {
  test.each(runs)("of a job that is $state", async ({ state, effects, replies }) => {
    const kit = kitNow();
    const { ref } = await reach(kit, state);
    const dependent = await add(kit, { after: [{ ...ref, ifFailed: "continue" }] });
    expect(await kit.engine.dependents(ref)).toEqual([dependent]);
    expect(await known(kit, dependent, ref)).toBe(replies ? state : null);
    expect(await stateOf(kit, dependent)).toBe(replies ? "queued" : "blocked");
    // What is retained stays as long as its dependent does.
    const retains = effects.includes("retain");
    expect(retains).toBe(isTerminal(state));
    if (!retains) return;
    kit.advance(AGES);
    await kit.sweep(1_000, [ref.queue]);
    expect(await stateOf(kit, ref)).toBe(state);
  });

  test("of a member that is held: it may run once the flow begins, and reports its end", async () => {
    const kit = kitNow();
    const flow = await addFlow(kit);
    const member = await addMember(kit, flow);
    expect(await stateOf(kit, member)).toBe("blocked");
    await begin(kit, flow, 1);
    expect(await stateOf(kit, member)).toBe("queued");
    await run(kit, member, "completed");
    expect(await known(kit, flow, member)).toBe("completed");
  });

  test("that is removed leaves an ended job to retention when it was the last", async () => {
    const kit = kitNow();
    const ref = await add(kit);
    const [one, two] = [
      await add(kit, { after: [{ ...ref, ifFailed: "fail" }] }),
      await add(kit, { after: [{ ...ref, ifFailed: "fail" }] }),
    ];
    await run(kit, ref, "completed");
    const left: (JobState | null)[] = [];
    for (const dependent of [one, two]) {
      await kit.control("remove", dependent);
      kit.advance(AGES);
      await kit.sweep(1_000, [ref.queue]);
      left.push(await stateOf(kit, ref));
    }
    expect(left).toEqual(["completed", null]);
  });

  test("that is removed leaves a waiting job as it is, and retention has that when it has ended", async () => {
    const kit = kitNow();
    const ref = await add(kit);
    await kit.control("remove", await add(kit, { after: [{ ...ref, ifFailed: "fail" }] }));
    expect([await stateOf(kit, ref), await kit.engine.dependents(ref)]).toEqual(["queued", []]);
    await run(kit, ref, "completed");
    kit.advance(AGES);
    await kit.sweep(1_000, [ref.queue]);
    expect(await stateOf(kit, ref)).toBeNull();
  });
});

/** A flow and a member that joins it: for the first time, or again when it is retried. */
type Joining = (kit: Kit) => Promise<readonly [flow: JobRef, member: JobRef]>;

/** A flow that has begun and has two members: one that has ended, and one that waits. */
async function withEnded(kit: Kit, end: "completed" | "failed"): Promise<[flow: JobRef, ended: JobRef, other: JobRef]> {
  const flow = await addFlow(kit);
  const [ended, other] = [await addMember(kit, flow, "continue"), await addMember(kit, flow, "continue")];
  await begin(kit, flow, 2);
  await run(kit, ended, end);
  return [flow, ended, other];
}

const retried = async (kit: Kit, member: JobRef): Promise<JobRef> => {
  expect((await kit.control("retry", member)).outcome).toBe("applied");
  return member;
};

/** The rest needs 10,000 jobs (conformance has them), or a message that comes late. */
const JOININGS: Readonly<Record<string, Joining>> = {
  "no flow": async (kit) => {
    const job = await add(kit);
    return [job, await addMember(kit, job)];
  },
  "a flow being created": async (kit) => {
    const flow = await addFlow(kit);
    return [flow, await addMember(kit, flow)];
  },
  "one that was cancelled incomplete": async (kit) => {
    const flow = await addFlow(kit);
    await kit.control("cancel", flow);
    return [flow, await addMember(kit, flow)];
  },
  "one that has begun": async (kit) => {
    const [flow] = await withEnded(kit, "completed");
    return [flow, await addMember(kit, flow)];
  },
  "one that has ended": async (kit) => {
    const [flow, , other] = await withEnded(kit, "completed");
    await run(kit, other, "failed");
    return [flow, await addMember(kit, flow)];
  },
  "one that knows its failure": async (kit) => {
    const [flow, ended] = await withEnded(kit, "failed");
    return [flow, await retried(kit, ended)];
  },
  "one that knows its success": async (kit) => {
    const [flow, ended] = await withEnded(kit, "completed");
    return [flow, await retried(kit, ended)];
  },
  "one being created that knows its failure": async (kit) => {
    const flow = await addFlow(kit);
    const member = await addMember(kit, flow);
    await kit.control("cancel", member);
    expect(await known(kit, flow, member)).toBe("cancelled");
    return [flow, await retried(kit, member)];
  },
  "an ended one with its end": async (kit) => {
    const [flow, ended, other] = await withEnded(kit, "failed");
    await run(kit, other, "completed");
    return [flow, await retried(kit, ended)];
  },
};

onEachEngine("a member that joins", (kitNow) => {
  test.each(JOIN_CASES.filter(({ name }) => name in JOININGS))(
    "$name",
    async ({ name, flow, held, effects, replies }) => {
      const kit = kitNow();
      const [ref, member] = (await JOININGS[name]?.(kit)) ?? [];
      if (ref === undefined || member === undefined) throw new Error("filtered above");
      const cancelled = replies.includes("cancel");
      const mayRun = replies.includes("go") || !held;
      expect(await stateOf(kit, member)).toBe(cancelled ? "cancelled" : mayRun ? "queued" : "blocked");
      const waits = effects.some((effect) => effect === "add-dependency" || effect === "reopen-dependency");
      // One that joined and was cancelled has reported that already.
      const end = waits ? (cancelled ? "cancelled" : null) : (flow.known?.state ?? undefined);
      expect(await known(kit, ref, member)).toBe(end);
    },
  );
});

onEachEngine("a flow that is cancelled", (kitNow) => {
  test("cancels members that wait and that run, not those that have ended", async () => {
    const kit = kitNow();
    const [flow, ended, running] = await withEnded(kit, "completed");
    const waits = await addMember(kit, flow);
    const session = await kit.session({ queues: [running.queue] });
    const lease = await session.next();
    await kit.control("cancel", flow);
    const states = [await stateOf(kit, ended), await stateOf(kit, running), await stateOf(kit, waits)];
    expect(states).toEqual(["completed", "cancelled", "cancelled"]);
    expect(await session.complete(lease)).toBe("stale");
    for (const member of [running, waits]) expect(isSuccess((await known(kit, flow, member)) ?? "removed")).toBe(false);
  });

  test("before it is complete removes its members, ended ones too, and not another job with the id of one", async () => {
    const kit = kitNow();
    const flow = await addFlow(kit);
    const [held, ended, gone] = [await addMember(kit, flow), await addMember(kit, flow), await addMember(kit, flow)];
    await kit.control("cancel", ended);
    await kit.control("remove", gone);
    await kit.add(gone);
    await kit.control("cancel", flow);
    const states = [
      await stateOf(kit, held),
      await stateOf(kit, ended),
      await stateOf(kit, flow),
      await stateOf(kit, gone),
    ];
    expect(states).toEqual([null, null, null, "queued"]);
  });
});
