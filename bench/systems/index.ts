/**
 * Every system that is measured, ceilings last; the order is that of tables. A system is loaded when it is asked for, so
 * that a process holds the code of its own system and no other's.
 */
import type { System } from "../system.js";

const LOAD: Readonly<Record<string, () => Promise<System>>> = {
  "longshore-redis": async () => (await import("./longshore.js")).longshoreRedis,
  "longshore-sqlite": async () => (await import("./longshore.js")).longshoreSqlite,
  "longshore-sqlite-full": async () => (await import("./longshore.js")).longshoreSqliteFull,
  "longshore-memory": async () => (await import("./longshore.js")).longshoreMemory,
  bullmq: async () => (await import("./bullmq.js")).bullmq,
  "bee-queue": async () => (await import("./bee-queue.js")).beeQueue,
  "graphile-worker": async () => (await import("./graphile-worker.js")).graphileWorker,
  "pg-boss": async () => (await import("./pg-boss.js")).pgBoss,
  rq: async () => (await import("./rq.js")).rq,
  sidekiq: async () => (await import("./sidekiq.js")).sidekiq,
  "ceiling-redis": async () => (await import("./ceiling-redis.js")).ceilingRedis,
  "ceiling-sqlite": async () => (await import("./ceiling-sqlite.js")).ceilingSqlite,
};

export const SYSTEM_NAMES: readonly string[] = Object.keys(LOAD);

/** The system of this name. @throws Error when there is none */
export async function loadSystem(name: string): Promise<System> {
  const load = LOAD[name];
  if (load === undefined) throw new Error(`No system is called "${name}".`);
  return load();
}
