// How `up --watch` finds out what the code is made of and that it has changed, with or without notices of the system.
import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FolderNotices, watchFolder, type WatchFolder } from "../../src/cli/watch/folder-notices.js";
import { LOOK_EVERY, SourceWatch } from "../../src/cli/watch/source-watch.js";
import { sourcesOf } from "../../src/cli/tasks/source-graph.js";
import type { Clock } from "../../src/model/value/clock.js";
import { ManualClock } from "../../src/engine/testkit/context/manual-clock.js";
import { emptyFolder, removeFolder } from "./command.js";

let folder = "";
beforeEach(async () => {
  folder = await emptyFolder();
});
afterEach(() => removeFolder(folder));

const at = (name: string): string => join(folder, name);

function write(name: string, text: string): void {
  mkdirSync(join(at(name), ".."), { recursive: true });
  writeFileSync(at(name), text);
}

async function names(): Promise<string[]> {
  const found = await sourcesOf([at("tasks.mjs")], [at("roots")]);
  return [...found].map((file) => file.slice(folder.length + 1)).toSorted();
}

describe("what the code is made of", () => {
  it.each([
    ['import { a } from "./a.mjs";', "a.mjs"],
    ["import './a.mjs'", "a.mjs"],
    ['export * from "./a.mjs";', "a.mjs"],
    ['export { a } from "./a.mjs";', "a.mjs"],
    ['const a = await import("./a.mjs");', "a.mjs"],
    ["const a = await import(`./a.mjs`);", "a.mjs"],
    ['const a = require("./a.cjs");', "a.cjs"],
    ['const a = require("./a");', "a.js"],
    ['const a = require("./lib");', "lib/index.js"],
    ['import rows from "./rows.json" with { type: "json" };', "rows.json"],
    ['import { a } from "./a.js";', "a.ts"],
    ['import { a } from "./a.mjs?v=2";', "a.mjs"],
    ['task("scan", { runner: "thread" }, module("./scan.mjs#run"))', "scan.mjs"],
    ['task("scan", { runner: "thread" }, module("./work.mjs#run"))', "roots/work.mjs"],
  ])("%s", async (code, file) => {
    write("tasks.mjs", code);
    write(file, "");
    expect(await names()).toEqual([file, "tasks.mjs"].toSorted());
  });

  it("is followed through files, in circles, and through those that do not compile", async () => {
    write("tasks.mjs", 'import "./lib/a.mjs"; const = ;');
    write("lib/a.mjs", 'import "../b.mjs";');
    write("b.mjs", 'import "./tasks.mjs"; import "./lib/a.mjs";');
    expect(await names()).toEqual(["b.mjs", "lib/a.mjs", "tasks.mjs"]);
  });

  it("has what is missing, where it is looked for", async () => {
    write("tasks.mjs", 'import "./gone.mjs";');
    expect(await names()).toEqual(["gone.mjs", "tasks.mjs"]);
  });

  it("leaves out packages, and files that code may write", async () => {
    write("node_modules/pack/package.json", '{ "name": "pack", "main": "index.js" }');
    write("node_modules/pack/index.js", "");
    write("state.json", "{}");
    write("tasks.mjs", 'import "pack"; import "node:fs"; const file = new URL("./state.json", import.meta.url);');
    expect(await names()).toEqual(["tasks.mjs"]);
  });
});

/** A system that gives notices of nothing, as of a network mount; and one that cannot. */
const silent: WatchFolder = () => () => {};
const unable: WatchFolder = () => {
  throw Object.assign(new Error("ENOSPC: System limit for number of file watchers reached"), { code: "ENOSPC" });
};

describe("that it has changed", () => {
  let clock: ManualClock;
  let changes: string[][];
  let watch: SourceWatch;

  async function follow(how: WatchFolder, seen: (clock: ManualClock) => Clock = (manual) => manual): Promise<void> {
    clock = new ManualClock();
    changes = [];
    watch = new SourceWatch({
      sources: () => sourcesOf([at("tasks.mjs")], []),
      changed: (files) => changes.push(files.map((file) => file.slice(folder.length + 1))),
      watchFolder: how,
      clock: seen(clock),
    });
    await watch.start();
  }
  beforeEach(() => {
    write("tasks.mjs", 'import "./a.mjs";');
    write("a.mjs", "1");
  });
  afterEach(() => watch.stop());

  /** Lets time pass until so many changes were found. */
  async function until(count: number): Promise<void> {
    await expect
      .poll(() => {
        clock.advance(LOOK_EVERY);
        return changes.length;
      })
      .toBe(count);
  }

  it.each([
    ["gives no notices", silent],
    ["has none to give", unable],
  ])("is found by looking when the system %s", async (_name, how) => {
    await follow(how);
    write("a.mjs", "22");
    await until(1);
    expect(changes).toEqual([["a.mjs"]]);
    utimesSync(at("tasks.mjs"), 1, 1);
    await until(2);
    expect(changes[1]).toEqual(["tasks.mjs"]);
  });

  it("is found by a notice, without the regular look", async () => {
    let notice: ((name: string | null) => void) | undefined;
    await follow(
      (_folder, noticed) => {
        notice = noticed;
        return () => {};
      },
      (manual) => ({
        now: () => manual.now(),
        monotonic: () => manual.monotonic(),
        after: (ms, callback) => (ms === LOOK_EVERY ? () => {} : manual.after(ms, callback)),
      }),
    );
    write("a.mjs", "22");
    clock.advance(LOOK_EVERY);
    expect(changes).toEqual([]);
    notice?.("a.mjs");
    await until(1);
    expect(changes).toEqual([["a.mjs"]]);
  });

  it("is said once for many writes, when the files are at rest", async () => {
    await follow(silent);
    write("a.mjs", "22");
    write("tasks.mjs", 'import "./a.mjs"; 2;');
    await until(1);
    expect(changes[0]?.toSorted()).toEqual(["a.mjs", "tasks.mjs"]);
  });

  it("covers files that go, come, are replaced by others, and that a change has brought in", async () => {
    await follow(silent);
    rmSync(at("a.mjs"));
    await until(1);
    write("a.mjs", "1");
    await until(2);
    write("new.mjs", "1");
    renameSync(at("new.mjs"), at("a.mjs"));
    await until(3);
    write("a.mjs", 'import "./b.mjs";');
    await until(4);
    write("b.mjs", "1");
    await until(5);
    expect(changes).toEqual([["a.mjs"], ["a.mjs"], ["a.mjs"], ["a.mjs"], ["b.mjs"]]);
  });
});

describe("notices of the system", () => {
  it("come for the files that are followed, and for no other file of their folder", async () => {
    write("a.mjs", "1");
    write("jobs.db", "1");
    let noticed = 0;
    const received: (string | null)[] = [];
    const notices = new FolderNotices(
      (path, notice) =>
        watchFolder(path, (name) => {
          received.push(name);
          notice(name);
        }),
      () => (noticed += 1),
    );
    notices.follow(new Set([at("a.mjs")]));
    write("jobs.db", "2");
    await expect.poll(() => received).toContain("jobs.db");
    expect(noticed).toBe(0);
    write("a.mjs", "2");
    await expect.poll(() => noticed).toBeGreaterThan(0);
    notices.close();
  });
});
