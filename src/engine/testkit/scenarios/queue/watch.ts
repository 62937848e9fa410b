/** Events of a queue: in order, numbered without gaps, and a watcher learns when it missed some. */
import assert from "node:assert/strict";
import { MOST_EVENTS, WATCH_INTEREST, type QueueEvent } from "../../../../model/job/event.js";
import { WATCHED_AGE } from "../../../../model/job/retention.js";
import { MAIN, progressOf, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

/** Starts watching and answers a function that reads what happened since. */
async function watching(
  context: ScenarioContext,
  queue = MAIN,
): Promise<(max?: number) => Promise<{ events: readonly QueueEvent[]; gap: boolean }>> {
  let { cursor } = await context.engine.watch({ queue, cursor: null, max: 1 });
  return async (max = 1_000) => {
    const answer = await context.engine.watch({ queue, cursor, max });
    ({ cursor } = answer);
    return answer;
  };
}

/** Events as texts: `"queued a"`, `"removed a"`, `"paused"`. */
function words(events: readonly QueueEvent[]): string[] {
  return events.map((event) => {
    switch (event.kind) {
      case "state":
        return `${event.state} ${event.id}`;
      case "progress":
        return `progress ${event.id} ${event.progress.percent}`;
      case "removed":
        return `removed ${event.id}`;
      default:
        return event.kind;
    }
  });
}

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
  [
    "missing-queue-is-not-made",
    "a queue comes into being with its first job, not by being watched or asked for",
    async (context) => {
      const { engine } = context;
      const [queue, ref, signal] = [MAIN, { queue: MAIN, id: "no" }, AbortSignal.abort()];
      const { cursor } = await engine.watch({ queue, cursor: null, max: 1 });
      await engine.watch({ queue, cursor, max: 1 });
      await engine.awaitEvents({ queue, cursor, timeout: 1_000, signal });
      await engine.awaitWork({ queues: [queue], tasks: ["work"], ends: ["work"], timeout: 1_000, signal });
      await engine.listJobs({ filter: { queue }, cursor: null, limit: 10 });
      await engine.getJobs({ refs: [ref] });
      await engine.findJobs({ ids: ["no"] });
      await engine.position(ref);
      await engine.logs(ref);
      await engine.checkpoints(ref);
      await engine.dependencies(ref);
      await engine.dependents(ref);
      await engine.tagTotals({ tag: "a:1", queue });
      await engine.queues({ names: [queue] });
      await engine.aside({ queues: [queue] });
      await engine.schedules({ queues: [queue] });
      await engine.workers();
      await engine.held({ session: "no", queue, cursor: null });
      await engine.heartbeat({ session: "no", queues: [queue], ttl: 1_000 });
      await engine.report({ session: "no", updates: [{ ...ref, epoch: 1 }] });
      await engine.claimEnded({ queues: [queue], tasks: ["work"], limit: 10 });
      await engine.sweep({ queues: [queue], limit: 10 });
      for (const command of ["cancel", "retry", "promote", "release", "remove"] as const)
        await context.control(command, "no");
      assert.deepEqual(await engine.queues(), []);
      await engine.obliterate({ queue, force: false });
      assert.deepEqual(await engine.queues(), []);
    },
  ],
  [
    "missing-queue-comes",
    "a watcher of a queue that does not exist yet is woken by its first job, and misses nothing",
    async (context) => {
      const look = await watching(context);
      assert.deepEqual(await look(), { events: [], cursor: 0, gap: false });
      const { signal } = new AbortController();
      const woken = context.engine.awaitEvents({ queue: MAIN, cursor: 0, timeout: 60_000, signal });
      const ids = await context.addMany(2);
      await woken;
      const { events, gap } = await look();
      assert.deepEqual([words(events), gap], [ids.map((id) => `queued ${id}`), false]);
    },
  ],
  [
    "missing-queue-obliterated",
    "a watcher learns that it may have missed something when a queue is obliterated, also one that does not exist",
    async (context) => {
      const look = await watching(context);
      assert.equal(await context.engine.obliterate({ queue: MAIN, force: false }), true);
      await context.add();
      assert.equal((await look()).gap, true);
      const id = await context.add();
      const { events, gap } = await look();
      assert.deepEqual([words(events), gap], [[`queued ${id}`], false]);
    },
  ],
  [
    "missing-queue-after-a-minute",
    "a watcher of a queue that does not exist yet, too, learns that it may have missed something after a minute",
    async (context) => {
      const look = await watching(context);
      context.advance(WATCH_INTEREST - 1);
      assert.equal((await look()).gap, false);
      context.advance(WATCH_INTEREST);
      await context.add();
      assert.equal((await look()).gap, true);
      const id = await context.add();
      const { events, gap } = await look();
      assert.deepEqual([words(events), gap], [[`queued ${id}`], false]);
    },
  ],
]);
