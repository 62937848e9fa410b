// A server that listens: open to this machine until something says who may do what, and never to others by oversight.
import { afterEach, beforeEach, expect, it } from "vitest";
import { connect, type Longshore } from "longshore";
import { createServer, type LongshoreServer, type ServerOptions } from "longshore/server";

const SECRET = "a-secret-of-the-configuration";
let longshore: Longshore;
let servers: LongshoreServer[] = [];
let said: string[] = [];

beforeEach(async () => {
  longshore = await connect("memory:");
  said = [];
});

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
  await longshore.close();
});

async function listen(options: ServerOptions = {}, host = "127.0.0.1"): Promise<string> {
  const server = createServer(longshore, { log: (_level, message) => said.push(message), ...options });
  servers.push(server);
  const { port } = await server.listen({ port: 0, host });
  return `http://127.0.0.1:${port}`;
}

const statusOf = async (url: string, headers: Record<string, string> = {}): Promise<number> =>
  (await fetch(`${url}/api/jobs`, { headers })).status;

it("on this machine alone it is open, and says so, until a token is stored", async () => {
  const url = await listen();
  expect(said).toEqual([expect.stringContaining("No token is needed")]);
  expect(await statusOf(url)).toBe(200);
  const { token } = await longshore.tokens.create({ name: "ops", scopes: ["read"] });
  expect(await statusOf(url)).toBe(401);
  expect(await statusOf(url, { authorization: `Bearer ${token}` })).toBe(200);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
});

it("once it has asked for tokens it does so still when the last one is revoked", async () => {
  const url = await listen();
  await longshore.tokens.create({ name: "ops", scopes: ["read"] });
  expect(await statusOf(url)).toBe(401);
  await longshore.tokens.revoke("ops");
  expect(await statusOf(url)).toBe(401);
});

it.each(["x-forwarded-for", "forwarded", "x-real-ip", "via", "x-forwarded-host"])(
  "what a proxy passes on (%s) comes from elsewhere, and needs a token",
  async (header) => {
    const url = await listen();
    expect(await statusOf(url, { [header]: "10.0.0.1" })).toBe(401);
    expect(await statusOf(await listen({ open: true }), { [header]: "10.0.0.1" })).toBe(200);
  },
);

it.each<[string, ServerOptions]>([
  ["a configured token", { tokens: [{ name: "ops", token: SECRET, scopes: ["read"] }] }],
  ["stored tokens on purpose, although there is none", { storedTokens: true }],
  ["a hook", { authorize: () => false }],
])("with %s it is closed from the start", async (_what, options) => {
  const url = await listen(options);
  expect(said).toEqual([]);
  expect(await statusOf(url)).toBe(401);
});

it("a token that is wrong is refused also where none is needed", async () => {
  expect(await statusOf(await listen(), { authorization: "Bearer wrong" })).toBe(401);
});

it.each(["0.0.0.0", "::"])("on %s it does not begin without a token", async (host) => {
  const refusal = { code: "INVALID_INPUT", field: "host" };
  await expect(listen({}, host)).rejects.toMatchObject(refusal);
  await expect(listen({ storedTokens: true }, host)).rejects.toMatchObject(refusal);
  await longshore.tokens.create({ name: "ops", scopes: ["read"] });
  await expect(listen({ storedTokens: false }, host)).rejects.toMatchObject(refusal);
  expect(await statusOf(await listen({}, host))).toBe(401);
});

it("on all addresses it begins with a configured token or a hook, and is open to no one", async () => {
  expect(await statusOf(await listen({ tokens: [{ name: "a", token: SECRET, scopes: ["read"] }] }, "0.0.0.0"))).toBe(
    401,
  );
  expect(await statusOf(await listen({ authorize: () => true }, "0.0.0.0"))).toBe(200);
  await expect(listen({ open: true }, "0.0.0.0")).rejects.toMatchObject({ code: "INVALID_INPUT", field: "host" });
  expect(said).toEqual([]);
});
