// An access that was given ends with its token or its session: answers that go on for long ask.
import { Hono } from "hono";
import { expect, it } from "vitest";
import { attach, type Longshore } from "longshore";
import { MemoryEngine } from "../../../src/engine/memory/engine.js";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";
import { AccessControl } from "../../../src/server/access/control.js";
import { parseAccess, type AccessOptions } from "../../../src/server/access/options.js";
import type { Access } from "../../../src/server/http/access.js";
import type { ServerEnv } from "../../../src/server/http/env.js";
import { apiOf } from "../api.js";

const clock = new ManualClock();

/** The access of a request. */
async function accessOf(
  longshore: Longshore,
  options: AccessOptions,
  headers: Record<string, string>,
): Promise<Access> {
  const control = new AccessControl({
    ...{ longshore, options: parseAccess(options), tasks: new Map(), trustProxy: false, log: () => {}, clock },
  });
  const app = new Hono<ServerEnv>();
  let access: Access | null = null;
  for (const guard of control.guards) app.use("*", guard);
  app.get("*", (c) => {
    ({ access } = c.var);
    return c.text("");
  });
  await app.request("/api/jobs", { headers }, {});
  if (access === null) throw new Error("the request was refused");
  return access;
}

it("that of a stored token holds until it is revoked, or another has its name", async () => {
  const longshore = attach(new MemoryEngine({ clock }), { clock });
  const { token } = await longshore.tokens.create({ name: "ada", scopes: ["read"], expiresAt: clock.now() + 10_000 });
  const access = await accessOf(longshore, { storedTokens: true }, { authorization: `Bearer ${token}` });
  expect(await access.holds?.()).toBe(true);
  await longshore.tokens.revoke("ada");
  expect(await access.holds?.()).toBe(false);
  await longshore.tokens.create({ name: "ada", scopes: ["read"] });
  expect(await access.holds?.()).toBe(false);
  await longshore.close();
});

it("that of a token with an end holds until then", async () => {
  const longshore = attach(new MemoryEngine({ clock }), { clock });
  const token = "a-token-of-the-configuration";
  const options: AccessOptions = {
    tokens: [{ name: "ops", token, scopes: ["read"], expiresAt: clock.now() + 10_000 }],
  };
  const access = await accessOf(longshore, options, { authorization: `Bearer ${token}` });
  clock.advance(9_999);
  expect(await access.holds?.()).toBe(true);
  clock.advance(1);
  expect(await access.holds?.()).toBe(false);
  await longshore.close();
});

it("that of a session holds until it is signed out, or over", async () => {
  const longshore = attach(new MemoryEngine({ clock }), { clock });
  const { token } = await longshore.tokens.create({ name: "ada", scopes: ["read"] });
  const api = apiOf(longshore, { open: false, storedTokens: true, clock });
  const signIn = async (): Promise<Record<string, string>> => {
    const { headers } = await api("POST /api/session", { token });
    return { cookie: (headers.get("set-cookie") ?? "").split(";")[0] ?? "" };
  };
  const [first, second] = [await signIn(), await signIn()];
  const one = await accessOf(longshore, { storedTokens: true }, first);
  const other = await accessOf(longshore, { storedTokens: true }, second);
  await api("DELETE /api/session", undefined, { ...first, "sec-fetch-site": "same-origin" });
  clock.advance(2_000);
  expect([await one.holds?.(), await other.holds?.()]).toEqual([false, true]);
  clock.advance(12 * 3_600_000);
  expect(await other.holds?.()).toBe(false);
  await longshore.close();
});
