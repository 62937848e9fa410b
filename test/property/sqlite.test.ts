import { describe, expect, test } from "vitest";
import { sqliteStorage } from "../engine/sqlite/sqlite-storage.js";
import { check, TIME_LIMIT } from "./check.js";
import { compare } from "./compare.js";
import { Simulation } from "./simulation.js";

describe("the SQLite engine", () => {
  test(
    "answers to any commands, over two connections, what the memory engine answers",
    () => {
      const checked = check(async (steps) => {
        const simulation = new Simulation();
        const storage = sqliteStorage();
        const connections = [await storage.connect(simulation.clock), await storage.connect(simulation.clock)];
        try {
          await compare(simulation, connections, steps);
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
