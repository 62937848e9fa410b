// Started once for a whole test run: a standalone Redis (or the one LONGSHORE_TEST_REDIS_URL names) and a
// cluster of three nodes. Tests get their addresses with `inject("redisUrl")` and `inject("clusterNodes")`,
// share them with every other test, and therefore use a key prefix of their own. A server that another runs may
// refuse what only some tests need: those are skipped.
import type { TestProject } from "vitest/node";
import { Redis } from "ioredis";
import { startRedisCluster } from "./redis-cluster.js";
import { RedisMonitor } from "./redis-monitor.js";
import { startRedisServer } from "./redis-server.js";

declare module "vitest" {
  interface ProvidedContext {
    /** A standalone Redis with `noeviction` and no persistence. */
    redisUrl: string;
    /** The three nodes of a cluster; empty when there is no server executable to start them with. */
    clusterNodes: string[];
    /** Whether `startRedisServer()` has an executable to start. */
    canStartRedis: boolean;
    /** Whether the standalone Redis has a database 1. */
    hasDatabases: boolean;
    /** Whether it tells what it carries out (MONITOR). */
    canMonitor: boolean;
  }
}

export default async function startSharedServers(project: TestProject): Promise<() => Promise<void>> {
  const external = process.env["LONGSHORE_TEST_REDIS_URL"];
  const canStartRedis = process.env["LONGSHORE_REDIS_SERVER"] !== "";
  if (external === undefined && !canStartRedis) throw new Error("There is no Redis server: run tests with `npm test`.");
  const [standalone, cluster] = await Promise.all([
    external === undefined ? startRedisServer() : undefined,
    canStartRedis ? startRedisCluster() : undefined,
  ]);
  const url = external ?? standalone?.url ?? "";
  project.provide("redisUrl", url);
  project.provide("clusterNodes", [...(cluster?.urls ?? [])]);
  project.provide("canStartRedis", canStartRedis);
  project.provide("hasDatabases", external === undefined || (await hasDatabases(url)));
  project.provide("canMonitor", external === undefined || (await canMonitor(url)));
  return async () => {
    await Promise.all([standalone?.stop(), cluster?.stop()]);
  };
}

async function hasDatabases(url: string): Promise<boolean> {
  const client = new Redis(url).on("error", () => undefined);
  try {
    return (await client.select(1)) === "OK";
  } catch {
    return false;
  } finally {
    client.disconnect();
  }
}

async function canMonitor(url: string): Promise<boolean> {
  try {
    const monitor = await RedisMonitor.start(url, () => undefined);
    monitor.close();
    return true;
  } catch {
    return false;
  }
}
