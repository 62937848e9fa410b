/** A command whose answer was lost is sent again: it answers the same and has no second effect. */
import assert from "node:assert/strict";
import { MAIN, said } from "../../kit/kit.js";
import { reach } from "../../kit/reach.js";
import { scenarios } from "../../kit/scenario.js";
import { BOOM, settlement } from "../../kit/test-session.js";

export const idempotency = scenarios("idempotency", [
  [
    "enqueue-again",
    "an enqueue sent again makes no second job and answers `created` again",
    async (kit) => {
      const params = { jobs: [kit.spec(), kit.spec({ hold: true }), kit.spec({ id: "mine", nonce: "n" })] };
      const answers = await kit.engine.enqueue(params);
      assert.deepEqual(await kit.engine.enqueue(params), answers);
      assert.equal((await kit.list()).length, 3);
    },
  ],
  [
    "enqueue-again-after-move",
    "an enqueue sent again after its job has moved on says where the job is now",
    async (kit) => {
      const params = { jobs: [kit.spec({ id: "mine", nonce: "n" })] };
      await kit.engine.enqueue(params);
      const session = await kit.session();
      await session.complete(await session.next());
      assert.deepEqual(await kit.engine.enqueue(params), [{ id: "mine", outcome: "created", state: "completed" }]);
      assert.equal(await kit.state("mine"), "completed");
    },
  ],
  [
    "unique-enqueue-again",
    "an enqueue of a unique job sent again does not join itself",
    async (kit) => {
      const params = { jobs: [kit.spec({ unique: { key: "k", until: "finished", onConflict: "reject" } })] };
      const answers = await kit.engine.enqueue(params);
      assert.deepEqual(await kit.engine.enqueue(params), answers);
    },
  ],
  [
    "exchange-again",
    "an exchange sent again answers the same leases and takes no more",
    async (kit) => {
      await kit.addMany(5);
      const session = await kit.session();
      const first = await session.exchange([], { max: 2 });
      kit.advance(10);
      const second = await session.resend();
      assert.deepEqual(second.leases, first.leases);
      assert.deepEqual([(await kit.counts()).active, (await kit.counts()).queued], [2, 3]);
    },
  ],
  [
    "exchange-of-several-queues-again",
    "an exchange over several queues sent again answers the same leases",
    async (kit) => {
      await kit.addMany(2, { queue: "a" });
      await kit.addMany(2, { queue: "b" });
      const session = await kit.session({ queues: ["a", "b"] });
      const first = await session.exchange([], { max: 3 });
      const second = await session.resend();
      assert.deepEqual(second.leases, first.leases);
      assert.equal(first.leases.length, 3);
    },
  ],
  [
    "empty-exchange-again",
    "an exchange that leased nothing and is sent again leases nothing, though work has come",
    async (kit) => {
      const session = await kit.session();
      await session.exchange([], { max: 2 });
      await kit.add();
      assert.deepEqual((await session.resend()).leases, []);
    },
  ],
  [
    "exchange-again-without-taken-leases",
    "an exchange sent again leaves out leases that were taken from the session meanwhile",
    async (kit) => {
      const [first = "", second = ""] = await kit.addMany(3);
      const session = await kit.session();
      await session.exchange([], { max: 2 });
      await kit.control("cancel", first);
      assert.deepEqual(
        (await session.resend()).leases.map((lease) => lease.id),
        [second],
      );
    },
  ],
  [
    "outcomes-again",
    "outcomes sent again are answered `applied` again and are settled once",
    async (kit) => {
      const ids = await kit.addMany(5, { attempts: 5 });
      const session = await kit.session();
      const [a, b, c, d, e] = await session.claim(5);
      assert.ok(a && b && c && d && e);
      const first = await session.exchange([
        settlement(a, { kind: "complete", result: '"r"' }),
        settlement(b, { kind: "fail", error: BOOM, retryIn: 0 }),
        settlement(c, { kind: "snooze", delay: 100 }),
        settlement(d, { kind: "return" }),
        settlement(e, { kind: "partial", result: null }),
      ]);
      const before = await Promise.all(ids.map((id) => kit.job(id)));
      kit.advance(10);
      const second = await session.resend();
      assert.deepEqual(second.settled, first.settled);
      assert.deepEqual(new Set(second.settled), new Set(["applied"]));
      assert.deepEqual(await Promise.all(ids.map((id) => kit.job(id))), before);
    },
  ],
  [
    "settle-and-lease-again",
    "an exchange that settled a job and leased it again is sent again without touching the new run",
    async (kit) => {
      const id = await kit.add();
      const session = await kit.session();
      const lease = await session.next();
      const first = await session.exchange([settlement(lease, { kind: "fail", error: BOOM, retryIn: 0 })], { max: 1 });
      const second = await session.resend();
      assert.deepEqual([second.settled, second.leases], [first.settled, first.leases]);
      const job = await kit.job(id);
      assert.deepEqual([job.state, job.attempt, job.history.length], ["active", 2, 2]);
    },
  ],
  [
    "session-opened-again",
    "a session that is opened again before anything happened is open once",
    async (kit) => {
      const session = await kit.session();
      await session.open();
      assert.equal((await kit.engine.workers()).length, 1);
      assert.equal((await session.heartbeat()).alive, true);
    },
  ],
  [
    "report-again",
    "progress and meta reported again are what they were",
    async (kit) => {
      const id = await kit.add();
      const session = await kit.session();
      const lease = await session.next();
      const update = { progress: said(30, "third"), meta: '{"m":1}' };
      assert.equal(await session.report(lease, update), "applied");
      const before = await kit.job(id);
      assert.equal(await session.report(lease, update), "applied");
      assert.deepEqual(await kit.job(id), before);
    },
  ],
  [
    "cancel-again",
    "a cancel sent again answers the same and cancels nothing that was tried again",
    async (kit) => {
      const { ref } = await reach(kit, "queued");
      const answer = await kit.control("cancel", ref, "op-1");
      assert.deepEqual(await kit.control("cancel", ref, "op-1"), answer);
      assert.equal((await kit.job(ref.id, ref.queue)).state, "cancelled");
    },
  ],
  [
    "retry-again",
    "a retry sent again does not try a job that has ended again meanwhile",
    async (kit) => {
      const { ref, session } = await reach(kit, "failed");
      assert.ok(session);
      await kit.control("retry", ref, "op-1");
      await session.complete(await session.next());
      assert.deepEqual(await kit.control("retry", ref, "op-1"), { outcome: "applied", state: "completed" });
      assert.equal(await kit.state(ref.id, ref.queue), "completed");
    },
  ],
  [
    "promote-again",
    "a promote sent again does not promote a job that was delayed anew meanwhile",
    async (kit) => {
      const { ref } = await reach(kit, "delayed");
      await kit.control("promote", ref, "op-1");
      const session = await kit.session({ queues: [ref.queue] });
      await session.settle(await session.next(), { kind: "snooze", delay: 5_000 });
      assert.deepEqual(await kit.control("promote", ref, "op-1"), { outcome: "applied", state: "delayed" });
    },
  ],
  [
    "release-again",
    "a release sent again answers the same",
    async (kit) => {
      const { ref } = await reach(kit, "blocked");
      const answer = await kit.control("release", ref, "op-1");
      assert.deepEqual(await kit.control("release", ref, "op-1"), answer);
      assert.equal(answer.outcome, "applied");
    },
  ],
  [
    "update-again",
    "an update sent again does not move the job a second time",
    async (kit) => {
      const [a = "", b = ""] = await kit.addMany(2);
      await kit.update(a, { priority: 1 }, "op-1");
      await kit.update(b, { priority: 1 }, "op-2");
      assert.deepEqual(await kit.update(a, { priority: 1 }, "op-1"), { outcome: "applied", state: "queued" });
      assert.deepEqual(await kit.list(), [a, b]);
    },
  ],
  [
    "update-again-after-start",
    "an update sent again after the job has started still answers `applied`",
    async (kit) => {
      const id = await kit.add();
      await kit.update(id, { input: '"new"' }, "op-1");
      await (await kit.session()).next();
      assert.deepEqual(await kit.update(id, { input: '"new"' }, "op-1"), { outcome: "applied", state: "active" });
    },
  ],
  [
    "remove-again",
    "a remove sent again finds nothing to remove",
    async (kit) => {
      const id = await kit.add();
      await kit.control("remove", id, "op-1");
      assert.equal((await kit.control("remove", id, "op-1")).state, null);
      assert.equal(await kit.find(id), null);
    },
  ],
  [
    "same-job-twice-in-command",
    "the same job named twice in one command is moved once",
    async (kit) => {
      const id = await kit.add();
      const ref = { queue: MAIN, id };
      const answers = await kit.engine.cancel({ refs: [ref, ref], op: "op-1" });
      assert.deepEqual(answers, [
        { outcome: "applied", state: "cancelled" },
        { outcome: "applied", state: "cancelled" },
      ]);
    },
  ],
  [
    "another-command-is-not-same",
    "another command on the same job is not mistaken for the first sent again",
    async (kit) => {
      const { ref } = await reach(kit, "failed");
      await kit.control("retry", ref, "op-1");
      await kit.control("cancel", ref, "op-2");
      assert.deepEqual(await kit.control("retry", ref, "op-3"), { outcome: "applied", state: "queued" });
    },
  ],
  [
    "pause-and-resume-again",
    "pausing a paused queue and resuming a running one change nothing",
    async (kit) => {
      await kit.add();
      const { cursor } = await kit.engine.watch({ queue: MAIN, cursor: null, max: 10 });
      await kit.engine.pause({ queue: MAIN });
      await kit.engine.pause({ queue: MAIN });
      await kit.engine.resume({ queue: MAIN });
      await kit.engine.resume({ queue: MAIN });
      const { events } = await kit.engine.watch({ queue: MAIN, cursor, max: 10 });
      assert.deepEqual(
        events.map((event) => event.kind),
        ["paused", "resumed"],
      );
    },
  ],
  [
    "obliterate-again",
    "obliterating a queue that is gone is done already",
    async (kit) => {
      await kit.add();
      assert.equal(await kit.engine.obliterate({ queue: MAIN, force: false }), true);
      assert.equal(await kit.engine.obliterate({ queue: MAIN, force: false }), true);
      assert.equal(await kit.engine.obliterate({ queue: "nowhere", force: true }), true);
    },
  ],
]);
