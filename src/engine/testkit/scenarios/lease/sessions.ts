/** Sessions: opened, renewed, closed, and read back as the list of workers. */
import assert from "node:assert/strict";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

export const sessions = scenarios("sessions", [
  [
    "open-session-is-listed",
    "an open session is listed with all that its worker says about itself",
    async (context) => {
      const session = await context.session({ queues: ["a", "b"], worker: { host: "höst", pid: 12, concurrency: 7 } });
      const seenAt = context.clock.now();
      assert.deepEqual(await context.engine.workers(), [
        { ...session.worker, session: session.id, running: 0, seenAt },
      ]);
    },
  ],
  [
    "seen-at-every-heartbeat",
    "a worker is seen at every heartbeat",
    async (context) => {
      const session = await context.session();
      const opened = context.clock.now();
      context.advance(5_000);
      await session.heartbeat();
      const [worker] = await context.engine.workers();
      assert.deepEqual([worker?.startedAt, worker?.seenAt], [opened, opened + 5_000]);
    },
  ],
  [
    "runs-as-many-as-held",
    "a worker runs as many jobs as it holds, over all its queues",
    async (context) => {
      await context.addMany(2, { queue: "a" });
      await context.addMany(2, { queue: "b" });
      const session = await context.session({ queues: ["a", "b"] });
      const [first] = await session.claim(3);
      assert.ok(first);
      assert.equal((await context.engine.workers())[0]?.running, 3);
      await session.complete(first);
      assert.equal((await context.engine.workers())[0]?.running, 2);
    },
  ],
  [
    "listed-through-any-connection",
    "workers are listed by session, through any connection",
    async (context) => {
      const opened = [await context.session(), await context.session({ engine: await context.open() })];
      const listed = (await context.engine.workers()).map((worker) => worker.session);
      assert.deepEqual(listed, opened.map((session) => session.id).toSorted());
    },
  ],
  [
    "two-sessions-of-one-name",
    "two sessions of one worker name are two sessions",
    async (context) => {
      await context.addMany(2);
      const one = await context.session({ worker: { name: "twin" } });
      const two = await context.session({ worker: { name: "twin" } });
      const lease = await one.next();
      assert.equal(await two.complete(lease), "stale");
      assert.equal(await one.complete(lease), "applied");
    },
  ],
  [
    "heartbeat-of-unopened-session",
    "a heartbeat of a session that was never opened is not alive",
    async (context) => {
      const answer = await context.engine.heartbeat({ session: "nobody/0", queues: [MAIN], ttl: 1_000 });
      assert.deepEqual(answer, { alive: false, revoked: [] });
    },
  ],
  [
    "heartbeat-sets-ttl",
    "a heartbeat sets how long the session lives from then on",
    async (context) => {
      const session = await context.session({ ttl: 1_000 });
      await session.heartbeat(10_000);
      context.advance(9_999);
      assert.equal((await session.heartbeat(500)).alive, true);
      assert.equal((await context.engine.workers()).length, 1);
      context.advance(500);
      assert.equal((await context.engine.workers()).length, 0);
    },
  ],
  [
    "expired-session-not-listed",
    "a session whose time is over is not listed",
    async (context) => {
      await context.session({ ttl: 1_000 });
      context.advance(1_000);
      assert.deepEqual(await context.engine.workers(), []);
    },
  ],
  [
    "closing-hands-back",
    "a session that closes hands back its jobs, to the head and uncounted",
    async (context) => {
      const ids = (await context.addMany(3)).toSorted();
      const session = await context.session();
      await session.claim(2);
      await session.close();
      assert.deepEqual(await context.list(), ids);
      const job = await context.job(ids[0] ?? "");
      assert.deepEqual([job.state, job.attempt, job.crashes], ["queued", 0, 0]);
      assert.deepEqual(
        job.history.map(({ outcome, endedAt }) => [outcome, endedAt]),
        [["returned", context.clock.now()]],
      );
      assert.deepEqual(await context.engine.workers(), []);
    },
  ],
  [
    "closed-is-dead",
    "a closed session is dead",
    async (context) => {
      await context.add();
      const session = await context.session();
      await session.close();
      assert.equal((await session.heartbeat()).alive, false);
      assert.equal((await session.exchange([], {})).alive, false);
    },
  ],
  [
    "closing-again-is-no-trouble",
    "closing a session that is closed, over or unknown is no trouble",
    async (context) => {
      const session = await context.session({ ttl: 1_000 });
      await session.close();
      await session.close();
      const over = await context.session({ ttl: 1_000 });
      context.advance(2_000);
      await over.close();
      await context.engine.closeSession({ session: "nobody/0", queues: [MAIN] });
      assert.deepEqual(await context.engine.workers(), []);
    },
  ],
  [
    "heartbeat-tells-taken-leases",
    "a heartbeat answers which leases were taken from the session",
    async (context) => {
      const [first = "", second = ""] = await context.addMany(2);
      const session = await context.session();
      await session.claim(2);
      await context.control("cancel", second);
      const revoked = [{ queue: MAIN, id: second, epoch: 1, cause: "cancel" }];
      assert.deepEqual(await session.heartbeat(), { alive: true, revoked });
      assert.equal(await context.state(first), "active");
    },
  ],
  [
    "heartbeat-omits-leases-of-others",
    "a heartbeat answers nothing about leases of other sessions",
    async (context) => {
      const id = await context.add();
      await (await context.session()).next();
      const other = await context.session();
      await context.control("cancel", id);
      assert.deepEqual(await other.heartbeat(), { alive: true, revoked: [] });
    },
  ],
  [
    "settled-lease-not-told-again",
    "a taken lease is not reported again once the session has settled it",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      await context.control("cancel", id);
      assert.equal((await session.heartbeat()).revoked.length, 1);
      assert.equal(await session.complete(lease), "stale");
      assert.deepEqual((await session.heartbeat()).revoked, []);
    },
  ],
  [
    "taken-lease-told-soon",
    "a taken lease is also reported at once, through any connection",
    async (context) => {
      const id = await context.add();
      const session = await context.session({ engine: await context.open() });
      const lease = await session.next();
      const revoked: unknown[] = [];
      const stop = await session.engine.onRevoked({
        session: session.id,
        queues: [MAIN],
        listener: (taken) => revoked.push(taken),
      });
      await context.control("cancel", id);
      await context.eventually("the listener is called", () => revoked.length > 0);
      assert.deepEqual(revoked, [{ queue: lease.queue, id: lease.id, epoch: lease.epoch, cause: "cancel" }]);
      stop();
    },
  ],
]);
