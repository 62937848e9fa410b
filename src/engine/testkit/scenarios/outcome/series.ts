/** What is counted of settlements, and that it is exactly once. */
import assert from "node:assert/strict";
import { MOST_SERIES_TASKS, OTHER_TASKS } from "../../../contract/engine.js";
import { percentileOf } from "../../../../model/series/durations.js";
import { COMPLETE, measured, rowsOf, totalsOf } from "../../context/series-helpers.js";
import { DECLINE } from "../../context/lease-helpers.js";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { BOOM, settlement } from "../../context/test-session.js";

export const series = scenarios("series", [
  [
    "settlements-by-outcome",
    "a settlement is counted by queue, task and how the job ended",
    async (context) => {
      await context.addMany(4);
      await context.add({ attempts: 1 });
      const session = await context.session();
      const [a, b, c, d, e] = await session.claim(5);
      assert.ok(a && b && c && d && e);
      await session.exchange([
        measured(a, COMPLETE),
        measured(b, { kind: "partial", result: null }),
        measured(c, { kind: "fail", error: BOOM, retryIn: null }),
        measured(d, { kind: "fail", error: BOOM, retryIn: 10 }),
        measured(e, { kind: "fail", error: BOOM, retryIn: 10 }),
      ]);
      assert.deepEqual(await totalsOf(context.engine), [
        "main work completed 1/1",
        "main work failed 2/2",
        "main work partial 1/1",
        "main work retried 1/1",
      ]);
      assert.deepEqual(await rowsOf(context), ["0 completed 1", "0 failed 2", "0 partial 1", "0 retried 1"]);
    },
  ],
  [
    "times-in-buckets",
    "the waits and run times of all settlements of a command add up in buckets",
    async (context) => {
      await context.addMany(3);
      const session = await context.session();
      const leases = await session.claim(3);
      const times = [
        { wait: 0, run: 1 },
        { wait: 30, run: 700 },
        { wait: 40, run: 90_000_000 },
      ];
      await session.exchange(leases.map((lease, index) => measured(lease, COMPLETE, times[index])));
      const [total] = await context.engine.totals({});
      assert.ok(total);
      const { count, wait, run } = total.figures;
      assert.deepEqual([count, wait.sum, run.sum], [3, 70, 90_000_701]);
      assert.deepEqual(
        [wait.buckets[0], wait.buckets[5], run.buckets[0], run.buckets[9], run.buckets[24]],
        [1, 2, 1, 1, 1],
      );
      assert.deepEqual([percentileOf(wait, 1), percentileOf(run, 0)], [50, 0]);
    },
  ],
  [
    "times-of-years",
    "waits and run times of any length are counted to the millisecond, alone and with others, by task",
    async (context) => {
      const times = [
        { wait: 2 ** 28 - 1, run: 2 ** 28 },
        { wait: 2 ** 40 + 3, run: 127 },
        { wait: 128, run: 2 ** 35 - 1 },
        { wait: 0, run: 16_384 },
      ];
      await context.addMany(6);
      const session = await context.session();
      const leases = await session.claim(6);
      const settlements = [...times, ...times.slice(0, 2)].map((own, index) => {
        return measured(leases[index] ?? assert.fail(), COMPLETE, { ...own, task: index < 4 ? "work" : "other-work" });
      });
      for (const one of settlements.splice(0, 2)) await session.exchange([one]);
      await session.exchange(settlements);
      const totals = await context.engine.totals({});
      assert.deepEqual(
        totals.map(({ task, figures: { count, wait, run } }) => [task, count, wait.sum, run.sum]),
        [
          ["other-work", 2, 2 ** 40 + 2 ** 28 + 2, 2 ** 28 + 127],
          ["work", 4, 2 ** 40 + 2 ** 28 + 130, 2 ** 35 + 2 ** 28 + 16_510],
        ],
      );
      assert.deepEqual(totals[1]?.figures.wait.buckets, [
        1,
        ...Array<number>(6).fill(0),
        1,
        ...Array<number>(16).fill(0),
        2,
      ]);
    },
  ],
  [
    "in-between-not-counted",
    "a run that is snoozed, returned, declined, or waits for others is not counted",
    async (context) => {
      await context.addMany(4);
      const session = await context.session();
      const leases = await session.claim(4);
      const outcomes = [{ kind: "snooze", delay: 10 }, { kind: "return" }, DECLINE, { kind: "wait" }] as const;
      await session.exchange(leases.map((lease, index) => measured(lease, outcomes[index] ?? DECLINE)));
      assert.deepEqual(await totalsOf(context.engine), []);
    },
  ],
  [
    "unmeasured-not-counted",
    "a settlement of which nothing was measured is not counted; one whose task is not known is, under another name",
    async (context) => {
      await context.addMany(2);
      const session = await context.session();
      const [first, second] = await session.claim(2);
      assert.ok(first && second);
      await session.exchange([settlement(first, COMPLETE), measured(second, COMPLETE, { task: "" })]);
      assert.deepEqual(await totalsOf(context.engine), [`main ${OTHER_TASKS} completed 1/1`]);
    },
  ],
  [
    "once-when-resent",
    "an exchange that is sent again counts nothing a second time, whether it claims or not",
    async (context) => {
      await context.addMany(6);
      const session = await context.session();
      const [first, ...others] = await session.claim(3);
      assert.ok(first);
      await session.exchange([measured(first, COMPLETE)], { max: 2 });
      await session.resend();
      await session.exchange(others.map((lease) => measured(lease, COMPLETE)));
      await session.resend();
      assert.deepEqual(await totalsOf(context.engine), ["main work completed 3/3"]);
    },
  ],
  [
    "once-in-another-call",
    "a settlement that comes again in another exchange, or twice in one, is counted once",
    async (context) => {
      await context.addMany(3);
      const session = await context.session();
      const [first, second, third] = await session.claim(3);
      assert.ok(first && second && third);
      await session.exchange([measured(first, COMPLETE)]);
      await session.exchange([measured(first, COMPLETE), measured(second, COMPLETE)]);
      await session.exchange([measured(third, COMPLETE), measured(third, COMPLETE)]);
      assert.deepEqual(await totalsOf(context.engine), ["main work completed 3/3"]);
    },
  ],
  [
    "stale-not-counted",
    "of a command whose settlements are partly stale the others are counted",
    async (context) => {
      const [, taken = ""] = await context.addMany(3);
      const session = await context.session();
      const leases = await session.claim(3);
      await context.control("cancel", taken);
      const { settled } = await session.exchange(leases.map((lease) => measured(lease, COMPLETE)));
      assert.deepEqual(settled, ["applied", "stale", "applied"]);
      await session.resend();
      assert.deepEqual(await totalsOf(context.engine), ["main work cancelled 1/0", "main work completed 2/2"]);
    },
  ],
  [
    "dead-session-not-counted",
    "what a session settles after it was declared dead is not counted",
    async (context) => {
      await context.add();
      const session = await context.session({ ttl: 1_000 });
      const lease = await session.next();
      context.advance(1_000);
      await context.sweep();
      await session.exchange([measured(lease, COMPLETE)]);
      assert.deepEqual(await totalsOf(context.engine), ["main work lost 1/0"]);
    },
  ],
  [
    "queues-of-one-command",
    "the settlements of one command are counted in the queue of each",
    async (context) => {
      await context.add({ queue: "a" });
      await context.add({ queue: "b" });
      const session = await context.session({ queues: ["a", "b"] });
      const leases = await session.claim(2);
      await session.exchange(leases.map((lease) => measured(lease, COMPLETE)));
      assert.deepEqual(await totalsOf(context.engine), ["a work completed 1/1", "b work completed 1/1"]);
      assert.deepEqual(await totalsOf(context.engine, { queues: ["b", "c"] }), ["b work completed 1/1"]);
      assert.deepEqual(await rowsOf(context, { queues: ["a"], by: ["queue"] }), ["0 a 1"]);
    },
  ],
  [
    "most-tasks-by-name",
    "as many tasks of a queue are told apart as fit; later ones are counted together",
    async (context) => {
      const more = 3;
      const session = await context.session();
      for (let task = 0; task < MOST_SERIES_TASKS + more; task += 1) {
        await context.add({ task: `task-${String(task).padStart(2, "0")}` });
        await session.exchange([measured(await session.next(), COMPLETE)]);
      }
      // One that is known stays so.
      await context.add({ task: "task-00" });
      await session.exchange([measured(await session.next(), COMPLETE)]);
      const totals = await context.engine.totals({});
      assert.equal(totals.length, MOST_SERIES_TASKS + 1);
      const counts = new Map(totals.map(({ task, figures }) => [task, figures.count]));
      assert.deepEqual([counts.get("task-00"), counts.get("task-63"), counts.get(OTHER_TASKS)], [2, 1, more]);
      assert.deepEqual(await rowsOf(context, { by: ["task"], tasks: [OTHER_TASKS, "task-01"] }), [
        `0 ${OTHER_TASKS} ${more}`,
        "0 task-01 1",
      ]);
    },
  ],
  [
    "any-reader-any-order",
    "each of two readers sees all that was settled before, whichever reads first and whether a sweep came between",
    async (context) => {
      const other = await context.open();
      await context.addMany(6);
      const session = await context.session();
      const settleOne = async (): Promise<void> => {
        await session.exchange([measured(await session.next(), COMPLETE)]);
      };
      await settleOne();
      assert.deepEqual(await totalsOf(other), ["main work completed 1/1"]);
      await settleOne();
      assert.deepEqual(await Promise.all([rowsOf(context), rowsOf(context, {}, other)]), [
        ["0 completed 2"],
        ["0 completed 2"],
      ]);
      await settleOne();
      await context.sweep();
      await settleOne();
      assert.deepEqual(await totalsOf(context.engine), ["main work completed 4/4"]);
      assert.deepEqual(await totalsOf(other), ["main work completed 4/4"]);
    },
  ],
  [
    "obliterated-with-queue",
    "the series and totals of a queue stay when its jobs are removed, and go when it is obliterated",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      await session.exchange([measured(await session.next(), COMPLETE)]);
      await context.control("remove", id);
      assert.deepEqual(await totalsOf(context.engine), ["main work completed 1/1"]);
      await context.engine.obliterate({ queue: MAIN, force: true });
      await context.add();
      assert.deepEqual([await totalsOf(context.engine), await rowsOf(context)], [[], []]);
    },
  ],
]);
