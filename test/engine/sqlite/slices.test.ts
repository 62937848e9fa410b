// Work that is left to later transactions. The whole specification holds when each transaction does next to nothing: what a
// command leaves is done before it answers, in whatever slices.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Checkpoint } from "../../../src/model/job/report/checkpoint.js";
import type { Engine } from "../../../src/engine/contract/engine.js";
import { MAIN, ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { CONFORMANCE, runScenario } from "../../../src/engine/testkit/index.js";
import { USUAL_BUDGET } from "../../../src/engine/sqlite/store/budget.js";
import { sqliteStorage } from "./sqlite-storage.js";

const STEP = { value: "1", at: 0, took: 1, counters: null } as const;

/** Those of hundreds of jobs would only take longer. */
const SCENARIOS = CONFORMANCE.flatMap(({ scenarios }) => scenarios).filter(
  ({ id }) => !/\d{3}|thousand|by-too-many/.test(id),
);

describe("the SQLite engine, one message and one row a transaction", () => {
  it.each(SCENARIOS.map((scenario) => [scenario.id, scenario] as const))("%s", async (_id, scenario) => {
    const budget = { ...USUAL_BUDGET, messages: 1, links: 1, rows: 1, jobs: 1 };
    const setup = { capabilities: ["leftovers", "corrupt"] as const, create: () => sqliteStorage(budget) };
    await expect(runScenario(scenario, setup)).resolves.toBeUndefined();
  });
});

describe("what a process leaves undone when it dies", () => {
  const budget = { ...USUAL_BUDGET, messages: 10, links: 100, rows: 50, jobs: 10 };
  let storage: ReturnType<typeof sqliteStorage>;
  let context: ScenarioContext;

  beforeEach(async () => {
    storage = sqliteStorage(budget);
    context = await ScenarioContext.create(storage);
  });

  afterEach(() => context.dispose());

  /** Begins a command on a connection that is closed after its first transaction; another one sweeps a queue of its own. */
  async function dieDuring(command: (dying: Engine) => unknown): Promise<void> {
    const dying = await context.open();
    const begun = command(dying);
    await dying.close();
    await begun;
    await context.engine.sweep({ queues: ["elsewhere"], limit: 10 });
  }

  it("is done by a sweep of another one: a queue is obliterated", async () => {
    const flow = await context.add({ role: "flow" });
    const membership = { queue: MAIN, id: flow, node: "n", parent: null, weight: 1, ifFailed: "fail" } as const;
    const jobs = Array.from({ length: 60 }, () => context.spec({ queue: "other", hold: true, flow: membership }));
    await context.engine.enqueue({ jobs });
    await context.addMany(200);
    await context.engine.commitFlow({ queue: MAIN, id: flow, members: 60 });

    await dieDuring((dying) => dying.obliterate({ queue: MAIN, force: true }));

    expect((await context.engine.queues()).map(({ name }) => name)).toEqual(["other"]);
    expect((await context.counts("other")).cancelled).toBe(60);
    await context.engine.obliterate({ queue: "other", force: true });
    expect(await storage.leftovers?.()).toEqual([]);
  });

  it("is done by a sweep of another one: what waited for a job is cancelled with it", async () => {
    const id = await context.add();
    await context.addMany(100, { after: [{ queue: MAIN, id, ifFailed: "cancel" }] });

    await dieDuring((dying) => dying.cancel({ refs: [{ queue: MAIN, id }], op: "o" }));

    expect((await context.counts()).cancelled).toBe(101);
  });

  it("is done by a sweep of another one: a session closes", async () => {
    const ids = await context.addMany(100);
    const session = await context.session();
    for (let claimed = 0; claimed < 100; claimed += 20) await session.claim(20);

    await dieDuring((dying) => dying.closeSession({ session: session.id, queues: [MAIN] }));

    expect(await context.list({ states: ["queued"] }, 500)).toEqual(ids);
    const jobs = await Promise.all(ids.map(async (id) => context.job(id)));
    expect(jobs.every(({ crashes, attempt }) => crashes === 0 && attempt === 0)).toBe(true);
    expect((await storage.leftovers?.())?.filter((row) => row.startsWith("closing "))).toEqual([]);
  });

  /** A failed job with checkpoints of which one transaction removes a fourth. */
  async function addCheckpointed(): Promise<string> {
    const id = await context.add();
    const session = await context.session();
    const lease = await session.next();
    const checkpoints = Array.from({ length: 200 }, (_, index): Checkpoint => ({
      seq: index + 1,
      kind: "step",
      name: "s",
      key: `${index}`,
      ...STEP,
    }));
    await session.report(lease, { checkpoints });
    await session.fail(lease, null);
    return id;
  }

  /** What is left in the file of checkpoints. */
  async function checkpointRows(): Promise<number> {
    return (await storage.leftovers?.())?.filter((row) => row.includes("checkpoints ")).length ?? 0;
  }

  it("is done by a sweep of another one: a job begins anew, and runs meanwhile", async () => {
    const ref = { queue: MAIN, id: await addCheckpointed() };
    const dying = await context.open();
    const begun = dying.retry({ refs: [ref], op: "o", fromStart: true });
    await dying.close();
    await begun;
    const session = await context.session();
    const lease = await session.next();
    const mine = { seq: 1, kind: "step", name: "t", key: null, ...STEP } as const;
    await session.report(lease, { checkpoints: [mine] });

    expect(lease.checkpoints).toBe(false);
    expect(await context.engine.checkpoints(ref)).toEqual([mine]);
    expect(await checkpointRows()).toBeGreaterThan(100);
    await context.sweep();

    expect(await context.engine.checkpoints(ref)).toEqual([mine]);
    expect(await checkpointRows()).toBe(1);
  });

  it.each(["remove", "obliterate", "retry"] as const)(
    "forgets what a job that began anew has left: %s",
    async (then) => {
      const ref = { queue: MAIN, id: await addCheckpointed() };
      const dying = await context.open();
      const begun = dying.retry({ refs: [ref], op: "o", fromStart: true });
      await dying.close();
      await begun;

      if (then === "obliterate") await context.engine.obliterate({ queue: MAIN, force: true });
      else if (then === "remove") await context.engine.remove({ refs: [ref], op: "p" });
      else {
        const session = await context.session();
        await session.fail(await session.next(), null);
        await context.engine.retry({ refs: [ref], op: "p", fromStart: true });
        await context.sweep();
      }

      expect(await checkpointRows()).toBe(0);
    },
  );

  it("forgets a session that closes with its queue: obliterated in between", async () => {
    await context.addMany(100);
    const session = await context.session();
    await session.claim(100);
    const dying = await context.open();
    const begun = dying.closeSession({ session: session.id, queues: [MAIN] });
    await dying.close();
    await begun;

    await context.engine.obliterate({ queue: MAIN, force: true });

    expect(await storage.leftovers?.()).toEqual([]);
  });

  it("leaves the name of an obliterated queue free at once, and its new jobs alone", async () => {
    await context.addMany(200, { tags: ["a:1"] });
    const dying = await context.open();
    const begun = dying.obliterate({ queue: MAIN, force: true });
    await dying.close();
    await begun;
    const id = await context.add({ tags: ["a:1"] });
    expect(await context.list()).toEqual([id]);

    await context.sweep();

    expect(await context.list({ tag: "a:1" })).toEqual([id]);
    expect((await context.engine.tagTotals({ tag: "a:1" })).queued).toBe(1);
    expect((await storage.leftovers?.())?.filter((row) => row.startsWith("jobs ")).length).toBe(1);
  });

  it.each(["remove", "obliterate"] as const)(
    "gives no new job the links of one whose messages are still to be sent: %s",
    async (command) => {
      const ids = await context.addMany(60);
      const after = ids.map((id) => ({ queue: MAIN, id, ifFailed: "cancel" }) as const);
      const gone = await context.add({ queue: "other", after });
      const dying = await context.open();
      const begun =
        command === "remove"
          ? dying.remove({ refs: [{ queue: "other", id: gone }], op: "o" })
          : dying.obliterate({ queue: "other", force: true });
      await dying.close();
      await begun;

      const id = await context.add({ after: after.slice(0, 1) });
      await context.sweep();

      expect(await context.engine.dependencies({ queue: MAIN, id })).toHaveLength(1);
      const awaited = await Promise.all(ids.map(async (one) => context.engine.dependents({ queue: MAIN, id: one })));
      expect(awaited.flat()).toEqual([{ queue: MAIN, id }]);
      await context.engine.obliterate({ queue: MAIN, force: true });
      await context.engine.obliterate({ queue: "other", force: true });
      expect((await storage.leftovers?.())?.filter((row) => !row.startsWith("traces "))).toEqual([]);
    },
  );
});
