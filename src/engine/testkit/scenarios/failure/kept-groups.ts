/** How long failure groups are kept, and how many. */
import assert from "node:assert/strict";
import { FAILURE_GROUP_AGE, MOST_FAILURE_GROUPS, MOST_FILED_IN_LISTS } from "../../../../model/failure/group.js";
import { causes, failAll, failOne, give, groupOf, listGroups } from "../../context/failure-helpers.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { BOOM } from "../../context/test-session.js";
import { DEFAULT_RETENTION } from "../../../../model/job/retention.js";

const DAY = 24 * 3_600_000;

async function fingerprints(context: ScenarioContext): Promise<string[]> {
  const all: string[] = [];
  for (let after: string | null | undefined; after !== null;) {
    const page = await listGroups(context, { after: after ?? null });
    all.push(...page.groups.map(({ fingerprint }) => fingerprint));
    after = page.next;
  }
  return all;
}

export const keptFailureGroups = scenarios("failure-groups", [
  [
    "filed-follows-jobs",
    "how many jobs are filed under a group follows how they stand: failed or partial, retried, removed",
    async (context) => {
      const session = await context.session();
      const filed = async (): Promise<number> => (await groupOf(context)).filed;
      const a = await failOne(context, session);
      const b = await failOne(context, session);
      const c = await failOne(context, session, { retryIn: 0 });
      assert.equal(await filed(), 2);
      await session.settle(await session.next(), { kind: "partial", result: null });
      assert.deepEqual([await context.state(c.id), await filed()], ["partial", 3]);
      await context.control("retry", a.id);
      assert.equal(await filed(), 2);
      await session.complete(await session.next());
      assert.equal(await filed(), 2);
      await context.control("remove", b.id);
      assert.equal(await filed(), 1);
      await context.control("retry", c.id);
      assert.equal(await filed(), 0);
      const [other] = causes(1);
      assert.ok(other);
      await session.fail(await session.next(), null, other);
      assert.deepEqual([await filed(), (await groupOf(context, other)).filed], [0, 1]);
      const [group] = (await listGroups(context)).groups;
      assert.deepEqual([group?.fingerprint, group?.filed], [other.fingerprint, 1]);
    },
  ],
  [
    "counted-up-to-bound",
    "jobs filed under a group are counted up to a bound in lists",
    async (context) => {
      const session = await context.session();
      await failAll(
        context,
        session,
        Array.from({ length: MOST_FILED_IN_LISTS + 1 }, () => BOOM),
      );
      const [listed] = (await listGroups(context)).groups;
      assert.deepEqual([listed?.filed, listed?.runs], [MOST_FILED_IN_LISTS, MOST_FILED_IN_LISTS + 1]);
      assert.equal((await groupOf(context)).filed, MOST_FILED_IN_LISTS + 1);
    },
  ],
  [
    "kept-thirty-days",
    "a sweep removes a group 30 days after its last failure, or within an hour of when no job is filed under it any more",
    async (context) => {
      const session = await context.session({ ttl: 100 * DAY });
      const ids: string[] = [];
      const [kept, gone] = causes(2);
      assert.ok(kept && gone);
      for (const error of [kept, gone]) {
        const retention = { ...DEFAULT_RETENTION, failed: { age: 90 * DAY, count: null } };
        ids.push(await context.add({ retention }));
        await session.fail(await session.next(), null, error);
      }
      await context.control("remove", ids[1] ?? "");
      context.advance(FAILURE_GROUP_AGE - 1);
      await context.sweep();
      assert.equal((await fingerprints(context)).length, 2);
      context.advance(1);
      await context.sweep();
      assert.deepEqual(await fingerprints(context), [kept.fingerprint]);
      await context.control("remove", ids[0] ?? "");
      assert.deepEqual(await fingerprints(context), [kept.fingerprint]);
      context.advance(DAY / 24);
      await context.sweep();
      assert.deepEqual(await listGroups(context), { groups: [], next: null, dropped: 0 });
      await failOne(context, session, { error: kept });
      assert.deepEqual((await groupOf(context, kept)).runs, 1);
    },
  ],
  [
    "most-groups-by-queue",
    "of more groups than are kept, those without jobs go first, then those seen last the longest ago; they are counted",
    async (context) => {
      const session = await context.session();
      const failures = causes(MOST_FAILURE_GROUPS + 4);
      const [first, second, third, ...rest] = failures;
      assert.ok(first && second && third);
      for (const error of [first, second, third]) {
        const { id } = await failOne(context, session, { error });
        if (error !== first) await context.control("remove", id);
        context.advance(1);
      }
      await failAll(context, session, rest.slice(0, -4));
      assert.deepEqual(
        [(await fingerprints(context)).length, (await listGroups(context)).dropped],
        [MOST_FAILURE_GROUPS, 0],
      );
      context.advance(1);
      const left = async (): Promise<boolean[]> => {
        const all = new Set(await fingerprints(context));
        assert.equal(all.size, MOST_FAILURE_GROUPS);
        return [first, second, third, ...rest.slice(-4)].map(({ fingerprint }) => all.has(fingerprint));
      };
      // Two have no jobs; then the first one, which was seen last the longest ago, and one of the rest go.
      for (const error of rest.slice(-4, -2)) await failOne(context, session, { error });
      assert.deepEqual(await left(), [true, false, false, true, true, false, false]);
      for (const error of rest.slice(-2)) await failOne(context, session, { error });
      assert.deepEqual(await left(), [false, false, false, true, true, true, true]);
      assert.equal((await listGroups(context)).dropped, 4);
    },
  ],
  [
    "gone-with-queue",
    "groups go with their queue, and what was dropped is counted anew",
    async (context) => {
      const session = await context.session();
      await failOne(context, session);
      await give(context, "acknowledged");
      await context.engine.obliterate({ queue: MAIN, force: true });
      assert.deepEqual(await listGroups(context), { groups: [], next: null, dropped: 0 });
      const next = await context.session();
      await failOne(context, next);
      const { runs, state } = await groupOf(context);
      assert.deepEqual([runs, state], [1, "open"]);
    },
  ],
  [
    "queues-stand-alone",
    "the same failure has a group in each queue",
    async (context) => {
      const session = await context.session({ queues: [MAIN, "other"] });
      await failOne(context, session);
      await context.add({ queue: "other" });
      await session.fail(await session.next(), null);
      await give(context, "resolved");
      const { fingerprint } = BOOM;
      const other = await context.engine.failureGroup({ queue: "other", fingerprint });
      assert.deepEqual([other?.queue, other?.state, other?.runs], ["other", "open", 1]);
    },
  ],
]);
