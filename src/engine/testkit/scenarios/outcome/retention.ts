/** How long finished jobs are kept: by age, by count, exact within a sweep. */
import assert from "node:assert/strict";
import type { Keep, Retention } from "../../../../model/job/retention.js";
import type { ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

const DAY = 24 * 3_600_000;

function keep(completed: Partial<Keep>, failed: Partial<Keep> = {}): Retention {
  return { completed: { age: DAY, count: null, ...completed }, failed: { age: 7 * DAY, count: null, ...failed } };
}

/** Adds jobs one millisecond apart and completes (or finally fails) each. */
async function finish(
  context: ScenarioContext,
  count: number,
  retention?: Retention,
  how: "complete" | "fail" = "complete",
): Promise<string[]> {
  const session = await context.session();
  const ids: string[] = [];
  for (let done = 0; done < count; done += 1) {
    ids.push(await context.add({ priority: -100_000, ...(retention === undefined ? {} : { retention }) }));
    const lease = await session.next();
    if (how === "complete") await session.complete(lease);
    else await session.fail(lease, null);
    context.advance(1);
  }
  await session.close();
  return ids;
}

export const retention = scenarios("retention", [
  [
    "completed-24-hours",
    "by default a completed job is kept for 24 h, to the millisecond",
    async (context) => {
      const [id = ""] = await finish(context, 1);
      context.advance(DAY - 2);
      assert.equal((await context.sweep()).removed, 0);
      context.advance(1);
      assert.equal((await context.sweep()).removed, 1);
      assert.equal(await context.find(id), null);
    },
  ],
  [
    "sweep-says-what-is-removed-next",
    "a sweep answers when retention removes the next job; one that others depend on does not count",
    async (context) => {
      assert.equal((await context.sweep()).nextRemoval, null);
      const session = await context.session();
      const end = async (age?: number): Promise<number> => {
        await context.add(age === undefined ? {} : { retention: keep({ age }) });
        await session.complete(await session.next());
        return context.clock.now() + (age ?? DAY);
      };
      const usual = await end();
      assert.equal((await context.sweep()).nextRemoval, usual);
      context.advance(1_000);
      const longer = await end(2 * DAY);
      assert.equal((await context.sweep()).nextRemoval, usual);
      const shorter = await end(5_000);
      assert.equal((await context.sweep()).nextRemoval, shorter);
      context.advance(5_000);
      assert.equal((await context.sweep()).nextRemoval, usual);
      context.advance(DAY);
      assert.equal((await context.sweep()).nextRemoval, longer);
    },
  ],
  [
    "failed-7-days",
    "by default a failed job is kept for 7 days",
    async (context) => {
      await finish(context, 1, undefined, "fail");
      context.advance(7 * DAY - 2);
      assert.equal((await context.sweep()).removed, 0);
      context.advance(1);
      assert.equal((await context.sweep()).removed, 1);
    },
  ],
  [
    "partial-as-completed",
    "a partial job is kept as long as a completed one",
    async (context) => {
      await context.add();
      const session = await context.session();
      await session.settle(await session.next(), { kind: "partial", result: null });
      context.advance(DAY);
      assert.equal((await context.sweep()).removed, 1);
    },
  ],
  [
    "cancelled-and-expired-as-failed",
    "a cancelled and an expired job are kept as long as a failed one",
    async (context) => {
      await context.control("cancel", await context.add());
      await context.add({ ttl: 1 });
      context.advance(1);
      await context.sweep();
      context.advance(7 * DAY - 2);
      assert.equal((await context.sweep()).removed, 0);
      context.advance(1);
      assert.equal((await context.sweep()).removed, 1);
      context.advance(1);
      assert.equal((await context.sweep()).removed, 1);
    },
  ],
  [
    "each-by-its-own-age",
    "each job is kept by its own age, whatever that of its neighbours",
    async (context) => {
      const [long = ""] = await finish(context, 1, keep({ age: 30 * DAY }));
      const [usual = ""] = await finish(context, 1);
      const [short = ""] = await finish(context, 1, keep({ age: 1_000 }));
      context.advance(1_000);
      await context.sweep();
      assert.deepEqual([await context.find(short), (await context.list()).length], [null, 2]);
      context.advance(DAY);
      await context.sweep();
      assert.deepEqual([await context.find(usual), await context.list()], [null, [long]]);
      context.advance(30 * DAY);
      await context.sweep();
      assert.deepEqual(await context.list(), []);
    },
  ],
  [
    "age-0-until-next-sweep",
    "an age of 0 keeps a job until the next sweep",
    async (context) => {
      const session = await context.session();
      const id = await context.add({ retention: keep({ age: 0 }) });
      await session.complete(await session.next());
      assert.equal(await context.state(id), "completed");
      await context.sweep();
      assert.equal(await context.find(id), null);
    },
  ],
  [
    "count-keeps-latest",
    "a count keeps the latest jobs of the queue",
    async (context) => {
      const ids = await finish(context, 5, keep({ count: 2 }));
      assert.equal((await context.sweep()).removed, 3);
      assert.deepEqual(await context.list(), [ids[4], ids[3]]);
    },
  ],
  [
    "count-0-keeps-none",
    "a count of 0 keeps none",
    async (context) => {
      await finish(context, 2, keep({ count: 0 }));
      await context.sweep();
      assert.deepEqual(await context.list(), []);
    },
  ],
  [
    "completed-and-failed-counted-apart",
    "completed and failed jobs are counted apart",
    async (context) => {
      const rules = keep({ count: 1 }, { count: 2 });
      const completed = await finish(context, 3, rules);
      const failed = await finish(context, 3, rules, "fail");
      await context.sweep();
      assert.deepEqual(await context.list(), [completed[2], failed[2], failed[1]]);
    },
  ],
  [
    "age-alone-is-not-pushed-out",
    "jobs kept by age alone are not pushed out by the count of others",
    async (context) => {
      const usual = await finish(context, 3);
      const counted = await finish(context, 3, keep({ count: 1 }));
      await context.sweep();
      assert.deepEqual((await context.list()).toSorted(), [...usual, counted[2] ?? ""].toSorted());
    },
  ],
  [
    "count-of-latest-job-holds",
    "the count that the latest job asks for holds",
    async (context) => {
      await finish(context, 3, keep({ count: 10 }));
      const [last] = await finish(context, 1, keep({ count: 1 }));
      await context.sweep();
      assert.deepEqual(await context.list(), [last]);
    },
  ],
  [
    "age-beside-count",
    "age holds beside a count",
    async (context) => {
      await finish(context, 2, keep({ age: 1_000, count: 10 }));
      context.advance(1_000);
      assert.equal((await context.sweep()).removed, 2);
    },
  ],
  [
    "counts-per-queue",
    "the counts of one queue say nothing about another",
    async (context) => {
      const rules = keep({ count: 1 });
      const session = await context.session({ queues: ["a", "b"] });
      for (const queue of ["a", "b"]) {
        await context.add({ queue, retention: rules });
        await session.complete(await session.next());
      }
      await context.sweep(10, ["a", "b"]);
      assert.equal((await context.list()).length, 2);
    },
  ],
  [
    "unended-never-removed",
    "a job that has not ended is never removed, however old",
    async (context) => {
      const rules = keep({ age: 0, count: 0 }, { age: 0, count: 0 });
      const held = await context.add({ hold: true, retention: rules });
      const delayed = await context.add({ due: { in: 3_000 * DAY }, retention: rules });
      const running = await context.add({ retention: rules });
      const session = await context.session({ ttl: 3_000 * DAY });
      await session.next();
      const queued = await context.add({ retention: rules });
      context.advance(1_000 * DAY);
      assert.equal((await context.sweep()).removed, 0);
      assert.deepEqual(await context.list(), [held, delayed, queued, running]);
    },
  ],
  [
    "retried-time-starts-anew",
    "a job that is tried again is kept, and its time starts anew when it ends",
    async (context) => {
      const [id = ""] = await finish(context, 1);
      context.advance(DAY - 10);
      await context.control("retry", id);
      context.advance(DAY);
      await context.sweep();
      assert.equal(await context.state(id), "queued");
      const session = await context.session();
      await session.complete(await session.next());
      context.advance(DAY - 1);
      assert.equal((await context.sweep()).removed, 0);
      context.advance(1);
      assert.equal((await context.sweep()).removed, 1);
    },
  ],
  [
    "retried-no-longer-counts",
    "a job that is tried again no longer counts among the finished",
    async (context) => {
      const [first = "", second] = await finish(context, 2, keep({ count: 1 }));
      await context.control("retry", first);
      assert.equal((await context.sweep()).removed, 0);
      assert.deepEqual(await context.list(), [first, second]);
    },
  ],
  [
    "log-goes-along",
    "a removed job takes its log with it",
    async (context) => {
      const session = await context.session();
      const id = await context.add({ retention: keep({ age: 0 }) });
      const lease = await session.next();
      await session.report(lease, { lines: [{ at: 0, level: "info", message: "x" }] });
      await session.complete(lease);
      await context.sweep();
      assert.deepEqual(await context.engine.logs({ queue: "main", id }), { lines: [], dropped: 0 });
    },
  ],
  [
    "sweep-limit-on-removal",
    "a sweep removes no more than it may, the oldest first, and says that there are more",
    async (context) => {
      const ids = await finish(context, 5);
      context.advance(DAY);
      const answer = await context.sweep(3);
      assert.deepEqual([answer.removed, answer.more], [3, true]);
      assert.deepEqual(await context.list(), [ids[4], ids[3]]);
    },
  ],
  [
    "1200-removed",
    "1,200 jobs are removed in a few sweeps",
    async (context) => {
      await context.addMany(1_200);
      const session = await context.session();
      const leases = await session.claim(1_200);
      await session.exchange(
        leases.map(({ queue, id, epoch }) => ({ queue, id, epoch, outcome: { kind: "complete", result: null } })),
      );
      context.advance(DAY);
      let removed = 0;
      for (let answer = await context.sweep(500); answer.removed > 0; answer = await context.sweep(500))
        removed += answer.removed;
      assert.equal(removed, 1_200);
      assert.deepEqual(await context.list(), []);
    },
  ],
]);
