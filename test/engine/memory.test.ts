import { describe, it } from "vitest";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import { runConformance, type TestSetup } from "../../src/engine/testkit/index.js";

const memory: TestSetup = {
  capabilities: [],
  create: () => {
    let engine: MemoryEngine | null = null;
    return {
      // The engine lives in one object: another connection is the same one.
      connect: (clock) => (engine ??= new MemoryEngine({ clock })),
      dispose: () => {},
    };
  },
};

describe("the memory engine", () => {
  runConformance({ describe, it }, memory);
});
