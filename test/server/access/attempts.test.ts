// How often a client may be wrong about a token, however many of its requests come at once.
import { expect, it } from "vitest";
import { attach, type Longshore } from "longshore";
import type { ServerOptions } from "longshore/server";
import { MemoryEngine } from "../../../src/engine/memory/engine.js";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";
import { onEveryEngine } from "../../worker/fixtures/on-engines.js";
import { apiOf, type Api } from "../api.js";

const HERE = { "x-forwarded-for": "10.0.0.1" };
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** How many of so many requests at once were answered with which status. */
async function atOnce(
  count: number,
  ask: (index: number) => Promise<{ status: number }>,
): Promise<Map<number, number>> {
  const answers = await Promise.all(Array.from({ length: count }, (_, index) => ask(index)));
  const counts = new Map<number, number>();
  for (const { status } of answers) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

onEveryEngine("wrong tokens at once", (storage) => {
  const listening = async (): Promise<[Api, Longshore]> => {
    const longshore = await storage.connect();
    return [apiOf(longshore, { open: false, storedTokens: true, trustProxy: true }), longshore];
  };

  it("are ten from one address, be they in a header or for a session", async () => {
    const [api] = await listening();
    const counts = await atOnce(1_000, (index) =>
      index % 2 === 0
        ? api("GET /api/jobs", undefined, { ...bearer(`wrong-${index}`), ...HERE })
        : api("POST /api/session", { token: `wrong-${index}` }, HERE),
    );
    expect(counts).toEqual(
      new Map([
        [401, 10],
        [429, 990],
      ]),
    );
  });

  it("are ten where they are all the same, and a hundred where addresses are not known", async () => {
    const [api] = await listening();
    const same = await atOnce(1_000, () => api("GET /api/jobs", undefined, { ...bearer("wrong"), ...HERE }));
    expect([same.get(401), same.get(429)]).toEqual([10, 990]);
    const unknown = await atOnce(1_000, (index) => api("GET /api/jobs", undefined, bearer(`wrong-${index}`)));
    expect([unknown.get(401), unknown.get(429)]).toEqual([100, 900]);
  });

  it("shut out no one who is right: neither many who come at once, nor one who was right before", async () => {
    const [api, longshore] = await listening();
    const names = Array.from({ length: 60 }, (_, index) => `user-${index}`);
    const made = await Promise.all(names.map((name) => longshore.tokens.create({ name, scopes: ["read"] })));
    const secrets = made.map(({ token }) => token);
    const ask = (secret: string): ReturnType<Api> => api("GET /api/jobs", undefined, { ...bearer(secret), ...HERE });
    // Each of them is new to this process, and they come ten times as one.
    expect(await atOnce(600, (index) => ask(secrets[index % 60] ?? ""))).toEqual(new Map([[200, 600]]));
    const mixed = await atOnce(600, (index) => ask(index % 2 === 0 ? `wrong-${index}` : (secrets[index % 60] ?? "")));
    expect(mixed).toEqual(
      new Map([
        [401, 10],
        [200, 300],
        [429, 290],
      ]),
    );
  });
});

/** A server whose host application knows the tokens that begin with `ok`. */
async function withHook(
  authorize: NonNullable<ServerOptions["authorize"]>,
  use: (api: Api, clock: ManualClock) => Promise<void>,
): Promise<void> {
  const clock = new ManualClock();
  const longshore = attach(new MemoryEngine({ clock }), { clock });
  await use(apiOf(longshore, { open: false, trustProxy: true, clock, authorize }), clock);
  await longshore.close();
}

const isKnown = (request: Request): boolean => request.headers.get("authorization")?.startsWith("Bearer ok") ?? false;

it("tokens of the host application are counted as our own: ten that it refuses, and all that it lets in", async () => {
  await withHook(
    async (request) => isKnown(request),
    async (api) => {
      const ask = (secret: string): ReturnType<Api> => api("GET /api/jobs", undefined, { ...bearer(secret), ...HERE });
      expect(await atOnce(200, (index) => ask(`ok-${index}`))).toEqual(new Map([[200, 200]]));
      const wrong = await atOnce(1_000, (index) => ask(`wrong-${index}`));
      expect([wrong.get(401), wrong.get(429)]).toEqual([10, 990]);
      expect((await ask("ok-7")).status).toBe(200);
    },
  );
});

it("an attempt that came to nothing counts for nothing: an error, a path that there is none of", async () => {
  let isBroken = true;
  const authorize = (request: Request): boolean => {
    if (isBroken) throw new Error("the directory does not answer");
    return isKnown(request);
  };
  await withHook(authorize, async (api) => {
    const ask = (path: string): ReturnType<Api> => api(`GET ${path}`, undefined, { ...bearer("ok-1"), ...HERE });
    expect(await atOnce(50, () => ask("/api/jobs"))).toEqual(new Map([[500, 50]]));
    expect(await atOnce(50, () => ask("/nowhere"))).toEqual(new Map([[404, 50]]));
    isBroken = false;
    expect((await ask("/api/jobs")).status).toBe(200);
  });
});

it("those that wait are answered when the minute is over, by what is so then", async () => {
  const open: (() => void)[] = [];
  const authorize = async (): Promise<boolean> => {
    await new Promise<void>((resolve) => open.push(resolve));
    return false;
  };
  await withHook(authorize, async (api, clock) => {
    const all = atOnce(20, (index) => api("GET /api/jobs", undefined, { ...bearer(`wrong-${index}`), ...HERE }));
    await expect.poll(() => open.length).toBe(10);
    for (const go of open) go();
    expect(await all).toEqual(
      new Map([
        [401, 10],
        [429, 10],
      ]),
    );
    clock.advance(60_000);
    const again = api("GET /api/jobs", undefined, { ...bearer("wrong"), ...HERE });
    await expect.poll(() => open.length).toBe(11);
    open[10]?.();
    expect((await again).status).toBe(401);
  });
});
