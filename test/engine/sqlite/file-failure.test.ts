// What is said of a file that fails: what it is, and what helps.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openEngine } from "../../../src/engine/open.js";
import { fileFailure } from "../../../src/engine/sqlite/database/file/file-failure.js";
import { refuseNetwork } from "../../../src/engine/sqlite/database/file/file-system.js";
import { Sql } from "../../../src/engine/sqlite/database/sql.js";
import { ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { parseTarget } from "../../../src/engine/target.js";
import { sqliteStorage } from "./sqlite-storage.js";

const TARGET = { engine: "sqlite", path: "/data/jobs.db", durability: "normal", allowNetwork: false } as const;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-failure-`));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("an error of the file says what failed, and what helps", () => {
  it.each([
    [8, "this process may not write to it", "Give its user the right to write"],
    [0x30a, "the disk failed", "See what the system logged"],
    [11, "the file is damaged", 'sqlite3 /data/jobs.db ".recover"'],
    [13, "the disk is full", "Make room"],
    [14, "it cannot be opened", "Does its folder exist"],
    [26, "the file is no SQLite database", "Give Longshore a file of its own"],
  ])("for code %i of SQLite", (errcode, why, advice) => {
    const cause = Object.assign(new Error("as SQLite says it"), { errcode });

    const { code, message } = fileFailure(TARGET, cause);

    expect([code, message.includes(`${why} (as SQLite says it)`), message.includes(advice)]).toEqual([
      "ENGINE_UNAVAILABLE",
      true,
      true,
    ]);
  });

  it.each([
    ["ENOSPC", "the disk is full"],
    ["EACCES", "it cannot be opened"],
    ["EROFS", "this process may not write to it"],
  ])("for %s of the system", (code, why) => {
    expect(fileFailure(TARGET, Object.assign(new Error("x"), { code })).message).toContain(why);
  });

  it("for a file that is no database, and one whose folder is a file", async () => {
    const path = join(folder, "text.db");
    writeFileSync(path, "this is no database, but a text that is longer than the header of one would be. ".repeat(20));

    // The package reports this one by its text alone.
    await expect(openEngine({ engine: "sqlite", path })).rejects.toThrow("the file is no SQLite database");
    await expect(openEngine({ engine: "sqlite", path: join(path, "jobs.db") })).rejects.toThrow("it cannot be opened");
  });
});

describe("a full disk", () => {
  let context: ScenarioContext;
  let sql: Sql | undefined;

  beforeEach(async () => {
    // oxlint-disable-next-line typescript/unbound-method -- called with the object it is of
    const { all } = Sql.prototype;
    const opened = new Set<Sql>();
    Sql.prototype.all = function (text, ...values) {
      opened.add(this);
      return all.call(this, text, ...values) as never;
    };
    context = await ScenarioContext.create(sqliteStorage());
    await context.add();
    Sql.prototype.all = all;
    [sql] = opened;
  });

  afterEach(() => context.dispose());

  it("is reported, loses nothing that was accepted, and is over when there is room", async () => {
    const before = await context.list();
    sql?.exec("PRAGMA max_page_count = 1");

    const refused = context.addMany(100, { input: `"${"x".repeat(20_000)}"` });

    await expect(refused).rejects.toThrow("the disk is full");
    expect(await context.list()).toEqual(before);
    sql?.exec("PRAGMA max_page_count = 1000000");
    await context.add();
    expect((await context.list()).length).toBe(2);
  });

  it("keeps new jobs out, not the commands that share a transaction with them", async () => {
    const [waiting = ""] = await context.list();
    sql?.exec("PRAGMA max_page_count = 1");

    const refused = context.addMany(100, { input: `"${"x".repeat(20_000)}"` });
    const cancelled = context.control("cancel", waiting);

    await expect(refused).rejects.toThrow("the disk is full");
    expect([await cancelled, await context.counts()]).toMatchObject([
      { outcome: "applied" },
      { cancelled: 1, queued: 0 },
    ]);
  });
});

describe("a network file system", () => {
  it.each([
    [0x6969, "NFS"],
    [-11317950, "CIFS"],
    [0xfe534d42, "SMB"],
    [0x65735546, "FUSE"],
    [0x01021997, "9p"],
  ])("is refused (%i)", (number, kind) => {
    expect(() => refuseNetwork(TARGET, () => number)).toThrow(`network file system (${kind})`);
    expect(() => refuseNetwork({ ...TARGET, allowNetwork: true }, () => number)).not.toThrow();
  });

  it.each([0xef53, 0x01021994, null])(
    "is not what another one is, or one that the system does not tell (%j)",
    (number) => {
      expect(() => refuseNetwork(TARGET, () => number)).not.toThrow();
    },
  );

  it("is looked for in the nearest folder that exists", () => {
    mkdirSync(join(folder, "a"));
    const asked: string[] = [];
    refuseNetwork({ path: join(folder, "a", "b", "c", "jobs.db"), allowNetwork: false }, (place) => {
      asked.push(place);
      return null;
    });
    expect(asked).toEqual([join(folder, "a")]);
  });
});

describe("a URL with options", () => {
  it("says how durable commits are, and whether a network file system is allowed", () => {
    expect(parseTarget("sqlite:jobs.db?durability=full&allowNetwork=true")).toMatchObject({
      path: join(process.cwd(), "jobs.db"),
      durability: "full",
      allowNetwork: true,
    });
  });

  it.each(["?mode=memory", "?", "?durability=half", "?x", "?cache=shared&durability=full"])(
    "is refused with %s",
    (end) => {
      expect(() => parseTarget(`sqlite:file:jobs.db${end}`)).toThrow(/url: .*behind "\?" only durability=normal/s);
    },
  );
});

it.skipIf(process.platform === "win32")("a file that every user may change is warned of", async () => {
  const path = join(folder, "jobs.db");
  await (await openEngine({ engine: "sqlite", path })).close();
  const warned: string[] = [];
  const warn = vi.spyOn(process, "emitWarning").mockImplementation((warning) => void warned.push(String(warning)));
  await (await openEngine({ engine: "sqlite", path })).close();
  chmodSync(path, 0o666);
  await (await openEngine({ engine: "sqlite", path })).close();
  warn.mockRestore();

  expect(warned).toEqual([expect.stringContaining(`every user of this machine may change ${path}`)]);
});
