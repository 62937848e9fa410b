/** Sessions: opened, renewed, closed, and read back as the list of workers. */
import assert from "node:assert/strict";
import type { AbandonedPage } from "../../../contract/engine.js";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

export const sessions = scenarios("sessions", [
  [
    "open-session-is-listed",
    "an open session is listed with all that its worker says about itself",
    async (context) => {
      const worker = {
        ...{ host: "höst", pid: 12, concurrency: 7, appVersion: "1.2.0", environment: "prod" },
        tasks: [{ name: "scan", version: "2", label: "Päge scan", resultUrl: "/scans/{id}" }],
      };
      const session = await context.session({ queues: ["a", "b"], ttl: 5_000, worker });
      const seenAt = context.clock.now();
      assert.deepEqual(await context.engine.workers(), [
        {
          ...session.worker,
          session: session.id,
          liveness: "alive",
          running: 0,
          seenAt,
          leaseEndsAt: seenAt + 5_000,
          status: null,
          command: null,
        },
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
      assert.equal((await context.engine.workers())[0]?.liveness, "alive");
      context.advance(500);
      assert.equal((await context.engine.workers())[0]?.liveness, "lost");
    },
  ],
  [
    "worker-is-silent-then-lost",
    "a worker that misses a heartbeat is silent, then lost; its record says until when its leases hold, and how many",
    async (context) => {
      await context.addMany(2);
      const session = await context.session({ ttl: 1_000 });
      await session.claim(2);
      const leaseEndsAt = context.clock.now() + 1_000;
      const states: unknown[] = [];
      for (const wait of [600, 1, 398, 1, 60_000]) {
        context.advance(wait);
        const [worker] = await context.engine.workers();
        states.push(worker?.liveness);
        assert.deepEqual([worker?.running, worker?.leaseEndsAt], [2, leaseEndsAt]);
      }
      assert.deepEqual(states, ["alive", "silent", "silent", "lost", "lost"]);
      await session.heartbeat(1_000);
      assert.equal((await context.engine.workers())[0]?.liveness, "alive");
    },
  ],
  [
    "first-lapse-decides",
    "a worker whose lease lapses first in one of its queues is listed with that time",
    async (context) => {
      await context.add({ queue: "a" });
      const session = await context.session({ queues: ["a", "b"], ttl: 60_000 });
      await session.claim(1, { queues: ["a"], ttl: 1_000 });
      const [worker] = await context.engine.workers();
      assert.equal(worker?.leaseEndsAt, context.clock.now() + 1_000);
      context.advance(1_000);
      assert.equal((await context.engine.workers())[0]?.liveness, "lost");
    },
  ],
  [
    "lost-until-recovered",
    "a worker is listed as lost until its jobs are recovered",
    async (context) => {
      await context.addMany(2);
      const session = await context.session({ ttl: 1_000 });
      await session.claim(2);
      context.advance(1_000);
      await context.sweep(1);
      const [worker] = await context.engine.workers();
      assert.deepEqual([worker?.liveness, worker?.running], ["lost", 1]);
      await context.sweep();
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
    "closing-hands-back-as-leased",
    "what a session that closes hands back stands in the order of its leases again, however much it is",
    async (context) => {
      for (const id of ["c", "a", "b"]) await context.add({ id, nonce: "n", tags: id === "a" ? ["tag"] : [] });
      const many = await context.addMany(500);
      const session = await context.session();
      for (const max of [1, 1, 501]) await session.claim(max);
      const last = await context.add();
      await session.close();
      assert.deepEqual(await context.list({ states: ["queued"] }, 500), ["c", "a", ...[...many, "b"].toSorted(), last]);
    },
  ],
  [
    "abandoned-queues",
    "a queue is abandoned when it has sessions and none of them is alive, until what they held is recovered",
    async (context) => {
      const abandoned = async (limit: number): Promise<string[]> => {
        const found: string[] = [];
        let cursor: string | null = null;
        do {
          const page: AbandonedPage = await context.engine.abandoned({ cursor, limit });
          found.push(...page.queues);
          ({ cursor } = page);
        } while (cursor !== null);
        return found.toSorted();
      };
      await context.session({ queues: ["both", "left", "idle"], ttl: 1_000 });
      const dead = await context.session({ queues: ["left"], ttl: 1_000 });
      await context.session({ queues: ["both", "served"], ttl: 9_000 });
      await context.add({ queue: "nobody" });
      await context.add({ queue: "left" });
      await dead.next();
      assert.deepEqual(await abandoned(10), []);
      context.advance(1_000);
      assert.deepEqual(await abandoned(10), ["idle", "left"]);
      assert.deepEqual(await abandoned(1), ["idle", "left"]);
      const others = await context.engine.abandoned({ cursor: null, limit: 10, except: ["idle", "live"] });
      assert.deepEqual(others.queues, ["left"]);
      await context.sweep(10, ["left"]);
      assert.deepEqual([await abandoned(10), (await context.counts("left")).queued], [["idle"], 1]);
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
