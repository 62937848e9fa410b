/** Jobs that a worker declines for want of their task's code: they are set aside for those who have it. */
import assert from "node:assert/strict";
import type { JobSpec } from "../../../../model/job/job.js";
import { MOST_ASIDE, type ExchangeAnswer, type Lease } from "../../../contract/engine.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { BOOM, settlement, type TestSession } from "../../context/test-session.js";

const DECLINE = { kind: "decline" } as const;
const HOUR = 3_600_000;

/** Jobs of the task `new`, in line. */
async function addNew(context: ScenarioContext, count: number, change: Partial<JobSpec> = {}): Promise<string[]> {
  return context.addMany(count, { task: "new", attempts: 1, ...change });
}

/** A session leases so many jobs and declines them all in one command, claiming nothing. */
async function declineNext(session: TestSession, count = 1, tasks: readonly string[] = []): Promise<readonly Lease[]> {
  const leases = await session.claim(count, { tasks });
  assert.equal(leases.length, count, "there are so many to decline");
  await session.exchange(leases.map((lease) => settlement(lease, DECLINE)));
  return leases;
}

function claimNew(session: TestSession, max = 10): Promise<string[]> {
  return session.claimIds(max, { tasks: ["old", "new"] });
}

/** A job of the task `new` that was recovered from a dead worker and declined by another. */
async function declinedSuspect(context: ScenarioContext): Promise<string> {
  const [id = ""] = await addNew(context, 1);
  await (await context.session({ ttl: 1_000 })).next();
  context.advance(1_000);
  await context.sweep();
  await declineNext(await context.session());
  return id;
}

export const aside = scenarios("aside", [
  [
    "declined-is-queued-uncounted",
    "a declined job is queued again, uncounted, and its history says who could not run it",
    async (context) => {
      const [id = ""] = await addNew(context, 1);
      const session = await context.session({ worker: { name: "old-one" } });
      await declineNext(session);
      const job = await context.job(id);
      assert.deepEqual([job.state, job.attempt, job.crashes, job.worker], ["queued", 0, 0, null]);
      const at = context.clock.now();
      const run = { number: 1, worker: "old-one", startedAt: at, endedAt: at, outcome: "declined", error: null };
      assert.deepEqual(job.history, [run]);
      assert.equal(job.error, null);
      assert.equal((await context.counts()).queued, 1);
    },
  ],
  [
    "leased-by-who-names-task",
    "who names its task gets a declined job at once, nobody else does",
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
    "what stood before the head of the line is leased before it, the rest behind the line",
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
    "a place that was given to another meanwhile is shared in the order of ids, page by page",
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
        // Nobody stands in line: the first goes where the second was.
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
        `a run that ends otherwise (${kind}) puts the job back in line for everybody`,
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
    "a declined suspect stays one: whoever names its task gets one at a time",
    async (context) => {
      const one = await declinedSuspect(context);
      const two = await declinedSuspect(context);
      assert.deepEqual(await context.list({ states: ["queued"] }), [one, two]);
      const session = await context.session();
      assert.deepEqual(await session.claimIds(5, { tasks: ["new"], suspect: false }), []);
      const [lease, ...others] = await session.claim(5, { tasks: ["new"] });
      assert.deepEqual([lease?.id, lease?.suspect, others], [one, true, []]);
      assert.equal((await context.job(one)).crashes, 1);
      assert.deepEqual(await (await context.session()).claimIds(5, { tasks: ["new"] }), [two]);
    },
  ],
  [
    "one-suspect-in-line-and-aside",
    "of suspects in line and aside a session gets one",
    async (context) => {
      const declined = await declinedSuspect(context);
      const other = await context.add();
      await (await context.session({ ttl: 1_000 })).next();
      context.advance(1_000);
      await context.sweep();
      const session = await context.session();
      assert.deepEqual(await session.claimIds(5, { tasks: ["new"] }), [declined]);
      assert.deepEqual(await (await context.session()).claimIds(5, { tasks: ["new"] }), [other]);
    },
  ],
  [
    "next-worker-dies",
    "a declined job whose next worker dies is a suspect in line for everybody",
    async (context) => {
      const [id = ""] = await addNew(context, 1);
      await declineNext(await context.session());
      assert.deepEqual(await claimNew(await context.session({ ttl: 1_000 })), [id]);
      context.advance(1_000);
      await context.sweep();
      const [lease] = await (await context.session()).claim(1);
      assert.deepEqual([lease?.id, lease?.suspect, lease?.crashes, lease?.declinedAt], [id, true, 1, null]);
    },
  ],
  [
    "cancelled-and-queued-again",
    "a job aside is cancelled, and queued again for everybody",
    async (context) => {
      const [id = ""] = await addNew(context, 1);
      await declineNext(await context.session());
      assert.deepEqual(await context.control("cancel", id), { outcome: "applied", state: "cancelled" });
      assert.deepEqual(await claimNew(await context.session()), []);
      assert.deepEqual(await context.engine.aside({ queues: [MAIN] }), []);
      await context.control("retry", id);
      const [lease] = await (await context.session()).claim(1);
      assert.deepEqual([lease?.id, lease?.declinedAt], [id, null]);
    },
  ],
  [
    "removed-frees-id",
    "a job aside is removed, and its id is free for another",
    async (context) => {
      const [id = ""] = await addNew(context, 1);
      await declineNext(await context.session());
      await context.control("remove", id);
      assert.deepEqual([await context.list(), await context.engine.aside({ queues: [MAIN] })], [[], []]);
      assert.deepEqual(await claimNew(await context.session()), []);
      await context.add({ id });
      assert.equal((await (await context.session()).next()).declinedAt, null);
    },
  ],
  [
    "changed-priority-stays-aside",
    "a job aside that gets another priority goes to the tail of that line, still aside",
    async (context) => {
      const [one = "", two = ""] = await addNew(context, 2);
      await declineNext(await context.session(), 2);
      const urgent = await context.add({ priority: -3 });
      const usual = await context.add();
      await context.update(one, { priority: -3 });
      assert.deepEqual(await context.list({ states: ["queued"] }), [urgent, one, two, usual]);
      assert.deepEqual(await Promise.all([urgent, one, two].map((id) => context.position(id))), [1, 2, 3]);
      const session = await context.session();
      assert.deepEqual(await session.claimIds(1), [urgent]);
      assert.deepEqual(await claimNew(session), [one, two, usual]);
    },
  ],
  [
    "put-off-returns-to-line",
    "a job aside that is put off comes back in line for everybody",
    async (context) => {
      const [id = ""] = await addNew(context, 1);
      await declineNext(await context.session());
      await context.update(id, { due: { in: 1_000 } });
      assert.deepEqual([await context.state(id), await context.engine.aside({ queues: [MAIN] })], ["delayed", []]);
      context.advance(1_000);
      assert.deepEqual(await (await context.session()).claimIds(1), [id]);
    },
  ],
  [
    "superseded-by-one-in-line",
    "a job aside that is superseded is replaced by the newer one, in line",
    async (context) => {
      const [id = ""] = await addNew(context, 1, { supersedes: "s" });
      await declineNext(await context.session());
      const [newer = ""] = await addNew(context, 1, { supersedes: "s" });
      assert.deepEqual([await context.state(id), await context.list({ states: ["queued"] })], ["superseded", [newer]]);
      assert.deepEqual(await claimNew(await context.session()), [newer]);
    },
  ],
  [
    "closing-session-leaves-declined",
    "a session that closes leaves its declined jobs aside, and what it holds of them returns there",
    async (context) => {
      const ids = await addNew(context, 2);
      const old = await context.session();
      await declineNext(old, 2);
      const session = await context.session();
      assert.deepEqual(await claimNew(session, 1), [ids[0]]);
      await session.close();
      await old.close();
      assert.deepEqual(await context.list({ states: ["queued"] }), ids);
      assert.deepEqual(await (await context.session()).claimIds(5), []);
      assert.deepEqual(await claimNew(await context.session()), ids);
    },
  ],
  [
    "counted-as-queued",
    "tags, counts and totals know a job aside as queued",
    async (context) => {
      await addNew(context, 1, { tags: ["t"], priority: 2 });
      await declineNext(await context.session());
      assert.equal((await context.engine.tagTotals({ tag: "t" })).queued, 1);
      assert.equal((await context.counts()).queued, 1);
      assert.equal((await context.list({ tag: "t", states: ["queued"] })).length, 1);
    },
  ],
  [
    "paused-queue-gives-nothing",
    "a paused queue gives nothing of what is aside",
    async (context) => {
      const ids = await addNew(context, 1);
      await declineNext(await context.session());
      await context.engine.pause({ queue: MAIN });
      const answer = await (await context.session()).exchange([], { tasks: ["new"] });
      assert.deepEqual([answer.leases, answer.more], [[], false]);
      await context.engine.resume({ queue: MAIN });
      assert.deepEqual(await claimNew(await context.session()), ids);
    },
  ],
  [
    "decline-sent-again",
    "a decline sent again is applied once; one of another's lease is stale",
    async (context) => {
      const [id = ""] = await addNew(context, 1);
      const session = await context.session();
      const lease = await session.next();
      assert.equal(await (await context.session()).settle(lease, DECLINE), "stale");
      assert.equal(await session.settle(lease, DECLINE), "applied");
      assert.equal(await session.settle(lease, DECLINE), "applied");
      assert.equal((await context.job(id)).history.length, 1);
    },
  ],
  [
    "told-by-queue-and-task",
    "what is aside is told by queue and task: how many, and since when",
    async (context) => {
      const since = context.clock.now();
      await addNew(context, 2);
      const session = await context.session({ queues: [MAIN, "b"] });
      await declineNext(session, 2);
      context.advance(500);
      await context.addMany(1, { task: "abc" });
      await context.addMany(1, { task: "new", queue: "b" });
      await declineNext(session, 2);
      assert.deepEqual(await context.engine.aside({ queues: ["b", MAIN, "none"] }), [
        { queue: "b", task: "new", jobs: 1, since: since + 500 },
        { queue: MAIN, task: "abc", jobs: 1, since: since + 500 },
        { queue: MAIN, task: "new", jobs: 2, since },
      ]);
      assert.deepEqual(await context.engine.aside({ queues: [] }), []);
    },
  ],
  [
    "many-unknown-names",
    "however many unknown names lie aside, who names his task gets its jobs with one command",
    async (context) => {
      const count = MOST_ASIDE + 50;
      const names = Array.from({ length: count }, (_, n) => `task-${1_000 + n}`);
      await context.engine.enqueue({ jobs: names.map((task) => context.spec({ task })) });
      const [id] = await addNew(context, 1);
      await declineNext(await context.session(), count + 1);
      const told = await context.engine.aside({ queues: [MAIN] });
      assert.deepEqual(
        told.map(({ task }) => task),
        ["new", ...names].slice(0, MOST_ASIDE),
      );
      assert.deepEqual(await (await context.session()).claimIds(1, { tasks: ["a", "new"] }), [id]);
    },
  ],
  ...(["job", "suspect"] as const).map(
    (kind) =>
      [
        `${kind}-set-aside-wakes`,
        `a ${kind} that is set aside wakes those who wait for its task`,
        async (context: ScenarioContext): Promise<void> => {
          await addNew(context, 1);
          if (kind === "suspect") {
            await (await context.session({ ttl: 1_000 })).next();
            context.advance(1_000);
            await context.sweep();
          }
          const old = await context.session();
          const other = await context.open();
          await context.session({ engine: other });
          const lease = await old.next();
          const stop = new AbortController();
          const woken = other.awaitWork({ queues: [MAIN], tasks: ["new"], timeout: HOUR, signal: stop.signal });
          await old.settle(lease, DECLINE);
          await context.resolves("it wakes up", woken);
          stop.abort();
        },
      ] as const,
  ),
  [
    "nothing-left-of-aside",
    "no key and no row is left of what was aside",
    async (context) => {
      await addNew(context, 3);
      await declinedSuspect(context);
      await context.engine.obliterate({ queue: MAIN, force: true });
      assert.ok(context.storage.leftovers);
      assert.deepEqual(await context.storage.leftovers(), []);
    },
    "leftovers",
  ],
]);
