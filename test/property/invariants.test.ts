// Invariants, checked on the memory engine after every command; the other engines are compared with it. Rare cases are
// counted: a property that never met them has proved nothing.
import assert from "node:assert/strict";
import { describe, expect, test } from "vitest";
import type {
  ControlAnswer,
  ControlParams,
  Engine,
  EnqueueAnswer,
  ExchangeAnswer,
  FencedAnswer,
  SchedulePutAnswer,
  ScheduleResumeAnswer,
  SweepAnswer,
  WatchAnswer,
} from "../../src/engine/contract/engine.js";
import type { MemoryEngine } from "../../src/engine/memory/engine.js";
import {
  CRASH_LIMIT,
  MOST_ATTEMPT_RECORDS,
  WORKER_LOST,
  type JobRecord,
  type JobRef,
} from "../../src/model/job/job.js";
import { isTerminal, sources, STATES } from "../../src/model/job/state.js";
import { check, isReplay, TIME_LIMIT } from "./check.js";
import { listAll } from "./compare.js";
import { TAGS, type Step } from "./steps.js";
import { Simulation, type Call } from "./simulation.js";

type Jobs = ReadonlyMap<string, JobRecord>;

const met = new Map<string, number>();
const meet = (what: string, times = 1): void => void met.set(what, (met.get(what) ?? 0) + times);

const nameOf = ({ queue, id }: { readonly queue: string; readonly id: string }): string => `${queue}/${id}`;

async function read(engine: MemoryEngine): Promise<Jobs> {
  const jobs = await listAll(engine);
  const byName = new Map(jobs.map((job) => [nameOf(job), job]));
  assert.equal(byName.size, jobs.length, "a job is listed once");
  return byName;
}

/** Copies: these are sent again already. */
const LATE: readonly Step["kind"][] = ["exchangeAgain", "exchangeLate", "late"];

/** Runs the steps and checks all that must hold after each. */
async function observe(steps: readonly Step[]): Promise<void> {
  const simulation = new Simulation();
  const engine = simulation.reference;
  const epochs = new Map<string, number>();
  const held = new Set<string>();
  const begun = new Set<string>();
  let before: Jobs = new Map();
  for (const [index, step] of steps.entries()) {
    const call = simulation.call(step);
    if (call === null) continue;
    const paused = engine.queues().flatMap((queue) => (queue.paused ? queue.name : []));
    const answer = call.run(engine);
    call.learn?.(answer);
    const after = await read(engine);
    try {
      counted(engine, after);
      bounded(after);
      kept(call, before, after, simulation);
      if (call.command === "commitFlow" && answer === "committed") noteBegun(call, begun);
      for (const name of begun) if (!after.has(name)) begun.delete(name);
      oneLiveJobPerKey(after, begun);
      onlyTheLatestCounts(after, begun);
      if (call.command === "enqueue") noteHeld(call, held);
      nothingWaitsInVain(engine, after, held);
      fenced(call, answer, before, after);
      if (call.command === "exchange") leased(step, answer as ExchangeAnswer, before, after, epochs, paused);
      for (const name of epochs.keys()) if (!after.has(name)) epochs.delete(name);
      if (!LATE.includes(step.kind)) await sentAgain(engine, call, answer, before, after);
      note(call, answer, before, after);
    } catch (error) {
      throw new Error(`step ${index}: ${call.title}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
    before = after;
  }
}

/** Every job is in exactly one state, and the counts and totals know it. */
function counted(engine: MemoryEngine, jobs: Jobs): void {
  for (const { name, counts } of engine.queues()) {
    for (const state of STATES) {
      const there = [...jobs.values()].filter((job) => job.queue === name && job.state === state);
      assert.equal(counts[state], there.length, `${state} jobs of ${name}`);
    }
  }
  for (const tag of TAGS) {
    const totals = engine.tagTotals({ tag });
    for (const state of STATES) {
      const there = [...jobs.values()].filter((job) => job.tags.includes(tag) && job.state === state);
      assert.equal(totals[state], there.length, `${state} jobs of tag ${tag}`);
    }
  }
}

/** Attempts, deaths and records stay within their bounds. */
function bounded(jobs: Jobs): void {
  for (const job of jobs.values()) {
    assert.ok(job.attempt <= job.attempts, "attempts stay within their maximum");
    assert.ok(job.crashes <= CRASH_LIMIT, "deaths stay within their limit");
    assert.ok(job.history.length <= MOST_ATTEMPT_RECORDS, "the history is capped");
    assert.equal(job.finishedAt !== null, isTerminal(job.state), "a job has ended if it has a time at which it ended");
    assert.equal(job.worker !== null, job.state === "active", "a worker runs what is active");
  }
}

/** What was accepted is there until retention or a command removes it; nothing is there that was not accepted. */
function kept(call: Call, before: Jobs, after: Jobs, simulation: Simulation): void {
  const accepted = new Set(simulation.jobs.map(nameOf));
  for (const name of after.keys()) assert.ok(accepted.has(name), `${name} was enqueued`);
  for (const [name, job] of before) {
    if (after.has(name)) continue;
    // A flow that was never complete goes with all its jobs, whatever ends it.
    if (job.role === "flow" || job.flow !== null) continue;
    if (call.command === "remove") assert.notEqual(job.state, "active", "no running job is removed");
    else if (call.command === "sweep") {
      // The same sweep may have ended the job first.
      const mayEnd = job.ttl !== null || job.crashes === CRASH_LIMIT - 1;
      assert.ok(isTerminal(job.state) || mayEnd, "retention removes only what has ended");
    } else assert.equal(call.command, "obliterate", "nothing else removes a job");
  }
}

/** A flow that supersedes takes the key of the job before it when it begins, not before. */
function oneLiveJobPerKey(jobs: Jobs, begun: ReadonlySet<string>): void {
  const live = [...jobs].flatMap(([name, job]) => {
    const waits = job.role === "flow" && job.supersedes !== null && !begun.has(name);
    return job.unique?.until === "finished" && !isTerminal(job.state) && !waits ? job : [];
  });
  assert.equal(new Set(live.map((job) => `${job.queue} ${job.unique?.key}`)).size, live.length, "one live job per key");
}

/**
 * Of the jobs that supersede each other one may run or have ended by running; the latest, for it comes after all others. A flow
 * comes when it begins, and counts from then on.
 */
function onlyTheLatestCounts(jobs: Jobs, begun: ReadonlySet<string>): void {
  const counting = new Map<string, JobRecord>();
  for (const [name, job] of jobs) {
    if (job.supersedes === null || ["superseded", "cancelled", "expired"].includes(job.state)) continue;
    if (job.role === "flow" && !begun.has(name)) continue;
    const key = `${job.queue} ${job.supersedes}`;
    assert.ok(!counting.has(key), "one job counts per key under which jobs supersede each other");
    counting.set(key, job);
  }
  for (const job of jobs.values()) {
    const other = counting.get(`${job.queue} ${job.supersedes}`);
    if (other?.role !== "job" || job.role !== "job") continue;
    assert.ok(job.createdAt <= other.createdAt, "the one that counts is the latest");
  }
}

function noteBegun({ params }: Call, begun: Set<string>): void {
  begun.add(nameOf(params as Parameters<Engine["commitFlow"]>[0]));
}

/** Jobs that were created held, and flows, which begin with theirs. */
function noteHeld({ params }: Call, held: Set<string>): void {
  for (const job of (params as Parameters<Engine["enqueue"]>[0]).jobs) {
    if (job.hold || job.role === "flow") held.add(nameOf(job));
  }
}

/** Every job that waits has a link with each dependency, and no job is retained for one that is gone. */
function nothingWaitsInVain(engine: MemoryEngine, jobs: Jobs, held: ReadonlySet<string>): void {
  for (const [name, { queue, id, state, finishedAt }] of jobs) {
    for (const dependent of finishedAt === null ? [] : engine.dependents({ queue, id })) {
      assert.ok(jobs.has(nameOf(dependent)), `${name} is kept for ${nameOf(dependent)}, which is there`);
    }
    const left = engine.dependencies({ queue, id }).filter((dependency) => dependency.state === null);
    if (finishedAt !== null || held.has(name)) continue;
    if (state === "blocked") assert.ok(left.length > 0, `${name} waits for something`);
    for (const dependency of left) {
      const awaited = jobs.get(nameOf(dependency));
      assert.ok(awaited !== undefined && !isTerminal(awaited.state), `${nameOf(dependency)} will end for ${name}`);
      assert.ok(
        engine.dependents(dependency).some((ref) => nameOf(ref) === name),
        `${name} gets the message of its end`,
      );
    }
  }
}

/** A stale write changes nothing. */
function fenced(call: Call, answer: unknown, before: Jobs, after: Jobs): void {
  if (call.command !== "report" || (answer as FencedAnswer[]).includes("applied")) return;
  meet("stale report");
  assert.deepEqual(after, before);
}

/** Leases go to live sessions, from queues that are not paused, first come first served, under ever higher epochs. */
function leased(
  step: Step,
  answer: ExchangeAnswer,
  before: Jobs,
  after: Jobs,
  epochs: Map<string, number>,
  paused: readonly string[],
): void {
  if (step.kind === "exchangeAgain") return;
  if (step.kind === "exchangeLate") {
    for (const lease of answer.leases)
      assert.equal(before.get(nameOf(lease))?.state, "active", "nothing new is leased");
    return;
  }
  for (const lease of answer.leases) {
    const name = nameOf(lease);
    assert.equal(after.get(name)?.state, "active");
    assert.ok(!paused.includes(lease.queue), "a paused queue gives no leases");
    assert.ok(lease.epoch > (epochs.get(name) ?? 0), "every lease has a higher epoch than the one before");
    epochs.set(name, lease.epoch);
  }
  assert.ok(answer.leases.filter((lease) => lease.suspect).length <= 1, "one suspect at a time");
  inOrder(answer, before, after);
}

function wasDeclined({ history }: JobRecord): boolean {
  return history.some(({ outcome }) => outcome === "declined");
}

function inOrder(answer: ExchangeAnswer, before: Jobs, after: Jobs): void {
  // Innocent jobs that were in line before; what joined in this very command stands behind or before them by other rules, and
  // what was declined stands aside.
  const line = [...before.values()].filter((job) => job.state === "queued" && job.crashes === 0 && !wasDeclined(job));
  const taken = new Set(answer.leases.map(nameOf));
  const left = new Set<string>();
  for (const job of line) {
    const name = nameOf(job);
    if (taken.has(name)) assert.ok(!left.has(job.queue), "no job is leased before one in front of it");
    else if (after.get(name)?.state === "queued") left.add(job.queue);
  }
}

/** A command sent again answers the same and has no second effect. */
async function sentAgain(engine: MemoryEngine, call: Call, answer: unknown, before: Jobs, after: Jobs): Promise<void> {
  const safe = [
    "enqueue",
    "exchange",
    "release",
    "cancel",
    "retry",
    "promote",
    "update",
    "putSchedule",
    "fireSchedules",
  ];
  if (!safe.includes(call.command) || namesTwice(call) || settlesWhatItLeases(call, answer)) return;
  if (supersedesWhatItMet(call, answer, after) || endsWhatItMet(call, answer, before, after)) return;
  const again = call.run(engine);
  if (call.command === "enqueue") assert.deepEqual(again, asNow(call, answer, after), "the same answer");
  else if (call.command === "exchange") assert.deepEqual(given(again), given(answer), "the same answer");
  else if (!("refs" in (call.params as object))) assert.deepEqual(again, answer, "the same answer");
  else sameControl(engine, call, again as ControlAnswer[], answer as ControlAnswer[], after);
  assert.deepEqual(await read(engine), after, "no second effect");
}

/** Does it find a job of its id that goes with this command, as an incomplete flow whose time is over does? Its id is free then. */
function endsWhatItMet(call: Call, answer: unknown, before: Jobs, after: Jobs): boolean {
  if (call.command !== "enqueue") return false;
  return enqueued(call, answer).some(({ name }) => before.has(name) && !after.has(name));
}

/** What an exchange settled and leased. What it says of other work is as it was before jobs that waited for these got ready. */
function given(answer: unknown): unknown {
  const { alive, settled, leases } = answer as ExchangeAnswer;
  return { alive, settled, leases };
}

/** The state answered is that before anything followed for jobs that are linked. */
function sameControl(
  engine: MemoryEngine,
  { params }: Call,
  again: ControlAnswer[],
  answer: ControlAnswer[],
  after: Jobs,
): void {
  for (const [index, ref] of (params as ControlParams).refs.entries()) {
    const job = after.get(nameOf(ref));
    const waits = engine.dependencies(ref).length > 0;
    const linked = job === undefined || job.role === "flow" || job.flow !== null || waits;
    if (!linked) assert.deepEqual(again[index], answer[index], "the same answer");
    else if (job !== undefined) assert.equal(again[index]?.outcome, answer[index]?.outcome, "the same outcome");
  }
}

/**
 * Names a job twice, which no client does. Of two leases of one job only the later is known to have been settled; of two
 * jobs with one id the second may be created where the first joined another.
 */
function namesTwice({ command, params }: Call): boolean {
  const named =
    command === "exchange"
      ? (params as Parameters<Engine["exchange"]>[0]).settle
      : command === "enqueue"
        ? (params as Parameters<Engine["enqueue"]>[0]).jobs
        : [];
  return new Set(named.map(nameOf)).size < named.length;
}

/**
 * Settles the very lease it is then given, which no client can: epochs begin again in a queue that was obliterated, and the
 * lease settled is another session's of the queue's former life.
 */
function settlesWhatItLeases({ command, params }: Call, answer: unknown): boolean {
  if (command !== "exchange") return false;
  const given = new Set((answer as ExchangeAnswer).leases.map((lease) => `${nameOf(lease)}@${lease.epoch}`));
  return (params as Parameters<Engine["exchange"]>[0]).settle.some((lease) =>
    given.has(`${nameOf(lease)}@${lease.epoch}`),
  );
}

/** Supersedes a job that another one had joined; sent again, that one finds none to join. */
function supersedesWhatItMet(call: Call, answer: unknown, after: Jobs): boolean {
  if (call.command !== "enqueue") return false;
  return enqueued(call, answer).some(
    ({ name, outcome }) => !["created", "existing"].includes(outcome) && after.get(name)?.state === "superseded",
  );
}

/** The answer to an enqueue, with the states that its own later jobs left those before them in. */
function asNow(call: Call, answer: unknown, after: Jobs): EnqueueAnswer[] {
  return enqueued(call, answer).map(({ name, id, outcome, state }) => {
    return { id, outcome, state: after.get(name)?.state ?? state };
  });
}

function enqueued({ params }: Call, answer: unknown): (EnqueueAnswer & { readonly name: string })[] {
  const { jobs } = params as Parameters<Engine["enqueue"]>[0];
  return (answer as EnqueueAnswer[]).map((one, index) => {
    return { ...one, name: nameOf({ queue: jobs[index]?.queue ?? "", id: one.id }) };
  });
}

/** Counts the cases that must come up. */
function note(call: Call, answer: unknown, before: Jobs, after: Jobs): void {
  if (call.command === "enqueue") for (const { outcome } of answer as EnqueueAnswer[]) meet(outcome);
  if (call.command === "exchange") {
    const { alive, settled, leases } = answer as ExchangeAnswer;
    if (!alive) meet("dead session");
    for (const result of settled) meet(`${result} outcome`);
    for (const { suspect, declinedAt } of leases) {
      meet(suspect ? "lease of a suspect" : "lease");
      if (declinedAt !== null) meet(suspect ? "lease of a declined suspect" : "lease of a declined job");
    }
  }
  if (call.command === "retry") for (const { outcome } of answer as ControlAnswer[]) meet(`retry: ${outcome}`);
  if (call.command === "claimEnded" && (answer as JobRef[]).length > 0) meet("superseded job to tell of");
  if (call.command === "putSchedule") meet(`schedule: ${answer as SchedulePutAnswer}`);
  if (call.command === "resumeSchedule") meet(`resumed schedule: ${answer as ScheduleResumeAnswer}`);
  if (call.command === "fireSchedules") {
    for (const result of answer as FencedAnswer[]) meet(`tick: ${result}`);
    if ([...after.keys()].some((name) => !before.has(name))) meet("job of a tick");
  }
  if (call.command === "sweep" && (answer as SweepAnswer).schedules.length > 0) meet("schedule that is due");
  if (call.command === "watch" && (answer as WatchAnswer).gap) meet("gap");
  for (const [name, job] of before) {
    const now = after.get(name);
    if (now === undefined && call.command === "sweep") meet("removed by retention");
    if (now === undefined || now.state === job.state) continue;
    if (now.state === "superseded") meet(`superseded when ${job.state}`);
    if (now.state === "superseded" && call.command === "commitFlow") meet("superseded by a flow");
    meet(now.error?.code === WORKER_LOST ? "lost with its workers" : `now ${now.state}`);
  }
}

const RARE = [
  "created",
  "existing",
  "joined",
  "rejected",
  "replaced",
  "dead session",
  "stale report",
  "stale outcome",
  "applied outcome",
  "lease",
  "lease of a suspect",
  "lease of a declined job",
  "lease of a declined suspect",
  "lost with its workers",
  "retry: applied",
  "retry: conflict",
  "retry: wrong-state",
  "retry: missing",
  "removed by retention",
  "gap",
  "superseded job to tell of",
  "superseded by a flow",
  ...["created", "changed", "unchanged"].map((outcome) => `schedule: ${outcome}`),
  "resumed schedule: applied",
  "tick: applied",
  "tick: stale",
  "job of a tick",
  "schedule that is due",
  ...sources("supersede").map((state) => `superseded when ${state}`),
  ...["delayed", "queued", "active", "completed", "partial", "failed", "cancelled", "expired"].map((s) => `now ${s}`),
];

describe("whatever happens", () => {
  test(
    "every job is accounted for, every lease fenced, every command idempotent",
    () => expect(check(observe, 3)).resolves.toBeUndefined(),
    TIME_LIMIT,
  );

  test.skipIf(isReplay)("and the rare cases did happen", () => {
    const never = RARE.filter((what) => !met.has(what));
    expect(never).toEqual([]);
  });
});
