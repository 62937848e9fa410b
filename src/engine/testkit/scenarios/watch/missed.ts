/** A watcher learns when it missed some of the events, or may have. */
import assert from "node:assert/strict";
import { MOST_EVENTS, WATCH_INTEREST } from "../../../../model/job/event.js";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { watching, words } from "../../context/watch-helpers.js";

export const watchMissed = scenarios("watch", [
  [
    "look-within-a-minute",
    "a watcher that looks within a minute misses nothing",
    async (context) => {
      const look = await watching(context);
      for (let minute = 0; minute < 5; minute += 1) {
        context.advance(WATCH_INTEREST - 1);
        const id = await context.add();
        const { events, gap } = await look();
        assert.deepEqual([words(events), gap], [[`queued ${id}`], false]);
      }
    },
  ],
  [
    "look-after-a-minute",
    "a watcher that looks after more than a minute learns that it may have missed something",
    async (context) => {
      const look = await watching(context);
      await context.add();
      context.advance(WATCH_INTEREST);
      await context.add();
      const { gap } = await look();
      assert.equal(gap, true);
      const id = await context.add();
      const after = await look();
      assert.deepEqual([words(after.events), after.gap], [[`queued ${id}`], false]);
    },
  ],
  [
    "behind-by-too-many",
    "a watcher that falls behind by more events than are kept learns that it missed some",
    async (context) => {
      const look = await watching(context);
      const wanted = MOST_EVENTS * 2 + 2_000;
      for (let count = 0; count < wanted; count += 500) await context.addMany(500);
      let seen = 0;
      let gap = false;
      for (;;) {
        const answer = await look(5_000);
        gap ||= answer.gap;
        seen += answer.events.length;
        if (answer.events.length === 0) break;
      }
      assert.ok(gap || seen === wanted, "all events, or a gap");
      assert.ok(seen >= MOST_EVENTS, `the latest ${MOST_EVENTS} are kept`);
    },
  ],
  [
    "queue-obliterated",
    "a watcher of a queue that was obliterated learns that it may have missed something, and goes on",
    async (context) => {
      const look = await watching(context);
      await context.addMany(20);
      await look();
      await context.engine.obliterate({ queue: MAIN, force: false });
      assert.equal((await look()).gap, true);
      const id = await context.add();
      const { events, gap } = await look();
      assert.deepEqual([words(events), gap], [[`queued ${id}`], false]);
    },
  ],
]);
