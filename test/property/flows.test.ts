// After any events, all jobs of a flow end, none runs before its dependencies, and in the end nothing is left of them.
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import type { TestStorage } from "../../src/engine/testkit/index.js";
import type { RedisTarget } from "../../src/engine/target.js";
import { BreakableDelivery } from "../engine/redis/breakage.js";
import { nodesOf, RedisBackdoor, redisStorage } from "../engine/redis/redis-storage.js";
import { sqliteStorage } from "../engine/sqlite/sqlite-storage.js";
import { checkOn, TIME_LIMIT } from "./check.js";
import { FLOWS, type FlowCase } from "./flow-events.js";
import { FlowSimulation, type Hazards } from "./flow-simulation.js";

function inMemory(): TestStorage {
  let engine: MemoryEngine | null = null;
  return { connect: (clock) => (engine ??= new MemoryEngine({ clock })), dispose: () => {} };
}

/** Tries flows. `times`: how many times the usual number of runs, for engines are not equally fast. */
function endsAll<Storage extends TestStorage>(
  create: () => Storage,
  times: number,
  hazardsOf: (storage: Storage) => Hazards | null = () => null,
): void {
  const play = (drawn: FlowCase): Promise<void> => {
    const storage = create();
    return FlowSimulation.play(storage, hazardsOf(storage), drawn);
  };
  test(
    "ends every flow, runs no job before its time and leaves nothing",
    () => expect(checkOn(FLOWS, play, times)).resolves.toBeUndefined(),
    TIME_LIMIT,
  );
}

function onRedis(where: Pick<RedisTarget, "url" | "cluster">, times: number): void {
  let backdoor: RedisBackdoor;
  // Not before: the tests may be skipped.
  beforeAll(() => {
    backdoor = new RedisBackdoor(where);
  });
  const delivery = new BreakableDelivery();
  afterAll(async () => {
    delivery.restore();
    await backdoor.close();
  });
  endsAll(
    () => redisStorage(where, backdoor),
    times,
    (storage) => ({ delivery, loseOutbox: () => storage.loseOutbox() }),
  );
}

describe("the memory engine", () => {
  endsAll(inMemory, 1);
});

describe("the SQLite engine", () => {
  endsAll(() => sqliteStorage(), 0.1);
});

describe("the Redis engine, whose deliveries break", () => {
  onRedis({ url: inject("redisUrl") }, 0.1);
});

const cluster = nodesOf(inject("clusterNodes"));

describe.skipIf(cluster.length === 0)("the Redis engine on a cluster, whose deliveries break", () => {
  onRedis({ cluster }, 0.1);
});
