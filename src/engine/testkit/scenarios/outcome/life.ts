/** Opening and closing engines, and what they say about themselves. */
import assert from "node:assert/strict";
import { MAIN } from "../../kit/kit.js";
import { scenarios } from "../../kit/scenario.js";

export const life = scenarios("life", [
  [
    "says-what-it-is",
    "an engine says what it is",
    async (kit) => {
      const { kind, url, shared, persistence } = kit.engine.info;
      assert.ok(["memory", "sqlite", "redis"].includes(kind));
      assert.equal(typeof shared, "boolean");
      assert.ok(url.length > 0 && persistence.length > 0);
    },
  ],
  [
    "lives-in-given-time",
    "an engine lives in the time it is given",
    async (kit) => {
      assert.equal(await kit.engine.now(), kit.clock.now());
      kit.advance(12_345);
      assert.equal(await kit.engine.now(), kit.clock.now());
    },
  ],
  [
    "two-connections-see-same-jobs",
    "two connections see the same jobs",
    async (kit) => {
      const other = await kit.open();
      const id = await kit.add();
      const [job] = await other.getJobs({ refs: [{ queue: MAIN, id }] });
      assert.deepEqual(job, await kit.job(id));
    },
  ],
  [
    "closed-twice",
    "an engine can be closed twice",
    async (kit) => {
      const engine = await kit.open();
      await engine.close();
      await engine.close();
    },
  ],
  [
    "closed-engine-refuses",
    "a closed engine refuses commands",
    async (kit) => {
      const engine = await kit.open();
      await engine.close();
      for (const command of [
        async () => engine.enqueue({ jobs: [kit.spec()] }),
        async () => engine.queues(),
        async () => engine.sweep({ queues: [MAIN], limit: 1 }),
      ]) {
        await assert.rejects(command, (error: unknown) => error instanceof Error && error.name === "EngineClosed");
      }
    },
  ],
]);
