// Retrying many jobs asks the engine in commands of hundreds of jobs, not once for each: what they wait for, and to queue them.
import { expect, it } from "vitest";
import { flow, task, type Engine, type Longshore } from "longshore";
import { withCommands } from "../worker/fixtures/fake-time-fixture.js";
import { onEveryEngine, type EngineStorage } from "../worker/fixtures/on-engines.js";

const MANY = 60;
const COUNTED = ["dependencies", "dependenciesOf", "getJobs", "retry"] as const;

const state = { broken: true };
const work = task<unknown, number>("work", { queue: "work", attempts: 1 }, () => {
  if (state.broken) throw new Error("broken");
  return 1;
});
const wide = flow("wide", { queue: "work" }, ($) => {
  for (let n = 0; n < MANY; n += 1) $(work, n, { name: `n${n}` });
});
const chain = flow("chain", { queue: "work" }, ($) => {
  let last = $(work, 0, { name: "n0" });
  for (let n = 1; n < MANY; n += 1) last = $(work, { last }, { name: `n${n}` });
  return { last };
});

/** A connection that counts commands. */
async function counting(
  storage: EngineStorage,
): Promise<{ longshore: Longshore; taken: () => Record<string, number> }> {
  let counts: Record<string, number> = {};
  const longshore = await storage.attach((engine) => {
    const counted = COUNTED.map((name) => {
      const call = (params: never): unknown => {
        counts[name] = (counts[name] ?? 0) + 1;
        return (engine[name] as (given: never) => unknown)(params);
      };
      return [name, call];
    });
    return withCommands(engine, Object.fromEntries(counted) as Partial<Engine>);
  });
  const taken = (): Record<string, number> => {
    const before = counts;
    counts = {};
    return before;
  };
  return { longshore, taken };
}

async function drain(longshore: Longshore): Promise<void> {
  await longshore.worker([work], { burst: true, concurrency: 20 }).finished;
}

onEveryEngine("few commands retry", (storage) => {
  it.each([
    // Each of them ran, and may have spawned others.
    { shape: "wide", of: wide, reads: 1 },
    // Only the first of them ran.
    { shape: "chain", of: chain, reads: 1 },
  ])(`a flow of ${MANY} failed jobs: $shape`, async ({ of, reads }) => {
    state.broken = true;
    const { longshore, taken } = await counting(storage);
    const job = await longshore.enqueue(of);
    await drain(longshore);
    expect((await job.refresh()).state).toBe("failed");
    taken();
    await job.retry();

    // The flow and its members are read, what these may have spawned; then they are queued again, and the flow.
    expect(taken()).toEqual({ getJobs: 2, dependencies: 1, dependenciesOf: reads, retry: 2 });
    state.broken = false;
    await drain(longshore);
    expect((await job.refresh()).state).toBe("completed");
    expect(new Set((await job.members()).map((member) => member.state))).toEqual(new Set(["completed"]));
  });

  it("hundreds of jobs that wait for another one", async () => {
    state.broken = true;
    const { longshore, taken } = await counting(storage);
    const first = await longshore.enqueue(work, 0);
    const jobs = await longshore.enqueueMany(work, Array.from({ length: 510 }).fill(1), { after: [first] });
    await drain(longshore);
    expect((await longshore.queue("work").counts()).failed).toBe(jobs.length + 1);
    taken();
    expect(await longshore.retryAll({ states: "failed" })).toMatchObject({ applied: jobs.length + 1 });

    const { dependencies = 0, dependenciesOf = 0, retry = 0 } = taken();
    expect(dependencies).toBe(0);
    expect(dependenciesOf).toBeLessThanOrEqual(4);
    expect(retry).toBeLessThanOrEqual(4);
  });
});
