// An exchange of jobs out of the ordinary: a script writes a bounded number of entries and reads a bounded number of bytes,
// however many jobs are due, have ended, or are asked for. What does not fit is left to the next call.
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import type { Lease, Outcome } from "../../../src/engine/contract/engine.js";
import { MAIN, type ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { BOOM, settlement } from "../../../src/engine/testkit/context/test-session.js";
import { CONSTANTS } from "../../../src/engine/redis/connection/script-constants.js";
import type { JobSpec } from "../../../src/model/job/job.js";
import { WorkMeter } from "../../support/redis-work.js";
import { openOwnRedis, type OwnRedis } from "./redis-fixture.js";

const DAY = 86_400_000;
/** What a script calls at most: a command a job that it looks at, and one an entry that it counts by itself. */
const MOST_COMMANDS = 2 * Number(CONSTANTS["MOST_WRITTEN"]);
const FAILED: Outcome = { kind: "fail", error: BOOM, retryIn: null };
const DONE: Outcome = { kind: "complete", result: '"ok"' };

const tags = (count: number, n: number): string[] => Array.from({ length: count }, (_none, k) => `t${k}-${n}`);

interface Kind {
  readonly what: string;
  readonly change: (n: number) => Partial<JobSpec>;
  readonly jobs: number;
  /** How many of them one script leases when it does nothing else. */
  readonly least: number;
  readonly most: number;
}

const KINDS: readonly Kind[] = [
  { what: "of another priority", change: () => ({ priority: 2 }), jobs: 500, least: 100, most: 400 },
  {
    what: "with a ttl and three tags",
    change: (n) => ({ ttl: DAY, tags: tags(3, n % 50) }),
    jobs: 500,
    least: 20,
    most: 150,
  },
  { what: "with a hundred tags of their own", change: (n) => ({ tags: tags(100, n) }), jobs: 60, least: 1, most: 10 },
];

let own: OwnRedis;
let context: ScenarioContext;
let meter: WorkMeter;

describe.skipIf(!inject("canStartRedis"))("an exchange of jobs", () => {
  beforeAll(async () => {
    own = await openOwnRedis();
    ({ context } = own);
    meter = await WorkMeter.on(own.server.url);
  });

  afterEach(async () => {
    await context.engine.obliterate({ queue: MAIN, force: true });
  });

  afterAll(async () => {
    meter.close();
    await own.close();
  });

  it.each(KINDS)("$what leases some of them, and says that there are more", async ({ change, jobs, least, most }) => {
    const ids: string[] = [];
    for (let n = 0; n < jobs; n += 1) ids.push(await context.add(change(n)));
    const session = await context.session({ ttl: DAY });
    const leased: string[] = [];
    for (let more = true; more;) {
      const { answer, scripts } = await meter.of([], () => session.exchange([], { max: jobs }));
      for (const { id } of answer.leases) leased.push(id);
      ({ more } = answer);

      expect(answer.leases.length).toBeGreaterThanOrEqual(more ? least : 1);
      expect(answer.leases.length).toBeLessThanOrEqual(most);
      expect(Math.max(...scripts.map(({ commands }) => commands))).toBeLessThanOrEqual(MOST_COMMANDS);
    }

    expect(leased).toEqual(ids);
  });

  it.each(KINDS)("$what that have ended, are due and wait, does some of each at a time", async ({ change, jobs }) => {
    const session = await context.session({ ttl: DAY });
    for (let n = 0; n < jobs; n += 1) await context.add(change(n));
    const leases: readonly Lease[] = await session.claimMany(jobs);
    for (let n = 0; n < jobs; n += 1) await context.add({ ...change(n), ttl: null, due: { in: 1_000 } });
    for (let n = 0; n < jobs; n += 1) await context.add(change(n));
    context.advance(1_000);
    const ended = leases.map((lease, n) => settlement(lease, n % 2 === 0 ? FAILED : DONE));
    const { answer, scripts } = await meter.of([], () => session.exchange(ended, { max: jobs }));

    expect(answer.settled).toEqual(ended.map(() => "applied"));
    expect(answer.leases.length).toBeGreaterThan(0);
    expect(answer.more).toBe(true);
    expect(scripts.length).toBeGreaterThan(2);
    expect(Math.max(...scripts.map(({ commands }) => commands))).toBeLessThanOrEqual(MOST_COMMANDS);
    expect(await context.counts()).toMatchObject({
      failed: jobs / 2,
      completed: jobs / 2,
      active: answer.leases.length,
    });

    // The same call again gives the same leases again.
    const again = await session.resend();
    expect(again.leases.map(({ id, epoch }) => [id, epoch])).toEqual(answer.leases.map(({ id, epoch }) => [id, epoch]));
    expect(again.settled).toEqual(answer.settled);

    const rest = await session.claimMany(2 * jobs);
    expect(rest.length + answer.leases.length).toBe(2 * jobs);
    expect(await context.counts()).toMatchObject({ delayed: 0, queued: 0 });
  });

  it("settles long results in several scripts", async () => {
    const session = await context.session({ ttl: DAY });
    await context.addMany(30);
    const leases = await session.claim(30);
    const result = JSON.stringify("x".repeat(100_000));
    const ended = leases.map((lease) => settlement(lease, { kind: "complete", result }));
    const { answer, scripts } = await meter.of([], () => session.exchange(ended));

    expect(answer.settled).toEqual(ended.map(() => "applied"));
    expect(Math.max(...scripts.map(({ bytes }) => bytes))).toBeLessThanOrEqual(1_500_000);
    expect((await context.job(leases.at(-1)?.id ?? "")).result).toBe(result);
  });
});
