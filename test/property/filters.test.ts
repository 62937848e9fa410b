// Any condition of a filter, alone and with any other, each as it is or negated, lists the jobs of which plain lines over whole
// records say that they match: on every engine, of any jobs in any states.
import * as fc from "fast-check";
import { afterAll, afterEach, describe, expect, inject, test } from "vitest";
import { STATES } from "../../src/model/job/state.js";
import type { JobConditions, JobFilter } from "../../src/model/job/query/filter.js";
import type { JobRecord } from "../../src/model/job/job.js";
import type { Engine, JobPage } from "../../src/engine/contract/engine.js";
import { ScenarioContext } from "../../src/engine/testkit/context/scenario-context.js";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import type { TestStorage } from "../../src/engine/testkit/context/storage.js";
import { plainFailure } from "../../src/model/failure/failure.js";
import { RedisBackdoor, redisStorage } from "../engine/redis/redis-storage.js";
import { sqliteStorage } from "../engine/sqlite/sqlite-storage.js";
import { checkOn, TIME_LIMIT } from "./check.js";

const QUEUES = ["a", "b"];
const TASKS = ["scan", "scan.deep", "mail"];
const TAGS = ["user:1", "user:2", "schedule:night", "x"];
const ERRORS = ['No "answer" from db', "answer was\ntoo late", "Refused"].map((text) =>
  plainFailure(text.slice(0, 4), text, null),
);
const WORKERS = ["ann", "anna"];
const TEXTS = ["ANSWER", '"answer"', "no", "was\nToo", "missing", "ref"];
const DAYS = 40;

/** What becomes of one job. */
interface Life {
  readonly queue: string;
  readonly task: string;
  readonly tags: readonly string[];
  readonly priority: number;
  readonly fate: "held" | "delayed" | "waits" | "cancelled" | "completed" | "failed" | "again" | "runs" | "returned";
  readonly error: number;
  readonly worker: number;
  readonly pause: number;
}

const anyLife: fc.Arbitrary<Life> = fc.record({
  queue: fc.constantFrom(...QUEUES),
  task: fc.constantFrom(...TASKS),
  tags: fc.subarray(TAGS),
  priority: fc.constantFrom(-1, 0, 0, 0, 2),
  fate: fc.constantFrom("held", "delayed", "waits", "cancelled", "completed", "failed", "again", "runs", "returned"),
  error: fc.nat(2),
  worker: fc.nat(1),
  pause: fc.nat(3),
});

const anyWindow = fc.record({ from: fc.nat(DAYS), before: fc.nat(DAYS) }, { requiredKeys: [] });
const anyRange = fc.record(
  { min: fc.integer({ min: -1, max: 2 }), max: fc.integer({ min: -1, max: 2 }) },
  { requiredKeys: [] },
);
const anyText = fc.constantFrom(...TEXTS);

/** Each condition alone; times count from the start of the case. */
const CONDITIONS: { readonly [Name in keyof JobConditions]-?: fc.Arbitrary<NonNullable<JobConditions[Name]>> } = {
  queue: fc.constantFrom(...QUEUES, "none"),
  queues: fc.subarray([...QUEUES, "none"]),
  states: fc.subarray([...STATES]),
  task: fc.constantFrom(...TASKS),
  tasks: fc.subarray(TASKS),
  tag: fc.constantFrom(...TAGS),
  tags: fc.subarray(TAGS),
  priority: anyRange,
  attempt: anyRange,
  createdFrom: fc.nat(DAYS),
  createdBefore: fc.nat(DAYS),
  created: anyWindow,
  started: anyWindow,
  finished: anyWindow,
  worker: fc.constantFrom(...WORKERS),
  flow: fc.constant("none"),
  role: fc.constantFrom("job", "flow"),
  schedule: fc.constantFrom("night", "day"),
  fingerprint: fc.constantFrom(...ERRORS.map((error) => error.fingerprint)),
  errorText: anyText,
  idPrefix: fc.constantFrom("j", "j1", "none"),
  idContains: fc.constantFrom("1", "2", "none"),
  unknownTo: fc.record({ a: fc.subarray(TASKS), b: fc.subarray(TASKS) }, { requiredKeys: [] }),
};

const anyCondition = fc.oneof(
  ...Object.entries(CONDITIONS).map(([name, value]) =>
    (value as fc.Arbitrary<unknown>).map((wanted) => ({ [name]: wanted })),
  ),
);
const anyFilter: fc.Arbitrary<JobFilter> = fc
  .tuple(anyCondition, fc.option(anyCondition), fc.constantFrom("both", "second", "none"))
  .map(([first, second, negated]) => {
    if (negated === "both") return { not: { ...first, ...second } };
    return negated === "second" ? { ...first, not: second ?? {} } : { ...first, ...second };
  });

/** What a condition that is given says. */
function is<T>(wanted: T | undefined, test: (wanted: T) => boolean): boolean[] {
  return wanted === undefined ? [] : [test(wanted)];
}

function at(time: number | null, w: { from?: number; before?: number } | undefined): boolean[] {
  return is(w, ({ from: first = -1, before = Infinity }) => time !== null && time >= first && time < before);
}

function among(n: number, r: { min?: number; max?: number } | undefined): boolean[] {
  return is(r, ({ min = -Infinity, max = Infinity }) => n >= min && n <= max);
}

/** The plain lines: what each condition says of a whole record. */
function says(job: JobRecord, c: JobConditions): boolean[] {
  return [
    ...is(c.queue, (name) => job.queue === name),
    ...is(c.queues, (names) => names.includes(job.queue)),
    ...is(c.states, (states) => states.includes(job.state)),
    ...is(c.task, (name) => job.task === name),
    ...is(c.tasks, (names) => names.includes(job.task)),
    ...is(c.tag, (tag) => job.tags.includes(tag)),
    ...is(c.tags, (tags) => tags.every((tag) => job.tags.includes(tag))),
    ...is(c.createdFrom, (from) => job.createdAt >= from),
    ...is(c.createdBefore, (before) => job.createdAt < before),
    ...among(job.priority, c.priority),
    ...among(job.attempt, c.attempt),
    ...at(job.createdAt, c.created),
    ...at(job.startedAt, c.started),
    ...at(job.finishedAt, c.finished),
    ...is(c.worker, (name) => job.history.at(-1)?.worker === name),
    ...is(c.flow, (id) => job.flow?.id === id),
    ...is(c.role, (role) => job.role === role),
    ...is(c.schedule, (name) => job.tags.includes(`schedule:${name}`)),
    ...is(c.fingerprint, (print) => job.error?.fingerprint === print),
    ...is(c.errorText, (text) =>
      `${job.error?.name ?? ""}\0${job.error?.message ?? ""}`.toLowerCase().includes(text.toLowerCase()),
    ),
    ...is(c.idPrefix, (text) => job.id.startsWith(text)),
    ...is(c.idContains, (text) => job.id.includes(text)),
    ...is(c.unknownTo, (known) => !(known[job.queue] ?? []).includes(job.task)),
  ];
}

async function live(context: ScenarioContext, lives: readonly Life[]): Promise<void> {
  const sessions = await Promise.all(
    WORKERS.map(async (name) => context.session({ queues: QUEUES, ttl: 3_600_000, worker: { name } })),
  );
  for (const [n, { fate, error, worker, pause, ...life }] of lives.entries()) {
    const id = `j${n}`;
    const held = fate === "held" ? { hold: true } : fate === "delayed" ? { due: { in: 5_000 + n } } : {};
    const later = fate === "waits" || fate === "cancelled" ? { due: { in: 9_000 } } : {};
    await context.add({ ...life, ...held, ...later, id, nonce: "n", attempts: 5 });
    context.advance(pause);
    const session = sessions[worker];
    if (fate === "cancelled") await context.control("cancel", { queue: life.queue, id });
    if (session === undefined || ["held", "delayed", "waits", "cancelled"].includes(fate)) continue;
    const [lease] = await session.claim(1, { queues: [life.queue] });
    if (lease === undefined) continue;
    const failure = ERRORS[error];
    if (fate === "completed") await session.complete(lease, "1");
    if (fate === "failed") await session.fail(lease, null, failure);
    if (fate === "again") await session.fail(lease, 7_000, failure);
    if (fate === "returned") await session.settle(lease, { kind: "return" });
  }
}

async function listed(engine: Engine, filter: JobFilter): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page: JobPage<never> = await engine.listJobs({ filter, cursor, limit: 7, fields: [] });
    ids.push(...page.jobs.map(({ id }) => id));
    ({ cursor } = page);
  } while (cursor !== null);
  return ids;
}

/** Times of a filter count from the start of the case. */
function from(start: number, filter: JobConditions): JobConditions {
  const moved = (w: { from?: number; before?: number }): object =>
    Object.fromEntries(Object.entries(w).map(([edge, time]) => [edge, start + time]));
  return Object.fromEntries(
    Object.entries(filter).map(([name, value]: [string, unknown]) => {
      if (name === "created" || name === "started" || name === "finished") return [name, moved(value as object)];
      return [name, typeof value === "number" ? start + value : value];
    }),
  );
}

const ANY = {
  any: fc.tuple(
    fc.array(anyLife, { minLength: 10, maxLength: 25 }),
    fc.array(anyFilter, { minLength: 20, maxLength: 20 }),
  ),
  describe: ([lives, filters]: readonly [readonly Life[], readonly JobFilter[]]): string[] => [
    ...lives.map((life) => JSON.stringify(life)),
    ...filters.map((filter) => JSON.stringify(filter)),
  ],
};

const memoryStorage = (): TestStorage => ({
  connect: (clock) => new MemoryEngine({ clock }),
  dispose: () => {},
});

const where = { url: inject("redisUrl") };
const backdoor = new RedisBackdoor(where);
const open: ScenarioContext[] = [];
afterEach(async () => {
  for (const context of open.splice(0)) await context.dispose();
});
afterAll(() => backdoor.close());

describe.each([
  ["memory", () => memoryStorage()],
  ["SQLite", () => sqliteStorage()],
  ["Redis", () => redisStorage(where, backdoor)],
] as const)("the %s engine", (_name, storage) => {
  test(
    "lists by any two conditions what plain lines over whole records choose",
    () => {
      const checked = checkOn(
        ANY,
        async ([lives, filters]) => {
          const context = await ScenarioContext.create(storage());
          open.push(context);
          const start = context.clock.now();
          await live(context, lives);
          const { jobs } = await context.engine.listJobs({ filter: {}, cursor: null, limit: 100 });
          for (const given of filters) {
            const { not, ...conditions } = given;
            const filter: JobFilter = {
              ...from(start, conditions),
              ...(not === undefined ? {} : { not: from(start, not) }),
            };
            const wanted = jobs.filter(
              (job) => says(job, filter).every(Boolean) && !says(job, filter.not ?? {}).some(Boolean),
            );
            expect([filter, await listed(context.engine, filter)]).toEqual([filter, wanted.map(({ id }) => id)]);
          }
          await open.pop()?.dispose();
        },
        0.2,
      );
      return expect(checked).resolves.toBeUndefined();
    },
    TIME_LIMIT,
  );
});
