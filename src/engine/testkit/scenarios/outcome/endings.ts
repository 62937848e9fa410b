/** Jobs that were leased in one batch and end one by one: what an engine stores for the batch must hold for each of them. */
import assert from "node:assert/strict";
import type { Lease, LeaseRef, Settlement } from "../../../contract/engine.js";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { BOOM, settlement } from "../../context/test-session.js";

function completion(lease: LeaseRef, result: string): Settlement {
  return settlement(lease, { kind: "complete", result });
}

export const endings = scenarios("endings", [
  [
    "same-settlement-twice",
    "the same settlement twice in one command, with another between, is applied once",
    async (context) => {
      const [first, second] = await context.addMany(2);
      const session = await context.session();
      const [a, b] = [await session.next(), await session.next()];
      const answer = await session.exchange([completion(a, "1"), completion(b, "2"), completion(a, "3")]);
      assert.deepEqual(answer.settled, ["applied", "applied", "applied"]);
      assert.deepEqual(await context.list({ states: ["completed"] }), [second, first]);
      assert.deepEqual([(await context.counts()).active, (await context.counts()).completed], [0, 2]);
      assert.equal((await context.job(a.id)).result, "1");
    },
  ],
  [
    "leased-together-end-apart",
    "jobs leased together end each in its own way and at its own time",
    async (context) => {
      const ids = await context.addMany(6);
      const [done, reported, taken, failed, back, last] = ids;
      const session = await context.session();
      const leases = await session.claim(6);
      const leaseOf = (id: string | undefined): Lease => {
        const lease = leases.find((candidate) => candidate.id === id);
        assert.ok(lease);
        return lease;
      };
      const complete = { kind: "complete", result: '"ok"' } as const;

      assert.equal(await session.settle(leaseOf(done), complete), "applied");
      assert.equal(await session.report(leaseOf(reported), { meta: '{"n":1}' }), "applied");
      assert.deepEqual(await context.list({ states: ["active"] }), ids.slice(1).toSorted());
      await context.control("cancel", taken ?? "");
      assert.equal(await session.report(leaseOf(taken), { meta: '{"n":2}' }), "stale");
      assert.equal((await context.counts()).active, 4);
      const { settled } = await session.exchange([
        settlement(leaseOf(last), complete),
        settlement(leaseOf(taken), complete),
        settlement(leaseOf(failed), { kind: "fail", error: BOOM, retryIn: null }),
        settlement(leaseOf(reported), complete),
        settlement(leaseOf(back), { kind: "return" }),
      ]);

      assert.deepEqual(settled, ["applied", "stale", "applied", "applied", "applied"]);
      const states = await Promise.all(ids.map((id) => context.state(id)));
      assert.deepEqual(states, ["completed", "completed", "cancelled", "failed", "queued", "completed"]);
      assert.deepEqual(await context.list({ states: ["completed"] }), [reported, last, done]);
      assert.equal((await context.job(reported ?? "")).meta, '{"n":1}');
      assert.equal((await context.counts()).active, 0);
    },
  ],
  [
    "result-of-any-size",
    "a result is kept whole, whatever its size",
    async (context) => {
      const sizes = [0, 1, 2_047, 2_048, 2_049, 70_000];
      await context.addMany(sizes.length);
      const session = await context.session();
      const leases = await session.claim(sizes.length);
      const results = sizes.map((size) => JSON.stringify("é".repeat(size)));
      await session.exchange(
        leases.map((lease, index) => settlement(lease, { kind: "complete", result: results[index] ?? null })),
      );
      const stored = await Promise.all(leases.map(async ({ id }) => (await context.job(id)).result));
      assert.deepEqual(stored, results);
    },
  ],
  [
    "retried-without-old-result",
    "a job that completed and is retried starts without the result it had",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      await session.complete(await session.next(), '"before"');
      await context.control("retry", id);
      const waiting = await context.job(id);
      assert.deepEqual([waiting.state, waiting.result, waiting.attempt], ["queued", null, 0]);
      await session.complete(await session.next(), null);
      assert.equal((await context.job(id)).result, null);
    },
  ],
  [
    "two-reports-in-one-command",
    "two reports of one lease in one command are both applied, the first with meta",
    async (context) => {
      await context.add();
      const session = await context.session();
      const { queue, id, epoch } = await session.next();
      const line = (message: string) => ({ at: context.clock.now(), level: "info" as const, message });
      const answers = await context.engine.report({
        session: session.id,
        updates: [
          { queue, id, epoch, meta: '{"n":1}', lines: [line("one")] },
          { queue, id, epoch, lines: [line("two")] },
        ],
      });
      assert.deepEqual(answers, ["applied", "applied"]);
      const { lines } = await context.engine.logs({ queue, id });
      assert.deepEqual(
        lines.map(({ message }) => message),
        ["one", "two"],
      );
      assert.equal((await context.job(id)).meta, '{"n":1}');
    },
  ],
  [
    "claim-again-after-some-ended",
    "a claim sent again answers the leases that are left of it, in order, after one ended and another reported",
    async (context) => {
      const ids = await context.addMany(4);
      const session = await context.session();
      const leases = await session.claim(4);
      const [first, second] = leases;
      assert.ok(first && second);
      await context.engine.report({ session: session.id, updates: [{ ...refOf(second), meta: '{"n":1}' }] });
      await context.engine.exchange({
        session: session.id,
        lane: 1,
        call: 1,
        settle: [completion(first, "1")],
        claim: null,
      });
      const again = await session.resend();
      assert.deepEqual(
        again.leases.map(({ id }) => id),
        ids.slice(1),
      );
      assert.equal((await context.counts()).active, 3);
    },
  ],
  [
    "recovery-a-few-at-a-time",
    "a sweep recovers the jobs of one lease a few at a time",
    async (context) => {
      await context.addMany(5);
      const session = await context.session({ ttl: 1_000 });
      await session.claim(5);
      context.advance(1_000);
      const recovered: number[] = [];
      for (let sweeps = 0; sweeps < 4; sweeps += 1) recovered.push((await context.sweep(2)).recovered);
      assert.deepEqual(recovered, [2, 2, 1, 0]);
      assert.deepEqual([(await context.counts()).active, (await context.counts()).queued], [0, 5]);
      assert.deepEqual(await context.engine.workers(), []);
    },
  ],
  [
    "unreadable-row-keeps-nobody",
    "a job whose stored row cannot be read holds up neither its session nor its neighbours",
    async (context) => {
      const [bad = "", good = ""] = await context.addMany(2);
      const session = await context.session({ ttl: 1_000 });
      await session.claim(2);
      assert.ok(context.storage.corrupt);
      await context.storage.corrupt({ queue: MAIN, id: bad });
      context.advance(1_000);
      await context.sweep();
      await context.sweep();
      assert.equal(await context.state(good), "queued");
      assert.deepEqual(await context.engine.workers(), []);
    },
    "corrupt",
  ],
]);

function refOf({ queue, id, epoch }: LeaseRef): LeaseRef {
  return { queue, id, epoch };
}
