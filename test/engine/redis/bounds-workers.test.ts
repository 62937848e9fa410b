// However many workers there are and however much each says of itself, a call that concerns one of them looks at its own entries, and
// a page of all of them is a few megabytes. Counted, not timed.
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { LARGEST_WORKER } from "../../../src/engine/contract/worker/session.js";
import type { ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import type { TestSession } from "../../../src/engine/testkit/context/test-session.js";
import { WorkMeter, type ScriptWork } from "../../support/redis-work.js";
import { openOwnRedis, type OwnRedis } from "./redis-fixture.js";

const WORKERS = 300;
/** A page of sessions, and the few more that a scan may give beyond it, each as large as it may be. */
const MOST_BYTES = 30 * LARGEST_WORKER;

let own: OwnRedis;
let context: ScenarioContext;
let sessions: TestSession[];

async function sent(): Promise<number> {
  return Number(/total_net_output_bytes:(\d+)/.exec(await own.redis.info("stats"))?.[1]);
}

function expectWithin(work: readonly ScriptWork[], commands: number, entries: number): void {
  expect(work.length).toBeGreaterThan(0);
  expect(Math.max(...work.map((script) => script.commands))).toBeLessThanOrEqual(commands);
  expect(Math.max(...work.map((script) => script.entries))).toBeLessThanOrEqual(entries);
}

async function workOf(call: () => Promise<unknown>): Promise<{ work: ScriptWork[]; bytes: number }> {
  const meter = await WorkMeter.on(own.server.url);
  const { scripts } = await meter.of([], call);
  meter.close();
  const before = await sent();
  await call();
  return { work: scripts, bytes: (await sent()) - before };
}

describe.skipIf(!inject("canStartRedis"))("of many workers that say a lot of themselves", () => {
  beforeEach(async () => {
    own = await openOwnRedis();
    ({ context } = own);
    const label = "x".repeat(1_000);
    const tasks = Array.from({ length: 120 }, (_none, n) => {
      return { name: `task-${n}`, version: null, label, resultUrl: null };
    });
    sessions = [];
    for (let n = 0; n < WORKERS; n += 1) sessions.push(await context.session({ ttl: 3_600_000, worker: { tasks } }));
  }, 120_000);

  afterEach(() => own.close());

  it("a page is read at a time", async () => {
    const { work, bytes } = await workOf(async () => context.engine.workers());
    expect(await context.engine.workers()).toHaveLength(WORKERS);
    expect(work.length).toBeGreaterThan(5);
    expectWithin(work, 10, 25);
    expect(bytes / work.length).toBeLessThan(MOST_BYTES);
  });

  it("a command to one is given, taken with its heartbeat and acknowledged", async () => {
    const [session] = sessions;
    const given = await workOf(async () => session?.command("quiet", "op-1"));
    expectWithin(given.work, 10, 0);
    expect(given.bytes).toBeLessThan(10_000);
    const taken = await workOf(async () => session?.heartbeat());
    // It asks for at most 2,000 of its own revoked leases.
    expectWithin(taken.work, 20, 2_000);
    expect(taken.bytes).toBeLessThan(10_000);
  });
});
