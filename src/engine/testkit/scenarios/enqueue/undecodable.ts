/** A stored job that cannot be read back fails alone and says so. */
import assert from "node:assert/strict";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

/** Three jobs, the second of which cannot be decoded. */
async function broken(context: ScenarioContext): Promise<string[]> {
  const ids = await context.addMany(3, { input: '"fine"', tags: ["t"] });
  assert.ok(context.storage.corrupt);
  await context.storage.corrupt({ queue: MAIN, id: ids[1] ?? "" });
  return ids;
}

export const undecodable = scenarios("undecodable", [
  [
    "leased-with-reason",
    "a job that cannot be decoded is leased without a body and with the reason, its neighbours with their bodies",
    async (context) => {
      const ids = await broken(context);
      const leases = await (await context.session()).claim(5);
      assert.deepEqual(
        leases.map((lease) => [lease.id, lease.body?.input ?? null, lease.problem === null]),
        [
          [ids[0], '"fine"', true],
          [ids[1], null, false],
          [ids[2], '"fine"', true],
        ],
      );
    },
    "corrupt",
  ],
  [
    "failed-by-its-worker",
    "its worker can fail it for good, and it is kept like any failed job",
    async (context) => {
      const [, id = ""] = await broken(context);
      const session = await context.session();
      for (const lease of await session.claim(5)) {
        if (lease.body === null) await session.fail(lease, null);
        else await session.complete(lease);
      }
      assert.deepEqual([(await context.counts()).completed, (await context.counts()).failed], [2, 1]);
      assert.equal((await context.job(id)).state, "failed");
    },
    "corrupt",
  ],
  [
    "read-with-reason",
    "a job that cannot be decoded is read and listed with the reason, among its neighbours",
    async (context) => {
      const ids = await broken(context);
      assert.deepEqual(await context.list(), ids);
      const jobs = await Promise.all(ids.map((id) => context.job(id)));
      assert.deepEqual(
        jobs.map((job) => job.problem === null),
        [true, false, true],
      );
      assert.equal((await context.engine.findJobs({ ids: [ids[1] ?? ""] }))[0]?.problem === null, false);
    },
    "corrupt",
  ],
  [
    "cancelled-retried-and-removed",
    "a job that cannot be decoded can be cancelled, tried again and removed",
    async (context) => {
      const [, id = ""] = await broken(context);
      assert.equal((await context.control("cancel", id)).outcome, "applied");
      assert.equal((await context.control("retry", id)).outcome, "applied");
      assert.equal((await context.control("remove", id)).outcome, "applied");
      assert.equal(await context.find(id), null);
    },
    "corrupt",
  ],
  [
    "swept-recovered-and-obliterated",
    "a job that cannot be decoded is swept, recovered and obliterated like any other",
    async (context) => {
      await broken(context);
      await (await context.session({ ttl: 1_000 })).claim(5);
      context.advance(1_000);
      assert.equal((await context.sweep()).recovered, 3);
      assert.equal(await context.engine.obliterate({ queue: MAIN, force: false }), true);
    },
    "corrupt",
  ],
]);
