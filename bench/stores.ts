/**
 * Where jobs are kept during a run: private servers on this machine, started when first needed and emptied before every
 * round, and SQLite files in a temporary folder, a new one for every round.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { startRedisServer, type RedisServer } from "../test/support/redis-server.js";
import { AOF, POSTGRES_OFF, POSTGRES_ON, type Cell } from "./plan.js";
import { startPostgresServer } from "./servers/postgres.js";
import type { Store } from "./system.js";

/** Something to keep jobs in. */
interface Place {
  /** Empties it; answers where it is. */
  fresh(): Promise<string>;
  stop(): Promise<void>;
  /** What the server calls itself, such as "Redis 7.4.1". */
  readonly version: string;
}

export class Stores {
  readonly #places = new Map<string, Promise<Place>>();

  /** An empty store for a round of this cell; with `owner` one that no other round is given meanwhile. */
  async fresh({ store: kind, durability }: Cell, owner = ""): Promise<Store> {
    const key = `${kind} ${durability} ${owner}`;
    const place = this.#places.get(key) ?? open(kind, durability);
    this.#places.set(key, place);
    return { kind, url: await (await place).fresh(), durability };
  }

  /** The versions of the servers that were needed. */
  async versions(): Promise<Readonly<Record<string, string>>> {
    const places = await Promise.all(
      [...this.#places].map(async ([key, place]) => [key, (await place).version] as const),
    );
    return Object.fromEntries(places.map(([key, version]) => [key.split(" ")[0], version]));
  }

  async stop(): Promise<void> {
    for (const place of await Promise.allSettled(this.#places.values())) {
      if (place.status === "fulfilled") await place.value.stop();
    }
  }
}

function open(kind: Store["kind"], durability: string): Promise<Place> {
  switch (kind) {
    case "redis":
      return openRedis(durability);
    case "postgres":
      return openPostgres(durability);
    case "sqlite":
      return openFolder();
    case "memory":
      return Promise.resolve({ fresh: () => Promise.resolve("memory:"), stop: () => Promise.resolve(), version: "" });
  }
}

async function openRedis(durability: string): Promise<Place> {
  const server: RedisServer = await startRedisServer(durability === AOF ? { appendfsync: "everysec" } : {});
  // A server that is gone, as after Ctrl-C in a terminal, is not waited for.
  const redis = new Redis(server.url, { retryStrategy: () => null });
  redis.on("error", (error) => void error);
  const info = await redis.info("server");
  return {
    async fresh() {
      await redis.flushall("SYNC");
      if (durability === AOF) await startNewFile(redis);
      return server.url;
    },
    async stop() {
      redis.disconnect();
      await server.stop();
    },
    version: /(?:valkey|redis)_version:(\S+)/.exec(info)?.[1] ?? "unknown",
  };
}

/** Lets no round pay for rewriting what earlier rounds wrote. */
async function startNewFile(redis: Redis): Promise<void> {
  await redis.bgrewriteaof();
  while (/aof_rewrite_(?:in_progress|scheduled):1/.test(await redis.info("persistence"))) await sleep(5);
}

async function openPostgres(durability: string): Promise<Place> {
  const server = await startPostgresServer(durability === POSTGRES_ON ? POSTGRES_ON : POSTGRES_OFF);
  return {
    async fresh() {
      await server.reset();
      return server.url;
    },
    stop: () => server.stop(),
    version: server.version,
  };
}

async function openFolder(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "longshore-bench-sqlite-"));
  let files = 0;
  const empty = async (): Promise<void> => {
    const old = join(folder, `${files}.db`);
    await Promise.all([old, `${old}-wal`, `${old}-shm`].map((file) => rm(file, { force: true })));
  };
  return {
    async fresh() {
      await empty();
      files += 1;
      return `sqlite:${join(folder, `${files}.db`)}`;
    },
    stop: () => rm(folder, { recursive: true, force: true }),
    version: "",
  };
}
