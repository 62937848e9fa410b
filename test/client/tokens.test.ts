// Tokens: their secrets are nowhere but with who asks, what they may is checked, and a revoked one ends everywhere.
import { expect, it } from "vitest";
import { attach, type Engine, type Longshore, type TokenSpec } from "longshore";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import { ManualClock } from "../../src/engine/testkit/context/manual-clock.js";
import { withCommands } from "../worker/fixtures/fake-time-fixture.js";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";

onEveryEngine("tokens", (storage) => {
  it("are checked by their secret, listed without it, and gone when revoked", async () => {
    const { tokens } = await storage.connect();
    const { token, ...facts } = await tokens.create({ name: "shop", scopes: ["read", "enqueue:mail"], tag: "app:7" });
    const shop = { name: "shop", scopes: ["read", "enqueue:mail"], tag: "app:7", expiresAt: null };
    expect(facts).toEqual(shop);
    expect(token).toMatch(/^lst_[\w-]{43}$/);
    expect(await tokens.check(token)).toEqual(shop);
    expect(await tokens.check(`${token.slice(0, -1)}_`)).toBeNull();

    const [listed, ...others] = await tokens.list();
    expect(listed).toMatchObject(shop);
    expect(others).toEqual([]);
    expect(Object.keys(listed ?? {}).toSorted()).toEqual(["createdAt", "expiresAt", "name", "scopes", "tag", "usedAt"]);

    expect([await tokens.revoke("shop"), await tokens.revoke("shop")]).toEqual([true, false]);
    expect(await tokens.check(token)).toBeNull();
    expect(await tokens.list()).toEqual([]);
  });

  it("are stored as digests", async () => {
    const longshore = await storage.connect();
    const { token } = await longshore.tokens.create({ name: "shop", scopes: ["admin"] });
    const stored = await longshore.platformDocuments<{ digest: string }>("longshore:tokens").get("shop");
    expect(JSON.stringify(stored)).not.toContain(token.slice(4));
    const digest = stored?.value.digest ?? token;
    expect(await longshore.tokens.check(digest)).toBeNull();
  });

  it("say when they were used", async () => {
    const { tokens } = await storage.connect();
    const { token } = await tokens.create({ name: "shop", scopes: ["read"] });
    expect((await tokens.list())[0]?.usedAt).toBeNull();
    await tokens.check(token);
    await expect.poll(async () => (await tokens.list())[0]?.usedAt).toEqual(expect.any(Number));
  });

  it("have names of their own", async () => {
    const { tokens } = await storage.connect();
    const { token } = await tokens.create({ name: "shop", scopes: ["read"] });
    await expect(tokens.create({ name: "shop", scopes: ["admin"] })).rejects.toMatchObject({ field: "name" });
    expect(await tokens.check(token)).toMatchObject({ scopes: ["read"] });
    await tokens.revoke("shop");
    const second = await tokens.create({ name: "shop", scopes: ["read"] });
    expect([await tokens.check(token), await tokens.check(second.token)]).toEqual([null, expect.anything()]);
  });
});

it.each<[string, Record<string, unknown>, string]>([
  ["no name", { name: "" }, "name"],
  ["a name with blanks", { name: "my shop" }, "name"],
  ["no scopes", { scopes: [] }, "scopes"],
  ["a scope that is none", { scopes: ["read", "write"] }, "scopes[1]"],
  ["a scope for a queue without a name", { scopes: ["enqueue:"] }, "scopes[0]"],
  ["a scope for a queue that is none", { scopes: ["enqueue:a b"] }, "scopes[0]"],
  ["an inherited word as a scope", { scopes: ["constructor"] }, "scopes[0]"],
  ["an empty tag", { tag: "" }, "tag"],
  ["an end in the past", { expiresAt: 1_600_000_000_000 }, "expiresAt"],
  ["an end in seconds", { expiresAt: 1_900_000 }, "expiresAt"],
  ["a misspelt field", { expires: new Date() }, "expires"],
])("a token with %s is refused", async (_what, wrong, field) => {
  const { longshore } = onMemory();
  const spec = { name: "shop", scopes: ["read"], ...wrong } as TokenSpec;
  await expect(longshore.tokens.create(spec)).rejects.toMatchObject({ code: "INVALID_INPUT", field });
  expect(await longshore.tokens.list()).toEqual([]);
  await longshore.close();
});

it("a token ends when its time is over", async () => {
  const { longshore, clock } = onMemory();
  const expiresAt = clock.now() + 1_000;
  const { token } = await longshore.tokens.create({ name: "shop", scopes: ["read"], expiresAt });
  clock.advance(999);
  expect(await longshore.tokens.check(token)).toMatchObject({ expiresAt });
  clock.advance(1);
  expect(await longshore.tokens.check(token)).toBeNull();
  await longshore.close();
});

it("another process sees within five seconds what was revoked, and asks the engine once in two", async () => {
  const clock = new ManualClock();
  const memory = new MemoryEngine({ clock });
  const looks = { count: 0 };
  const counting = withCommands(memory, {
    documentKinds: (query) => {
      looks.count += 1;
      return memory.documentKinds(query);
    },
  });
  const [here, there] = [attach(memory, { clock }), attach(counting, { clock })];
  const { token } = await here.tokens.create({ name: "shop", scopes: ["read"] });
  for (let asked = 0; asked < 100; asked += 1) expect(await there.tokens.check(token)).not.toBeNull();
  expect(looks.count).toBe(1);

  await here.tokens.revoke("shop");
  clock.advance(4_999);
  expect(await there.tokens.check(token)).toBeNull();
  expect(looks.count).toBeLessThanOrEqual(3);
  await Promise.all([here.close(), there.close()]);
});

it("another process knows a new token soon although it has just looked", async () => {
  const clock = new ManualClock();
  const memory = new MemoryEngine({ clock });
  const [here, there] = [attach(memory, { clock }), attach(memory, { clock })];
  expect(await there.tokens.check("lst_unknown")).toBeNull();
  const { token } = await here.tokens.create({ name: "shop", scopes: ["read"] });
  clock.advance(300);
  expect(await there.tokens.check(token)).toMatchObject({ name: "shop" });
  await Promise.all([here.close(), there.close()]);
});

it("wrong secrets, however many at once, make one look at the engine", async () => {
  const clock = new ManualClock();
  const memory = new MemoryEngine({ clock });
  const looks = { count: 0 };
  const longshore = attach(
    withCommands(memory, {
      documentKinds: async (query) => {
        looks.count += 1;
        return memory.documentKinds(query);
      },
    }),
    { clock },
  );
  await Promise.all(Array.from({ length: 500 }, (_, index) => longshore.tokens.check(`lst_${index}`)));
  expect(looks.count).toBe(1);
  await longshore.close();
});

it("a document that is none of a token lets no one in", async () => {
  const { longshore } = onMemory();
  const documents = longshore.platformDocuments("longshore:tokens");
  for (const [name, value] of Object.entries({
    text: "lst_x",
    short: { digest: "", scopes: ["admin"], tag: null, expiresAt: null },
    scopes: { digest: "A".repeat(43), scopes: ["everything"], tag: null, expiresAt: null },
    none: { digest: "A".repeat(43) },
  })) {
    await documents.put(name, value);
  }
  expect(await longshore.tokens.check("")).toBeNull();
  expect(await longshore.tokens.list()).toEqual([]);
  expect(await longshore.tokens.revoke("scopes")).toBe(true);
  await longshore.close();
});

function onMemory(): { longshore: Longshore; clock: ManualClock; memory: Engine } {
  const clock = new ManualClock();
  const memory = new MemoryEngine({ clock });
  return { longshore: attach(memory, { clock }), clock, memory };
}
