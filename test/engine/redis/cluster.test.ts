import { afterAll, beforeAll, describe, inject, it } from "vitest";
import { runConformance } from "../../../src/engine/testkit/index.js";
import { nodesOf, RedisBackdoor, redisStorage } from "./redis-storage.js";

const cluster = nodesOf(inject("clusterNodes"));

describe.skipIf(cluster.length === 0)("the Redis engine on a cluster", () => {
  const where = { cluster };
  let backdoor: RedisBackdoor;
  // Not before: the tests may be skipped.
  beforeAll(() => {
    backdoor = new RedisBackdoor(where);
  });
  afterAll(() => backdoor.close());
  runConformance(
    { describe, it },
    { capabilities: ["leftovers", "corrupt"], create: () => redisStorage(where, backdoor) },
  );
});
