/** The queues of the platform, `longshore:…`: they stand apart, and are read when they are named. */
import assert from "node:assert/strict";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { COMPLETE, measured, rowsOf, totalsOf } from "../../context/series-helpers.js";

const PLATFORM = "longshore:some";
/** Beside them in the order of names. */
const NEIGHBOURS = ["longshore", "longshore.some", "longshorf"];

export const platformQueues = scenarios("platform-queues", [
  [
    "listed-when-named",
    "a listing leaves their jobs out, unless it names the queue",
    async (context) => {
      const own = [];
      for (const queue of NEIGHBOURS) own.push(await context.add({ queue, tags: ["t"] }));
      const id = await context.add({ queue: PLATFORM, tags: ["t"] });
      assert.deepEqual(await context.list({}), own);
      assert.deepEqual(await context.list({}, 1), own);
      assert.deepEqual(await context.list({ tag: "t", states: ["queued"] }), own);
      assert.deepEqual(await context.list({ queue: PLATFORM }), [id]);
      assert.equal((await context.engine.findJobs({ ids: [id] }))[0]?.queue, PLATFORM);
    },
  ],
  [
    "counted-when-named",
    "totals of a tag leave them out, unless they name the queue",
    async (context) => {
      for (const queue of [...NEIGHBOURS, PLATFORM]) await context.add({ queue, tags: ["t"] });
      assert.equal((await context.engine.tagTotals({ tag: "t" })).queued, NEIGHBOURS.length);
      assert.equal((await context.engine.tagTotals({ tag: "t", queue: PLATFORM })).queued, 1);
    },
  ],
  [
    "measured-when-named",
    "totals and series leave them out, unless they name the queue",
    async (context) => {
      for (const queue of [MAIN, PLATFORM]) {
        await context.add({ queue, task: "work" });
        const session = await context.session({ queues: [queue] });
        const lease = await session.next();
        await session.exchange([measured(lease, COMPLETE)]);
      }
      assert.deepEqual(await totalsOf(context.engine), [`${MAIN} work completed 1/1`]);
      assert.deepEqual(await totalsOf(context.engine, { queues: [PLATFORM] }), [`${PLATFORM} work completed 1/1`]);
      assert.deepEqual(await rowsOf(context, { by: ["queue"] }), [`0 ${MAIN} 1`]);
      assert.deepEqual(await rowsOf(context, { by: ["queue"], queues: [PLATFORM] }), [`0 ${PLATFORM} 1`]);
    },
  ],
  [
    "there-among-queues",
    "they are there among all queues",
    async (context) => {
      await context.add({ queue: PLATFORM });
      await context.add();
      assert.deepEqual(
        (await context.engine.queues()).map(({ name }) => name),
        [PLATFORM, MAIN].toSorted(),
      );
    },
  ],
]);
