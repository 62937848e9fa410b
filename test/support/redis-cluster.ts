// A private Redis Cluster of three master nodes on the loopback interface, each with a third of the slots and
// no replicas: enough to see every command routed, redirected and refused as on a real one.
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { PATIENCE } from "./patience.js";
import { CERTIFICATE } from "./certificate.js";
import { type RedisServer, type RedisServerOptions, startRedisServer } from "./redis-server.js";

const slotCount = 16_384;

export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  /** Where to connect, one URL a node. */
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

/** Starts three nodes and answers when each of them sees the whole cluster in working order. */
export async function startRedisCluster(options: RedisServerOptions = {}): Promise<RedisCluster> {
  const nodes = await Promise.all([1, 2, 3].map(() => startRedisServer({ cluster: true, ...options })));
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  const clients = nodes.map((node) => new Redis(node.url, options.tls === undefined ? {} : { tls: CERTIFICATE }));
  try {
    await form(nodes, clients);
  } catch (error) {
    await stop();
    throw error;
  } finally {
    for (const client of clients) client.disconnect();
  }
  return { nodes, urls: nodes.map((node) => node.url), stop };
}

async function form(nodes: readonly RedisServer[], clients: readonly Redis[]): Promise<void> {
  const share = Math.ceil(slotCount / nodes.length);
  for (const [index, client] of clients.entries()) {
    const first = index * share;
    const slots = Array.from({ length: Math.min(share, slotCount - first) }, (_value, offset) => first + offset);
    await client.cluster("SET-CONFIG-EPOCH", index + 1);
    await client.cluster("ADDSLOTS", ...slots);
  }
  for (const client of clients.slice(1)) {
    await client.cluster("MEET", "127.0.0.1", nodes[0]?.port ?? 0);
  }
  const deadline = performance.now() + PATIENCE;
  for (const client of clients) {
    let state = "";
    while (!isWhole(state, nodes.length)) {
      if (performance.now() > deadline) throw new Error(`The cluster did not form in ${PATIENCE} ms:\n${state}`);
      await sleep(20);
      state = await client.cluster("INFO");
    }
  }
}

function isWhole(info: string, nodeCount: number): boolean {
  return (
    info.includes("cluster_state:ok") &&
    info.includes(`cluster_slots_ok:${slotCount}`) &&
    info.includes(`cluster_size:${nodeCount}\r`)
  );
}
