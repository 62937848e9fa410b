/** The exchange, the one command of the hot path: it settles runs that have ended and leases the next jobs. */
import assert from "node:assert/strict";
import { RAN_BY_UNKNOWN } from "../../../contract/worker/builds.js";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { BOOM, settlement } from "../../context/test-session.js";

export const exchange = scenarios("exchange", [
  [
    "lease-carries-all",
    "a lease carries all that a worker needs",
    async (context) => {
      const createdAt = context.clock.now();
      const backoff = { type: "list", delays: [10, 20] } as const;
      const id = await context.add({
        task: "scan",
        input: '{"n":1}',
        backoff,
        timeout: 777,
        attempts: 4,
        tags: ["t"],
        meta: '{"m":1}',
        priority: 2,
        due: { in: 500 },
      });
      context.advance(2_000);
      const session = await context.session();
      assert.deepEqual(await session.next(), {
        queue: MAIN,
        id,
        epoch: 1,
        attempt: 1,
        attempts: 4,
        crashes: 0,
        suspect: false,
        declinedAt: null,
        body: {
          task: "scan",
          input: '{"n":1}',
          backoff,
          timeout: 777,
          supersedes: null,
          after: [],
          references: [],
          flow: null,
        },
        problem: null,
        checkpoints: false,
        tags: ["t"],
        meta: '{"m":1}',
        priority: 2,
        createdAt,
        runAt: createdAt + 500,
        leasedAt: createdAt + 2_000,
      });
    },
  ],
  [
    "leased-job-is-active",
    "a leased job is active and says since when and with whom",
    async (context) => {
      const id = await context.add();
      context.advance(100);
      const session = await context.session({ worker: { name: "crane" } });
      await session.next();
      const job = await context.job(id);
      assert.deepEqual([job.state, job.attempt, job.worker], ["active", 1, "crane"]);
      assert.equal(job.startedAt, context.clock.now());
      const run = { number: 1, worker: "crane", startedAt: job.startedAt, endedAt: null, outcome: null, error: null };
      assert.deepEqual(job.history, [{ ...RAN_BY_UNKNOWN, ...run }]);
    },
  ],
  [
    "no-more-than-asked-for",
    "no more jobs are leased than were asked for",
    async (context) => {
      await context.addMany(5);
      const session = await context.session();
      assert.equal((await session.claim(3)).length, 3);
      assert.equal((await context.counts()).queued, 2);
    },
  ],
  [
    "one-session-per-job",
    "a job is leased to one session only",
    async (context) => {
      await context.addMany(10);
      const sessions = [
        await context.session(),
        await context.session(),
        await context.session({ engine: await context.open() }),
      ];
      const claims = await Promise.all(sessions.map((session) => session.claimIds(4)));
      assert.equal(new Set(claims.flat()).size, 10);
      assert.equal(claims.flat().length, 10);
    },
  ],
  [
    "claim-for-nothing",
    "a claim for nothing leases nothing",
    async (context) => {
      await context.add();
      const session = await context.session();
      assert.deepEqual(await session.claimIds(0), []);
      assert.deepEqual(await session.exchange(), { alive: true, settled: [], leases: [], more: false, nextDue: null });
    },
  ],
  [
    "outcomes-answered-one-by-one",
    "many outcomes are settled in one command, each answered for itself",
    async (context) => {
      const ids = await context.addMany(4);
      const session = await context.session();
      const leases = await session.claim(4);
      const [first, second, third, fourth] = leases;
      assert.ok(first && second && third && fourth);
      const { settled } = await session.exchange([
        settlement(third, { kind: "complete", result: "3" }),
        settlement({ ...first, epoch: first.epoch + 1 }, { kind: "complete", result: "1" }),
        settlement({ ...second, id: "unknown" }, { kind: "complete", result: "2" }),
        settlement(fourth, { kind: "fail", error: BOOM, retryIn: null }),
      ]);
      assert.deepEqual(settled, ["applied", "stale", "stale", "applied"]);
      assert.deepEqual(await Promise.all(ids.map((id) => context.state(id))), [
        "active",
        "active",
        "completed",
        "failed",
      ]);
    },
  ],
  [
    "outcomes-of-several-queues",
    "outcomes of several queues are settled in one command, answered in the order given",
    async (context) => {
      const session = await context.session({ queues: ["a", "b"] });
      await context.add({ queue: "a" });
      await context.add({ queue: "b" });
      const [a, b] = await session.claim(2);
      assert.ok(a && b);
      const { settled } = await session.exchange([
        settlement(b, { kind: "complete", result: null }),
        settlement({ ...a, epoch: 99 }, { kind: "complete", result: null }),
        settlement(a, { kind: "complete", result: null }),
      ]);
      assert.deepEqual(settled, ["applied", "stale", "applied"]);
    },
  ],
  [
    "1000-leased-and-settled",
    "1,000 jobs are leased in one command and settled in another",
    async (context) => {
      await context.addMany(1_000);
      const session = await context.session();
      const leases = await session.claim(1_000);
      assert.equal(leases.length, 1_000);
      const { settled } = await session.exchange(
        leases.map((lease) => settlement(lease, { kind: "complete", result: null })),
      );
      assert.deepEqual(new Set(settled), new Set(["applied"]));
      assert.equal((await context.counts()).completed, 1_000);
    },
  ],
  [
    "settles-before-leasing",
    "an exchange settles outcomes before it leases jobs",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      const answer = await session.exchange([settlement(lease, { kind: "fail", error: BOOM, retryIn: 0 })], { max: 1 });
      assert.deepEqual(answer.settled, ["applied"]);
      assert.deepEqual(
        answer.leases.map((next) => [next.id, next.epoch, next.attempt]),
        [[id, 2, 2]],
      );
    },
  ],
  [
    "promotes-before-settling",
    "an exchange promotes due jobs before it settles outcomes",
    async (context) => {
      const delayed = await context.add({ due: { in: 1_000 } });
      const running = await context.add();
      const session = await context.session();
      const lease = await session.next();
      context.advance(1_000);
      const answer = await session.exchange([settlement(lease, { kind: "fail", error: BOOM, retryIn: 0 })], { max: 2 });
      assert.deepEqual(
        answer.leases.map((next) => next.id),
        [delayed, running],
      );
    },
  ],
  [
    "says-whether-more-waits",
    "the answer says whether more work waits",
    async (context) => {
      await context.addMany(3);
      const session = await context.session();
      assert.equal((await session.exchange([], { max: 2 })).more, true);
      assert.equal((await session.exchange([], { max: 1 })).more, false);
    },
  ],
  [
    "paused-is-not-more-work",
    "work that waits in a paused queue is not more work",
    async (context) => {
      await context.addMany(3);
      await context.engine.pause({ queue: MAIN });
      assert.equal((await (await context.session()).exchange([], { max: 2 })).more, false);
    },
  ],
  [
    "says-next-due",
    "the answer says when the next delayed job of its queues is due",
    async (context) => {
      const session = await context.session({ queues: ["a", "b"] });
      assert.equal((await session.exchange([], {})).nextDue, null);
      await context.add({ queue: "a", due: { in: 9_000 } });
      await context.add({ queue: "b", due: { in: 4_000 } });
      await context.add({ queue: "other", due: { in: 1_000 } });
      assert.equal((await session.exchange([], {})).nextDue, context.clock.now() + 4_000);
    },
  ],
  [
    "says-next-end-of-ttl",
    "the answer of a queue that gives nothing says when the next ttl ends, unless that is over; one that gives work does not",
    async (context) => {
      const session = await context.session();
      await context.add({ hold: true, ttl: 2_000 });
      await context.add({ hold: true, ttl: 9_000 });
      const start = context.clock.now();
      assert.equal((await session.exchange([], {})).nextDue, start + 2_000);
      context.advance(2_000);
      assert.equal((await session.exchange([], {})).nextDue, start + 9_000);
      await context.add({ due: { in: 4_000 } });
      assert.equal((await session.exchange([], {})).nextDue, start + 6_000);
      await context.add();
      context.advance(5_000);
      const { leases, nextDue } = await session.exchange([], { max: 5 });
      assert.deepEqual([leases.length, nextDue], [2, null]);
    },
  ],
  [
    "session-never-opened",
    "a session that was never opened gets nothing and settles nothing",
    async (context) => {
      await context.addMany(2);
      const session = await context.session();
      const lease = await session.next();
      const answer = await context.engine.exchange({
        session: "nobody/0",
        lane: 0,
        call: 1,
        settle: [settlement(lease, { kind: "complete", result: null })],
        claim: { queues: [MAIN], max: 1, suspect: true },
      });
      assert.deepEqual(answer, { alive: false, settled: ["stale"], leases: [], more: false, nextDue: null });
      assert.deepEqual([(await context.counts()).active, (await context.counts()).queued], [1, 1]);
    },
  ],
  [
    "lanes-do-not-mix-calls",
    "the lanes of a session do not mistake each other's calls for their own sent again",
    async (context) => {
      const ids = await context.addMany(3);
      const session = await context.session();
      const leased = [
        ...(await session.exchange([], {}, 0)).leases,
        ...(await session.exchange([], {}, 1)).leases,
        ...(await session.exchange([], {}, 1)).leases,
      ];
      assert.deepEqual(
        leased.map((lease) => lease.id),
        ids,
      );
    },
  ],
  [
    "epochs-rise",
    "every lease of a job has a higher epoch than the one before",
    async (context) => {
      await context.add();
      const session = await context.session();
      const epochs: number[] = [];
      for (let run = 0; run < 5; run += 1) {
        const lease = await session.next();
        epochs.push(lease.epoch);
        await session.settle(lease, { kind: "return" });
      }
      assert.deepEqual(epochs, [1, 2, 3, 4, 5]);
    },
  ],
  [
    "completing-readies-another",
    "a job completes in the very command that makes another one ready",
    async (context) => {
      const delayed = await context.add({ due: { in: 1_000 } });
      const running = await context.add();
      const session = await context.session();
      const lease = await session.next();
      context.advance(1_000);
      const answer = await session.exchange([settlement(lease, { kind: "complete", result: '"done"' })], { max: 1 });
      assert.deepEqual([answer.settled, answer.leases.map(({ id }) => id)], [["applied"], [delayed]]);
      const job = await context.job(running);
      assert.deepEqual([job.state, job.result], ["completed", '"done"']);
      const counts = await context.counts();
      assert.deepEqual([counts.active, counts.completed], [1, 1]);
    },
  ],
]);
