// Files that steps hand on.

import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { ScanFileLost, ScanFolder } from "../../../examples/site-scan/scan-folder.js";

let path: string;
beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), "scan-folder-"));
});
afterAll(() => rm(path, { recursive: true }));

test("what was written is read, also by another process, and leaves no draft behind", async () => {
  const file = await new ScanFolder(join(path, "new", "scan")).write("page-1.html", "<p>Grüße");
  expect(await new ScanFolder(join(path, "new", "scan")).read(file)).toBe("<p>Grüße");
  expect(await readdir(join(path, "new", "scan"))).toEqual(["page-1.html"]);
});

test("a file that is gone or was changed is not taken for what was written", async () => {
  const folder = new ScanFolder(path);
  const file = await folder.write("page-1.html", "as it was");
  await writeFile(join(path, "page-1.html"), "as it is now");
  await expect(folder.read(file)).rejects.toThrow(ScanFileLost);
  await expect(folder.read({ ...file, name: "page-2.html" })).rejects.toThrow("page-2.html is not in");
});
