// A Redis that is full: nothing new is stored, and what is there can be looked after.
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { EngineUnavailable } from "../../../src/model/errors/errors.js";
import { MAIN, ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { startRedisServer, type RedisServer } from "../../support/redis-server.js";
import { RedisBackdoor, redisStorage } from "./redis-storage.js";

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

/** From now on there is no memory left. */
async function fill(): Promise<void> {
  await redis.config("SET", "maxmemory", "1mb");
  await expect(context.add()).rejects.toThrow(EngineUnavailable);
}
