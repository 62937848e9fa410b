/** Waiting for events of many queues at once, and how much one answer has. */
import assert from "node:assert/strict";
import { MOST_EVENT_TEXT, WATCH_INTEREST, type QueueEvent } from "../../../../model/job/event.js";
import type { QueueCursor } from "../../../contract/engine.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { checkpoint } from "../../context/step-helpers.js";
import { watching, words } from "../../context/watch-helpers.js";

const HOUR = 3_600_000;

const names = (count: number): string[] => Array.from({ length: count }, (_none, n) => `q${n}`);

/** Watches queues, each from the present on. */
async function watchAll(context: ScenarioContext, queues: readonly string[]): Promise<QueueCursor[]> {
  return Promise.all(
    queues.map(async (queue) => {
      const { cursor } = await context.engine.watch({ queue, cursor: null, max: 1 });
      return { queue, cursor };
    }),
  );
}

/** Which queues waits of one moment answer, until they answer none: one wait may end before it knows of all. */
async function look(context: ScenarioContext, queues: readonly QueueCursor[]): Promise<readonly string[]> {
  const { signal } = new AbortController();
  const found: string[] = [];
  for (;;) {
    const left = queues.filter(({ queue }) => !found.includes(queue));
    const wait = context.engine.awaitEvents({ queues: left, timeout: 1, signal });
    await context.resolves("the wait ends", wait);
    const answer = await wait;
    if (answer.length === 0) return found.toSorted();
    found.push(...answer);
  }
}

export const watchMany = scenarios("watch", [
  [
    "hundred-queues-one-wait",
    "one wait is for the events of a hundred queues, and says which has some",
    async (context) => {
      const queues = await watchAll(context, names(100));
      const { signal } = new AbortController();
      const wait = context.engine.awaitEvents({ queues, timeout: HOUR, signal });
      await context.add({ queue: "q57" });
      await context.resolves("the wait ends", wait);
      assert.deepEqual(await wait, ["q57"]);
    },
  ],
  [
    "wait-woken-by-another-connection",
    "a wait for many queues ends with an event that another connection causes, and again with the next",
    async (context) => {
      const other = await context.open();
      const queues = new Map((await watchAll(context, names(20))).map(({ queue, cursor }) => [queue, cursor]));
      for (const queue of ["q3", "q17", "q3"]) {
        const { signal } = new AbortController();
        const waited = [...queues].map(([name, cursor]) => ({ queue: name, cursor }));
        const wait = context.engine.awaitEvents({ queues: waited, timeout: HOUR, signal });
        await other.enqueue({ jobs: [context.spec({ queue })] });
        await context.resolves("the wait ends", wait);
        assert.deepEqual(await wait, [queue]);
        const { events, cursor } = await context.engine.watch({ queue, cursor: queues.get(queue) ?? null, max: 10 });
        assert.equal(events.length, 1);
        queues.set(queue, cursor);
      }
    },
  ],
  [
    "wait-says-all-that-have",
    "a wait says all queues that have events already, and none else",
    async (context) => {
      const queues = await watchAll(context, names(10));
      for (const queue of ["q2", "q4", "q8"]) await context.add({ queue });
      assert.deepEqual(await look(context, queues), ["q2", "q4", "q8"]);
    },
  ],
  [
    "wait-of-no-queues",
    "a wait for no queue ends when its time is over",
    async (context) => {
      assert.deepEqual(await look(context, []), []);
    },
  ],
  [
    "waits-keep-events-recorded",
    "while it is waited for, a queue goes on recording its events, though none asks for them; so does one that is to come",
    async (context) => {
      await context.add();
      const queues = await watchAll(context, [MAIN, "to-come"]);
      for (let count = 0; count < 8; count += 1) {
        context.advance(WATCH_INTEREST / 2 - 1_000);
        assert.deepEqual(await look(context, queues), []);
      }
      for (const { queue, cursor } of queues) {
        const id = await context.add({ queue });
        const { events, gap } = await context.engine.watch({ queue, cursor, max: 10 });
        assert.deepEqual([words(events), gap], [[`queued ${id}`], false]);
      }
    },
  ],
  [
    "wait-says-what-lapsed",
    "a wait says at once which queues record no events any more, and the watcher learns that it may have missed some",
    async (context) => {
      await context.add();
      const queues = await watchAll(context, [MAIN, "to-come"]);
      context.advance(WATCH_INTEREST + 1);
      assert.deepEqual(await look(context, queues), [MAIN, "to-come"]);
      for (const { queue, cursor } of queues) {
        assert.equal((await context.engine.watch({ queue, cursor, max: 10 })).gap, true);
      }
      assert.deepEqual(await look(context, queues), []);
    },
  ],
  [
    "wait-says-what-was-obliterated",
    "a wait says which queue was obliterated, also where it is there again",
    async (context) => {
      await watchAll(context, [MAIN, "again"]);
      for (const queue of [MAIN, "again"]) await context.addMany(5, { queue });
      const queues = [MAIN, "again"].map((queue) => ({ queue, cursor: 5 }));
      assert.deepEqual(await look(context, queues), []);
      for (const queue of [MAIN, "again"]) await context.engine.obliterate({ queue, force: false });
      await watchAll(context, ["again"]);
      await context.add({ queue: "again" });
      const found = new Set<string>();
      for (let tries = 0; tries < 2_000 && found.size < 2; tries += 1) {
        for (const queue of await look(context, queues)) found.add(queue);
      }
      assert.deepEqual([...found].toSorted(), ["again", MAIN]);
    },
  ],
  [
    "answer-long-enough",
    "an answer ends when its events are long enough, and the next one goes on from there",
    async (context) => {
      const ask = await watching(context);
      await context.add();
      const session = await context.session();
      const lease = await session.next();
      const value = JSON.stringify("x".repeat(16_000));
      for (let from = 1; from <= 200; from += 20) {
        const checkpoints = Array.from({ length: 20 }, (_none, n) =>
          checkpoint(from + n, { kind: "milestone", name: `M${from + n}`, value }),
        );
        await session.report(lease, { checkpoints });
      }
      const seen: QueueEvent[] = [];
      let answers = 0;
      for (let last = -1; seen.length !== last; answers += 1) {
        last = seen.length;
        const { events, gap } = await ask(500);
        assert.equal(gap, false);
        assert.ok(JSON.stringify(events).length < 2 * MOST_EVENT_TEXT, "an answer is not long");
        seen.push(...events);
      }
      assert.deepEqual(words(seen).slice(0, 2), [`queued ${lease.id}`, `active ${lease.id}`]);
      assert.equal(seen.length, 202);
      assert.ok(answers > 3, "there were several");
    },
  ],
]);
