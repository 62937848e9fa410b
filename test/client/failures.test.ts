// Failure groups over queues: listed, merged, acknowledged, resolved, retried and discarded, and what they have in common.
import { describe, expect, it } from "vitest";
import {
  connect,
  FailureGroupNotFound,
  InvalidInput,
  task,
  type FailureGroupSnapshot,
  type FailureQuery,
  type Longshore,
} from "longshore";
import { FakeTimeFixture, withCommands } from "../worker/fixtures/fake-time-fixture.js";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";

/** Fails as its input says, while it is not mended. */
let broken = true;
const fail = (input: string): string => {
  if (broken) throw new TypeError(input);
  return "done";
};
const scan = task<string>("scan", { queue: "scans", attempts: 1 }, ({ input }) => fail(input));
const embed = task<string>("embed", { queue: "embeds", attempts: 1 }, ({ input }) => fail(input));
const rank = task<string>("rank", { queue: "ranks", attempts: 1 }, ({ input }) => fail(input));
const other = task("other", { queue: "other" }, () => "done");

const KEY = "the API key is not valid";

/** A word without digits for each number: digits do not tell causes apart. */
function word(index: number): string {
  return "abcdefghijklmnopqrstuvwxyz".charAt(Math.floor(index / 10)).repeat(4);
}

async function drain(longshore: Longshore): Promise<void> {
  await longshore.worker([scan, embed, rank], { burst: true }).finished;
}

/** Runs `scan` three times, `embed` once and `rank` once with the same error, and `scan` once with another one. */
async function failAll(longshore: Longshore): Promise<{ key: string; rare: string }> {
  broken = true;
  const rare = await longshore.enqueue(scan, "out of range");
  await drain(longshore);
  const [first] = await longshore.enqueueMany(scan, [KEY, KEY, KEY]);
  await longshore.enqueue(embed, KEY);
  await longshore.enqueue(rank, KEY);
  await drain(longshore);
  const of = async (job: typeof rare | undefined): Promise<string> => (await job?.refresh())?.error?.fingerprint ?? "";
  return { key: await of(first), rare: await of(rare) };
}

async function listed(longshore: Longshore, query?: FailureQuery): Promise<FailureGroupSnapshot[]> {
  return (await longshore.failures(query).page()).groups.slice();
}

const fingerprintsOf = (groups: readonly FailureGroupSnapshot[]): string[] =>
  groups.map(({ fingerprint }) => fingerprint);

onEveryEngine("failure groups", (storage) => {
  it("are listed over queues as one for each cause, the one seen last first", async () => {
    const longshore = await storage.connect({ appVersion: "1.2" });
    const { key, rare } = await failAll(longshore);
    const [first, second, ...others] = await listed(longshore);

    expect(others).toEqual([]);
    expect(first).toMatchObject({
      fingerprint: key,
      name: "TypeError",
      message: KEY,
      runs: 5,
      filed: 5,
      state: "open",
    });
    expect(second).toMatchObject({
      fingerprint: rare,
      runs: 1,
      tasks: ["scan"],
      queues: [{ queue: "scans", runs: 1 }],
    });
    expect(new Map(first?.queues.map(({ queue, runs }) => [queue, runs]))).toEqual(
      new Map([
        ["scans", 3],
        ["embeds", 1],
        ["ranks", 1],
      ]),
    );
    expect(first?.tasks.toSorted()).toEqual(["embed", "rank", "scan"]);
    expect(first?.versions).toHaveLength(3);
    expect(first?.versions[0]).toMatchObject({ appVersion: "1.2", environment: null });
    expect(first?.hours.reduce((sum, { count }) => sum + count, 0)).toBe(5);
    expect(first?.samples).toHaveLength(5);
    for (const { queue, id } of first?.samples ?? []) {
      expect((await longshore.queue(queue).job(id).refresh()).error?.fingerprint).toBe(key);
    }
    expect(await longshore.failure(key).refresh()).toEqual(first);
  });

  it("are chosen by queues, tasks and states", async () => {
    const longshore = await storage.connect();
    const { key, rare } = await failAll(longshore);
    await longshore.failure(rare).acknowledge();

    expect(await listed(longshore, { queues: "ranks" })).toMatchObject([
      { fingerprint: key, runs: 1, tasks: ["rank"] },
    ]);
    expect(fingerprintsOf(await listed(longshore, { queues: ["scans", "nowhere"] }))).toEqual([key, rare]);
    expect(fingerprintsOf(await listed(longshore, { tasks: ["embed", "none"] }))).toEqual([key]);
    expect(fingerprintsOf(await listed(longshore, { states: "acknowledged" }))).toEqual([rare]);
    expect(fingerprintsOf(await listed(longshore, { states: ["open", "acknowledged"] }))).toEqual([key, rare]);
    expect(await listed(longshore, { states: "resolved" })).toEqual([]);
  });

  it("come page by page, and as a stream", async () => {
    const longshore = await storage.connect();
    const { key, rare } = await failAll(longshore);
    const first = await longshore.failures().page({ limit: 1 });
    expect(fingerprintsOf(first.groups)).toEqual([key]);
    const second = await longshore.failures().page({ limit: 1, cursor: first.cursor });

    expect(second).toMatchObject({ groups: [{ fingerprint: rare }], cursor: null, exact: true, dropped: 0 });
    const streamed: FailureGroupSnapshot[] = [];
    for await (const group of longshore.failures()) streamed.push(group);
    expect(fingerprintsOf(streamed)).toEqual([key, rare]);
  });

  it("are all read, however many, and none is missed or repeated when one fails again between two pages", async () => {
    broken = true;
    let commands = 0;
    const longshore = await storage.attach((engine) =>
      withCommands(engine, {
        failureGroups: async (params) => {
          commands += 1;
          return engine.failureGroups(params);
        },
      }),
    );
    const causes = Array.from(
      { length: 150 },
      (_none, index) => `cause ${"abcdefghij".charAt(index % 10)}${word(index)}`,
    );
    await longshore.enqueueMany(scan, causes);
    await drain(longshore);
    const first = await longshore.failures().page({ limit: 60 });
    // Two pages of the queue that has them, and one of each other queue.
    expect(commands).toBe(4);
    const again = first.groups[59]?.message ?? "";
    await longshore.enqueue(embed, again);
    await drain(longshore);
    const second = await longshore.failures().page({ limit: 60, cursor: first.cursor });
    const third = await longshore.failures().page({ limit: 60, cursor: second.cursor });

    const seen = [first, second, third].flatMap(({ groups }) => groups.map(({ message }) => message));
    expect(third).toMatchObject({ cursor: null, exact: true });
    expect(seen.toSorted()).toEqual(causes.toSorted());
    expect((await listed(longshore))[0]).toMatchObject({ message: again, runs: 2 });
  });

  it("are acknowledged, resolved and opened again in all queues, with who did it", async () => {
    const longshore = await storage.connect();
    const { key } = await failAll(longshore);
    const handle = longshore.failure(key);

    expect(await handle.acknowledge({ by: "ada" })).toMatchObject({ state: "acknowledged", changedBy: "ada" });
    expect(await handle.resolve({ by: "bob" })).toMatchObject({ state: "resolved", changedBy: "bob" });
    const states = (await handle.refresh()).queues.map(({ state, changedBy }) => [state, changedBy]);
    expect(states).toEqual(Array.from({ length: 3 }, () => ["resolved", "bob"]));
    expect(await handle.reopen()).toMatchObject({ state: "open", changedBy: null });
  });

  it("are resolved and queued again as a whole, and regress when one fails once more", async () => {
    const longshore = await storage.connect();
    const { key, rare } = await failAll(longshore);
    await longshore.worker([other]).ready();
    const job = await longshore.failure(key).retry({ by: "ada" });
    expect(await longshore.failure(key).refresh()).toMatchObject({ state: "resolved", changedBy: "ada" });
    expect(await job.result()).toMatchObject({ matched: 5, applied: 5 });
    expect((await job.refresh()).tags).toEqual(["action:retry", "by:ada"]);
    expect(await longshore.failure(key).refresh()).toMatchObject({ state: "resolved", filed: 0, runs: 5 });
    expect((await longshore.queue("scans").counts()).failed).toBe(1);

    broken = false;
    await longshore.worker([scan, embed], { burst: true }).finished;
    expect(await longshore.failure(key).refresh()).toMatchObject({ state: "resolved", filed: 0, runs: 5 });
    broken = true;
    await drain(longshore);
    expect(await longshore.failure(key).refresh()).toMatchObject({ state: "regressed", filed: 1, runs: 6 });
    expect(fingerprintsOf(await listed(longshore, { states: "regressed" }))).toEqual([key]);
    expect(fingerprintsOf(await listed(longshore, { states: "open" }))).toEqual([rare]);
  });

  it("are discarded: their failed jobs are removed, those of others stay", async () => {
    const longshore = await storage.connect();
    const { key } = await failAll(longshore);
    await longshore.worker([other]).ready();
    const job = await longshore.failure(key).discard({ by: "ada" });

    expect(await job.result()).toMatchObject({ matched: 5, applied: 5 });
    expect(await longshore.failure(key).refresh()).toMatchObject({ state: "open", filed: 0, runs: 5 });
    expect((await longshore.jobs({ states: "failed" }).page()).jobs).toHaveLength(1);
  });

  it("say what most failures have in common", async () => {
    const longshore = await storage.connect();
    const { key } = await failAll(longshore);
    const [cause, ...others] = await longshore.failures().sharedCauses();

    expect(others).toEqual([]);
    expect(cause).toMatchObject({ fingerprint: key, runs: 5, of: 6 });
    expect(cause?.hint).toBe(
      `5 of the last 6 failed runs, of 3 tasks, ended with "TypeError: ${KEY}": a key or token may be missing, wrong or expired.`,
    );
    expect(await longshore.failures({ queues: "ranks" }).sharedCauses()).toEqual([]);
    expect(await longshore.failures().sharedCauses({ since: Date.now() + 2 * 3_600_000 })).toEqual([]);
  });

  it("are read in one command a queue, and few of them at a time", async () => {
    let [commands, inFlight, most] = [0, 0, 0];
    const longshore = await storage.attach((engine) =>
      withCommands(engine, {
        failureGroups: async (params) => {
          [commands, inFlight] = [commands + 1, inFlight + 1];
          most = Math.max(most, inFlight);
          const page = await engine.failureGroups(params);
          inFlight -= 1;
          return page;
        },
      }),
    );
    for (let n = 0; n < 50; n += 1) await longshore.enqueue("none", null, { queue: `queue-${n}` });
    expect(await listed(longshore)).toEqual([]);
    expect(commands).toBe(50);
    expect(most).toBeLessThanOrEqual(20);
  });
});

describe("a failure group", () => {
  it("is resolved before its jobs are queued again: whatever these fail with is a regression", async () => {
    const order: string[] = [];
    const fixture = new FakeTimeFixture((engine) =>
      withCommands(engine, {
        changeFailureGroup: (params) => {
          order.push(`${params.state} in ${params.queue}`);
          return engine.changeFailureGroup(params);
        },
        enqueue: (params) => {
          order.push(...params.jobs.map(({ queue }) => `a job in ${queue}`));
          return engine.enqueue(params);
        },
      }),
    );
    const { longshore } = fixture;
    broken = true;
    const job = await longshore.enqueue(scan, KEY);
    await longshore.worker([scan], { burst: true }).finished;
    order.length = 0;
    await longshore.failure((await job.refresh()).error?.fingerprint ?? "").retry();

    expect(order).toEqual(["resolved in scans", "a job in longshore:bulk"]);
    await longshore.close();
  });

  it("that does not exist is not found, whatever is to be done, and nothing is stored", async () => {
    const longshore = await connect("memory:");
    try {
      const handle = longshore.failure("0123456789abc");
      for (const act of ["refresh", "acknowledge", "resolve", "reopen", "retry", "discard"] as const) {
        await expect(handle[act]()).rejects.toThrow(FailureGroupNotFound);
      }
      expect(await longshore.queues({ system: true })).toEqual([]);
    } finally {
      await longshore.close();
    }
  });

  it("is one of 10,000 that are read at most, and the list says that these are not all", async () => {
    let commands = 0;
    const { longshore } = new FakeTimeFixture((engine) =>
      withCommands(engine, {
        failureGroups: async (params) => {
          const { groups, dropped } = await engine.failureGroups({ ...params, after: null });
          commands += 1;
          const many = Array.from({ length: 100 }, (_none, index) =>
            groups.map((group) => ({ ...group, fingerprint: `${commands}-${index}` })),
          );
          return { groups: many.flat(), next: "more", dropped };
        },
      }),
    );
    await longshore.enqueue(scan, KEY);
    await longshore.worker([scan], { burst: true }).finished;
    const { groups, exact, cursor } = await longshore.failures().page({ limit: 500 });

    expect({ commands, groups: groups.length, exact }).toEqual({ commands: 100, groups: 500, exact: false });
    expect(cursor).not.toBeNull();
    await longshore.close();
  });

  const wrong: Record<string, { field: string; call: (longshore: Longshore) => unknown }> = {
    "an empty fingerprint": { field: "fingerprint", call: (longshore) => longshore.failure("") },
    "a fingerprint with a blank": { field: "fingerprint", call: (longshore) => longshore.failure("a b") },
    "an unknown state": { field: "states", call: (longshore) => longshore.failures({ states: "failed" as never }) },
    "one unknown state": {
      field: "states[1]",
      call: (longshore) => longshore.failures({ states: ["open", "x"] as never }),
    },
    "no name of a queue": { field: "queues", call: (longshore) => longshore.failures({ queues: "no name" }) },
    "an unknown condition": { field: "queue", call: (longshore) => longshore.failures({ queue: "a" } as never) },
    "no query": { field: "query", call: (longshore) => longshore.failures(null as never) },
    "a limit of 501": { field: "limit", call: async (longshore) => longshore.failures().page({ limit: 501 }) },
    "a forged cursor": { field: "cursor", call: async (longshore) => longshore.failures().page({ cursor: "x" }) },
    "no time": { field: "since", call: async (longshore) => longshore.failures().sharedCauses({ since: 5 }) },
    "a name too long": {
      field: "by",
      call: async (longshore) => longshore.failure("f").resolve({ by: "a".repeat(101) }),
    },
    "an unknown option": {
      field: "who",
      call: async (longshore) => longshore.failure("f").retry({ who: "a" } as never),
    },
    "no options of a page": { field: "options", call: async (longshore) => longshore.failures().page(null as never) },
    "a misspelt option of a page": {
      field: "limt",
      call: async (longshore) => longshore.failures().page({ limt: 1 } as object),
    },
    "no options of shared causes": {
      field: "options",
      call: async (longshore) => longshore.failures().sharedCauses(null as never),
    },
    "no options of a retry": {
      field: "options",
      call: async (longshore) => longshore.failure("f").retry(null as never),
    },
    "no flag": {
      field: "fromStart",
      call: async (longshore) => longshore.failure("f").retry({ fromStart: 1 as never }),
    },
  };

  it.each(Object.keys(wrong))("is not asked for with %s", async (how) => {
    const longshore = await connect("memory:");
    const { field, call } = wrong[how] ?? { field: "", call: () => null };
    const thrown: unknown = await Promise.resolve()
      .then(() => call(longshore))
      .catch((error: unknown) => error);
    await longshore.close();

    expect(thrown).toBeInstanceOf(InvalidInput);
    expect(thrown).toMatchObject({ field });
  });
});
