// On Redis a job may end before the flow that it names hears of it. It becomes a member all the same, with the state it ended in,
// whatever the flow did meanwhile and whatever got lost on the way.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { OTHER } from "../../src/engine/testkit/dependency-words.js";
import { child, HOME } from "../../src/engine/testkit/flow-words.js";
import { settlement } from "../../src/engine/testkit/index.js";
import type { DependencyEnd } from "../../src/model/dependency.js";
import { FLOW_CREATION, MOST_MEMBERS } from "../../src/model/flow.js";
import { BreakableDelivery } from "./redis-breakage.js";
import { RedisBackdoor } from "./redis-storage.js";
import { RunningFlow } from "./running-flow.js";

/** After this time (milliseconds) what was not answered is told again. */
const AUDIT = 600_000;
const MINUTE = 60_000;

const STATES = ["completed", "partial", "failed", "cancelled", "superseded", "expired", "removed"] as const;

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

  const create = (): Promise<RunningFlow> => RunningFlow.create(backdoor, delivery);

  it.each(STATES)("is a member that is %s, and the flow ends accordingly", async (how) => {
    const running = await create();
    const { id } = await running.ended(how);
    expect(await running.told()).toEqual([]);
    await running.deliver();
    expect(await running.told()).toEqual([[id, how]]);
    await running.session.complete(running.parent);
    const good: Partial<Record<DependencyEnd, string>> = { completed: "completed", partial: "partial" };
    expect(await running.state()).toBe(good[how] ?? "failed");
  });

  it.each(STATES)("is a member that is %s, and the flow, which has ended, stays as it is", async (how) => {
    const running = await create();
    const { id } = await running.ended(how);
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
    const { id } = await running.ended(how);
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
      const { id } = await running.ended(how);
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

  it("does not take back what its flow knows of it when it asks again, not answered", async () => {
    const running = await create();
    const { id } = await running.ended("failed");
    for (const [at, after] of [
      [2, "nothing"],
      [1, "half"],
    ] as const) {
      delivery.breakage = { kind: "dies", at, after, lost: false };
      await running.kit.sweep(100, [OTHER]);
      expect(delivery.broke).toBe(true);
      delivery.breakage = null;
      expect(await running.told()).toEqual([[id, "failed"]]);
    }
    await running.session.complete(running.parent);
    expect(await running.state()).toBe("failed");
  });

  it("is not cancelled for coming late when it was retried in that moment, as a retry of the flow does", async () => {
    const running = await create();
    const { kit, session } = running;
    const one = await running.ended("failed");
    await running.unheard(() => session.complete(running.parent));
    await kit.sweep(100, ["main"]);
    delivery.breakage = { kind: "meanwhile", at: 2, happens: () => kit.control("retry", one) };
    await kit.sweep(100, [OTHER]);
    expect(delivery.broke).toBe(true);
    expect(await kit.state(one.id, OTHER)).toBe("queued");
    await session.complete(await running.take());
    expect(await kit.state(one.id, OTHER)).toBe("completed");
  });

  it("is a member that was removed when its queue was, unheard", async () => {
    const running = await create();
    const { id } = await running.ended("completed");
    await running.kit.engine.obliterate({ queue: OTHER, force: true });
    expect(await running.told()).toEqual([[id, "removed"]]);
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
