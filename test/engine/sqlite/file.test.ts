// The file under a SQLite engine: who may read it, where it is, and what happens when it is deleted or replaced while it is
// open. Files are real; the time between two looks at one is that of the injected clock.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openEngine } from "../../../src/engine/open.js";
import { SqliteEngine } from "../../../src/engine/sqlite/engine.js";
import { parseTarget } from "../../../src/engine/target.js";
import { ScenarioContext, MAIN } from "../../../src/engine/testkit/context/scenario-context.js";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";

const FILES = ["", "-wal", "-shm"];

let folder: string;
let path: string;
let clock: ManualClock;
let contexts: ScenarioContext[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-file-`));
  path = join(folder, "jobs.db");
  clock = new ManualClock();
  contexts = [];
});

afterEach(async () => {
  for (const context of contexts) await context.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** A connection of this test; all of them share one clock. */
async function open(file = path): Promise<ScenarioContext> {
  const connect = async (): Promise<SqliteEngine> => {
    const engine = new SqliteEngine(
      { engine: "sqlite", path: file, durability: "normal", allowNetwork: false },
      { clock },
    );
    await engine.open();
    return engine;
  };
  const context = await ScenarioContext.create({ connect, dispose: () => undefined });
  contexts.push(context);
  return context;
}

function remove(): void {
  for (const end of FILES) rmSync(`${path}${end}`, { force: true });
}

/** Makes a database with one job somewhere else and puts a copy in the place of the one that is open. */
async function replace(): Promise<string> {
  const elsewhere = join(folder, "backup.db");
  const backup = await open(elsewhere);
  const id = await backup.add();
  await backup.engine.close();
  remove();
  for (const end of FILES) {
    if (existsSync(`${elsewhere}${end}`)) copyFileSync(`${elsewhere}${end}`, `${path}${end}`);
  }
  return id;
}

describe("a new file", () => {
  it("is readable by its owner only, and so is what SQLite puts beside it", async () => {
    path = join(folder, "new", "folder", "jobs.db");
    await (await open()).add();

    expect(FILES.map((end) => statSync(`${path}${end}`).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
    expect(statSync(join(folder, "new")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(folder, "new", "folder")).toSorted()).toEqual(["jobs.db", "jobs.db-shm", "jobs.db-wal"]);
  });

  it("comes to be where a symbolic link leads that led nowhere", async () => {
    mkdirSync(join(folder, "disk"));
    const real = join(folder, "disk", "real.db");
    symlinkSync("disk/real.db", path);
    await (await open()).add();

    expect(statSync(real).mode & 0o777).toBe(0o600);
  });

  it("is refused where its folder cannot be made", async () => {
    const refused = { code: "ENGINE_UNAVAILABLE", message: expect.stringContaining("it cannot be opened") };
    await expect(open("/proc/longshore/jobs.db")).rejects.toMatchObject(refused);
  });

  it("is not created by a connection that wants an existing one", async () => {
    const target = { engine: "sqlite", path } as const;

    await expect(openEngine(target, { existing: true })).rejects.toMatchObject({ code: "ENGINE_UNAVAILABLE" });
    expect(existsSync(path)).toBe(false);
  });
});

describe("a relative path", () => {
  it.each(["sqlite:jobs.db", "sqlite:./jobs.db", { engine: "sqlite", path: "jobs.db" } as const])(
    "means the working directory of the moment: %j",
    (given) => {
      expect(parseTarget(given)).toMatchObject({ path: join(process.cwd(), "jobs.db") });
    },
  );

  it("is a path also where SQLite would take it for an address", () => {
    const found = parseTarget({ engine: "sqlite", path: "file:jobs.db?mode=memory" });

    expect(found).toMatchObject({ path: join(process.cwd(), "file:jobs.db?mode=memory") });
  });
});

describe("the identity of a database", () => {
  it("is the same for all connections that have it open, and stays", async () => {
    const first = await open();
    const { identity } = first.engine;
    const second = await open();
    await first.engine.close();

    expect(identity).toMatch(/^[0-9a-f]{32} in /);
    expect([second.engine.identity, (await open()).engine.identity]).toEqual([identity, identity]);
  });

  it("is another one in another file, be it a copy", async () => {
    const first = await open();
    await first.add();
    const known = first.engine.identity;
    await first.engine.close();
    copyFileSync(path, join(folder, "copy.db"));
    const [copy, other] = [await open(join(folder, "copy.db")), await open(join(folder, "other.db"))];

    expect(new Set([known, copy.engine.identity, other.engine.identity]).size).toBe(3);
  });
});

describe("a file that was deleted while it was open", () => {
  it("takes nothing more, and none is made in its place", async () => {
    const context = await open();
    await context.add();
    remove();
    clock.advance(1_000);

    for (let n = 0; n < 3; n += 1) {
      await expect(context.add()).rejects.toMatchObject({ code: "ENGINE_UNAVAILABLE" });
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is named, with what became of it", async () => {
    const context = await open();
    remove();
    clock.advance(1_000);

    await expect(context.add()).rejects.toThrow(`sqlite:${path}: its file was deleted while it was open`);
    await expect(context.engine.queues()).rejects.toThrow(`sqlite:${path}: its file is gone`);
  });

  it("is read no more either", async () => {
    const context = await open();
    await context.add();
    remove();
    clock.advance(1_000);

    await expect(context.list()).rejects.toMatchObject({ code: "ENGINE_UNAVAILABLE" });
  });

  it("is used again when it is back, with everything in it", async () => {
    const context = await open();
    const before = await context.add();
    for (const end of FILES) renameSync(`${path}${end}`, join(folder, `away${end}`));
    clock.advance(1_000);
    await expect(context.add()).rejects.toThrow("was deleted");
    for (const end of FILES) renameSync(join(folder, `away${end}`), `${path}${end}`);

    const after = await context.add();
    expect((await context.list()).toSorted()).toEqual([before, after].toSorted());
  });

  it("ends the wait of a worker that has nothing to do", async () => {
    const context = await open();
    const waiting = context.engine.awaitWork({
      queues: [MAIN],
      timeout: 3_600_000,
      signal: new AbortController().signal,
    });
    remove();
    clock.advance(500);

    await waiting;
    await expect(context.add()).rejects.toMatchObject({ code: "ENGINE_UNAVAILABLE" });
  });
});

describe("a file whose place another one took", () => {
  it("takes nothing more: one command is refused, the next one goes to the file that stands there", async () => {
    const context = await open();
    await context.add();
    const { identity } = context.engine;
    const there = await replace();
    clock.advance(1_000);

    await expect(context.add()).rejects.toThrow("was replaced by another one while it was open");
    const mine = await context.add();
    for (const each of [context, await open()]) {
      expect((await each.list()).toSorted()).toEqual([mine, there].toSorted());
    }
    expect(context.engine.identity).not.toBe(identity);
  });

  it("is noticed by an idle worker, too", async () => {
    const context = await open();
    const waiting = context.engine.awaitWork({
      queues: [MAIN],
      timeout: 3_600_000,
      signal: new AbortController().signal,
    });
    await replace();
    clock.advance(500);

    await waiting;
    await expect(context.add()).rejects.toThrow("was replaced");
  });

  it("knows nothing of the sessions of the other", async () => {
    const context = await open();
    const session = await context.session();
    await replace();
    clock.advance(1_000);
    await expect(context.add()).rejects.toThrow("was replaced");

    expect(await context.engine.heartbeat({ session: session.id, queues: [MAIN], ttl: 1_000 })).toMatchObject({
      alive: false,
    });
  });

  it("is not replaced by what is no database of Longshore's, which is left as it is", async () => {
    const context = await open();
    remove();
    writeFileSync(path, "");
    clock.advance(1_000);

    await expect(context.add()).rejects.toThrow("was replaced");
    await expect(context.add()).rejects.toThrow("is no database of Longshore's");
    expect(statSync(path).size).toBe(0);
  });
});
