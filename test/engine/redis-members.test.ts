// On Redis a job may end before the flow that it names hears of it. It becomes a member all the same, with the state it ended in,
// whatever the flow did meanwhile and whatever got lost on the way.
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { begin, child, HOME, workerOfAll } from "../../src/engine/testkit/flow-words.js";
import { Kit, settlement, type TestSession } from "../../src/engine/testkit/index.js";
import type { Lease } from "../../src/engine/contract.js";
import type { DependencyEnd } from "../../src/model/dependency.js";
import { FLOW_CREATION, MOST_MEMBERS } from "../../src/model/flow.js";
import type { JobRef, JobSpec } from "../../src/model/job.js";
import { BreakableDelivery } from "./redis-breakage.js";
import { RedisBackdoor, redisStorage, type LossyStorage } from "./redis-storage.js";

const OTHER = "other";
const QUEUES = [HOME, "main", OTHER];
/** After this time (milliseconds) what was not answered is told again. */
const AUDIT = 600_000;
const MINUTE = 60_000;

/** A flow that runs, whose one job `parent` is in the hands of a worker. */
class Running {
  readonly kit: Kit;
  readonly flow: JobRef;
  readonly session: TestSession;
  readonly parent: Lease;
  readonly #storage: LossyStorage;
  readonly #delivery: BreakableDelivery;

  static async create(backdoor: RedisBackdoor, delivery: BreakableDelivery): Promise<Running> {
    const storage = redisStorage({ url: inject("redisUrl") }, backdoor);
    const kit = await Kit.create(storage);
    onTestFinished(() => kit.dispose());
    const { flow } = await begin(kit);
    const session = await workerOfAll(kit);
    return new Running(kit, flow, session, await session.next(), storage, delivery);
  }

  private constructor(
    kit: Kit,
    flow: JobRef,
    session: TestSession,
    parent: Lease,
    storage: LossyStorage,
    delivery: BreakableDelivery,
  ) {
    this.kit = kit;
    this.flow = flow;
    this.session = session;
    this.parent = parent;
    this.#storage = storage;
    this.#delivery = delivery;
  }

  /** Nothing is delivered of what follows from this. */
  async unheard<T>(happens: () => Promise<T>): Promise<T> {
    this.#delivery.breakage = { kind: "dies", at: 0, after: "nothing", lost: false };
    try {
      return await happens();
    } finally {
      this.#delivery.breakage = null;
    }
  }

  /** A job that names the flow, made and ended unheard. */
  async ended(how: DependencyEnd, change: Partial<JobSpec> = {}): Promise<JobRef> {
    const spec = child(this.kit, this.flow, { attempts: 1, ...change });
    const ref = { queue: OTHER, id: spec.id };
    await this.unheard(async () => {
      await this.kit.engine.enqueue({ jobs: [spec] });
      await ENDINGS[how](this, ref);
    });
    return ref;
  }

  async take(): Promise<Lease> {
    return this.session.next();
  }

  loseNews(): Promise<void> {
    return this.#storage.loseNews();
  }

  async deliver(): Promise<void> {
    // What follows may be news again, in a queue that was swept before.
    for (let sweeps = 2; sweeps > 0; sweeps -= 1) await this.kit.sweep(100, QUEUES);
  }

  /** How the flow says that its members ended, but for the parent. */
  async told(): Promise<(readonly [id: string, state: DependencyEnd | null])[]> {
    const members = await this.kit.engine.dependencies(this.flow);
    return members.filter(({ queue }) => queue === OTHER).map(({ id, state }) => [id, state] as const);
  }

  state(): Promise<string> {
    return this.kit.state(this.flow.id, HOME);
  }
}

const ENDINGS: Record<DependencyEnd, (running: Running, ref: JobRef) => Promise<unknown>> = {
  completed: async ({ session }) => session.complete(await session.next()),
  partial: async ({ session }) => session.settle(await session.next(), { kind: "partial", result: null }),
  failed: async ({ session }) => session.fail(await session.next(), null),
  cancelled: ({ kit }, ref) => kit.control("cancel", ref),
  superseded: ({ kit }) => kit.add({ queue: OTHER, supersedes: "key" }),
  expired: async ({ kit }) => {
    kit.advance(1_000);
    await kit.sweep(100, [OTHER]);
  },
  removed: ({ kit }, ref) => kit.control("remove", ref),
};

const CHANGES: Partial<Record<DependencyEnd, Partial<JobSpec>>> = {
  superseded: { supersedes: "key" },
  expired: { ttl: 1_000 },
};

const STATES = Object.keys(ENDINGS) as DependencyEnd[];

describe("a job that ended before its flow heard of it", () => {
  let backdoor: RedisBackdoor;
  let delivery: BreakableDelivery;

  beforeAll(() => {
    backdoor = new RedisBackdoor({ url: inject("redisUrl") });
    delivery = new BreakableDelivery();
  });
  afterAll(async () => {
    delivery.restore();
    await backdoor.close();
  });

  const create = (): Promise<Running> => Running.create(backdoor, delivery);

  it.each(STATES)("is a member that is %s, and the flow ends accordingly", async (how) => {
    const running = await create();
    const { id } = await running.ended(how, CHANGES[how]);
    expect(await running.told()).toEqual([]);
    await running.deliver();
    expect(await running.told()).toEqual([[id, how]]);
    await running.session.complete(running.parent);
    const good: Partial<Record<DependencyEnd, string>> = { completed: "completed", partial: "partial" };
    expect(await running.state()).toBe(good[how] ?? "failed");
  });

  it.each(STATES)("is a member that is %s, and the flow, which has ended, stays as it is", async (how) => {
    const running = await create();
    const { id } = await running.ended(how, CHANGES[how]);
    await running.unheard(() => running.session.complete(running.parent));
    await running.kit.sweep(100, ["main"]);
    expect(await running.state()).toBe("completed");
    await running.deliver();
    expect(await running.told()).toEqual([[id, how]]);
    expect(await running.state()).toBe("completed");
  });

  it.each(STATES)("is a member that is %s of a flow that was retried meanwhile", async (how) => {
    const running = await create();
    const { kit, flow, parent } = running;
    const { id } = await running.ended(how, CHANGES[how]);
    await running.unheard(() => kit.control("cancel", flow));
    await kit.sweep(100, [HOME, "main"]);
    await kit.control("retry", parent.id);
    await kit.control("retry", flow);
    await running.deliver();
    expect(await running.told()).toEqual([[id, how]]);
    expect(await running.state()).toBe("blocked");
    await running.session.complete(await running.take());
    expect(await running.state()).not.toBe("blocked");
  });

  it.each(STATES)(
    "is a member that is %s within ten minutes though the server lost what was to be told",
    async (how) => {
      const running = await create();
      const { id } = await running.ended(how, CHANGES[how]);
      await running.loseNews();
      await running.deliver();
      expect(await running.told()).toEqual([]);
      running.kit.advance(AUDIT);
      await running.deliver();
      expect(await running.told()).toEqual([[id, how]]);
    },
  );

  it("asks the next sweep when whoever delivered died before it was answered", async () => {
    const running = await create();
    const { kit, flow, parent } = running;
    const { id } = await running.ended("failed");
    // A flow in another round asks how it ended.
    await running.unheard(() => kit.control("cancel", flow));
    await kit.sweep(100, [HOME, "main"]);
    await kit.control("retry", parent.id);
    await kit.control("retry", flow);
    delivery.breakage = { kind: "dies", at: 2, after: "nothing", lost: false };
    await kit.sweep(100, [OTHER]);
    delivery.breakage = null;
    expect(await running.told()).toEqual([[id, null]]);
    kit.advance(MINUTE);
    await running.deliver();
    expect(await running.told()).toEqual([[id, "failed"]]);
  });

  it("runs again when its flow is retried", async () => {
    const running = await create();
    const { kit, flow, session } = running;
    const one = await running.ended("failed");
    await session.complete(running.parent);
    await running.deliver();
    await kit.control("retry", one);
    await kit.control("retry", flow);
    expect(await running.state()).toBe("blocked");
    const lease = await running.take();
    expect(lease.id).toBe(one.id);
    await session.complete(lease);
    expect(await running.told()).toEqual([[one.id, "completed"]]);
    expect(await running.state()).toBe("completed");
  });

  it("is waited for again when it is retried before the flow heard of it", async () => {
    const running = await create();
    const { kit, session } = running;
    const one = await running.ended("failed");
    await running.unheard(() => kit.control("retry", one));
    await running.deliver();
    expect(await running.told()).toEqual([[one.id, null]]);
    await session.complete(running.parent);
    expect(await running.state()).toBe("blocked");
    await session.complete(await running.take());
    expect(await running.state()).toBe("completed");
  });

  it("does not reopen what its flow knows of it when that is told again", async () => {
    const running = await create();
    const { id } = await running.ended("failed");
    await running.deliver();
    await running.session.complete(running.parent);
    expect(await running.state()).toBe("failed");
    running.kit.advance(AUDIT);
    await running.deliver();
    expect(await running.told()).toEqual([[id, "failed"]]);
    expect(await running.state()).toBe("failed");
  });

  it("is kept as long as the flow, and leaves nothing", async () => {
    const running = await create();
    const { kit, flow, session } = running;
    const none = { completed: { age: 0, count: 0 }, failed: { age: 0, count: 0 } };
    const one = await running.ended("completed", { retention: none });
    await session.complete(running.parent);
    await running.deliver();
    kit.advance(MINUTE);
    await running.deliver();
    expect(await kit.state(one.id, OTHER)).toBe("completed");
    await kit.control("remove", flow);
    await running.deliver();
    expect(await kit.find(one.id, OTHER)).toBeNull();
  });

  it("is no member of a flow that is gone, and nothing keeps or tells it any more", async () => {
    const running = await create();
    const { kit, flow, session } = running;
    const one = await running.ended("completed");
    await running.unheard(() => session.complete(running.parent));
    await kit.sweep(100, ["main"]);
    await kit.control("remove", flow);
    await running.deliver();
    expect(await kit.engine.dependents(one)).toEqual([]);
  });

  it("goes with a flow that was never complete", async () => {
    const running = await create();
    const { kit } = running;
    const flow = { queue: HOME, id: await kit.add({ queue: HOME, role: "flow" }) };
    const spec = child(kit, flow);
    await running.unheard(async () => {
      await kit.engine.enqueue({ jobs: [spec] });
      await kit.control("cancel", { queue: OTHER, id: spec.id });
    });
    await running.deliver();
    expect((await kit.engine.dependencies(flow)).map(({ state }) => state)).toEqual(["cancelled"]);
    kit.advance(FLOW_CREATION);
    await running.deliver();
    expect(await kit.find(spec.id, OTHER)).toBeNull();
  });

  it("is refused by a full flow, and nothing keeps it", async () => {
    const running = await create();
    const { kit, flow } = running;
    const rest = Array.from({ length: MOST_MEMBERS - 1 }, () => child(kit, flow, { due: { in: AUDIT } }));
    for (let from = 0; from < rest.length; from += 500) {
      await kit.engine.enqueue({ jobs: rest.slice(from, from + 500) });
    }
    const one = await running.ended("completed");
    await running.deliver();
    expect(await running.told()).toHaveLength(MOST_MEMBERS - 1);
    expect(await kit.engine.dependents(one)).toEqual([]);
    expect(await running.state()).toBe("blocked");
  });

  it("is a member like a thousand others that end while one client makes them and another one runs them", async () => {
    const running = await create();
    const { kit, flow, session } = running;
    const jobs = Array.from({ length: 1_000 }, () => child(kit, flow));
    const other = await kit.open();
    let made = 0;
    const making = Array.from({ length: 10 }, async (_, part) => {
      const { length } = await other.enqueue({ jobs: jobs.slice(part * 100, part * 100 + 100) });
      made += length;
    });
    for (let done = 0; done < jobs.length;) {
      const leases = await session.claim(50);
      await session.exchange(leases.map((lease) => settlement(lease, { kind: "complete", result: null })));
      done += leases.length;
    }
    await Promise.all(making);
    expect(made).toBe(jobs.length);
    await running.deliver();
    const told = await running.told();
    expect(told.filter(([, state]) => state === "completed")).toHaveLength(jobs.length);
  });
});
