// Messages that come late, twice, or out of order: no command brings them about at a given moment. Here they are handed to the
// inbox of Redis itself, whose script must reply exactly what `reactTo` replies, and do to the job what the tables say. Memory and
// SQLite call `reactTo`.
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { RedisMailbox } from "../../../src/engine/redis/commands/mailbox.js";
import { Link } from "../../../src/engine/redis/connection/connection.js";
import { Keys } from "../../../src/engine/redis/connection/keys.js";
import { RedisEngine } from "../../../src/engine/redis/engine.js";
import { reactTo, type Receiver } from "../../../src/engine/shared/reactions.js";
import type { Message } from "../../../src/engine/shared/relay.js";
import { parseTarget, type ParsedRedisTarget } from "../../../src/engine/target.js";
import { ScenarioContext } from "../../../src/engine/testkit/index.js";
import type { JobRef } from "../../../src/model/job/job.js";
import { freshPrefix, RedisBackdoor } from "../redis/redis-storage.js";
import { DEPENDENT_CASES, END_CASES, JOIN_CASES, RECEIVERS } from "./reaction-cases.js";

const where = { url: inject("redisUrl") };
const prefix = freshPrefix();
const target = parseTarget({ engine: "redis", prefix, ...where }) as ParsedRedisTarget;
const backdoor = new RedisBackdoor(where);

let context: ScenarioContext;
let link: Link;
let mailbox: RedisMailbox;

beforeAll(async () => {
  context = await ScenarioContext.create({
    async connect(clock) {
      const engine = new RedisEngine(target, { clock });
      await engine.open();
      return engine;
    },
    dispose: () => backdoor.clear(prefix),
  });
  link = new Link(target, new Keys(prefix, target.db), context.clock, () => {});
  await link.connect();
  mailbox = new RedisMailbox(link);
});

afterAll(async () => {
  link.close();
  await context.dispose();
  await backdoor.close();
});

const IDLE: Receiver = {
  state: "blocked",
  flow: null,
  held: false,
  round: 0,
  dependencies: 1,
  pending: 1,
  known: null,
  awaited: false,
  awaitedOnlyBySender: false,
};

const fresh = (): JobRef => ({ queue: context.fresh("late-"), id: context.fresh("job-") });
const hand = async (message: Message): Promise<readonly Message[]> => (await mailbox.deliver([message])).replies;
const state = async ({ queue, id }: JobRef): Promise<string> => (await context.job(id, queue)).state;
const knownOf = async (job: JobRef, { queue, id }: JobRef): Promise<string | null | undefined> =>
  (await context.engine.dependencies(job)).find((one) => one.queue === queue && one.id === id)?.state;

/** A held job that depends on one that is not there, whose end it has not received. */
async function heldJob(ifFailed: "fail" | "cancel" | "continue" = "fail"): Promise<[job: JobRef, from: JobRef]> {
  const [job, from] = [fresh(), fresh()];
  await context.add({ ...job, hold: true, after: [{ ...from, ifFailed }] });
  return [job, from];
}

test.each(END_CASES.filter(({ job }) => job === "is held"))("$end, $ifFailed, of a held job", async (one) => {
  const [to, from] = await heldJob(one.ifFailed);
  const end: Message = { kind: "end", to, from, state: one.end, round: 0 };
  const known = { state: null, ifFailed: one.ifFailed };
  expect(await hand(end)).toEqual(reactTo({ ...IDLE, ...RECEIVERS[one.job], known }, end).replies);
  expect([await state(to), await knownOf(to, from)]).toEqual([one.state, one.end]);
});

test("an end of another round, a second end, and one of a job that is no dependency change nothing", async () => {
  const [to, from] = await heldJob("continue");
  const end: Message = { kind: "end", to, from, state: "failed", round: 0 };
  expect(await hand({ ...end, round: 1 })).toEqual([]);
  expect(await knownOf(to, from)).toBeNull();
  await hand(end);
  expect(await hand({ ...end, state: "completed" })).toEqual([]);
  expect(await knownOf(to, from)).toBe("failed");
  const stranger: Message = { ...end, from: fresh() };
  expect(await hand(stranger)).toEqual(reactTo(IDLE, stranger).replies);
});

const ENDED_HELD = DEPENDENT_CASES.filter(({ kind, replies }) => kind === "go" && replies);

test.each(ENDED_HELD)("go to a held member that is $state", async ({ kind, state: ended, effects }) => {
  const to = fresh();
  await context.add({ ...to, hold: true, ttl: 1_000, supersedes: "key" });
  if (ended === "cancelled") await context.control("cancel", to);
  if (ended === "superseded") await context.add({ queue: to.queue, hold: true, supersedes: "key" });
  if (ended === "expired") context.advance(1_000);
  await context.sweep(1_000, [to.queue]);
  expect(await state(to)).toBe(ended);
  const go: Message = { kind, to, from: fresh(), round: 3 };
  expect(await hand(go)).toEqual(reactTo({ ...IDLE, state: ended, held: true }, go).replies);
  expect(effects).toContain("clear-hold");
  expect(await context.engine.dependents(to)).toEqual([go.from]);
});

/** Brings a flow into the state of a case by messages of a member that is not there. */
async function flowFor({ flow, state: over, known }: Partial<Receiver>, from: JobRef): Promise<JobRef> {
  const to = fresh();
  await context.add({ ...to, role: flow === null ? "job" : "flow", hold: flow === null });
  if (flow === null) return to;
  if (flow === "begun") {
    const other = fresh();
    const membership = { ...to, node: "other", parent: null, weight: 1, ifFailed: "continue" } as const;
    await context.add({ ...other, hold: true, flow: membership });
    await context.engine.commitFlow({ ...to, members: 1 });
  }
  if (known !== undefined && known !== null) {
    await hand({ kind: "join", to, from, ifFailed: "continue", held: true });
    if (known.state !== null) await hand({ kind: "end", to, from, state: known.state, round: 0 });
  }
  if (over !== undefined) await context.control("cancel", to);
  return to;
}

// A flow of 10,000 is for the conformance suite; an incomplete one that was cancelled is gone with the command.
const JOINS = JOIN_CASES.filter(({ flow }) => flow.dependencies === undefined && !(flow.flow === "open" && flow.state));

test.each(JOINS)("a member joins $name", async ({ flow, held, effects }) => {
  const from = fresh();
  const to = await flowFor(flow, from);
  const join: Message = { kind: "join", to, from, ifFailed: "continue", held };
  expect(await hand(join)).toEqual(reactTo({ ...IDLE, ...flow }, join).replies);
  const waits = effects.some((effect) => effect === "add-dependency" || effect === "reopen-dependency");
  expect(await knownOf(to, from)).toBe(waits ? null : flow.known?.state);
});

test("messages to jobs that are not there are answered for", async () => {
  const [to, from] = [fresh(), fresh()];
  const back = { to: from, from: to };
  expect(await hand({ kind: "link", to, from, round: 2 })).toEqual([
    { kind: "end", ...back, state: "removed", round: 2 },
  ]);
  expect(await hand({ kind: "go", to, from, round: 3 })).toEqual([
    { kind: "end", ...back, state: "removed", round: 3 },
  ]);
  expect(await hand({ kind: "end", to, from, state: "failed", round: 0 })).toEqual([{ kind: "unlink", ...back }]);
  expect(await hand({ kind: "join", to, from, ifFailed: "fail", held: true })).toEqual([{ kind: "cancel", ...back }]);
  for (const kind of ["unlink", "cancel", "drop"] as const) expect(await hand({ kind, to, from })).toEqual([]);
});

test("drop removes a member that waits for the flow, and no other job with its id", async () => {
  const flow = fresh();
  const [member, other] = [fresh(), fresh()];
  await context.add({ ...flow, role: "flow" });
  await context.add({ ...member, hold: true, flow: { ...flow, node: "n", parent: null, weight: 1, ifFailed: "fail" } });
  await context.add(other);
  await hand({ kind: "drop", to: other, from: flow });
  expect(await state(other)).toBe("queued");
  await hand({ kind: "drop", to: member, from: flow });
  expect(await context.find(member.id, member.queue)).toBeNull();
});
