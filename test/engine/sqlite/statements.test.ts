// Statements keep to what the first versions of `node:sqlite` can do; later versions would run the others too.
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const FOLDER = new URL("../../../src/engine/sqlite/", import.meta.url);

const FILES = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));

it.each(FILES)("no statement of %s numbers its parameters", (file) => {
  const code = readFileSync(new URL(file, FOLDER), "utf8").replaceAll(/^ *(?:\/\/|\*).*$/gm, "");
  expect(code.match(/\?\d/g)).toBeNull();
});
