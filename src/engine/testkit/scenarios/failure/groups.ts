/** What failure groups count, and what they tell. */
import assert from "node:assert/strict";
import { plainFailure } from "../../../../model/failure/failure.js";
import { failAll, failOne, causes, groupOf, listGroups, versioned } from "../../context/failure-helpers.js";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { BOOM, settlement } from "../../context/test-session.js";

const HOUR = 3_600_000;

export const failureGroups = scenarios("failure-groups", [
  [
    "runs-by-fingerprint",
    "failed runs are counted by fingerprint, those that are tried again included",
    async (context) => {
      const session = await context.session();
      const first = context.clock.now();
      const a = await failOne(context, session, { retryIn: 60_000 });
      context.advance(10);
      const b = await failOne(context, session, { error: { ...BOOM, message: "boom, again" } });
      const [other] = causes(1);
      assert.ok(other);
      await failOne(context, session, { error: other });
      const group = await groupOf(context);
      assert.deepEqual(group, {
        ...{ queue: MAIN, fingerprint: BOOM.fingerprint, name: "Error", message: "boom, again", code: "E_BOOM" },
        ...{ runs: 2, firstAt: first, lastAt: first + 10, state: "open", changedAt: null, changedBy: null },
        ...{ tasks: ["work"], versions: [], samples: [b.id, a.id], filed: 1 },
        hours: [{ at: Math.floor(first / HOUR) * HOUR, count: 2 }],
      });
      assert.equal((await groupOf(context, other)).runs, 1);
    },
  ],
  [
    "resent-counts-once",
    "a settlement that is sent again is not counted again, and a stale one not at all",
    async (context) => {
      const session = await context.session();
      await context.addMany(2);
      const [a, b] = await session.claim(2);
      assert.ok(a && b);
      const fail = { kind: "fail", error: BOOM, retryIn: null } as const;
      await session.exchange([settlement(a, fail), settlement(a, fail)]);
      await session.resend();
      assert.equal((await groupOf(context)).runs, 1);
      await context.control("cancel", b.id);
      const { settled } = await session.exchange([settlement(b, fail)]);
      assert.deepEqual([settled, (await groupOf(context)).runs], [["stale"], 1]);
    },
  ],
  [
    "success-leaves-none",
    "runs that do not fail leave no group",
    async (context) => {
      await context.addMany(3);
      const session = await context.session();
      const leases = await session.claim(3);
      const outcomes = [{ kind: "complete", result: null }, { kind: "snooze", delay: 5 }, { kind: "return" }] as const;
      await session.exchange(leases.map((lease, index) => settlement(lease, outcomes[index] ?? { kind: "return" })));
      assert.deepEqual(await listGroups(context), { groups: [], next: null, dropped: 0 });
      const missing = await context.engine.failureGroup({ queue: MAIN, fingerprint: BOOM.fingerprint });
      assert.equal(missing, null);
      assert.deepEqual(await listGroups(context, { queue: "none" }), { groups: [], next: null, dropped: 0 });
    },
  ],
  [
    "latest-tasks-and-samples",
    "a group tells the latest ten of its tasks and jobs, the latest first, and a message of bounded length",
    async (context) => {
      const session = await context.session();
      const ids: string[] = [];
      for (let index = 0; index < 12; index += 1) {
        ids.push((await failOne(context, session, { task: `task-${index}` })).id);
      }
      ids.push((await failOne(context, session, { task: "task-5", error: { ...BOOM, message: "é".repeat(900) } })).id);
      const { tasks, samples, message, runs } = await groupOf(context);
      assert.deepEqual(samples, ids.slice(-10).toReversed());
      assert.deepEqual(
        tasks,
        [5, 11, 10, 9, 8, 7, 6, 4, 3, 2].map((number) => `task-${number}`),
      );
      assert.deepEqual([runs, message], [13, `${"é".repeat(199)}…`]);
    },
  ],
  [
    "a-job-is-one-sample",
    "a job whose attempts fail one after the other is one sample",
    async (context) => {
      const session = await context.session();
      const { id } = await failOne(context, session, { retryIn: 0 });
      await session.fail(await session.next(), 0);
      const { runs, samples, filed } = await groupOf(context);
      assert.deepEqual([runs, samples, filed], [2, [id], 0]);
    },
  ],
  [
    "versions-that-failed",
    "a group tells which code failed, each version once",
    async (context) => {
      for (const worker of [versioned("1.0", "v1"), versioned("1.1", "v2"), versioned("1.0", "v1"), {}]) {
        const session = await context.session({ worker });
        await failOne(context, session);
        await session.close();
      }
      const work = { task: "work", environment: "test" };
      assert.deepEqual((await groupOf(context)).versions, [
        { ...work, appVersion: "1.0", version: "v1" },
        { ...work, appVersion: "1.1", version: "v2" },
      ]);
    },
  ],
  [
    "hours-of-two-days",
    "a group tells how many runs failed by the hour, for 48 hours",
    async (context) => {
      const session = await context.session({ ttl: 100 * 24 * HOUR });
      context.clock.advance(HOUR - (context.clock.now() % HOUR));
      const begin = context.clock.now();
      await failOne(context, session);
      await failOne(context, session);
      context.advance(HOUR);
      await failOne(context, session);
      context.advance(46 * HOUR);
      await failOne(context, session);
      const counts = async (): Promise<number[][]> => {
        return (await groupOf(context)).hours.map(({ at, count }) => [(at - begin) / HOUR, count]);
      };
      assert.deepEqual(await counts(), [
        [0, 2],
        [1, 1],
        [47, 1],
      ]);
      context.advance(HOUR);
      assert.deepEqual(await counts(), [
        [1, 1],
        [47, 1],
      ]);
      await failOne(context, session);
      assert.deepEqual(await counts(), [
        [1, 1],
        [47, 1],
        [48, 1],
      ]);
      assert.equal((await groupOf(context)).runs, 5);
    },
  ],
  [
    "lost-with-worker",
    "a job that fails with its worker is counted once, when it fails",
    async (context) => {
      const id = await context.add();
      for (let death = 0; death < 3; death += 1) {
        const session = await context.session({ ttl: 1_000, worker: versioned(`1.${death}`) });
        await session.next();
        assert.equal((await listGroups(context)).groups.length, 0);
        context.advance(2_000);
        await context.sweep();
      }
      const { groups } = await listGroups(context);
      assert.deepEqual(
        groups.map(({ name, runs, samples, filed, versions }) => [name, runs, samples, filed, versions.length]),
        [["WorkerLost", 1, [id], 1, 1]],
      );
    },
  ],
  [
    "failed-with-dependency",
    "a job that fails with the job that it depends on is counted, without a version",
    async (context) => {
      const session = await context.session({ worker: versioned("1.0") });
      const first = context.spec({ attempts: 1 });
      const after = [{ queue: MAIN, id: first.id, ifFailed: "fail" as const }];
      const second = context.spec({ after });
      await context.engine.enqueue({ jobs: [first, second] });
      await session.fail(await session.next(), null);
      const { error } = await context.job(second.id);
      assert.ok(error);
      const { name, runs, samples, versions, filed } = await groupOf(context, error);
      assert.deepEqual([name, runs, samples, versions, filed], ["DependencyFailed", 1, [second.id], [], 1]);
    },
  ],
  [
    "latest-seen-first",
    "groups are listed by when they were seen last, page by page, in some states or all",
    async (context) => {
      const session = await context.session();
      const failures = causes(5);
      for (const error of failures) {
        await failOne(context, session, { error });
        context.advance(1);
      }
      const [first, second] = failures;
      assert.ok(first && second);
      await failOne(context, session, { error: first });
      const expected = [first, ...failures.slice(1).toReversed()].map(({ fingerprint }) => fingerprint);
      const seen: string[] = [];
      let after: string | null = null;
      do {
        const page = await listGroups(context, { limit: 2, after });
        assert.ok(page.groups.length <= 2);
        seen.push(...page.groups.map(({ fingerprint }) => fingerprint));
        after = page.next;
      } while (after !== null);
      assert.deepEqual(seen, expected);
      const { fingerprint } = second;
      await context.engine.changeFailureGroup({ queue: MAIN, fingerprint, state: "resolved", by: null });
      const resolved = await listGroups(context, { states: ["resolved", "regressed"], limit: 1 });
      assert.deepEqual([resolved.groups.map((group) => group.fingerprint), resolved.next], [[fingerprint], null]);
      assert.equal((await listGroups(context, { states: ["open"] })).groups.length, 4);
    },
  ],
  [
    "same-moment-in-pages",
    "groups seen in the same moment are in one order, however they are paged",
    async (context) => {
      const session = await context.session();
      await failAll(context, session, causes(7));
      const all = (await listGroups(context)).groups.map(({ fingerprint }) => fingerprint);
      assert.deepEqual(all, [...all].sort().toReversed());
      const first = await listGroups(context, { limit: 4 });
      const rest = await listGroups(context, { limit: 4, after: first.next });
      assert.deepEqual(
        [...first.groups, ...rest.groups].map(({ fingerprint }) => fingerprint),
        all,
      );
      assert.equal(rest.next, null);
    },
  ],
  [
    "any-fingerprint-kept",
    "a failure keeps its error and has a group, whatever its fingerprint is",
    async (context) => {
      const session = await context.session();
      for (const fingerprint of ["Zebra_1", "a|b", "x\ny", "ü", "", "f".repeat(300)]) {
        const error = { ...plainFailure("Error", "odd", null), fingerprint };
        const { id } = await failOne(context, session, { error });
        const { error: stored } = await context.job(id);
        assert.equal(stored?.message, "odd");
        assert.deepEqual((await groupOf(context, stored)).samples[0], id);
        assert.ok((await context.list({ fingerprint: stored.fingerprint })).includes(id));
      }
    },
  ],
]);
