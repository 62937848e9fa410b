// A Redis client that the application has: where it connects is taken from it, and it is left alone.
import { lookup } from "node:dns";
import { connect as dial, type Socket } from "node:net";
import { AbstractConnector, Cluster, Redis, type RedisOptions } from "ioredis";
import { Cluster as Cluster5, Redis as Redis5 } from "ioredis5";
import { Cluster as ValkeyCluster, Redis as Valkey } from "iovalkey";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { connect, InvalidInput, task, type RedisClient } from "longshore";
import { isPortable, parseTarget } from "../../../src/engine/target.js";
import { startRedisServer } from "../../support/redis-server.js";
import { freshPrefix, nodesOf, RedisBackdoor } from "./redis-storage.js";

const greet = task("greet", ({ input }: { input: string }) => `Hello, ${input}!`);

type NodeOptions = Pick<
  RedisOptions,
  | "connectionName"
  | "maxRetriesPerRequest"
  | "enableOfflineQueue"
  | "stringNumbers"
  | "commandTimeout"
  | "lazyConnect"
  | "keyPrefix"
>;

/** How each library makes its clients. */
const LIBRARIES = [
  {
    library: "ioredis 6",
    single: (url: string, options: NodeOptions = {}) => new Redis(url, options),
    several: (nodes: string[], redisOptions: NodeOptions, lazyConnect = false) =>
      new Cluster(nodes, { redisOptions, lazyConnect }),
  },
  {
    library: "ioredis 5",
    single: (url: string, options: NodeOptions = {}) => new Redis5(url, options),
    several: (nodes: string[], redisOptions: NodeOptions, lazyConnect = false) =>
      new Cluster5(nodes, { redisOptions, lazyConnect }),
  },
  {
    library: "iovalkey",
    single: (url: string, options: NodeOptions = {}) => new Valkey(url, options as object),
    several: (nodes: string[], redisOptions: NodeOptions, lazyConnect = false) =>
      new ValkeyCluster(nodes, { redisOptions: redisOptions as object, lazyConnect }),
  },
];

type Closable = RedisClient & { disconnect(): void };

/** Connects in a way of the application's own. */
class Dialled extends AbstractConnector {
  constructor() {
    super(2_000);
  }

  override connect(): Promise<Socket> {
    const { hostname, port } = new URL(inject("redisUrl"));
    const stream = dial(Number(port), hostname);
    this.connecting = true;
    this.stream = stream;
    return Promise.resolve(stream);
  }
}

/** Runs a job where a client connects, whose connections have a name; answers how many of that name were open. */
async function runOne(client: Closable, name: string): Promise<number> {
  const prefix = freshPrefix();
  onTestFinished(() => client.disconnect());
  const longshore = await connect({ engine: "redis", client, prefix });
  onTestFinished(async () => {
    await longshore.close();
    const where = client.isCluster ? { cluster: nodesOf(inject("clusterNodes")) } : { url: inject("redisUrl") };
    const backdoor = new RedisBackdoor(where);
    await backdoor.clear(prefix);
    await backdoor.close();
  });
  // So short a lease that nothing is taken before the heartbeat thread beats, where there is one.
  longshore.worker([greet], { lease: "5s" });
  expect(await (await longshore.enqueue(greet, "Redis")).result()).toBe("Hello, Redis!");
  const urls = client.isCluster ? inject("clusterNodes") : [inject("redisUrl")];
  const lists = await Promise.all(urls.map(connectionsOf));
  return lists.join("\n").split(` name=${name} `).length - 1;
}

async function connectionsOf(url: string): Promise<string> {
  const admin = new Redis(url);
  try {
    return (await admin.client("LIST")) as string;
  } finally {
    admin.disconnect();
  }
}

describe.each(LIBRARIES)("a client of $library", ({ library, single, several }) => {
  const name = `app-${library.replace(" ", "-")}-${process.pid}`;

  it("says where to connect, and stays open and unused", async () => {
    const client = single(inject("redisUrl"), {
      connectionName: name,
      // What would break the engine, were it taken over.
      maxRetriesPerRequest: null,
      enableOfflineQueue: false,
      stringNumbers: true,
      commandTimeout: 1,
      lazyConnect: true,
    });
    const listeners = client.eventNames().length;
    // For commands, for waiting, for messages, and that of the heartbeat thread.
    expect(await runOne(client, name)).toBe(4);
    expect([client.status, client.eventNames().length]).toEqual(["wait", listeners]);
  });

  it("is open when the connection has been closed", async () => {
    const client = single(inject("redisUrl"));
    onTestFinished(() => client.disconnect());
    await (await connect({ engine: "redis", client, prefix: freshPrefix() })).close();
    expect(await client.ping()).toBe("PONG");
  });

  it.skipIf(inject("clusterNodes").length === 0)("may be one of a cluster", async () => {
    const client = several(inject("clusterNodes"), { connectionName: name });
    // The heartbeat thread is one of them: at least one connection to nodes each.
    expect(await runOne(client, name)).toBeGreaterThan(2);
    expect(client.status).not.toBe("end");
  });

  it("is refused once it was closed, and with a prefix for keys", async () => {
    const closed = single(inject("redisUrl"));
    await closed.quit();
    await expect.poll(() => closed.status).toBe("end");
    await expect(connect({ engine: "redis", client: closed })).rejects.toThrow(/client: .* is not allowed: .* open/);
    const prefixed = single("redis://localhost", { lazyConnect: true, keyPrefix: "app:" });
    await expect(connect({ engine: "redis", client: prefixed })).rejects.toThrow(/client\.keyPrefix: "app:".*`prefix`/);
    const cluster = several(["redis://localhost"], { keyPrefix: "app:" }, true);
    await expect(connect({ engine: "redis", client: cluster })).rejects.toThrow(/client\.keyPrefix/);
  });
});

describe("a client", () => {
  it.skipIf(!inject("canStartRedis"))("gives its credentials and its database, of which no message tells", async () => {
    const redis = await startRedisServer({ requirepass: "hush-hush" });
    onTestFinished(() => redis.stop());
    const client = new Redis(redis.url, { db: 3, lazyConnect: true });
    const longshore = await connect({ engine: "redis", client });
    onTestFinished(() => longshore.close());
    await longshore.enqueue(greet, "Redis");
    expect(longshore.info.url).toBe(`redis://127.0.0.1:${redis.port}/3`);
    const admin = new Redis(redis.url, { db: 3 });
    expect(await admin.dbsize()).toBeGreaterThan(0);
    admin.disconnect();
    const wrong = new Redis({ port: redis.port, password: "tell-tale", lazyConnect: true });
    const refused = connect({ engine: "redis", client: wrong, connectTimeout: "10m" });
    await expect(refused).rejects.toThrow(/credentials/);
    await expect(refused).rejects.not.toThrow(/tell-tale|hush/);
  });

  it("whose options no thread can be given has its heartbeats on the worker's own event loop", async () => {
    const name = `app-functions-${process.pid}`;
    const client = new Redis(inject("redisUrl"), { connectionName: name, Connector: Dialled, lazyConnect: true });
    expect(await runOne(client, name)).toBe(3);
  });

  it.each<[string, unknown]>([
    ["text", "redis://localhost"],
    ["nothing", null],
    ["another library's client", { options: {}, isOpen: true }],
    ["an engine", { options: {}, status: 1, isCluster: "yes" }],
  ])("is not %s", async (_what, client) => {
    const target = { engine: "redis", client: client as RedisClient } as const;
    await expect(connect(target)).rejects.toThrow(/client: .* of ioredis or iovalkey/);
  });

  it.each(["url", "host", "port", "password", "db", "tls", "sentinels", "cluster", "protocol"])(
    "is not given together with %s",
    (field) => {
      const client = new Redis({ lazyConnect: true });
      const parse = (): unknown => parseTarget({ engine: "redis", client, [field]: "secret" });
      expect(parse).toThrow(InvalidInput);
      expect(parse).toThrow(new RegExp(`^${field}: .*together with a client`));
      expect(parse).not.toThrow(/secret/);
    },
  );
});

describe("of a client is known", () => {
  const tls = { ca: Buffer.from("certificate"), servername: "redis.example" };

  it("its sentinels, and whether the master speaks TLS", () => {
    const sentinels = [{ host: "10.0.0.1", port: 26_379 }];
    const given = { sentinels, name: "queue", sentinelPassword: "guard", password: "secret", lazyConnect: true };
    const plain = parseTarget({ engine: "redis", client: new Redis({ ...given, tls }) });
    expect(plain).toMatchObject({ sentinels, sentinelName: "queue", password: "secret" });
    expect(plain).toMatchObject({ clientOptions: { node: { sentinelPassword: "guard" } } });
    expect(plain).not.toHaveProperty("tls");
    const client = new Redis({ ...given, tls, enableTLSForSentinelMode: true });
    expect(parseTarget({ engine: "redis", client })).toMatchObject({ tls: true, clientOptions: { node: { tls } } });
  });

  it("the nodes of a cluster, however they were given", () => {
    const client = new Cluster([7000, { host: "10.0.0.1", port: 7001 }, "rediss://u:p%40ss@10.0.0.2:7002"], {
      lazyConnect: true,
    });
    expect(parseTarget({ engine: "redis", client })).toMatchObject({
      cluster: [
        { host: "127.0.0.1", port: 7000 },
        { host: "10.0.0.1", port: 7001 },
        { host: "10.0.0.2", port: 7002 },
      ],
      username: "u",
      password: "p@ss",
      tls: true,
    });
  });

  it("its Unix socket", () => {
    const target = parseTarget({ engine: "redis", client: new Redis({ path: "/run/redis.sock", lazyConnect: true }) });
    expect(target).toMatchObject({ clientOptions: { node: { path: "/run/redis.sock" } } });
  });

  it.each<[boolean, string, object]>([
    [true, "certificates as bytes", { tls }],
    [false, "a function that checks names", { tls: { checkServerIdentity: () => undefined } }],
  ])("whether a thread can be given it: %s of %s", (portable, _what, options) => {
    const target = parseTarget({ engine: "redis", client: new Redis({ ...options, lazyConnect: true }) });
    expect(isPortable(target)).toBe(portable);
    // Parsing what was parsed changes nothing.
    expect(parseTarget(target)).toEqual(target);
  });

  it.each<[boolean, string, object]>([
    [
      true,
      "names left as they are",
      { dnsLookup: (name: string, found: (e: null, a: string) => void) => found(null, name) },
    ],
    [true, "names looked up as usual", { dnsLookup: lookup }],
    [
      false,
      "names looked up by a function",
      { dnsLookup: (_name: string, found: (e: null, a: string) => void) => found(null, "::1") },
    ],
    [true, "a map of addresses", { natMap: { "10.0.0.1:7000": { host: "redis.example", port: 7000 } } }],
    [false, "a function of addresses", { natMap: () => null }],
  ])("whether a thread can be given its cluster: %s with %s", (portable, _what, options) => {
    const client = new Cluster([{ host: "redis.example", port: 7000 }], { ...options, lazyConnect: true });
    expect(isPortable(parseTarget({ engine: "redis", client }))).toBe(portable);
  });
});
