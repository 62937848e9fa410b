/** Every system that is measured, ceilings last. The order is that of tables. */
import type { System } from "../system.js";
import { beeQueue } from "./bee-queue.js";
import { bullmq } from "./bullmq.js";
import { ceilingRedis } from "./ceiling-redis.js";
import { ceilingSqlite } from "./ceiling-sqlite.js";
import { graphileWorker } from "./graphile-worker.js";
import { longshoreMemory, longshoreRedis, longshoreSqlite, longshoreSqliteFull } from "./longshore.js";
import { pgBoss } from "./pg-boss.js";
import { rq } from "./rq.js";
import { sidekiq } from "./sidekiq.js";

export const SYSTEMS: readonly System[] = [
  longshoreRedis,
  longshoreSqlite,
  longshoreSqliteFull,
  longshoreMemory,
  bullmq,
  beeQueue,
  graphileWorker,
  pgBoss,
  rq,
  sidekiq,
  ceilingRedis,
  ceilingSqlite,
];

/** The system of this name. @throws Error when there is none */
export function systemNamed(name: string): System {
  const found = SYSTEMS.find((system) => system.name === name);
  if (found === undefined) throw new Error(`No system is called "${name}".`);
  return found;
}
