/**
 * Every condition of a filter, and its negation, on a population of jobs in all states: a listing has those of which a plain
 * test of the whole record says that they match, each once, in pages of any size and in both orders.
 */
import assert from "node:assert/strict";
import { plainFailure } from "../../../../model/failure/failure.js";
import type { JobConditions, JobFilter } from "../../../../model/job/query/filter.js";
import type { JobRecord } from "../../../../model/job/job.js";
import { isTerminal, STATES } from "../../../../model/job/state.js";
import type { JobPage, ListOrder } from "../../../contract/engine.js";
import { chain } from "../../context/flow-helpers.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { reach } from "../../context/reach.js";
import { scenarios } from "../../context/scenario.js";

const TIMEOUT = plainFailure("TimeoutError", 'No answer from "db-1"\nwithin 10 s', "T");
const REFUSED = plainFailure("Refused", "the RATE of calls is too high", "R");

/** Jobs of all states, tasks, tags, priorities, times, workers and errors. Answers the time amid their creation. */
async function populate(context: ScenarioContext): Promise<number> {
  for (const state of STATES) await reach(context, state, { tags: ["team:a"] });
  context.advance(1_000);
  const middle = context.clock.now();
  await context.add({ id: "late_1", nonce: "n", task: "scan", priority: -5, tags: ["team:a", "user:42"] });
  await context.add({ id: "late-2", nonce: "n", task: "scan.deep", priority: 7, tags: ["schedule:nightly"] });
  await context.add({ task: "scan", tags: ["user:42", "team:b"], due: { in: 60_000 }, input: '"user:42"' });
  const flow = await chain(context, { flow: { id: "flow-1", nonce: "n" } });
  await flow.begin();
  const session = await context.session({ queues: ["errors"], worker: { name: "wolf" } });
  for (const [error, retryIn] of [
    [TIMEOUT, null],
    [REFUSED, null],
    [REFUSED, 5_000],
  ] as const) {
    await context.add({ queue: "errors", tags: ["team:b"] });
    context.advance(500);
    await session.fail(await session.next(), retryIn, error);
  }
  await context.add({ queue: "errors", attempts: 5 });
  await session.fail(await session.next(), 0, TIMEOUT);
  const other = await context.session({ queues: ["errors"], worker: { name: "wolfram" } });
  await other.fail(await other.next(), null, REFUSED);
  return middle;
}

/** A condition, and what it means, in a line. */
type Meaning = readonly [conditions: JobConditions, matches: (job: JobRecord) => boolean];

function has(job: JobRecord, tag: string): boolean {
  return job.tags.includes(tag);
}

function said({ error }: JobRecord): string {
  return error === null ? "" : `${error.name}\0${error.message}`.toLowerCase();
}

function meanings(middle: number): Readonly<Record<string, Meaning>> {
  return {
    queue: [{ queue: "errors" }, (job) => job.queue === "errors"],
    queues: [{ queues: [MAIN, "errors", "none"] }, (job) => [MAIN, "errors"].includes(job.queue)],
    states: [{ states: ["failed", "queued"] }, (job) => job.state === "failed" || job.state === "queued"],
    task: [{ task: "scan" }, (job) => job.task === "scan"],
    tasks: [{ tasks: ["scan", "scan.deep", "none"] }, (job) => ["scan", "scan.deep"].includes(job.task)],
    tag: [{ tag: "user:42" }, (job) => has(job, "user:42")],
    tags: [{ tags: ["user:42", "team:a"] }, (job) => has(job, "user:42") && has(job, "team:a")],
    priority: [{ priority: { min: -5, max: 0 } }, (job) => job.priority >= -5 && job.priority <= 0],
    attempt: [{ attempt: { min: 1, max: 1 } }, (job) => job.attempt === 1],
    created: [{ created: { from: middle } }, (job) => job.createdAt >= middle],
    started: [{ started: { before: middle } }, (job) => job.startedAt !== null && job.startedAt < middle],
    finished: [
      { finished: { from: middle + 1, before: middle + 5_000 } },
      (job) => job.finishedAt !== null && job.finishedAt > middle && job.finishedAt < middle + 5_000,
    ],
    worker: [{ worker: "wolf" }, (job) => job.history.at(-1)?.worker === "wolf"],
    flow: [{ flow: "flow-1" }, (job) => job.flow?.id === "flow-1"],
    flows: [{ role: "flow" }, (job) => job.role === "flow"],
    "no-flows": [{ role: "job" }, (job) => job.role !== "flow"],
    schedule: [{ schedule: "nightly" }, (job) => has(job, "schedule:nightly")],
    fingerprint: [{ fingerprint: REFUSED.fingerprint }, (job) => job.error?.fingerprint === REFUSED.fingerprint],
    "error-text": [{ errorText: "RATE of calls" }, (job) => said(job).includes("rate of calls")],
    "quoted-error-text": [{ errorText: '"db-1"\nWithin' }, (job) => said(job).includes('"db-1"\nwithin')],
    "error-name": [{ errorText: "timeout" }, (job) => said(job).includes("timeout")],
    "id-prefix": [{ idPrefix: "late" }, (job) => job.id.startsWith("late")],
    "id-part": [{ idContains: "e-2" }, (job) => job.id.includes("e-2")],
    unknown: [
      { unknownTo: { [MAIN]: ["scan"], errors: ["work"] } },
      (job) => !((job.queue === MAIN && job.task === "scan") || (job.queue === "errors" && job.task === "work")),
    ],
  };
}

async function all(context: ScenarioContext): Promise<JobRecord[]> {
  const { jobs } = await context.engine.listJobs({ filter: {}, cursor: null, limit: 500 });
  const refs = jobs.map(({ queue, id }) => ({ queue, id }));
  return (await context.engine.getJobs({ refs })).filter((job) => job !== null);
}

async function ids(context: ScenarioContext, filter: JobFilter, limit: number, order?: ListOrder): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | null = null;
  do {
    const page: JobPage<never> = await context.engine.listJobs({
      ...{ filter, cursor, limit, fields: [] },
      ...(order === undefined ? {} : { order }),
    });
    found.push(...page.jobs.map(({ id }) => id));
    ({ cursor } = page);
  } while (cursor !== null);
  return found;
}

/** The jobs of a listing with those of each queue and state that `isTurned` the other way round. */
function turned(jobs: readonly JobRecord[], isTurned: (job: JobRecord) => boolean): string[] {
  const groups: JobRecord[][] = [];
  for (const job of jobs) {
    const [last] = groups.at(-1) ?? [];
    if (last?.queue === job.queue && last.state === job.state) groups.at(-1)?.push(job);
    else groups.push([job]);
  }
  return groups.flatMap((group) => (group.some(isTurned) ? group.toReversed() : group)).map(({ id }) => id);
}

const NAMES = Object.keys(meanings(0));

export const listConditions = scenarios("list", [
  ...NAMES.map(
    (name) =>
      [
        `condition-${name}`,
        `jobs are listed by a condition, and by its negation: ${name.replaceAll("-", " ")}`,
        async (context: ScenarioContext): Promise<void> => {
          const [conditions, matches] = meanings(await populate(context))[name] ?? [];
          assert.ok(conditions !== undefined && matches !== undefined);
          const jobs = await all(context);
          const wanted = jobs.filter(matches).map(({ id }) => id);
          const others = jobs.filter((job) => !matches(job)).map(({ id }) => id);
          assert.ok(wanted.length > 0 && others.length > 0, "the population has both");
          for (const limit of [2, 100]) {
            assert.deepEqual(await ids(context, conditions, limit), wanted);
            assert.deepEqual(await ids(context, { not: conditions }, limit), others);
            assert.deepEqual(await ids(context, { ...conditions, not: conditions }, limit), []);
          }
        },
      ] as const,
  ),
  [
    "conditions-of-not-each",
    "none of the conditions in `not` may hold",
    async (context) => {
      await populate(context);
      const wanted = (await all(context)).filter(({ task, state }) => task !== "scan" && state !== "queued");
      assert.deepEqual(
        await ids(context, { not: { task: "scan", states: ["queued"] } }, 3),
        wanted.map(({ id }) => id),
      );
    },
  ],
  [
    "newest-or-oldest-first",
    "within a queue and state the newest come first, or the oldest, in pages of any size",
    async (context) => {
      await populate(context);
      for (const due of [3_000, 1_000, 2_000, 1_000]) await context.add({ due: { in: due } });
      for (const priority of [0, 3, 0, -2, 0]) await context.add({ priority });
      for (let count = 0; count < 3; count += 1) await context.add({ hold: true });
      const session = await context.session({ queues: ["ends"] });
      await context.addMany(7, { queue: "ends" });
      await context.addMany(2, {
        queue: "ends",
        retention: { completed: { age: 9e9, count: null }, failed: { age: 9e9, count: null } },
      });
      for (const lease of await session.claim(9)) await session.complete(lease);
      await context.addMany(9, { queue: "ends" });
      await session.claim(2);
      await session.claim(3);
      const jobs = await all(context);
      for (const limit of [1, 3, 100]) {
        assert.deepEqual(
          await ids(context, {}, limit, "newest"),
          turned(jobs, ({ state }) => !isTerminal(state)),
        );
        assert.deepEqual(
          await ids(context, {}, limit, "oldest"),
          turned(jobs, ({ state }) => isTerminal(state)),
        );
        const some = jobs.filter(({ task }) => task === "work");
        assert.deepEqual(
          await ids(context, { task: "work" }, limit, "newest"),
          turned(some, ({ state }) => !isTerminal(state)),
        );
        const tagged = jobs.filter(({ tags }) => tags.includes("team:a"));
        assert.deepEqual(
          await ids(context, { tag: "team:a" }, limit, "oldest"),
          turned(tagged, ({ state }) => isTerminal(state)),
        );
      }
    },
  ],
  [
    "page-says-what-it-looked-at",
    "a page says about how many jobs were looked at for it, those that do not match included",
    async (context) => {
      await context.addMany(40);
      const rare = await context.add({ task: "rare" });
      const page = await context.engine.listJobs({ filter: { task: "rare" }, cursor: null, limit: 10 });
      assert.deepEqual([page.jobs.map(({ id }) => id), page.looked >= 41], [[rare], true]);
    },
  ],
]);
