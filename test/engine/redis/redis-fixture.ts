// What tests of the Redis engine have before each of them: a scenario's context on empty storage, of the shared server or of
// one of their own, and clients that look behind the engine's back.
import { Redis } from "ioredis";
import { afterEach, beforeEach, inject } from "vitest";
import { ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { startRedisServer, type RedisServer } from "../../support/redis-server.js";
import { RedisBackdoor, redisStorage } from "./redis-storage.js";

/** What is open during a test. */
export interface RedisFixture {
  readonly context: ScenarioContext;
  readonly redis: Redis;
  readonly backdoor: RedisBackdoor;
}

/** The same on a server of its own, whose commands can be counted. */
export interface OwnRedis extends RedisFixture {
  readonly server: RedisServer;
  close(): Promise<void>;
}

/** Starts a server and opens a fixture on it. */
export async function openOwnRedis(): Promise<OwnRedis> {
  const server = await startRedisServer();
  const redis = new Redis(server.url);
  const backdoor = new RedisBackdoor({ url: server.url });
  const context = await ScenarioContext.create(redisStorage({ url: server.url }, backdoor));
  const close = async (): Promise<void> => {
    await context.dispose();
    await backdoor.close();
    redis.disconnect();
    await server.stop();
  };
  return { server, redis, backdoor, context, close };
}

/** Opens a fixture before each test of the file, hands it over, and closes it after the test. */
export function beforeEachOnRedis(opened: (fixture: RedisFixture) => void): void {
  let fixture: RedisFixture;

  beforeEach(async () => {
    const where = { url: inject("redisUrl") };
    const backdoor = new RedisBackdoor(where);
    const context = await ScenarioContext.create(redisStorage(where, backdoor));
    fixture = { context, backdoor, redis: new Redis(where.url) };
    opened(fixture);
  });

  afterEach(async () => {
    await fixture.context.dispose();
    await fixture.backdoor.close();
    await fixture.redis.quit();
  });
}
