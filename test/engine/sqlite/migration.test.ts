// A file that an older Longshore wrote is migrated when it is opened, with all that is in it.
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadDriver } from "../../../src/engine/sqlite/database/driver.js";
import { ScenarioContext, MAIN } from "../../../src/engine/testkit/context/scenario-context.js";
import { found, put } from "../../../src/engine/testkit/context/schedule-helpers.js";
import { EngineRefused } from "../../../src/model/errors/errors.js";
import { NO_PROGRESS } from "../../../src/model/job/progress.js";
import { BACK, backTo } from "./schema-history.js";
import { sqliteStorage } from "./sqlite-storage.js";

let storage: ReturnType<typeof sqliteStorage>;

beforeEach(() => {
  storage = sqliteStorage();
});

afterEach(() => storage.dispose());

const connect = (): Promise<ScenarioContext> => ScenarioContext.create({ ...storage, dispose: () => undefined });

/** Makes of the file what a Longshore with this schema would have left. */
async function takeBack(to: number, contents: string): Promise<void> {
  const open = await loadDriver();
  const database = open(storage.path, { timeout: 5_000 });
  database.exec(`${backTo(to)}; ${contents}`);
  database.close();
}

/** All columns and indexes of the file, each as it is declared. */
async function columnsAndIndexes(): Promise<string[]> {
  const open = await loadDriver();
  const database = open(storage.path, { timeout: 5_000 });
  const declared = `SELECT t.name || '.' || c.name || ' ' || json_array(c.type, c."notnull", c.dflt_value, c.pk) AS it
    FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'
    UNION ALL SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY it`;
  const found = database.prepare(declared).all() as { it: string }[];
  database.close();
  return found.map(({ it }) => it);
}

const UNIQUE = { key: "k", until: "finished", onConflict: "join" } as const;

/** A job in every place that has a name of its own in the file. */
async function everything(context: ScenarioContext) {
  const aside = await context.add({ task: "new" });
  const session = await context.session({ ttl: 3_600_000 });
  await session.settle(await session.next(), { kind: "decline" });
  const running = await context.add();
  const lease = await session.next();
  const waits = await context.add({ after: [{ queue: MAIN, id: running, ifFailed: "fail" }] });
  const plain = await context.add({ unique: UNIQUE });
  const urgent = await context.add({ priority: -1 });
  await context.add({ due: { in: 60_000 } });
  const superseded = await context.add({ supersedes: "s", due: { in: 60_000 } });
  const latest = await context.add({ supersedes: "s", hold: true });
  await context.control("cancel", latest);
  return { aside, lease, waits, plain, urgent, superseded, session: session.id };
}

it("goes on counting exchanges from the highest epoch that a job of schema 1 has", async () => {
  const before = await connect();
  const id = await before.add();
  const session = await before.session({ ttl: 3_600_000 });
  await session.next();
  await before.dispose();
  await takeBack(1, "UPDATE jobs SET epoch = 7");

  const after = await connect();
  await after.add();
  const lease = await (await after.session()).next();

  expect(lease.id).not.toBe(id);
  expect(lease.epoch).toBe(8);
  await after.dispose();
});

it("reads the progress of schema 2, which was a percentage and a message", async () => {
  const before = await connect();
  const id = await before.add();
  await before.dispose();
  await takeBack(2, `UPDATE jobs SET progress = '{"percent":40,"message":"half"}'`);

  const after = await connect();

  expect(await after.job(id)).toMatchObject({
    progress: { ...NO_PROGRESS, percent: 40, message: "half" },
    failures: [],
  });
  await after.dispose();
});

it("knows that a lease taken in schema 2 was taken by cancelling", async () => {
  const before = await connect();
  const id = await before.add();
  const session = await before.session({ ttl: 3_600_000 });
  const { epoch } = await session.next();
  await before.control("cancel", id);
  await before.dispose();
  await takeBack(2, "");

  const after = await connect();
  const { revoked } = await after.engine.heartbeat({ session: session.id, queues: [MAIN], ttl: 1_000 });

  expect(revoked).toEqual([{ queue: MAIN, id, epoch, cause: "cancel" }]);
  await after.dispose();
});

it("goes on with the jobs of schema 2, whose runs can leave checkpoints from now on", async () => {
  const before = await connect();
  const old = await before.add();
  await before.dispose();
  await takeBack(2, "");

  const after = await connect();
  const session = await after.session();
  const lease = await session.next();
  const checkpoint = { kind: "step", name: "s", key: null, value: "1", at: 1, took: 1, counters: null } as const;
  await session.report(lease, { checkpoints: [{ seq: 1, ...checkpoint }] });
  await session.fail(lease, 0);
  const first = await after.add({ supersedes: "k" });
  await after.add({ supersedes: "k" });

  expect(lease).toMatchObject({ id: old, checkpoints: false, body: { supersedes: null } });
  expect(await session.next()).toMatchObject({ id: old, checkpoints: true });
  expect(await after.state(first)).toBe("superseded");
  await after.dispose();
});

it("goes on with the jobs of schema 3: held jobs are released, and others can depend on all jobs", async () => {
  const before = await connect();
  const [held, running, ended] = [await before.add({ hold: true }), await before.add(), await before.add()];
  const first = await before.session({ ttl: 3_600_000 });
  const [lease, other] = await first.claim(2);
  if (lease === undefined || other === undefined) throw new Error("no work");
  await first.complete(other);
  await before.dispose();
  await takeBack(3, "");

  const after = await connect();
  const ids = [held, running, ended];
  const waits = await after.add({ after: ids.map((id) => ({ queue: MAIN, id, ifFailed: "fail" })) });
  const second = await after.session();
  const release = await after.control("release", held);
  const free = await second.next();
  await second.complete(free);
  const done = { kind: "complete", result: null } as const;
  const settle = [{ ...lease, outcome: done }];
  await after.engine.exchange({ session: first.id, lane: 0, call: 9, settle, claim: null });

  expect([release.outcome, free.id]).toEqual(["applied", held]);
  expect(await after.job(waits)).toMatchObject({ state: "queued", role: "job", flow: null });
  expect(await after.job(ended)).toMatchObject({ after: [], references: [], state: "completed" });
  await after.dispose();
});

it("goes on with the jobs of schema 3, beside which there are schedules from now on", async () => {
  const before = await connect();
  const old = await before.add();
  await before.dispose();
  await takeBack(3, "");

  const after = await connect();
  await put(after);

  expect(await found(after)).toMatchObject({ name: "poll", status: "active" });
  expect(await after.state(old)).toBe("queued");
  await after.dispose();
});

it("goes on with the jobs of schema 4: one that ran then can be declined, for workers that have its task's code", async () => {
  const before = await connect();
  const [id, next] = await before.addMany(2, { task: "new" });
  const session = await before.session({ ttl: 3_600_000 });
  const lease = await session.next();
  await before.dispose();
  await takeBack(4, "UPDATE jobs SET op = op");

  const after = await connect();
  const settle = [{ queue: lease.queue, id: lease.id, epoch: lease.epoch, outcome: { kind: "decline" } as const }];
  await after.engine.exchange({ session: session.id, lane: 0, call: 2, settle, claim: null });

  expect(await after.list({ states: ["queued"] })).toEqual([id, next]);
  expect(await (await after.session()).claimIds(2)).toEqual([next]);
  expect(await (await after.session()).claimIds(2, { tasks: ["new"] })).toEqual([id]);
  await after.dispose();
});

/** Every row, but for what schema 16 and later ones brought, which a file that is taken back has lost. */
async function rowsBefore16(): Promise<string[] | undefined> {
  return (await storage.leftovers?.())
    ?.filter((row) => !/^(?:tallies|series|totals|failure_groups) /.test(row))
    .map((row) => row.replace(/,"grouped":\d+/, ""));
}

it("waits again for what did not end well for jobs of schema 11", async () => {
  const before = await connect();
  const [failing, other] = [await before.add({ attempts: 1 }), await before.add()];
  const waits = await before.add({ after: [failing, other].map((id) => ({ queue: MAIN, id, ifFailed: "fail" })) });
  const session = await before.session({ ttl: 3_600_000 });
  const fail = async (): Promise<unknown> => session.fail(await session.next(), null);
  await fail();
  await before.control("retry", failing);
  await before.control("retry", waits);
  await session.complete(await session.next());
  await fail();
  expect(await before.state(waits)).toBe("failed");
  const rows = await rowsBefore16();
  await before.dispose();
  await takeBack(11, "");

  const after = await connect();

  expect(await rowsBefore16()).toEqual(rows);
  await after.control("retry", failing);
  await after.control("retry", waits);
  expect(await after.engine.dependencies({ queue: MAIN, id: waits })).toMatchObject(
    [failing, other].toSorted().map((id) => ({ id, state: id === other ? "completed" : null })),
  );
  await after.dispose();
});

it.each(Object.keys(BACK).map(Number))(
  "gives a file of schema %d the columns and indexes that a new one has",
  async (from) => {
    await (await connect()).dispose();
    const fresh = await columnsAndIndexes();
    await takeBack(from, "");
    const old = await columnsAndIndexes();

    await (await connect()).dispose();

    expect(old).not.toEqual(fresh);
    expect(await columnsAndIndexes()).toEqual(fresh);
  },
);

it("counts the schedules of schema 8", async () => {
  const before = await connect();
  await put(before);
  await before.dispose();
  const rows = await storage.leftovers?.();
  await takeBack(8, "");

  const after = await connect();

  expect(await storage.leftovers?.()).toEqual(rows);
  await after.dispose();
});

it("has every row of schema 6 under the names of schema 7", async () => {
  const before = await connect();
  const old = await everything(before);
  await before.dispose();
  const rows = await rowsBefore16();
  await takeBack(6, "UPDATE jobs SET tied = tied, key = key");

  const after = await connect();

  expect(await rowsBefore16()).toEqual(rows);
  expect(await after.list({ states: ["queued"] })).toEqual([old.urgent, old.aside, old.plain]);
  await after.dispose();
});

it("goes on with the jobs of schema 6: in their order, with their keys, after what they depend on", async () => {
  const before = await connect();
  const old = await everything(before);
  await before.dispose();
  await takeBack(6, "");

  const after = await connect();
  const [told] = await after.engine.claimEnded({ queues: [MAIN], tasks: ["work"], limit: 10 });
  const settle = [{ ...old.lease, outcome: { kind: "complete", result: null } } as const];
  await after.engine.exchange({ session: old.session, lane: 0, call: 9, settle, claim: null });
  const joined = await after.engine.enqueue({ jobs: [after.spec({ unique: UNIQUE })] });

  expect(told?.id).toBe(old.superseded);
  expect(await after.state(old.waits)).toBe("queued");
  expect(joined).toMatchObject([{ id: old.plain, outcome: "joined" }]);
  expect(await (await after.session()).claimIds(9)).toEqual([old.urgent, old.plain, old.waits]);
  expect(await (await after.session()).claimIds(9, { tasks: ["new"] })).toEqual([old.aside]);
  expect(await after.counts()).toMatchObject({
    active: 4,
    queued: 0,
    delayed: 1,
    blocked: 0,
    completed: 1,
    superseded: 1,
  });
  await after.dispose();
});

it("refuses a file of a newer schema, with both versions and what to do, and leaves it as it is", async () => {
  const before = await connect();
  await before.add();
  await before.dispose();
  const open = await loadDriver();
  const schema = (change = ""): unknown => {
    const database = open(storage.path, { timeout: 5_000 });
    database.exec(change);
    const [row] = database.prepare("PRAGMA user_version").all();
    database.close();
    return row;
  };
  schema("PRAGMA user_version = 99");

  const refused = connect();

  await expect(refused).rejects.toThrow(EngineRefused);
  await expect(refused).rejects.toThrow(
    `${storage.path} was written by a newer Longshore (schema 99, this one knows ${Object.keys(BACK).length + 1}): update longshore`,
  );
  expect(schema()).toEqual({ user_version: 99 });
});
