// The file that keeps room on the disk for jobs that end: when it is made, given up and made anew, and what others see of it.
// (What it does on a disk that is really full is in test/process/sqlite-full-disk.test.ts.)
import { lstatSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Reserve } from "../../../src/engine/sqlite/database/file/reserve.js";
import { ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { sqliteStorage } from "./sqlite-storage.js";

const MEGABYTE = 1024 * 1024;
const SIZE = 12 * MEGABYTE;

let path: string;
/** What the disk has room for, but for the reserve. */
let room: number;

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-reserve-`));
  path = join(folder, "jobs.db-reserve");
  room = 100 * MEGABYTE;
});

afterEach(() => rmSync(dirname(path), { recursive: true }));

function size(): number | null {
  return lstatSync(path, { throwIfNoEntry: false })?.size ?? null;
}

/** As another process sees it, which has not looked before. */
function another(): Reserve {
  return new Reserve(path, () => room - (size() ?? 0));
}

describe("the reserve", () => {
  it("is made where there is enough room, for its owner only, and is really allocated", async () => {
    await another().restore();

    const { mode, blocks, size: bytes } = statSync(path);
    expect([bytes, mode & 0o777]).toEqual([SIZE, 0o600]);
    expect(blocks * 512).toBeGreaterThanOrEqual(SIZE);
    expect(another().refusesJobs).toBe(false);
  });

  it("is not made on a small disk, or where it is not known how large it is, and refuses nothing there", async () => {
    room = 2 * SIZE - 1;
    await another().restore();
    await new Reserve(path, () => null).restore();

    expect(size()).toBe(null);
    room = 0;
    another().giveUp();
    expect([another().refusesJobs, size()]).toEqual([false, null]);
  });

  it("is not made in a folder that is gone", async () => {
    const elsewhere = new Reserve(join(dirname(path), "gone", "jobs.db-reserve"), () => room);

    await elsewhere.restore();
    elsewhere.giveUp();

    expect(elsewhere.refusesJobs).toBe(false);
  });

  it("gives its room up; until there is enough again, every process refuses new jobs", async () => {
    await another().restore();
    room = SIZE;
    expect(another().refusesJobs).toBe(false);

    another().giveUp();
    expect([size(), another().refusesJobs]).toEqual([0, true]);
    room = 2 * SIZE - 1;
    await another().restore();
    expect([size(), another().refusesJobs]).toEqual([0, true]);

    room = 2 * SIZE;
    expect(another().refusesJobs).toBe(false);
    await another().restore();
    expect([size(), another().refusesJobs]).toEqual([SIZE, false]);
  });

  it("that a process left half made is filled, and refuses nothing while there is room", async () => {
    writeFileSync(path, "x".repeat(MEGABYTE / 2));
    room = 2 * SIZE;

    expect(another().refusesJobs).toBe(false);
    await Promise.all([another().restore(), another().restore()]);
    expect(size()).toBeGreaterThanOrEqual(SIZE);
    expect(size()).toBeLessThanOrEqual(SIZE + MEGABYTE);
  });

  it("takes nothing while it is filled when the room for it is gone", async () => {
    let looks = 0;
    // Another application fills the disk after the first megabytes.
    const reserve = new Reserve(path, () => ((looks += 1) <= 3 ? 2 * SIZE : 0));

    await reserve.restore();

    expect(size()).toBe(2 * MEGABYTE);
    another().giveUp();
    expect(size()).toBe(0);
  });

  it("is no file that a link at its place leads to", async () => {
    const precious = join(dirname(path), "precious");
    writeFileSync(precious, "precious");
    symlinkSync(precious, path);

    await another().restore();
    another().giveUp();

    expect(readFileSync(precious, "utf8")).toBe("precious");
    expect(another().refusesJobs).toBe(false);
  });
});

it("is made by sweeps beside the file, and stays when that is closed", async () => {
  const storage = sqliteStorage();
  const context = await ScenarioContext.create({ ...storage, dispose: () => undefined });
  await context.add();
  expect(statSync(`${storage.path}-reserve`, { throwIfNoEntry: false })).toBeUndefined();

  await context.sweep();
  await context.dispose();

  expect(statSync(`${storage.path}-reserve`).size).toBe(SIZE);
  await storage.dispose();
});
