import { describe, it } from "vitest";
import { runConformance } from "../../../src/engine/testkit/index.js";
import { sqliteStorage } from "./sqlite-storage.js";

describe("the SQLite engine", () => {
  runConformance({ describe, it }, { capabilities: ["leftovers", "corrupt"], create: () => sqliteStorage() });
});
