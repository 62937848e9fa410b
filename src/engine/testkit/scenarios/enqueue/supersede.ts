/** Superseding: of the jobs of a queue with one key only the latest counts, and the application is told of the others. */
import assert from "node:assert/strict";
import { SUPERSEDED_AGAIN, type JobRef } from "../../../../model/job/job.js";
import type { Engine } from "../../../contract/engine.js";
import { MAIN, said, type Kit } from "../../kit/kit.js";
import { scenarios } from "../../kit/scenario.js";
import { BOOM } from "../../kit/test-session.js";

const KEY = { supersedes: "requirement-7" };

/** The superseded jobs that are handed out now. */
async function pendingHooks(
  kit: Kit,
  { tasks = ["work"], queues = [MAIN], limit = 100 }: Partial<Parameters<Engine["claimSuperseded"]>[0]> = {},
): Promise<string[]> {
  return (await kit.engine.claimSuperseded({ queues, tasks, limit })).map(({ id }) => id);
}

const refTo = (id: string): JobRef => ({ queue: MAIN, id });

export const supersede = scenarios("supersede", [
  [
    "waiting-never-runs",
    "a job that waits is superseded and never runs",
    async (kit) => {
      const old = await kit.add(KEY);
      const held = await kit.add({ supersedes: "held", hold: true });
      const late = await kit.add({ supersedes: "late", due: { in: 5_000 } });
      const first = await kit.add({ supersedes: "first", priority: -5 });
      const next = await kit.add(KEY);
      await kit.addMany(1, { supersedes: "held" });
      await kit.addMany(1, { supersedes: "late" });
      await kit.addMany(1, { supersedes: "first" });
      for (const id of [old, held, late, first]) {
        const job = await kit.job(id);
        assert.deepEqual([job.state, job.finishedAt], ["superseded", kit.clock.now()]);
      }
      kit.advance(5_000);
      const leased = await (await kit.session()).claimIds(10);
      assert.equal(leased.length, 4);
      assert.ok(leased.includes(next));
      assert.ok(!leased.includes(old));
    },
  ],
  [
    "running-is-fenced-off",
    "a job that runs is fenced off, its worker is told why, and its attempt is recorded",
    async (kit) => {
      const id = await kit.add(KEY);
      const session = await kit.session();
      const lease = await session.next();
      const heard: unknown[] = [];
      const stop = await kit.engine.onRevoked({
        session: session.id,
        queues: [MAIN],
        listener: (revocation) => void heard.push(revocation),
      });
      await kit.add(KEY);
      const told = { queue: MAIN, id, epoch: lease.epoch, cause: "supersede" };
      await kit.eventually("word of it", () => heard.length > 0);
      assert.deepEqual(heard, [told]);
      assert.deepEqual(await session.heartbeat(), { alive: true, revoked: [told] });
      assert.equal(await session.report(lease, { progress: said(1, null) }), "stale");
      assert.equal(await session.complete(lease, '"late"'), "stale");
      assert.deepEqual((await session.heartbeat()).revoked, []);
      const job = await kit.job(id);
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
    "a heartbeat tells a cancelled job from a superseded one",
    async (kit) => {
      const cancelled = await kit.add();
      const session = await kit.session();
      const { epoch } = await session.next();
      await kit.control("cancel", cancelled);
      assert.deepEqual((await session.heartbeat()).revoked, [{ queue: MAIN, id: cancelled, epoch, cause: "cancel" }]);
    },
  ],
  ...(["complete", "partial"] as const).map(
    (kind) =>
      [
        `${kind}-keeps-what-it-had`,
        `a job that ended as ${kind} changes state and keeps its result, history, progress and steps`,
        async (kit: Kit) => {
          const id = await kit.add({ ...KEY, tags: ["t"] });
          const session = await kit.session();
          const lease = await session.next();
          const progress = { ...said(50, null), counters: { issues: 2 } };
          await session.report(lease, { progress });
          kit.advance(90_000 - 80_000);
          await session.settle(lease, { kind, result: '"was"' });
          const before = await kit.job(id);
          kit.advance(5_000);
          await kit.add(KEY);
          const job = await kit.job(id);
          assert.deepEqual([job.state, job.finishedAt, job.result], ["superseded", kit.clock.now(), '"was"']);
          assert.deepEqual([job.history, job.attempt], [before.history, before.attempt]);
          assert.deepEqual(job.progress?.counters, { issues: 2 });
          const totals = await kit.engine.tagTotals({ tag: "t" });
          assert.deepEqual([totals.superseded, totals.completed + totals.partial], [1, 0]);
        },
      ] as const,
  ),
  [
    "short-record-keeps-result",
    "a result that was kept with its job's short record is kept, whatever its size",
    async (kit) => {
      for (const size of [0, 2_000, 70_000]) {
        const key = { supersedes: `k${size}` };
        const id = await kit.add(key);
        const session = await kit.session();
        const result = JSON.stringify("é".repeat(size));
        await session.complete(await session.next(), result);
        await kit.add({ ...key, hold: true });
        assert.deepEqual([(await kit.job(id)).result, await kit.state(id)], [result, "superseded"]);
        await session.close();
      }
    },
  ],
  [
    "failed-but-not-cancelled-or-expired",
    "a job that failed is superseded, one that was cancelled or has expired is left as it is",
    async (kit) => {
      const failed = await kit.add({ supersedes: "a" });
      const session = await kit.session();
      await session.fail(await session.next(), null);
      const cancelled = await kit.add({ supersedes: "b" });
      await kit.control("cancel", cancelled);
      const expired = await kit.add({ supersedes: "c", ttl: 1_000 });
      kit.advance(1_000);
      await kit.sweep();
      for (const supersedes of ["a", "b", "c"]) await kit.add({ supersedes });
      assert.deepEqual(
        [await kit.state(failed), await kit.state(cancelled), await kit.state(expired)],
        ["superseded", "cancelled", "expired"],
      );
      assert.equal((await kit.job(failed)).error?.message, BOOM.message);
      assert.deepEqual(await pendingHooks(kit), [failed]);
    },
  ],
  [
    "chain-in-one-command",
    "in one command each supersedes the one before it, and only the last can run",
    async (kit) => {
      const before = await kit.add(KEY);
      const jobs = [kit.spec(KEY), kit.spec(), kit.spec(KEY), kit.spec(KEY)];
      const answers = await kit.engine.enqueue({ jobs });
      assert.deepEqual(
        answers.map(({ outcome }) => outcome),
        ["created", "created", "created", "created"],
      );
      const states = await Promise.all([before, ...jobs.map(({ id }) => id)].map((id) => kit.state(id)));
      assert.deepEqual(states, ["superseded", "superseded", "queued", "superseded", "queued"]);
      assert.deepEqual(await (await kit.session()).claimIds(10), [jobs[1]?.id, jobs[3]?.id]);
      assert.deepEqual([(await kit.counts()).superseded, (await kit.counts()).queued], [3, 0]);
    },
  ],
  [
    "many-in-one-command",
    "many jobs supersede many in one command",
    async (kit) => {
      const keys = Array.from({ length: 345 }, (_, index) => ({ supersedes: `r-${index}` }));
      const first = keys.map((key) => kit.spec(key));
      await kit.engine.enqueue({ jobs: first });
      const session = await kit.session();
      const leases = await session.claim(100);
      await session.exchange(
        leases.map(({ queue, id, epoch }) => {
          return { queue, id, epoch, outcome: { kind: "complete" as const, result: '"r"' } };
        }),
      );
      await kit.engine.enqueue({ jobs: keys.map((key) => kit.spec(key)) });
      const counts = await kit.counts();
      assert.deepEqual([counts.superseded, counts.queued, counts.completed], [345, 345, 0]);
      assert.equal((await pendingHooks(kit, { limit: 1_000 })).length, 345);
    },
  ],
  [
    "sent-again",
    "sent again it has no second effect",
    async (kit) => {
      const old = await kit.add(KEY);
      const spec = kit.spec(KEY);
      const first = await kit.engine.enqueue({ jobs: [spec] });
      assert.deepEqual(await kit.engine.enqueue({ jobs: [spec] }), first);
      assert.deepEqual([await kit.state(old), await kit.state(spec.id)], ["superseded", "queued"]);
    },
  ],
  [
    "taken-id-supersedes-nothing",
    "an id that is taken supersedes nothing",
    async (kit) => {
      await kit.add({ id: "taken", nonce: "a" });
      const old = await kit.add(KEY);
      const [answer] = await kit.engine.enqueue({ jobs: [kit.spec({ ...KEY, id: "taken", nonce: "b" })] });
      assert.deepEqual([answer?.outcome, await kit.state(old)], ["existing", "queued"]);
    },
  ],
  [
    "key-of-its-own-queue",
    "a key is known in its own queue only",
    async (kit) => {
      const here = await kit.add(KEY);
      await kit.add({ ...KEY, queue: "other" });
      assert.equal(await kit.state(here), "queued");
    },
  ],
  [
    "unique-key-of-superseded",
    "a unique key that the superseded job holds is in nobody's way; one of a third job is",
    async (kit) => {
      const unique = { key: "u", until: "finished", onConflict: "reject" } as const;
      const old = await kit.add({ ...KEY, unique });
      const next = await kit.add({ ...KEY, unique });
      assert.equal(await kit.state(old), "superseded");
      const third = kit.spec({ supersedes: "another", unique });
      assert.deepEqual(await kit.engine.enqueue({ jobs: [third] }), [
        { id: next, outcome: "rejected", state: "queued" },
      ]);
      assert.equal(await kit.state(next), "queued");
    },
  ],
  [
    "only-latest-can-be-retried",
    "only the latest of a key can be queued again",
    async (kit) => {
      const first = await kit.add(KEY);
      await kit.control("cancel", first);
      const second = await kit.add(KEY);
      assert.deepEqual(await kit.control("retry", first), { outcome: "conflict", state: "cancelled" });
      await kit.control("cancel", second);
      assert.equal((await kit.control("retry", second)).outcome, "applied");
      assert.equal((await kit.control("retry", first)).outcome, "conflict");
    },
  ],
  [
    "superseded-cannot-be-retried",
    "a superseded job cannot be queued again",
    async (kit) => {
      const old = await kit.add(KEY);
      await kit.add(KEY);
      assert.deepEqual(await kit.control("retry", old), { outcome: "wrong-state", state: "superseded" });
    },
  ],
  [
    "says-what-it-supersedes",
    "a job that supersedes says so, to readers and to its worker",
    async (kit) => {
      const id = await kit.add(KEY);
      assert.equal((await kit.job(id)).supersedes, KEY.supersedes);
      assert.equal((await (await kit.session()).next()).body?.supersedes, KEY.supersedes);
      assert.equal((await kit.job(await kit.add())).supersedes, null);
    },
  ],
  [
    "handed-out-until-told",
    "superseded jobs are handed out by task, and again after 30 s until the application was told",
    async (kit) => {
      const ids: Record<string, string> = {};
      for (const task of ["b", "a", "c"]) {
        ids[task] = await kit.add({ task, supersedes: task });
        await kit.add({ task, supersedes: task });
      }
      const { a = "", b = "" } = ids;
      assert.deepEqual(await pendingHooks(kit, { tasks: ["b", "a", "z"] }), [b, a]);
      assert.deepEqual(await pendingHooks(kit, { tasks: ["b", "a"] }), [], "they are being told of");
      await kit.engine.acknowledgeSuperseded({ refs: [refTo(a), refTo("nobody"), { queue: "nowhere", id: a }] });
      kit.advance(SUPERSEDED_AGAIN - 1);
      assert.deepEqual(await pendingHooks(kit, { tasks: ["b", "a"] }), []);
      kit.advance(1);
      assert.deepEqual(await pendingHooks(kit, { tasks: ["b", "a"] }), [b]);
      await kit.engine.acknowledgeSuperseded({ refs: [refTo(b)] });
      kit.advance(SUPERSEDED_AGAIN);
      assert.deepEqual(await pendingHooks(kit, { tasks: ["b", "a"] }), []);
      assert.deepEqual(await pendingHooks(kit, { tasks: ["c"], limit: 1 }), [ids["c"]]);
      assert.deepEqual(await pendingHooks(kit, { tasks: [], queues: [MAIN, "nowhere"] }), []);
    },
  ],
  [
    "handed-out-in-id-order",
    "superseded jobs of one task are handed out in the order of their ids, as many as asked for",
    async (kit) => {
      const olds = await kit.addMany(5, KEY);
      await kit.add(KEY);
      assert.deepEqual(await pendingHooks(kit, { limit: 2 }), olds.slice(0, 2));
      assert.deepEqual(await pendingHooks(kit, { limit: 2 }), olds.slice(2, 4));
      assert.deepEqual(await pendingHooks(kit, { limit: 2 }), olds.slice(4));
    },
  ],
  [
    "removed-calls-no-hook",
    "a superseded job that was removed calls no hook, and leaves nothing",
    async (kit) => {
      const old = await kit.add(KEY);
      const last = await kit.add(KEY);
      await kit.control("remove", old);
      await kit.control("remove", last);
      assert.deepEqual(await pendingHooks(kit), []);
      const next = await kit.add(KEY);
      assert.equal(await kit.state(next), "queued");
    },
  ],
  [
    "kept-as-long-as-failed",
    "superseded jobs are kept as long as failed ones, from when they were superseded",
    async (kit) => {
      const keep = { completed: { age: 1_000, count: null }, failed: { age: 5_000, count: null } };
      const id = await kit.add({ ...KEY, retention: keep });
      const session = await kit.session();
      await session.complete(await session.next());
      kit.advance(900);
      await kit.add({ ...KEY, hold: true });
      kit.advance(4_999);
      await kit.sweep();
      assert.equal(await kit.state(id), "superseded");
      kit.advance(1);
      await kit.sweep();
      assert.equal(await kit.find(id), null);
    },
  ],
  [
    "same-id-twice-in-command",
    "an id that comes twice in a command is one job, whatever came between",
    async (kit) => {
      const unique = { key: "held", until: "finished", onConflict: "join" } as const;
      const holder = await kit.add({ unique });
      const chosen = kit.spec({ id: "chosen", nonce: "n", ...KEY });
      const between = kit.spec({ ...KEY, unique });
      const answers = await kit.engine.enqueue({ jobs: [chosen, between, { ...chosen, nonce: "m" }] });
      assert.deepEqual(
        answers.map(({ id, outcome }) => [id, outcome]),
        [
          ["chosen", "created"],
          [holder, "joined"],
          ["chosen", "existing"],
        ],
      );
      assert.equal((await kit.counts()).superseded, 0);
    },
  ],
  [
    "others-handed-out-meanwhile",
    "however many are being told of, others are handed out",
    async (kit) => {
      for (let from = 0; from < 2_200; from += 440) {
        const jobs = Array.from({ length: 440 }, (_, index) =>
          kit.spec({ supersedes: `k${from + index}`, hold: true }),
        );
        await kit.engine.enqueue({ jobs });
        await kit.engine.enqueue({ jobs: jobs.map(({ supersedes }) => kit.spec({ supersedes, hold: true })) });
      }
      const told = new Set<string>();
      for (let ids = await pendingHooks(kit); ids.length > 0; ids = await pendingHooks(kit))
        for (const id of ids) told.add(id);
      assert.equal(told.size, 2_200);
    },
  ],
  [
    "watchers-hear-superseded-first",
    "watchers hear of the superseded job before the new one",
    async (kit) => {
      const old = await kit.add(KEY);
      const { cursor } = await kit.engine.watch({ queue: MAIN, cursor: null, max: 10 });
      const next = await kit.add(KEY);
      const { events } = await kit.engine.watch({ queue: MAIN, cursor, max: 10 });
      assert.deepEqual(
        events.map((event) => (event.kind === "state" ? [event.state, event.id] : event.kind)),
        [
          ["superseded", old],
          ["queued", next],
        ],
      );
    },
  ],
]);
