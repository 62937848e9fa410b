// Reading jobs hands over a bounded number of bytes at a time, however long they are: the process does nothing else meanwhile.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Checkpoint } from "../../../src/model/job/report/checkpoint.js";
import type { JobSpec } from "../../../src/model/job/job.js";
import { MOST_CLAIMED_BYTES } from "../../../src/engine/contract/engine.js";
import { MAIN, ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { BytesMeter } from "./bytes-meter.js";
import { sqliteStorage } from "./sqlite-storage.js";
import { StatementMeter } from "./statement-meter.js";

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

  it("in listings, of several states, whose pages are short", async () => {
    const ids = await addAll(40, (n) => ({ input: text(200_000), ...(n >= 20 && { due: { in: 60_000 } }) }));
    const all = [...ids.slice(20), ...ids.slice(0, 20)];
    const { jobs } = await context.engine.listJobs({ filter: {}, cursor: null, limit: 25 });
    expect(jobs.map(({ id }) => id)).toEqual(all.slice(0, 10));
    expectPieces(10 * 200_000);
    expect(await context.list({}, 500)).toEqual(all);
    expectPieces(40 * 200_000);
    expect(await context.list({ task: "work" }, 500)).toEqual(all);
    expectPieces(40 * 200_000);
  });

  it("and without inputs and results nothing of them", async () => {
    const ids = await addAll(100, () => ({ input: text(100_000), meta: `{"m":${text(50_000)}}` }));
    const session = await context.session();
    for (const lease of await session.claim(50)) await session.complete(lease, text(100_000));
    meter.take();
    const refs = ids.map((id) => ({ queue: MAIN, id }));
    await context.engine.getJobs({ refs, fields: [] });
    await context.engine.findJobs({ ids, fields: [] });
    await context.engine.listJobs({ filter: {}, cursor: null, limit: 100, fields: [] });

    expect(meter.take().map((bytes) => bytes < 100 * 300)).toEqual([true, true, true]);
  });
});

describe("a claim reads the inputs that it gives", () => {
  // 1,000,000 characters are exceeded by the 34th of 30,000.
  const GIVEN = 34;

  it.each(["x", "\u20AC"])("up to their bound, counted in characters: of %j", async (character) => {
    const ids = await addAll(100, () => ({ input: JSON.stringify(character.repeat(29_998)) }));
    const session = await context.session();
    const claimed: string[] = [];
    for (const expected of [GIVEN, GIVEN, 100 - 2 * GIVEN]) {
      meter.take();
      const answer = await session.exchange([], { max: 500 });
      expect([answer.leases.length, answer.more]).toEqual([expected, expected === GIVEN]);
      expect(Math.max(...meter.take())).toBeLessThan(MOST_CLAIMED_BYTES + 300_000);
      claimed.push(...answer.leases.map(({ id }) => id));
    }

    expect(claimed).toEqual(ids);
  });

  it("from all queues together, and the same when it is sent again", async () => {
    for (const queue of ["a", "b", "c"]) await addAll(20, () => ({ queue, input: text(29_998) }));
    const session = await context.session({ queues: ["a", "b", "c"] });
    meter.take();
    const { leases, more } = await session.exchange([], { max: 500 });
    const [read] = meter.take();

    expect([leases.length, leases.at(-1)?.queue, more]).toEqual([GIVEN, "b", true]);
    expect(read).toBeLessThan(MOST_CLAIMED_BYTES + 300_000);
    expect(await session.resend()).toMatchObject({ leases, more });
  });

  it("whether they are set aside, suspects, or wait in line", async () => {
    const short = await addAll(100, () => ({ input: text(10) }));
    await addAll(100, () => ({ input: text(25_000) }));
    const decliner = await context.session();
    const set = await decliner.claim(500);
    for (const lease of set) await decliner.settle(lease, { kind: "decline" });
    await addAll(100, () => ({ input: text(25_000) }));
    const session = await context.session();
    meter.take();
    const answer = await session.exchange([], { max: 500, tasks: ["work"] });

    expect(answer.leases.slice(0, 100).map(({ id }) => id)).toEqual(short);
    expect([answer.leases.length, answer.more]).toEqual([140, true]);
    expect(Math.max(...meter.take())).toBeLessThan(MOST_CLAIMED_BYTES + 300_000);
  });

  it("and none of those that have expired", async () => {
    await addAll(100, () => ({ ttl: 1_000, input: text(120_000) }));
    const last = await context.add({ input: text(120_000) });
    const session = await context.session();
    context.advance(1_000);
    meter.take();

    expect(await session.claimIds(500)).toEqual([last]);
    expect(Math.max(...meter.take())).toBeLessThan(200_000);
  });

  it("with one statement for all that are short", async () => {
    await addAll(500, () => ({ input: text(1_990) }));
    const session = await context.session();
    const statements = StatementMeter.begin();
    const { length } = await session.claim(500);
    const { texts } = statements.take();
    statements.end();

    expect(length).toBe(500);
    expect(texts.filter((one) => one.includes("FROM inputs"))).toHaveLength(1);
  });
});
