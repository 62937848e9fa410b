/** Schedules: kept with the jobs of their queue, changed, paused, resumed, moved, removed. */
import assert from "node:assert/strict";
import { MOST_SCHEDULES } from "../../../../model/schedule/schedule.js";
import { nextDue } from "../../../../model/schedule/ticks.js";
import type { Engine } from "../../../contract/engine.js";
import { MAIN } from "../../kit/kit.js";
import { everyMinute, fire, found, jobsOf, MINUTE, put, toTick } from "../../kit/schedule-words.js";
import { scenarios } from "../../kit/scenario.js";

export const schedules = scenarios("schedules", [
  [
    "read-back-as-put",
    "a schedule is read back as it was put",
    async (kit) => {
      const schedule = everyMinute({ input: { feed: "é" }, options: { queue: MAIN, priority: -5, tags: ["app:7"] } });
      const now = kit.clock.now();
      assert.equal(await put(kit, schedule, { op: "first" }), "created");
      assert.deepEqual(await kit.engine.schedules({}), [
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
    async (kit) => {
      await put(kit);
      assert.deepEqual(
        (await kit.engine.queues()).map(({ name }) => name),
        [MAIN],
      );
    },
  ],
  [
    "listed-by-queue-and-name",
    "schedules are listed by queue and name, all of them or those asked for",
    async (kit) => {
      for (const [queue, name] of [
        ["b", "x"],
        ["a", "y"],
        ["a", "x"],
      ] as const) {
        await put(kit, everyMinute({ name, options: { queue } }));
      }
      const names = async (params: Parameters<Engine["schedules"]>[0]): Promise<string[]> =>
        (await kit.engine.schedules(params)).map(({ queue, name }) => `${queue}/${name}`);
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
    async (kit) => {
      await put(kit);
      const before = await found(kit);
      kit.advance(30_000);
      assert.equal(await put(kit), "unchanged");
      assert.deepEqual(await found(kit), before);
    },
  ],
  [
    "put-sent-again",
    "a put that is sent again answers as before and changes nothing",
    async (kit) => {
      assert.equal(await put(kit, everyMinute(), { op: "1" }), "created");
      assert.equal(await put(kit, everyMinute(), { op: "1" }), "created");
      assert.equal(await put(kit, everyMinute({ input: 2 }), { op: "2" }), "changed");
      const after = await found(kit);
      kit.advance(30_000);
      assert.equal(await put(kit, everyMinute({ input: 2 }), { op: "2" }), "changed");
      assert.deepEqual(await found(kit), after);
    },
  ],
  [
    "changed-job-keeps-times",
    "a changed job leaves the times where they were",
    async (kit) => {
      await put(kit);
      const before = await found(kit);
      kit.advance(3 * MINUTE);
      const schedule = everyMinute({ input: "new", catchUp: "all", jitter: 500 });
      assert.equal(await put(kit, schedule, { op: "2" }), "changed");
      assert.deepEqual(await found(kit), { ...before, schedule, revision: "2" });
    },
  ],
  [
    "changed-times-begin-anew",
    "changed times begin anew",
    async (kit) => {
      await put(kit);
      toTick(kit, 3);
      const now = kit.clock.now();
      for (const change of [{ every: 2 * MINUTE }, { every: 2 * MINUTE, end: now + 90 * MINUTE }]) {
        kit.advance(1_000);
        const schedule = everyMinute(change);
        assert.equal(await put(kit, schedule), "changed");
        const { lastDue, nextDue: next } = await found(kit);
        assert.deepEqual([lastDue, next], [kit.clock.now(), nextDue(schedule, kit.clock.now())]);
      }
    },
  ],
  [
    "put-again-stays-paused",
    "a schedule that was paused stays so when it is put again, changed or not",
    async (kit) => {
      await put(kit);
      await kit.engine.pauseSchedule({ queue: MAIN, name: "poll" });
      await put(kit);
      await put(kit, everyMinute({ every: 5 * MINUTE }));
      const { status, schedule, nextDue: next } = await found(kit);
      assert.deepEqual([status, schedule?.paused, next], ["paused", true, null]);
    },
  ],
  [
    "begins-paused",
    "a schedule can begin paused",
    async (kit) => {
      await put(kit, everyMinute({ paused: true }));
      assert.deepEqual([(await found(kit)).status, (await found(kit)).nextDue], ["paused", null]);
      toTick(kit, 2);
      assert.deepEqual((await kit.sweep()).schedules, []);
    },
  ],
  [
    "full-at-10000",
    "a queue takes 10,000 schedules, then says that it is full, and takes changes all the same",
    async (kit) => {
      const lastDue = kit.clock.now();
      const first = everyMinute({ name: "s0" });
      const next = nextDue(first, lastDue);
      for (let from = 0; from < MOST_SCHEDULES; from += 500) {
        await Promise.all(
          Array.from({ length: 500 }, (_, index) =>
            put(kit, { ...first, name: `s${from + index}` }, { lastDue, nextDue: next }),
          ),
        );
      }
      assert.equal(await put(kit, everyMinute({ name: "more" })), "full");
      assert.equal(await put(kit, everyMinute({ name: "s0", input: 1 })), "changed");
      assert.equal(await put(kit, everyMinute({ name: "more", options: { queue: "other" } })), "created");
      assert.equal((await kit.engine.schedules({ queues: [MAIN] })).length, MOST_SCHEDULES);
    },
  ],
  [
    "resumed-from-time-given",
    "a paused schedule is resumed from the time given",
    async (kit) => {
      await put(kit);
      const ref = { queue: MAIN, name: "poll" };
      assert.equal(await kit.engine.pauseSchedule(ref), true);
      assert.equal(await kit.engine.pauseSchedule(ref), true);
      const now = toTick(kit, 5);
      const { revision } = await found(kit);
      const resume = { ...ref, from: "paused", revision, lastDue: now, nextDue: now + MINUTE } as const;
      assert.equal(await kit.engine.resumeSchedule(resume), "applied");
      const { status, lastDue, nextDue: next } = await found(kit);
      assert.deepEqual([status, lastDue, next], ["active", now, now + MINUTE]);
      // Sent again it finds that it is active, and leaves it alone.
      await fire(kit);
      assert.equal(await kit.engine.resumeSchedule({ ...resume, lastDue: 1, nextDue: 2 }), "applied");
      assert.equal((await found(kit)).lastDue, now);
    },
  ],
  [
    "changed-meanwhile-not-resumed",
    "a schedule that was changed meanwhile, or is gone, is not resumed",
    async (kit) => {
      await put(kit, everyMinute({ paused: true }));
      const { revision } = await found(kit);
      await put(kit, everyMinute({ every: 5 * MINUTE }));
      const resume = { queue: MAIN, name: "poll", from: "paused", revision, lastDue: 1, nextDue: 2 } as const;
      assert.equal(await kit.engine.resumeSchedule(resume), "stale");
      assert.equal((await found(kit)).status, "paused");
      await kit.engine.removeSchedule({ queue: MAIN, name: "poll" });
      assert.equal(await kit.engine.resumeSchedule(resume), "missing");
      assert.equal(await kit.engine.resumeSchedule({ ...resume, queue: "none" }), "missing");
      assert.equal(await kit.engine.pauseSchedule({ queue: MAIN, name: "poll" }), false);
      assert.equal(await kit.engine.pauseSchedule({ queue: "none", name: "poll" }), false);
    },
  ],
  [
    "removed-leaves-its-jobs",
    "removing answers the schedule as it was last, and leaves its jobs",
    async (kit) => {
      await put(kit);
      toTick(kit);
      await fire(kit);
      const last = await found(kit);
      assert.deepEqual(await kit.engine.removeSchedule({ queue: MAIN, name: "poll" }), last);
      assert.equal(await kit.engine.removeSchedule({ queue: MAIN, name: "poll" }), null);
      assert.equal(await kit.engine.removeSchedule({ queue: "none", name: "poll" }), null);
      assert.deepEqual([await kit.engine.schedules({}), (await jobsOf(kit)).length], [[], 1]);
      toTick(kit);
      const { schedules: due, nextDue: next } = await kit.sweep();
      assert.deepEqual([due, next], [[], null]);
    },
  ],
  [
    "obliterating-queue-removes",
    "obliterating a queue removes its schedules and leaves nothing behind",
    async (kit) => {
      await put(kit);
      await put(kit, everyMinute({ name: "supersedes", overlap: "supersede" }));
      toTick(kit);
      await fire(kit);
      await fire(kit, "supersedes");
      await kit.engine.obliterate({ queue: MAIN, force: false });
      assert.deepEqual(await kit.engine.schedules({}), []);
      assert.deepEqual(await kit.storage.leftovers?.(), []);
      assert.equal(await put(kit), "created");
      assert.equal((await kit.engine.queues()).length, 1);
    },
    "leftovers",
  ],
]);
