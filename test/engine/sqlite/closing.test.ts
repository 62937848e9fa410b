// A clean end leaves the file alone: no log beside it, on any driver, unless another connection still needs it.
import { readdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { openFiles } from "./open-files.js";
import { sqliteStorage } from "./sqlite-storage.js";

let storage: ReturnType<typeof sqliteStorage>;

beforeEach(() => {
  storage = sqliteStorage();
});

afterEach(async () => storage.dispose());

async function connect(path = storage): Promise<ScenarioContext> {
  return ScenarioContext.create({ ...path, dispose: () => undefined });
}

const files = (of = storage): string[] => readdirSync(dirname(of.path)).toSorted();

it("leaves no log, and keeps none open, however often a process connects", async () => {
  const ids: string[] = [];
  for (let times = 0; times < 10; times += 1) {
    const context = await connect();
    ids.push(await context.add());
    expect(files()).toEqual(["jobs.db", "jobs.db-shm", "jobs.db-wal"]);
    await context.dispose();
    expect(files()).toEqual(["jobs.db"]);
  }

  expect(openFiles(storage.path).filter((name) => name !== "")).toEqual([]);
  const context = await connect();
  expect(await context.list()).toEqual(ids);
  await context.dispose();
});

it("leaves the log to another connection, which goes on", async () => {
  const [one, other] = [await connect(), await connect()];
  const first = await one.add();
  await one.dispose();

  expect(files()).toContain("jobs.db-wal");
  const second = await other.add();
  expect(await other.list()).toEqual([first, second]);
  await other.dispose();
});

it("leaves the log of another file that has taken its place", async () => {
  const context = await connect();
  await context.add();
  const elsewhere = sqliteStorage();
  const other = await connect(elsewhere);
  const id = await other.add();
  for (const end of ["", "-wal", "-shm"]) renameSync(`${elsewhere.path}${end}`, `${storage.path}${end}`);

  await context.dispose();

  expect(files()).toContain("jobs.db-wal");
  const after = await connect();
  expect(await after.list()).toEqual([id]);
  await after.dispose();
  await other.dispose();
  await elsewhere.dispose();
});
