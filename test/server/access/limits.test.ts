// How many jobs a token may create, and inputs that come near what is taken.
import { expect, it } from "vitest";
import { attach } from "longshore";
import { MemoryEngine } from "../../../src/engine/memory/engine.js";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";
import { apiOf } from "../api.js";

const SECRET = "a-secret-of-the-configuration";
const tokenOf = (name: string): string => `${SECRET}-${name}`;
const bearer = (name: string): Record<string, string> => ({ authorization: `Bearer ${tokenOf(name)}` });
const TOKENS = ["ada", "bob"].map((name) => ({ name, token: tokenOf(name), scopes: ["enqueue"] as const }));

it("a token creates so many jobs in a time, a list counted by its jobs, and others are not held up by it", async () => {
  const clock = new ManualClock();
  const longshore = attach(new MemoryEngine({ clock }), { clock });
  const api = apiOf(longshore, { open: false, clock, tokens: TOKENS, createLimit: { rate: 10, per: "10s" } });
  const create = async (name: string, jobs: number): Promise<number> => {
    const body = jobs === 1 ? { task: "scan" } : { jobs: Array.from({ length: jobs }, () => ({ task: "scan" })) };
    return (await api("POST /api/jobs", body, bearer(name))).status;
  };
  expect([await create("ada", 9), await create("ada", 1)]).toEqual([202, 202]);
  const refused = await api("POST /api/jobs", { task: "scan" }, bearer("ada"));
  expect(refused).toMatchObject({ status: 429, body: { code: "TOO_MANY_JOBS" } });
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(await create("bob", 1)).toBe(202);

  clock.advance(1_000);
  expect([await create("ada", 30), await create("ada", 1)]).toEqual([202, 429]);
  clock.advance(29_000);
  expect(await create("ada", 1)).toBe(429);
  clock.advance(1_000);
  expect([await create("ada", 1), await create("ada", 1)]).toEqual([202, 429]);
  clock.advance(3_600_000);
  expect([await create("ada", 10), await create("ada", 1)]).toEqual([202, 429]);
  await longshore.close();
});

it("what is refused for another reason does not create, and does count", async () => {
  const clock = new ManualClock();
  const longshore = attach(new MemoryEngine({ clock }), { clock });
  const api = apiOf(longshore, { clock, open: true, createLimit: { rate: 2, per: "1m" } });
  expect((await api("POST /api/jobs", { task: "" })).status).toBe(400);
  expect((await api("POST /api/jobs", { task: "" })).status).toBe(400);
  expect((await api("POST /api/jobs", { task: "scan" })).status).toBe(429);
  expect((await api("GET /api/jobs")).status).toBe(200);
  await longshore.close();
});

it("an input above half of what is taken is said once of its task", async () => {
  const longshore = attach(new MemoryEngine(), { payloadCap: 1_000 });
  const said: unknown[] = [];
  const api = apiOf(longshore, { log: (level, _message, fields) => said.push([level, fields]) });
  const send = async (task: string, length: number): Promise<number> =>
    (await api("POST /api/jobs", { task, input: "x".repeat(length) })).status;
  expect([await send("scan", 400), await send("scan", 600), await send("scan", 700)]).toEqual([202, 202, 202]);
  expect([await send("mail", 498), await send("mail", 499)]).toEqual([202, 202]);
  expect(await send("huge", 1_200)).toBe(413);
  expect(said).toEqual([
    ["warn", { task: "scan", size: 602, cap: 1_000 }],
    ["warn", { task: "mail", size: 501, cap: 1_000 }],
    ["warn", { task: "huge", size: 1_202, cap: 1_000 }],
  ]);
  await longshore.close();
});
