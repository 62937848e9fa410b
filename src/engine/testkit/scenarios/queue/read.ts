/** Reading jobs one by one, queues, and the places of jobs in line. */
import assert from "node:assert/strict";
import { STATES } from "../../../../model/job/state.js";
import { MAIN } from "../../context/scenario-context.js";
import { reach } from "../../context/reach.js";
import { scenarios } from "../../context/scenario.js";

export const read = scenarios("read", [
  [
    "ids-within-ids",
    "jobs whose ids are part of each other are told apart, waiting, running and ended",
    async (context) => {
      for (const id of ["xx", "yx", "x", "xy", "y"]) await context.add({ id, nonce: "n" });
      const session = await context.session();
      const [xx] = await session.claim(4);
      assert.ok(xx);
      const states = async (): Promise<string[]> =>
        Promise.all(["xx", "yx", "x", "xy", "y"].map((id) => context.state(id)));
      assert.deepEqual(await states(), ["active", "active", "active", "active", "queued"]);
      await session.complete(xx);
      await context.control("cancel", "x");
      assert.deepEqual(await states(), ["completed", "active", "cancelled", "active", "queued"]);
    },
  ],
  [
    "in-order-asked-for",
    "jobs are answered in the order asked for, and `null` where there is none",
    async (context) => {
      const a = await context.add({ queue: "a" });
      const b = await context.add({ queue: "b" });
      const jobs = await context.engine.getJobs({
        refs: [
          { queue: "b", id: b },
          { queue: "a", id: b },
          { queue: "nowhere", id: a },
          { queue: "a", id: a },
          { queue: "b", id: b },
        ],
      });
      assert.deepEqual(
        jobs.map((job) => job?.id ?? null),
        [b, null, null, a, b],
      );
    },
  ],
  [
    "by-id-alone",
    "a job is found by its id alone, whatever its queue",
    async (context) => {
      const ids: string[] = [];
      for (const queue of ["a", "b", "c"]) ids.push(await context.add({ queue }));
      ids.push(await context.add({ queue: "d", id: "job_mine", nonce: "n" }));
      const found = await context.engine.findJobs({ ids: [...ids, "nowhere"] });
      assert.deepEqual(
        found.map((job) => job?.queue ?? null),
        ["a", "b", "c", "d", null],
      );
    },
  ],
  [
    "by-own-id-that-looks-made",
    "an id of the caller's own is found also where it looks like one that was made here",
    async (context) => {
      const ids = ["run-7-harbourline-ab", "0000000000abcdefghij"];
      for (const id of ids) await context.add({ queue: "d", id, nonce: "n" });
      // Once when the queues are not known yet, once when they are.
      for (const _ of [1, 2]) {
        const found = await context.engine.findJobs({ ids });
        assert.deepEqual(
          found.map((job) => job?.id ?? null),
          ids,
        );
      }
    },
  ],
  [
    "first-queue-by-name",
    "a bare id finds the job whose queue comes first by name",
    async (context) => {
      for (const queue of ["m", "b", "z"]) await context.add({ queue, id: "same", nonce: queue });
      const [job] = await context.engine.findJobs({ ids: ["same"] });
      assert.equal(job?.queue, "b");
    },
  ],
  [
    "no-ids-or-refs",
    "reads without ids and refs answer nothing",
    async (context) => {
      assert.deepEqual(await context.engine.getJobs({ refs: [] }), []);
      assert.deepEqual(await context.engine.findJobs({ ids: [] }), []);
    },
  ],
  [
    "reading-changes-nothing",
    "reading changes nothing and creates nothing",
    async (context) => {
      const ref = { queue: "nowhere", id: "nobody" };
      await context.engine.getJobs({ refs: [ref] });
      await context.engine.listJobs({ filter: { queue: "nowhere" }, cursor: null, limit: 10 });
      await context.engine.logs(ref);
      await context.engine.position(ref);
      await context.engine.tagTotals({ tag: "t", queue: "nowhere" });
      assert.deepEqual(await context.engine.queues(), []);
    },
  ],
  [
    "queues-by-their-names",
    "queues are asked for by name: those that exist are answered, once, by name, as in the list of all",
    async (context) => {
      for (const queue of ["m", "B", "a", "a:1"]) await context.add({ queue });
      await context.engine.pause({ queue: "m" });
      const all = await context.engine.queues();
      const wanted = (name: string): unknown => all.find((queue) => queue.name === name);
      assert.deepEqual(await context.engine.queues({ names: ["m", "nowhere", "B", "m"] }), [wanted("B"), wanted("m")]);
      assert.deepEqual(await context.engine.queues({ names: ["nowhere"] }), []);
      assert.deepEqual(await context.engine.queues({ names: [] }), []);
    },
  ],
  [
    "queues-with-ten-counts",
    "queues are listed by name, with a count for each of the ten states",
    async (context) => {
      for (const queue of ["m", "B", "a", "a:1"]) await context.add({ queue });
      const queues = await context.engine.queues();
      assert.deepEqual(
        queues.map(({ name }) => name),
        ["B", "a", "a:1", "m"],
      );
      assert.deepEqual(Object.keys(queues[0]?.counts ?? {}).toSorted(), [...STATES].toSorted());
    },
  ],
  [
    "counts-add-up",
    "the counts of a queue add up to its jobs",
    async (context) => {
      for (const state of STATES) {
        const { ref } = await reach(context, state);
        const counts = await context.counts(ref.queue);
        assert.deepEqual(
          Object.entries(counts).filter(([, count]) => count > 0),
          [[state, 1]],
        );
      }
    },
  ],
  [
    "place-in-line",
    "a queued job has its place in line, 1 being the next",
    async (context) => {
      const [a, b] = await context.addMany(2);
      const late = await context.add({ priority: 5 });
      const urgent = await context.add({ priority: -5 });
      const places = await Promise.all([urgent, a, b, late].map((id) => context.position(id ?? "")));
      assert.deepEqual(places, [1, 2, 3, 4]);
    },
  ],
  [
    "places-move-up",
    "places move up as those in front go",
    async (context) => {
      const [first = "", second = "", third = ""] = await context.addMany(3);
      const session = await context.session();
      await session.next();
      await context.control("cancel", second);
      assert.deepEqual([await context.position(first), await context.position(third)], [null, 1]);
    },
  ],
  [
    "handed-back-is-next",
    "a job that was handed back is next",
    async (context) => {
      const [first = "", second = ""] = await context.addMany(2);
      const session = await context.session();
      await session.settle(await session.next(), { kind: "return" });
      assert.deepEqual([await context.position(first), await context.position(second)], [1, 2]);
    },
  ],
  [
    "not-queued-has-no-place",
    "a job that is not queued has no place in line",
    async (context) => {
      for (const state of STATES) {
        const { ref } = await reach(context, state);
        assert.equal(await context.engine.position(ref), state === "queued" ? 1 : null, state);
      }
      assert.equal(await context.position("nobody"), null);
      assert.equal(await context.position("nobody", "nowhere"), null);
    },
  ],
  [
    "place-in-2000-exact",
    "the place in a line of 2,000 is exact",
    async (context) => {
      const ids = await context.addMany(2_000);
      assert.equal(await context.position(ids[1_234] ?? ""), 1_235);
      await (await context.session()).claim(1_000);
      assert.equal(await context.position(ids[1_234] ?? ""), 235);
    },
  ],
  [
    "empty-log",
    "a job that never logged has an empty log, and so has one that does not exist",
    async (context) => {
      const id = await context.add();
      assert.deepEqual(await context.engine.logs({ queue: MAIN, id }), { lines: [], dropped: 0 });
      assert.deepEqual(await context.engine.logs({ queue: MAIN, id: "nobody" }), { lines: [], dropped: 0 });
    },
  ],
]);
