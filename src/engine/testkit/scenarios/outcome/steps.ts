/** What a run leaves for the runs after it: checkpoints, and the progress that they stand for. */
import assert from "node:assert/strict";
import type { Checkpoint } from "../../../../model/job/report/checkpoint.js";
import type { Outcome } from "../../../contract/engine.js";
import { MAIN, progressOf, type ScenarioContext } from "../../context/scenario-context.js";
import { checkpoint } from "../../context/step-helpers.js";
import { scenarios } from "../../context/scenario.js";
import { BOOM, STEP_FAILURES } from "../../context/test-session.js";

/** What the runs of a job of the queue `main` left. */
async function leftBy(context: ScenarioContext, id: string): Promise<Checkpoint[]> {
  return context.engine.checkpoints({ queue: MAIN, id });
}

export const steps = scenarios("steps", [
  [
    "read-back-whole",
    "checkpoints are read back whole and in order",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      const all = [
        checkpoint(1, { value: '"ä \\u0000 \\n ~ \\"quoted\\""', name: "crawl the site: 100 %" }),
        checkpoint(2, { key: "item\u20281", counters: { issues: 3, pages: 0.5 } }),
        checkpoint(3, { kind: "sleep", value: "1700000000000" }),
        checkpoint(4, { kind: "milestone", name: "TEASER_READY", value: '{"title":"T"}' }),
        checkpoint(5, { value: "null", took: 0 }),
      ];
      assert.equal(await session.report(lease, { checkpoints: all.slice(0, 2) }), "applied");
      assert.equal(await session.report(lease, { checkpoints: all.slice(2) }), "applied");
      assert.deepEqual(await leftBy(context, id), all);
    },
  ],
  [
    "no-checkpoints",
    "a job that left nothing, and one that is not there, have no checkpoints",
    async (context) => {
      assert.deepEqual(await leftBy(context, await context.add()), []);
      assert.deepEqual(await leftBy(context, "nobody"), []);
      assert.deepEqual(await context.engine.checkpoints({ queue: "nowhere", id: "nobody" }), []);
    },
  ],
  [
    "checkpoint-sent-again",
    "a checkpoint sent again is stored once",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      for (let sent = 0; sent < 2; sent += 1)
        await session.report(lease, { checkpoints: [checkpoint(1), checkpoint(2)] });
      assert.deepEqual(await leftBy(context, id), [checkpoint(1), checkpoint(2)]);
      await session.report(lease, { checkpoints: [checkpoint(2, { value: '"other"' })] });
      assert.deepEqual(await leftBy(context, id), [checkpoint(1), checkpoint(2, { value: '"other"' })]);
    },
  ],
  [
    "lease-says-whether-checkpoints",
    "a lease says whether there are checkpoints, and a first one that there are none",
    async (context) => {
      await context.add();
      const session = await context.session();
      const first = await session.next();
      assert.equal(first.checkpoints, false);
      await session.fail(first, 0);
      const second = await session.next();
      assert.equal(second.checkpoints, false);
      await session.report(second, { checkpoints: [checkpoint(1)] });
      await session.fail(second, 0);
      assert.equal((await session.next()).checkpoints, true);
      assert.equal((await session.resend()).leases[0]?.checkpoints, true);
    },
  ],
  ...(
    [
      ["failed-attempt", "its attempt failed", (context, id, end) => end({ kind: "fail", error: BOOM, retryIn: 0 })],
      ["put-back", "it was snoozed", (context, id, end) => end({ kind: "snooze", delay: 0 })],
      ["handed-back", "it was handed back", (context, id, end) => end({ kind: "return" })],
      [
        "dead-worker",
        "its worker died",
        async (context) => {
          context.advance(30_000);
          await context.sweep();
        },
      ],
      [
        "retried-failure",
        "it failed for good and was queued again by hand",
        async (context, id, end) => {
          await end({ kind: "fail", error: BOOM, retryIn: null });
          await context.control("retry", id);
        },
      ],
      [
        "retried-cancelled",
        "it was cancelled and queued again by hand",
        async (context, id) => {
          await context.control("cancel", id);
          await context.control("retry", id);
        },
      ],
      [
        "retried-partial",
        "it half succeeded and was queued again by hand",
        async (context, id, end) => {
          await end({ kind: "partial", result: "1", failures: STEP_FAILURES });
          await context.control("retry", id);
        },
      ],
    ] as readonly (readonly [
      slug: string,
      title: string,
      end: (context: ScenarioContext, id: string, settle: (outcome: Outcome) => Promise<unknown>) => Promise<unknown>,
    ])[]
  ).map(
    ([slug, title, end]) =>
      [
        `${slug}-keeps-what-was-left`,
        `a job keeps its checkpoints and its progress when ${title}`,
        async (context: ScenarioContext) => {
          const id = await context.add();
          const session = await context.session();
          const lease = await session.next();
          await session.report(lease, {
            checkpoints: [checkpoint(1), checkpoint(2)],
            progress: progressOf(40, "half way"),
          });
          await end(context, id, (outcome) => session.settle(lease, outcome));
          const again = await (await context.session()).next();
          assert.deepEqual([again.id, again.checkpoints], [id, true]);
          assert.deepEqual(await leftBy(context, id), [checkpoint(1), checkpoint(2)]);
          assert.deepEqual((await context.job(id)).progress, progressOf(40, "half way"));
        },
      ] as const,
  ),
  [
    "no-checkpoints-no-old-progress",
    "a run without checkpoints begins without the progress of the one before",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      await session.report(lease, { progress: progressOf(40, "half way") });
      await session.fail(lease, 0);
      assert.deepEqual((await context.job(id)).progress, progressOf(40, "half way"));
      await session.next();
      assert.equal((await context.job(id)).progress, null);
    },
  ],
  [
    "retry-from-start-has-nothing",
    "a job queued again from the start has none of its checkpoints",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      await session.report(lease, { checkpoints: [checkpoint(1), checkpoint(2)], progress: progressOf(40, null) });
      await session.fail(lease, null);
      const [answer] = await context.retry({ refs: [{ queue: MAIN, id }], op: context.fresh("op") }, true);
      assert.deepEqual(answer, { outcome: "applied", state: "queued" });
      assert.deepEqual([await leftBy(context, id), (await context.job(id)).progress], [[], null]);
      const again = await session.next();
      assert.equal(again.checkpoints, false);
      await session.report(again, { checkpoints: [checkpoint(1, { name: "anew" })] });
      assert.deepEqual(await leftBy(context, id), [checkpoint(1, { name: "anew" })]);
    },
  ],
  [
    "completed-begins-from-start",
    "a job that completed always begins from the start",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      await session.report(lease, { checkpoints: [checkpoint(1)], progress: progressOf(40, null) });
      await session.complete(lease);
      assert.deepEqual(await leftBy(context, id), [checkpoint(1)], "it is kept to be looked at");
      await context.control("retry", id);
      assert.deepEqual([await leftBy(context, id), (await context.job(id)).progress], [[], null]);
      assert.equal((await session.next()).checkpoints, false);
    },
  ],
  [
    "stale-run-leaves-nothing",
    "a stale run leaves nothing",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      await session.report(lease, { checkpoints: [checkpoint(1)] });
      await session.fail(lease, 0);
      await session.next();
      assert.equal(await session.report(lease, { checkpoints: [checkpoint(2)] }), "stale");
      assert.deepEqual(await leftBy(context, id), [checkpoint(1)]);
    },
  ],
  [
    "removal-leaves-nothing",
    "nothing of it is left when the job is removed, and a job of the same id begins with nothing",
    async (context) => {
      const spec = { id: "again", nonce: "a" };
      await context.add(spec);
      const session = await context.session();
      const lease = await session.next();
      await session.report(lease, { checkpoints: [checkpoint(1), checkpoint(2)] });
      await session.settle(lease, { kind: "partial", result: "1", failures: STEP_FAILURES });
      await context.control("remove", "again");
      assert.deepEqual(await leftBy(context, "again"), []);
      await context.add({ ...spec, nonce: "b" });
      const job = await context.job("again");
      assert.deepEqual([await leftBy(context, "again"), job.failures, job.progress], [[], [], null]);
      assert.equal((await session.next()).checkpoints, false);
    },
  ],
  [
    "2000-checkpoints",
    "2,000 checkpoints are kept, read and removed",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      const all = Array.from({ length: 2_000 }, (_, index) => checkpoint(index + 1));
      for (let from = 0; from < all.length; from += 500) {
        await session.report(lease, { checkpoints: all.slice(from, from + 500) });
      }
      assert.deepEqual(await leftBy(context, id), all);
      await session.complete(lease);
      await context.control("remove", id);
      assert.deepEqual(await leftBy(context, id), []);
    },
  ],
  [
    "milestones-told-steps-not",
    "milestones and statuses are events for watchers, steps are not",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      const { cursor } = await context.engine.watch({ queue: MAIN, cursor: null, max: 10 });
      const milestone = checkpoint(2, { kind: "milestone", name: "TEASER_READY", value: '{"title":"Ä\\n"}' });
      const status = checkpoint(3, { kind: "status", name: "RUNNING", value: "null" });
      await session.report(lease, { checkpoints: [checkpoint(1), milestone, status], progress: progressOf(50, null) });
      const { events } = await context.engine.watch({ queue: MAIN, cursor, max: 10 });
      const at = context.clock.now();
      assert.deepEqual(events, [
        { seq: cursor + 1, at, kind: "milestone", id, name: "TEASER_READY", value: '{"title":"Ä\\n"}' },
        { seq: cursor + 2, at, kind: "status", id, name: "RUNNING" },
        { seq: cursor + 3, at, kind: "progress", id, progress: progressOf(50, null) },
      ]);
    },
  ],
  [
    "milestones-reach-watchers-unchanged",
    "what a milestone shows reaches watchers to the letter",
    async (context) => {
      await context.add();
      const session = await context.session();
      const lease = await session.next();
      const { cursor } = await context.engine.watch({ queue: MAIN, cursor: null, max: 20 });
      const values = [
        "[]",
        "{}",
        "1234567890123456",
        "0.30000000000000004",
        '"\\ud800 \\" \\\\"',
        `${"[".repeat(2_000)}${"]".repeat(2_000)}`,
      ];
      const checkpoints = values.map((value, index) =>
        checkpoint(index + 1, { kind: "milestone", name: `M${index}`, value, key: index === 1 ? '"k\\"' : null }),
      );
      await session.report(lease, { checkpoints });
      const { events } = await context.engine.watch({ queue: MAIN, cursor, max: 20 });
      assert.deepEqual(
        events.map((event) => (event.kind === "milestone" ? [event.name, event.value] : event.kind)),
        values.map((value, index) => [`M${index}`, value]),
      );
    },
  ],
]);
