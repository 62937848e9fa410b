// What jobs that were set aside cost on Redis: nothing while there are none, and a few commands however many there are.
import type { Redis } from "ioredis";
import { afterEach, describe, expect, inject, it, onTestFinished } from "vitest";
import { MAIN, type ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { settlement, type TestSession } from "../../../src/engine/testkit/context/test-session.js";
import { RedisMonitor } from "../../support/redis-monitor.js";
import { beforeEachOnRedis } from "./redis-fixture.js";

const NAMES = 20_000;
const AT_ONCE = 500;
let redis: Redis;
let context: ScenarioContext;

beforeEachOnRedis((fixture) => ({ context, redis } = fixture));

afterEach(() => context.engine.obliterate({ queue: MAIN, force: true }));

/** Counts the commands on keys of the queue during a call, those inside of scripts included. */
async function commandsOf(something: () => Promise<unknown>): Promise<string[][]> {
  const keys = (await context.storage.leftovers?.()) ?? [];
  const key = keys.find((one) => one.endsWith(":queue")) ?? "";
  const base = key.slice(0, key.indexOf("}") + 1);
  const seen: string[][] = [];
  let ended = false;
  const monitor = await RedisMonitor.start(inject("redisUrl"), ({ args }) => {
    if (args[0] === "echo" && args[1] === base) ended = true;
    else if (args.some((arg) => arg.startsWith(base))) seen.push([...args]);
  });
  onTestFinished(() => monitor.close());
  await something();
  await redis.echo(base);
  await expect.poll(() => ended).toBe(true);
  monitor.close();
  return seen;
}

async function declineAll(session: TestSession): Promise<void> {
  for (;;) {
    const leases = await session.claim(AT_ONCE);
    if (leases.length === 0) return;
    await session.exchange(leases.map((lease) => settlement(lease, { kind: "decline" })));
  }
}

/** The size of the last answer of a command with a limit: `… LIMIT 0 n`. */
function limitOf(args: readonly string[]): number {
  return args.at(-3)?.toUpperCase() === "LIMIT" ? Number(args.at(-1)) : Number.POSITIVE_INFINITY;
}

describe.skipIf(!inject("canMonitor"))("with nothing aside", () => {
  it("an exchange is one call, which looks at no task", async () => {
    await context.addMany(10);
    const session = await context.session();
    await session.claim(1, { tasks: ["work"] });

    const commands = await commandsOf(() => session.claim(5, { tasks: ["work", "new"] }));

    expect(commands.filter(([name]) => /^eval/i.test(name ?? ""))).toHaveLength(1);
    expect(
      commands.filter((args) => !/^eval/i.test(args[0] ?? "") && args.some((arg) => arg.endsWith(":lacking"))),
    ).toEqual([]);
  });
});

describe.skipIf(!inject("canMonitor"))("with 20,000 unknown task names aside", () => {
  it("a claim, a decline and a look take a bounded number of commands, each for a bounded number of entries", async () => {
    for (let from = 0; from < NAMES; from += AT_ONCE) {
      const jobs = Array.from({ length: AT_ONCE }, (_, n) => context.spec({ task: `task-${from + n}` }));
      await context.engine.enqueue({ jobs });
    }
    const old = await context.session();
    await declineAll(old);
    const wanted = await context.add({ task: "new" });
    const session = await context.session();

    const claim = await commandsOf(async () =>
      expect(await session.claimIds(5, { tasks: ["new", "other"] })).toEqual([wanted]),
    );
    const idle = await commandsOf(() => session.claim(5, { tasks: ["new", "other"] }));
    await context.addMany(5, { task: "new" });
    const leases = await old.claim(5);
    const decline = await commandsOf(() => old.exchange(leases.map((lease) => settlement(lease, { kind: "decline" }))));
    const look = await commandsOf(async () => context.engine.aside({ queues: [MAIN] }));

    for (const commands of [claim, idle, decline]) {
      expect(commands.length).toBeGreaterThan(5);
      expect(commands.length).toBeLessThan(60);
      const ranges = commands.filter(
        ([name, key]) => /^zrange/i.test(name ?? "") && /:(aside|lacking)$/.test(key ?? ""),
      );
      expect(Math.max(...ranges.map(limitOf))).toBeLessThanOrEqual(5);
    }
    // Three for each task that it reports.
    expect(look.length).toBeLessThan(350);
    expect((await context.counts()).queued).toBe(NAMES + 5);
  });
});

it("a decline leaves as many markers as there are sessions to wake, as it is not known which of them have the code", async () => {
  await context.add({ task: "new" });
  const sessions = [await context.session(), await context.session(), await context.session()];
  const lease = await sessions[0]?.next();
  const wake =
    ((await context.storage.leftovers?.()) ?? []).find((name) => name.endsWith(":queue"))?.replace(/queue$/, "wake") ??
    "";
  await redis.del(wake);
  await sessions[0]?.exchange(lease === undefined ? [] : [settlement(lease, { kind: "decline" })]);

  expect(await redis.llen(wake)).toBe(sessions.length);
});
