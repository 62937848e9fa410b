// The engines of one process on one file share a connection, and none notices the others: the whole specification holds, one that
// is closed or fails leaves them alone, and each has at least the durability that it asked for.
import { readdirSync, renameSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Engine } from "../../../src/engine/contract/engine.js";
import { Sql } from "../../../src/engine/sqlite/database/sql.js";
import { SqliteEngine } from "../../../src/engine/sqlite/engine.js";
import { MAIN, ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { CONFORMANCE, runScenario } from "../../../src/engine/testkit/index.js";
import { openFiles } from "./open-files.js";
import { sqliteStorage } from "./sqlite-storage.js";

/** Those that open another engine; the others would only be run twice. */
const SCENARIOS = CONFORMANCE.flatMap(({ scenarios }) => scenarios).filter((scenario) =>
  String(Reflect.get(scenario, "run")).includes(".open("),
);

describe("the SQLite engine, all engines of a scenario on one connection", () => {
  it.each(SCENARIOS.map((scenario) => [scenario.id, scenario] as const))("%s", async (_id, scenario) => {
    const setup = { capabilities: ["leftovers", "corrupt"] as const, create: () => sqliteStorage(undefined, false) };
    await expect(runScenario(scenario, setup)).resolves.toBeUndefined();
  });
});

describe("engines that share a connection", () => {
  let storage: ReturnType<typeof sqliteStorage>;
  let context: ScenarioContext;

  beforeEach(async () => {
    storage = sqliteStorage(undefined, false);
    context = await ScenarioContext.create(storage);
  });

  afterEach(() => context.dispose());

  /** Another engine on the file. */
  async function open(change: { path?: string; durability?: "normal" | "full" } = {}): Promise<Engine> {
    const target = {
      engine: "sqlite",
      path: storage.path,
      durability: "normal",
      allowNetwork: false,
      ...change,
    } as const;
    const engine = new SqliteEngine(target, { clock: context.clock });
    await engine.open();
    onTestFinished(() => engine.close());
    return engine;
  }

  const add = async (engine: Engine): Promise<string> => {
    const spec = context.spec({});
    await engine.enqueue({ jobs: [spec] });
    return spec.id;
  };

  it("have the descriptors of one, however many they are, also by another path", async () => {
    const ofOne = openFiles(storage.path).toSorted();
    const link = join(dirname(storage.path), "link.db");
    symlinkSync(storage.path, link);

    const engines = await Promise.all([
      ...Array.from({ length: 8 }, async () => open()),
      ...Array.from({ length: 2 }, async () => open({ path: link })),
    ]);

    expect(openFiles(storage.path).toSorted()).toEqual(ofOne);
    await Promise.all(engines.map(add));
    expect((await context.counts()).queued).toBe(10);
    expect(readdirSync(dirname(storage.path)).toSorted()).toEqual(["jobs.db", "jobs.db-shm", "jobs.db-wal", "link.db"]);
  });

  it("have them when all open a new file at once", async () => {
    const elsewhere = sqliteStorage(undefined, false);
    const engines = await Promise.all(Array.from({ length: 10 }, async () => elsewhere.connect(context.clock)));

    expect(openFiles(elsewhere.path).toSorted()).toEqual(openFiles(storage.path).toSorted());
    await Promise.all(engines.map(add));
    for (const engine of engines) await engine.close();
    await elsewhere.dispose();
  });

  it("go on waiting when one is closed, whose own waits end", async () => {
    const [closing, other] = [await open(), await open()];
    const happened: string[] = [];
    const wait = async (engine: Engine, name: string): Promise<void> => {
      await engine.awaitWork({ queues: [MAIN], timeout: 1e6, signal: new AbortController().signal });
      happened.push(name);
    };
    const waits = [wait(closing, "closed"), wait(other, "woken")];
    // Both wait by then.
    expect(await context.list()).toEqual([]);

    await closing.close();
    await waits[0];
    const id = await add(context.engine);
    happened.push("added");
    await waits[1];

    expect([happened, await context.list()]).toEqual([["closed", "added", "woken"], [id]]);
  });

  it("carry out what was asked before one is closed, and nothing after it", async () => {
    const closing = await open();
    const last = add(closing);

    await closing.close();

    expect(await context.list()).toEqual([await last]);
    await expect((async () => add(closing))()).rejects.toMatchObject({ code: "ENGINE_CLOSED" });
    expect((await context.counts()).queued).toBe(1);
  });

  it("are not failed by a command of another in their transaction", async () => {
    const [failing, other] = [await open(), await open()];

    const failed = failing.enqueue({ jobs: [null as never] });
    const added = add(other);

    await expect(failed).rejects.toThrow(TypeError);
    expect(await context.list()).toEqual([await added]);
  });

  it("wait for the disk while one of them is to", async () => {
    const modes: string[] = [];
    // oxlint-disable-next-line typescript/unbound-method -- called with the object it is of
    const { exec } = Sql.prototype;
    onTestFinished(() => {
      Sql.prototype.exec = exec;
    });
    Sql.prototype.exec = function (text) {
      exec.call(this, text);
      const [[mode] = [-1]] = this.all<[number]>("PRAGMA synchronous");
      if (text.includes("synchronous")) modes.push(mode === 2 ? "full" : "normal");
    };

    const [first, second] = [await open({ durability: "full" }), await open({ durability: "full" })];
    await open();
    await first.close();
    expect(modes.at(-1)).toBe("full");
    await second.close();
    expect(modes.at(-1)).toBe("normal");
  });

  it("go on together with the file that has taken the place of theirs", async () => {
    const other = await open();
    const elsewhere = sqliteStorage();
    const ofOther = await elsewhere.connect(context.clock);
    const id = await add(ofOther);
    for (const end of ["", "-wal", "-shm"]) renameSync(`${elsewhere.path}${end}`, `${storage.path}${end}`);
    context.advance(1_000);

    await expect((async () => add(other))()).rejects.toThrow("its file was replaced");

    expect([await context.list(), await context.state(id)]).toEqual([[id], "queued"]);
    expect((await other.queues()).map(({ counts }) => counts.queued)).toEqual([1]);
    expect(openFiles(storage.path).filter((name) => name === "-shm").length).toBeLessThanOrEqual(1);
    await ofOther.close();
    await elsewhere.dispose();
  });
});
