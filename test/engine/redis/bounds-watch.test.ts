// What watching holds up a server for: a script looks at a bounded number of queues, and reads a bounded number of events.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { MOST_EVENTS, MOST_EVENT_TEXT } from "../../../src/model/job/event.js";
import type { QueueCursor } from "../../../src/engine/contract/engine.js";
import { MAIN, type ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { checkpoint } from "../../../src/engine/testkit/context/step-helpers.js";
import { WorkMeter } from "../../support/redis-work.js";
import { openOwnRedis, type OwnRedis } from "./redis-fixture.js";

const QUEUES = 500;
/** The most queues of a look; of each, what is read and perhaps written. */
const LOOKED_AT = 200;
const OF_EACH = 3;

let own: OwnRedis;
let context: ScenarioContext;
let meter: WorkMeter;

describe.skipIf(!inject("canStartRedis"))("watching", () => {
  beforeAll(async () => {
    own = await openOwnRedis();
    ({ context } = own);
    meter = await WorkMeter.on(own.server.url);
  });

  afterAll(async () => {
    meter.close();
    await own.close();
  });

  it("looks at many queues by few scripts, each at some", async () => {
    const queues: QueueCursor[] = [];
    for (let n = 0; n < QUEUES; n += 1) {
      const { cursor } = await context.engine.watch({ queue: `q${n}`, cursor: null, max: 1 });
      queues.push({ queue: `q${n}`, cursor });
    }
    context.advance(40_000);
    const { scripts } = await meter.of([], async () => {
      const { signal } = new AbortController();
      await context.resolves("the wait ends", context.engine.awaitEvents({ queues, timeout: 1, signal }));
    });
    expect(scripts.length).toBe(Math.ceil(QUEUES / LOOKED_AT));
    for (const { commands } of scripts) expect(commands).toBeLessThanOrEqual(LOOKED_AT * OF_EACH);
  });

  it("reads events in a few steps, up to a length, however long those are that wait", async () => {
    const { cursor } = await context.engine.watch({ queue: MAIN, cursor: null, max: 1 });
    await context.add();
    const session = await context.session();
    const lease = await session.next();
    const value = JSON.stringify("x".repeat(16_000));
    // One report has several, and more than an entry of the stream is to have.
    for (let from = 1; from <= 400; from += 40) {
      const checkpoints = Array.from({ length: 40 }, (_none, n) =>
        checkpoint(from + n, { kind: "milestone", name: `M${from + n}`, value }),
      );
      await session.report(lease, { checkpoints });
    }
    const { answer, scripts } = await meter.of([], async () => context.engine.watch({ queue: MAIN, cursor, max: 500 }));
    expect(JSON.stringify(answer.events).length).toBeLessThan(2 * MOST_EVENT_TEXT);
    expect(answer.events.length).toBeGreaterThan(20);
    expect(scripts.map(({ commands }) => commands < 20)).toEqual([true]);
    const key = (await context.storage.leftovers?.())?.find((one) => one.endsWith(`/${MAIN}}:events`)) ?? "";
    const entries = await own.redis.xrange(key, "-", "+", "COUNT", MOST_EVENTS);
    expect(entries.length).toBeGreaterThan(40);
    for (const [, fields] of entries) expect(String(fields.at(-1)).length).toBeLessThan(2 * 64 * 1024);
  });
});
