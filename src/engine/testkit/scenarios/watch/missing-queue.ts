/** Events of a queue that does not exist yet. */
import assert from "node:assert/strict";
import { WATCH_INTEREST } from "../../../../model/job/event.js";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { watching, words } from "../../context/watch-helpers.js";

export const watchMissingQueue = scenarios("watch", [
  [
    "missing-queue-is-not-made",
    "a queue comes into being with its first job, not by being watched or asked for",
    async (context) => {
      const { engine } = context;
      const [queue, ref, signal] = [MAIN, { queue: MAIN, id: "no" }, AbortSignal.abort()];
      const { cursor } = await engine.watch({ queue, cursor: null, max: 1 });
      await engine.watch({ queue, cursor, max: 1 });
      await engine.awaitEvents({ queues: [{ queue, cursor }], timeout: 1_000, signal });
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
      const woken = context.engine.awaitEvents({ queues: [{ queue: MAIN, cursor: 0 }], timeout: 60_000, signal });
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
