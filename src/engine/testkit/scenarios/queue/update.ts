/** The command `update`: which jobs take another input, time or priority, and what that does to their place. */
import assert from "node:assert/strict";
import { refusedElsewhere } from "../../context/reach.js";
import { MAIN, progressOf } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

export const update = scenarios("control", [
  [
    "update-input-of-waiting",
    "a waiting job can be given another input, and runs with it",
    async (context) => {
      const id = await context.add({ input: '"old"', task: "scan" });
      assert.deepEqual(await context.update(id, { input: '"new"' }), { outcome: "applied", state: "queued" });
      const lease = await (await context.session()).next();
      assert.deepEqual([lease.body?.input, lease.body?.task], ['"new"', "scan"]);
      assert.equal((await context.job(id)).input, '"new"');
    },
  ],
  [
    "update-puts-queued-off",
    "a queued job can be put off",
    async (context) => {
      const id = await context.add();
      assert.deepEqual(await context.update(id, { due: { in: 5_000 } }), { outcome: "applied", state: "delayed" });
      assert.equal((await context.job(id)).runAt, context.clock.now() + 5_000);
      assert.deepEqual(await (await context.session()).claimIds(1), []);
    },
  ],
  [
    "update-time-of-delayed",
    "a delayed job can be given another time, earlier or later",
    async (context) => {
      const id = await context.add({ due: { in: 50_000 } });
      await context.update(id, { due: { at: context.clock.now() + 90_000 } });
      assert.equal((await context.job(id)).runAt, context.clock.now() + 90_000);
      await context.update(id, { due: { in: 1_000 } });
      context.advance(1_000);
      assert.deepEqual(await (await context.session()).claimIds(1), [id]);
    },
  ],
  [
    "update-time-to-now",
    "a delayed job whose new time is now is queued",
    async (context) => {
      const id = await context.add({ due: { in: 50_000 } });
      assert.deepEqual(await context.update(id, { due: { in: 0 } }), { outcome: "applied", state: "queued" });
    },
  ],
  [
    "update-time-of-held",
    "a held job that is given another time stays blocked until it is released",
    async (context) => {
      const id = await context.add({ hold: true });
      assert.deepEqual(await context.update(id, { due: { in: 5_000 } }), { outcome: "applied", state: "blocked" });
      assert.deepEqual(await context.control("release", id), { outcome: "applied", state: "delayed" });
    },
  ],
  [
    "update-priority-of-delayed",
    "a delayed job that is given another priority runs by it when its time comes",
    async (context) => {
      const id = await context.add({ due: { in: 1_000 } });
      const usual = await context.add();
      await context.update(id, { priority: -1 });
      assert.equal((await context.job(id)).priority, -1);
      context.advance(1_000);
      assert.deepEqual(await (await context.session()).claimIds(2), [id, usual]);
    },
  ],
  [
    "update-several-things",
    "one update changes several things at once",
    async (context) => {
      const id = await context.add({ tags: ["old"] });
      await context.update(id, { input: "1", priority: 4, due: { in: 100 }, tags: ["new", "newer"] });
      const job = await context.job(id);
      assert.deepEqual(
        [job.input, job.priority, job.state, job.runAt, job.tags],
        ["1", 4, "delayed", context.clock.now() + 100, ["new", "newer"]],
      );
    },
  ],
  [
    "new-input-takes-nothing-over",
    "a job whose input was changed takes nothing over from the runs before",
    async (context) => {
      const id = await context.add({ input: '"old"' });
      const session = await context.session();
      const lease = await session.next();
      const checkpoint = {
        seq: 1,
        kind: "step",
        name: "fetch",
        key: null,
        value: "1",
        at: 1,
        took: 1,
        counters: null,
      } as const;
      await session.report(lease, { checkpoints: [checkpoint], progress: progressOf(50, null) });
      await session.fail(lease, 1_000);
      await context.update(id, { priority: 3 });
      assert.equal((await context.engine.checkpoints({ queue: MAIN, id })).length, 1, "its input is the same");
      await context.update(id, { input: '"new"' });
      assert.deepEqual(
        [await context.engine.checkpoints({ queue: MAIN, id }), (await context.job(id)).progress],
        [[], null],
      );
      await context.control("promote", id);
      assert.equal((await session.next()).checkpoints, false);
    },
  ],
  [
    "empty-update",
    "an empty update changes nothing",
    async (context) => {
      const ids = await context.addMany(2, { input: "1", tags: ["t"] });
      const before = await context.job(ids[0] ?? "");
      assert.equal((await context.update(ids[0] ?? "", {})).outcome, "applied");
      assert.deepEqual(await context.job(ids[0] ?? ""), before);
      assert.deepEqual(await context.list(), ids);
    },
  ],
  [
    "update-only-waiting",
    "only waiting jobs can be changed",
    (context) => refusedElsewhere(context, "update", ["blocked", "delayed", "queued"]),
  ],
]);
