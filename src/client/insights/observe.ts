/**
 * Collects what insights are drawn from. Queues with jobs that wait are looked at first, and no more than 200 of them closely, so that a look
 * costs as much with ten thousand queues as with 200, apart from their list.
 */
import type { Engine, QueueRecord, SampleRow, StoreNode } from "../../engine/contract/engine.js";
import { sharedCauses, type SharedCause } from "../../model/failure/groups/shared-cause.js";
import { mergeGroups, type FailureGroupSnapshot } from "../../model/failure/groups/merged-group.js";
import { runsSince } from "../../model/failure/groups/shared-cause.js";
import type {
  ObservedAside,
  ObservedKiller,
  ObservedLosses,
  ObservedQueue,
  ObservedSchedule,
  ObservedWorker,
} from "../../model/insight/observed.js";
import { WORKER_LOST } from "../../model/job/job.js";
import { EngineUnavailable } from "../../model/errors/errors.js";
import { isReserved } from "../../model/value/name.js";
import { eachOf, readGroups } from "../failures/group-reader.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How many queues are looked at closely, and of how many the day before is read. */
export const MOST_QUEUES = 200;
const MOST_COMPARED = 50;
/** So many hours with jobs that waited say what is usual. */
const LEAST_HOURS = 3;

/** All that was seen. */
export interface Observed {
  /** When, by the engine's clock. */
  readonly now: number;
  readonly queues: readonly ObservedQueue[];
  /** How many queues have jobs that wait and were not looked at closely. */
  readonly unseen: number;
  readonly workers: readonly ObservedWorker[];
  readonly asides: readonly ObservedAside[];
  readonly losses: readonly ObservedLosses[];
  readonly killers: readonly ObservedKiller[];
  readonly schedules: readonly ObservedSchedule[];
  readonly nodes: readonly StoreNode[];
  readonly causes: readonly SharedCause[];
  /** What was not read, in words, because the store refuses writes, and this read adds up as well. */
  readonly unread: readonly string[];
}

/** Reads one part; of a store that refuses writes perhaps nothing. */
type Part = <Value>(what: string, read: Value | PromiseLike<Value>, nothing: Value) => Promise<Value>;

/** Looks at everything once. @throws EngineUnavailable */
export async function observeAll(engine: Engine): Promise<Observed> {
  const [now, all, workers, nodes] = await Promise.all([
    engine.now(),
    engine.queues(),
    engine.workers(),
    engine.store(),
  ]);
  const own = all.filter(({ name }) => !isReserved(name)).toSorted(mostWaiting);
  const seen = own.slice(0, MOST_QUEUES);
  const names = seen.map(({ name }) => name);
  const unread = new Set<string>();
  const part: Part = async (what, read, nothing) => {
    try {
      return await read;
    } catch (error) {
      if (!(error instanceof EngineUnavailable) || nodes.every(({ refusal }) => refusal === null)) throw error;
      unread.add(what);
      return nothing;
    }
  };
  const [queues, asides, losses, schedules, groups] = await Promise.all([
    observeQueues(engine, seen, now, part),
    part("jobs set aside", engine.aside({ queues: names }), []),
    part("figures over time", observeLosses(engine, names, now), []),
    part("schedules", engine.schedules(own.length > seen.length ? { queues: names } : {}), []),
    part("failure groups", readGroups(engine, names, now - 2 * HOUR), { groups: [], dropped: 0, exact: true }),
  ]);
  const failures = mergeGroups(groups.groups);
  return {
    now,
    queues,
    unseen: own.slice(MOST_QUEUES).filter(({ counts }) => counts.queued > 0).length,
    workers: workers
      .filter((worker) => worker.queues.length === 0 || !worker.queues.every(isReserved))
      .map(({ name, liveness, queues: served, tasks, longshore, running, seenAt, status }) => ({
        ...{ name, liveness, queues: served, longshore, running, seenAt },
        tasks: tasks.map((task) => task.name),
        suspended: status?.suspended ?? [],
        clockAhead: status?.clockAhead ?? null,
      })),
    asides,
    losses,
    killers: killersAmong(failures, now),
    schedules,
    nodes,
    causes: sharedCauses(failures, now - HOUR),
    unread: [...unread].toSorted(),
  };
}

function mostWaiting(a: QueueRecord, b: QueueRecord): number {
  return (
    b.counts.queued - a.counts.queued ||
    b.counts.active - a.counts.active ||
    b.counts.failed - a.counts.failed ||
    (a.name < b.name ? -1 : 1)
  );
}

async function observeQueues(
  engine: Engine,
  records: readonly QueueRecord[],
  now: number,
  part: Part,
): Promise<ObservedQueue[]> {
  const waiting = records.filter(({ counts }) => counts.queued > 0);
  const heads = await eachOf(waiting, async ({ name }) => {
    const filter = { queue: name, states: ["queued"] } as const;
    const { jobs } = await engine.listJobs({ filter, cursor: null, limit: 1, fields: [] });
    return jobs[0]?.runAt ?? null;
  });
  const usual = await part("figures over time", usualWaits(engine, waiting.slice(0, MOST_COMPARED), now), new Map());
  return records.map(({ name, paused, pausedAt, counts }) => {
    const place = waiting.findIndex((record) => record.name === name);
    return {
      ...{ name, paused, pausedAt, waiting: counts.queued },
      headSince: heads[place] ?? null,
      usualWait: usual.get(name) ?? null,
    };
  });
}

/** The longest wait in an hour of the day before the last one, as in the middle one of these hours. */
async function usualWaits(engine: Engine, records: readonly QueueRecord[], now: number): Promise<Map<string, number>> {
  if (records.length === 0) return new Map();
  const queues = records.map(({ name }) => name);
  const query = { queues, from: now - DAY, to: now - HOUR, step: HOUR, by: ["queue"] } as const;
  const { samples } = await engine.series(query);
  const byQueue = new Map<string, SampleRow[]>();
  for (const row of samples) byQueue.set(row.queue, [...(byQueue.get(row.queue) ?? []), row]);
  return new Map(
    [...byQueue].flatMap(([queue, rows]) => {
      const waits = rows.map((row) => row.samples.oldest).toSorted((a, b) => a - b);
      return waits.length < LEAST_HOURS ? [] : [[queue, waits[Math.floor(waits.length / 2)] ?? 0] as const];
    }),
  );
}

async function observeLosses(engine: Engine, queues: readonly string[], now: number): Promise<ObservedLosses[]> {
  if (queues.length === 0) return [];
  const query = {
    queues,
    outcomes: ["lost"],
    from: now - HOUR,
    to: now,
    step: 5 * MINUTE,
    by: ["queue", "task"],
  } as const;
  const { rows } = await engine.series(query);
  const losses = new Map<string, ObservedLosses>();
  for (const { at, queue, task, figures } of rows) {
    const key = JSON.stringify([queue, task]);
    const known = losses.get(key) ?? { queue: queue ?? "", task: task ?? "", runs: 0, since: at };
    losses.set(key, { ...known, runs: known.runs + figures.count, since: Math.min(known.since, at) });
  }
  return [...losses.values()];
}

/** Failure groups of jobs that failed because their workers died, within the last hour. */
function killersAmong(failures: readonly FailureGroupSnapshot[], now: number): ObservedKiller[] {
  return failures
    .filter(({ code }) => code === WORKER_LOST)
    .map((group) => ({ group, failed: runsSince(group, now - HOUR) }))
    .filter(({ failed }) => failed > 0)
    .map(({ group: { fingerprint, tasks, firstAt }, failed }) => {
      return { task: tasks.join(", "), failed, fingerprint, since: Math.max(firstAt, now - HOUR) };
    });
}
