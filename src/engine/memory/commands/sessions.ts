/** Sessions: the registration of a worker in each of its queues. */
import type { Params } from "../../contract/commands.js";
import type {
  AbandonedPage,
  HeartbeatAnswer,
  LeaseRef,
  Revocation,
  WorkerInfo,
  WorkerRecord,
} from "../../contract/engine.js";
import { decodeBuild, encodeBuild, MOST_BUILDS } from "../../contract/worker/builds.js";
import { buildOf } from "../../contract/worker/session-id.js";
import { decodeWorkerInfo } from "../../shared/workers/worker-info.js";
import {
  acknowledged,
  commandToGive,
  decodeCommand,
  decodeStatus,
  encodeStatus,
  withCommand,
} from "../../shared/workers/worker-status.js";
import { workerRecords } from "../../shared/workers/worker-records.js";
import { compareKeys } from "../../shared/listing-order.js";
import { returnLease } from "./settle.js";
import type { MemoryQueue, MemoryStore, Moment } from "../store/store.js";

export function openSession(
  store: MemoryStore,
  id: string,
  worker: WorkerInfo,
  ttl: number,
  { now, monotonic }: Moment,
): void {
  const life = { deadline: monotonic + ttl, ttl, seenAt: now, deadSince: null };
  for (const name of worker.queues) rememberBuild(store.queue(name), id, worker, now);
  store.sessions.set(id, {
    id,
    worker,
    queues: new Map(worker.queues.map((name) => [name, { ...life }])),
    held: new Set(),
    revoked: [],
    status: null,
    command: null,
    calls: new Map(),
  });
}

function rememberBuild({ builds }: MemoryQueue, id: string, worker: WorkerInfo, now: number): void {
  const [code, stored] = [buildOf(id), encodeBuild(worker)];
  if (code === null || stored === null) return;
  builds.set(code, { build: decodeBuild(stored), openedAt: now });
  if (builds.size <= MOST_BUILDS) return;
  const [first] = [...builds].toSorted(([a, one], [b, two]) => compareKeys([one.openedAt, a], [two.openedAt, b]));
  if (first !== undefined) builds.delete(first[0]);
}

/** Ends a session in some queues; jobs it holds there return to the head of the queue. */
export function closeSession(store: MemoryStore, id: string, queues: readonly string[], now: number): void {
  const session = store.sessions.get(id);
  if (session === undefined) return;
  for (const name of queues) {
    if (!session.queues.delete(name)) continue;
    const held = [...session.held].filter((job) => job.queue === name);
    // In reverse, so that the first to be leased ends up at the very head.
    for (const job of held.toSorted((a, b) => compareKeys(b.key, a.key)))
      returnLease(store.queue(name), session, job, now);
  }
  if (session.queues.size === 0) store.sessions.delete(id);
}

/** The leases a session holds in a queue. */
export function heldBy(store: MemoryStore, id: string, queue: string): LeaseRef[] {
  const held = [...(store.sessions.get(id)?.held ?? [])].filter((job) => job.queue === queue);
  return held.map((job) => ({ queue, id: job.id, epoch: job.epoch }));
}

export function heartbeat(
  store: MemoryStore,
  { session: id, queues, ttl, status, acknowledges }: Params<"heartbeat">,
  moment: Moment,
): HeartbeatAnswer {
  const revoked: Revocation[] = [];
  let alive = true;
  for (const name of queues) {
    const session = store.liveSession(id, name, moment);
    alive &&= session !== null;
    session?.queues.set(name, { deadline: moment.monotonic + ttl, ttl, seenAt: moment.now, deadSince: null });
    revoked.push(...(session?.revoked.filter((lease) => lease.queue === name) ?? []));
  }
  const [first = ""] = queues;
  const session = store.liveSession(id, first, moment);
  if (session === null) return { alive, revoked };
  if (status !== undefined) session.status = decodeStatus(encodeStatus(status));
  if (session.command !== null) session.command = acknowledged(session.command, acknowledges, moment.now);
  return { alive, revoked, ...commandToGive(session.command) };
}

/** Gives a command to the worker of a session; returns whether there is one. */
export function commandWorker(
  store: MemoryStore,
  { session: id, queue, ...command }: Params<"commandWorker">,
  now: number,
): boolean {
  const session = store.sessions.get(id);
  const life = session?.queues.get(queue);
  if (session === undefined || life === undefined || life.deadSince !== null) return false;
  session.command = withCommand(session.command, command, now);
  return true;
}

/** The workers, by session. */
export function listWorkers(store: MemoryStore, { now, monotonic }: Moment): WorkerRecord[] {
  const lives = [...store.sessions.values()].flatMap(({ id: session, queues, held }) =>
    [...queues].map(([name, { deadline, ttl, seenAt, deadSince }]) => ({
      session,
      running: [...held].filter(({ queue }) => queue === name).length,
      seenAt,
      left: deadSince === null ? deadline - monotonic : 0,
      ttl,
    })),
  );
  return workerRecords(lives, now, (session) => {
    const found = store.sessions.get(session);
    const worker = found?.worker ?? decodeWorkerInfo(session, "");
    // They end with the session in its first queue.
    const isThere = found?.queues.has(worker.queues[0] ?? "") ?? false;
    return {
      ...worker,
      status: isThere ? (found?.status ?? null) : null,
      command: isThere ? decodeCommand(found?.command) : null,
    };
  });
}

/** Queues that have sessions, none of them alive: of the `limit` by name after the cursor. */
export function abandonedQueues(
  store: MemoryStore,
  { cursor, limit, except = [] }: Params<"abandoned">,
  monotonic: number,
): AbandonedPage {
  const names = store
    .sorted()
    .map(({ name }) => name)
    .filter((name) => cursor === null || name > cursor)
    .slice(0, limit);
  const queues = names.filter((name) => {
    if (except.includes(name)) return false;
    const lives = [...store.sessions.values()].flatMap((session) => session.queues.get(name) ?? []);
    return lives.length > 0 && lives.every(({ deadSince, deadline }) => deadSince !== null || deadline <= monotonic);
  });
  return { queues, cursor: names.length < limit ? null : (names.at(-1) ?? null) };
}
