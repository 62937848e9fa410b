/** Ticks: handed out when they are due, and made jobs of in one step, once, by however many try. */
import assert from "node:assert/strict";
import { MOST_HANDED_OUT, nextDue } from "../../../../model/schedule/ticks.js";
import type { FencedAnswer } from "../../../contract/engine.js";

import { MAIN } from "../../kit/kit.js";
import { everyMinute, fire, fireOf, found, jobsOf, MINUTE, put, toTick } from "../../kit/schedule-words.js";
import { scenarios } from "../../kit/scenario.js";

export const ticks = scenarios("ticks", [
  [
    "sweep-hands-out-due",
    "a sweep hands out what is due, and says when the next one is",
    async (kit) => {
      await put(kit);
      await put(kit, everyMinute({ name: "rare", every: 10 * MINUTE }));
      const { schedules: early, nextDue: next } = await kit.sweep();
      assert.deepEqual([early, next], [[], (await found(kit)).nextDue]);
      toTick(kit);
      const swept = await kit.sweep();
      assert.deepEqual(swept.schedules, [await found(kit)]);
      // What was handed out is the caller's business: to be told of it as due would wake him for ever.
      assert.equal(swept.nextDue, (await found(kit, "rare")).nextDue);
    },
  ],
  [
    "up-to-100-earliest-first",
    "a sweep hands out the schedules of its queues, up to 100 of each, the earliest first",
    async (kit) => {
      await put(kit, everyMinute({ name: "elsewhere", options: { queue: "other" } }));
      for (let n = 0; n <= MOST_HANDED_OUT; n += 1) await put(kit, everyMinute({ name: `s${n}` }));
      const earlier = kit.clock.now() - MINUTE;
      await put(kit, everyMinute({ name: "z" }), { lastDue: earlier, nextDue: nextDue(everyMinute(), earlier) });
      toTick(kit);
      const { schedules: due, more } = await kit.sweep();
      assert.deepEqual([due.length, due[0]?.name, more], [MOST_HANDED_OUT, "z", true]);
      assert.ok(due.every(({ queue }) => queue === MAIN));
      assert.equal((await kit.sweep(1_000, ["other"])).more, false);
    },
  ],
  [
    "firing-creates-and-moves-on",
    "firing creates the job of the tick and moves the schedule on",
    async (kit) => {
      await put(kit, everyMinute({ input: { n: 1 }, options: { queue: MAIN, priority: 7, tags: ["app:7"] } }));
      const due = toTick(kit);
      assert.deepEqual(await fire(kit), ["applied"]);
      const [id = ""] = await jobsOf(kit);
      assert.match(id, /^tick:poll:20\d{6}T\d{6}Z$/);
      const { state, task, input, priority, tags, runAt } = await kit.job(id);
      assert.deepEqual([state, task, input, priority, runAt], ["queued", "work", '{"n":1}', 7, due]);
      assert.deepEqual(tags, ["app:7", "schedule:poll"]);
      const { lastDue, nextDue: next, lastJob } = await found(kit);
      assert.deepEqual([lastDue, next, lastJob], [due, due + MINUTE, id]);
      assert.deepEqual(await (await kit.session()).claimIds(5), [id]);
    },
  ],
  [
    "one-of-two-fires",
    "of two who fire the same tick one does",
    async (kit) => {
      await put(kit);
      toTick(kit);
      const record = await found(kit);
      const other = await kit.open();
      const answers = await Promise.all([
        kit.engine.fireSchedules({ fires: [fireOf(kit, record)] }),
        other.fireSchedules({ fires: [fireOf(kit, record)] }),
      ]);
      assert.deepEqual(answers.flat().toSorted(), ["applied", "stale"]);
      assert.equal((await jobsOf(kit)).length, 1);
    },
  ],
  [
    "firing-sent-again",
    "firing that is sent again answers as before and creates nothing",
    async (kit) => {
      await put(kit);
      toTick(kit);
      const command = fireOf(kit, await found(kit));
      assert.deepEqual(await kit.engine.fireSchedules({ fires: [command] }), ["applied"]);
      const [id = ""] = await jobsOf(kit);
      await kit.control("remove", id);
      assert.deepEqual(await kit.engine.fireSchedules({ fires: [command] }), ["applied"]);
      assert.deepEqual(await jobsOf(kit), []);
      const { lastDue } = await found(kit);
      assert.equal(lastDue, command.to);
    },
  ],
  [
    "job-there-already",
    "a tick whose job is there already gets no other, and the schedule moves on",
    async (kit) => {
      await put(kit);
      toTick(kit);
      const command = fireOf(kit, await found(kit));
      const [job] = command.jobs;
      assert.ok(job);
      await kit.engine.enqueue({ jobs: [{ ...job, input: '"mine"' }] });
      assert.deepEqual(await kit.engine.fireSchedules({ fires: [command] }), ["applied"]);
      assert.deepEqual(await jobsOf(kit), [job.id]);
      assert.equal((await kit.job(job.id)).input, '"mine"');
      assert.equal((await found(kit)).lastDue, command.to);
    },
  ],
  [
    "stale-definition",
    "ticks follow from the definition they were found with, or are stale",
    async (kit) => {
      await put(kit);
      toTick(kit);
      const command = fireOf(kit, await found(kit));
      await put(kit, everyMinute({ input: "new" }));
      assert.deepEqual(await kit.engine.fireSchedules({ fires: [command] }), ["stale"]);
      assert.deepEqual(await jobsOf(kit), []);
      assert.deepEqual(await fire(kit), ["applied"]);
      assert.equal((await kit.job((await jobsOf(kit))[0] ?? "")).input, '"new"');
    },
  ],
  [
    "paused-or-gone-not-fired",
    "a schedule that is paused, gone, or another under its old name is not fired",
    async (kit) => {
      await put(kit);
      toTick(kit);
      const command = fireOf(kit, await found(kit));
      const again = (): Promise<FencedAnswer[]> =>
        Promise.resolve(kit.engine.fireSchedules({ fires: [{ ...command, op: kit.fresh("fire") }] }));
      assert.equal(await kit.engine.pauseSchedule({ queue: MAIN, name: "poll" }), true);
      assert.deepEqual(await again(), ["stale"]);
      await kit.engine.removeSchedule({ queue: MAIN, name: "poll" });
      assert.deepEqual(await again(), ["stale"]);
      await put(kit, everyMinute(), { lastDue: command.from, nextDue: command.to });
      assert.deepEqual(await again(), ["stale"]);
      assert.deepEqual(await kit.engine.fireSchedules({ fires: [{ ...command, queue: "none" }] }), ["stale"]);
      assert.deepEqual(await kit.list(), []);
    },
  ],
  [
    "up-to-1000-in-one-step",
    "many ticks become as many jobs in one step, in their order, up to 1,000",
    async (kit) => {
      await put(kit, everyMinute({ catchUp: "all" }));
      toTick(kit, 1_200);
      await fire(kit);
      const ids = await (await kit.session()).claimIds(1_500);
      assert.equal(ids.length, 1_000);
      assert.deepEqual(ids, ids.toSorted());
      assert.equal(ids.at(-1), (await found(kit)).lastJob);
      assert.equal((await found(kit)).nextDue, kit.clock.now() + MINUTE);
    },
  ],
  [
    "several-schedules-one-command",
    "several schedules are fired with one command, each answered by itself",
    async (kit) => {
      const names = ["a", "b", "c"];
      for (const name of names) await put(kit, everyMinute({ name, options: { queue: `q${name}` } }));
      toTick(kit);
      const [a, b, c] = await kit.engine.schedules({});
      assert.ok(a && b && c);
      await kit.engine.removeSchedule(b);
      const answers = await kit.engine.fireSchedules({ fires: [a, b, c].map((record) => fireOf(kit, record)) });
      assert.deepEqual(answers, ["applied", "stale", "applied"]);
      assert.equal((await kit.list()).length, 2);
    },
  ],
  [
    "jitter-delays-until-time",
    "a tick with jitter is delayed until its time",
    async (kit) => {
      await put(kit, everyMinute({ jitter: 30_000 }));
      const due = toTick(kit);
      const jobs = [...fireOf(kit, await found(kit)).jobs];
      await fire(kit);
      const { state, runAt } = await kit.job(jobs[0]?.id ?? "");
      assert.ok(runAt > due && runAt <= due + 30_000, "the jitter of this tick is not 0");
      assert.deepEqual([state, jobs[0]?.due], ["delayed", { at: runAt }]);
      kit.advance(runAt - due);
      await kit.sweep();
      assert.equal(await kit.state(jobs[0]?.id ?? ""), "queued");
    },
  ],
  [
    "moves-on-without-job",
    "a tick that moves the schedule on without a job creates none",
    async (kit) => {
      await put(kit, everyMinute({ catchUp: "skip" }));
      toTick(kit, 5);
      kit.advance(59_000);
      // A job of the latest tick would be on time: of this command it was taken away.
      const command = { ...fireOf(kit, await found(kit)), jobs: [] };
      assert.deepEqual(await kit.engine.fireSchedules({ fires: [command] }), ["applied"]);
      const { lastDue, lastJob } = await found(kit);
      assert.deepEqual([lastDue, lastJob, await kit.list()], [command.to, null, []]);
    },
  ],
  [
    "skip-while-unended",
    'overlap "skip": no job while the last one has not ended, and the schedule moves on',
    async (kit) => {
      await put(kit, everyMinute({ overlap: "skip" }));
      toTick(kit);
      await fire(kit);
      const [first = ""] = await jobsOf(kit);
      const session = await kit.session({ ttl: 3_600_000 });
      const lease = await session.next();
      toTick(kit);
      assert.deepEqual(await fire(kit), ["applied"]);
      assert.deepEqual(await jobsOf(kit), [first]);
      assert.deepEqual([(await found(kit)).lastDue, (await found(kit)).lastJob], [kit.clock.now(), first]);
      await session.complete(lease);
      toTick(kit);
      await fire(kit);
      assert.equal((await jobsOf(kit)).length, 2);
      // One that waits has not ended either; one that is gone has.
      toTick(kit);
      await fire(kit);
      assert.equal((await jobsOf(kit)).length, 2);
      await kit.control("remove", (await found(kit)).lastJob ?? "");
      toTick(kit);
      await fire(kit);
      assert.equal((await jobsOf(kit)).length, 2);
    },
  ],
  [
    "skip-after-first-of-several",
    'overlap "skip": of several ticks at once the first has a job',
    async (kit) => {
      await put(kit, everyMinute({ overlap: "skip", catchUp: "all" }));
      toTick(kit, 3);
      const [job] = fireOf(kit, await found(kit)).jobs;
      await fire(kit);
      assert.deepEqual(await jobsOf(kit), [job?.id]);
    },
  ],
  [
    "supersede-each-before",
    'overlap "supersede": each job takes the place of the one before',
    async (kit) => {
      await put(kit, everyMinute({ overlap: "supersede", catchUp: "all" }));
      toTick(kit);
      await fire(kit);
      const session = await kit.session({ ttl: 3_600_000 });
      const { id } = await session.next();
      toTick(kit, 3);
      await fire(kit);
      assert.equal(await kit.state(id), "superseded");
      assert.deepEqual((await session.heartbeat()).revoked.length, 1);
      assert.equal((await kit.counts()).superseded, 3);
      assert.deepEqual(await session.claimIds(5), [(await found(kit)).lastJob]);
    },
  ],
  [
    "unique-key-obeyed",
    "the jobs of a tick obey their unique key",
    async (kit) => {
      const unique = { key: "k" };
      await put(kit, everyMinute({ options: { queue: MAIN, unique } }));
      const holder = await kit.add({ unique: { key: "k", until: "finished", onConflict: "join" } });
      toTick(kit);
      assert.deepEqual(await fire(kit), ["applied"]);
      assert.deepEqual([await jobsOf(kit), (await found(kit)).lastJob], [[], holder]);
    },
  ],
  [
    "moving-here-waits",
    "a schedule that moves here does not fire until it is let go, and is handed out when that takes long",
    async (kit) => {
      const due = toTick(kit);
      await put(kit, everyMinute(), { status: "moving", lastDue: due - MINUTE, nextDue: due + 10_000 });
      const record = await found(kit);
      assert.deepEqual([record.status, (await kit.sweep()).schedules], ["moving", []]);
      assert.deepEqual(await kit.engine.fireSchedules({ fires: [fireOf(kit, record)] }), ["stale"]);
      kit.advance(10_000);
      assert.deepEqual((await kit.sweep()).schedules, [record]);
      const resume = { queue: MAIN, name: "poll", revision: record.revision, lastDue: due, nextDue: due + MINUTE };
      assert.equal(await kit.engine.resumeSchedule({ ...resume, from: "paused" }), "applied");
      assert.equal((await found(kit)).status, "moving");
      assert.equal(await kit.engine.resumeSchedule({ ...resume, from: "moving" }), "applied");
      assert.deepEqual([(await found(kit)).status, (await found(kit)).lastDue], ["active", due]);
    },
  ],
  [
    "ended-stays-not-due",
    "a schedule that has ended stays, and is due no more",
    async (kit) => {
      const end = kit.clock.now() + MINUTE;
      await put(kit, everyMinute({ end }));
      toTick(kit);
      await fire(kit);
      assert.equal((await found(kit)).nextDue, null);
      assert.deepEqual([(await kit.sweep()).schedules, (await kit.sweep()).nextDue], [[], null]);
    },
  ],
  [
    "exchange-says-next-schedule",
    "an exchange says when the next schedule is due, unless it is due already",
    async (kit) => {
      const session = await kit.session({ ttl: 3_600_000 });
      assert.equal((await session.exchange([], {})).nextDue, null);
      await put(kit);
      const { nextDue: next } = await found(kit);
      assert.equal((await session.exchange([], {})).nextDue, next);
      await kit.add({ due: { in: 5 } });
      assert.equal((await session.exchange([], {})).nextDue, kit.clock.now() + 5);
      toTick(kit);
      await session.exchange([], {});
      assert.equal((await session.exchange([], {})).nextDue, null);
      await fire(kit);
      assert.equal((await session.exchange([], {})).nextDue, kit.clock.now() + MINUTE);
    },
  ],
  [
    "new-and-firing-wake",
    "who waits for work hears of a new schedule, and of one that fires again",
    async (kit) => {
      const other = await kit.open();
      for (const act of [
        () => put(kit),
        async () => {
          const record = await found(kit);
          await kit.engine.resumeSchedule({ ...record, from: "paused", nextDue: kit.clock.now() + MINUTE });
        },
      ]) {
        const waiting = other.awaitWork({ queues: [MAIN], timeout: 3_600_000, signal: new AbortController().signal });
        await act();
        await kit.resolves("word of it", waiting);
        await kit.engine.pauseSchedule({ queue: MAIN, name: "poll" });
      }
    },
  ],
  [
    "paused-queue-is-told",
    "a paused queue is told of its schedules all the same, and its ticks wait",
    async (kit) => {
      await kit.engine.pause({ queue: MAIN });
      await put(kit);
      toTick(kit);
      assert.equal((await kit.sweep()).schedules.length, 1);
      await fire(kit);
      assert.deepEqual([(await kit.counts()).queued, await (await kit.session()).claimIds(5)], [1, []]);
    },
  ],
]);
