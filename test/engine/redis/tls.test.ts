// TLS with a certificate that signs itself: of a server, of clients too, of sentinels and of a cluster. Each runs a job, with
// waiting, messages and the heartbeat thread; what cannot be trusted is said at once.
import { inspect } from "node:util";
import { rootCertificates } from "node:tls";
import { Redis } from "ioredis";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { connect, EngineUnavailable, InvalidInput, task, type RedisTarget, type RedisTls } from "longshore";
import { parseTarget } from "../../../src/engine/target.js";
import { startRedisCluster } from "../../support/redis-cluster.js";
import { CERTIFICATE } from "../../support/certificate.js";
import { startRedisServer, TLS_SETTINGS, type RedisServerOptions } from "../../support/redis-server.js";
import { startSentinel } from "../../support/redis-sentinel.js";
import { nodesOf } from "./redis-storage.js";

const { ca, cert, key } = CERTIFICATE;
const greet = task("greet", ({ input }: { input: string }) => `Hello, ${input}!`);

async function server(tls: RedisServerOptions["tls"] = "server"): Promise<{ port: number; url: string }> {
  const redis = await startRedisServer({ tls });
  onTestFinished(() => redis.stop());
  return redis;
}

/** Runs a job, while its events are watched. */
async function runOne(where: Partial<RedisTarget>): Promise<unknown> {
  const longshore = await connect({ engine: "redis", ...where });
  onTestFinished(() => longshore.close());
  // So short a lease that nothing is taken before the heartbeat thread beats.
  longshore.worker([greet], { lease: "5s" });
  return (await longshore.enqueue(greet, "Redis")).result();
}

async function refusal(where: Partial<RedisTarget>): Promise<unknown> {
  const connected = connect({ engine: "redis", connectTimeout: "10m", ...where });
  return connected.then(
    () => "connected",
    (error: unknown) => error,
  );
}

describe.skipIf(!inject("canStartRedis"))("TLS", () => {
  it.each<[string, RedisTls]>([
    ["the authority", { ca }],
    ["the authority as bytes", { ca: [Buffer.from(ca)] }],
    ["the authority and the name", { ca, servername: "localhost" }],
    ["no check", { rejectUnauthorized: false }],
  ])("is spoken with rediss:// and %s", async (_what, tls) => {
    const { url } = await server();
    expect(await runOne({ url, tls })).toBe("Hello, Redis!");
    // Every connection is encrypted: the server has no other port. The heartbeat thread has one too.
    const admin = new Redis(url, { tls: CERTIFICATE });
    onTestFinished(() => admin.disconnect());
    const clients = (await admin.client("LIST")) as string;
    expect(clients.trim().split("\n")).toHaveLength(5);
  });

  it("is spoken where clients must have a certificate too", async () => {
    const { url } = await server("mutual");
    expect(await runOne({ url, tls: { ca, cert, key } })).toBe("Hello, Redis!");
  });

  it("is spoken with the options of a client of the application", async () => {
    const { url } = await server("mutual");
    const client = new Redis(url, { tls: { ca, cert, key: Buffer.from(key) }, lazyConnect: true });
    expect(await runOne({ client })).toBe("Hello, Redis!");
  });

  it("is spoken to sentinels and to the master they name", async () => {
    const { port } = await server();
    const sentinel = await startSentinel(port, TLS_SETTINGS);
    onTestFinished(() => sentinel.stop());
    const where = { sentinels: [{ host: "127.0.0.1", port: sentinel.port }], sentinelName: "queue" };
    expect(await runOne({ ...where, tls: { ca }, sentinelTls: { ca } })).toBe("Hello, Redis!");
    for (const untrusted of [
      { tls: { ca }, sentinelTls: true },
      { tls: true, sentinelTls: { ca } },
    ]) {
      expect(String(await refusal({ ...where, ...untrusted }))).toMatch(/certificate is not trusted/);
    }
  });

  it("is spoken to the nodes of a cluster", async () => {
    const cluster = await startRedisCluster({ tls: "server" });
    onTestFinished(() => cluster.stop());
    const nodes = nodesOf(cluster.urls);
    expect(await runOne({ cluster: nodes, tls: { ca } })).toBe("Hello, Redis!");
    expect(String(await refusal({ cluster: nodes, tls: true }))).toMatch(/certificate is not trusted/);
  });

  it.each<[string, RedisServerOptions["tls"], RedisTls | true, RegExp]>([
    ["no authority is given", "server", true, /certificate is not trusted \(self-signed certificate.*\)\. Give/],
    ["another is", "server", { ca: rootCertificates[0] ?? "" }, /certificate is not trusted/],
    ["it is made out to another name", "server", { ca, servername: "redis.example" }, /not trusted \(Hostname/],
    ["the client has none to show", "mutual", { ca }, /wants another certificate of its client \(.*\)\. Give/],
    ["no version of TLS is common", "server", { ca, maxVersion: "TLSv1.1" }, /no common version of TLS/],
  ])("is refused at once when %s", async (_what, kind, tls, why) => {
    const { url } = await server(kind);
    const error = await refusal({ url, tls });
    expect(error).toBeInstanceOf(EngineUnavailable);
    expect(String(error)).toMatch(why);
  });

  it("tells nothing of a key", async () => {
    const { url } = await server("mutual");
    const secret = key.split("\n")[1] ?? "";
    const error = await refusal({ url, tls: { cert, key, passphrase: "hush-hush" } });
    expect(String(error)).toMatch(/certificate/);
    expect(inspect(error, { depth: 9 })).not.toContain(secret);
    expect(inspect(error, { depth: 9 })).not.toContain("hush-hush");
  });
});

it.each<[string, object]>([
  ["a key that is none", { tls: { cert, key: "hush-hush" } }],
  ["a certificate that is none", { tls: { cert: "hush-hush", key } }],
  ["a number as passphrase", { tls: { cert, key, passphrase: 777_777 } }],
  ["text", { tls: "hush-hush" }],
  [
    "a key of sentinels that is none",
    { sentinelTls: { key: "hush-hush" }, sentinels: [{ host: "h", port: 1 }], sentinelName: "q" },
  ],
])("options of TLS are refused for %s", (_what, target) => {
  const parse = (): unknown => parseTarget({ engine: "redis", ...target });
  expect(parse).toThrow(InvalidInput);
  expect(parse).toThrow(/^(?:tls|sentinelTls): /);
  expect(parse).not.toThrow(/hush|777|PRIVATE/);
});
