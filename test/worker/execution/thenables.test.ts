// Thenables of any origin are awaited: lazy queries, promises of another realm, subclasses. A lazy one does nothing before
// its result is asked for, so a handler that returns one has done nothing yet.
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { InvalidInput, task, type AnyTask, type JobSnapshot, type Middleware } from "longshore";
import { FakeTimeFixture } from "../fixtures/fake-time-fixture.js";

const ONCE = { attempts: 1 } as const;

class Query implements PromiseLike<unknown> {
  asked = 0;
  readonly #answer: () => unknown;

  constructor(answer: () => unknown = () => ({ rows: 3 })) {
    this.#answer = answer;
  }

  then<A, B>(
    ok?: ((value: unknown) => A | PromiseLike<A>) | null,
    no?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.asked += 1;
    return Promise.resolve().then(this.#answer).then(ok, no);
  }
}

/** One that would be stored, were it not awaited. */
class SayableQuery extends Query {
  toJSON(): unknown {
    return { sql: "update t" };
  }
}

class OwnPromise<T> extends Promise<T> {}

const PASSES = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } } as const;
const HOOK: Middleware = { onStart: () => {} };

const givers: [string, () => unknown][] = [
  ["a lazy query", () => new Query()],
  ["a lazy query that JSON could keep", () => new SayableQuery()],
  ["a promise of another realm", () => runInNewContext("Promise.resolve({ rows: 3 })")],
  ["a subclass of Promise", () => OwnPromise.resolve({ rows: 3 })],
  [
    "a function that can be awaited",
    () => Object.assign(() => 1, { then: (ok: (is: unknown) => void) => ok({ rows: 3 }) }),
  ],
];

function brokenQuery(): Query {
  return new Query(() => {
    throw new Error("db is down");
  });
}

/** Runs a task once, to its end. */
async function run(own: AnyTask, middleware: Middleware[] = []): Promise<JobSnapshot> {
  const fixture = new FakeTimeFixture();
  fixture.longshore.worker([own], { middleware });
  const job = await fixture.enqueue(own);
  await fixture.rest();
  const snapshot = await job.refresh();
  await fixture.longshore.close();
  return snapshot;
}

describe.each(givers)("%s", (_what, give) => {
  it("that a handler returns is awaited, in whatever way the handler is called", async () => {
    const ends = [
      await run(task("plain", ONCE, give)),
      await run(task("checked", { ...ONCE, input: PASSES }, give)),
      await run(task("hooked", ONCE, give), [HOOK]),
      await run(task("in-a-step", ONCE, ({ step }) => step("query", give))),
    ];
    for (const { state, result } of ends) {
      expect({ state, result }).toEqual({ state: "completed", result: { rows: 3 } });
    }
  });
});

it("asks a lazy query once", async () => {
  const query = new Query();
  await run(task("plain", ONCE, () => query));
  expect(query.asked).toBe(1);
});

it("fails the job with what a lazy query failed with", async () => {
  const { error } = await run(task("plain", ONCE, brokenQuery));
  expect(error?.message).toBe("db is down");
});

it("fails the job when a look whether it must be awaited throws", async () => {
  const hostile = {};
  Object.defineProperty(hostile, "then", {
    get() {
      throw new Error("look away");
    },
  });
  const { error } = await run(task("plain", ONCE, () => hostile));
  expect(error?.message).toBe("look away");
});

describe("a schema that answers later, by a promise of its own kind,", () => {
  const schema = {
    "~standard": { version: 1, vendor: "test", validate: () => new Query(() => ({ issues: [{ message: "never" }] })) },
  } as never;
  const never = task("never", { input: schema }, () => "ran");

  it("is waited for before a job is accepted", async () => {
    const { longshore } = new FakeTimeFixture();
    await expect(longshore.enqueue(never, 1 as never)).rejects.toThrow(InvalidInput);
    await expect(longshore.enqueueMany(never, [1 as never])).rejects.toThrow(InvalidInput);
    const nightly = { name: "nightly", task: never, every: "1h", input: 1 as never } as const;
    await expect(longshore.schedules.put(nightly)).rejects.toThrow(InvalidInput);
    await longshore.close();
  });

  it("is waited for before a handler runs", async () => {
    const { state, error } = await run(never);
    expect({ state, name: error?.name }).toEqual({ state: "failed", name: "InvalidInput" });
  });

  it("is refused for a milestone, which is shown at once", async () => {
    const scan = task("scan", { ...ONCE, milestones: { TEASER: schema } }, ({ emit }) => emit("TEASER", 1 as never));
    expect((await run(scan)).error?.message).toContain("must answer at once");
  });
});
