// What every usual job costs Redis, counted and not timed: the commands inside the scripts of the fast paths.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { COMPLETE, measured } from "../../../src/engine/testkit/context/series-helpers.js";
import { WorkMeter } from "../../support/redis-work.js";
import { openOwnRedis, type OwnRedis } from "./redis-fixture.js";

/** An exchange that settles jobs and leases as many, of which more wait: the jobs themselves are read some at a time. */
const EXCHANGE = 20;
/** A command that enqueues while a worker is being woken already. */
const ENQUEUE = 6;

let own: OwnRedis;
let context: ScenarioContext;
let meter: WorkMeter;

describe.skipIf(!inject("canStartRedis"))("usual jobs", () => {
  beforeAll(async () => {
    own = await openOwnRedis();
    ({ context } = own);
    meter = await WorkMeter.on(own.server.url);
  });

  afterAll(async () => {
    meter.close();
    await own.close();
  });

  it("take one script to enqueue, of six commands however many they are", async () => {
    await context.add();
    for (const jobs of [1, 10, 100]) {
      const { scripts } = await meter.of([], () => context.addMany(jobs));
      expect(scripts.map(({ commands }) => commands)).toEqual([ENQUEUE]);
    }
  });

  it("take one script to settle and lease, of twenty commands however many they are", async () => {
    await context.addMany(200);
    const session = await context.session();
    for (const jobs of [1, 10, 30]) {
      const leases = await session.claim(jobs);
      const ended = leases.map((lease) => measured(lease, COMPLETE));
      const { answer, scripts } = await meter.of([], () => session.exchange(ended, { max: jobs }));
      expect([answer.leases.length, answer.more]).toEqual([jobs, true]);
      expect(scripts.map(({ commands }) => commands)).toEqual([EXCHANGE]);
      await session.exchange(answer.leases.map((lease) => measured(lease, COMPLETE)));
    }
  });
});
