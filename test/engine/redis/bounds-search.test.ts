// Searching 20,000 jobs that failed and 20,000 that wait, for what none of them has: a script looks at a bounded number, sends
// few bytes, and each page says how far it got. LONGSHORE_BOUNDS sets another number.
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Params } from "../../../src/engine/contract/commands.js";
import type { JobPage, ListOrder } from "../../../src/engine/contract/engine.js";
import { MAIN, type ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { settlement } from "../../../src/engine/testkit/context/test-session.js";
import { plainFailure } from "../../../src/model/failure/failure.js";
import type { JobFilter } from "../../../src/model/job/query/filter.js";
import { WorkMeter, type ScriptWork } from "../../support/redis-work.js";
import { openOwnRedis, type OwnRedis } from "./redis-fixture.js";

const MANY = Number(process.env["LONGSHORE_BOUNDS"] ?? 20_000);
const WAIT = "wait";
/** What a script looks at in a list, and what it calls for 500 jobs: some commands for each 100. */
const MOST_ENTRIES = 2_600;
const MOST_COMMANDS = 100;
/** How many jobs a page looks at, and what it may be answered when none of them match. */
const MOST_LOOKED_AT = 5_000;
const MOST_BYTES = 20_000;

let own: OwnRedis;
let redis: Redis;
let context: ScenarioContext;
let meter: WorkMeter;

describe.skipIf(!inject("canStartRedis"))(`of ${2 * MANY} jobs, a page looks at few`, () => {
  beforeAll(async () => {
    own = await openOwnRedis();
    ({ redis, context } = own);
    meter = await WorkMeter.on(own.server.url);
    const session = await context.session({ ttl: 86_400_000 });
    for (let added = 0; added < MANY; added += 500) {
      await context.addMany(500, { tags: ["common:1"] });
      await context.addMany(500, { queue: WAIT, tags: ["common:1"] });
      const leases = await session.claim(500);
      const failed = leases.map((lease, n) => {
        const error = plainFailure("Error", `no row ${added + n}!`, null);
        return settlement(lease, { kind: "fail", error, retryIn: null });
      });
      await session.exchange(failed);
    }
  }, 240_000);

  afterAll(async () => {
    meter.close();
    await own.close();
  });

  it.each<{ readonly filter: JobFilter; readonly order?: ListOrder }>([
    { filter: { errorText: "no such text" } },
    { filter: { task: "none" } },
    { filter: { not: { tasks: ["work"] } }, order: "oldest" },
    { filter: { worker: "none" }, order: "newest" },
    { filter: { flow: "none" } },
    { filter: { tags: ["common:1"], priority: { min: 1 } } },
    { filter: { attempt: { min: 5 } }, order: "newest" },
    { filter: { finished: { before: 0 } }, order: "oldest" },
    { filter: { not: { created: { from: 0 } } } },
    { filter: { idContains: "no such id" } },
    { filter: { unknownTo: { [MAIN]: ["work"], [WAIT]: ["work"] } } },
  ])("of what none has: %j", async ({ filter, order }) => {
    let [pages, looked] = [0, 0];
    let cursor: string | null = null;
    do {
      const params: Params<"listJobs"> = { filter, cursor, limit: 50, ...(order === undefined ? {} : { order }) };
      const before = await sent();
      const plain = await context.engine.listJobs(params);
      const bytes = (await sent()) - before;
      const list = async (): Promise<JobPage> => context.engine.listJobs(params);
      const { answer, scripts }: { answer: JobPage; scripts: ScriptWork[] } = await meter.of([], list);
      expect(answer).toEqual(plain);
      expect([answer.jobs, bytes < MOST_BYTES, answer.looked <= MOST_LOOKED_AT + 500]).toEqual([[], true, true]);
      expect(Math.max(...scripts.map(({ entries }) => entries))).toBeLessThanOrEqual(MOST_ENTRIES);
      expect(Math.max(...scripts.map(({ commands }) => commands))).toBeLessThanOrEqual(MOST_COMMANDS);
      looked += answer.looked;
      pages += 1;
      ({ cursor } = answer);
    } while (cursor !== null);

    // The place where a page began may be looked at again.
    expect(looked).toBeGreaterThanOrEqual(2 * MANY);
    expect(looked).toBeLessThanOrEqual(2.01 * MANY);
    expect(pages).toBeLessThanOrEqual((2 * MANY) / MOST_LOOKED_AT + 2);
  });

  it.each<JobFilter>([
    { tag: "rare:1" },
    { fingerprint: "none" },
    { states: ["partial"], errorText: "x" },
    { schedule: "none" },
  ])("what an index, or a count, says is nowhere is looked for nowhere: %j", async (filter) => {
    const { cursor, looked } = await context.engine.listJobs({ filter, cursor: null, limit: 50 });
    expect([cursor, looked]).toEqual([null, 0]);
  });

  it.each<ListOrder>(["newest", "oldest"])("a match is found amid them, the %s first", async (order) => {
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const filter: JobFilter = { errorText: "NO ROW 70!" };
      const page: JobPage = await context.engine.listJobs({ filter, cursor, limit: 5, order });
      found.push(...page.jobs.map(({ error }) => error?.message ?? ""));
      ({ cursor } = page);
    } while (cursor !== null);

    expect(found).toEqual(["no row 70!"]);
  });
});

/** How many bytes the server has sent. */
async function sent(): Promise<number> {
  return Number(/total_net_output_bytes:(\d+)/.exec(await redis.info("stats"))?.[1]);
}
