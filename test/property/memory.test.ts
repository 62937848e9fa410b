import { describe, expect, test } from "vitest";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import { check, TIME_LIMIT } from "./check.js";
import { compare } from "./compare.js";
import { Simulation } from "./simulation.js";

describe("the memory engine", () => {
  test(
    "answers the same to the same commands",
    () => {
      const checked = check(async (steps) => {
        const simulation = new Simulation();
        await compare(simulation, [new MemoryEngine(simulation)], steps);
      });
      return expect(checked).resolves.toBeUndefined();
    },
    TIME_LIMIT,
  );
});
