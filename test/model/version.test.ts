// The version that workers say they run.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { LONGSHORE_VERSION } from "../../src/model/version.js";

it("is that of the package", () => {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as unknown;
  expect(manifest).toMatchObject({ version: LONGSHORE_VERSION });
});
