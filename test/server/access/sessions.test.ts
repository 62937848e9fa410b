// Browsers that sign in: what their cookie is, where it is good, and when it ends.
import { expect, it } from "vitest";
import { attach, type Longshore } from "longshore";
import type { ServerOptions } from "longshore/server";
import { MemoryEngine } from "../../../src/engine/memory/engine.js";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";
import { onEveryEngine } from "../../worker/fixtures/on-engines.js";
import { apiOf, type Answer, type Api } from "../api.js";

const SECRET = "a-secret-of-the-configuration";
const OWN = { "sec-fetch-site": "same-origin" };

/** What a browser sends back of an answer's cookie. */
function cookieOf({ headers }: Answer): string {
  return (headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

async function signIn(api: Api, token: string): Promise<Record<string, string>> {
  const answer = await api("POST /api/session", { token }, OWN);
  expect(answer.status).toBe(200);
  return { cookie: cookieOf(answer), ...OWN };
}

function onMemory(options: ServerOptions = {}): { longshore: Longshore; clock: ManualClock; api: Api } {
  const clock = new ManualClock();
  const longshore = attach(new MemoryEngine({ clock }), { clock });
  return { longshore, clock, api: apiOf(longshore, { open: false, storedTokens: true, clock, ...options }) };
}

const coded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

onEveryEngine("a session", (storage) => {
  it("is good in every process, after a restart, too, until it is signed out or its token revoked", async () => {
    const first = await storage.connect();
    const second = first.info.kind === "memory" ? first : await storage.connect();
    const [here, there] = [first, second].map((longshore) => apiOf(longshore, { open: false, storedTokens: true }));
    if (here === undefined || there === undefined) throw new Error("there are two");
    const { token } = await first.tokens.create({ name: "ada", scopes: ["operate"] });
    const [one, other] = [await signIn(here, token), await signIn(there, token)];
    for (const api of [here, there, apiOf(second, { open: false, storedTokens: true })]) {
      for (const session of [one, other]) expect((await api("GET /api/jobs", undefined, session)).status).toBe(200);
    }

    expect((await here("DELETE /api/session", undefined, one)).status).toBe(204);
    const signedOut = async (api: Api): Promise<number> => (await api("GET /api/jobs", undefined, one)).status;
    expect(await signedOut(here)).toBe(401);
    await expect.poll(() => signedOut(there)).toBe(401);
    expect(await signedOut(apiOf(second, { open: false, storedTokens: true }))).toBe(401);
    expect((await here("GET /api/jobs", undefined, other)).status).toBe(200);

    await first.tokens.revoke("ada");
    expect((await here("GET /api/jobs", undefined, other)).status).toBe(401);
    await expect.poll(async () => (await there("GET /api/jobs", undefined, other)).status).toBe(401);
    const again = await first.tokens.create({ name: "ada", scopes: ["admin"] });
    expect((await here("GET /api/jobs", undefined, other)).status).toBe(401);
    expect(again.token).not.toBe(token);
  });
});

it("begins with a cookie that scripts, other sites and other paths do not get, and that holds no token", async () => {
  const { longshore, api } = onMemory({ basePath: "/admin/jobs" });
  const { token } = await longshore.tokens.create({ name: "ada", scopes: ["read", "enqueue:mail"], tag: "app:7" });
  const answer = await api("POST /admin/jobs/api/session", { token });
  const header = answer.headers.get("set-cookie") ?? "";
  expect(header).toMatch(/^longshore_session=[\w.-]+; Path=\/admin\/jobs; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  const text = Buffer.from(header.split(/[=.]/)[1] ?? "", "base64url").toString();
  expect(JSON.parse(text)).toMatchObject({ name: "ada" });
  expect(header + text).not.toContain(token.slice(4, 20));
  const expiresAt = new Date((JSON.parse(text) as { expiresAt: number }).expiresAt).toISOString();
  const who = { subject: "ada", tag: "app:7", scopes: ["read", "enqueue"], expiresAt };
  expect(answer.body).toEqual(who);
  expect((await api("GET /admin/jobs/api/session", undefined, { cookie: cookieOf(answer) })).body).toEqual(who);
  expect((await api("GET /admin/jobs/api/session", undefined, { authorization: `Bearer ${token}` })).body).toEqual({
    ...{ ...who, expiresAt: null },
  });
  await longshore.close();
});

it("is for TLS alone where it began over TLS, as a proxy of ours says, and as no one else may say", async () => {
  const { longshore, clock, api } = onMemory();
  const { token } = await longshore.tokens.create({ name: "ada", scopes: ["read"] });
  const forwarded = { "x-forwarded-proto": "https" };
  const setBy = async (one: Api, headers: Record<string, string>): Promise<string> =>
    (await one("POST /api/session", { token }, headers)).headers.get("set-cookie") ?? "";
  expect(await setBy(api, forwarded)).not.toContain("Secure");
  const trusting = apiOf(longshore, { open: false, storedTokens: true, clock, trustProxy: true });
  expect(await setBy(trusting, forwarded)).toMatch(/; Secure$/);
  expect(await setBy(trusting, {})).not.toContain("Secure");
  await longshore.close();
});

it("ends after twelve hours, or as the option says, and with its token", async () => {
  const { longshore, clock, api } = onMemory();
  const { token } = await longshore.tokens.create({ name: "ada", scopes: ["read"] });
  const short = apiOf(longshore, { open: false, storedTokens: true, clock, sessionTime: "10m" });
  const ending = await longshore.tokens.create({ name: "bob", scopes: ["read"], expiresAt: clock.now() + 60_000 });
  const long = await signIn(api, token);
  const [brief, bound] = [await signIn(short, token), await signIn(api, ending.token)];
  const statuses = async (): Promise<number[]> =>
    Promise.all([long, brief, bound].map(async (one) => (await api("GET /api/jobs", undefined, one)).status));
  expect(await statuses()).toEqual([200, 200, 200]);
  clock.advance(60_000);
  expect(await statuses()).toEqual([200, 200, 401]);
  clock.advance(540_000);
  expect(await statuses()).toEqual([200, 401, 401]);
  clock.advance(12 * 3_600_000 - 600_000);
  expect(await statuses()).toEqual([401, 401, 401]);
  await longshore.close();
});

it("of a configured token ends when the configuration has another", async () => {
  const clock = new ManualClock();
  const longshore = attach(new MemoryEngine({ clock }), { clock });
  const apiWith = (token: string): Api =>
    apiOf(longshore, { open: false, clock, tokens: [{ name: "ops", token, scopes: ["admin"] }] });
  const session = await signIn(apiWith(SECRET), SECRET);
  expect((await apiWith(SECRET)("GET /api/jobs", undefined, session)).status).toBe(200);
  expect((await apiWith(`${SECRET}-2`)("GET /api/jobs", undefined, session)).status).toBe(401);
  await longshore.close();
});

it("does not come of a cookie that was made up or changed", async () => {
  const { longshore, api } = onMemory();
  const { token } = await longshore.tokens.create({ name: "ada", scopes: ["read"] });
  await longshore.tokens.create({ name: "root", scopes: ["admin"] });
  const { cookie = "" } = await signIn(api, token);
  const [text = "", seal = ""] = cookie.slice("longshore_session=".length).split(".");
  const facts = JSON.parse(Buffer.from(text, "base64url").toString()) as Record<string, unknown>;
  const forged = [
    `${coded({ ...facts, name: "root" })}.${seal}`,
    `${coded({ ...facts, expiresAt: 8.64e15 })}.${seal}`,
    `${coded({ ...facts, source: "configured" })}.${seal}`,
    `${text}.`,
    `${text}.${seal}.${seal}`,
    text,
    seal,
    "",
    "..",
    `${coded(null)}.${seal}`,
    `${coded("x")}.${seal}`,
    `${Buffer.from("{").toString("base64url")}.${seal}`,
    "x".repeat(5_000),
  ];
  for (const value of forged) {
    const headers = { cookie: `longshore_session=${value}` };
    expect([value, (await api("GET /api/jobs", undefined, headers)).status]).toEqual([value, 401]);
  }
  const beside = `other=1; longshore_session=made-up; ${cookie}; longshore_session_2=x`;
  expect((await api("GET /api/jobs", undefined, { cookie: beside })).status).toBe(200);
  await longshore.close();
});

it("does not begin with a wrong token, and the answer does not repeat it", async () => {
  const { longshore, api } = onMemory();
  const wrong = await api("POST /api/session", { token: "lst_a-wrong-token-that-is-long" });
  expect(wrong).toMatchObject({ status: 401, body: { code: "UNAUTHORIZED" } });
  expect(wrong.headers.get("set-cookie")).toBeNull();
  expect(JSON.stringify(wrong.body)).not.toContain("a-wrong-token");
  for (const body of [{}, { token: "" }, { token: 1 }, { token: "x".repeat(513) }, { token: "x", more: 1 }, []]) {
    expect((await api("POST /api/session", body)).status).toBe(400);
  }
  await longshore.close();
});

it("that is over can be signed out, too", async () => {
  const { longshore, api } = onMemory();
  const answer = await api("DELETE /api/session", undefined, OWN);
  expect([answer.status, answer.headers.get("set-cookie")]).toEqual([
    204,
    "longshore_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict",
  ]);
  await longshore.close();
});
