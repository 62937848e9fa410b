/** Reading jobs one by one, queues, and places in line. */
import assert from "node:assert/strict";
import { STATES } from "../../../../model/job/state.js";
import { MAIN } from "../../kit/kit.js";
import { REACHABLE_STATES, reach } from "../../kit/reach.js";
import { scenarios } from "../../kit/scenario.js";

export const read = scenarios("read", [
  [
    "in-order-asked-for",
    "jobs are answered in the order asked for, and `null` where there is none",
    async (kit) => {
      const a = await kit.add({ queue: "a" });
      const b = await kit.add({ queue: "b" });
      const jobs = await kit.engine.getJobs({
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
    async (kit) => {
      const ids: string[] = [];
      for (const queue of ["a", "b", "c"]) ids.push(await kit.add({ queue }));
      ids.push(await kit.add({ queue: "d", id: "job_mine", nonce: "n" }));
      const found = await kit.engine.findJobs({ ids: [...ids, "nowhere"] });
      assert.deepEqual(
        found.map((job) => job?.queue ?? null),
        ["a", "b", "c", "d", null],
      );
    },
  ],
  [
    "by-own-id-that-looks-made",
    "an id of the caller's own is found also where it looks like one that was made here",
    async (kit) => {
      const ids = ["run-7-harbourline-ab", "0000000000abcdefghij"];
      for (const id of ids) await kit.add({ queue: "d", id, nonce: "n" });
      // Once when the queues are not known yet, once when they are.
      for (const _ of [1, 2]) {
        const found = await kit.engine.findJobs({ ids });
        assert.deepEqual(
          found.map((job) => job?.id ?? null),
          ids,
        );
      }
    },
  ],
  [
    "first-queue-by-name",
    "of several jobs with one id the first by queue name is found",
    async (kit) => {
      for (const queue of ["m", "b", "z"]) await kit.add({ queue, id: "same", nonce: queue });
      const [job] = await kit.engine.findJobs({ ids: ["same"] });
      assert.equal(job?.queue, "b");
    },
  ],
  [
    "no-ids-or-refs",
    "no ids and no refs are no trouble",
    async (kit) => {
      assert.deepEqual(await kit.engine.getJobs({ refs: [] }), []);
      assert.deepEqual(await kit.engine.findJobs({ ids: [] }), []);
    },
  ],
  [
    "reading-changes-nothing",
    "reading changes nothing and creates nothing",
    async (kit) => {
      const ref = { queue: "nowhere", id: "nobody" };
      await kit.engine.getJobs({ refs: [ref] });
      await kit.engine.listJobs({ filter: { queue: "nowhere" }, cursor: null, limit: 10 });
      await kit.engine.logs(ref);
      await kit.engine.position(ref);
      await kit.engine.tagTotals({ tag: "t", queue: "nowhere" });
      assert.deepEqual(await kit.engine.queues(), []);
    },
  ],
  [
    "queues-with-ten-counts",
    "queues are listed by name, with a count for each of the ten states",
    async (kit) => {
      for (const queue of ["m", "B", "a", "a:1"]) await kit.add({ queue });
      const queues = await kit.engine.queues();
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
    async (kit) => {
      for (const state of REACHABLE_STATES) {
        const { ref } = await reach(kit, state);
        const counts = await kit.counts(ref.queue);
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
    async (kit) => {
      const [a, b] = await kit.addMany(2);
      const late = await kit.add({ priority: 5 });
      const urgent = await kit.add({ priority: -5 });
      const places = await Promise.all([urgent, a, b, late].map((id) => kit.position(id ?? "")));
      assert.deepEqual(places, [1, 2, 3, 4]);
    },
  ],
  [
    "places-move-up",
    "places move up as those in front go",
    async (kit) => {
      const [first = "", second = "", third = ""] = await kit.addMany(3);
      const session = await kit.session();
      await session.next();
      await kit.control("cancel", second);
      assert.deepEqual([await kit.position(first), await kit.position(third)], [null, 1]);
    },
  ],
  [
    "handed-back-is-next",
    "a job that was handed back is next",
    async (kit) => {
      const [first = "", second = ""] = await kit.addMany(2);
      const session = await kit.session();
      await session.settle(await session.next(), { kind: "return" });
      assert.deepEqual([await kit.position(first), await kit.position(second)], [1, 2]);
    },
  ],
  [
    "not-queued-has-no-place",
    "a job that is not queued has no place in line",
    async (kit) => {
      for (const state of REACHABLE_STATES) {
        const { ref } = await reach(kit, state);
        assert.equal(await kit.engine.position(ref), state === "queued" ? 1 : null, state);
      }
      assert.equal(await kit.position("nobody"), null);
      assert.equal(await kit.position("nobody", "nowhere"), null);
    },
  ],
  [
    "place-in-2000-exact",
    "the place in a line of 2,000 is exact",
    async (kit) => {
      const ids = await kit.addMany(2_000);
      assert.equal(await kit.position(ids[1_234] ?? ""), 1_235);
      await (await kit.session()).claim(1_000);
      assert.equal(await kit.position(ids[1_234] ?? ""), 235);
    },
  ],
  [
    "empty-log",
    "a job that never logged has an empty log, and so has one that does not exist",
    async (kit) => {
      const id = await kit.add();
      assert.deepEqual(await kit.engine.logs({ queue: MAIN, id }), { lines: [], dropped: 0 });
      assert.deepEqual(await kit.engine.logs({ queue: MAIN, id: "nobody" }), { lines: [], dropped: 0 });
    },
  ],
]);
