/**
 * Late is not dead: a session whose time is over goes on as soon as it sends a command, until a sweep that names it as dead
 * ends it.
 */
import assert from "node:assert/strict";
import type { OverdueSession } from "../../../contract/engine.js";
import { MAIN, progressOf, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { settlement, type TestSession } from "../../context/test-session.js";

const HOUR = 3_600_000;

/** Sweeps, declaring only these sessions dead, and answers the overdue ones. */
async function overdue(
  context: ScenarioContext,
  dead: readonly OverdueSession[] = [],
): Promise<readonly OverdueSession[]> {
  return (await context.engine.sweep({ queues: [MAIN], limit: 100, dead })).overdue;
}

/** Commands by which a late session shows that it is alive. */
const SIGNS: readonly (readonly [slug: string, sign: string, give: (session: TestSession) => Promise<unknown>])[] = [
  ["heartbeat", "a heartbeat", (session) => session.heartbeat()],
  ["exchange", "an exchange that asks for work", (session) => session.exchange([], { max: 1 })],
];

export const lateness = scenarios("lateness", [
  [
    "late-word-counts",
    "commands of a session whose time is over count, and it leases more",
    async (context) => {
      const [first = "", second = ""] = await context.addMany(2);
      const session = await context.session({ ttl: 1_000 });
      const lease = await session.next();
      context.advance(HOUR);
      assert.equal(await session.report(lease, { progress: progressOf(40, null) }), "applied");
      const answer = await session.exchange([settlement(lease, { kind: "complete", result: "1" })], { max: 1 });
      assert.deepEqual([answer.alive, answer.settled], [true, ["applied"]]);
      assert.deepEqual(
        answer.leases.map(({ id }) => id),
        [second],
      );
      const job = await context.job(first);
      assert.deepEqual([job.state, job.attempt, job.crashes], ["completed", 1, 0]);
    },
  ],
  ...SIGNS.map(
    ([slug, sign, give]) =>
      [
        `${slug}-renews`,
        `${sign} renews a session that is late for as long as it lived before`,
        async (context: ScenarioContext) => {
          const session = await context.session({ ttl: 1_000 });
          for (let round = 0; round < 3; round += 1) {
            context.advance(2_000);
            assert.equal((await overdue(context)).length, 1);
            await give(session);
            assert.deepEqual(await overdue(context), []);
            assert.equal((await context.engine.workers())[0]?.seenAt, context.clock.now());
            context.advance(999);
            assert.deepEqual(await overdue(context), []);
          }
        },
      ] as const,
  ),
  [
    "report-renews",
    "a report renews a session that is late",
    async (context) => {
      await context.add();
      const session = await context.session({ ttl: 1_000 });
      const lease = await session.next();
      context.advance(2_000);
      await session.report(lease, { meta: '{"m":1}' });
      assert.deepEqual(await overdue(context), []);
    },
  ],
  [
    "resting-session-gets-claims-ttl",
    "a session that rests lives only as long as its claim says once it is given a job",
    async (context) => {
      const session = await context.session({ ttl: HOUR });
      await session.exchange([], { ttl: 1_000 });
      context.advance(2_000);
      assert.deepEqual(await overdue(context), []);
      const id = await context.add();
      await session.exchange([], { ttl: 1_000 });
      context.advance(1_001);
      const seen = await overdue(context);
      assert.deepEqual(
        seen.map(({ session: name, ttl, overdue: by }) => [name, ttl, by]),
        [[session.id, 1_000, 1]],
      );
      await overdue(context, seen);
      assert.equal(await context.state(id), "queued");
    },
  ],
  [
    "late-or-unusual-gets-claims-ttl",
    "a session that rests lives as long as its claim says also when it was late, when its answer was lost, and when its job is out of the ordinary",
    async (context) => {
      const late = await context.session({ ttl: HOUR });
      context.advance(2 * HOUR);
      const asks = [
        [late, {}],
        [await context.session({ ttl: HOUR }), {}],
        [await context.session({ ttl: HOUR }), { priority: 1 }],
        [await context.session({ ttl: HOUR }), { tags: ["a"] }],
      ] as const;
      for (const [session, options] of asks) {
        await context.add(options);
        await session.exchange([], { ttl: 1_000 });
      }
      await asks[1][0].heartbeat();
      await asks[1][0].resend();
      context.advance(1_001);
      assert.equal((await overdue(context)).length, asks.length);
    },
  ],
  [
    "claim-does-not-lengthen-life",
    "a claim does not lengthen the life of a session, nor do jobs that are settled change it",
    async (context) => {
      await context.addMany(2);
      const session = await context.session({ ttl: 1_000 });
      const [lease] = (await session.exchange([], { max: 1, ttl: HOUR })).leases;
      assert.ok(lease);
      context.advance(999);
      await session.complete(lease);
      context.advance(2);
      assert.equal((await overdue(context)).length, 1);
    },
  ],
  [
    "sweep-tells-and-takes-told",
    "a sweep answers which sessions are overdue, and ends only those that the caller names as dead",
    async (context) => {
      const ids = await context.addMany(2);
      const [a, b] = [await context.session({ ttl: 1_000 }), await context.session({ ttl: 1_500 })];
      await a.claim(1);
      await b.claim(1);
      context.advance(2_000);
      const seen = await overdue(context);
      assert.deepEqual(
        seen.map(({ session, queue, ttl, overdue: by }) => [session, queue, ttl, by]),
        [
          [a.id, MAIN, 1_000, 1_000],
          [b.id, MAIN, 1_500, 500],
        ],
      );
      assert.deepEqual(
        (await overdue(context, seen.slice(1))).map(({ session }) => session),
        [a.id],
      );
      assert.deepEqual(await Promise.all(ids.map((id) => context.state(id))), ["active", "queued"]);
      assert.equal((await a.heartbeat()).alive, true);
      assert.equal((await b.heartbeat()).alive, false);
    },
  ],
  [
    "sign-of-life-saves",
    "a session that gave a sign of life since it was seen overdue is not taken for dead, though it is overdue again",
    async (context) => {
      const id = await context.add();
      const session = await context.session({ ttl: 1_000 });
      await session.next();
      context.advance(1_000);
      const seen = await overdue(context);
      await session.heartbeat();
      context.advance(1_500);
      assert.equal((await overdue(context, seen)).length, 1);
      assert.equal(await context.state(id), "active");
    },
  ],
  [
    "dead-without-jobs-gone",
    "the sweep that recovers the last job of a dead session ends the session",
    async (context) => {
      await context.addMany(2);
      const session = await context.session({ ttl: 1_000 });
      await session.claim(2);
      context.advance(1_000);
      const seen = await overdue(context);
      await context.engine.sweep({ queues: [MAIN], limit: 1, dead: seen });
      assert.equal((await context.engine.workers()).length, 1);
      await context.engine.sweep({ queues: [MAIN], limit: 1, dead: [] });
      assert.deepEqual(await context.engine.workers(), []);
    },
  ],
  [
    "taken-for-dead-heard-no-more",
    "commands of a session that was taken for dead are refused, though its jobs are recovered a few a sweep",
    async (context) => {
      await context.addMany(3);
      const session = await context.session({ ttl: 1_000 });
      const leases = await session.claim(3);
      context.advance(1_000);
      const seen = await overdue(context);
      const first = await context.engine.sweep({ queues: [MAIN], limit: 1, dead: seen });
      assert.deepEqual([first.recovered, first.more, first.overdue], [1, true, []]);
      assert.equal((await session.heartbeat()).alive, false);
      const answer = await session.exchange(
        leases.map((lease) => settlement(lease, { kind: "complete", result: null })),
      );
      assert.deepEqual([answer.alive, answer.settled], [false, ["stale", "stale", "stale"]]);
      assert.deepEqual(
        (await context.engine.workers()).map(({ liveness, running }) => [liveness, running]),
        [["lost", 2]],
      );
      const rest = await context.engine.sweep({ queues: [MAIN], limit: 100, dead: [] });
      assert.deepEqual([rest.recovered, rest.more], [2, false]);
      assert.equal((await context.counts()).queued, 3);
    },
  ],
  [
    "overdue-told-again",
    "every sweep answers an overdue session again, and the session makes no sweep due",
    async (context) => {
      await context.session({ ttl: 1_000 });
      context.advance(1_000);
      for (let sweep = 0; sweep < 3; sweep += 1) {
        const answer = await context.engine.sweep({ queues: [MAIN], limit: 100, dead: [] });
        assert.deepEqual([answer.overdue.length, answer.nextDue, answer.more], [1, null, false]);
      }
    },
  ],
  ...(
    [
      ["forward", HOUR],
      ["back", -HOUR],
    ] as const
  ).map(
    ([way, step]) =>
      [
        `date-set-${way}`,
        `a date that is set ${way} by an hour costs no session its leases`,
        async (context: ScenarioContext) => {
          const id = await context.add();
          const session = await context.session({ ttl: 10_000 });
          const lease = await session.next();
          context.clock.step(step);
          await overdue(context);
          assert.equal((await session.heartbeat()).alive, true);
          assert.deepEqual(await overdue(context), []);
          assert.equal(await session.complete(lease), "applied");
          const job = await context.job(id);
          assert.deepEqual([job.state, job.crashes], ["completed", 0]);
        },
      ] as const,
  ),
]);
