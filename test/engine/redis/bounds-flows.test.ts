// A flow of as many members as one may have: what a command does to it is done in scripts that look at few of its links, and
// what follows for its members in as many of them as it takes. Counted, not timed.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { member, HOME } from "../../../src/engine/testkit/context/flow-helpers.js";
import { MAIN, type ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { BOOM, settlement, type TestSession } from "../../../src/engine/testkit/context/test-session.js";
import {
  MOST_LINKS,
  type DependenciesQuery,
  type DependencyPlace,
  type Outcome,
} from "../../../src/engine/contract/engine.js";
import type { JobSpec } from "../../../src/model/job/job.js";
import { MOST_MEMBERS } from "../../../src/model/job/membership.js";
import { WorkMeter, type ScriptWork } from "../../support/redis-work.js";
import { openOwnRedis, type OwnRedis } from "./redis-fixture.js";

const MANY = Math.min(MOST_MEMBERS, Number(process.env["LONGSHORE_BOUNDS"] ?? 20_000));
/** Bounds of what one script looks at and calls: it sends or receives 500 messages. Unbounded it would be all members. */
const MOST_ENTRIES = 3_000;
const MOST_COMMANDS = 5_000;
const DAY = 86_400_000;
const DONE: Outcome = { kind: "complete", result: null };
const FAILED: Outcome = { kind: "fail", error: BOOM, retryIn: null };

let own: OwnRedis;
let context: ScenarioContext;
let meter: WorkMeter;
let session: TestSession;

describe.skipIf(!inject("canStartRedis"))(`a flow of ${MANY} members`, () => {
  let flow: string;
  let members: string[];

  beforeAll(async () => {
    own = await openOwnRedis();
    ({ context } = own);
    meter = await WorkMeter.on(own.server.url);
    session = await context.session({ ttl: 100 * DAY });
    flow = await context.add({ queue: HOME, role: "flow", task: "pipeline" });
    members = await addMembers(flow);
  });

  afterAll(async () => {
    meter.close();
    await own.close();
  });

  it("starts", async () => {
    const work = await workOf(() => context.engine.commitFlow({ queue: HOME, id: flow, members: MANY }));

    expect((await context.counts()).queued).toBe(MANY);
    expectBounded(work);
  });

  it("fails when its last member has ended, one of which failed", async () => {
    await endAllButOne([FAILED, DONE, { kind: "partial", result: null }]);
    const last = await session.next();
    const work = await workOf(() => session.complete(last));

    expect(await context.state(flow, HOME)).toBe("failed");
    expectShort(work);
  });

  it("waits again, when it is retried, for the one that failed", async () => {
    await context.engine.pause({ queue: MAIN });
    await context.control("retry", members[0] ?? "");
    const work = await workOf(() => context.control("retry", { queue: HOME, id: flow }));

    expect(await context.state(flow, HOME)).toBe("blocked");
    expectBounded(work);
  });

  it("ends in part when that one completes", async () => {
    await context.engine.resume({ queue: MAIN });
    const last = await session.next();
    expect(last.id).toBe(members[0]);
    const work = await workOf(() => session.complete(last));

    expect(await context.state(flow, HOME)).toBe("partial");
    expectShort(work);
  });

  it("lists what became of each", async () => {
    const states = (await context.engine.dependencies({ queue: HOME, id: flow })).map(({ state }) => state);

    expect(states).toHaveLength(MANY);
    expect(new Set(states)).toEqual(new Set(["completed", "partial"]));
    expect(states.filter((state) => state === "partial")).toHaveLength(1);
  });

  it("lists those of many flows a thousand at a time, whatever each has", async () => {
    const ids = [...Array.from({ length: 499 }, (_none, index) => `none-${index}`), flow];
    let [pages, links] = [0, 0];
    let from: DependencyPlace | null = null;
    do {
      const query: DependenciesQuery = { queue: HOME, ids, from };
      const { answer, scripts } = await meter.of([], async () => context.engine.dependenciesOf(query));
      expect(answer.links.length).toBeLessThanOrEqual(MOST_LINKS);
      // A job each, and its links: what they ask for is cut to what is left of the page, and more is never answered.
      expect(scripts.map(({ commands }) => commands <= ids.length + 20)).toEqual([true]);
      pages += 1;
      links += answer.links.length;
      from = answer.next;
    } while (from !== null);

    expect([pages, links]).toEqual([Math.floor(MANY / 1_000) + 1, MANY]);
  });

  it("takes along those that have not ended when it is cancelled after a retry", async () => {
    const ids = members.slice(0, 2);
    const other = await context.add({ queue: HOME, role: "flow", task: "pipeline" });
    const jobs = [memberOf(other), memberOf(other)];
    await context.engine.enqueue({ jobs });
    await context.engine.commitFlow({ queue: HOME, id: other, members: 2 });
    await endAllButOne([FAILED]);
    await session.fail(await session.next(), null);
    expect(await context.state(other, HOME)).toBe("failed");
    await context.engine.pause({ queue: MAIN });
    for (const { id } of jobs) await context.control("retry", id);
    await context.control("retry", { queue: HOME, id: other });
    await context.control("cancel", { queue: HOME, id: other });

    expect(await Promise.all(jobs.map(({ id }) => context.state(id)))).toEqual(["cancelled", "cancelled"]);
    expect(await Promise.all(ids.map((id) => context.state(id)))).toEqual(["completed", "completed"]);
    await context.engine.resume({ queue: MAIN });
  });

  it("is removed, and its members learn of it although the client dies, before another job has its id", async () => {
    await own.redis.acl("SETUSER", "default", "resetkeys", ...(await keysOf(HOME)));
    await context.control("remove", { queue: HOME, id: flow });
    await own.redis.acl("SETUSER", "default", "allkeys");
    const first = members[0] ?? "";
    expect(await context.engine.dependents({ queue: MAIN, id: first })).toEqual([{ queue: HOME, id: flow }]);
    const again = context.spec({
      queue: HOME,
      id: flow,
      nonce: "another",
      after: [{ queue: HOME, id: "none", ifFailed: "continue" }],
    });
    const work = await workOf(() => context.engine.enqueue({ jobs: [again] }));

    expect(await context.engine.dependents({ queue: MAIN, id: first })).toEqual([]);
    expect((await context.engine.dependencies(again)).map(({ id }) => id)).toEqual(["none"]);
    expect(await context.state(flow, HOME)).toBe("queued");
    expectBounded(work);
  });
});

/** What keys a client may use that reaches one queue alone. */
async function keysOf(queue: string): Promise<string[]> {
  const [key = ""] = (await context.storage.leftovers?.())?.filter((one) => one.includes(`/${queue}}`)) ?? [];
  const prefix = /(?<={).*(?=\/)/.exec(key)?.[0] ?? "";
  return [`~{${prefix}/${queue}}*`, `~{${prefix}}*`];
}

function memberOf(id: string): JobSpec {
  return context.spec({ hold: true, flow: member(id) });
}

async function addMembers(id: string): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; from < MANY; from += 500) {
    const jobs = Array.from({ length: Math.min(500, MANY - from) }, () => memberOf(id));
    await context.engine.enqueue({ jobs });
    ids.push(...jobs.map((job) => job.id));
  }
  return ids;
}

/** Ends all queued jobs but the last: the first of them in these ways, the others with success. */
async function endAllButOne(ways: readonly Outcome[]): Promise<void> {
  let left = (await context.counts()).queued - 1;
  for (let ended = 0; left > 0;) {
    const leases = await session.claim(Math.min(500, left));
    await session.exchange(leases.map((lease, index) => settlement(lease, ways[ended + index] ?? DONE)));
    ended += leases.length;
    left -= leases.length;
  }
}

async function workOf(call: () => unknown): Promise<ScriptWork[]> {
  const { scripts } = await meter.of([], async () => call());
  return scripts;
}

function expectWithin(work: readonly ScriptWork[], entries: number, commands: number): void {
  expect(work.length).toBeGreaterThan(0);
  expect(Math.max(...work.map((one) => one.entries))).toBeLessThanOrEqual(entries);
  expect(Math.max(...work.map((one) => one.commands))).toBeLessThanOrEqual(commands);
}

function expectBounded(work: readonly ScriptWork[]): void {
  expectWithin(work, MOST_ENTRIES, MOST_COMMANDS);
}

/** The end of one member changes one flow: nothing of it is looked at but the member's link. */
function expectShort(work: readonly ScriptWork[]): void {
  expectWithin(work, 600, 100);
}
