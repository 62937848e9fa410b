/**
 * The thread that renews a session while the worker's own event loop is busy with a handler. It has an engine
 * connection of its own, beats for the session it was last told of, and stops at the time the worker has written into
 * shared memory, so that a job that hangs cannot hold its lease for ever. What it connects to must be there, and must be
 * what the worker has open: of a session that is not its own storage's it would say that it is over.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { Engine } from "../../engine/contract/engine.js";
import { openEngine } from "../../engine/open.js";
import { pause, systemClock } from "../../model/value/clock.js";
import type { HeartbeatAnswer, HeartbeatOrder, HeartbeatSetup } from "./heartbeat-link.js";

/** The wait before the engine is tried again, in milliseconds. */
const RETRY = 1_000;

const port = parentPort;
if (port === null) throw new Error("keeper-thread.js is started by a worker");
const { target, until } = workerData as HeartbeatSetup;
const beatUntil = new Float64Array(until);
const closing = new AbortController();
let order: HeartbeatOrder | null = null;
let changed = new AbortController();

port.on("message", (message: HeartbeatOrder | "close") => {
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
    // The first beat is at once and in any case: a worker with a short lease takes no work before it.
    if (current !== previous || systemClock.monotonic() <= (beatUntil[0] ?? 0)) await beat(engine, current);
    previous = current;
    await pause(systemClock, current.every, changed.signal);
  }
  await engine?.close();
}

/** Connects to the storage that the worker has open; `null`, and the worker is told why, when it cannot be had. */
async function reach(current: HeartbeatOrder): Promise<Engine | null> {
  let engine: Engine | null = null;
  try {
    engine = await openEngine(target, { existing: true });
    if (isSame(engine, current)) return engine;
    send({ session: null, error: `the heartbeat thread found another database at ${engine.info.url}` });
  } catch (error) {
    send({ session: null, error: String(error) });
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
    const { alive, revoked } = await engine.heartbeat({ session, queues, ttl });
    // A file that was replaced a moment ago knows nothing of the session.
    if (isSame(engine, current)) send({ session, alive, revoked });
  } catch (error) {
    send({ session, error: String(error) });
  }
}

function send(answer: HeartbeatAnswer): void {
  port?.postMessage(answer);
}
