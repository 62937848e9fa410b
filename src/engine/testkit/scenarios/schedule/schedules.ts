/** Schedules: kept with the jobs of their queue, changed, paused, resumed, moved, removed. */
import assert from "node:assert/strict";
import { MOST_SCHEDULES } from "../../../../model/schedule/schedule.js";
import { nextDue } from "../../../../model/schedule/ticks.js";
import type { Engine } from "../../../contract/engine.js";
import { MAIN } from "../../context/scenario-context.js";
import { everyMinute, fire, found, jobsOf, MINUTE, put, toTick } from "../../context/schedule-helpers.js";
import { scenarios } from "../../context/scenario.js";

export const schedules = scenarios("schedules", [
  [
    "read-back-as-put",
    "a schedule is read back as it was put",
    async (context) => {
      const schedule = everyMinute({ input: { feed: "é" }, options: { queue: MAIN, priority: -5, tags: ["app:7"] } });
      const now = context.clock.now();
      assert.equal(await put(context, schedule, { op: "first" }), "created");
      assert.deepEqual(await context.engine.schedules({}), [
        {
          queue: MAIN,
          name: "poll",
          schedule,
          problem: null,
          status: "active",
          revision: "first",
          lastDue: now,
          nextDue: nextDue(schedule, now),
          lastJob: null,
          createdAt: now,
        },
      ]);
    },
  ],
  [
    "queue-known-without-jobs",
    "the queue of a schedule is known though it never had a job",
    async (context) => {
      await put(context);
      assert.deepEqual(
        (await context.engine.queues()).map(({ name }) => name),
        [MAIN],
      );
    },
  ],
  [
    "listed-by-queue-and-name",
    "schedules are listed by queue and name, all of them or those asked for",
    async (context) => {
      for (const [queue, name] of [
        ["b", "x"],
        ["a", "y"],
        ["a", "x"],
      ] as const) {
        await put(context, everyMinute({ name, options: { queue } }));
      }
      const names = async (params: Parameters<Engine["schedules"]>[0]): Promise<string[]> =>
        (await context.engine.schedules(params)).map(({ queue, name }) => `${queue}/${name}`);
      assert.deepEqual(await names({}), ["a/x", "a/y", "b/x"]);
      assert.deepEqual(await names({ queues: ["a"] }), ["a/x", "a/y"]);
      assert.deepEqual(await names({ names: ["x"] }), ["a/x", "b/x"]);
      assert.deepEqual(await names({ queues: ["b", "none"], names: ["x", "y"] }), ["b/x"]);
      assert.deepEqual(await names({ names: [] }), []);
    },
  ],
  [
    "same-put-changes-nothing",
    "the same schedule put again changes nothing, whenever that is",
    async (context) => {
      await put(context);
      const before = await found(context);
      context.advance(30_000);
      assert.equal(await put(context), "unchanged");
      assert.deepEqual(await found(context), before);
    },
  ],
  [
    "put-sent-again",
    "a put that is sent again answers as before and changes nothing",
    async (context) => {
      assert.equal(await put(context, everyMinute(), { op: "1" }), "created");
      assert.equal(await put(context, everyMinute(), { op: "1" }), "created");
      assert.equal(await put(context, everyMinute({ input: 2 }), { op: "2" }), "changed");
      const after = await found(context);
      context.advance(30_000);
      assert.equal(await put(context, everyMinute({ input: 2 }), { op: "2" }), "changed");
      assert.deepEqual(await found(context), after);
    },
  ],
  [
    "changed-job-keeps-times",
    "a changed job leaves the times where they were",
    async (context) => {
      await put(context);
      const before = await found(context);
      context.advance(3 * MINUTE);
      const schedule = everyMinute({ input: "new", catchUp: "all", jitter: 500 });
      assert.equal(await put(context, schedule, { op: "2" }), "changed");
      assert.deepEqual(await found(context), { ...before, schedule, revision: "2" });
    },
  ],
  [
    "changed-times-begin-anew",
    "changed times begin anew",
    async (context) => {
      await put(context);
      toTick(context, 3);
      const now = context.clock.now();
      for (const change of [{ every: 2 * MINUTE }, { every: 2 * MINUTE, end: now + 90 * MINUTE }]) {
        context.advance(1_000);
        const schedule = everyMinute(change);
        assert.equal(await put(context, schedule), "changed");
        const { lastDue, nextDue: next } = await found(context);
        assert.deepEqual([lastDue, next], [context.clock.now(), nextDue(schedule, context.clock.now())]);
      }
    },
  ],
  [
    "put-again-stays-paused",
    "a schedule that was paused stays so when it is put again, changed or not",
    async (context) => {
      await put(context);
      await context.engine.pauseSchedule({ queue: MAIN, name: "poll" });
      await put(context);
      await put(context, everyMinute({ every: 5 * MINUTE }));
      const { status, schedule, nextDue: next } = await found(context);
      assert.deepEqual([status, schedule?.paused, next], ["paused", true, null]);
    },
  ],
  [
    "begins-paused",
    "a schedule can begin paused",
    async (context) => {
      await put(context, everyMinute({ paused: true }));
      assert.deepEqual([(await found(context)).status, (await found(context)).nextDue], ["paused", null]);
      toTick(context, 2);
      assert.deepEqual((await context.sweep()).schedules, []);
    },
  ],
  [
    "full-at-10000",
    "a queue takes 10,000 schedules, then says that it is full, and takes changes all the same",
    async (context) => {
      const lastDue = context.clock.now();
      const first = everyMinute({ name: "s0" });
      const next = nextDue(first, lastDue);
      for (let from = 0; from < MOST_SCHEDULES; from += 500) {
        await Promise.all(
          Array.from({ length: 500 }, (_, index) =>
            put(context, { ...first, name: `s${from + index}` }, { lastDue, nextDue: next }),
          ),
        );
      }
      assert.equal(await put(context, everyMinute({ name: "more" })), "full");
      assert.equal(await put(context, everyMinute({ name: "s0", input: 1 })), "changed");
      assert.equal(await put(context, everyMinute({ name: "more", options: { queue: "other" } })), "created");
      assert.equal((await context.engine.schedules({ queues: [MAIN] })).length, MOST_SCHEDULES);
    },
  ],
  [
    "resumed-from-time-given",
    "a paused schedule is resumed from the time given",
    async (context) => {
      await put(context);
      const ref = { queue: MAIN, name: "poll" };
      assert.equal(await context.engine.pauseSchedule(ref), true);
      assert.equal(await context.engine.pauseSchedule(ref), true);
      const now = toTick(context, 5);
      const { revision } = await found(context);
      const resume = { ...ref, from: "paused", revision, lastDue: now, nextDue: now + MINUTE } as const;
      assert.equal(await context.engine.resumeSchedule(resume), "applied");
      const { status, lastDue, nextDue: next } = await found(context);
      assert.deepEqual([status, lastDue, next], ["active", now, now + MINUTE]);
      // Sent again it finds that it is active, and leaves it alone.
      await fire(context);
      assert.equal(await context.engine.resumeSchedule({ ...resume, lastDue: 1, nextDue: 2 }), "applied");
      assert.equal((await found(context)).lastDue, now);
    },
  ],
  [
    "changed-meanwhile-not-resumed",
    "a schedule that was changed meanwhile, or is gone, is not resumed",
    async (context) => {
      await put(context, everyMinute({ paused: true }));
      const { revision } = await found(context);
      await put(context, everyMinute({ every: 5 * MINUTE }));
      const resume = { queue: MAIN, name: "poll", from: "paused", revision, lastDue: 1, nextDue: 2 } as const;
      assert.equal(await context.engine.resumeSchedule(resume), "stale");
      assert.equal((await found(context)).status, "paused");
      await context.engine.removeSchedule({ queue: MAIN, name: "poll" });
      assert.equal(await context.engine.resumeSchedule(resume), "missing");
      assert.equal(await context.engine.resumeSchedule({ ...resume, queue: "none" }), "missing");
      assert.equal(await context.engine.pauseSchedule({ queue: MAIN, name: "poll" }), false);
      assert.equal(await context.engine.pauseSchedule({ queue: "none", name: "poll" }), false);
    },
  ],
  [
    "removed-leaves-its-jobs",
    "removing answers the schedule as it was last, and leaves its jobs",
    async (context) => {
      await put(context);
      toTick(context);
      await fire(context);
      const last = await found(context);
      assert.deepEqual(await context.engine.removeSchedule({ queue: MAIN, name: "poll" }), last);
      assert.equal(await context.engine.removeSchedule({ queue: MAIN, name: "poll" }), null);
      assert.equal(await context.engine.removeSchedule({ queue: "none", name: "poll" }), null);
      assert.deepEqual([await context.engine.schedules({}), (await jobsOf(context)).length], [[], 1]);
      toTick(context);
      const { schedules: due, nextDue: next } = await context.sweep();
      assert.deepEqual([due, next], [[], null]);
    },
  ],
  [
    "obliterating-queue-removes",
    "obliterating a queue removes its schedules and leaves nothing behind",
    async (context) => {
      await put(context);
      await put(context, everyMinute({ name: "supersedes", overlap: "supersede" }));
      toTick(context);
      await fire(context);
      await fire(context, "supersedes");
      await context.engine.obliterate({ queue: MAIN, force: false });
      assert.deepEqual(await context.engine.schedules({}), []);
      assert.deepEqual(await context.storage.leftovers?.(), []);
      assert.equal(await put(context), "created");
      assert.equal((await context.engine.queues()).length, 1);
    },
    "leftovers",
  ],
]);
