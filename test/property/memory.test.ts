import { describe, expect, test } from "vitest";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import { check, TIME_LIMIT } from "./check.js";
import { compare } from "./compare.js";
import { World } from "./world.js";

describe("the memory engine", () => {
  test(
    "answers the same to the same commands",
    () => {
      const checked = check(async (steps) => {
        const world = new World();
        await compare(world, [new MemoryEngine(world)], steps);
      });
      return expect(checked).resolves.toBeUndefined();
    },
    TIME_LIMIT,
  );
});
