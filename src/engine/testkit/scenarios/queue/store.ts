/** What the store says of itself, and the write by which it is tried out. */
import assert from "node:assert/strict";
import { scenarios } from "../../context/scenario.js";

export const store = scenarios("store", [
  [
    "says-what-it-is",
    "each node says what it is and that it can be written to",
    async (context) => {
      const nodes = await context.engine.store();
      assert.ok(nodes.length > 0);
      for (const { name, software, writable, refusal, persistence, clockAccuracy } of nodes) {
        assert.notEqual(name, "");
        assert.notEqual(software, "");
        assert.deepEqual([writable, refusal], [true, null]);
        assert.notEqual(persistence.text, "");
        assert.ok(clockAccuracy !== null && clockAccuracy >= 0);
      }
      assert.equal(new Set(nodes.map(({ name }) => name)).size, nodes.length);
    },
  ],
  [
    "probe-changes-nothing",
    "a probe answers, and leaves everything as it is, however often it is sent",
    async (context) => {
      const id = await context.add();
      const before = [await context.engine.queues(), await context.job(id)];
      for (let time = 0; time < 3; time += 1) await context.engine.probe();
      await context.engine.store();
      assert.deepEqual([await context.engine.queues(), await context.job(id)], before);
    },
  ],
  [
    "closed-engine",
    "an engine that was closed neither says anything nor is tried out",
    async (context) => {
      const engine = await context.open();
      await engine.close();
      for (const command of ["store", "probe"] as const) {
        await assert.rejects(async () => engine[command](), { code: "ENGINE_CLOSED" });
      }
    },
  ],
]);
