/** What is kept of jobs that end while their queue is watched: for 10 s at least, so that who waits for them can read them. */
import assert from "node:assert/strict";
import { DEFAULT_RETENTION, type Keep, type Retention } from "../../../../model/job/retention.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

function keep(rule: Partial<Keep>): Retention {
  const { completed, failed } = DEFAULT_RETENTION;
  return { completed: { ...completed, ...rule }, failed: { ...failed, ...rule } };
}

/** What keeps nothing, by the slug of its scenarios. */
const RULES = [
  ["age-0", "an age of 0", keep({ age: 0 })],
  ["age-1ms", "an age of 1 ms", keep({ age: 1 })],
  ["count-0", "a count of 0", keep({ count: 0 })],
] as const;

async function watch(context: ScenarioContext): Promise<void> {
  await context.engine.watch({ queue: MAIN, cursor: null, max: 1 });
}

/** Adds jobs and completes each. */
async function complete(context: ScenarioContext, count: number, retention: Retention): Promise<string[]> {
  const session = await context.session();
  const ids = await context.addMany(count, { retention });
  for (const _ of ids) await session.complete(await session.next());
  await session.close();
  return ids;
}

/** The job has just ended, and is kept for 10 s. */
async function isKeptForAWhile(context: ScenarioContext, id: string): Promise<void> {
  const kept: boolean[] = [];
  for (const pass of [0, 1, 9_998, 1]) {
    context.advance(pass);
    await context.sweep();
    kept.push((await context.find(id)) !== null);
  }
  assert.deepEqual(kept, [true, true, true, false]);
}

export const watchedRetention = scenarios("retention", [
  ...RULES.flatMap(
    ([slug, what, retention]) =>
      [
        [
          `watched-${slug}-completed`,
          `while the queue is watched, ${what} keeps a completed job for 10 s`,
          async (context: ScenarioContext) => {
            await watch(context);
            const [id = ""] = await complete(context, 1, retention);
            await isKeptForAWhile(context, id);
          },
        ],
        [
          `watched-${slug}-cancelled`,
          `while the queue is watched, ${what} keeps a cancelled job for 10 s`,
          async (context: ScenarioContext) => {
            await watch(context);
            const id = await context.add({ retention });
            await context.control("cancel", id);
            await isKeptForAWhile(context, id);
          },
        ],
        [
          `watched-${slug}-with-dependent`,
          `while the queue is watched, ${what} keeps a job for 10 s that its dependents need no more`,
          async (context: ScenarioContext) => {
            await watch(context);
            const id = await context.add({ retention });
            const dependent = await context.add({ after: [{ queue: MAIN, id, ifFailed: "fail" }] });
            const session = await context.session();
            await session.complete(await session.next());
            await context.control("remove", dependent);
            await isKeptForAWhile(context, id);
          },
        ],
        [
          `watched-before-${slug}`,
          `${what} is exact again a minute after the queue was watched for the last time`,
          async (context: ScenarioContext) => {
            await watch(context);
            context.advance(60_000);
            const [id = ""] = await complete(context, 1, retention);
            context.advance(1);
            await context.sweep();
            assert.equal(await context.find(id), null);
          },
        ],
      ] as const,
  ),
  [
    "watched-count-passes-over",
    "while the queue is watched, a count removes what ended longer ago, and passes over the rest",
    async (context) => {
      const old = await complete(context, 3, keep({ count: 1 }));
      context.advance(10_000);
      await watch(context);
      const young = await complete(context, 3, keep({ count: 1 }));
      assert.equal((await context.sweep()).removed, old.length);
      assert.deepEqual((await context.list()).toReversed(), young);
      context.advance(10_000);
      await context.sweep();
      assert.deepEqual(await context.list(), young.slice(-1));
    },
  ],
]);
