// Reading looks at a bounded number of rows at a time, whatever the filter and however many jobs there are: the process does
// nothing else meanwhile. `LONGSHORE_BOUNDS=1000000` tries it with more.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  MOST_LINKS,
  type DependencyPage,
  type DependencyPlace,
  type JobPage,
} from "../../../src/engine/contract/engine.js";
import type { JobFilter } from "../../../src/model/job/query/filter.js";
import { loadDriver, type Database } from "../../../src/engine/sqlite/database/driver.js";
import { MAIN, ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import type { TestSession } from "../../../src/engine/testkit/context/test-session.js";
import { sqliteStorage } from "./sqlite-storage.js";
import { planOf, StatementMeter } from "./statement-meter.js";

const MANY = Number(process.env["LONGSHORE_BOUNDS"] ?? 20_000);
/** How many jobs a page with a filter looks at, and at most beyond that in its last piece. */
const MOST_LOOKED_AT = 2_000;
const LARGEST_PIECE = 500;
const PAGE = 20;
/** A queue whose jobs are all queued, one whose jobs are all due at one time. */
const [LINE, DUE] = [MAIN, "due"];

let context: ScenarioContext;
let meter: StatementMeter;
let beside: Database;
let cancelled: string;
let last: string;
let rare: string[];
const seen = new Set<string>();

beforeAll(async () => {
  const storage = sqliteStorage();
  context = await ScenarioContext.create(storage);
  beside = (await loadDriver())(storage.path, { timeout: 5_000 });
  const first = await context.add({ tags: ["rare:1", "common:1"] });
  cancelled = await context.add({ tags: ["rare:1"] });
  for (let added = 0; added < MANY; added += 500) {
    await context.addMany(500, { tags: ["common:1"] });
    await context.addMany(500, { queue: DUE, due: { in: 60_000 } });
  }
  last = await context.add({ tags: ["rare:1"] });
  const other = await context.add({ queue: DUE, due: { in: 60_000 }, tags: ["rare:1"] });
  rare = [first, last, cancelled, other];
  meter = StatementMeter.begin();
}, 240_000);

beforeEach(() => void meter.take());

afterAll(async () => {
  meter.end();
  beside.close();
  await context.dispose();
});

interface Listing {
  readonly ids: readonly string[];
  readonly pages: number;
  /** The most rows that the statements of one page handed over. */
  readonly mostRows: number;
}

async function list(filter: JobFilter): Promise<Listing> {
  const ids: string[] = [];
  let [pages, mostRows] = [0, 0];
  let cursor: string | null = null;
  meter.take();
  do {
    const page: JobPage = await context.engine.listJobs({ filter, cursor, limit: PAGE });
    ids.push(...page.jobs.map(({ id }) => id));
    ({ cursor } = page);
    pages += 1;
    const { texts, rows } = meter.take();
    mostRows = Math.max(mostRows, rows);
    for (const text of texts) expectIndexed(text);
  } while (cursor !== null);
  return { ids, pages, mostRows };
}

/** Each step goes through an index, or what a subquery with a limit gave; what is sorted is no more than the jobs that a tag or a cause of failure has, when these are few. */
function expectIndexed(text: string): void {
  if (seen.has(text)) return;
  seen.add(text);
  const plan = planOf(beside, text);
  const steps = plan.filter((step) => /^SCAN (?!\(subquery)|TEMP B-TREE/.test(step));
  const allowed = /FROM (?:tags t|attempts a CROSS JOIN)/.test(text) ? ["USE TEMP B-TREE FOR ORDER BY"] : [];
  // A list that is handed in, and what one statement hands to the next.
  expect([text, steps.filter((step) => !/^SCAN (?:c|e|json_each)\b/.test(step))]).toEqual([
    text,
    steps.filter((step) => allowed.includes(step)),
  ]);
}

describe(`a listing of ${2 * MANY} jobs`, () => {
  it.each<JobFilter>([
    { task: "nobody" },
    { idContains: "zzz zzz" },
    { createdBefore: 0 },
    { errorText: "none" },
    { worker: "none" },
    { flow: "none" },
    { priority: { min: 1 } },
    { attempt: { min: 1 } },
    { finished: { from: 0 } },
    { idPrefix: "zzz" },
    { tasks: ["nobody", "none"] },
    { unknownTo: { [LINE]: ["work"], [DUE]: ["work"] } },
    { not: { task: "work" } },
    { not: { created: { from: 0 } } },
    { task: "nobody", queue: DUE },
    { task: "nobody", tag: "common:1" },
  ])("with a filter that fits none looks at a part of them a page: %j", async (filter) => {
    const { ids, pages, mostRows } = await list(filter);

    const looked = filter.queue === undefined && filter.tag === undefined ? 2 * MANY : MANY;
    expect(ids).toEqual([]);
    expect(pages).toBeGreaterThanOrEqual(Math.floor(looked / (MOST_LOOKED_AT + LARGEST_PIECE)));
    expect(pages).toBeLessThanOrEqual(looked / MOST_LOOKED_AT + 4);
    expect(mostRows).toBeLessThan(100);
  });

  it.each<JobFilter>([
    { tag: "of:nobody" },
    { fingerprint: "none" },
    { schedule: "none" },
    { tags: ["common:1", "of:none"] },
    { queue: "nowhere" },
    { states: ["active"] },
    { states: [] },
  ])("knows at once where nothing is: %j", async (filter) => {
    expect(await list(filter)).toMatchObject({ ids: [], pages: 1 });
  });

  it("finds the jobs of a rare tag at once, wherever they are", async () => {
    await context.control("cancel", cancelled);

    expect(await list({ tag: "rare:1" })).toMatchObject({ ids: [...rare.slice(3), ...rare.slice(0, 3)], pages: 1 });
    expect((await list({ tag: "rare:1", queue: LINE, states: ["queued"] })).ids).toEqual(rare.slice(0, 2));
    expect((await list({ tag: "rare:1", task: "nobody" })).ids).toEqual([]);
  });

  it.each<JobFilter>([
    {},
    { not: { queue: LINE } },
    { queue: LINE },
    { tag: "common:1" },
    { queue: DUE },
    { task: "work", queue: DUE },
  ])("that fits most has each of them once, and reads little more than it hands out: %j", async (filter) => {
    const some = PAGE * 40;
    const ids: string[] = [];
    let cursor: string | null = null;
    while (ids.length < some) {
      const page: JobPage = await context.engine.listJobs({ filter, cursor, limit: PAGE });
      ids.push(...page.jobs.map(({ id }) => id));
      ({ cursor } = page);
      const { texts, rows } = meter.take();
      expect(rows).toBeLessThan(3 * PAGE);
      for (const text of texts) expectIndexed(text);
    }
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("goes on within jobs that are due at one time without reading those before", async () => {
    const { cursor } = await context.engine.listJobs({ filter: { queue: DUE }, cursor: null, limit: PAGE });
    meter.take();
    await context.engine.listJobs({ filter: { queue: DUE }, cursor, limit: PAGE });
    const steps = meter.take().texts.flatMap((text) => planOf(beside, text));

    const found = steps.filter((step) => step.includes("jobs_position"));
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((step) => !step.includes("(position,tiebreak)>(?,?)"))).toEqual([]);
  });

  it("is complete", { timeout: 120_000 }, async () => {
    const { ids } = await list({ queue: DUE, createdFrom: 0 });

    expect([ids.length, new Set(ids).size]).toEqual([MANY + 1, MANY + 1]);
    expect(ids).toEqual(ids.toSorted());
  });
});

/** What is wrong about the places of these jobs: one that is not what listing the line gives, or jobs that were counted for it. */
async function faults(ids: readonly string[]): Promise<string[]> {
  const line = await context.list({ queue: "line", states: ["queued"] });
  meter.take();
  const found: string[] = [];
  for (const id of ids) {
    const place = await context.position(id, "line");
    if ((place ?? 0) !== line.indexOf(id) + 1) found.push(`${id} is at ${place}, not at ${line.indexOf(id) + 1}`);
  }
  return [...found, ...meter.take().texts.filter((text) => text.includes("count(*) FROM jobs"))];
}

describe("the place of a job", () => {
  it("is read from its position, and from the gaps before it where jobs were taken out of the line", async () => {
    const ids = await context.addMany(3_000, { queue: "line" });
    expect(await faults(ids.slice(0, 3))).toEqual([]);
    const taken = ids.filter((_id, index) => index % 3 === 1 || (index > 1_100 && index < 2_200));
    for (const [index, id] of taken.entries()) {
      await context.control(index % 2 === 0 ? "cancel" : "remove", { queue: "line", id });
    }
    await context.addMany(3, { queue: "line", priority: -1 });
    await context.addMany(3, { queue: "line", priority: 1 });

    expect(
      await faults(
        [0, 1, 2, 3, 1_000, 1_023, 1_024, 1_100, 1_500, 2_200, 2_201, 2_996, 2_999].map((at) => ids[at] ?? ""),
      ),
    ).toEqual([]);
  });

  it("is right after leases at the head, and after they were returned to it", async () => {
    const line = await context.list({ queue: "line", states: ["queued"] });
    const some = [4, 5, 700, 701, 1_000].map((at) => line[at] ?? "");
    const session = await context.session({ queues: ["line"], ttl: 3_600_000 });
    const leases = await session.claim(700);
    expect(await faults(some)).toEqual([]);
    await context.control("cancel", { queue: "line", id: some[3] ?? "" });
    for (const lease of leases.toReversed()) await session.settle(lease, { kind: "return" });
    expect(await faults([...some, ...line.slice(3, 6)])).toEqual([]);
    await session.claim(5);
    await context.sweep(10, ["line"]);
    expect(await faults(some)).toEqual([]);
    await session.close();
    expect(await faults([...some, ...line.slice(3, 8)])).toEqual([]);
  });

  it("is counted in pieces where gaps are not known", async () => {
    beside.exec("DELETE FROM gaps; DELETE FROM gap_blocks");
    const line = await context.list({ queue: "line", states: ["queued"] });

    expect(await context.position(line.at(-4) ?? "", "line")).toBe(line.length - 3);
    expect(meter.take().texts.some((text) => text.includes("count(*) FROM jobs"))).toBe(true);
  });

  it("is read in a long line", async () => {
    await context.control("cancel", cancelled);
    meter.take();
    expect(await context.position(last)).toBe(MANY + 2);
    const { texts, rows } = meter.take();
    for (const text of texts) expectIndexed(text);
    expect(rows).toBeLessThan(40);
  });
});

describe("the jobs that one session of many holds", () => {
  it("are found, counted and returned without reading those of the others", { timeout: 60_000 }, async () => {
    const busy = await context.session({ ttl: 3_600_000 });
    for (let claimed = 0; claimed < MANY / 10; claimed += 500) await busy.claim(500);
    const session = await context.session({ ttl: 3_600_000 });
    const held = await session.claim(3);
    meter.take();

    const { leases } = await context.engine.held({ session: session.id, queue: MAIN, cursor: null });
    expect(leases.map(({ id }) => id)).toEqual(held.map(({ id }) => id));
    const running = (await context.engine.workers()).map((worker) => worker.running);
    expect(running.toSorted((a, b) => a - b)).toEqual([3, Math.ceil(MANY / 10 / 500) * 500]);
    await session.close();
    expect(await context.state(held[0]?.id ?? "")).toBe("queued");
    const { texts, rows } = meter.take();
    expect(rows).toBeLessThan(50);
    expectHeldIndex(texts);
  });

  it("are recovered without reading those of the living", async () => {
    const living = await context.session({ ttl: 3_600_000 });
    await living.claim(500);
    const dead = await context.session({ ttl: 1_000 });
    await dead.claim(2);
    context.advance(2_000);
    meter.take();

    expect((await context.sweep(1)).recovered).toBe(1);
    const { texts, rows } = meter.take();
    expect(rows).toBeLessThan(50);
    expectHeldIndex(texts);
  });
});

describe("one worker of many", () => {
  it("is given a command, takes it and says how it is without reading the others", { timeout: 60_000 }, async () => {
    const sessions: TestSession[] = [];
    for (let n = 0; n < 300; n += 1) sessions.push(await context.session({ ttl: 3_600_000 }));
    const session = sessions[150];
    meter.take();

    await session?.command("quiet", "op-1");
    const { command } = (await session?.heartbeat(undefined, { acknowledges: "op-1" })) ?? {};
    expect(command).toBeUndefined();
    const { texts, rows } = meter.take();
    for (const text of texts) expectIndexed(text);
    expect(rows).toBeLessThan(20);
    for (const one of sessions) await one.close();
  });
});

describe("jobs that many dead sessions hold", () => {
  it("are recovered with a bounded look at those that each holds", { timeout: 60_000 }, async () => {
    await context.addMany(10_000, { queue: "lost" });
    for (let n = 0; n < 40; n += 1) await (await context.session({ queues: ["lost"], ttl: 1_000 })).claim(250);
    context.advance(2_000);
    meter.take();
    let recovered = 0;
    for (let more = true; more;) {
      const answer = await context.sweep(200, ["lost"]);
      expect(meter.take().rows).toBeLessThan(3_000);
      recovered += answer.recovered;
      ({ more } = answer);
    }

    expect([recovered, (await context.counts("lost")).queued]).toEqual([10_000, 10_000]);
  });
});

describe("the dependencies of many jobs", () => {
  it("are read a thousand at a time, and no other is looked at", async () => {
    const waits = Array.from({ length: 700 }, (_none, index) => `none-${String(index).padStart(4, "0")}`);
    const after = waits.map((id) => ({ queue: "gone", id, ifFailed: "continue" as const }));
    const jobs = Array.from({ length: 10 }, () => context.spec({ queue: "waits", after }));
    await context.engine.enqueue({ jobs });
    const ids = jobs.map(({ id }) => id);
    meter.take();
    let read = 0;
    for (let from: DependencyPlace | null = null, ended = false; !ended; ended = from === null) {
      const page: DependencyPage = await context.engine.dependenciesOf({ queue: "waits", ids, from });
      ({ next: from } = page);
      read += page.links.length;
      const { texts, rows } = meter.take();
      expect(rows).toBeLessThanOrEqual(MOST_LINKS + ids.length);
      for (const text of texts) expectIndexed(text);
    }

    expect(read).toBe(7_000);
  });
});

/** What reads active jobs reads them by session. */
function expectHeldIndex(texts: readonly string[]): void {
  const steps = texts.filter((text) => text.includes("state_code = 3")).flatMap((text) => planOf(beside, text));
  const jobs = steps.filter((step) => /^S.* (?:j|h|jobs) USING/.test(step));
  expect(jobs.length).toBeGreaterThan(0);
  expect(jobs.filter((step) => !/jobs_held \(queue=\? AND session=\?|INTEGER PRIMARY KEY/.test(step))).toEqual([]);
}
