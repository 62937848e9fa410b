/** Jobs that were leased together and end apart: what an engine keeps for many at once must hold for each of them. */
import assert from "node:assert/strict";
import type { Lease, LeaseRef, Settlement } from "../../../contract/engine.js";
import { MAIN } from "../../kit/kit.js";
import { scenarios } from "../../kit/scenario.js";
import { BOOM, settlement } from "../../kit/test-session.js";

function completion(lease: LeaseRef, result: string): Settlement {
  return settlement(lease, { kind: "complete", result });
}

export const endings = scenarios("endings", [
  [
    "same-settlement-twice",
    "the same settlement twice in one command, with another between, is applied once",
    async (kit) => {
      const [first, second] = await kit.addMany(2);
      const session = await kit.session();
      const [a, b] = [await session.next(), await session.next()];
      const answer = await session.exchange([completion(a, "1"), completion(b, "2"), completion(a, "3")]);
      assert.deepEqual(answer.settled, ["applied", "applied", "applied"]);
      assert.deepEqual(await kit.list({ states: ["completed"] }), [second, first]);
      assert.deepEqual([(await kit.counts()).active, (await kit.counts()).completed], [0, 2]);
      assert.equal((await kit.job(a.id)).result, "1");
    },
  ],
  [
    "leased-together-end-apart",
    "jobs leased together end each in its own way and at its own time",
    async (kit) => {
      const ids = await kit.addMany(6);
      const [done, told, taken, failed, back, last] = ids;
      const session = await kit.session();
      const leases = await session.claim(6);
      const leaseOf = (id: string | undefined): Lease => {
        const lease = leases.find((candidate) => candidate.id === id);
        assert.ok(lease);
        return lease;
      };
      const complete = { kind: "complete", result: '"ok"' } as const;

      assert.equal(await session.settle(leaseOf(done), complete), "applied");
      assert.equal(await session.report(leaseOf(told), { meta: '{"n":1}' }), "applied");
      assert.deepEqual(await kit.list({ states: ["active"] }), ids.slice(1).toSorted());
      await kit.control("cancel", taken ?? "");
      assert.equal(await session.report(leaseOf(taken), { meta: '{"n":2}' }), "stale");
      assert.equal((await kit.counts()).active, 4);
      const { settled } = await session.exchange([
        settlement(leaseOf(last), complete),
        settlement(leaseOf(taken), complete),
        settlement(leaseOf(failed), { kind: "fail", error: BOOM, retryIn: null }),
        settlement(leaseOf(told), complete),
        settlement(leaseOf(back), { kind: "return" }),
      ]);

      assert.deepEqual(settled, ["applied", "stale", "applied", "applied", "applied"]);
      const states = await Promise.all(ids.map((id) => kit.state(id)));
      assert.deepEqual(states, ["completed", "completed", "cancelled", "failed", "queued", "completed"]);
      assert.deepEqual(await kit.list({ states: ["completed"] }), [told, last, done]);
      assert.equal((await kit.job(told ?? "")).meta, '{"n":1}');
      assert.equal((await kit.counts()).active, 0);
    },
  ],
  [
    "result-of-any-size",
    "a result is kept whole, whatever its size",
    async (kit) => {
      const sizes = [0, 1, 2_047, 2_048, 2_049, 70_000];
      await kit.addMany(sizes.length);
      const session = await kit.session();
      const leases = await session.claim(sizes.length);
      const results = sizes.map((size) => JSON.stringify("é".repeat(size)));
      await session.exchange(
        leases.map((lease, index) => settlement(lease, { kind: "complete", result: results[index] ?? null })),
      );
      const stored = await Promise.all(leases.map(async ({ id }) => (await kit.job(id)).result));
      assert.deepEqual(stored, results);
    },
  ],
  [
    "retried-without-old-result",
    "a job that completed and is retried starts without the result it had",
    async (kit) => {
      const id = await kit.add();
      const session = await kit.session();
      await session.complete(await session.next(), '"before"');
      await kit.control("retry", id);
      const waiting = await kit.job(id);
      assert.deepEqual([waiting.state, waiting.result, waiting.attempt], ["queued", null, 0]);
      await session.complete(await session.next(), null);
      assert.equal((await kit.job(id)).result, null);
    },
  ],
  [
    "two-reports-in-one-command",
    "two reports of one lease in one command are both applied, the first with meta",
    async (kit) => {
      await kit.add();
      const session = await kit.session();
      const { queue, id, epoch } = await session.next();
      const line = (message: string) => ({ at: kit.clock.now(), level: "info" as const, message });
      const answers = await kit.engine.report({
        session: session.id,
        updates: [
          { queue, id, epoch, meta: '{"n":1}', lines: [line("one")] },
          { queue, id, epoch, lines: [line("two")] },
        ],
      });
      assert.deepEqual(answers, ["applied", "applied"]);
      const { lines } = await kit.engine.logs({ queue, id });
      assert.deepEqual(
        lines.map(({ message }) => message),
        ["one", "two"],
      );
      assert.equal((await kit.job(id)).meta, '{"n":1}');
    },
  ],
  [
    "claim-again-after-some-ended",
    "a claim sent again answers what is left of its leases, in order, after one ended and another said something",
    async (kit) => {
      const ids = await kit.addMany(4);
      const session = await kit.session();
      const leases = await session.claim(4);
      const [first, second] = leases;
      assert.ok(first && second);
      await kit.engine.report({ session: session.id, updates: [{ ...refOf(second), meta: '{"n":1}' }] });
      await kit.engine.exchange({
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
      assert.equal((await kit.counts()).active, 3);
    },
  ],
  [
    "recovery-a-few-at-a-time",
    "a sweep recovers the jobs of one lease a few at a time",
    async (kit) => {
      await kit.addMany(5);
      const session = await kit.session({ ttl: 1_000 });
      await session.claim(5);
      kit.advance(1_000);
      const recovered: number[] = [];
      for (let sweeps = 0; sweeps < 4; sweeps += 1) recovered.push((await kit.sweep(2)).recovered);
      assert.deepEqual(recovered, [2, 2, 1, 0]);
      assert.deepEqual([(await kit.counts()).active, (await kit.counts()).queued], [0, 5]);
      assert.deepEqual(await kit.engine.workers(), []);
    },
  ],
  [
    "unreadable-row-keeps-nobody",
    "a job whose stored row cannot be read keeps neither its session nor its neighbours",
    async (kit) => {
      const [bad = "", good = ""] = await kit.addMany(2);
      const session = await kit.session({ ttl: 1_000 });
      await session.claim(2);
      assert.ok(kit.storage.corrupt);
      await kit.storage.corrupt({ queue: MAIN, id: bad });
      kit.advance(1_000);
      await kit.sweep();
      await kit.sweep();
      assert.equal(await kit.state(good), "queued");
      assert.deepEqual(await kit.engine.workers(), []);
    },
    "corrupt",
  ],
]);

function refOf({ queue, id, epoch }: LeaseRef): LeaseRef {
  return { queue, id, epoch };
}
