/** Firing: due ticks become jobs in one command, once, however many workers send it; and what `overlap` does. */
import assert from "node:assert/strict";
import type { FencedAnswer } from "../../../contract/engine.js";
import { MAIN } from "../../context/scenario-context.js";
import { everyMinute, fire, fireOf, found, jobsOf, MINUTE, put, toTick } from "../../context/schedule-helpers.js";
import { scenarios } from "../../context/scenario.js";

export const firing = scenarios("ticks", [
  [
    "firing-creates-and-moves-on",
    "firing creates the job of the tick and moves the schedule on",
    async (context) => {
      await put(context, everyMinute({ input: { n: 1 }, options: { queue: MAIN, priority: 7, tags: ["app:7"] } }));
      const due = toTick(context);
      assert.deepEqual(await fire(context), ["applied"]);
      const [id = ""] = await jobsOf(context);
      assert.match(id, /^tick:poll:20\d{6}T\d{6}Z$/);
      const { state, task, input, priority, tags, runAt } = await context.job(id);
      assert.deepEqual([state, task, input, priority, runAt], ["queued", "work", '{"n":1}', 7, due]);
      assert.deepEqual(tags, ["app:7", "schedule:poll"]);
      const { lastDue, nextDue: next, lastJob } = await found(context);
      assert.deepEqual([lastDue, next, lastJob], [due, due + MINUTE, id]);
      assert.deepEqual(await (await context.session()).claimIds(5), [id]);
    },
  ],
  [
    "one-of-two-fires",
    "one of two workers that fire the same tick succeeds",
    async (context) => {
      await put(context);
      toTick(context);
      const record = await found(context);
      const other = await context.open();
      const answers = await Promise.all([
        context.engine.fireSchedules({ fires: [fireOf(context, record)] }),
        other.fireSchedules({ fires: [fireOf(context, record)] }),
      ]);
      assert.deepEqual(answers.flat().toSorted(), ["applied", "stale"]);
      assert.equal((await jobsOf(context)).length, 1);
    },
  ],
  [
    "firing-sent-again",
    "firing that is sent again answers as before and creates nothing",
    async (context) => {
      await put(context);
      toTick(context);
      const command = fireOf(context, await found(context));
      assert.deepEqual(await context.engine.fireSchedules({ fires: [command] }), ["applied"]);
      const [id = ""] = await jobsOf(context);
      await context.control("remove", id);
      assert.deepEqual(await context.engine.fireSchedules({ fires: [command] }), ["applied"]);
      assert.deepEqual(await jobsOf(context), []);
      const { lastDue } = await found(context);
      assert.equal(lastDue, command.to);
    },
  ],
  [
    "job-there-already",
    "a tick whose job is there already gets no other, and the schedule moves on",
    async (context) => {
      await put(context);
      toTick(context);
      const command = fireOf(context, await found(context));
      const [job] = command.jobs;
      assert.ok(job);
      await context.engine.enqueue({ jobs: [{ ...job, input: '"mine"' }] });
      assert.deepEqual(await context.engine.fireSchedules({ fires: [command] }), ["applied"]);
      assert.deepEqual(await jobsOf(context), [job.id]);
      assert.equal((await context.job(job.id)).input, '"mine"');
      assert.equal((await found(context)).lastDue, command.to);
    },
  ],
  [
    "stale-definition",
    "ticks follow from the definition they were found with, or are stale",
    async (context) => {
      await put(context);
      toTick(context);
      const command = fireOf(context, await found(context));
      await put(context, everyMinute({ input: "new" }));
      assert.deepEqual(await context.engine.fireSchedules({ fires: [command] }), ["stale"]);
      assert.deepEqual(await jobsOf(context), []);
      assert.deepEqual(await fire(context), ["applied"]);
      assert.equal((await context.job((await jobsOf(context))[0] ?? "")).input, '"new"');
    },
  ],
  [
    "paused-or-gone-not-fired",
    "a schedule that is paused, gone, or another under its old name is not fired",
    async (context) => {
      await put(context);
      toTick(context);
      const command = fireOf(context, await found(context));
      const again = (): Promise<FencedAnswer[]> =>
        Promise.resolve(context.engine.fireSchedules({ fires: [{ ...command, op: context.fresh("fire") }] }));
      assert.equal(await context.engine.pauseSchedule({ queue: MAIN, name: "poll" }), true);
      assert.deepEqual(await again(), ["stale"]);
      await context.engine.removeSchedule({ queue: MAIN, name: "poll" });
      assert.deepEqual(await again(), ["stale"]);
      await put(context, everyMinute(), { lastDue: command.from, nextDue: command.to });
      assert.deepEqual(await again(), ["stale"]);
      assert.deepEqual(await context.engine.fireSchedules({ fires: [{ ...command, queue: "none" }] }), ["stale"]);
      assert.deepEqual(await context.list(), []);
    },
  ],
  [
    "up-to-1000-in-one-step",
    "many ticks become as many jobs in one step, in their order, up to 1,000",
    async (context) => {
      await put(context, everyMinute({ catchUp: "all" }));
      toTick(context, 1_200);
      await fire(context);
      const ids = (await (await context.session()).claimMany(1_500)).map(({ id }) => id);
      assert.equal(ids.length, 1_000);
      assert.deepEqual(ids, ids.toSorted());
      assert.equal(ids.at(-1), (await found(context)).lastJob);
      assert.equal((await found(context)).nextDue, context.clock.now() + MINUTE);
    },
  ],
  [
    "several-schedules-one-command",
    "several schedules are fired with one command, each answered by itself",
    async (context) => {
      const names = ["a", "b", "c"];
      for (const name of names) await put(context, everyMinute({ name, options: { queue: `q${name}` } }));
      toTick(context);
      const [a, b, c] = await context.engine.schedules({});
      assert.ok(a && b && c);
      await context.engine.removeSchedule(b);
      const answers = await context.engine.fireSchedules({ fires: [a, b, c].map((record) => fireOf(context, record)) });
      assert.deepEqual(answers, ["applied", "stale", "applied"]);
      assert.equal((await context.list()).length, 2);
    },
  ],
  [
    "jitter-delays-until-time",
    "a tick with jitter is delayed until its time",
    async (context) => {
      await put(context, everyMinute({ jitter: 30_000 }));
      const due = toTick(context);
      const jobs = [...fireOf(context, await found(context)).jobs];
      await fire(context);
      const { state, runAt } = await context.job(jobs[0]?.id ?? "");
      assert.ok(runAt > due && runAt <= due + 30_000, "the jitter of this tick is not 0");
      assert.deepEqual([state, jobs[0]?.due], ["delayed", { at: runAt }]);
      context.advance(runAt - due);
      await context.sweep();
      assert.equal(await context.state(jobs[0]?.id ?? ""), "queued");
    },
  ],
  [
    "moves-on-without-job",
    "a tick that moves the schedule on without a job creates none",
    async (context) => {
      await put(context, everyMinute({ catchUp: "skip" }));
      toTick(context, 5);
      context.advance(59_000);
      // A job of the latest tick would be on time: of this command it was taken away.
      const command = { ...fireOf(context, await found(context)), jobs: [] };
      assert.deepEqual(await context.engine.fireSchedules({ fires: [command] }), ["applied"]);
      const { lastDue, lastJob } = await found(context);
      assert.deepEqual([lastDue, lastJob, await context.list()], [command.to, null, []]);
    },
  ],
  [
    "skip-while-unended",
    'overlap "skip": no job while the last one has not ended, and the schedule moves on',
    async (context) => {
      await put(context, everyMinute({ overlap: "skip" }));
      toTick(context);
      await fire(context);
      const [first = ""] = await jobsOf(context);
      const session = await context.session({ ttl: 3_600_000 });
      const lease = await session.next();
      toTick(context);
      assert.deepEqual(await fire(context), ["applied"]);
      assert.deepEqual(await jobsOf(context), [first]);
      assert.deepEqual([(await found(context)).lastDue, (await found(context)).lastJob], [context.clock.now(), first]);
      await session.complete(lease);
      toTick(context);
      await fire(context);
      assert.equal((await jobsOf(context)).length, 2);
      // One that waits has not ended either; one that is gone has.
      toTick(context);
      await fire(context);
      assert.equal((await jobsOf(context)).length, 2);
      await context.control("remove", (await found(context)).lastJob ?? "");
      toTick(context);
      await fire(context);
      assert.equal((await jobsOf(context)).length, 2);
    },
  ],
  [
    "skip-after-first-of-several",
    'overlap "skip": of several ticks at once the first has a job',
    async (context) => {
      await put(context, everyMinute({ overlap: "skip", catchUp: "all" }));
      toTick(context, 3);
      const [job] = fireOf(context, await found(context)).jobs;
      await fire(context);
      assert.deepEqual(await jobsOf(context), [job?.id]);
    },
  ],
  [
    "supersede-each-before",
    'overlap "supersede": each job takes the place of the one before',
    async (context) => {
      await put(context, everyMinute({ overlap: "supersede", catchUp: "all" }));
      toTick(context);
      await fire(context);
      const session = await context.session({ ttl: 3_600_000 });
      const { id } = await session.next();
      toTick(context, 3);
      await fire(context);
      assert.equal(await context.state(id), "superseded");
      assert.deepEqual((await session.heartbeat()).revoked.length, 1);
      assert.equal((await context.counts()).superseded, 3);
      assert.deepEqual(await session.claimIds(5), [(await found(context)).lastJob]);
    },
  ],
  [
    "unique-key-obeyed",
    "the jobs of a tick obey their unique key",
    async (context) => {
      const unique = { key: "k" };
      await put(context, everyMinute({ options: { queue: MAIN, unique } }));
      const owner = await context.add({ unique: { key: "k", until: "finished", onConflict: "join" } });
      toTick(context);
      assert.deepEqual(await fire(context), ["applied"]);
      assert.deepEqual([await jobsOf(context), (await found(context)).lastJob], [[], owner]);
    },
  ],
]);
