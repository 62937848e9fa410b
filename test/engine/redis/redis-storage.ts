// Storage on a Redis server or cluster for one scenario: a key prefix of its own, removed afterwards.
import { Cluster, Redis } from "ioredis";
import type { Engine } from "../../../src/engine/contract/engine.js";
import { RedisEngine } from "../../../src/engine/redis/engine.js";
import { BIRTH_SIZE } from "../../../src/engine/redis/connection/wire.js";
import { parseTarget, type ParsedRedisTarget, type RedisTarget } from "../../../src/engine/target.js";
import type { TestStorage } from "../../../src/engine/testkit/index.js";
import type { Clock } from "../../../src/model/value/clock.js";
import type { JobRef } from "../../../src/model/job/job.js";

let drawn = 0;

/** A prefix that no other test has. */
export function freshPrefix(): string {
  drawn += 1;
  return `test-${process.pid}-${Date.now().toString(36)}-${drawn}.`;
}

/** Where the nodes at these URLs are. */
export function nodesOf(urls: readonly string[]): { host: string; port: number }[] {
  return urls.map((url) => ({ host: new URL(url).hostname, port: Number(new URL(url).port) }));
}

/** A client for looking behind the engine's back: one for a server, or one per node of a cluster. */
export class RedisBackdoor {
  readonly #client: Redis | Cluster;

  constructor(where: Pick<RedisTarget, "url" | "cluster">) {
    this.#client =
      where.cluster === undefined
        ? new Redis(where.url ?? "")
        : new Cluster([...where.cluster], { lazyConnect: false });
  }

  async keys(prefix: string): Promise<string[]> {
    const found: string[] = [];
    for (const node of this.#nodes()) found.push(...(await node.keys(`*{${prefix}*`)));
    return found;
  }

  async clear(prefix: string): Promise<void> {
    for (const key of await this.keys(prefix)) await this.#client.unlink(key);
  }

  /** Makes the body of a job impossible to decode. */
  async corrupt(prefix: string, { queue, id }: JobRef): Promise<void> {
    const key = `{${prefix}/${queue}}:job`;
    const stored = (await this.#client.hgetBuffer(key, id)) ?? Buffer.alloc(0);
    await this.#client.hset(key, id, Buffer.concat([stored.subarray(0, BIRTH_SIZE), Buffer.from("rubbish")]));
  }

  /** Loses the outboxes, as a failover to a server without them does. */
  async loseOutbox(prefix: string): Promise<void> {
    const keys = await this.keys(prefix);
    for (const key of keys.filter((name) => name.endsWith("}:outbox"))) await this.#client.unlink(key);
  }

  async close(): Promise<void> {
    await this.#client.quit();
  }

  #nodes(): Redis[] {
    return this.#client instanceof Cluster ? this.#client.nodes("master") : [this.#client];
  }
}

/** Storage whose undelivered messages can be lost. */
export type LossyStorage = TestStorage & { loseOutbox(): Promise<void> };

/** Empty storage on the server or cluster at `where`. */
export function redisStorage(where: Pick<RedisTarget, "url" | "cluster">, backdoor: RedisBackdoor): LossyStorage {
  const prefix = freshPrefix();
  const target = parseTarget({ engine: "redis", prefix, ...where }) as ParsedRedisTarget;
  return {
    async connect(clock: Clock): Promise<Engine> {
      const engine = new RedisEngine(target, { clock });
      await engine.open();
      return engine;
    },
    leftovers: () => backdoor.keys(prefix),
    corrupt: (ref) => backdoor.corrupt(prefix, ref),
    loseOutbox: () => backdoor.loseOutbox(prefix),
    dispose: () => backdoor.clear(prefix),
  };
}
