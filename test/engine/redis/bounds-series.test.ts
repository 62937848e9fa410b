// Series: however many ends wait to be added up, in however many minutes and of however many tasks, a call takes a bounded number of
// them and answers a bounded number of bytes; and the list of those that wait stays short where no worker sweeps and none reads.
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { MOST_SERIES_TASKS, OTHER_TASKS } from "../../../src/engine/contract/engine.js";
import { MAIN, type ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { COMPLETE, measured, rowsOf, totalsOf } from "../../../src/engine/testkit/context/series-helpers.js";
import {
  packFigures,
  noFigures,
  countEnd,
  SERIES_OUTCOMES,
  SERIES_LETTERS,
} from "../../../src/model/series/figures.js";
import { encodeSums } from "../../../src/engine/redis/format/measured.js";
import { RedisMonitor } from "../../support/redis-monitor.js";
import { WorkMeter, type ScriptWork } from "../../support/redis-work.js";
import { openOwnRedis, type OwnRedis } from "./redis-fixture.js";

const MINUTE = 60_000;
/** A call takes 1,000 lines of ten minutes, and reads and writes a field for each of those, of their hours and of the tasks. */
const MOST_ENTRIES = 7_000;
const MOST_COMMANDS = 250;
/** A reply is a megabyte, or a page of fields more. */
const MOST_BYTES = 2_000_000;

let own: OwnRedis;
let redis: Redis;
let context: ScenarioContext;
let meter: WorkMeter;

describe.skipIf(!inject("canStartRedis"))("of thousands of ends, a call looks at few", () => {
  beforeEach(async () => {
    own = await openOwnRedis();
    ({ redis, context } = own);
    meter = await WorkMeter.on(own.server.url);
    await context.add();
  });

  afterEach(async () => {
    meter.close();
    await own.close();
  });

  it("when they wait to be added up, each of another task, outcome and minute", async () => {
    const now = Math.floor(context.clock.now() / MINUTE);
    await leave(20_000, (index) => [now - (index % 1_500), `task-${index}`, SERIES_OUTCOMES[index % 8] ?? "failed"]);
    const { scripts } = await workOf(() => context.sweep());
    expectBounded(scripts);
    const read = await workOf(() => totalsOf(context.engine));
    expectBounded(read.scripts);
    expect(await redis.llen(await keyOf("tally"))).toBe(0);
    const totals = await context.engine.totals({});
    expect(new Set(totals.map(({ task }) => task)).size).toBe(MOST_SERIES_TASKS + 1);
    expect(totals.reduce((sum, { figures }) => sum + figures.count, 0)).toBe(20_000);
    expect(totals.filter(({ task }) => task === OTHER_TASKS).length).toBe(8);
  });

  it("when there is a series of as many tasks as there may be, for all the time that one is kept", async () => {
    const now = Math.floor(context.clock.now() / MINUTE);
    const field = JSON.stringify(
      Object.fromEntries(
        Array.from({ length: MOST_SERIES_TASKS }, (_, task) => [
          `a-task-with-a-rather-long-name-${task}`,
          Object.fromEntries(SERIES_OUTCOMES.map((outcome) => [SERIES_LETTERS[outcome], packed()])),
        ]),
      ),
    );
    const series = (await keyOf("queue")).replace(/queue$/, "series");
    for (let minute = now - 1_500; minute <= now; minute += 1) await redis.hset(series, `m${minute}`, field);
    const before = await sentBytes();
    const { scripts } = await workOf(() => rowsOf(context, { from: 0, by: [] }));
    const bytes = (await sentBytes()) - before;
    expect(scripts.length).toBeGreaterThan(10);
    expect(bytes / scripts.length).toBeLessThan(MOST_BYTES);
    expectBounded(scripts);
  });

  it("when no worker sweeps or reads, and clients alone end jobs", async () => {
    for (let times = 0; times < 1_100; times += 1) {
      await context.control("cancel", await context.add());
    }
    expect(await redis.llen(await keyOf("tally"))).toBeLessThanOrEqual(1_000);
    expect(await totalsOf(context.engine)).toEqual(["main work cancelled 1100/0"]);
  });

  it("and what is kept is given back: minutes after a day, all but totals after a month, even if no worker comes", async () => {
    const session = await context.session({ ttl: 100 * 86_400_000 });
    await session.exchange([measured(await session.next(), COMPLETE)]);
    await context.sweep();
    const series = await keyOf("series");
    expect(await redis.pttl(series)).toBeGreaterThan(30 * 86_400_000);
    expect(await redis.pttl(await keyOf("totals"))).toBe(-1);
    for (let hour = 0; hour < 40 * 24; hour += 1) {
      context.advance(3_600_000);
      if (hour % 7 !== 0) continue;
      await context.control("cancel", await context.add());
      await context.sweep();
    }
    const fields = await redis.hkeys(series);
    expect(fields.filter((field) => field.startsWith("m")).length).toBeLessThanOrEqual(5);
    expect(fields.filter((field) => field.startsWith("h")).length).toBeLessThanOrEqual(104);
  });

  it("and a fast exchange writes one line, whatever it settles", async () => {
    const session = await context.session();
    await context.addMany(60);
    const leases = await session.claim(50);
    const commands: string[] = [];
    const monitor = await RedisMonitor.start(own.server.url, ({ source, text }) => {
      if (source === "lua") commands.push(text);
    });
    await session.exchange(
      leases.map((lease) => measured(lease, COMPLETE)),
      { max: 10 },
    );
    await expect.poll(() => commands.filter((command) => /"RPUSH".*:tally"/i.test(command))).toHaveLength(1);
    monitor.close();
    expect(commands.filter((command) => /:(?:series|totals)"/.test(command))).toEqual([]);
  });
});

function packed(): number[] {
  const figures = noFigures();
  countEnd(figures, { wait: 1, run: 1 });
  return packFigures(figures);
}

/** Lets lines wait that many commands have left. */
async function leave(
  count: number,
  lineOf: (index: number) => readonly [minute: number, task: string, outcome: (typeof SERIES_OUTCOMES)[number]],
): Promise<void> {
  const lines = Array.from({ length: count }, (_, index) => {
    const [minute, task, outcome] = lineOf(index);
    const settled = { queue: MAIN, id: "one", epoch: 1, outcome: COMPLETE, measured: { task, wait: 1, run: 1 } };
    const line = encodeSums([settled]).replace(/^./, SERIES_LETTERS[outcome].toUpperCase());
    const front = Buffer.alloc(4);
    front.writeUInt32BE(minute);
    return Buffer.concat([front, Buffer.from(line)]);
  });
  const tally = (await keyOf("queue")).replace(/queue$/, "tally");
  for (let from = 0; from < count; from += 1_000) await redis.rpush(tally, ...lines.slice(from, from + 1_000));
}

/** A key of the queue that exists. */
async function keyOf(name: string): Promise<string> {
  const keys = (await context.storage.leftovers?.()) ?? [];
  return keys.find((key) => key.endsWith(`/${MAIN}}:${name}`)) ?? name;
}

async function workOf<T>(call: () => Promise<T>): Promise<{ answer: T; scripts: ScriptWork[] }> {
  const hashes = ((await context.storage.leftovers?.()) ?? []).filter((key) => /:(series|totals)$/.test(key));
  return meter.of(hashes, call);
}

async function sentBytes(): Promise<number> {
  return Number(/total_net_output_bytes:(\d+)/.exec(await redis.info("stats"))?.[1]);
}

function expectBounded(work: readonly ScriptWork[]): void {
  expect(work.length).toBeGreaterThan(0);
  expect(Math.max(...work.map(({ commands }) => commands))).toBeLessThanOrEqual(MOST_COMMANDS);
  expect(Math.max(...work.map(({ entries }) => entries))).toBeLessThanOrEqual(MOST_ENTRIES);
}
