// Failure groups: with as many groups as a queue may have, all of them with jobs and as large as they become, a call looks at each once and
// answers a bounded number of bytes.
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import {
  FAILURE_GROUP_AGE,
  GROUP_HOURS,
  MOST_FAILURE_GROUPS,
  MOST_IN_GROUP,
} from "../../../src/model/failure/group.js";
import { encodeGroup } from "../../../src/engine/shared/failure-groups.js";
import { causes, failAll, failOne, listGroups } from "../../../src/engine/testkit/context/failure-helpers.js";
import { MAIN, type ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import type { TestSession } from "../../../src/engine/testkit/context/test-session.js";
import { RedisMonitor } from "../../support/redis-monitor.js";
import { WorkMeter, type ScriptWork } from "../../support/redis-work.js";
import { openOwnRedis, type OwnRedis } from "./redis-fixture.js";

/** Of each group how many jobs are filed under it, and as much for the jobs that a call settles as at other times. */
const MOST_COMMANDS = MOST_FAILURE_GROUPS + 1_000;
const MOST_ENTRIES = 2 * MOST_FAILURE_GROUPS + 1_000;
/** A page has 100 groups of some 8 KB. */
const MOST_BYTES = 1_000_000;
const DAY = 86_400_000;

let own: OwnRedis;
let redis: Redis;
let context: ScenarioContext;
let session: TestSession;
let meter: WorkMeter;

describe.skipIf(!inject("canStartRedis"))("of a thousand groups, all with jobs", () => {
  beforeEach(async () => {
    own = await openOwnRedis();
    ({ redis, context } = own);
    meter = await WorkMeter.on(own.server.url);
    session = await context.session({ ttl: 100 * DAY });
    await failAll(context, session, causes(MOST_FAILURE_GROUPS));
  }, 60_000);

  afterEach(async () => {
    meter.close();
    await own.close();
  });

  it("a call looks at each once when failures of other causes come", { timeout: 60_000 }, async () => {
    const others = causes(MOST_FAILURE_GROUPS + 200).slice(MOST_FAILURE_GROUPS);
    const { scripts } = await meter.of([], () => failAll(context, session, others));
    expectBounded(scripts);
    expect((await listGroups(context)).dropped).toBe(200);
    expect(await redis.zcard(await keyOf("group_order"))).toBe(MOST_FAILURE_GROUPS);
    expect(await redis.hlen(await keyOf("groups"))).toBe(MOST_FAILURE_GROUPS);
  });

  it("a sweep looks at each once when all are old", { timeout: 60_000 }, async () => {
    const order = await keyOf("group_order");
    const names = await redis.zrange(order, "0", "-1");
    await redis.zadd(order, ...names.flatMap((name) => [context.clock.now() - FAILURE_GROUP_AGE - 1, name]));
    const { scripts } = await meter.of([], () => context.sweep());
    expectBounded(scripts);
    expect(await redis.zcard(order)).toBe(MOST_FAILURE_GROUPS);
  });

  it("a page is bounded, however large they are and whichever are asked for", { timeout: 60_000 }, async () => {
    const [groups, order] = [await keyOf("groups"), await keyOf("group_order")];
    const text = largest();
    const names = await redis.zrange(order, "0", "-1");
    await redis.hset(groups, ...names.flatMap((name) => [name, text]));
    const before = await sentBytes();
    const { answer, scripts } = await meter.of([], () => listGroups(context));
    expect((await sentBytes()) - before).toBeLessThan(MOST_BYTES);
    expect(answer.groups).toHaveLength(100);
    expectBounded(scripts);
    const none = await meter.of([], () => listGroups(context, { states: ["resolved"] }));
    expect(none.answer).toMatchObject({ groups: [], next: null });
    expectBounded(none.scripts);
  });
});

describe.skipIf(!inject("canStartRedis"))("what a failure costs", () => {
  beforeEach(async () => {
    own = await openOwnRedis();
    ({ redis, context } = own);
    session = await context.session();
  });

  afterEach(() => own.close());

  it("is a group read and written once a call, however many runs fail with it; nothing when none fails", async () => {
    const [first] = causes(1);
    const commands = await commandsOf(() =>
      failAll(
        context,
        session,
        Array.from({ length: 20 }, () => first ?? fail()),
      ),
    );
    expect(commands.filter((command) => /:groups"/.test(command))).toHaveLength(2);
    expect(commands.filter((command) => /:group_order"/.test(command))).toHaveLength(2);
    const done = await commandsOf(async () => {
      await context.addMany(20);
      const leases = await session.claim(20);
      for (const lease of leases) await session.complete(lease);
      await failOne(context, session, { error: first ?? fail() });
    });
    expect(done.filter((command) => /:groups"/.test(command))).toHaveLength(2);
  });
});

function fail(): never {
  throw new Error("there is no failure");
}

function many(text: string, length: number): string[] {
  return Array.from({ length: MOST_IN_GROUP }, (_, index) => `${text}${index}`.padEnd(length, "x"));
}

/** A group as large as one becomes. */
function largest(): string {
  const hour = Math.floor(context.clock.now() / 3_600_000);
  return encodeGroup({
    ...{ runs: 1e9, firstAt: 1e12, lastAt: context.clock.now(), state: "acknowledged", changedAt: 1e12 },
    changedBy: "漢".repeat(100),
    summary: { name: "漢".repeat(100), message: "漢".repeat(200), code: "漢".repeat(100) },
    tasks: many("task-", 100),
    builds: many("abcde0:", 107),
    samples: many("job-", 128),
    hours: new Map(Array.from({ length: GROUP_HOURS }, (_, ago) => [hour - ago, 100_000])),
  });
}

function expectBounded(scripts: readonly ScriptWork[]): void {
  expect(scripts.length).toBeGreaterThan(0);
  expect(Math.max(...scripts.map(({ commands }) => commands))).toBeLessThan(MOST_COMMANDS);
  expect(Math.max(...scripts.map(({ entries }) => entries))).toBeLessThan(MOST_ENTRIES);
}

async function commandsOf(call: () => Promise<unknown>): Promise<string[]> {
  const commands: string[] = [];
  const monitor = await RedisMonitor.start(own.server.url, ({ source, text }) => {
    if (source === "lua") commands.push(text);
  });
  await call();
  const mark = `mark-${commands.length}`;
  let seen = false;
  const marks = await RedisMonitor.start(own.server.url, ({ text }) => (seen ||= text.includes(mark)));
  await redis.echo(mark);
  await expect.poll(() => seen).toBe(true);
  monitor.close();
  marks.close();
  return commands;
}

async function sentBytes(): Promise<number> {
  return Number(/total_net_output_bytes:(\d+)/.exec(await redis.info("stats"))?.[1]);
}

async function keyOf(name: string): Promise<string> {
  const [key] = await redis.keys(`*/${MAIN}}:queue`);
  return (key ?? "").replace(/queue$/, name);
}
