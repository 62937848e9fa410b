/** Superseding: of the jobs of a queue with one key only the latest counts; it ends the older ones. */
import assert from "node:assert/strict";
import type { Engine } from "../../../contract/engine.js";
import { MAIN, progressOf, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { BOOM } from "../../context/test-session.js";

const KEY = { supersedes: "requirement-7" };

/** The ids of the superseded jobs that a claim answers. */
async function pendingHooks(
  context: ScenarioContext,
  { tasks = ["work"], queues = [MAIN], limit = 100 }: Partial<Parameters<Engine["claimEnded"]>[0]> = {},
): Promise<string[]> {
  return (await context.engine.claimEnded({ queues, tasks, limit })).map(({ id }) => id);
}

export const supersede = scenarios("supersede", [
  [
    "waiting-never-runs",
    "a job that waits is superseded and never runs",
    async (context) => {
      const old = await context.add(KEY);
      const held = await context.add({ supersedes: "held", hold: true });
      const late = await context.add({ supersedes: "late", due: { in: 5_000 } });
      const first = await context.add({ supersedes: "first", priority: -5 });
      const next = await context.add(KEY);
      await context.addMany(1, { supersedes: "held" });
      await context.addMany(1, { supersedes: "late" });
      await context.addMany(1, { supersedes: "first" });
      for (const id of [old, held, late, first]) {
        const job = await context.job(id);
        assert.deepEqual([job.state, job.finishedAt], ["superseded", context.clock.now()]);
      }
      context.advance(5_000);
      const leased = await (await context.session()).claimIds(10);
      assert.equal(leased.length, 4);
      assert.ok(leased.includes(next));
      assert.ok(!leased.includes(old));
    },
  ],
  [
    "running-is-fenced-off",
    "a job that runs is fenced off, its worker learns why, and its attempt is recorded",
    async (context) => {
      const id = await context.add(KEY);
      const session = await context.session();
      const lease = await session.next();
      const received: unknown[] = [];
      const stop = await context.engine.onRevoked({
        session: session.id,
        queues: [MAIN],
        listener: (revocation) => void received.push(revocation),
      });
      await context.add(KEY);
      const revocation = { queue: MAIN, id, epoch: lease.epoch, cause: "supersede" };
      await context.eventually("the revocation arrives", () => received.length > 0);
      assert.deepEqual(received, [revocation]);
      assert.deepEqual(await session.heartbeat(), { alive: true, revoked: [revocation] });
      assert.equal(await session.report(lease, { progress: progressOf(1, null) }), "stale");
      assert.equal(await session.complete(lease, '"late"'), "stale");
      assert.deepEqual((await session.heartbeat()).revoked, []);
      const job = await context.job(id);
      assert.deepEqual([job.state, job.result, job.worker, job.attempt], ["superseded", null, null, 0]);
      assert.deepEqual(
        job.history.map(({ outcome }) => outcome),
        ["superseded"],
      );
      stop();
    },
  ],
  [
    "heartbeat-tells-the-cause",
    "a heartbeat says whether a job was cancelled or superseded",
    async (context) => {
      const cancelled = await context.add();
      const session = await context.session();
      const { epoch } = await session.next();
      await context.control("cancel", cancelled);
      assert.deepEqual((await session.heartbeat()).revoked, [{ queue: MAIN, id: cancelled, epoch, cause: "cancel" }]);
    },
  ],
  ...(["complete", "partial"] as const).map(
    (kind) =>
      [
        `${kind}-keeps-what-it-had`,
        `a job that ended as ${kind} changes state and keeps its result, history, progress and steps`,
        async (context: ScenarioContext) => {
          const id = await context.add({ ...KEY, tags: ["t"] });
          const session = await context.session();
          const lease = await session.next();
          const progress = { ...progressOf(50, null), counters: { issues: 2 } };
          await session.report(lease, { progress });
          context.advance(90_000 - 80_000);
          await session.settle(lease, { kind, result: '"was"' });
          const before = await context.job(id);
          context.advance(5_000);
          await context.add(KEY);
          const job = await context.job(id);
          assert.deepEqual([job.state, job.finishedAt, job.result], ["superseded", context.clock.now(), '"was"']);
          assert.deepEqual([job.history, job.attempt], [before.history, before.attempt]);
          assert.deepEqual(job.progress?.counters, { issues: 2 });
          const totals = await context.engine.tagTotals({ tag: "t" });
          assert.deepEqual([totals.superseded, totals.completed + totals.partial], [1, 0]);
        },
      ] as const,
  ),
  [
    "short-record-keeps-result",
    "a result that was kept with its job's short record is kept, whatever its size",
    async (context) => {
      for (const size of [0, 2_000, 70_000]) {
        const key = { supersedes: `k${size}` };
        const id = await context.add(key);
        const session = await context.session();
        const result = JSON.stringify("é".repeat(size));
        await session.complete(await session.next(), result);
        await context.add({ ...key, hold: true });
        assert.deepEqual([(await context.job(id)).result, await context.state(id)], [result, "superseded"]);
        await session.close();
      }
    },
  ],
  [
    "failed-but-not-cancelled-or-expired",
    "a job that failed is superseded, one that was cancelled or has expired is left as it is",
    async (context) => {
      const failed = await context.add({ supersedes: "a" });
      const session = await context.session();
      await session.fail(await session.next(), null);
      const cancelled = await context.add({ supersedes: "b" });
      await context.control("cancel", cancelled);
      const expired = await context.add({ supersedes: "c", ttl: 1_000 });
      context.advance(1_000);
      await context.sweep();
      for (const supersedes of ["a", "b", "c"]) await context.add({ supersedes });
      assert.deepEqual(
        [await context.state(failed), await context.state(cancelled), await context.state(expired)],
        ["superseded", "cancelled", "expired"],
      );
      assert.equal((await context.job(failed)).error?.message, BOOM.message);
      assert.deepEqual(await pendingHooks(context), [failed, cancelled, expired].toSorted());
    },
  ],
  [
    "chain-in-one-command",
    "in one command each supersedes the one before it, and only the last can run",
    async (context) => {
      const before = await context.add(KEY);
      const jobs = [context.spec(KEY), context.spec(), context.spec(KEY), context.spec(KEY)];
      const answers = await context.engine.enqueue({ jobs });
      assert.deepEqual(
        answers.map(({ outcome }) => outcome),
        ["created", "created", "created", "created"],
      );
      const states = await Promise.all([before, ...jobs.map(({ id }) => id)].map((id) => context.state(id)));
      assert.deepEqual(states, ["superseded", "superseded", "queued", "superseded", "queued"]);
      assert.deepEqual(await (await context.session()).claimIds(10), [jobs[1]?.id, jobs[3]?.id]);
      assert.deepEqual([(await context.counts()).superseded, (await context.counts()).queued], [3, 0]);
    },
  ],
  [
    "many-in-one-command",
    "many jobs supersede many in one command",
    async (context) => {
      const keys = Array.from({ length: 345 }, (_, index) => ({ supersedes: `r-${index}` }));
      const first = keys.map((key) => context.spec(key));
      await context.engine.enqueue({ jobs: first });
      const session = await context.session();
      const leases = await session.claim(100);
      await session.exchange(
        leases.map(({ queue, id, epoch }) => {
          return { queue, id, epoch, outcome: { kind: "complete" as const, result: '"r"' } };
        }),
      );
      await context.engine.enqueue({ jobs: keys.map((key) => context.spec(key)) });
      const counts = await context.counts();
      assert.deepEqual([counts.superseded, counts.queued, counts.completed], [345, 345, 0]);
      assert.equal((await pendingHooks(context, { limit: 1_000 })).length, 345);
    },
  ],
  [
    "sent-again",
    "sent again it has no second effect",
    async (context) => {
      const old = await context.add(KEY);
      const spec = context.spec(KEY);
      const first = await context.engine.enqueue({ jobs: [spec] });
      assert.deepEqual(await context.engine.enqueue({ jobs: [spec] }), first);
      assert.deepEqual([await context.state(old), await context.state(spec.id)], ["superseded", "queued"]);
    },
  ],
  [
    "taken-id-supersedes-nothing",
    "an id that is taken supersedes nothing",
    async (context) => {
      await context.add({ id: "taken", nonce: "a" });
      const old = await context.add(KEY);
      const [answer] = await context.engine.enqueue({ jobs: [context.spec({ ...KEY, id: "taken", nonce: "b" })] });
      assert.deepEqual([answer?.outcome, await context.state(old)], ["existing", "queued"]);
    },
  ],
  [
    "key-of-its-own-queue",
    "a key is known in its own queue only",
    async (context) => {
      const here = await context.add(KEY);
      await context.add({ ...KEY, queue: "other" });
      assert.equal(await context.state(here), "queued");
    },
  ],
  [
    "unique-key-of-superseded",
    "a unique key of the superseded job is no conflict; one of a third job is",
    async (context) => {
      const unique = { key: "u", until: "finished", onConflict: "reject" } as const;
      const old = await context.add({ ...KEY, unique });
      const next = await context.add({ ...KEY, unique });
      assert.equal(await context.state(old), "superseded");
      const third = context.spec({ supersedes: "another", unique });
      assert.deepEqual(await context.engine.enqueue({ jobs: [third] }), [
        { id: next, outcome: "rejected", state: "queued" },
      ]);
      assert.equal(await context.state(next), "queued");
    },
  ],
  [
    "only-latest-can-be-retried",
    "only the latest of a key can be queued again",
    async (context) => {
      const first = await context.add(KEY);
      await context.control("cancel", first);
      const second = await context.add(KEY);
      assert.deepEqual(await context.control("retry", first), { outcome: "conflict", state: "cancelled" });
      await context.control("cancel", second);
      assert.equal((await context.control("retry", second)).outcome, "applied");
      assert.equal((await context.control("retry", first)).outcome, "conflict");
    },
  ],
  [
    "superseded-cannot-be-retried",
    "a superseded job cannot be queued again",
    async (context) => {
      const old = await context.add(KEY);
      await context.add(KEY);
      assert.deepEqual(await context.control("retry", old), { outcome: "wrong-state", state: "superseded" });
    },
  ],
]);
