// A real full disk, three processes: jobs end, are cancelled and removed all the same; new ones are refused until there is room.
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import type { FullDiskTold } from "../programs/sqlite-full-disk.js";
import { CAN_MOUNT, runOnSmallDisk } from "../support/small-disk.js";

const program = fileURLToPath(new URL("../../build/test/programs/sqlite-full-disk.js", import.meta.url));
const MEGABYTE = 1024 * 1024;

describe.skipIf(!CAN_MOUNT)("while the disk of a SQLite file is full", () => {
  let told: FullDiskTold;

  beforeAll(async () => {
    told = JSON.parse(await runOnSmallDisk("48m", program)) as FullDiskTold;
  }, 240_000);

  it("all jobs that run end, and others are cancelled and removed", () => {
    const { completed, cancelled, removed, removedCompleted } = told;
    expect([completed, cancelled, removed, removedCompleted]).toEqual([100, 10, 10, 10]);
  });

  it("a process that connects then can cancel jobs, too", () => {
    expect(told.cancelledByNew).toBe(10);
  });

  it("new jobs are refused by every process, and none that was accepted is lost", () => {
    for (const answer of told.refused) expect(answer).toMatch(/^ENGINE_UNAVAILABLE: .* the disk is full/);
    expect(told.accepted).toBeGreaterThan(50);
    expect(told.kept).toBe(told.accepted);
  });

  it("the reserve is used; when there is room again it is back, and new jobs are accepted", () => {
    expect(told.reserve).toEqual([12 * MEGABYTE, 0, 12 * MEGABYTE]);
    expect(told.after).toBe("accepted");
  });

  it("a process says that it is not ready", () => {
    expect(told.ready).toEqual([true, false, true]);
  });
});
