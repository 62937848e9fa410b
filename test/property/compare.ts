// Two engines given the same commands: every answer is compared, the counts after every command, and in the end all that
// can be read. Answers that may differ by the contract are brought into one form first.
import assert from "node:assert/strict";
import type { SweepAnswer } from "../../src/engine/contract/control.js";
import type { Engine, JobPage, LeaseRef, OverdueSession } from "../../src/engine/contract/engine.js";
import type { QueueEvent } from "../../src/model/job/event.js";
import type { JobFilter } from "../../src/model/job/query/filter.js";
import type { JobRecord, JobRef } from "../../src/model/job/job.js";
import { DOCUMENT_KINDS } from "./document-steps.js";
import { QUEUES, TAGS, TASKS, type Step } from "./steps.js";
import type { Call, Simulation } from "./simulation.js";

/**
 * Runs the steps on the reference and on the engine under test, over one or several connections.
 * @throws Error at the first difference
 */
export async function compare(
  simulation: Simulation,
  connections: readonly Engine[],
  steps: readonly Step[],
): Promise<void> {
  const { reference } = simulation;
  for (const [index, step] of steps.entries()) {
    const call = simulation.call(step);
    if (call === null) continue;
    const engine = connections[step.connection % connections.length];
    assert.ok(engine);
    const title = `step ${index}: ${call.title}`;
    const wanted = await answerOf(call, reference);
    same(await answerOf(call, engine), wanted, title);
    call.learn?.(wanted);
    same(await counts(engine), await counts(reference), `counts after ${title}`);
  }
  const [engine] = connections;
  assert.ok(engine);
  for (const [name, read] of Object.entries(READS)) {
    same(await read(engine, simulation), await read(reference, simulation), `${name} in the end`);
  }
}

/** What comes first in a sweep that a bound stops is open, so sweeps are sent until they are done. */
async function answerOf(call: Call, engine: Engine): Promise<unknown> {
  const answer = await call.run(engine);
  if (call.command !== "sweep") return answer;
  let swept = answer as SweepAnswer;
  while (swept.more) {
    const next = (await call.run(engine)) as SweepAnswer;
    const [recovered, promoted] = [swept.recovered + next.recovered, swept.promoted + next.promoted];
    const [expired, removed] = [swept.expired + next.expired, swept.removed + next.removed];
    swept = { ...next, recovered, promoted, expired, removed };
  }
  return swept;
}

function same(found: unknown, wanted: unknown, what: string): void {
  try {
    assert.deepEqual(normal(found), normal(wanted));
  } catch (error) {
    const difference = error instanceof Error ? error.message : String(error);
    throw new Error(`${what}: the engine (+) differs from the reference (-)\n${difference}`, { cause: error });
  }
}

/** An answer in the one form that the contract allows it to be compared in. */
function normal(answer: unknown): unknown {
  if (typeof answer !== "object" || answer === null) return answer;
  if ("overdue" in answer) {
    // When an engine notices that a session's time is over is open.
    const overdue = answer.overdue as readonly OverdueSession[];
    return { ...answer, overdue: overdue.map((one) => ({ ...one, deadline: null })) };
  }
  if (!("revoked" in answer)) return answer;
  // The order of lost leases is open.
  const revoked = answer.revoked as readonly LeaseRef[];
  return { ...answer, revoked: [...revoked].sort((a, b) => (`${a.queue}/${a.id}` < `${b.queue}/${b.id}` ? -1 : 1)) };
}

/** Queues that have jobs or are paused. Whether a queue exists because it is watched or worked on is open. */
async function counts(engine: Engine): Promise<unknown> {
  const queues = await engine.queues();
  return queues.filter((queue) => queue.paused || Object.values(queue.counts).some((count) => count > 0));
}

/** Every page of a listing. Where pages end is open. */
export async function listAll(engine: Engine, filter: JobFilter = {}): Promise<JobRecord[]> {
  const jobs: JobRecord[] = [];
  let cursor: string | null = null;
  do {
    const page: JobPage = await engine.listJobs({ filter, cursor, limit: 7 });
    jobs.push(...page.jobs);
    ({ cursor } = page);
  } while (cursor !== null);
  return jobs;
}

/** Those that are still there. How soon a job hears that one which waited for it was removed is open. */
async function standing(engine: Engine, refs: readonly JobRef[]): Promise<JobRef[]> {
  const jobs = await engine.getJobs({ refs });
  return refs.filter((_ref, index) => jobs[index] !== null);
}

const READS: Readonly<Record<string, (engine: Engine, simulation: Simulation) => Promise<unknown>>> = {
  counts,
  documents: async (engine) => {
    const left: unknown[] = [await engine.documentKinds()];
    for (const kind of DOCUMENT_KINDS) {
      left.push(await engine.listDocuments({ kind, cursor: null, limit: 500, reverse: false }));
      left.push(await engine.getDocuments({ kind, ids: ["a", "é", "a b", "none"] }));
    }
    return left;
  },
  aside: async (engine) => engine.aside({ queues: QUEUES }),
  jobs: (engine) => listAll(engine),
  "jobs by filter": async (engine) => [
    await ids(engine, { task: "scan" }),
    await ids(engine, { tag: TAGS[0] }),
    await ids(engine, { states: ["failed", "queued"], queue: "b" }),
    await ids(engine, { idContains: "job_1" }),
  ],
  "jobs by fingerprint": async (engine) => {
    const prints = new Set((await listAll(engine)).flatMap((job) => job.error?.fingerprint ?? []));
    const found: unknown[] = [];
    for (const fingerprint of [...prints].sort()) found.push([fingerprint, await ids(engine, { fingerprint })]);
    return found;
  },
  "jobs by ref": async (engine, { jobs }) => engine.getJobs({ refs: jobs }),
  "jobs by bare id": async (engine, { jobs }) => engine.findJobs({ ids: jobs.map(({ id }) => id) }),
  positions: async (engine, { jobs }) => {
    const places: unknown[] = [];
    for (const ref of jobs) places.push([ref.id, await engine.position(ref)]);
    return places;
  },
  checkpoints: async (engine, { jobs }) => {
    const left: unknown[] = [];
    for (const ref of jobs) left.push([ref.id, await engine.checkpoints(ref)]);
    return left;
  },
  links: async (engine, { jobs }) => {
    const links: unknown[] = [];
    for (const ref of jobs) {
      links.push([ref.id, await engine.dependencies(ref), await standing(engine, await engine.dependents(ref))]);
    }
    return links;
  },
  logs: async (engine, { jobs }) => {
    const logs: unknown[] = [];
    for (const ref of jobs) logs.push([ref.id, await engine.logs(ref)]);
    return logs;
  },
  "tag totals": async (engine) => {
    const totals: unknown[] = [];
    for (const tag of TAGS) {
      totals.push([tag, await engine.tagTotals({ tag })]);
      for (const queue of QUEUES) totals.push([tag, queue, await engine.tagTotals({ tag, queue })]);
    }
    return totals;
  },
  totals: async (engine) => engine.totals({}),
  "failure groups": async (engine) => {
    const pages: unknown[] = [];
    for (const queue of QUEUES) pages.push(await groupsOf(engine, queue));
    return pages;
  },
  series: async (engine, { clock }) => {
    const rows: unknown[] = [];
    for (const step of [60_000, 300_000, 3_600_000]) {
      const query = { from: 0, to: clock.now(), step, by: ["queue", "task", "outcome"] } as const;
      rows.push((await engine.series(query)).rows);
    }
    return rows;
  },
  schedules: async (engine) => engine.schedules({}),
  workers: async (engine) => engine.workers(),
  "abandoned queues": async (engine) => (await engine.abandoned({ cursor: null, limit: 100 })).queues.toSorted(),
  "what sessions hold": async (engine, { sessions }) => {
    const held: unknown[] = [];
    for (const { id: session, queues } of sessions) {
      for (const queue of queues) held.push([session, queue, await heldBy(engine, session, queue)]);
    }
    return held;
  },
  events: async (engine, { cursors }) => {
    const events: unknown[] = [];
    for (const [queue, cursor] of cursors) {
      const answer = await engine.watch({ queue, cursor, max: 1_000 });
      events.push([queue, { ...answer, events: membersInOrder(removalsInOrder(answer.events)) }]);
    }
    return events;
  },
  // A claim changes what the next one answers, so it comes last.
  "superseded jobs to tell of": async (engine) => engine.claimEnded({ queues: QUEUES, tasks: TASKS, limit: 1_000 }),
};

/** Events with the ids of jobs removed at one time in order. Which of those that are due at one time goes first is open. */
function removalsInOrder(events: readonly QueueEvent[]): QueueEvent[] {
  const removed = new Map<number, string[]>();
  for (const event of events) {
    if (event.kind === "removed") removed.set(event.at, [...(removed.get(event.at) ?? []), event.id]);
  }
  for (const ids of removed.values()) ids.sort((a, b) => (a < b ? 1 : -1));
  return events.map((event) => {
    const id = event.kind === "removed" ? removed.get(event.at)?.pop() : undefined;
    return event.kind === "removed" && id !== undefined ? { ...event, id } : event;
  });
}

/** Events with the members that joined flows at one time in order. From which queue a flow hears first is open. */
function membersInOrder(events: readonly QueueEvent[]): QueueEvent[] {
  type Joined = Extract<QueueEvent, { kind: "member" }>;
  const joined = new Map<number, Joined[]>();
  for (const event of events)
    if (event.kind === "member") joined.set(event.at, [...(joined.get(event.at) ?? []), event]);
  const key = ({ id, member }: Joined): string => `${id} ${member.queue} ${member.id}`;
  for (const some of joined.values()) some.sort((a, b) => (key(a) < key(b) ? 1 : -1));
  return events.map((event) => {
    const other = event.kind === "member" ? joined.get(event.at)?.pop() : undefined;
    return other === undefined ? event : { ...other, seq: event.seq };
  });
}

/** The groups of a queue. In which order jobs hear of the end of another in the same moment is open. */
async function groupsOf(engine: Engine, queue: string): Promise<unknown[]> {
  const { groups } = await engine.failureGroups({ queue, limit: 100 });
  return groups.map((group) => {
    return group.name === "DependencyFailed" ? { ...group, message: "", tasks: [], samples: [] } : group;
  });
}

async function heldBy(engine: Engine, session: string, queue: string): Promise<string[]> {
  const held: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await engine.held({ session, queue, cursor });
    held.push(...page.leases.map(({ id, epoch }) => `${id}@${epoch}`));
    ({ cursor } = page);
  } while (cursor !== null);
  return held.toSorted();
}

async function ids(engine: Engine, filter: JobFilter): Promise<string[]> {
  return (await listAll(engine, filter)).map((job) => job.id);
}
