// What events cost: nothing in a queue that is not watched, and in one that is, a few commands for each call, not for each job.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { WATCH_INTEREST } from "../../../src/model/job/event.js";
import { MAIN, type ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import type { TestSession } from "../../../src/engine/testkit/context/test-session.js";
import { RedisMonitor } from "../../support/redis-monitor.js";
import { makeGate } from "../../worker/fixtures/gate.js";
import { openOwnRedis, type OwnRedis } from "./redis-fixture.js";

const JOBS = 100;
/**
 * What a script does to append events: it reads the number of the last one, adds to the stream, says when that expires, and publishes; the
 * new number is stored with those of the queue.
 */
const APPEND = ["pexpire", "publish", "xadd"];
const READ = "hget";

const others = (names: readonly string[]): string[] => names.filter((name) => name !== "hset").toSorted();

let own: OwnRedis;
let context: ScenarioContext;
let session: TestSession;

/** Enqueues, leases and settles jobs, with figures as workers do. */
async function runs(): Promise<void> {
  await context.addMany(JOBS);
  const leases = await session.claim(JOBS);
  const outcome = { kind: "complete", result: '"ok"' } as const;
  const measured = { task: "work", wait: 1, run: 1 };
  await session.exchange(leases.map(({ queue, id, epoch }) => ({ queue, id, epoch, outcome, measured })));
}

/** The commands that scripts call for that, by name. */
async function cost(): Promise<string[]> {
  const called: string[] = [];
  const ended = makeGate();
  const monitor = await RedisMonitor.start(own.server.url, ({ source, text }) => {
    if (source === "lua") called.push(/^"([^"]*)"/.exec(text)?.[1]?.toLowerCase() ?? "");
    else if (text.includes("echo")) ended.open();
  });
  try {
    await runs();
    await own.redis.echo("end");
    await ended.opened;
  } finally {
    monitor.close();
  }
  return called;
}

describe.skipIf(!inject("canStartRedis"))("the events of usual jobs", () => {
  beforeAll(async () => {
    own = await openOwnRedis();
    ({ context } = own);
    session = await context.session({ ttl: 100 * WATCH_INTEREST });
    // Whatever is stored of a queue once, and the scripts.
    await runs();
  });

  afterAll(() => own.close());

  it("are four commands for each call, and none where the queue is not watched", async () => {
    const before = await cost();
    await context.engine.watch({ queue: MAIN, cursor: null, max: 1 });
    const watched = await cost();
    context.advance(WATCH_INTEREST);
    const after = await cost();

    expect(before.filter((name) => APPEND.includes(name))).toEqual([]);
    expect(after).toEqual(before);
    // It was enqueued, leased and completed.
    expect(others(watched)).toEqual(others([...before, ...APPEND, READ, ...APPEND, READ, ...APPEND, READ]));
    expect(watched.length).toBeLessThanOrEqual(before.length + 4 * (APPEND.length + 1));
    expect(before.length).toBeLessThan(JOBS);
  });
});
