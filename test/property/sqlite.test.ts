import { describe, expect, test } from "vitest";
import { sqliteStorage } from "../engine/sqlite-storage.js";
import { check, TIME_LIMIT } from "./check.js";
import { compare } from "./compare.js";
import { World } from "./world.js";

describe("the SQLite engine", () => {
  test(
    "answers to any commands, over two connections, what the memory engine answers",
    () => {
      const checked = check(async (steps) => {
        const world = new World();
        const storage = sqliteStorage();
        const connections = [await storage.connect(world.clock), await storage.connect(world.clock)];
        try {
          await compare(world, connections, steps);
        } finally {
          for (const connection of connections) await connection.close();
          await storage.dispose();
        }
      });
      return expect(checked).resolves.toBeUndefined();
    },
    TIME_LIMIT,
  );
});
