/** What commands do to jobs that are set aside, how such jobs are counted and reported, and that nothing of them is left. */
import assert from "node:assert/strict";
import { MOST_ASIDE } from "../../../contract/engine.js";
import { addNew, claimNew, DECLINE, declinedSuspect, declineNext, makeSuspects } from "../../context/lease-helpers.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

const HOUR = 3_600_000;

export const asideCommands = scenarios("aside", [
  [
    "cancelled-and-queued-again",
    "a job aside can be cancelled, and when it is queued again any worker may lease it",
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
      await context.add({ id, nonce: "n" });
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
    "a job aside that is put off returns to the line, where any worker may lease it",
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
    "a session that closes leaves its declined jobs aside, and returns there those that it holds",
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
    "no job aside is leased from a paused queue",
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
    "a decline sent again is applied once; one for the lease of another session is stale",
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
    "jobs aside are reported by queue and task: how many, and since when",
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
    "however many unknown tasks have jobs aside, a worker that names its own task gets its jobs with one command",
    async (context) => {
      const count = MOST_ASIDE + 50;
      const names = Array.from({ length: count }, (_, n) => `task-${1_000 + n}`);
      await context.engine.enqueue({ jobs: names.map((task) => context.spec({ task })) });
      const [id] = await addNew(context, 1);
      await declineNext(await context.session(), count + 1);
      const answered = await context.engine.aside({ queues: [MAIN] });
      assert.deepEqual(
        answered.map(({ task }) => task),
        ["new", ...names].slice(0, MOST_ASIDE),
      );
      assert.deepEqual(await (await context.session()).claimIds(1, { tasks: ["a", "new"] }), [id]);
    },
  ],
  ...(["job", "suspect"] as const).map(
    (kind) =>
      [
        `${kind}-set-aside-wakes`,
        `a ${kind} that is set aside wakes the workers that wait for its task`,
        async (context: ScenarioContext): Promise<void> => {
          await addNew(context, 1);
          if (kind === "suspect") await makeSuspects(context);
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
    "no key and no row is left of jobs that were aside",
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
