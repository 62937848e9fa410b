/** The states of failure groups, by hand and by what fails. */
import assert from "node:assert/strict";
import { failOne, give, groupOf } from "../../context/failure-helpers.js";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

export const failureGroupStates = scenarios("failure-groups", [
  [
    "given-by-hand",
    "a group is given a state, and tells since when and by whom; the same state again changes nothing",
    async (context) => {
      const session = await context.session();
      await failOne(context, session);
      const since = context.clock.now();
      assert.deepEqual((await give(context, "acknowledged"))?.state, "acknowledged");
      context.advance(5);
      const again = await give(context, "acknowledged", "bob");
      assert.deepEqual([again?.state, again?.changedAt, again?.changedBy], ["acknowledged", since, "ada"]);
      const resolved = await give(context, "resolved", null);
      assert.deepEqual([resolved?.state, resolved?.changedAt, resolved?.changedBy], ["resolved", since + 5, null]);
      const opened = await give(context, "open", 'käthe "the" 2nd\n');
      assert.deepEqual([opened?.state, opened?.changedBy, opened?.runs], ["open", 'käthe "the" 2nd\n', 1]);
      assert.deepEqual(await groupOf(context), opened);
    },
  ],
  [
    "none-to-change",
    "a group that is not there cannot be changed",
    async (context) => {
      assert.equal(await give(context, "resolved"), null);
      const session = await context.session();
      await failOne(context, session);
      const params = { queue: MAIN, fingerprint: "none", state: "resolved", by: null } as const;
      assert.equal(await context.engine.changeFailureGroup(params), null);
    },
  ],
  [
    "acknowledged-stays",
    "new failures leave an acknowledged group as it is",
    async (context) => {
      const session = await context.session();
      await failOne(context, session);
      await give(context, "acknowledged");
      context.advance(1_000);
      await failOne(context, session);
      const { state, changedBy, runs } = await groupOf(context);
      assert.deepEqual([state, changedBy, runs], ["acknowledged", "ada", 2]);
    },
  ],
  [
    "later-run-regresses",
    "a resolved group regresses with the failure of a run that was leased later, once",
    async (context) => {
      const session = await context.session();
      await failOne(context, session);
      await give(context, "resolved");
      context.advance(1_000);
      const at = context.clock.now();
      await failOne(context, session);
      const { state, changedAt, changedBy } = await groupOf(context);
      assert.deepEqual([state, changedAt, changedBy], ["regressed", at, null]);
      context.advance(1_000);
      await failOne(context, session);
      assert.deepEqual((await groupOf(context)).changedAt, at);
      assert.equal((await give(context, "resolved"))?.state, "resolved");
    },
  ],
  [
    "earlier-run-does-not",
    "a run that was leased before the resolution leaves a group resolved, also when it fails later",
    async (context) => {
      const session = await context.session();
      await failOne(context, session);
      await context.addMany(2);
      const [a, b] = await session.claim(2);
      assert.ok(a && b);
      context.advance(1_000);
      await give(context, "resolved");
      context.advance(1_000);
      await session.fail(a, null);
      assert.equal((await groupOf(context)).state, "resolved");
      await session.fail(b, 0);
      const { state, runs } = await groupOf(context);
      assert.deepEqual([state, runs], ["resolved", 3]);
      context.advance(1);
      await session.fail(await session.next(), 0);
      assert.equal((await groupOf(context)).state, "regressed");
    },
  ],
  [
    "opened-again",
    "a resolved group that is opened again by hand stays open",
    async (context) => {
      const session = await context.session();
      await failOne(context, session);
      await give(context, "resolved");
      await give(context, "open");
      context.advance(1_000);
      await failOne(context, session);
      assert.equal((await groupOf(context)).state, "open");
    },
  ],
  [
    "regression-is-an-event",
    "watchers of a queue receive an event when a group regresses, before that of the job",
    async (context) => {
      const session = await context.session();
      await failOne(context, session);
      await give(context, "resolved");
      const { cursor } = await context.engine.watch({ queue: MAIN, cursor: null, max: 100 });
      context.advance(1_000);
      const { fingerprint } = await groupOf(context);
      await failOne(context, session);
      await failOne(context, session);
      const { events } = await context.engine.watch({ queue: MAIN, cursor, max: 100 });
      const seen = events.map((event) => {
        return event.kind === "state" ? event.state : event.kind === "regressed" ? event.fingerprint : event.kind;
      });
      assert.deepEqual(seen, ["queued", "active", fingerprint, "failed", "queued", "active", "failed"]);
    },
  ],
]);
