import { describe, test } from "vitest";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import { check, TIME_LIMIT } from "./check.js";
import { compare } from "./compare.js";
import { World } from "./world.js";

describe("the memory engine", () => {
  test(
    "answers the same to the same commands",
    () =>
      check(async (steps) => {
        const world = new World();
        const [reference, engine] = [new MemoryEngine(world), new MemoryEngine(world)];
        await compare(world, { reference, connections: [engine] }, steps);
      }),
    TIME_LIMIT,
  );
});
