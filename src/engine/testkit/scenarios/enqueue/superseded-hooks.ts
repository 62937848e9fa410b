/**
 * Notices of superseded jobs: an engine hands each out until a worker acknowledges that it has called the hook of its task.
 */
import assert from "node:assert/strict";
import { ENDED_AGAIN, type JobRef } from "../../../../model/job/job.js";
import type { Engine } from "../../../contract/engine.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

const KEY = { supersedes: "requirement-7" };

/** The ids of the superseded jobs that a claim answers. */
async function pendingHooks(
  context: ScenarioContext,
  { tasks = ["work"], queues = [MAIN], limit = 100 }: Partial<Parameters<Engine["claimEnded"]>[0]> = {},
): Promise<string[]> {
  return (await context.engine.claimEnded({ queues, tasks, limit })).map(({ id }) => id);
}

const refTo = (id: string): JobRef => ({ queue: MAIN, id });

export const supersededHooks = scenarios("supersede", [
  [
    "says-what-it-supersedes",
    "a job that supersedes says so, to readers and to its worker",
    async (context) => {
      const id = await context.add(KEY);
      assert.equal((await context.job(id)).supersedes, KEY.supersedes);
      assert.equal((await (await context.session()).next()).body?.supersedes, KEY.supersedes);
      assert.equal((await context.job(await context.add())).supersedes, null);
    },
  ],
  [
    "handed-out-until-told",
    "superseded jobs are handed out by task, and again every 30 s until a worker acknowledges that their hook was called",
    async (context) => {
      const ids: Record<string, string> = {};
      for (const task of ["b", "a", "c"]) {
        ids[task] = await context.add({ task, supersedes: task });
        await context.add({ task, supersedes: task });
      }
      const { a = "", b = "" } = ids;
      assert.deepEqual(await pendingHooks(context, { tasks: ["b", "a", "z"] }), [b, a]);
      assert.deepEqual(await pendingHooks(context, { tasks: ["b", "a"] }), [], "they are claimed");
      await context.engine.acknowledgeEnded({ refs: [refTo(a), refTo("nobody"), { queue: "nowhere", id: a }] });
      context.advance(ENDED_AGAIN - 1);
      assert.deepEqual(await pendingHooks(context, { tasks: ["b", "a"] }), []);
      context.advance(1);
      assert.deepEqual(await pendingHooks(context, { tasks: ["b", "a"] }), [b]);
      await context.engine.acknowledgeEnded({ refs: [refTo(b)] });
      context.advance(ENDED_AGAIN);
      assert.deepEqual(await pendingHooks(context, { tasks: ["b", "a"] }), []);
      assert.deepEqual(await pendingHooks(context, { tasks: ["c"], limit: 1 }), [ids["c"]]);
      assert.deepEqual(await pendingHooks(context, { tasks: [], queues: [MAIN, "nowhere"] }), []);
    },
  ],
  [
    "handed-out-in-id-order",
    "superseded jobs of one task are handed out in the order of their ids, as many as asked for",
    async (context) => {
      const olds = await context.addMany(5, KEY);
      await context.add(KEY);
      assert.deepEqual(await pendingHooks(context, { limit: 2 }), olds.slice(0, 2));
      assert.deepEqual(await pendingHooks(context, { limit: 2 }), olds.slice(2, 4));
      assert.deepEqual(await pendingHooks(context, { limit: 2 }), olds.slice(4));
    },
  ],
  [
    "removed-calls-no-hook",
    "a superseded job that was removed calls no hook, and leaves nothing",
    async (context) => {
      const old = await context.add(KEY);
      const last = await context.add(KEY);
      await context.control("remove", old);
      await context.control("remove", last);
      assert.deepEqual(await pendingHooks(context), []);
      const next = await context.add(KEY);
      assert.equal(await context.state(next), "queued");
    },
  ],
  [
    "kept-as-long-as-failed",
    "superseded jobs are kept as long as failed ones, from when they were superseded",
    async (context) => {
      const keep = { completed: { age: 1_000, count: null }, failed: { age: 5_000, count: null } };
      const id = await context.add({ ...KEY, retention: keep });
      const session = await context.session();
      await session.complete(await session.next());
      context.advance(900);
      await context.add({ ...KEY, hold: true });
      context.advance(4_999);
      await context.sweep();
      assert.equal(await context.state(id), "superseded");
      context.advance(1);
      await context.sweep();
      assert.equal(await context.find(id), null);
    },
  ],
  [
    "same-id-twice-in-command",
    "an id that comes twice in a command is one job, whatever comes between",
    async (context) => {
      const unique = { key: "held", until: "finished", onConflict: "join" } as const;
      const owner = await context.add({ unique });
      const chosen = context.spec({ id: "chosen", nonce: "n", ...KEY });
      const between = context.spec({ ...KEY, unique });
      const answers = await context.engine.enqueue({ jobs: [chosen, between, { ...chosen, nonce: "m" }] });
      assert.deepEqual(
        answers.map(({ id, outcome }) => [id, outcome]),
        [
          ["chosen", "created"],
          [owner, "joined"],
          ["chosen", "existing"],
        ],
      );
      assert.equal((await context.counts()).superseded, 0);
    },
  ],
  [
    "others-handed-out-meanwhile",
    "while many superseded jobs are claimed, others are still handed out",
    async (context) => {
      for (let from = 0; from < 2_200; from += 440) {
        const jobs = Array.from({ length: 440 }, (_, index) =>
          context.spec({ supersedes: `k${from + index}`, hold: true }),
        );
        await context.engine.enqueue({ jobs });
        await context.engine.enqueue({ jobs: jobs.map(({ supersedes }) => context.spec({ supersedes, hold: true })) });
      }
      const claimed = new Set<string>();
      for (let ids = await pendingHooks(context); ids.length > 0; ids = await pendingHooks(context))
        for (const id of ids) claimed.add(id);
      assert.equal(claimed.size, 2_200);
    },
  ],
  [
    "watchers-hear-superseded-first",
    "the event of the superseded job comes before that of the new one",
    async (context) => {
      const old = await context.add(KEY);
      const { cursor } = await context.engine.watch({ queue: MAIN, cursor: null, max: 10 });
      const next = await context.add(KEY);
      const { events } = await context.engine.watch({ queue: MAIN, cursor, max: 10 });
      assert.deepEqual(
        events.map((event) => (event.kind === "state" ? [event.state, event.id] : event.kind)),
        [
          ["superseded", old],
          ["queued", next],
        ],
      );
    },
  ],
]);
