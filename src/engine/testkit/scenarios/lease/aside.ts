/** Jobs that a worker declines because it has no code for their task: they are set aside for workers that name the task. */
import assert from "node:assert/strict";
import { RAN_BY_UNKNOWN } from "../../../contract/worker/builds.js";
import type { ExchangeAnswer } from "../../../contract/engine.js";
import { addNew, claimNew, DECLINE, declinedSuspect, declineNext, makeSuspects } from "../../context/lease-helpers.js";
import type { ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { BOOM, settlement } from "../../context/test-session.js";

const HOUR = 3_600_000;

export const aside = scenarios("aside", [
  [
    "declined-is-queued-uncounted",
    "a declined job is queued again, uncounted, and its history names the worker that could not run it",
    async (context) => {
      const [id = ""] = await addNew(context, 1);
      const session = await context.session({ worker: { name: "old-one" } });
      await declineNext(session);
      const job = await context.job(id);
      assert.deepEqual([job.state, job.attempt, job.crashes, job.worker], ["queued", 0, 0, null]);
      const at = context.clock.now();
      const run = { number: 1, worker: "old-one", startedAt: at, endedAt: at, outcome: "declined", error: null };
      assert.deepEqual(job.history, [{ ...RAN_BY_UNKNOWN, ...run }]);
      assert.equal(job.error, null);
      assert.equal((await context.counts()).queued, 1);
    },
  ],
  [
    "leased-by-who-names-task",
    "a worker that names its task gets a declined job at once, and no other does",
    async (context) => {
      const ids = await addNew(context, 3);
      const old = await context.session();
      await declineNext(old, 3);
      assert.deepEqual(await old.claimIds(10), []);
      assert.deepEqual(await old.claimIds(10, { tasks: ["old", "ne", "new2"] }), []);
      context.advance(24 * HOUR);
      assert.deepEqual((await (await context.session()).exchange([], { max: 10, tasks: ["old"] })).leases, []);
      assert.deepEqual(await claimNew(await context.session()), ids);
    },
  ],
  [
    "next-run-is-first-attempt",
    "the run that follows is the first attempt, and ends like any other",
    async (context) => {
      const [id = ""] = await addNew(context, 1);
      await declineNext(await context.session());
      const session = await context.session();
      const [lease] = await session.claim(1, { tasks: ["new"] });
      assert.ok(lease);
      assert.deepEqual([lease.attempt, lease.body?.task], [1, "new"]);
      assert.equal(await session.complete(lease, '"done"'), "applied");
      const job = await context.job(id);
      assert.deepEqual([job.state, job.attempt, job.result], ["completed", 1, '"done"']);
    },
  ],
  [
    "keeps-place-when-declined",
    "a declined job keeps its place, however often it is declined and in whatever order",
    async (context) => {
      // Not in the order of their ids.
      const [first, second, third] = ["c", "b", "a"] as const;
      for (const id of [first, second, third]) await context.add({ id, task: "new", attempts: 1 });
      const last = await context.add();
      const session = await context.session();
      const leases = await session.claim(3);
      for (const lease of leases.toReversed()) await session.exchange([settlement(lease, DECLINE)]);
      await declineNext(session, 2, ["new"]);
      assert.deepEqual(await context.list({ states: ["queued"] }), [first, second, third, last]);
      assert.deepEqual(await Promise.all([first, second, third, last].map((id) => context.position(id))), [1, 2, 3, 4]);
      assert.deepEqual(await claimNew(await context.session()), [first, second, third, last]);
    },
  ],
  [
    "leased-between-line-head-and-rest",
    "declined jobs whose place is before the head of the line are leased before it, the others after the line",
    async (context) => {
      const early = await addNew(context, 1);
      const late = await addNew(context, 1, { priority: 5 });
      await declineNext(await context.session(), 2);
      const usual = await context.addMany(2);
      const urgent = await context.add({ priority: -1 });
      assert.deepEqual(await context.list({ states: ["queued"] }), [urgent, ...early, ...usual, ...late]);
      const session = await context.session();
      assert.deepEqual(await claimNew(session, 1), [urgent]);
      assert.deepEqual(await claimNew(session, 2), [...early, usual[0]]);
      assert.deepEqual(await claimNew(session), [usual[1], ...late]);
    },
  ],
  [
    "shared-place-by-ids",
    "jobs that share a place are leased in the order of ids, page by page",
    async (context) => {
      for (const [released, declined] of [
        ["a1", "b1"],
        ["b2", "a2"],
      ] as const) {
        await context.add({ id: released });
        await context.add({ id: declined, task: "new" });
        const session = await context.session();
        const [first, second] = await session.claim(2);
        assert.ok(first && second);
        // The line is empty: the first job takes the place of the second.
        await session.exchange([settlement(first, { kind: "return" }), settlement(second, DECLINE)]);
        const ids = [released, declined].toSorted();
        assert.deepEqual(await context.list({ states: ["queued"] }), ids);
        assert.deepEqual(await context.list({ states: ["queued"] }, 1), ids);
        assert.deepEqual(await Promise.all(ids.map((id) => context.position(id))), [1, 2]);
        await claimNew(session);
        await session.close();
        for (const id of ids) await context.control("cancel", id);
      }
    },
  ],
  [
    "more-work-of-own-tasks",
    "only jobs of its tasks are more work for a session",
    async (context) => {
      await addNew(context, 3);
      const session = await context.session();
      await declineNext(session, 3);
      const more = async (max: number, tasks: readonly string[]): Promise<boolean> => {
        const answer: ExchangeAnswer = await session.exchange([], { max, tasks });
        return answer.more;
      };
      assert.deepEqual([await more(5, []), await more(5, ["old"])], [false, false]);
      assert.deepEqual([await more(2, ["new"]), await more(5, ["new"])], [true, false]);
    },
  ],
  [
    "lease-says-declined-since",
    "a lease says since when its job has been declined: from the first time on, through being handed back",
    async (context) => {
      await addNew(context, 1);
      const session = await context.session();
      const since = context.clock.now();
      const [first] = await declineNext(session);
      assert.equal(first?.declinedAt, null);
      context.advance(1_000);
      await declineNext(session, 1, ["new"]);
      context.advance(1_000);
      const [again] = await session.claim(1, { tasks: ["new"] });
      assert.equal(again?.declinedAt, since);
      assert.ok(again);
      await session.settle(again, { kind: "return" });
      const other = await context.session();
      assert.equal((await other.claim(1, { tasks: ["new"] }))[0]?.declinedAt, since);
      assert.equal((await other.resend()).leases[0]?.declinedAt, since);
      await other.close();
      assert.deepEqual(await session.claimIds(1), []);
      assert.equal((await session.claim(1, { tasks: ["new"] }))[0]?.declinedAt, since);
    },
  ],
  ...(["fail", "snooze", "wait"] as const).map(
    (kind) =>
      [
        `${kind}-puts-back-in-line`,
        `a run that ends otherwise (${kind}) puts the job back in line, where any worker may lease it`,
        async (context: ScenarioContext): Promise<void> => {
          const [id = ""] = await addNew(context, 1, { attempts: 3 });
          await declineNext(await context.session());
          const session = await context.session();
          const [lease] = await session.claim(1, { tasks: ["new"] });
          assert.ok(lease);
          const outcomes = {
            fail: { kind: "fail", error: BOOM, retryIn: 0 },
            snooze: { kind: "snooze", delay: 0 },
            wait: { kind: "wait" },
          } as const;
          await session.settle(lease, outcomes[kind]);
          const [next] = await (await context.session()).claim(1);
          assert.deepEqual([next?.id, next?.declinedAt], [id, null]);
        },
      ] as const,
  ),
  [
    "declined-suspect-stays-one",
    "a declined suspect stays one: a worker that names its task gets one at a time",
    async (context) => {
      const one = await declinedSuspect(context);
      const two = await declinedSuspect(context);
      assert.deepEqual(await context.list({ states: ["queued"] }), [one, two]);
      const session = await context.session();
      assert.deepEqual(await session.claimIds(5, { tasks: ["new"], suspect: false }), []);
      const [lease, ...others] = await session.claim(5, { tasks: ["new"] });
      assert.deepEqual([lease?.id, lease?.suspect, others], [one, true, []]);
      assert.equal((await context.job(one)).crashes, 2);
      assert.deepEqual(await (await context.session()).claimIds(5, { tasks: ["new"] }), [two]);
    },
  ],
  [
    "one-suspect-in-line-and-aside",
    "a session gets one suspect, in line or aside",
    async (context) => {
      const declined = await declinedSuspect(context);
      const other = await context.add();
      await makeSuspects(context);
      const session = await context.session();
      assert.deepEqual(await session.claimIds(5, { tasks: ["new"] }), [declined]);
      assert.deepEqual(await (await context.session()).claimIds(5, { tasks: ["new"] }), [other]);
    },
  ],
  [
    "next-worker-dies",
    "a declined job whose next worker dies stands in line again, where any worker may lease it",
    async (context) => {
      const [id = ""] = await addNew(context, 1);
      await declineNext(await context.session());
      assert.deepEqual(await claimNew(await context.session({ ttl: 1_000 })), [id]);
      context.advance(1_000);
      await context.sweep();
      const [lease] = await (await context.session()).claim(1);
      assert.deepEqual([lease?.id, lease?.suspect, lease?.crashes, lease?.declinedAt], [id, false, 1, null]);
    },
  ],
]);
