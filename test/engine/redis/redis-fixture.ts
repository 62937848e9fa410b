// What tests of the Redis engine have before each of them: a scenario's context on empty storage of the shared server, and
// clients that look behind the engine's back.
import { Redis } from "ioredis";
import { afterEach, beforeEach, inject } from "vitest";
import { ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { RedisBackdoor, redisStorage } from "./redis-storage.js";

/** What is open during a test. */
export interface RedisFixture {
  readonly context: ScenarioContext;
  readonly redis: Redis;
  readonly backdoor: RedisBackdoor;
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
