/** Reports of running jobs: progress, meta, log lines. */
import assert from "node:assert/strict";
import type { Checkpoint } from "../../../../model/job/report/checkpoint.js";
import type { LogLine } from "../../../../model/job/report/log.js";
import { LONGEST_LOG_LINE, MOST_LOG_LINES } from "../../../../model/job/report/log.js";
import { MAIN, progressOf } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

const line = (message: string, level: LogLine["level"] = "info"): LogLine => ({ at: 1_234, level, message });

export const report = scenarios("report", [
  [
    "progress-read-with-job",
    "progress is read with the job",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      for (const progress of [progressOf(0, null), progressOf(33.3, "a third"), progressOf(100, "")]) {
        assert.equal(await session.report(lease, { progress }), "applied");
        assert.deepEqual((await context.job(id)).progress, progress);
      }
    },
  ],
  [
    "progress-kept-at-end",
    "progress is kept when the job ends",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      await session.report(lease, { progress: progressOf(60, "so far") });
      await session.fail(lease, null);
      assert.deepEqual((await context.job(id)).progress, progressOf(60, "so far"));
    },
  ],
  [
    "meta-replaced-whole",
    "meta is replaced whole, and the next run gets it",
    async (context) => {
      const id = await context.add({ meta: '{"a":1}' });
      const session = await context.session();
      const lease = await session.next();
      assert.equal(lease.meta, '{"a":1}');
      await session.report(lease, { meta: '{"b":2}' });
      assert.equal((await context.job(id)).meta, '{"b":2}');
      await session.fail(lease, 0);
      assert.equal((await session.next()).meta, '{"b":2}');
    },
  ],
  [
    "left-out-stays",
    "fields that a report leaves out stay as they are",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      await session.report(lease, { progress: progressOf(5, "x") });
      await session.report(lease, { meta: '{"m":1}' });
      await session.report(lease, { lines: [line("one")] });
      await session.report(lease, {});
      const job = await context.job(id);
      assert.deepEqual([job.progress, job.meta], [progressOf(5, "x"), '{"m":1}']);
      assert.equal((await context.engine.logs({ queue: MAIN, id })).lines.length, 1);
    },
  ],
  [
    "log-lines-in-order",
    "log lines are kept in order, over reports and over runs",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const first = await session.next();
      await session.report(first, { lines: [line("1", "debug"), line("2", "warn")] });
      await session.report(first, { lines: [line("3", "error")] });
      await session.fail(first, 0);
      await session.report(await session.next(), { lines: [line("4")] });
      assert.deepEqual(await context.engine.logs({ queue: MAIN, id }), {
        lines: [line("1", "debug"), line("2", "warn"), line("3", "error"), line("4")],
        dropped: 0,
      });
    },
  ],
  [
    "newest-log-lines-kept",
    `a log keeps its newest ${MOST_LOG_LINES} lines and how many it dropped`,
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      for (let part = 0; part < 5; part += 1) {
        const lines = Array.from({ length: 250 }, (_value, index) => line(String(part * 250 + index)));
        await session.report(lease, { lines });
      }
      const log = await context.engine.logs({ queue: MAIN, id });
      assert.equal(log.lines.length, MOST_LOG_LINES);
      assert.deepEqual([log.dropped, log.lines[0]?.message, log.lines.at(-1)?.message], [250, "250", "1249"]);
    },
  ],
  [
    "log-lines-one-by-one",
    "a log that is reported line by line, by many jobs, keeps the newest lines of each and nothing after its job",
    async (context) => {
      const ids = await context.addMany(2);
      const session = await context.session();
      const leases = await session.claim(2);
      const lines = Array.from({ length: MOST_LOG_LINES - 30 }, (_value, index) => line(String(index)));
      for (const lease of leases) await session.report(lease, { lines });
      for (let more = 0; more < 97; more += 1) {
        for (const lease of leases) await session.report(lease, { lines: [line(`${lease.id} ${more}`)] });
      }
      for (const id of ids) {
        const log = await context.engine.logs({ queue: MAIN, id });
        assert.deepEqual([log.lines.length, log.dropped, log.lines[0]?.message], [MOST_LOG_LINES, 67, "67"]);
        assert.deepEqual(
          log.lines.slice(-97).map(({ message }) => message),
          Array.from({ length: 97 }, (_value, more) => `${id} ${more}`),
        );
      }
      for (const lease of leases) await session.complete(lease);
      for (const id of ids) await context.control("remove", id);
      await context.add({ id: ids[0] ?? "" });
      assert.deepEqual(await context.engine.logs({ queue: MAIN, id: ids[0] ?? "" }), { lines: [], dropped: 0 });
    },
  ],
  [
    "more-lines-than-log-holds",
    "more lines than a log holds, reported at once, leave the newest",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lines = Array.from({ length: MOST_LOG_LINES + 7 }, (_value, index) => line(String(index)));
      await session.report(await session.next(), { lines });
      const log = await context.engine.logs({ queue: MAIN, id });
      assert.deepEqual([log.lines.length, log.dropped, log.lines[0]?.message], [MOST_LOG_LINES, 7, "7"]);
    },
  ],
  [
    "long-log-line-is-cut",
    `a log line is cut after ${LONGEST_LOG_LINE} characters`,
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const long = "x".repeat(LONGEST_LOG_LINE);
      await session.report(await session.next(), { lines: [line(long), line(`${long}y`)] });
      const { lines } = await context.engine.logs({ queue: MAIN, id });
      assert.deepEqual(
        lines.map(({ message }) => message),
        [long, long],
      );
    },
  ],
  [
    "many-jobs-one-by-one",
    "reports of many jobs and queues are answered one by one, in the order given",
    async (context) => {
      const session = await context.session({ queues: ["a", "b"] });
      await context.addMany(2, { queue: "a" });
      await context.add({ queue: "b" });
      const [one, two, three] = await session.claim(3);
      assert.ok(one && two && three);
      const answers = await session.engine.report({
        session: session.id,
        updates: [
          { queue: three.queue, id: three.id, epoch: three.epoch, meta: '{"n":3}' },
          { queue: one.queue, id: one.id, epoch: 9, meta: '{"n":1}' },
          { queue: "a", id: "nowhere", epoch: 1, meta: "{}" },
          { queue: two.queue, id: two.id, epoch: two.epoch, meta: '{"n":2}' },
        ],
      });
      assert.deepEqual(answers, ["applied", "stale", "stale", "applied"]);
      assert.deepEqual(
        [
          (await context.job(one.id, "a")).meta,
          (await context.job(two.id, "a")).meta,
          (await context.job(three.id, "b")).meta,
        ],
        [null, '{"n":2}', '{"n":3}'],
      );
    },
  ],
  [
    "several-reports-of-one-job",
    "several reports of one job in one call are applied in order",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const { queue, epoch } = await session.next();
      await session.engine.report({
        session: session.id,
        updates: [1, 2, 3].map((percent) => ({
          queue,
          id,
          epoch,
          progress: progressOf(percent, null),
          lines: [line(String(percent))],
        })),
      });
      assert.equal((await context.job(id)).progress?.percent, 3);
      assert.deepEqual(
        (await context.engine.logs({ queue, id })).lines.map(({ message }) => message),
        ["1", "2", "3"],
      );
    },
  ],
  [
    "sent-again-once-in-log",
    "a numbered report that is sent again, and a late copy of an earlier one, add no lines",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      const first = { number: 1, lines: [line("1"), line("2")] };
      const second = { number: 2, lines: [line("3")] };
      for (const update of [first, first, second, first, second]) {
        assert.equal(await session.report(lease, update), "applied");
      }
      await session.report(lease, { number: 5, lines: [line("4")] });
      await session.report(lease, { lines: [line("5")] });
      assert.deepEqual(
        (await context.engine.logs({ queue: MAIN, id })).lines.map(({ message }) => message),
        ["1", "2", "3", "4", "5"],
      );
    },
  ],
  [
    "numbers-begin-anew-with-lease",
    "each lease numbers its reports from the beginning",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      for (const message of ["1", "2"]) {
        const lease = await session.next();
        await session.report(lease, { number: 1, lines: [line(message)] });
        await session.report(lease, { number: 1, lines: [line(message)] });
        await session.fail(lease, 0);
      }
      assert.deepEqual(
        (await context.engine.logs({ queue: MAIN, id })).lines.map(({ message }) => message),
        ["1", "2"],
      );
    },
  ],
  [
    "milestone-sent-again-shown-once",
    "a milestone or status that is sent again is stored and shown once",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      const { cursor } = await context.engine.watch({ queue: MAIN, cursor: null, max: 10 });
      const rest = { key: null, at: 1_000, took: 0, counters: null };
      const checkpoints: Checkpoint[] = [
        { seq: 1, kind: "milestone", name: "found", value: "[1,{}]", ...rest },
        { seq: 2, kind: "status", name: "reading", value: "null", ...rest },
      ];
      for (let sent = 0; sent < 2; sent += 1) await session.report(lease, { checkpoints });
      const { events } = await context.engine.watch({ queue: MAIN, cursor, max: 10 });
      assert.deepEqual(
        events.map(({ kind }) => kind),
        ["milestone", "status"],
      );
      assert.deepEqual(await context.engine.checkpoints({ queue: MAIN, id }), checkpoints);
    },
  ],
  [
    "no-reports",
    "a report command without reports is accepted",
    async (context) => {
      const session = await context.session();
      assert.deepEqual(await context.engine.report({ session: session.id, updates: [] }), []);
    },
  ],
]);
