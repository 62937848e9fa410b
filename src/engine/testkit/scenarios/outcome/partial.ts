/** What a job that has ended says of its steps: which failed when it half succeeded, and progress that is whole. */
import assert from "node:assert/strict";
import { progressOf, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { STEP_FAILURES } from "../../context/test-session.js";

export const partial = scenarios("steps", [
  [
    "partial-says-what-failed",
    "a job that half succeeded has its failed steps, until it is queued again",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      await session.settle(await session.next(), { kind: "partial", result: '"half"', failures: STEP_FAILURES });
      const job = await context.job(id);
      assert.deepEqual([job.state, job.result, job.failures], ["partial", '"half"', STEP_FAILURES]);
      await context.control("retry", id);
      assert.deepEqual((await context.job(id)).failures, []);
      await session.complete(await session.next(), '"whole"');
      assert.deepEqual([(await context.job(id)).failures, await context.state(id)], [[], "completed"]);
    },
  ],
  [
    "listings-say-what-failed",
    "listings have the failed steps of partial jobs, and none for others",
    async (context) => {
      const [half, whole] = await context.addMany(2);
      const session = await context.session();
      const [first, second] = await session.claim(2);
      assert.ok(first && second);
      await session.settle(first, { kind: "partial", result: null, failures: STEP_FAILURES });
      await session.complete(second);
      const { jobs } = await context.engine.listJobs({ filter: {}, cursor: null, limit: 10 });
      const failures = new Map(jobs.map((job) => [job.id, job.failures]));
      assert.deepEqual([failures.get(half ?? ""), failures.get(whole ?? "")], [STEP_FAILURES, []]);
    },
  ],
  ...(["complete", "partial"] as const).map(
    (kind) =>
      [
        `whole-progress-after-${kind}`,
        `progress is whole once the job has ended as ${kind}, whatever its last report was`,
        async (context: ScenarioContext) => {
          const id = await context.add();
          const session = await context.session();
          const lease = await session.next();
          const progress = { ...progressOf(60, "so far"), done: 2, total: 3, step: "parse", counters: { issues: 3 } };
          const items = { done: 1, failed: 0, total: 2 };
          await session.report(lease, { progress: { ...progress, items, milestones: ["T"] } });
          await session.settle(lease, { kind, result: null });
          const whole = { ...progress, percent: 100, step: null, items: null, milestones: ["T"] };
          assert.deepEqual((await context.job(id)).progress, whole);
        },
      ] as const,
  ),
]);
