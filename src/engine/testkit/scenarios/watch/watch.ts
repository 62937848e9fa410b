/** Events of a queue: in order, numbered without gaps. */
import assert from "node:assert/strict";
import { WATCHED_AGE } from "../../../../model/job/retention.js";
import { MAIN, progressOf } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { watching, words } from "../../context/watch-helpers.js";

export const watch = scenarios("watch", [
  [
    "starts-at-the-present",
    "a watcher starts at the present",
    async (context) => {
      await watching(context);
      await context.add({ id: "old", nonce: "n" });
      const look = await watching(context);
      await context.add({ id: "new", nonce: "n" });
      const { events, gap } = await look();
      assert.deepEqual([words(events), gap], [["queued new"], false]);
    },
  ],
  [
    "every-move-is-told",
    "every move of a job is an event, in order and with its time",
    async (context) => {
      const look = await watching(context);
      const start = context.clock.now();
      await context.add({ id: "j", nonce: "n", hold: true, due: { in: 1_000 } });
      await context.control("release", "j");
      context.advance(1_000);
      const session = await context.session();
      const lease = await session.next();
      context.advance(10);
      await session.fail(lease, 500);
      await context.control("promote", "j");
      await session.complete(await session.next());
      await context.control("remove", "j");
      const { events, gap } = await look();
      assert.equal(gap, false);
      assert.deepEqual(words(events), [
        "blocked j",
        "delayed j",
        "queued j",
        "active j",
        "delayed j",
        "queued j",
        "active j",
        "completed j",
        "removed j",
      ]);
      assert.deepEqual(
        events.map((event) => event.at - start),
        [0, 0, 1_000, 1_000, 1_010, 1_010, 1_010, 1_010, 1_010],
      );
    },
  ],
  [
    "numbered-without-holes",
    "events are numbered without holes, over batches",
    async (context) => {
      const look = await watching(context);
      await context.addMany(30);
      const session = await context.session();
      for (const lease of await session.claim(20)) await session.complete(lease);
      const { events } = await look();
      assert.equal(events.length, 70);
      const first = events[0]?.seq ?? 0;
      assert.deepEqual(
        events.map((event) => event.seq - first),
        Array.from({ length: 70 }, (_value, index) => index),
      );
    },
  ],
  [
    "progress-is-told",
    "progress is an event",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      const look = await watching(context);
      await session.report(lease, { progress: progressOf(40, "on"), meta: "{}" });
      const { events } = await look();
      assert.deepEqual(words(events), [`progress ${id} 40`]);
      assert.deepEqual(events[0]?.kind === "progress" && events[0].progress, progressOf(40, "on"));
    },
  ],
  [
    "upkeep-is-told",
    "the moves that upkeep makes are events",
    async (context) => {
      const keep = { age: 0, count: null };
      await context.add({ id: "late", nonce: "n", ttl: 1_000, retention: { completed: keep, failed: keep } });
      await context.add({ id: "due", nonce: "n", due: { in: 1_000 }, priority: 1 });
      await context.add({ id: "lost", nonce: "n", priority: -1 });
      await (await context.session({ ttl: 1_000 })).next();
      const look = await watching(context);
      context.advance(1_000);
      await context.sweep();
      assert.deepEqual(words((await look()).events).toSorted(), ["expired late", "queued due", "queued lost"]);
      // While the queue is watched, an ended job stays for a moment, so that it can be read.
      context.advance(WATCHED_AGE);
      await context.sweep();
      assert.deepEqual(words((await look()).events), ["removed late"]);
    },
  ],
  [
    "pause-and-resume-are-told",
    "pausing and resuming are events",
    async (context) => {
      const look = await watching(context);
      await context.engine.pause({ queue: MAIN });
      await context.engine.resume({ queue: MAIN });
      assert.deepEqual(words((await look()).events), ["paused", "resumed"]);
    },
  ],
  [
    "refused-is-not-told",
    "a refused command is no event",
    async (context) => {
      const id = await context.add();
      const look = await watching(context);
      await context.control("promote", id);
      await context.engine.enqueue({ jobs: [context.spec({ id, nonce: "again" })] });
      assert.deepEqual((await look()).events, []);
    },
  ],
  [
    "other-queues-are-not-told",
    "a watcher gets no events of other queues",
    async (context) => {
      const look = await watching(context);
      await context.add({ queue: "other" });
      assert.deepEqual((await look()).events, []);
    },
  ],
  [
    "as-many-as-asked-for",
    "no more events are answered than asked for, and the rest after them",
    async (context) => {
      const look = await watching(context);
      const ids = await context.addMany(5);
      const read: string[] = [];
      for (const size of [2, 2, 2]) {
        const { events, gap } = await look(size);
        assert.ok(events.length <= size);
        assert.equal(gap, false);
        read.push(...words(events));
      }
      assert.deepEqual(
        read,
        ids.map((id) => `queued ${id}`),
      );
    },
  ],
  [
    "two-watchers-same-numbers",
    "two watchers see the same events under the same numbers, through any connection",
    async (context) => {
      const other = await context.open();
      const mine = await context.engine.watch({ queue: MAIN, cursor: null, max: 1 });
      const theirs = await other.watch({ queue: MAIN, cursor: null, max: 1 });
      assert.equal(theirs.cursor, mine.cursor);
      await context.addMany(3);
      const events = await context.engine.watch({ queue: MAIN, cursor: mine.cursor, max: 10 });
      assert.deepEqual(await other.watch({ queue: MAIN, cursor: mine.cursor, max: 10 }), events);
      assert.equal(events.events.length, 3);
    },
  ],
  [
    "cursor-read-again",
    "a cursor can be read from more than once",
    async (context) => {
      const { cursor } = await context.engine.watch({ queue: MAIN, cursor: null, max: 1 });
      await context.addMany(3);
      const first = await context.engine.watch({ queue: MAIN, cursor, max: 10 });
      assert.deepEqual(await context.engine.watch({ queue: MAIN, cursor, max: 10 }), first);
    },
  ],
]);
