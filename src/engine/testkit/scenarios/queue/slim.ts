/** Reads without the long parts of jobs: what is not asked for is absent, all else is as in whole records. */
import assert from "node:assert/strict";
import { plainFailure } from "../../../../model/failure/failure.js";
import { LONG_FIELDS, withFields, type LongField } from "../../../../model/job/query/fields.js";
import type { JobRef } from "../../../../model/job/job.js";
import { STATES } from "../../../../model/job/state.js";
import { MOST_PAGE_BYTES, type JobPage } from "../../../contract/engine.js";
import { MAIN, progressOf, type ScenarioContext } from "../../context/scenario-context.js";
import { reach } from "../../context/reach.js";
import { scenarios } from "../../context/scenario.js";
import { STEP_FAILURES, type TestSession } from "../../context/test-session.js";

const LONG = JSON.stringify("x".repeat(3_000));

/** A job in each state, each with something in every part that it can have. */
async function variety(context: ScenarioContext): Promise<JobRef[]> {
  const refs: JobRef[] = [];
  for (const state of STATES) {
    const { ref } = await reach(context, state, { input: LONG, meta: '{"m":1}', tags: ["t"] });
    refs.push(ref);
  }
  const session = await context.session();
  refs.push(await ranOften(context, session), await halfSucceeded(context, session));
  return refs;
}

/** A job with two runs that failed, and a third that was returned. */
async function ranOften(context: ScenarioContext, session: TestSession): Promise<JobRef> {
  const ref = { queue: MAIN, id: await context.add({ attempts: 5 }) };
  await session.fail(await session.next(), 0, plainFailure("First", "one", "E1"));
  await session.fail(await session.next(), 0, plainFailure("Second", "two \n {}", "E2"));
  await session.settle(await session.next(), { kind: "return" });
  await context.control("cancel", ref);
  return ref;
}

async function halfSucceeded(context: ScenarioContext, session: TestSession): Promise<JobRef> {
  const ref = { queue: MAIN, id: await context.add({ attempts: 5, input: LONG }) };
  await session.fail(await session.next(), 0);
  const lease = await session.next();
  await session.report(lease, { progress: progressOf(40, "half way") });
  await session.settle(lease, { kind: "partial", result: LONG, failures: STEP_FAILURES });
  return ref;
}

/** Some choices of fields: none, each alone, two, all. */
const CHOICES: readonly (readonly LongField[])[] = [
  [],
  ...LONG_FIELDS.map((field) => [field]),
  ["result", "history"],
  LONG_FIELDS,
];

export const slim = scenarios("read", [
  [
    "only-fields-asked-for",
    "jobs are read with the long fields asked for; the others are absent, and all else is the same",
    async (context) => {
      const refs = await variety(context);
      const whole = await context.engine.getJobs({ refs });
      for (const fields of CHOICES) {
        const wanted = whole.map((job) => (job === null ? null : withFields(job, fields)));
        assert.deepEqual(await context.engine.getJobs({ refs, fields }), wanted, `getJobs, ${fields.join()}`);
        const found = await context.engine.findJobs({ ids: refs.map(({ id }) => id), fields });
        assert.deepEqual(found, wanted, `findJobs, ${fields.join()}`);
        const { jobs } = await context.engine.listJobs({ filter: {}, cursor: null, limit: 100, fields });
        const byId = new Map(jobs.map((job) => [job.id, job]));
        assert.deepEqual(
          refs.map(({ id }) => byId.get(id)),
          wanted,
          `listJobs, ${fields.join()}`,
        );
      }
    },
  ],
  [
    "absent-is-not-empty",
    "a field that is not asked for has no property, so it is not taken for an empty one",
    async (context) => {
      const id = await context.add({ input: LONG });
      const [job] = await context.engine.getJobs({ refs: [{ queue: MAIN, id }], fields: [] });
      assert.ok(job);
      assert.deepEqual(
        LONG_FIELDS.filter((field) => field in job),
        [],
      );
    },
  ],
  [
    "last-worker-of-job",
    "a job says which worker ran it last, whatever became of the run, and after a retry",
    async (context) => {
      const id = await context.add({ attempts: 5 });
      const last = async (): Promise<string | null> => (await context.job(id)).lastWorker;
      assert.equal(await last(), null);
      const first = await context.session({ worker: { name: "first" } });
      const second = await context.session({ worker: { name: "second" } });
      const lease = await first.next();
      assert.equal(await last(), "first");
      await first.settle(lease, { kind: "return" });
      assert.equal(await last(), "first");
      const again = await second.next();
      assert.equal(await last(), "second");
      await second.fail(again, null);
      assert.equal(await last(), "second");
      await context.control("retry", id);
      assert.equal(await last(), "second");
      await first.complete(await first.next());
      assert.equal(await last(), "first");
    },
  ],
  [
    "page-bounded-in-bytes",
    "a page of long jobs is short, and those that follow have the rest, each job once",
    async (context) => {
      const size = 200_000;
      const ids: string[] = [];
      for (let count = 0; count < 30; count += 1) {
        ids.push(await context.add({ input: JSON.stringify("x".repeat(size)) }));
      }
      const listed: string[] = [];
      let cursor: string | null = null;
      do {
        const page: JobPage = await context.engine.listJobs({ filter: {}, cursor, limit: 100 });
        const bytes = page.jobs.reduce((sum, job) => sum + job.input.length, 0);
        assert.ok(bytes < MOST_PAGE_BYTES + size, `a page has ${bytes} bytes`);
        listed.push(...page.jobs.map((job) => job.id));
        ({ cursor } = page);
      } while (cursor !== null);
      assert.deepEqual(listed, ids);
      const page = await context.engine.listJobs({ filter: {}, cursor: null, limit: 100, fields: [] });
      assert.equal(page.jobs.length, 30, "without inputs they are on one page");
    },
  ],
]);
