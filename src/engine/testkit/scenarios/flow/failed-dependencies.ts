/** Dependencies that do not succeed, or are not there: `ifFailed` says whether the dependent fails, is cancelled or goes on. */
import assert from "node:assert/strict";
import { DEPENDENCY_FAILED } from "../../../../model/job/dependency.js";
import { after, ends, OTHER, pair, stateOf, take } from "../../context/dependency-helpers.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import type { TestSession } from "../../context/test-session.js";

/** Ends a queued job without success, or removes it. */
const ENDINGS: readonly [
  how: string,
  end: (context: ScenarioContext, id: string, session: TestSession) => Promise<unknown>,
][] = [
  ["failed", async (_context, id, session) => session.fail(await take(session, id), null)],
  ["cancelled", async (context, id) => context.control("cancel", id)],
  [
    "expired",
    async (context) => {
      context.advance(5_000);
      await context.sweep();
    },
  ],
  ["superseded", async (context) => context.add({ supersedes: "key" })],
  ["removed", async (context, id) => context.control("remove", id)],
];

export const failedDependencies = scenarios("dependencies", [
  ...ENDINGS.map(
    ([how, end]) =>
      [
        `${how}-fails-dependents`,
        `a dependency that is ${how} fails its dependents, and their error names it`,
        async (context: ScenarioContext) => {
          const [first, second] = await pair(context, "fail");
          context.advance(10);
          await end(context, first, await context.session());
          const job = await context.job(second, OTHER);
          assert.equal(job.state, "failed");
          assert.equal(job.finishedAt, context.clock.now());
          assert.equal(job.error?.code, DEPENDENCY_FAILED);
          assert.equal(job.error.name, "DependencyFailed");
          assert.equal(job.error.message, `main/${first}, which it depends on, ended as ${how}`);
          assert.deepEqual(job.history, [], "it never ran");
          assert.equal(job.attempt, 0);
          assert.deepEqual(await ends(context, second), [how]);
          const found = await context.list({ fingerprint: job.error.fingerprint });
          assert.ok(found.includes(second), "it is found by its error");
        },
      ] as const,
  ),
  ...ENDINGS.map(
    ([how, end]) =>
      [
        `${how}-cancels-dependents`,
        `a dependency that is ${how} cancels the dependents that asked for that`,
        async (context: ScenarioContext) => {
          const [first, second] = await pair(context, "cancel");
          await end(context, first, await context.session());
          assert.equal(await stateOf(context, second), "cancelled");
          assert.equal((await context.job(second, OTHER)).error, null);
        },
      ] as const,
  ),
  ...ENDINGS.map(
    ([how, end]) =>
      [
        `${how}-lets-dependents-go-on`,
        `a dependent that goes on without its dependency runs when that is ${how}, and can see how it ended`,
        async (context: ScenarioContext) => {
          const [first, second] = await pair(context, "continue");
          await end(context, first, await context.session());
          assert.equal(await stateOf(context, second), "queued");
          assert.deepEqual(await context.engine.dependencies({ queue: OTHER, id: second }), [
            { queue: MAIN, id: first, ifFailed: "continue", state: how },
          ]);
        },
      ] as const,
  ),
  [
    "failure-spreads-through-queues",
    "a job that fails for its dependency fails its own dependents in turn, through queues and back",
    async (context) => {
      const first = await context.add();
      const second = await context.add({ queue: OTHER, after: after([first]) });
      const third = await context.add({ after: after([second], "fail", OTHER) });
      const fourth = await context.add({ after: after([third], "cancel") });
      const fifth = await context.add({ queue: OTHER, after: after([fourth], "continue") });
      const session = await context.session();
      await session.fail(await take(session, first), null);
      assert.equal(await stateOf(context, second), "failed");
      assert.equal(await context.state(third), "failed");
      assert.equal(await context.state(fourth), "cancelled");
      assert.equal(await stateOf(context, fifth), "queued");
    },
  ],
  [
    "one-failure-is-enough",
    "one failed dependency is enough, while others still run; their ends change nothing any more",
    async (context) => {
      const [one = "", two = ""] = await context.addMany(2);
      const last = await context.add({ queue: OTHER, after: after([one, two]) });
      const session = await context.session();
      const [first, second] = await session.claim(2);
      assert.ok(first && second);
      await session.fail(first, null);
      assert.equal(await stateOf(context, last), "failed");
      await session.complete(second);
      assert.equal(await stateOf(context, last), "failed");
      assert.deepEqual(new Set(await ends(context, last)), new Set(["completed", "failed"]));
    },
  ],
  [
    "ended-already-seen-at-once",
    "a dependency that has ended already is seen at once",
    async (context) => {
      const first = await context.add();
      const session = await context.session();
      await session.complete(await take(session, first));
      const second = await context.add({ queue: OTHER, after: after([first]) });
      assert.equal(await stateOf(context, second), "queued");
      const failed = await context.add();
      await session.fail(await take(session, failed), null);
      assert.equal(await context.state(await context.add({ after: after([failed]) })), "failed");
    },
  ],
  [
    "fails-as-soon-as-enqueued",
    "a job that fails as soon as it is enqueued fails the dependents that were enqueued with it",
    async (context) => {
      const first = await context.add();
      await context.control("cancel", first);
      const second = context.spec({ queue: OTHER, after: after([first]) });
      const third = context.spec({ queue: OTHER, after: after([second.id], "fail", OTHER) });
      await context.engine.enqueue({ jobs: [second, third] });
      assert.deepEqual([await stateOf(context, second.id), await stateOf(context, third.id)], ["failed", "failed"]);
    },
  ],
  [
    "missing-counts-as-removed",
    "a dependency that is not there counts as removed",
    async (context) => {
      const job = await context.add({ after: [{ queue: "nowhere", id: "nobody", ifFailed: "fail" }] });
      assert.equal(await context.state(job), "failed");
      assert.deepEqual(await ends(context, job, MAIN), ["removed"]);
      const goes = await context.add({ after: [{ queue: "nowhere", id: "nobody", ifFailed: "continue" }] });
      assert.equal(await context.state(goes), "queued");
    },
  ],
]);
