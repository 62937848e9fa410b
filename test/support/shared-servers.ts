// Started once for a whole test run: a standalone Redis (or the one LONGSHORE_TEST_REDIS_URL names) and a
// cluster of three nodes. Tests get their addresses with `inject("redisUrl")` and `inject("clusterNodes")`,
// share them with every other test, and therefore use a key prefix of their own.
import type { TestProject } from "vitest/node";
import { startRedisCluster } from "./redis-cluster.js";
import { startRedisServer } from "./redis-server.js";

declare module "vitest" {
  interface ProvidedContext {
    /** A standalone Redis with `noeviction` and no persistence. */
    redisUrl: string;
    /** The three nodes of a cluster; empty when there is no server executable to start them with. */
    clusterNodes: string[];
    /** Whether `startRedisServer()` has an executable to start. */
    canStartRedis: boolean;
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
  project.provide("redisUrl", external ?? standalone?.url ?? "");
  project.provide("clusterNodes", [...(cluster?.urls ?? [])]);
  project.provide("canStartRedis", canStartRedis);
  return async () => {
    await Promise.all([standalone?.stop(), cluster?.stop()]);
  };
}
