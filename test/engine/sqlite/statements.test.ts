// Statements keep to what the first versions of `node:sqlite` can do; later versions would run the others too.
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadDriver, type Database } from "../../../src/engine/sqlite/database/driver.js";
import { SCHEMA } from "../../../src/engine/sqlite/database/schema.js";
import { Sql } from "../../../src/engine/sqlite/database/sql.js";
import { CONFORMANCE, runScenario } from "../../../src/engine/testkit/index.js";
import { sqliteStorage } from "./sqlite-storage.js";

const FOLDER = new URL("../../../src/engine/sqlite/", import.meta.url);

const FILES = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));

it.each(FILES)("no statement of %s numbers its parameters", (file) => {
  const code = readFileSync(new URL(file, FOLDER), "utf8").replaceAll(/^ *(?:\/\/|\*).*$/gm, "");
  expect(code.match(/\?\d/g)).toBeNull();
});

it.each(FILES)(
  "no statement of %s is planned by the value of a parameter, and so compiled whenever it runs",
  (file) => {
    const code = readFileSync(new URL(file, FOLDER), "utf8").replaceAll(/^ *(?:\/\/|\*).*$/gm, "");
    expect(code.match(/LIMIT \?(?! \+ 0)/g)).toBeNull();
    expect(code.match(/\b(?:WHERE|AND|ON)\s(?:(?!\bSET\b)[^;`"])*?\bstate_code = \?(?! \+ 0)/g)).toBeNull();
  },
);

/** The groups whose scenarios between them read every kind of row; those of many jobs only take longer. */
const GROUPS = [
  "schedules",
  "read",
  "exchange",
  "fencing",
  "aside",
  "unique",
  "links",
  "watch",
  "supersede",
  "lateness",
];
const SCENARIOS = CONFORMANCE.filter(({ name }) => GROUPS.includes(name))
  .flatMap(({ scenarios }) => scenarios)
  .filter(({ id, needs }) => needs === undefined && !/\d{3}|many/.test(id));

type Described = { columns?(): readonly { readonly name: string }[] };

describe("rows that come as objects", () => {
  // oxlint-disable-next-line typescript/unbound-method -- called with the object it is of
  const { all } = Sql.prototype;
  const texts = new Set<string>();
  let database: Database;

  beforeAll(async () => {
    database = (await loadDriver())(":memory:", { timeout: 0 });
    database.exec(SCHEMA);
    Sql.prototype.all = function (text, ...values) {
      texts.add(text);
      return all.call(this, text, ...values) as never;
    };
    for (const scenario of SCENARIOS) {
      await runScenario(scenario, { capabilities: [], create: () => sqliteStorage() });
    }
  });

  afterAll(() => {
    Sql.prototype.all = all;
    database.close();
  });

  it("have no two columns of one name, of which one would be lost", () => {
    const doubled = [...texts].filter((text) => {
      // Some versions of the library do not name columns; others do, and CI has both.
      const names = (database.prepare(text) as Described).columns?.().map(({ name }) => name) ?? [];
      return new Set(names).size < names.length;
    });
    expect([doubled, texts.size > 50]).toEqual([[], true]);
  });
});
