/** When ticks are due: which schedules a sweep hands out, and how workers that wait for work learn of them. */
import assert from "node:assert/strict";
import { MOST_HANDED_OUT, nextDue } from "../../../../model/schedule/ticks.js";
import { MAIN } from "../../context/scenario-context.js";
import { everyMinute, fire, fireOf, found, MINUTE, put, toTick } from "../../context/schedule-helpers.js";
import { scenarios } from "../../context/scenario.js";

export const dueTicks = scenarios("ticks", [
  [
    "sweep-hands-out-due",
    "a sweep hands out the schedules that are due, and says when the next one is",
    async (context) => {
      await put(context);
      await put(context, everyMinute({ name: "rare", every: 10 * MINUTE }));
      const { schedules: early, nextDue: next } = await context.sweep();
      assert.deepEqual([early, next], [[], (await found(context)).nextDue]);
      toTick(context);
      const swept = await context.sweep();
      assert.deepEqual(swept.schedules, [await found(context)]);
      // The worker fires what a sweep hands out. An answer that it is due would wake it at once, again and again.
      assert.equal(swept.nextDue, (await found(context, "rare")).nextDue);
    },
  ],
  [
    "up-to-100-earliest-first",
    "a sweep hands out the schedules of its queues, up to 100 of each, the earliest first",
    async (context) => {
      await put(context, everyMinute({ name: "elsewhere", options: { queue: "other" } }));
      for (let n = 0; n <= MOST_HANDED_OUT; n += 1) await put(context, everyMinute({ name: `s${n}` }));
      const earlier = context.clock.now() - MINUTE;
      await put(context, everyMinute({ name: "z" }), { lastDue: earlier, nextDue: nextDue(everyMinute(), earlier) });
      toTick(context);
      const { schedules: due, more } = await context.sweep();
      assert.deepEqual([due.length, due[0]?.name, more], [MOST_HANDED_OUT, "z", true]);
      assert.ok(due.every(({ queue }) => queue === MAIN));
      assert.equal((await context.sweep(1_000, ["other"])).more, false);
    },
  ],
  [
    "moving-here-waits",
    "a schedule that moves to this queue does not fire until it is resumed, and a sweep hands it out when that takes long",
    async (context) => {
      const due = toTick(context);
      await put(context, everyMinute(), { status: "moving", lastDue: due - MINUTE, nextDue: due + 10_000 });
      const record = await found(context);
      assert.deepEqual([record.status, (await context.sweep()).schedules], ["moving", []]);
      assert.deepEqual(await context.engine.fireSchedules({ fires: [fireOf(context, record)] }), ["stale"]);
      context.advance(10_000);
      assert.deepEqual((await context.sweep()).schedules, [record]);
      const resume = { queue: MAIN, name: "poll", revision: record.revision, lastDue: due, nextDue: due + MINUTE };
      assert.equal(await context.engine.resumeSchedule({ ...resume, from: "paused" }), "applied");
      assert.equal((await found(context)).status, "moving");
      assert.equal(await context.engine.resumeSchedule({ ...resume, from: "moving" }), "applied");
      assert.deepEqual([(await found(context)).status, (await found(context)).lastDue], ["active", due]);
    },
  ],
  [
    "ended-stays-not-due",
    "a schedule that has ended stays, and is due no more",
    async (context) => {
      const end = context.clock.now() + MINUTE;
      await put(context, everyMinute({ end }));
      toTick(context);
      await fire(context);
      assert.equal((await found(context)).nextDue, null);
      assert.deepEqual([(await context.sweep()).schedules, (await context.sweep()).nextDue], [[], null]);
    },
  ],
  [
    "exchange-says-next-schedule",
    "an exchange says when the next schedule is due, unless it is due already",
    async (context) => {
      const session = await context.session({ ttl: 3_600_000 });
      assert.equal((await session.exchange([], {})).nextDue, null);
      await put(context);
      const { nextDue: next } = await found(context);
      assert.equal((await session.exchange([], {})).nextDue, next);
      await context.add({ due: { in: 5 } });
      assert.equal((await session.exchange([], {})).nextDue, context.clock.now() + 5);
      toTick(context);
      await session.exchange([], {});
      assert.equal((await session.exchange([], {})).nextDue, null);
      await fire(context);
      assert.equal((await session.exchange([], {})).nextDue, context.clock.now() + MINUTE);
    },
  ],
  [
    "new-and-firing-wake",
    "a worker that waits for work is woken by a new schedule, and by one that fires again",
    async (context) => {
      const other = await context.open();
      for (const act of [
        () => put(context),
        async () => {
          const record = await found(context);
          await context.engine.resumeSchedule({ ...record, from: "paused", nextDue: context.clock.now() + MINUTE });
        },
      ]) {
        const waiting = other.awaitWork({ queues: [MAIN], timeout: 3_600_000, signal: new AbortController().signal });
        await act();
        await context.resolves("the revocation arrives", waiting);
        await context.engine.pauseSchedule({ queue: MAIN, name: "poll" });
      }
    },
  ],
  [
    "paused-queue-is-told",
    "a sweep of a paused queue hands out its schedules all the same, and the jobs of their ticks wait",
    async (context) => {
      await context.engine.pause({ queue: MAIN });
      await put(context);
      toTick(context);
      assert.equal((await context.sweep()).schedules.length, 1);
      await fire(context);
      assert.deepEqual([(await context.counts()).queued, await (await context.session()).claimIds(5)], [1, []]);
    },
  ],
]);
