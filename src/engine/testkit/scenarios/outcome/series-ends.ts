/** Ends without a settlement are counted too, by what causes them, without times. */
import assert from "node:assert/strict";
import { after } from "../../context/dependency-helpers.js";
import { crash } from "../../context/lease-helpers.js";
import { COMPLETE, measured, rowsOf, totalsOf } from "../../context/series-helpers.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

type End = (context: ScenarioContext) => Promise<void>;

const ENDS: readonly (readonly [slug: `${string}-${string}`, title: string, end: End, expected: readonly string[]])[] =
  [
    [
      "cancelled-while-queued",
      "a job that is cancelled while it waits",
      async (context) => {
        const id = await context.add();
        await context.control("cancel", id, "same");
        await context.control("cancel", id, "same");
        await context.control("cancel", id);
      },
      ["main work cancelled 1/0"],
    ],
    [
      "cancelled-while-running",
      "a job that is cancelled while it runs",
      async (context) => {
        const id = await context.add();
        await (await context.session()).next();
        await context.control("cancel", id);
      },
      ["main work cancelled 1/0"],
    ],
    [
      "expired-by-sweep",
      "a job that a sweep expires",
      async (context) => {
        await context.addMany(2, { ttl: 1_000 });
        context.advance(1_000);
        await context.sweep();
      },
      ["main work expired 2/0"],
    ],
    [
      "expired-at-claim",
      "a job that expires as it would be leased",
      async (context) => {
        await context.add({ ttl: 1_000 });
        await context.add({ ttl: 1_000, priority: 5 });
        context.advance(1_000);
        await (await context.session()).claim(2);
      },
      ["main work expired 2/0"],
    ],
    [
      "failed-with-dependency",
      "a job that fails with the one it depends on, and one that is cancelled with it",
      async (context) => {
        const first = await context.add({ task: "first" });
        await context.add({ after: after([first], "fail") });
        await context.add({ queue: "other", after: after([first], "cancel") });
        await context.control("cancel", first);
      },
      ["main first cancelled 1/0", "main work failed 1/0", "other work cancelled 1/0"],
    ],
    [
      "superseded-by-newer",
      "a job that is superseded, waiting, running, or ended before",
      async (context) => {
        await context.add({ supersedes: "waits" });
        await context.add({ supersedes: "waits", priority: 9 });
        const running = await context.add({ supersedes: "runs" });
        const session = await context.session();
        assert.equal((await session.next()).id, running);
        await context.add({ supersedes: "runs", priority: 8 });
        const ended = await context.add({ supersedes: "ended", priority: -1 });
        const last = await session.next();
        assert.equal(last.id, ended);
        await session.exchange([measured(last, COMPLETE)]);
        await context.add({ supersedes: "ended" });
      },
      ["main work completed 1/1", "main work superseded 3/0"],
    ],
    [
      "lost-with-worker",
      "runs that are lost with their workers, of which the last fails the job",
      async (context) => {
        await context.add();
        for (let death = 1; death <= 3; death += 1) await crash(context);
      },
      ["main work failed 1/0", "main work lost 2/0"],
    ],
  ];

export const seriesEnds = scenarios("series", [
  ...ENDS.map(([slug, title, end, expected]) => {
    return [
      slug,
      `counts ${title}`,
      async (context: ScenarioContext): Promise<void> => {
        await end(context);
        assert.deepEqual(await totalsOf(context.engine), expected);
      },
    ] as const;
  }),
  [
    "many-ends-at-once",
    "hundreds of ends in one command are all counted",
    async (context) => {
      const ids = await context.addMany(300);
      let refs = ids.map((id) => ({ queue: MAIN, id }));
      while (refs.length > 0) {
        const answers = await context.engine.cancel({ refs, op: context.fresh("op") });
        refs = refs.slice(answers.length);
      }
      assert.deepEqual(await totalsOf(context.engine), ["main work cancelled 300/0"]);
      assert.deepEqual(await rowsOf(context), ["0 cancelled 300"]);
    },
  ],
]);
