/** What is remembered of removed jobs for a while: commands about them that are sent again have no second effect. */
import assert from "node:assert/strict";
import { MAX_JOBS_PER_COMMAND, MOST_TRACES, RESEND_WINDOW, type ControlParams } from "../../../contract/engine.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

const GONE = { outcome: "applied", state: null };
const MISSING = { outcome: "missing", state: null };
const AT_ONCE = { age: 0, count: null };
const UNKEPT = { completed: AT_ONCE, failed: AT_ONCE };

/** Runs all jobs that wait, and removes them by retention. */
async function runAndTrim(context: ScenarioContext): Promise<void> {
  const session = await context.session();
  for (const lease of await session.claim(10)) await session.complete(lease);
  await context.sweep();
  assert.deepEqual(await context.list(), []);
}

export const traces = scenarios("traces", [
  [
    "remove-again",
    "a remove sent again answers the same, until its trace is gone; another one finds no job",
    async (context) => {
      const id = await context.add();
      const fresh = await context.add();
      assert.deepEqual(await context.control("remove", id, "op-1"), GONE);
      assert.deepEqual(await context.control("remove", id, "op-1"), GONE);
      assert.deepEqual(await context.control("remove", id, "op-2"), MISSING);
      const refs = [id, id, fresh, fresh].map((one) => ({ queue: MAIN, id: one }));
      assert.deepEqual(await context.engine.remove({ refs, op: "op-1" }), [GONE, GONE, GONE, GONE]);
      context.advance(RESEND_WINDOW - 1);
      assert.deepEqual(await context.control("remove", id, "op-1"), GONE);
      context.advance(1);
      assert.deepEqual(await context.control("remove", id, "op-1"), MISSING);
    },
  ],
  [
    "remove-of-old-job-again",
    "so does a remove of a job that was created long ago",
    async (context) => {
      const id = await context.add();
      context.advance(RESEND_WINDOW * 2);
      assert.deepEqual(await context.control("remove", id, "op-1"), GONE);
      assert.deepEqual(await context.control("remove", id, "op-1"), GONE);
    },
  ],
  [
    "remove-again-spares-next-job",
    "commands sent again touch no new job of the same id",
    async (context) => {
      const id = await context.add({ id: "mine", nonce: "n-1" });
      await context.control("cancel", id, "op-1");
      await context.control("remove", id, "op-2");
      await context.add({ id: "mine", nonce: "n-2" });
      assert.deepEqual(await context.control("cancel", id, "op-1"), GONE);
      assert.deepEqual(await context.control("remove", id, "op-2"), GONE);
      assert.equal(await context.state(id), "queued");
    },
  ],
  [
    "next-job-has-its-own-options",
    "a new job with the id of a removed one is what it asks to be",
    async (context) => {
      await context.add({ id: "mine", nonce: "n-1", attempts: 2, priority: 5 });
      await context.control("remove", "mine", "op-1");
      await context.add({ id: "mine", nonce: null, attempts: 7, priority: 0 });
      const { attempts, priority } = await context.job("mine");
      assert.deepEqual([attempts, priority], [7, 0]);
    },
  ],
  [
    "enqueue-again-after-retention",
    "an enqueue sent again after its job was removed by retention answers `created` and runs nothing twice",
    async (context) => {
      const jobs = [
        context.spec({ retention: UNKEPT }),
        context.spec({ id: "mine", nonce: "n-1", retention: UNKEPT }),
        context.spec({ priority: 1, retention: UNKEPT }),
      ];
      await context.engine.enqueue({ jobs });
      await runAndTrim(context);
      assert.deepEqual(
        await context.engine.enqueue({ jobs }),
        jobs.map(({ id }) => ({ id, outcome: "created", state: "completed" })),
      );
      assert.deepEqual(await context.list(), []);
    },
  ],
  [
    "enqueue-again-after-remove",
    "an enqueue sent again after its job was removed by a command answers `created` and makes none",
    async (context) => {
      const jobs = [context.spec(), context.spec()];
      const [first] = jobs;
      assert.ok(first);
      await context.engine.enqueue({ jobs });
      await context.control("remove", first.id);
      assert.deepEqual(
        (await context.engine.enqueue({ jobs })).map(({ outcome }) => outcome),
        ["created", "created"],
      );
      assert.deepEqual(await context.list(), [jobs[1]?.id]);
    },
  ],
  [
    "new-enqueue-after-removal",
    "a new enqueue of a removed job's id creates it, and so does what a parent spawns again",
    async (context) => {
      for (const [first, second] of [
        ["n-1", "n-2"],
        ["main/parent", "main/parent"],
      ]) {
        const id = await context.add({ id: "mine", nonce: first ?? "" });
        await context.control("remove", id);
        await context.add({ id: "mine", nonce: second ?? "" });
        assert.equal(await context.state(id), "queued");
        await context.control("remove", id);
      }
    },
  ],
  [
    "trace-ends",
    "an old enqueue makes its job again once the trace of that is gone",
    async (context) => {
      const spec = context.spec();
      await context.engine.enqueue({ jobs: [spec] });
      await context.control("remove", spec.id);
      context.advance(RESEND_WINDOW);
      await context.sweep();
      await context.engine.enqueue({ jobs: [spec] });
      assert.deepEqual(await context.list(), [spec.id]);
    },
  ],
  [
    "oldest-traces-give-way",
    "a queue has a bounded number of traces: the oldest give way to the latest",
    async (context) => {
      const removed: ControlParams[] = [];
      for (let left = MOST_TRACES + 2 * MAX_JOBS_PER_COMMAND; left > 0; left -= MAX_JOBS_PER_COMMAND) {
        const ids = await context.addMany(MAX_JOBS_PER_COMMAND);
        const params = { refs: ids.map((id) => ({ queue: MAIN, id })), op: context.fresh("op") };
        await context.engine.remove(params);
        removed.push(params);
        context.advance(1);
      }
      for (const [at, answer] of [
        [0, MISSING],
        [-1, GONE],
      ] as const) {
        const params = removed.at(at);
        assert.ok(params);
        assert.deepEqual(
          await context.engine.remove(params),
          params.refs.map(() => answer),
        );
      }
    },
  ],
  [
    "traces-go-with-queue",
    "an obliterated queue remembers no job",
    async (context) => {
      const spec = context.spec();
      await context.engine.enqueue({ jobs: [spec] });
      await context.control("remove", spec.id, "op-1");
      await context.engine.obliterate({ queue: MAIN, force: false });
      assert.deepEqual(await context.control("remove", spec.id, "op-1"), MISSING);
      await context.engine.enqueue({ jobs: [spec] });
      assert.deepEqual(await context.list(), [spec.id]);
    },
  ],
]);
