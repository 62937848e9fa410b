/** A stored job that cannot be read back fails alone and says so. */
import assert from "node:assert/strict";
import { MAIN, type Kit } from "../../kit/kit.js";
import { scenarios } from "../../kit/scenario.js";

/** Three jobs, the second of which cannot be decoded. */
async function broken(kit: Kit): Promise<string[]> {
  const ids = await kit.addMany(3, { input: '"fine"', tags: ["t"] });
  assert.ok(kit.storage.corrupt);
  await kit.storage.corrupt({ queue: MAIN, id: ids[1] ?? "" });
  return ids;
}

export const undecodable = scenarios("undecodable", [
  [
    "leased-with-reason",
    "it is leased without a body and with the reason, its neighbours with theirs",
    async (kit) => {
      const ids = await broken(kit);
      const leases = await (await kit.session()).claim(5);
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
    async (kit) => {
      const [, id = ""] = await broken(kit);
      const session = await kit.session();
      for (const lease of await session.claim(5)) {
        if (lease.body === null) await session.fail(lease, null);
        else await session.complete(lease);
      }
      assert.deepEqual([(await kit.counts()).completed, (await kit.counts()).failed], [2, 1]);
      assert.equal((await kit.job(id)).state, "failed");
    },
    "corrupt",
  ],
  [
    "read-with-reason",
    "it is read and listed with the reason, among its neighbours",
    async (kit) => {
      const ids = await broken(kit);
      assert.deepEqual(await kit.list(), ids);
      const jobs = await Promise.all(ids.map((id) => kit.job(id)));
      assert.deepEqual(
        jobs.map((job) => job.problem === null),
        [true, false, true],
      );
      assert.equal((await kit.engine.findJobs({ ids: [ids[1] ?? ""] }))[0]?.problem === null, false);
    },
    "corrupt",
  ],
  [
    "cancelled-retried-and-removed",
    "it can be cancelled, tried again and removed",
    async (kit) => {
      const [, id = ""] = await broken(kit);
      assert.equal((await kit.control("cancel", id)).outcome, "applied");
      assert.equal((await kit.control("retry", id)).outcome, "applied");
      assert.equal((await kit.control("remove", id)).outcome, "applied");
      assert.equal(await kit.find(id), null);
    },
    "corrupt",
  ],
  [
    "swept-recovered-and-obliterated",
    "it is swept, recovered and obliterated like any other",
    async (kit) => {
      await broken(kit);
      await (await kit.session({ ttl: 1_000 })).claim(5);
      kit.advance(1_000);
      assert.equal((await kit.sweep()).recovered, 3);
      assert.equal(await kit.engine.obliterate({ queue: MAIN, force: false }), true);
    },
    "corrupt",
  ],
]);
