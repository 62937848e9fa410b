// What a database file says of itself, and the write by which it is tried out.
import { mkdtempSync, renameSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { SqliteEngine } from "../../../src/engine/sqlite/engine.js";

async function open(durability: "normal" | "full" = "normal"): Promise<{ engine: SqliteEngine; path: string }> {
  const folder = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-store-`));
  const path = join(folder, "jobs.db");
  const engine = new SqliteEngine({ engine: "sqlite", path, durability, allowNetwork: false });
  await engine.open();
  onTestFinished(() => {
    engine.close();
    rmSync(folder, { recursive: true });
  });
  return { engine, path };
}

it.each([
  ["normal", false],
  ["full", true],
] as const)("says how it is written: %s", async (durability, synced) => {
  const { engine, path } = await open(durability);
  const [node] = await engine.store();
  expect(node).toMatchObject({
    name: path,
    software: "sqlite",
    version: expect.stringMatching(/^3\.\d+/) as string,
    writable: true,
    refusal: null,
    persistence: { text: `sqlite wal, synchronous ${durability}`, kind: "log", synced },
    evictionPolicy: null,
    memoryUsed: null,
    auth: null,
    clockAhead: 0,
  });
  expect(node?.fileSize).toBeGreaterThan(4_096);
  const { blocks, bsize } = statfsSync(tmpdir());
  expect(node?.diskFree).toBeGreaterThan(0);
  expect(node?.diskFree).toBeLessThanOrEqual(blocks * bsize);
});

it("says that its file is gone", async () => {
  const { engine, path } = await open();
  await engine.probe();
  renameSync(path, `${path}.moved`);
  // A comparison is good for some milliseconds.
  await expect.poll(() => Promise.resolve(engine.probe()).then(() => "written", String)).toMatch(/deleted/);
});
