/** Copies of an exchange that arrive late, behind a later call of the same lane: they lease nothing and undo nothing. */
import assert from "node:assert/strict";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { settlement } from "../../context/test-session.js";

export const lateCopies = scenarios("lateness", [
  [
    "overtaken-copy-leases-nothing",
    "a copy of an exchange that was overtaken leases nothing, but settles the runs that are not settled yet",
    async (context) => {
      await context.addMany(3);
      const session = await context.session();
      const [lease] = await session.claim(1);
      assert.ok(lease);
      await session.claim(1);
      const late = await context.engine.exchange({
        session: session.id,
        lane: 0,
        call: 1,
        settle: [settlement(lease, { kind: "complete", result: null })],
        claim: { queues: [MAIN], max: 5, suspect: true },
      });
      assert.deepEqual([late.alive, late.settled, late.leases], [true, ["applied"], []]);
      const counts = await context.counts();
      assert.deepEqual([counts.queued, counts.active, counts.completed], [1, 1, 1]);
    },
  ],
  [
    "overtaken-does-not-erase-last",
    "a call that was overtaken does not make the last exchange forget its leases",
    async (context) => {
      await context.addMany(3);
      const session = await context.session();
      await session.claim(1);
      const last = await session.exchange([], { max: 1 });
      const params = {
        session: session.id,
        lane: 0,
        call: 1,
        settle: [],
        claim: { queues: [MAIN], max: 5, suspect: true },
      };
      await context.engine.exchange(params);
      assert.deepEqual((await session.resend()).leases, last.leases);
    },
  ],
  [
    "lanes-count-apart",
    "the lanes of a session count their calls apart",
    async (context) => {
      await context.addMany(4);
      const session = await context.session();
      for (let call = 0; call < 3; call += 1)
        assert.equal((await session.exchange([], { max: 1 }, 0)).leases.length, 1);
      assert.equal((await session.exchange([], { max: 1 }, 1)).leases.length, 1);
    },
  ],
]);
