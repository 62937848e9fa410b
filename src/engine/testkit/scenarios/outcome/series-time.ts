/** Series over time: steps, how long they are kept, and samples. */
import assert from "node:assert/strict";
import type { SeriesQuery } from "../../../contract/engine.js";
import { COMPLETE, HOUR, measured, MINUTE, rowsOf, seriesOf, totalsOf } from "../../context/series-helpers.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

/** Cancels a new job: the simplest end. */
async function endOne(context: ScenarioContext, task = "work"): Promise<void> {
  await context.control("cancel", await context.add({ task }));
}

const DAY = 24 * HOUR;
const TWO_DAYS: Partial<SeriesQuery> = { step: MINUTE, from: 0 };
const BY_HOUR: Partial<SeriesQuery> = { step: HOUR, from: 0 };

export const seriesTime = scenarios("series", [
  [
    "minutes-and-steps",
    "ends are counted in their minute, and steps of several minutes add them up",
    async (context) => {
      // The first minute of an hour.
      context.advance(HOUR - (context.clock.now() % HOUR));
      for (let minute = 0; minute < 6; minute += 1) {
        await endOne(context);
        context.advance(MINUTE);
      }
      assert.deepEqual(
        await rowsOf(context),
        [6, 5, 4, 3, 2, 1].map((ago) => `${ago} cancelled 1`),
      );
      assert.deepEqual(await rowsOf(context, { step: 5 * MINUTE }), ["1 cancelled 5", "0 cancelled 1"]);
      assert.deepEqual(await rowsOf(context, { step: HOUR }), ["0 cancelled 6"]);
      const from = context.clock.now() - 4 * MINUTE;
      assert.deepEqual(await rowsOf(context, { from, to: from + MINUTE }), ["4 cancelled 1", "3 cancelled 1"]);
    },
  ],
  [
    "told-apart-by-keys",
    "what a query does not tell apart is added up",
    async (context) => {
      await endOne(context, "a");
      await endOne(context, "b");
      await context.control("cancel", { queue: "other", id: await context.add({ queue: "other" }) });
      assert.deepEqual(await rowsOf(context, { by: [] }), ["0 3"]);
      assert.deepEqual(await rowsOf(context, { by: ["task", "queue"] }), [
        "0 main a 1",
        "0 main b 1",
        "0 other work 1",
      ]);
      assert.deepEqual(await rowsOf(context, { tasks: ["a", "work"] }), ["0 cancelled 2"]);
      assert.deepEqual(await rowsOf(context, { outcomes: ["completed"] }), []);
    },
  ],
  [
    "minutes-kept-a-day",
    "minutes are answered for 24 hours, hours for 30 days, totals for ever",
    async (context) => {
      await endOne(context);
      context.advance(DAY - MINUTE);
      await context.sweep();
      assert.deepEqual(await rowsOf(context, TWO_DAYS), ["1439 cancelled 1"]);
      context.advance(MINUTE);
      assert.deepEqual(await rowsOf(context, TWO_DAYS), []);
      context.advance(28 * DAY);
      await context.sweep();
      assert.deepEqual(await rowsOf(context, BY_HOUR), [`${29 * 24} cancelled 1`]);
      context.advance(DAY);
      await context.sweep();
      assert.deepEqual(await rowsOf(context, BY_HOUR), []);
      assert.deepEqual(await totalsOf(context.engine), ["main work cancelled 1/0"]);
    },
  ],
  [
    "kept-while-ends-come",
    "what is too old goes while new ends come, hour by hour and after a pause",
    async (context) => {
      for (let hour = 0; hour < 30; hour += 1) {
        await endOne(context);
        if (hour % 2 === 0) await context.sweep();
        context.advance(HOUR);
      }
      const minutes = (await seriesOf(context, TWO_DAYS)).rows;
      assert.equal(minutes.length, 23);
      assert.equal((await seriesOf(context, BY_HOUR)).rows.length, 30);
      context.advance(40 * DAY);
      await endOne(context);
      assert.deepEqual(await rowsOf(context, TWO_DAYS), ["0 cancelled 1"]);
      assert.deepEqual(await rowsOf(context, BY_HOUR), ["0 cancelled 1"]);
      assert.deepEqual(await totalsOf(context.engine), ["main work cancelled 31/0"]);
    },
  ],
  [
    "samples-once-a-minute",
    "a sweep takes a sample of a queue in which anything waits or runs, once a minute",
    async (context) => {
      await context.sweep();
      await context.addMany(4);
      const first = await context.session({ ttl: DAY, worker: { concurrency: 1 } });
      const second = await context.session({ ttl: DAY, worker: { concurrency: 5 } });
      await first.claim(2);
      await second.claim(1);
      context.advance(MINUTE - (context.clock.now() % MINUTE));
      const waited = context.clock.now() - (await context.job(await oldest(context))).createdAt;
      await context.sweep();
      context.advance(10_000);
      await (await context.open()).sweep({ queues: [MAIN], limit: 10 });
      const { rows, samples } = await seriesOf(context);
      assert.deepEqual(rows, []);
      const at = context.clock.now() - 10_000;
      const expected = { count: 1, depth: 1, active: 3, busy: 2, oldest: waited };
      assert.deepEqual(samples, [{ at, queue: MAIN, samples: expected }]);
      context.advance(MINUTE);
      await context.sweep(10, [MAIN]);
      const [hour] = (await seriesOf(context, { step: HOUR })).samples;
      assert.deepEqual(hour?.samples.count, 2);
      assert.equal(hour.samples.oldest, waited + MINUTE + 10_000);
    },
  ],
  [
    "samples-lowest-priority",
    "a sample says how long the first job of the lowest priority waits, if that is longer",
    async (context) => {
      await context.add({ priority: 5 });
      context.advance(1_000);
      await context.add({ priority: 5 });
      await context.addMany(2);
      context.advance(1_000);
      await context.add({ priority: -5 });
      await context.sweep();
      assert.deepEqual(
        (await seriesOf(context)).samples.map(({ samples }) => [samples.depth, samples.oldest]),
        [[5, 2_000]],
      );
    },
  ],
  [
    "samples-of-default-priority",
    "jobs of the default priority that wait behind others are the oldest ones then",
    async (context) => {
      await context.add();
      context.advance(3_000);
      await context.addMany(2);
      await context.add({ priority: -5 });
      await context.sweep();
      assert.deepEqual(
        (await seriesOf(context)).samples.map(({ samples }) => [samples.depth, samples.oldest]),
        [[4, 3_000]],
      );
    },
  ],
  [
    "samples-of-returned-jobs",
    "a job that was returned, and one that is tried again, have waited since",
    async (context) => {
      await context.addMany(2);
      const session = await context.session();
      const [, second] = await session.claim(2);
      assert.ok(second);
      context.advance(5_000);
      await session.exchange([measured(second, { kind: "return" })]);
      context.advance(2_000);
      await context.sweep();
      const [sample] = (await seriesOf(context)).samples;
      assert.deepEqual([sample?.samples.depth, sample?.samples.oldest, sample?.samples.active], [1, 2_000, 1]);
    },
  ],
  [
    "samples-beside-ends",
    "samples and ends of one minute stand beside each other",
    async (context) => {
      await context.addMany(2);
      await context.sweep();
      const session = await context.session();
      await session.exchange([measured(await session.next(), COMPLETE)]);
      await context.sweep();
      const { rows, samples } = await seriesOf(context, { by: ["task"], tasks: ["work"] });
      assert.deepEqual(
        rows.map(({ task, figures }) => [task, figures.count]),
        [["work", 1]],
      );
      assert.deepEqual(
        samples.map((one) => one.samples.depth),
        [2],
      );
    },
  ],
]);

/** The job that waits. */
async function oldest(context: ScenarioContext): Promise<string> {
  const [id = ""] = await context.list({ queue: MAIN, states: ["queued"] });
  return id;
}
