// `longshore doctor`: what is wrong, what is well, and what cannot be seen; its exit codes.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished, test } from "vitest";
import { connect, task, type Longshore } from "longshore";
import { createServer as createLongshoreServer } from "longshore/server";
import { environmentChecks } from "../../src/cli/doctor/environment-checks.js";
import { sourceOf } from "../../src/cli/flags/connection.js";
import { startRedisServer, type RedisServer, type RedisServerOptions } from "../support/redis-server.js";
import { emptyFolder, inProcess, removeFolder, type CommandOptions } from "./command.js";

interface Found {
  ok: boolean;
  checks: { name: string; status: string; text: string; advice: string | null }[];
}

/** What it finds: `status` and text of each check by name; and its exit code. */
async function doctor(args: readonly string[], options?: CommandOptions) {
  const { code, stdout } = await inProcess(["doctor", "--json", ...args], options);
  const found = JSON.parse(stdout) as Found;
  const by = new Map(found.checks.map(({ name, status, text }) => [name, `${status}: ${text}`]));
  expect(by.size).toBe(found.checks.length);
  return { code, ok: found.ok, of: (name: string) => by.get(name), names: [...by.keys()], checks: found.checks };
}

let folder = "";
let url = "";
let open: Longshore[] = [];

/** A connection to the file, until the end of the test. */
async function connected(): Promise<Longshore> {
  const longshore = await connect(url);
  open.push(longshore);
  return longshore;
}

beforeEach(async () => {
  folder = await emptyFolder();
  url = `sqlite:${join(folder, "jobs.db")}`;
});

afterEach(async () => {
  await Promise.all(open.map((longshore) => longshore.close()));
  open = [];
  await removeFolder(folder);
});

async function start(options: RedisServerOptions): Promise<{ server: RedisServer; admin: Redis }> {
  const server = await startRedisServer(options);
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  return { server, admin };
}

/** What is said of tokens that end then. */
function tokenText(now: number, ...ends: (number | null)[]): string | undefined {
  const tokens = ends.map((expiresAt, n) => ({ name: `t${n}`, expiresAt }));
  return environmentChecks({}, tokens, now)[0]?.text;
}

describe("on a SQLite file", () => {
  it("names what is well, what is not, and what cannot be seen from here", async () => {
    const longshore = await connected();
    await longshore.enqueue("scan", null, { queue: "scans" });
    const { code, ok, of } = await doctor(["--url", url]);
    expect([code, ok]).toEqual([1, false]);
    expect(of("engine")).toBe(`ok: ${url}`);
    expect(of("writable")).toBe("ok: new jobs are accepted");
    expect(of("persistence")).toMatch(/^ok: sqlite wal, synchronous normal/);
    expect(of("disk")).toMatch(/used, .* free$/);
    expect(of("backup")).toMatch(/^unknown: .* cannot be seen from here$/);
    expect(of("workers")).toBe("error: no worker is running");
    expect(of("unserved queues")).toBe("error: queue scans has 1 job waiting and no worker");
    expect(of("orphans")).toMatch(/^ok/);
    expect(of("token")).toMatch(/^unknown/);
    expect(of("worker logs")).toMatch(/^unknown/);
    expect(of("alerts")).toMatch(/^unknown/);
    expect(of("server")).toMatch(/^unknown/);
    expect(of("eviction")).toBeUndefined();
  });

  it("finds a file that is not there one error among others", async () => {
    const { code, ok, of, checks } = await doctor(["--url", `sqlite:${join(folder, "none.db")}`]);
    expect([code, ok]).toEqual([1, false]);
    expect(of("engine")).toMatch(/^error: there is no SQLite file/);
    expect(checks[0]?.advice).toBe("is --url right?");
    expect(of("alerts")).toMatch(/^unknown/);
  });

  it("exits with 0 with two workers, and with 1 for a warning when that is asked for", async () => {
    const longshore = await connected();
    const scan = task("scan", () => "done");
    await longshore.worker([scan], { name: "one" }).ready();
    expect((await doctor(["--url", url])).code).toBe(0);
    const strict = await doctor(["--url", url, "--strict"]);
    expect([strict.code, strict.of("workers")]).toEqual([
      1,
      "warning: only one is running: while it restarts, nothing runs",
    ]);
    await longshore.worker([scan], { name: "two" }).ready();
    const { code, of } = await doctor(["--url", url], { env: { INTERNAL_SERVICE_TOKEN: "secret" } });
    expect([code, of("workers"), of("token")]).toEqual([
      0,
      "ok: 2: one, two",
      "ok: INTERNAL_SERVICE_TOKEN is set here",
    ]);
    expect(of("versions")).toMatch(/^ok: Longshore \d/);
  });

  it("counts the tokens that are stored, and names those that have ended or soon do", async () => {
    const longshore = await connected();
    const day = 24 * 3_600_000;
    await longshore.tokens.create({ name: "shop", scopes: ["read"] });
    expect((await doctor(["--url", url])).of("token")).toBe("ok: 1 stored");
    expect(tokenText(0, null, 30 * day)).toBe("2 stored");
    expect(tokenText(0, null, 6 * day)).toBe("tokens end within a week: t1");
    expect(tokenText(10, 5, 9)).toBe("all stored tokens have ended");
    expect(tokenText(0)).toMatch(/^none is stored, and neither LONGSHORE_TOKEN nor INTERNAL_SERVICE_TOKEN is set here/);
  });

  it("says it in lines, with what to do", async () => {
    await (await connect(url)).close();
    const { code, stdout } = await inProcess(["doctor", "--url", url]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^error +workers +no worker is running\n +run two or more: longshore pool --workers 2/m);
    expect(stdout).toMatch(/^Not well: \d+ ok, \d+ warnings?, 1 error, \d+ cannot be seen from here$/m);
  });
});

describe("a server", () => {
  it.each([
    ["that is well and closed", { "/healthz": 200, "/readyz": 200, "/": 200 }, 401, ["ok", "ok", "ok", "ok"]],
    [
      "that is not ready, and open",
      { "/healthz": 200, "/readyz": 503, "/": 200 },
      200,
      ["ok", "error", "ok", "warning"],
    ],
  ])("%s", async (_what, answers, api, expected) => {
    const server = createServer(({ url: path = "" }, response) => {
      response.statusCode = path.startsWith("/api") ? api : ((answers as Record<string, number>)[path] ?? 404);
      response.end("{}");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    await (await connect(url)).close();
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { of, checks } = await doctor(["--url", url, "--server", address]);
    const names = ["health", "ready", "dashboard", "server access"];
    expect(checks.filter(({ name }) => names.includes(name)).map(({ status }) => status)).toEqual(expected);
    expect(of("ready")).toContain("/readyz answers");
  });

  it.each([
    ["with tokens", { tokens: [{ name: "ops", token: "s".repeat(32), scopes: ["admin"] as const }] }, "ok"],
    ["that is open", { open: true }, "warning"],
  ])("of Longshore %s is well, and asks others for one or not", async (_what, options, access) => {
    const longshore = await connected();
    const server = createLongshoreServer(longshore, { ...options, log: () => undefined });
    onTestFinished(() => server.close());
    const { checks } = await doctor(["--url", url, "--server", (await server.listen({ port: 0 })).url]);
    const by = new Map(checks.map(({ name, status }) => [name, status]));
    expect(["health", "ready", "dashboard", "server access"].map((name) => by.get(name))).toEqual([
      "ok",
      "ok",
      "ok",
      access,
    ]);
  });

  it("that is not there is an error, and an address that is none is wrong usage", async () => {
    await (await connect(url)).close();
    const { code, of } = await doctor(["--url", url, "--server", "http://127.0.0.1:9"]);
    expect([code, of("health")]).toEqual([1, expect.stringMatching(/^error: http:\/\/127.0.0.1:9\/healthz: /)]);
    expect((await inProcess(["doctor", "--url", url, "--server", "here"])).code).toBe(2);
  });
});

describe("an engine that cannot be reached", () => {
  it("is named without its password, with the variable that its address is from; the rest is looked at", async () => {
    const env = { REDIS_URL: "redis://user:hunter2@127.0.0.1:9/0" };
    const { code, checks, of } = await doctor([], { env });
    expect(code).toBe(1);
    expect(of("engine")).toMatch(/^error: cannot reach redis:\/\/.*127\.0\.0\.1:9/);
    expect(checks[0]?.advice).toBe("is REDIS_URL right?");
    expect(JSON.stringify(checks)).not.toContain("hunter2");
    expect(of("worker logs")).toMatch(/^unknown/);
  });

  it("is said to be from the flag before all variables, and from these in their order", () => {
    const all = { LONGSHORE_URL: "a", REDIS_URL: "b", REDIS_HOST: "c" };
    expect(sourceOf({ url: "d" }, all)).toBe("--url");
    expect(sourceOf({}, all)).toBe("LONGSHORE_URL");
    expect(sourceOf({}, { ...all, LONGSHORE_URL: "" })).toBe("REDIS_URL");
    expect(sourceOf({}, { REDIS_HOST: "c" })).toBe("REDIS_HOST");
  });

  test.each([
    [[], { LONGSHORE_URL: "redis://:hunter2@127.0.0.1:9" }, "LONGSHORE_URL"],
    [[], { REDIS_HOST: "127.0.0.1", REDIS_PORT: "9" }, "REDIS_HOST"],
  ])("is so for every command (%j %j)", async (args, env, source) => {
    const { code, stderr } = await inProcess(["info", ...args], { env });
    expect(code).toBe(1);
    expect(stderr).toContain(`The address is from ${source}.`);
    expect(stderr).toContain("127.0.0.1:9");
    expect(stderr).not.toContain("hunter2");
  });
});

describe.skipIf(!inject("canStartRedis"))("on a Redis", () => {
  it("that is set up well", async () => {
    const { server } = await start({ appendfsync: "everysec", requirepass: "hunter2", maxmemory: "100mb" });
    const { of, checks } = await doctor(["--url", server.url]);
    expect(of("persistence")).toMatch(/^ok: aof everysec/);
    expect(of("eviction")).toBe("ok: maxmemory-policy noeviction");
    expect(of("memory")).toMatch(/^ok: .* used of 100MB$/);
    expect(of("auth")).toBe("ok: a password is needed, connected as default");
    expect(of("rights")).toBe("ok: the user may do all that is needed");
    expect(of("version")).toMatch(/^(ok|warning): (redis|valkey) \d/);
    expect(of("clock")).toMatch(/^ok: \d+ ms (ahead|behind)/);
    expect(JSON.stringify(checks)).not.toContain("hunter2");
  });

  it("that keeps nothing, lets everybody in and is nearly full", async () => {
    const { server, admin } = await start({});
    const used = Number(/used_memory:(\d+)/.exec(await admin.info("memory"))?.[1]);
    await admin.config("SET", "maxmemory", Math.ceil(used * 1.1));
    const { of } = await doctor(["--url", server.url]);
    expect(of("persistence")).toMatch(/^warning: .* keeps nothing on disk/);
    expect(of("auth")).toBe("warning: everybody who reaches it may do everything");
    expect(of("memory")).toMatch(/^(warning|error): .* of its memory/);
  });

  it("of which a user may see less", async () => {
    const { server, admin } = await start({ appendfsync: "always" });
    const rights = ["~{longshore/*", "~{longshore}*", "&{longshore/*", "+@all", "-acl", "-config"];
    await admin.call("ACL", "SETUSER", "app", "on", ">secret", "resetchannels", ...rights);
    const { of } = await doctor(["--url", `redis://app:secret@127.0.0.1:${server.port}`]);
    expect(of("auth")).toMatch(/^unknown: this user \(app\) may not see/);
    expect(of("rights")).toBe("warning: without config|get: persistence cannot be seen");
    expect(of("persistence")).toMatch(/^ok: aof on/);
  });
});
