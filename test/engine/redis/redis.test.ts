import { afterAll, describe, inject, it } from "vitest";
import { runConformance } from "../../../src/engine/testkit/index.js";
import { RedisBackdoor, redisStorage } from "./redis-storage.js";

const where = { url: inject("redisUrl") };
const backdoor = new RedisBackdoor(where);
afterAll(() => backdoor.close());

describe("the Redis engine", () => {
  runConformance(
    { describe, it },
    { capabilities: ["leftovers", "corrupt"], create: () => redisStorage(where, backdoor) },
  );
});
