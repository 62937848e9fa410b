/** Opening and closing engines, and how they describe themselves. */
import assert from "node:assert/strict";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

export const life = scenarios("life", [
  [
    "says-what-it-is",
    "an engine says what it is",
    async (context) => {
      const { kind, url, shared, persistence } = context.engine.info;
      assert.ok(["memory", "sqlite", "redis"].includes(kind));
      assert.equal(typeof shared, "boolean");
      assert.ok(url.length > 0 && persistence.length > 0);
    },
  ],
  [
    "lives-in-given-time",
    "an engine lives in the time it is given",
    async (context) => {
      assert.equal(await context.engine.now(), context.clock.now());
      context.advance(12_345);
      assert.equal(await context.engine.now(), context.clock.now());
    },
  ],
  [
    "two-connections-see-same-jobs",
    "two connections see the same jobs",
    async (context) => {
      const other = await context.open();
      const id = await context.add();
      const [job] = await other.getJobs({ refs: [{ queue: MAIN, id }] });
      assert.deepEqual(job, await context.job(id));
    },
  ],
  [
    "closed-twice",
    "an engine can be closed twice",
    async (context) => {
      const engine = await context.open();
      await engine.close();
      await engine.close();
    },
  ],
  [
    "closed-engine-refuses",
    "a closed engine refuses commands",
    async (context) => {
      const engine = await context.open();
      await engine.close();
      for (const command of [
        async () => engine.enqueue({ jobs: [context.spec()] }),
        async () => engine.queues(),
        async () => engine.sweep({ queues: [MAIN], limit: 1 }),
      ]) {
        await assert.rejects(command, (error: unknown) => error instanceof Error && error.name === "EngineClosed");
      }
    },
  ],
]);
