// A Redis that is full: nothing new is stored, and what is there can be looked after.
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { EngineUnavailable } from "../../../src/model/errors/errors.js";
import { listed, putDocument, removeDocument, stored } from "../../../src/engine/testkit/context/document-helpers.js";
import { MAIN, ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { settlement } from "../../../src/engine/testkit/context/test-session.js";
import { startRedisServer, type RedisServer } from "../../support/redis-server.js";
import { RedisBackdoor, redisStorage } from "./redis-storage.js";

const DAY = 86_400_000;

let server: RedisServer;
let redis: Redis;
let backdoor: RedisBackdoor;
let context: ScenarioContext;

describe.skipIf(!inject("canStartRedis"))("a Redis that is full", () => {
  beforeEach(async () => {
    server = await startRedisServer();
    redis = new Redis(server.url);
    backdoor = new RedisBackdoor({ url: server.url });
    context = await ScenarioContext.create(redisStorage({ url: server.url }, backdoor));
  });

  afterEach(async () => {
    await context.dispose();
    await backdoor.close();
    redis.disconnect();
    await server.stop();
  });

  it("leases, reports and ends jobs, also for a worker that comes now", async () => {
    const ids = await context.addMany(3);
    await fill();
    const session = await context.session({ queues: [MAIN, "new"] });
    const [first, second] = [await session.next(), await session.next()];
    expect([first.id, second.id]).toEqual(ids.slice(0, 2));
    expect(await session.report(first, { meta: "{}" })).toBe("applied");
    expect(await session.complete(first, "1")).toBe("applied");
    expect(await session.fail(second, null)).toBe("applied");
    expect(await session.heartbeat()).toMatchObject({ alive: true });
    await session.close();
  });

  it("pauses and resumes, cancels, retries and removes, and shows what happens", async () => {
    const [first = "", second = ""] = await context.addMany(2);
    const superseded = await context.add({ supersedes: "k" });
    await context.add({ supersedes: "k" });
    await fill();
    const { cursor } = await context.engine.watch({ queue: MAIN, cursor: null, max: 1 });
    await context.engine.pause({ queue: MAIN });
    await context.engine.resume({ queue: MAIN });
    expect((await context.control("cancel", first)).outcome).toBe("applied");
    expect((await context.control("retry", first)).outcome).toBe("applied");
    expect((await context.control("remove", second)).outcome).toBe("applied");
    const { events } = await context.engine.watch({ queue: MAIN, cursor, max: 10 });
    expect(events.map(({ kind }) => kind)).toEqual(["paused", "resumed", "state", "state", "removed"]);
    const claim = { queues: [MAIN], tasks: ["work"], limit: 5 };
    expect(await context.engine.claimEnded(claim)).toEqual([{ queue: MAIN, id: superseded }]);
    await context.engine.acknowledgeEnded({ refs: [{ queue: MAIN, id: superseded }] });
  });

  it("does not grow while it drains: of completed jobs the oldest go before their time", async () => {
    const result = JSON.stringify("x".repeat(1_000));
    const ids: string[] = [];
    for (let part = 0; part < 20; part += 1) ids.push(...(await context.addMany(500)));
    const first = await used();
    await redis.config("SET", "maxmemory", first);
    const session = await context.session({ ttl: DAY });
    let most = first;
    for (let leases = await session.claim(500); leases.length > 0; leases = await session.claim(500)) {
      await session.exchange(leases.map((lease) => settlement(lease, { kind: "complete", result })));
      most = Math.max(most, await used());
      for (let more = true; more;) ({ more } = await context.sweep(200));
    }
    const { queued, active, completed } = await context.counts();

    // 500 results and a page of the sweep's are all that is ever too much; all results would be ten megabytes.
    expect(most - first).toBeLessThan(2_000_000);
    expect([queued, active]).toEqual([0, 0]);
    expect(completed).toBeLessThan(ids.length);
    expect(await context.find(ids[0] ?? "")).toBeNull();
    await redis.config("SET", "maxmemory", first * 10);
    await context.sweep(200);
    expect((await context.counts()).completed).toBe(completed);
  });

  it("removes documents, and reads those that are there, but stores no other", async () => {
    const version = await stored(context);
    await stored(context, { id: "b" });
    await fill();
    await expect(putDocument(context, { value: "2" })).rejects.toThrow(EngineUnavailable);
    expect(await removeDocument(context, { version })).toEqual({ outcome: "removed" });
    expect((await listed(context)).map(({ id, value }) => [id, value])).toEqual([["b", "1"]]);
    expect(await removeDocument(context, { id: "b" })).toEqual({ outcome: "removed" });
    expect(await context.engine.documentKinds()).toEqual([]);
  });

  it("starts a flow whose jobs are stored, and lets go of a queue", async () => {
    const flow = await context.add({ role: "flow" });
    const membership = { queue: MAIN, id: flow, node: "n", parent: null, weight: 1, ifFailed: "fail" } as const;
    const member = await context.add({ queue: "other", hold: true, flow: membership });
    await fill();
    expect(await context.engine.commitFlow({ queue: MAIN, id: flow, members: 1 })).toBe("committed");
    expect(await context.state(member, "other")).toBe("queued");
    expect(await context.engine.obliterate({ queue: MAIN, force: true })).toBe(true);
    expect((await context.engine.queues()).map(({ name }) => name)).toEqual(["other"]);
  });
});

/** How many bytes the server uses. */
async function used(): Promise<number> {
  return Number(/\nused_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
}

/** From now on there is no memory left. */
async function fill(): Promise<void> {
  await redis.config("SET", "maxmemory", "1mb");
  await expect(context.add()).rejects.toThrow(EngineUnavailable);
}
