/** The dependencies of many jobs are read in one command, and of jobs with many in pages. */
import assert from "node:assert/strict";
import { MOST_LINKS, type DependencyLink, type DependencyPage } from "../../../contract/engine.js";
import { after, OTHER, take } from "../../context/dependency-helpers.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

/** All pages. */
async function pages(context: ScenarioContext, ids: readonly string[]): Promise<DependencyPage[]> {
  const found: DependencyPage[] = [];
  do {
    const from = found.at(-1)?.next ?? null;
    found.push(await context.engine.dependenciesOf({ queue: OTHER, ids, from }));
  } while (found.at(-1)?.next !== null);
  return found;
}

/** What reading each job on its own gives. */
async function oneByOne(context: ScenarioContext, ids: readonly string[]): Promise<DependencyLink[]> {
  const found: DependencyLink[] = [];
  for (const [of, id] of ids.entries()) {
    for (const dependency of await context.engine.dependencies({ queue: OTHER, id })) found.push({ ...dependency, of });
  }
  return found;
}

export const dependencyPages = scenarios("dependency-pages", [
  [
    "of-many-jobs-at-once",
    "the dependencies of many jobs are read at once, in the order asked for, with how each ended",
    async (context) => {
      const [first = "", second = ""] = await context.addMany(2);
      const session = await context.session();
      const both = await context.add({ queue: OTHER, after: after([first, second], "continue") });
      const one = await context.add({ queue: OTHER, after: after([second], "cancel") });
      const alone = await context.add({ queue: OTHER });
      await session.fail(await take(session, first), null);
      await session.complete(await take(session, second));
      const { links, next } = await context.engine.dependenciesOf({
        queue: OTHER,
        ids: [one, alone, "none", both],
        from: null,
      });
      assert.equal(next, null);
      assert.deepEqual(
        links.map(({ of, queue, id, ifFailed, state }) => [of, queue, id, ifFailed, state]),
        [
          [0, MAIN, second, "cancel", "completed"],
          ...[first, second].toSorted().map((id) => [3, MAIN, id, "continue", id === first ? "failed" : "completed"]),
        ],
      );
      await context.control("retry", first);
      await context.control("retry", { queue: OTHER, id: both });
      assert.deepEqual(
        (await pages(context, [one, both])).flatMap((page) => page.links),
        [...(await oneByOne(context, [one, both]))],
      );
    },
  ],
  [
    "in-pages-of-a-thousand",
    "a page has a thousand of them at most, and ends within a job that has more",
    async (context) => {
      const dependencies: string[] = [];
      for (let n = 0; n < 3; n += 1) dependencies.push(...(await context.addMany(300)));
      const ids = [
        await context.add({ queue: OTHER, after: after(dependencies.slice(0, 600)) }),
        await context.add({ queue: OTHER, after: after(dependencies.slice(200)) }),
        await context.add({ queue: OTHER }),
        await context.add({ queue: OTHER, after: after(dependencies.slice(0, 700)) }),
      ];
      const found = await pages(context, ids);
      assert.deepEqual(
        found.map(({ links }) => links.length),
        [MOST_LINKS, MOST_LINKS, 0],
      );
      assert.deepEqual(
        found.flatMap(({ links }) => links),
        await oneByOne(context, ids),
      );
    },
  ],
  [
    "of-jobs-of-no-queue",
    "jobs of a queue that does not exist, and no jobs, have none",
    async (context) => {
      const none = { links: [], next: null };
      assert.deepEqual(await context.engine.dependenciesOf({ queue: "nowhere", ids: ["a", "b"], from: null }), none);
      assert.deepEqual(await context.engine.dependenciesOf({ queue: OTHER, ids: [], from: null }), none);
    },
  ],
]);
