/**
 * The thread that renews a session while the worker's own event loop is blocked by a handler. It has its own engine
 * connection, beats for the session of the latest order, and stops at the time that the worker has written into shared
 * memory, so that a job that hangs cannot keep its lease for ever.
 * It connects only to existing storage, and only to the storage that the worker has open: any other would report the
 * session as lost.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { Engine } from "../../engine/contract/engine.js";
import { openEngine } from "../../engine/open.js";
import { EngineRefused } from "../../model/errors/errors.js";
import { pause, systemClock } from "../../model/value/clock.js";
import { packError } from "../errors/error-transport.js";
import type { HeartbeatAnswer, HeartbeatNotes, HeartbeatOrder, HeartbeatSetup } from "./heartbeat-link.js";

/** The wait before the connection is tried again, in milliseconds. */
const RETRY = 1_000;

const port = parentPort;
if (port === null) throw new Error("heartbeat-thread.js is started by a worker");
const { target, until } = workerData as HeartbeatSetup;
const beatUntil = new Float64Array(until);
const closing = new AbortController();
let order: HeartbeatOrder | null = null;
let notes: HeartbeatNotes = {};
let changed = new AbortController();

port.on("message", (message: HeartbeatOrder | { readonly notes: HeartbeatNotes } | "close") => {
  if (message !== "close" && "notes" in message) {
    // They go out with the next beat.
    ({ notes } = message);
    return;
  }
  if (message === "close") closing.abort();
  else order = message;
  changed.abort();
});

await main();
port.close();

async function main(): Promise<void> {
  let engine: Engine | null = null;
  let previous: HeartbeatOrder | null = null;
  while (!closing.signal.aborted) {
    changed = new AbortController();
    const current = order;
    if (current?.session == null) {
      await pause(systemClock, Number.MAX_SAFE_INTEGER, changed.signal);
      continue;
    }
    if (engine !== null && !isSame(engine, current)) {
      await engine.close();
      engine = null;
    }
    engine ??= await reach(current);
    if (engine === null) {
      await pause(systemClock, RETRY, changed.signal);
      continue;
    }
    // The first beat of an order is immediate and unconditional: a worker with a short lease takes no work before it.
    if (current !== previous || systemClock.monotonic() <= (beatUntil[0] ?? 0)) await beat(engine, current);
    previous = current;
    await pause(systemClock, current.every, changed.signal);
  }
  await engine?.close();
}

/**
 * Connects to the storage that the worker has open. `null` when it is not reachable; the reason is sent to the worker.
 */
async function reach(current: HeartbeatOrder): Promise<Engine | null> {
  let engine: Engine | null = null;
  try {
    engine = await openEngine(target, { existing: true });
    if (isSame(engine, current)) return engine;
    send({
      session: null,
      error: packError(new EngineRefused(`the heartbeat thread found another database at ${engine.info.url}`)),
    });
  } catch (error) {
    send({ session: null, error: packError(error) });
  }
  await engine?.close();
  return null;
}

function isSame(engine: Engine, { identity }: HeartbeatOrder): boolean {
  return (engine.identity ?? null) === identity;
}

async function beat(engine: Engine, current: HeartbeatOrder): Promise<void> {
  const { session, queues, ttl } = current;
  if (session === null) return;
  try {
    const answer = await engine.heartbeat({ session, queues, ttl, ...notes });
    // A database file replaced since the last check does not have the session: ignore its answer.
    if (isSame(engine, current)) send({ ...answer, session });
  } catch (error) {
    send({ session, error: packError(error) });
  }
}

function send(answer: HeartbeatAnswer): void {
  port?.postMessage(answer);
}
