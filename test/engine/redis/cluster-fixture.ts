// A private cluster whose nodes can be stopped, frozen and given slots, with connections of its own.
import { onTestFinished } from "vitest";
import { Redis } from "ioredis";
import { connect, type Longshore } from "longshore";
import { slotOf } from "../../../src/engine/redis/connection/hash-slot.js";
import { startRedisCluster, type RedisCluster } from "../../support/redis-cluster.js";
import type { RedisServer } from "../../support/redis-server.js";
import { freshPrefix, nodesOf } from "./redis-storage.js";

const SHARE = Math.ceil(16_384 / 3);

/** One test's cluster. */
export class ClusterFixture {
  readonly prefix = freshPrefix();
  readonly cluster: RedisCluster;
  /** The names of three queues: each node has one. */
  readonly queues: readonly string[];

  private constructor(cluster: RedisCluster) {
    this.cluster = cluster;
    this.queues = cluster.nodes.map((_node, index) => this.queueOn(index));
  }

  /** A cluster whose nodes keep what is written, and go on while others are down. */
  static async start(): Promise<ClusterFixture> {
    const cluster = await startRedisCluster({ cluster: "partial", appendfsync: "always" });
    onTestFinished(() => cluster.stop());
    return new ClusterFixture(cluster);
  }

  /** The name of a queue that a node has. */
  queueOn(node: number): string {
    for (let n = 0; ; n += 1) {
      const name = `queue-${n}`;
      if (Math.floor(this.slotOf(name) / SHARE) === node) return name;
    }
  }

  /** The node that has the list of queues. */
  get listNode(): number {
    return Math.floor(slotOf(`{${this.prefix}}:queues`) / SHARE);
  }

  slotOf(queue: string): number {
    return slotOf(`{${this.prefix}/${queue}}:queue`);
  }

  node(index: number): RedisServer {
    const node = this.cluster.nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  }

  /** A connection to one node. */
  client(node: number): Redis {
    const client = new Redis(this.node(node).url);
    onTestFinished(() => client.disconnect());
    return client;
  }

  async connect(): Promise<Longshore> {
    const longshore = await connect({
      engine: "redis",
      cluster: nodesOf(this.cluster.urls),
      prefix: this.prefix,
      commandTimeout: "1s",
      connectTimeout: "20s",
    });
    onTestFinished(() => longshore.close());
    return longshore;
  }
}
