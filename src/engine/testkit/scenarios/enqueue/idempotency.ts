/** A command whose answer was lost is sent again: it answers the same and has no second effect. */
import assert from "node:assert/strict";
import { MAIN, progressOf } from "../../context/scenario-context.js";
import { reach } from "../../context/reach.js";
import { scenarios } from "../../context/scenario.js";
import { BOOM, settlement } from "../../context/test-session.js";

export const idempotency = scenarios("idempotency", [
  [
    "enqueue-again",
    "an enqueue sent again makes no second job and answers `created` again",
    async (context) => {
      const params = { jobs: [context.spec(), context.spec({ hold: true }), context.spec({ id: "mine", nonce: "n" })] };
      const answers = await context.engine.enqueue(params);
      assert.deepEqual(await context.engine.enqueue(params), answers);
      assert.equal((await context.list()).length, 3);
    },
  ],
  [
    "enqueue-again-after-move",
    "an enqueue sent again after its job has moved on says where the job is now",
    async (context) => {
      const params = { jobs: [context.spec({ id: "mine", nonce: "n" })] };
      await context.engine.enqueue(params);
      const session = await context.session();
      await session.complete(await session.next());
      assert.deepEqual(await context.engine.enqueue(params), [{ id: "mine", outcome: "created", state: "completed" }]);
      assert.equal(await context.state("mine"), "completed");
    },
  ],
  [
    "unique-enqueue-again",
    "an enqueue of a unique job sent again does not join itself",
    async (context) => {
      const params = { jobs: [context.spec({ unique: { key: "k", until: "finished", onConflict: "reject" } })] };
      const answers = await context.engine.enqueue(params);
      assert.deepEqual(await context.engine.enqueue(params), answers);
    },
  ],
  [
    "exchange-again",
    "an exchange sent again answers the same leases and takes no more",
    async (context) => {
      await context.addMany(5);
      const session = await context.session();
      const first = await session.exchange([], { max: 2 });
      context.advance(10);
      const second = await session.resend();
      assert.deepEqual(second.leases, first.leases);
      assert.deepEqual([(await context.counts()).active, (await context.counts()).queued], [2, 3]);
    },
  ],
  [
    "exchange-of-several-queues-again",
    "an exchange over several queues sent again answers the same leases",
    async (context) => {
      await context.addMany(2, { queue: "a" });
      await context.addMany(2, { queue: "b" });
      const session = await context.session({ queues: ["a", "b"] });
      const first = await session.exchange([], { max: 3 });
      const second = await session.resend();
      assert.deepEqual(second.leases, first.leases);
      assert.equal(first.leases.length, 3);
    },
  ],
  [
    "empty-exchange-again",
    "an exchange that leased nothing and is sent again leases nothing, though work has come",
    async (context) => {
      const session = await context.session();
      await session.exchange([], { max: 2 });
      await context.add();
      assert.deepEqual((await session.resend()).leases, []);
    },
  ],
  [
    "exchange-again-without-taken-leases",
    "an exchange sent again leaves out leases that were taken from the session meanwhile",
    async (context) => {
      const [first = "", second = ""] = await context.addMany(3);
      const session = await context.session();
      await session.exchange([], { max: 2 });
      await context.control("cancel", first);
      assert.deepEqual(
        (await session.resend()).leases.map((lease) => lease.id),
        [second],
      );
    },
  ],
  [
    "outcomes-again",
    "outcomes sent again are answered `applied` again and are settled once",
    async (context) => {
      const ids = await context.addMany(5, { attempts: 5 });
      const session = await context.session();
      const [a, b, c, d, e] = await session.claim(5);
      assert.ok(a && b && c && d && e);
      const first = await session.exchange([
        settlement(a, { kind: "complete", result: '"r"' }),
        settlement(b, { kind: "fail", error: BOOM, retryIn: 0 }),
        settlement(c, { kind: "snooze", delay: 100 }),
        settlement(d, { kind: "return" }),
        settlement(e, { kind: "partial", result: null }),
      ]);
      const before = await Promise.all(ids.map((id) => context.job(id)));
      context.advance(10);
      const second = await session.resend();
      assert.deepEqual(second.settled, first.settled);
      assert.deepEqual(new Set(second.settled), new Set(["applied"]));
      assert.deepEqual(await Promise.all(ids.map((id) => context.job(id))), before);
    },
  ],
  [
    "settle-and-lease-again",
    "an exchange that settled a job and leased it again is sent again without touching the new run",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      const first = await session.exchange([settlement(lease, { kind: "fail", error: BOOM, retryIn: 0 })], { max: 1 });
      const second = await session.resend();
      assert.deepEqual([second.settled, second.leases], [first.settled, first.leases]);
      const job = await context.job(id);
      assert.deepEqual([job.state, job.attempt, job.history.length], ["active", 2, 2]);
    },
  ],
  [
    "session-opened-again",
    "a session that is opened again before anything happened is open once",
    async (context) => {
      const session = await context.session();
      await session.open();
      assert.equal((await context.engine.workers()).length, 1);
      assert.equal((await session.heartbeat()).alive, true);
    },
  ],
  [
    "report-again",
    "progress and meta reported again are what they were",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      const update = { progress: progressOf(30, "third"), meta: '{"m":1}' };
      assert.equal(await session.report(lease, update), "applied");
      const before = await context.job(id);
      assert.equal(await session.report(lease, update), "applied");
      assert.deepEqual(await context.job(id), before);
    },
  ],
  [
    "cancel-again",
    "a cancel sent again answers the same and cancels nothing that was tried again",
    async (context) => {
      const { ref } = await reach(context, "queued");
      const answer = await context.control("cancel", ref, "op-1");
      assert.deepEqual(await context.control("cancel", ref, "op-1"), answer);
      assert.equal((await context.job(ref.id, ref.queue)).state, "cancelled");
    },
  ],
  [
    "retry-again",
    "a retry sent again does not try a job that has ended again meanwhile",
    async (context) => {
      const { ref, session } = await reach(context, "failed");
      assert.ok(session);
      await context.control("retry", ref, "op-1");
      await session.complete(await session.next());
      assert.deepEqual(await context.control("retry", ref, "op-1"), { outcome: "applied", state: "completed" });
      assert.equal(await context.state(ref.id, ref.queue), "completed");
    },
  ],
  [
    "promote-again",
    "a promote sent again does not promote a job that was delayed anew meanwhile",
    async (context) => {
      const { ref } = await reach(context, "delayed");
      await context.control("promote", ref, "op-1");
      const session = await context.session({ queues: [ref.queue] });
      await session.settle(await session.next(), { kind: "snooze", delay: 5_000 });
      assert.deepEqual(await context.control("promote", ref, "op-1"), { outcome: "applied", state: "delayed" });
    },
  ],
  [
    "release-again",
    "a release sent again answers the same",
    async (context) => {
      const { ref } = await reach(context, "blocked");
      const answer = await context.control("release", ref, "op-1");
      assert.deepEqual(await context.control("release", ref, "op-1"), answer);
      assert.equal(answer.outcome, "applied");
    },
  ],
  [
    "update-again",
    "an update sent again does not move the job a second time",
    async (context) => {
      const [a = "", b = ""] = await context.addMany(2);
      await context.update(a, { priority: 1 }, "op-1");
      await context.update(b, { priority: 1 }, "op-2");
      assert.deepEqual(await context.update(a, { priority: 1 }, "op-1"), { outcome: "applied", state: "queued" });
      assert.deepEqual(await context.list(), [a, b]);
    },
  ],
  [
    "update-again-after-start",
    "an update sent again after the job has started still answers `applied`",
    async (context) => {
      const id = await context.add();
      await context.update(id, { input: '"new"' }, "op-1");
      await (await context.session()).next();
      assert.deepEqual(await context.update(id, { input: '"new"' }, "op-1"), { outcome: "applied", state: "active" });
    },
  ],
  [
    "remove-again",
    "a remove sent again finds nothing to remove",
    async (context) => {
      const id = await context.add();
      await context.control("remove", id, "op-1");
      assert.equal((await context.control("remove", id, "op-1")).state, null);
      assert.equal(await context.find(id), null);
    },
  ],
  [
    "same-job-twice-in-command",
    "the same job named twice in one command is moved once",
    async (context) => {
      const id = await context.add();
      const ref = { queue: MAIN, id };
      const answers = await context.engine.cancel({ refs: [ref, ref], op: "op-1" });
      assert.deepEqual(answers, [
        { outcome: "applied", state: "cancelled" },
        { outcome: "applied", state: "cancelled" },
      ]);
    },
  ],
  [
    "late-copies-of-commands",
    "a copy of a command that arrives behind later ones answers `applied` and changes nothing",
    async (context) => {
      const id = await context.add();
      const commands = ["cancel", "retry", "cancel", "retry"] as const;
      for (const [n, command] of commands.entries()) await context.control(command, id, `op-${n}`);
      for (const [n, command] of commands.entries()) {
        assert.deepEqual(await context.control(command, id, `op-${n}`), { outcome: "applied", state: "queued" });
      }
      // Sixteen are remembered; what only looks like one of them is another.
      for (let n = 4; n < 18; n += 1) await context.control(n % 2 === 0 ? "cancel" : "retry", id, `op-${n}`);
      assert.equal(await context.state(id), "queued");
      assert.equal((await context.control("cancel", id, "op-2")).state, "queued");
      assert.equal((await context.control("cancel", id, "op-")).state, "cancelled");
      assert.equal((await context.control("retry", id, "op")).state, "queued");
    },
  ],
  [
    "another-command-is-not-same",
    "another command on the same job is not mistaken for the first sent again",
    async (context) => {
      const { ref } = await reach(context, "failed");
      await context.control("retry", ref, "op-1");
      await context.control("cancel", ref, "op-2");
      assert.deepEqual(await context.control("retry", ref, "op-3"), { outcome: "applied", state: "queued" });
    },
  ],
  [
    "pause-and-resume-again",
    "pausing a paused queue and resuming a running one change nothing",
    async (context) => {
      await context.add();
      const { cursor } = await context.engine.watch({ queue: MAIN, cursor: null, max: 10 });
      await context.engine.pause({ queue: MAIN });
      await context.engine.pause({ queue: MAIN });
      await context.engine.resume({ queue: MAIN });
      await context.engine.resume({ queue: MAIN });
      const { events } = await context.engine.watch({ queue: MAIN, cursor, max: 10 });
      assert.deepEqual(
        events.map((event) => event.kind),
        ["paused", "resumed"],
      );
    },
  ],
  [
    "obliterate-again",
    "obliterating a queue that is gone is done already",
    async (context) => {
      await context.add();
      assert.equal(await context.engine.obliterate({ queue: MAIN, force: false }), true);
      assert.equal(await context.engine.obliterate({ queue: MAIN, force: false }), true);
      assert.equal(await context.engine.obliterate({ queue: "nowhere", force: true }), true);
    },
  ],
]);
