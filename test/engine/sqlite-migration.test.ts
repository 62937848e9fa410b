// A file that an older Longshore wrote is taken on as it is.
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadDriver } from "../../src/engine/sqlite/driver.js";
import { Kit } from "../../src/engine/testkit/kit.js";
import { sqliteStorage } from "./sqlite-storage.js";

let storage: ReturnType<typeof sqliteStorage>;

beforeEach(() => {
  storage = sqliteStorage();
});

afterEach(() => storage.dispose());

it("goes on counting exchanges from the highest epoch that a job of schema 1 has", async () => {
  const before = await Kit.create({ ...storage, dispose: () => undefined });
  const id = await before.add();
  const session = await before.session({ ttl: 3_600_000 });
  await session.next();
  await before.dispose();
  const open = await loadDriver();
  const database = open(storage.path, { timeout: 5_000 });
  database.exec("UPDATE jobs SET epoch = 7; ALTER TABLE queues DROP COLUMN epoch; PRAGMA user_version = 1");
  database.close();

  const after = await Kit.create({ ...storage, dispose: () => undefined });
  await after.add();
  const lease = await (await after.session()).next();

  expect(lease.id).not.toBe(id);
  expect(lease.epoch).toBe(8);
  await after.dispose();
});
