/** Fencing: a worker that lost its lease changes nothing, with any fenced write, after any way to end a lease. */
import assert from "node:assert/strict";
import type { JobRecord } from "../../../../model/job/job.js";
import type { LeaseRef, Outcome } from "../../../contract/engine.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { progressOf } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { BOOM, type TestSession } from "../../context/test-session.js";

const OUTCOMES: readonly Outcome[] = [
  { kind: "complete", result: '"stale"' },
  { kind: "partial", result: '"stale"' },
  { kind: "fail", error: BOOM, retryIn: 0 },
  { kind: "fail", error: BOOM, retryIn: null },
  { kind: "snooze", delay: 5_000 },
  { kind: "return" },
];

/** Ends a lease, and answers the lease and session that a late write then names. */
type Loss = (
  context: ScenarioContext,
  session: TestSession,
  lease: LeaseRef,
) => Promise<{ readonly session: TestSession; readonly lease: LeaseRef } | void>;

const LOSSES: readonly (readonly [slug: string, title: string, lose: Loss])[] = [
  [
    "after-cancel",
    "was cancelled",
    async (context, _session, { id }) => {
      await context.control("cancel", id);
    },
  ],
  [
    "after-retry",
    "was cancelled and tried again by hand",
    async (context, _session, { id }) => {
      await context.control("cancel", id);
      await context.control("retry", id);
    },
  ],
  [
    "after-retry-and-lease",
    "was cancelled, tried again by hand and leased by the same session again",
    async (context, session, { id }) => {
      await context.control("cancel", id);
      await context.control("retry", id);
      assert.equal((await session.next()).id, id);
    },
  ],
  [
    "after-removal",
    "was cancelled and removed",
    async (context, _session, { id }) => {
      await context.control("cancel", id);
      await context.control("remove", id);
    },
  ],
  [
    "after-dead-session",
    "belongs to a session that was ended as dead and sends a command again",
    async (context, session) => {
      context.advance(session.ttl);
      await context.sweep();
      await session.heartbeat();
    },
  ],
  [
    "after-recovery",
    "was recovered",
    async (context, session) => {
      context.advance(session.ttl);
      assert.equal((await context.sweep()).recovered, 1);
    },
  ],
  [
    "after-recovery-and-lease",
    "was recovered and leased by another session",
    async (context, session, { id }) => {
      context.advance(session.ttl);
      await context.sweep();
      assert.equal((await (await context.session()).next()).id, id);
    },
  ],
  [
    "after-session-close",
    "was handed back as its session closed",
    async (_context, session) => {
      await session.close();
    },
  ],
  [
    "after-obliteration",
    "was obliterated with its queue",
    async (context) => {
      assert.equal(await context.engine.obliterate({ queue: MAIN, force: true }), true);
    },
  ],
  [
    "of-another-session",
    "belongs to another session",
    async (context, _session, lease) => ({ session: await context.session(), lease }),
  ],
  [
    "of-another-epoch",
    "has another epoch, even a later one",
    async (_context, session, lease) => ({ session, lease: { ...lease, epoch: lease.epoch + 1 } }),
  ],
];

async function seen(
  context: ScenarioContext,
  id: string,
): Promise<{ readonly job: JobRecord | null; readonly log: unknown }> {
  return { job: await context.find(id), log: await context.engine.logs({ queue: MAIN, id }) };
}

async function lost(
  context: ScenarioContext,
  lose: Loss,
): Promise<{ readonly session: TestSession; readonly lease: LeaseRef }> {
  await context.add();
  const session = await context.session({ ttl: 10_000 });
  const lease = await session.next();
  return (await lose(context, session, lease)) ?? { session, lease };
}

export const fencing = scenarios("fencing", [
  ...LOSSES.map(
    ([slug, title, lose]) =>
      [
        `no-outcome-${slug}`,
        `no outcome is settled for a lease that ${title}`,
        async (context: ScenarioContext) => {
          const { session, lease } = await lost(context, lose);
          const before = await seen(context, lease.id);
          for (const outcome of OUTCOMES) assert.equal(await session.settle(lease, outcome), "stale", outcome.kind);
          assert.deepEqual(await seen(context, lease.id), before);
        },
      ] as const,
  ),
  ...LOSSES.map(
    ([slug, title, lose]) =>
      [
        `no-report-${slug}`,
        `no report is taken for a lease that ${title}`,
        async (context: ScenarioContext) => {
          const { session, lease } = await lost(context, lose);
          const before = await seen(context, lease.id);
          const answer = await session.report(lease, {
            progress: progressOf(99, "stale"),
            meta: '{"stale":true}',
            lines: [{ at: 0, level: "error", message: "stale" }],
          });
          assert.equal(answer, "stale");
          assert.deepEqual(await seen(context, lease.id), before);
        },
      ] as const,
  ),
  [
    "running-lease-is-written-to",
    "a lease that still runs is written to, whatever else was fenced off",
    async (context) => {
      const [first = "", second = ""] = await context.addMany(2);
      const session = await context.session();
      const [gone, running] = await session.claim(2);
      assert.ok(gone && running);
      await context.control("cancel", first);
      assert.equal(await session.complete(gone), "stale");
      assert.equal(await session.report(running, { progress: progressOf(1, null) }), "applied");
      assert.equal(await session.complete(running), "applied");
      assert.equal(await context.state(second), "completed");
    },
  ],
  [
    "no-report-after-end",
    "no report is taken once the run has ended",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      await session.complete(lease);
      assert.equal(await session.report(lease, { meta: '{"late":1}' }), "stale");
      assert.equal((await context.job(id)).meta, null);
    },
  ],
  [
    "no-second-outcome",
    "an outcome that was settled is not settled a second time in another way",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      await session.complete(lease, '"first"');
      await session.fail(lease, null);
      const job = await context.job(id);
      assert.deepEqual([job.state, job.result, job.error], ["completed", '"first"', null]);
    },
  ],
  [
    "heartbeat-does-not-revive",
    "a heartbeat does not bring a session back to life that was ended as dead, nor its leases",
    async (context) => {
      await context.add();
      const session = await context.session({ ttl: 1_000 });
      const lease = await session.next();
      context.advance(1_000);
      assert.equal((await context.sweep()).recovered, 1);
      assert.equal((await session.heartbeat()).alive, false);
      assert.equal(await session.complete(lease), "stale");
    },
  ],
  [
    "dead-session-leases-nothing",
    "a session that was ended as dead leases nothing",
    async (context) => {
      await context.add();
      const session = await context.session({ ttl: 1_000 });
      context.advance(1_000);
      await context.sweep();
      const answer = await session.exchange([], {});
      assert.deepEqual([answer.alive, answer.leases.length], [false, 0]);
      assert.equal((await context.counts()).queued, 1);
    },
  ],
  [
    "stale-for-next-with-id",
    "a lease of a removed job is stale for the next job with its id, in the same session too",
    async (context) => {
      const id = await context.add({ id: "again", nonce: "first" });
      const session = await context.session();
      const former = await session.next();
      await context.control("cancel", id);
      await context.control("remove", id);
      await context.add({ id: "again", nonce: "second" });
      const lease = await session.next();
      assert.equal(lease.id, former.id);
      assert.equal(await session.complete(former, '"former"'), "stale");
      assert.equal(await session.report(former, { meta: '{"former":1}' }), "stale");
      assert.equal(await session.complete(lease, '"present"'), "applied");
      const job = await context.job(id);
      assert.deepEqual([job.result, job.meta], ['"present"', null]);
    },
  ],
]);
