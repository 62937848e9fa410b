// Reading jobs hands over a bounded number of bytes at a time, however long they are: the process does nothing else meanwhile.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Checkpoint } from "../../../src/model/job/checkpoint.js";
import type { JobSpec } from "../../../src/model/job/job.js";
import { MAIN, ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { BytesMeter } from "./bytes-meter.js";
import { sqliteStorage } from "./sqlite-storage.js";

/** What one read may hand over, and a job beyond it. */
const MOST_READ = 2 * 1024 * 1024;
const LONGEST = 1024 * 1024;

let context: ScenarioContext;
let meter: BytesMeter;

beforeEach(async () => {
  context = await ScenarioContext.create(sqliteStorage());
  meter = BytesMeter.begin();
});

afterEach(async () => {
  meter.end();
  await context.dispose();
});

const text = (length: number): string => JSON.stringify("x".repeat(length));

async function addAll(count: number, change: (index: number) => Partial<JobSpec>): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) ids.push(await context.add(change(n)));
  return ids;
}

/** It took several transactions, none of which read much more than it may. */
function expectPieces(bytes: number): void {
  const read = meter.take();
  expect(Math.max(...read)).toBeLessThanOrEqual(MOST_READ);
  expect(read.length).toBeGreaterThanOrEqual(bytes / MOST_READ);
}

describe("jobs are read some bytes at a time", () => {
  it("by id: few, where they have long inputs, in the order asked for", async () => {
    const ids = await addAll(100, (n) => ({ input: text(n % 2 === 0 ? 120_000 : 10) }));
    const refs = [...ids, "nobody"].toReversed().map((id) => ({ queue: MAIN, id }));
    meter.take();
    const jobs = await context.engine.getJobs({ refs });
    expectPieces(50 * 120_000);

    expect(jobs.map((job) => job?.id ?? "nobody")).toEqual(refs.map(({ id }) => id));
    expect(jobs.map((job) => job?.input.length ?? 0)).toEqual([
      0,
      ...ids.map((_id, n) => (n % 2 === 0 ? 12 : 120_002)),
    ]);
  });

  it("by id: one after the other, where each has as much as one may", async () => {
    const ids = await addAll(5, () => ({ input: text(LONGEST - 2) }));
    meter.take();
    const jobs = await context.engine.getJobs({ refs: ids.map((id) => ({ queue: MAIN, id })) });
    expectPieces(5 * LONGEST);

    expect(jobs.every((job) => job?.input.length === LONGEST)).toBe(true);
  });

  it("by id: few, where they have long results and histories", async () => {
    const ids = await addAll(30, () => ({ attempts: 20, backoff: { type: "list", delays: [0] } }));
    const session = await context.session();
    const stack = "x".repeat(4_000);
    const error = { name: "Error", message: "boom", code: null, stack, cause: null, fingerprint: "f" };
    for (let run = 0; run < 10; run += 1) {
      const leases = await session.claim(30);
      for (const lease of leases) await session.settle(lease, { kind: "fail", error, retryIn: 0 });
      context.advance(1);
    }
    for (const lease of await session.claim(30)) await session.complete(lease, text(100_000));
    meter.take();
    const jobs = await context.engine.getJobs({ refs: ids.map((id) => ({ queue: MAIN, id })) });
    expectPieces(30 * (100_000 + 10 * 4_000));

    expect(jobs.map((job) => [job?.history.length, job?.result?.length])).toEqual(ids.map(() => [11, 100_002]));
  });

  it("the checkpoints of a run", async () => {
    await context.add();
    const session = await context.session();
    const lease = await session.next();
    const checkpoints = Array.from({ length: 2_500 }, (_, index): Checkpoint => {
      const value = text(index < 50 ? 100_000 : 10);
      return { seq: index + 1, kind: "step", name: "s", key: `${index}`, value, at: 0, took: 1, counters: null };
    });
    for (const checkpoint of checkpoints) await session.report(lease, { checkpoints: [checkpoint] });
    meter.take();
    const read = await context.engine.checkpoints(lease);
    expectPieces(50 * 100_000);

    expect(read).toEqual(checkpoints);
  });

  it("in listings, of several states, whose pages are full nevertheless up to 16 MB", async () => {
    const ids = await addAll(40, (n) => ({ input: text(200_000), ...(n >= 20 && { due: { in: 60_000 } }) }));
    const { jobs } = await context.engine.listJobs({ filter: {}, cursor: null, limit: 25 });
    expect(jobs.map(({ id }) => id)).toEqual([...ids.slice(20), ...ids.slice(0, 5)]);
    expectPieces(25 * 200_000);
    expect(await context.list({}, 500)).toEqual([...ids.slice(20), ...ids.slice(0, 20)]);
    expectPieces(40 * 200_000);
    expect(await context.list({ task: "work" }, 500)).toEqual([...ids.slice(20), ...ids.slice(0, 20)]);
    expectPieces(40 * 200_000);
  });
});
