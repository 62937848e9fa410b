// A row that cannot be decoded fails its own job alone.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadDriver } from "../../../src/engine/sqlite/database/driver.js";
import { ScenarioContext, MAIN } from "../../../src/engine/testkit/context/scenario-context.js";
import type { TestSession } from "../../../src/engine/testkit/context/test-session.js";
import { sqliteStorage } from "./sqlite-storage.js";

let storage: ReturnType<typeof sqliteStorage>;
let context: ScenarioContext;
let session: TestSession;
let bad: string;
let good: string;

beforeEach(async () => {
  storage = sqliteStorage();
  context = await ScenarioContext.create(storage);
  session = await context.session();
  [bad = "", good = ""] = await context.addMany(2);
});

afterEach(() => context.dispose());

async function damage(sql: string): Promise<void> {
  const open = await loadDriver();
  const database = open(storage.path, { timeout: 5_000 });
  database.prepare(sql).run(bad);
  database.close();
}

const checkpointsOf = async (id: string): Promise<unknown> => context.engine.checkpoints({ queue: MAIN, id });

describe("a checkpoint that cannot be decoded", () => {
  const step = { seq: 1, kind: "step", name: "s", key: null, value: "1", at: 1, took: 1, counters: null } as const;

  beforeEach(async () => {
    for (const lease of await session.claim(2)) await session.report(lease, { checkpoints: [step] });
  });

  it.each(["{", "{}"])("fails the reading of its own job's checkpoints only: %s", async (entry) => {
    await damage(`UPDATE checkpoints SET entry = '${entry}' WHERE job = (SELECT job FROM jobs WHERE id = ?)`);

    await expect(checkpointsOf(bad)).rejects.toMatchObject({
      code: "UNDECODABLE",
      message: `job ${bad}: its stored checkpoint 1 cannot be decoded`,
    });
    expect(await checkpointsOf(good)).toEqual([step]);
  });
});

describe("failures that cannot be decoded", () => {
  it("are the problem of their job, and listings go on", async () => {
    for (const lease of await session.claim(2)) await session.settle(lease, { kind: "partial", result: "1" });
    await damage("UPDATE jobs SET failures = '[' WHERE id = ?");

    expect(await context.job(bad)).toMatchObject({
      state: "partial",
      failures: [],
      problem: `job ${bad}: its stored failures cannot be decoded`,
    });
    expect(await context.list()).toEqual([good, bad]);
    expect((await context.job(good)).problem).toBeNull();
  });

  it("do not keep the job from being queued again", async () => {
    for (const lease of await session.claim(2)) await session.settle(lease, { kind: "partial", result: "1" });
    await damage("UPDATE jobs SET failures = '[' WHERE id = ?");

    expect((await context.control("retry", bad)).outcome).toBe("applied");
    expect(await context.job(bad)).toMatchObject({ state: "queued", failures: [], problem: null });
  });
});

describe("links that cannot be decoded", () => {
  let waits: string;

  beforeEach(async () => {
    waits = await context.add({ after: [{ queue: MAIN, id: bad, ifFailed: "fail" }] });
    await damage("UPDATE link_bodies SET body = '{' WHERE job <> (SELECT job FROM jobs WHERE id = ?)");
  });

  it("are the problem of their job, whose worker gets no body, and listings go on", async () => {
    for (const lease of await session.claim(2)) await session.complete(lease);

    const lease = await session.next();
    expect(lease).toMatchObject({ id: waits, body: null, problem: `job ${waits}: its stored links cannot be decoded` });
    expect(await context.job(waits)).toMatchObject({ state: "active", after: [], problem: lease.problem });
    expect(await context.list()).toEqual([waits, good, bad]);
  });

  it("keep it neither from ending with what it depends on nor from being queued again", async () => {
    await context.control("cancel", bad);
    expect(await context.state(waits)).toBe("failed");

    await context.control("retry", bad);
    expect(await context.control("retry", waits)).toEqual({ outcome: "applied", state: "blocked" });
    expect((await context.update(waits, { input: "1" })).outcome).toBe("applied");
    for (const lease of await session.claim(2)) await session.complete(lease);
    expect(await context.state(waits)).toBe("queued");
  });
});
