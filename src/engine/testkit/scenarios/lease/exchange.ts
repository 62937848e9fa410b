/** The one command of the hot path: settle what ended, lease what comes next. */
import assert from "node:assert/strict";
import { MAIN } from "../../kit/kit.js";
import { scenarios } from "../../kit/scenario.js";
import { BOOM, settlement } from "../../kit/test-session.js";

export const exchange = scenarios("exchange", [
  [
    "lease-carries-all",
    "a lease carries all that a worker needs",
    async (kit) => {
      const createdAt = kit.clock.now();
      const backoff = { type: "list", delays: [10, 20] } as const;
      const id = await kit.add({
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
      kit.advance(2_000);
      const session = await kit.session();
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
    async (kit) => {
      const id = await kit.add();
      kit.advance(100);
      const session = await kit.session({ worker: { name: "crane" } });
      await session.next();
      const job = await kit.job(id);
      assert.deepEqual([job.state, job.attempt, job.worker], ["active", 1, "crane"]);
      assert.equal(job.startedAt, kit.clock.now());
      assert.deepEqual(job.history, [
        { number: 1, worker: "crane", startedAt: kit.clock.now(), endedAt: null, outcome: null, error: null },
      ]);
    },
  ],
  [
    "no-more-than-asked-for",
    "no more jobs are leased than were asked for",
    async (kit) => {
      await kit.addMany(5);
      const session = await kit.session();
      assert.equal((await session.claim(3)).length, 3);
      assert.equal((await kit.counts()).queued, 2);
    },
  ],
  [
    "one-session-per-job",
    "a job is leased to one session only",
    async (kit) => {
      await kit.addMany(10);
      const sessions = [await kit.session(), await kit.session(), await kit.session({ engine: await kit.open() })];
      const claims = await Promise.all(sessions.map((session) => session.claimIds(4)));
      assert.equal(new Set(claims.flat()).size, 10);
      assert.equal(claims.flat().length, 10);
    },
  ],
  [
    "claim-for-nothing",
    "a claim for nothing leases nothing",
    async (kit) => {
      await kit.add();
      const session = await kit.session();
      assert.deepEqual(await session.claimIds(0), []);
      assert.deepEqual(await session.exchange(), { alive: true, settled: [], leases: [], more: false, nextDue: null });
    },
  ],
  [
    "outcomes-answered-one-by-one",
    "many outcomes are settled in one command, each answered for itself",
    async (kit) => {
      const ids = await kit.addMany(4);
      const session = await kit.session();
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
      assert.deepEqual(await Promise.all(ids.map((id) => kit.state(id))), ["active", "active", "completed", "failed"]);
    },
  ],
  [
    "outcomes-of-several-queues",
    "outcomes of several queues are settled in one command, answered in the order given",
    async (kit) => {
      const session = await kit.session({ queues: ["a", "b"] });
      await kit.add({ queue: "a" });
      await kit.add({ queue: "b" });
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
    async (kit) => {
      await kit.addMany(1_000);
      const session = await kit.session();
      const leases = await session.claim(1_000);
      assert.equal(leases.length, 1_000);
      const { settled } = await session.exchange(
        leases.map((lease) => settlement(lease, { kind: "complete", result: null })),
      );
      assert.deepEqual(new Set(settled), new Set(["applied"]));
      assert.equal((await kit.counts()).completed, 1_000);
    },
  ],
  [
    "settles-before-leasing",
    "what is settled in a command is settled before its work is leased",
    async (kit) => {
      const id = await kit.add();
      const session = await kit.session();
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
    "what is due in a command is made ready before its outcomes are settled",
    async (kit) => {
      const delayed = await kit.add({ due: { in: 1_000 } });
      const running = await kit.add();
      const session = await kit.session();
      const lease = await session.next();
      kit.advance(1_000);
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
    async (kit) => {
      await kit.addMany(3);
      const session = await kit.session();
      assert.equal((await session.exchange([], { max: 2 })).more, true);
      assert.equal((await session.exchange([], { max: 1 })).more, false);
    },
  ],
  [
    "paused-is-not-more-work",
    "work that waits in a paused queue is not more work",
    async (kit) => {
      await kit.addMany(3);
      await kit.engine.pause({ queue: MAIN });
      assert.equal((await (await kit.session()).exchange([], { max: 2 })).more, false);
    },
  ],
  [
    "says-next-due",
    "the answer says when the next delayed job of its queues is due",
    async (kit) => {
      const session = await kit.session({ queues: ["a", "b"] });
      assert.equal((await session.exchange([], {})).nextDue, null);
      await kit.add({ queue: "a", due: { in: 9_000 } });
      await kit.add({ queue: "b", due: { in: 4_000 } });
      await kit.add({ queue: "other", due: { in: 1_000 } });
      assert.equal((await session.exchange([], {})).nextDue, kit.clock.now() + 4_000);
    },
  ],
  [
    "session-never-opened",
    "a session that was never opened gets nothing and settles nothing",
    async (kit) => {
      await kit.addMany(2);
      const session = await kit.session();
      const lease = await session.next();
      const answer = await kit.engine.exchange({
        session: "nobody/0",
        lane: 0,
        call: 1,
        settle: [settlement(lease, { kind: "complete", result: null })],
        claim: { queues: [MAIN], max: 1, suspect: true },
      });
      assert.deepEqual(answer, { alive: false, settled: ["stale"], leases: [], more: false, nextDue: null });
      assert.deepEqual([(await kit.counts()).active, (await kit.counts()).queued], [1, 1]);
    },
  ],
  [
    "lanes-do-not-mix-calls",
    "the lanes of a session do not mistake each other's calls for their own sent again",
    async (kit) => {
      const ids = await kit.addMany(3);
      const session = await kit.session();
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
    async (kit) => {
      await kit.add();
      const session = await kit.session();
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
    async (kit) => {
      const delayed = await kit.add({ due: { in: 1_000 } });
      const running = await kit.add();
      const session = await kit.session();
      const lease = await session.next();
      kit.advance(1_000);
      const answer = await session.exchange([settlement(lease, { kind: "complete", result: '"done"' })], { max: 1 });
      assert.deepEqual([answer.settled, answer.leases.map(({ id }) => id)], [["applied"], [delayed]]);
      const job = await kit.job(running);
      assert.deepEqual([job.state, job.result], ["completed", '"done"']);
      const counts = await kit.counts();
      assert.deepEqual([counts.active, counts.completed], [1, 1]);
    },
  ],
]);
