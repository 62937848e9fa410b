// On Redis, messages between jobs are delivered after the commands that cause them: the client that delivers them may die at
// any point, another may deliver them at the same time, and a server may lose them. All of that comes to the same end.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, onTestFinished } from "vitest";
import type { Lease } from "../../../src/engine/contract/engine.js";
import type { RedisTarget } from "../../../src/engine/target.js";
import { ScenarioContext, settlement, type TestSession } from "../../../src/engine/testkit/index.js";
import type { Dependency } from "../../../src/model/job/dependency.js";
import { FLOW_CREATION } from "../../../src/model/job/membership.js";
import type { JobSpec } from "../../../src/model/job/job.js";
import { isTerminal } from "../../../src/model/job/state.js";
import { BreakableDelivery, type Breakage } from "./breakage.js";
import { nodesOf, RedisBackdoor, redisStorage, type LossyStorage } from "./redis-storage.js";

const QUEUES = ["home", "a", "b", "c"];
const FLOW = { queue: "home", id: "flow" };
const DONE = { kind: "complete", result: null } as const;
/** After this time (milliseconds) jobs that wait send their messages again. */
const AUDIT = 600_000;
/** Milliseconds; longer than the test, so that sessions stay alive. */
const LONG = 100 * AUDIT;

/** A flow over three queues, `a` before `b` and `c` before `d`, and `z`, which waits for all of it. */
class Diamond {
  readonly context: ScenarioContext;
  readonly storage: LossyStorage;
  readonly session: TestSession;
  readonly #taken: Lease[] = [];
  /** How often each job was started. */
  readonly starts: Record<string, number> = {};

  static async create(where: Pick<RedisTarget, "url" | "cluster">, backdoor: RedisBackdoor): Promise<Diamond> {
    const storage = redisStorage(where, backdoor);
    const context = await ScenarioContext.create(storage);
    return new Diamond(context, storage, await context.session({ queues: QUEUES, ttl: LONG }));
  }

  private constructor(context: ScenarioContext, storage: LossyStorage, session: TestSession) {
    this.context = context;
    this.storage = storage;
    this.session = session;
  }

  get jobs(): JobSpec[] {
    const job = (queue: string, id: string, change: Partial<JobSpec>): JobSpec =>
      this.context.spec({ queue, id, ...change });
    const member = (queue: string, id: string, ...after: Dependency[]): JobSpec =>
      job(queue, id, {
        hold: true,
        after,
        flow: { ...FLOW, node: id, parent: null, weight: 1, ifFailed: id === "c" ? "continue" : "fail" },
      });
    return [
      member("a", "a"),
      member("b", "b", { queue: "a", id: "a", ifFailed: "fail" }),
      member("c", "c", { queue: "a", id: "a", ifFailed: "cancel" }),
      member("a", "d", { queue: "b", id: "b", ifFailed: "fail" }, { queue: "c", id: "c", ifFailed: "continue" }),
      job("c", "z", { after: [{ ...FLOW, ifFailed: "continue" }] }),
    ];
  }

  async begin(): Promise<void> {
    await this.context.engine.enqueue({ jobs: [this.context.spec({ ...FLOW, role: "flow" })] });
    await this.context.engine.enqueue({ jobs: this.jobs });
  }

  async commit(): Promise<void> {
    await this.context.engine.commitFlow({ ...FLOW, members: 4 });
  }

  async take(): Promise<Lease> {
    const lease = await this.session.next();
    this.#taken.push(lease);
    this.starts[lease.id] = (this.starts[lease.id] ?? 0) + 1;
    return lease;
  }

  /** Another client sweeps, and the worker runs all jobs that are ready. */
  async resume(): Promise<void> {
    const other = await this.context.open();
    for (let idle = 0; idle < 3; idle += 1) {
      await other.sweep({ queues: QUEUES, limit: 100 });
      // Its leases: a settlement of one that has ended has no effect.
      await this.session.exchange(this.#taken.splice(0).map((lease) => settlement(lease, DONE)));
      for (;;) {
        const leases = await this.session.claim(10);
        if (leases.length === 0) break;
        idle = 0;
        for (const { id } of leases) this.starts[id] = (this.starts[id] ?? 0) + 1;
        await this.session.exchange(leases.map((lease) => settlement(lease, DONE)));
      }
    }
  }

  /** The states of all jobs. */
  async read(): Promise<Record<string, string>> {
    const refs = [FLOW, ...this.jobs.map(({ queue, id }) => ({ queue, id }))];
    const jobs = await this.context.engine.getJobs({ refs });
    return Object.fromEntries(refs.map(({ id }, index) => [id, jobs[index]?.state ?? "gone"]));
  }

  /** The states of all jobs, and how often each was started. */
  async outcome(): Promise<unknown> {
    return { ...(await this.read()), starts: this.starts };
  }
}

/** A cause of messages: `prepare` runs undisturbed, and the command that it answers causes them. */
const CAUSES: readonly (readonly [title: string, prepare: (flow: Diamond) => Promise<() => Promise<unknown>>])[] = [
  [
    "the flow begins",
    async (flow) => {
      await flow.begin();
      return () => flow.commit();
    },
  ],
  [
    "a job completes",
    async (flow) => {
      await flow.begin();
      await flow.commit();
      const lease = await flow.take();
      return () => flow.session.complete(lease);
    },
  ],
  [
    "a job fails",
    async (flow) => {
      await flow.begin();
      await flow.commit();
      await flow.session.complete(await flow.take());
      const lease = await flow.take();
      return () => flow.session.fail(lease, null);
    },
  ],
  [
    "a job is removed",
    async (flow) => {
      await flow.begin();
      await flow.commit();
      return () => flow.context.control("remove", { queue: "b", id: "b" });
    },
  ],
  [
    "the flow is cancelled",
    async (flow) => {
      await flow.begin();
      await flow.commit();
      await flow.take();
      return () => flow.context.control("cancel", FLOW);
    },
  ],
  [
    "a cancelled flow is retried",
    async (flow) => {
      await flow.begin();
      await flow.commit();
      await flow.context.control("cancel", FLOW);
      for (const { queue, id } of flow.jobs.slice(0, 4)) await flow.context.control("retry", { queue, id });
      return () => flow.context.control("retry", FLOW);
    },
  ],
  [
    "a run waits for jobs that it made",
    async (flow) => {
      await flow.begin();
      await flow.commit();
      const lease = await flow.take();
      const made = flow.context.spec({
        queue: "b",
        id: "made",
        flow: { ...FLOW, node: "made", parent: "a", weight: 1, ifFailed: "fail" },
      });
      return async () => {
        await flow.context.engine.enqueue({ jobs: [made] });
        await flow.session.report(lease, { after: [{ queue: "b", id: "made" }] });
        await flow.session.settle(lease, { kind: "wait" });
      };
    },
  ],
  [
    "a flow that was never complete expires",
    async (flow) => {
      await flow.begin();
      flow.context.advance(FLOW_CREATION);
      return () => flow.context.sweep(100, QUEUES);
    },
  ],
];

const cluster = nodesOf(inject("clusterNodes"));

const PLACES: readonly (readonly [name: string, where: Parameters<typeof redisStorage>[0]])[] = [
  ["one Redis", { url: inject("redisUrl") }],
  ...(cluster.length === 0 ? [] : [["a cluster", { cluster }] as const]),
];

describe.each(PLACES)("deliveries on %s", (_name, where) => {
  let backdoor: RedisBackdoor;
  let delivery: BreakableDelivery;

  beforeAll(() => {
    backdoor = new RedisBackdoor(where);
  });
  afterAll(() => backdoor.close());
  beforeEach(() => {
    delivery = new BreakableDelivery();
  });
  afterEach(() => delivery.restore());

  async function create(): Promise<Diamond> {
    const flow = await Diamond.create(where, backdoor);
    onTestFinished(() => flow.context.dispose());
    return flow;
  }

  /** Runs the cause, breaks the delivery, then runs everything to its end; answers whether the delivery broke, and the end. */
  async function disturbed(
    prepare: (typeof CAUSES)[number][1],
    breakage: Breakage | null,
  ): Promise<[boolean, unknown]> {
    const flow = await create();
    const cause = await prepare(flow);
    delivery.breakage = breakage;
    await cause();
    const { broke } = delivery;
    delivery.breakage = null;
    await flow.resume();
    return [broke, await flow.outcome()];
  }

  describe.each(CAUSES)("after %s", (_title, prepare) => {
    it.each(["nothing", "half"] as const)(
      "come to the same end wherever the client dies, with %s of that command done",
      async (after) => {
        const [, whole] = await disturbed(prepare, null);
        let at = 0;
        for (; at < 100; at += 1) {
          const [broke, outcome] = await disturbed(prepare, { kind: "dies", at, after, lost: false });
          expect(outcome, `when it dies in command ${at}`).toEqual(whole);
          if (!broke) break;
        }
        expect(at, "a delivery of some length").toBeGreaterThan(1);
        expect(at).toBeLessThan(100);
      },
    );

    it("come to the same end when every message arrives twice", async () => {
      const [, whole] = await disturbed(prepare, null);
      expect(await disturbed(prepare, { kind: "twice" })).toEqual([true, whole]);
    });

    it("come to the same end when many deliver at once", async () => {
      const [, whole] = await disturbed(prepare, null);
      for (let round = 0; round < 3; round += 1) {
        const flow = await create();
        const cause = await prepare(flow);
        const other = await flow.context.open();
        const engines = [flow.context.engine, other];
        const sessions = [flow.session, await flow.context.session({ engine: other, queues: QUEUES, ttl: LONG })];
        delivery.breakage = { kind: "dies", at: 0, after: "nothing", lost: false };
        await cause();
        delivery.breakage = null;
        await Promise.all([
          ...engines.flatMap((engine) => [1, 2, 3].map(async () => engine.sweep({ queues: QUEUES, limit: 100 }))),
          ...sessions.map((session) => session.exchange([], { max: 0 })),
        ]);
        await flow.resume();
        expect(await flow.outcome()).toEqual(whole);
      }
    });

    it("happen in the end though the server lost the messages", async () => {
      const flow = await create();
      const cause = await prepare(flow);
      delivery.breakage = { kind: "dies", at: 0, after: "nothing", lost: true };
      await cause();
      delivery.breakage = null;
      await flow.storage.loseOutbox();
      // A job that asks again gets the state of its dependency; a message that follows from it may be lost and asked for in turn.
      for (let audit = 0; audit < 3; audit += 1) {
        await flow.resume();
        flow.context.advance(AUDIT);
      }
      await flow.resume();
      for (const [id, state] of Object.entries(await flow.read())) {
        expect([id, state === "gone" || isTerminal(state as never)]).toEqual([id, true]);
      }
      for (const times of Object.values(flow.starts)) expect(times).toBeLessThanOrEqual(2);
    });
  });

  it("are asked for again after ten minutes, not before, when the server lost the messages", async () => {
    const flow = await create();
    await flow.begin();
    await flow.commit();
    const lease = await flow.take();
    delivery.breakage = { kind: "dies", at: 0, after: "nothing", lost: true };
    await flow.session.complete(lease);
    delivery.breakage = null;
    await flow.storage.loseOutbox();
    flow.context.advance(AUDIT - 1);
    await flow.resume();
    expect(await flow.read()).toMatchObject({ a: "completed", b: "blocked", c: "blocked", flow: "blocked" });
    flow.context.advance(1);
    await flow.resume();
    expect(await flow.read()).toMatchObject({ b: "completed", c: "completed", d: "completed", flow: "completed" });
    expect(flow.starts).toEqual({ a: 1, b: 1, c: 1, d: 1, z: 1 });
  });

  it("that come after the flow was cancelled let a retry complete it: its members have all succeeded", async () => {
    const flow = await create();
    await flow.begin();
    await flow.commit();
    for (const left of [3, 2, 1, 0]) {
      const lease = await flow.take();
      if (left === 0) delivery.breakage = { kind: "dies", at: 0, after: "nothing", lost: false };
      await flow.session.complete(lease);
    }
    delivery.breakage = null;
    expect(await flow.context.control("cancel", FLOW)).toEqual({ outcome: "applied", state: "cancelled" });
    await flow.resume();
    const members = { a: "completed", b: "completed", c: "completed", d: "completed" };
    expect(await flow.read()).toEqual({ ...members, flow: "cancelled", z: "completed" });
    expect(await flow.context.control("retry", FLOW)).toEqual({ outcome: "applied", state: "completed" });
    expect(await flow.context.list({ queue: FLOW.queue, states: ["completed"] })).toEqual([FLOW.id]);
    expect(await flow.context.counts(FLOW.queue)).toMatchObject({ blocked: 0, cancelled: 0, completed: 1 });
    expect(await flow.context.control("retry", FLOW)).toEqual({ outcome: "wrong-state", state: "completed" });
    expect(flow.starts).toEqual({ a: 1, b: 1, c: 1, d: 1, z: 1 });
  });

  it("of members that their flow never learned of end them", async () => {
    const flow = await create();
    await flow.context.engine.enqueue({ jobs: [flow.context.spec({ ...FLOW, role: "flow" })] });
    delivery.breakage = { kind: "dies", at: 0, after: "nothing", lost: true };
    await flow.context.engine.enqueue({ jobs: flow.jobs });
    delivery.breakage = null;
    await flow.storage.loseOutbox();
    expect(await flow.context.engine.commitFlow({ ...FLOW, members: 4 })).toBe("incomplete");
    flow.context.advance(FLOW_CREATION);
    await flow.resume();
    flow.context.advance(AUDIT);
    await flow.resume();
    expect(await flow.read()).toMatchObject({ flow: "gone", a: "cancelled", b: "cancelled", c: "cancelled" });
    expect(flow.starts).toEqual({ z: 1 });
  });
});
