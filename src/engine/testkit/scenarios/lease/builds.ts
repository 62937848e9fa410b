/** Builds: which version of the application and of the task ran an attempt, as long as the job is kept. */
import assert from "node:assert/strict";
import type { RanBy } from "../../../../model/job/job.js";
import type { TaskInfo, WorkerInfo } from "../../../contract/engine.js";
import { MOST_BUILDS } from "../../../contract/worker/builds.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

const UNKNOWN: RanBy = { appVersion: null, environment: null, version: null };
const FIRST: RanBy = { appVersion: "1.4.0", environment: "production", version: "3" };
const SECOND: RanBy = { appVersion: "1.5.0-rc.1+ä\"'{}", environment: "production", version: "4" };

/** A worker whose task `work` has this version. */
function workerOf({ appVersion, environment, version }: RanBy): Partial<WorkerInfo> {
  const work: TaskInfo = { name: "work", version, label: "Work", resultUrl: "/jobs/{id}" };
  return { appVersion, environment, tasks: [work] };
}

/** What ran a job, run by run, and what ran it last. */
async function ranBy(context: ScenarioContext, id: string, queue = MAIN): Promise<{ runs: RanBy[]; last: RanBy }> {
  const { history, ...job } = await context.job(id, queue);
  return { runs: history.map(partOf), last: partOf(job) };
}

function partOf({ appVersion, environment, version }: RanBy): RanBy {
  return { appVersion, environment, version };
}

export const builds = scenarios("builds", [
  [
    "said-of-a-run",
    "a job tells the version of the application, the environment and the version of its task, while it runs and once it has ended",
    async (context) => {
      const id = await context.add();
      const session = await context.session({ worker: workerOf(FIRST) });
      const lease = await session.next();
      assert.deepEqual(await ranBy(context, id), { runs: [FIRST], last: FIRST });
      await session.complete(lease);
      assert.deepEqual(await ranBy(context, id), { runs: [FIRST], last: FIRST });
      const { jobs } = await context.engine.listJobs({ filter: {}, cursor: null, limit: 10 });
      assert.deepEqual(jobs.map(partOf), [FIRST]);
    },
  ],
  [
    "nothing-said",
    "of a worker that says nothing nothing is known, nor of a job that has not run",
    async (context) => {
      const id = await context.add();
      assert.deepEqual(await ranBy(context, id), { runs: [], last: UNKNOWN });
      const session = await context.session();
      await session.complete(await session.next());
      assert.deepEqual(await ranBy(context, id), { runs: [UNKNOWN], last: UNKNOWN });
    },
  ],
  [
    "each-run-its-own",
    "each run keeps its own, through retries and after the sessions have ended",
    async (context) => {
      const id = await context.add();
      const first = await context.session({ worker: workerOf(FIRST) });
      await first.fail(await first.next(), 0);
      await first.close();
      const second = await context.session({ worker: workerOf(SECOND) });
      await second.fail(await second.next(), null);
      await context.control("retry", id);
      const third = await context.session();
      await third.complete(await third.next());
      await Promise.all([second.close(), third.close()]);
      assert.deepEqual(await ranBy(context, id), { runs: [FIRST, SECOND, UNKNOWN], last: UNKNOWN });
      await context.control("retry", id);
      await (await context.session({ worker: workerOf(FIRST) })).next();
      assert.deepEqual((await ranBy(context, id)).runs, [FIRST, SECOND, UNKNOWN, FIRST]);
    },
  ],
  [
    "however-a-run-ends",
    "every run has it, however it ended",
    async (context) => {
      const ends = ["return", "snooze", "cancel", "close", "die"] as const;
      for (const end of ends) {
        const id = await context.add();
        const session = await context.session({ worker: workerOf(SECOND), ttl: 10_000 });
        const lease = await session.next();
        if (end === "return") await session.settle(lease, { kind: "return" });
        else if (end === "snooze") await session.settle(lease, { kind: "snooze", delay: 60_000 });
        else if (end === "cancel") await context.control("cancel", id);
        else if (end === "close") await session.close();
        else {
          context.advance(10_000);
          await context.sweep();
        }
        assert.deepEqual(await ranBy(context, id), { runs: [SECOND], last: SECOND }, end);
        await context.control("cancel", id);
      }
    },
  ],
  [
    "of-its-own-task",
    "a job tells the version of its own task only, in every queue of the worker",
    async (context) => {
      const id = await context.add({ queue: "other", task: "scan" });
      const bare = await context.add({ queue: "other", task: "__proto__" });
      const scan = { name: "scan", version: "9", label: null, resultUrl: null };
      const worker = { ...workerOf(FIRST), tasks: [...(workerOf(FIRST).tasks ?? []), scan] };
      const session = await context.session({ queues: [MAIN, "other"], worker });
      await session.claim(2);
      assert.deepEqual((await ranBy(context, id, "other")).runs, [{ ...FIRST, version: "9" }]);
      assert.deepEqual((await ranBy(context, bare, "other")).runs, [{ ...FIRST, version: null }]);
    },
  ],
  [
    "oldest-is-forgotten",
    `a queue remembers the builds of the last sessions: ${MOST_BUILDS} of them`,
    async (context) => {
      const id = await context.add();
      const first = await context.session({ worker: workerOf(FIRST) });
      await first.fail(await first.next(), 0);
      const second = await context.session({ worker: workerOf(SECOND) });
      await second.fail(await second.next(), null);
      context.advance(1);
      await context.session({ worker: workerOf(FIRST) });
      for (let n = 0; n < MOST_BUILDS - 2; n += 1) {
        await context.session({ worker: { appVersion: `build ${n}` } });
      }
      assert.deepEqual((await ranBy(context, id)).runs, [FIRST, SECOND]);
      await context.session({ worker: { appVersion: "one more" } });
      // Read through a connection that has not seen them.
      const [job] = await (await context.open()).getJobs({ refs: [{ queue: MAIN, id }] });
      assert.deepEqual(job?.history.map(partOf), [FIRST, UNKNOWN]);
    },
  ],
]);
