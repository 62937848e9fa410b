/** How long finished jobs are kept: by age, by count, exact within a sweep. */
import assert from "node:assert/strict";
import type { Keep, Retention } from "../../../../model/job/retention.js";
import type { Kit } from "../../kit/kit.js";
import { scenarios } from "../../kit/scenario.js";

const DAY = 24 * 3_600_000;

function keep(completed: Partial<Keep>, failed: Partial<Keep> = {}): Retention {
  return { completed: { age: DAY, count: null, ...completed }, failed: { age: 7 * DAY, count: null, ...failed } };
}

/** Adds jobs one millisecond apart and completes (or finally fails) each. */
async function finish(
  kit: Kit,
  count: number,
  retention?: Retention,
  how: "complete" | "fail" = "complete",
): Promise<string[]> {
  const session = await kit.session();
  const ids: string[] = [];
  for (let done = 0; done < count; done += 1) {
    ids.push(await kit.add({ priority: -100_000, ...(retention === undefined ? {} : { retention }) }));
    const lease = await session.next();
    if (how === "complete") await session.complete(lease);
    else await session.fail(lease, null);
    kit.advance(1);
  }
  await session.close();
  return ids;
}

export const retention = scenarios("retention", [
  [
    "completed-24-hours",
    "by default a completed job is kept for 24 h, to the millisecond",
    async (kit) => {
      const [id = ""] = await finish(kit, 1);
      kit.advance(DAY - 2);
      assert.equal((await kit.sweep()).removed, 0);
      kit.advance(1);
      assert.equal((await kit.sweep()).removed, 1);
      assert.equal(await kit.find(id), null);
    },
  ],
  [
    "failed-7-days",
    "by default a failed job is kept for 7 days",
    async (kit) => {
      await finish(kit, 1, undefined, "fail");
      kit.advance(7 * DAY - 2);
      assert.equal((await kit.sweep()).removed, 0);
      kit.advance(1);
      assert.equal((await kit.sweep()).removed, 1);
    },
  ],
  [
    "partial-as-completed",
    "a partial job is kept as long as a completed one",
    async (kit) => {
      await kit.add();
      const session = await kit.session();
      await session.settle(await session.next(), { kind: "partial", result: null });
      kit.advance(DAY);
      assert.equal((await kit.sweep()).removed, 1);
    },
  ],
  [
    "cancelled-and-expired-as-failed",
    "a cancelled and an expired job are kept as long as a failed one",
    async (kit) => {
      await kit.control("cancel", await kit.add());
      await kit.add({ ttl: 1 });
      kit.advance(1);
      await kit.sweep();
      kit.advance(7 * DAY - 2);
      assert.equal((await kit.sweep()).removed, 0);
      kit.advance(1);
      assert.equal((await kit.sweep()).removed, 1);
      kit.advance(1);
      assert.equal((await kit.sweep()).removed, 1);
    },
  ],
  [
    "each-by-its-own-age",
    "each job is kept by its own age, whatever that of its neighbours",
    async (kit) => {
      const [long = ""] = await finish(kit, 1, keep({ age: 30 * DAY }));
      const [usual = ""] = await finish(kit, 1);
      const [short = ""] = await finish(kit, 1, keep({ age: 1_000 }));
      kit.advance(1_000);
      await kit.sweep();
      assert.deepEqual([await kit.find(short), (await kit.list()).length], [null, 2]);
      kit.advance(DAY);
      await kit.sweep();
      assert.deepEqual([await kit.find(usual), await kit.list()], [null, [long]]);
      kit.advance(30 * DAY);
      await kit.sweep();
      assert.deepEqual(await kit.list(), []);
    },
  ],
  [
    "age-0-until-next-sweep",
    "an age of 0 keeps a job until the next sweep",
    async (kit) => {
      const session = await kit.session();
      const id = await kit.add({ retention: keep({ age: 0 }) });
      await session.complete(await session.next());
      assert.equal(await kit.state(id), "completed");
      await kit.sweep();
      assert.equal(await kit.find(id), null);
    },
  ],
  [
    "count-keeps-latest",
    "a count keeps the latest jobs of the queue",
    async (kit) => {
      const ids = await finish(kit, 5, keep({ count: 2 }));
      assert.equal((await kit.sweep()).removed, 3);
      assert.deepEqual(await kit.list(), [ids[4], ids[3]]);
    },
  ],
  [
    "count-0-keeps-none",
    "a count of 0 keeps none",
    async (kit) => {
      await finish(kit, 2, keep({ count: 0 }));
      await kit.sweep();
      assert.deepEqual(await kit.list(), []);
    },
  ],
  [
    "completed-and-failed-counted-apart",
    "completed and failed jobs are counted apart",
    async (kit) => {
      const rules = keep({ count: 1 }, { count: 2 });
      const completed = await finish(kit, 3, rules);
      const failed = await finish(kit, 3, rules, "fail");
      await kit.sweep();
      assert.deepEqual(await kit.list(), [completed[2], failed[2], failed[1]]);
    },
  ],
  [
    "age-alone-is-not-pushed-out",
    "jobs kept by age alone are not pushed out by the count of others",
    async (kit) => {
      const usual = await finish(kit, 3);
      const counted = await finish(kit, 3, keep({ count: 1 }));
      await kit.sweep();
      assert.deepEqual((await kit.list()).toSorted(), [...usual, counted[2] ?? ""].toSorted());
    },
  ],
  [
    "count-of-latest-job-holds",
    "the count that the latest job asks for holds",
    async (kit) => {
      await finish(kit, 3, keep({ count: 10 }));
      const [last] = await finish(kit, 1, keep({ count: 1 }));
      await kit.sweep();
      assert.deepEqual(await kit.list(), [last]);
    },
  ],
  [
    "age-beside-count",
    "age holds beside a count",
    async (kit) => {
      await finish(kit, 2, keep({ age: 1_000, count: 10 }));
      kit.advance(1_000);
      assert.equal((await kit.sweep()).removed, 2);
    },
  ],
  [
    "counts-per-queue",
    "the counts of one queue say nothing about another",
    async (kit) => {
      const rules = keep({ count: 1 });
      const session = await kit.session({ queues: ["a", "b"] });
      for (const queue of ["a", "b"]) {
        await kit.add({ queue, retention: rules });
        await session.complete(await session.next());
      }
      await kit.sweep(10, ["a", "b"]);
      assert.equal((await kit.list()).length, 2);
    },
  ],
  [
    "unended-never-removed",
    "a job that has not ended is never removed, however old",
    async (kit) => {
      const rules = keep({ age: 0, count: 0 }, { age: 0, count: 0 });
      const held = await kit.add({ hold: true, retention: rules });
      const delayed = await kit.add({ due: { in: 3_000 * DAY }, retention: rules });
      const running = await kit.add({ retention: rules });
      const session = await kit.session({ ttl: 3_000 * DAY });
      await session.next();
      const queued = await kit.add({ retention: rules });
      kit.advance(1_000 * DAY);
      assert.equal((await kit.sweep()).removed, 0);
      assert.deepEqual(await kit.list(), [held, delayed, queued, running]);
    },
  ],
  [
    "retried-time-starts-anew",
    "a job that is tried again is kept, and its time starts anew when it ends",
    async (kit) => {
      const [id = ""] = await finish(kit, 1);
      kit.advance(DAY - 10);
      await kit.control("retry", id);
      kit.advance(DAY);
      await kit.sweep();
      assert.equal(await kit.state(id), "queued");
      const session = await kit.session();
      await session.complete(await session.next());
      kit.advance(DAY - 1);
      assert.equal((await kit.sweep()).removed, 0);
      kit.advance(1);
      assert.equal((await kit.sweep()).removed, 1);
    },
  ],
  [
    "retried-no-longer-counts",
    "a job that is tried again no longer counts among the finished",
    async (kit) => {
      const [first = "", second] = await finish(kit, 2, keep({ count: 1 }));
      await kit.control("retry", first);
      assert.equal((await kit.sweep()).removed, 0);
      assert.deepEqual(await kit.list(), [first, second]);
    },
  ],
  [
    "log-goes-along",
    "a removed job takes its log with it",
    async (kit) => {
      const session = await kit.session();
      const id = await kit.add({ retention: keep({ age: 0 }) });
      const lease = await session.next();
      await session.report(lease, { lines: [{ at: 0, level: "info", message: "x" }] });
      await session.complete(lease);
      await kit.sweep();
      assert.deepEqual(await kit.engine.logs({ queue: "main", id }), { lines: [], dropped: 0 });
    },
  ],
  [
    "sweep-limit-on-removal",
    "a sweep removes no more than it may, the oldest first, and says that there are more",
    async (kit) => {
      const ids = await finish(kit, 5);
      kit.advance(DAY);
      const answer = await kit.sweep(3);
      assert.deepEqual([answer.removed, answer.more], [3, true]);
      assert.deepEqual(await kit.list(), [ids[4], ids[3]]);
    },
  ],
  [
    "1200-removed",
    "1,200 jobs are removed in a few sweeps",
    async (kit) => {
      await kit.addMany(1_200);
      const session = await kit.session();
      const leases = await session.claim(1_200);
      await session.exchange(
        leases.map(({ queue, id, epoch }) => ({ queue, id, epoch, outcome: { kind: "complete", result: null } })),
      );
      kit.advance(DAY);
      let removed = 0;
      for (let answer = await kit.sweep(500); answer.removed > 0; answer = await kit.sweep(500))
        removed += answer.removed;
      assert.equal(removed, 1_200);
      assert.deepEqual(await kit.list(), []);
    },
  ],
]);
