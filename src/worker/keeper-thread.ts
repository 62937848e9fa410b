/**
 * The thread that renews a session while the worker's own event loop is busy with a handler. It has an engine
 * connection of its own, beats for the session it was last told of, and stops at the time the worker has written into
 * shared memory, so that a job that hangs cannot hold its lease for ever.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { Engine } from "../engine/contract.js";
import { openEngine } from "../engine/open.js";
import { pause, systemClock } from "../model/clock.js";
import type { KeeperAnswer, KeeperOrder, KeeperSetup } from "./keeper-link.js";

/** The wait before the engine is tried again, in milliseconds. */
const RETRY = 1_000;

const port = parentPort;
if (port === null) throw new Error("keeper-thread.js is started by a worker");
const { target, until } = workerData as KeeperSetup;
const beatUntil = new Float64Array(until);
const closing = new AbortController();
let order: KeeperOrder | null = null;
let changed = new AbortController();

port.on("message", (message: KeeperOrder | "close") => {
  if (message === "close") closing.abort();
  else order = message;
  changed.abort();
});

await main();
port.close();

async function main(): Promise<void> {
  const engine = await open();
  if (engine === null) return;
  let obeyed: KeeperOrder | null = null;
  try {
    while (!closing.signal.aborted) {
      changed = new AbortController();
      const current = order;
      if (current?.session == null) {
        await pause(systemClock, Number.MAX_SAFE_INTEGER, changed.signal);
        continue;
      }
      // The first beat is at once and in any case: a worker with a short lease takes no work before it.
      if (current !== obeyed || systemClock.monotonic() <= (beatUntil[0] ?? 0)) await beat(engine, current);
      obeyed = current;
      await pause(systemClock, current.every, changed.signal);
    }
  } finally {
    await engine.close();
  }
}

async function open(): Promise<Engine | null> {
  while (!closing.signal.aborted) {
    try {
      return await openEngine(target);
    } catch (error) {
      tell({ session: null, error: String(error) });
      changed = new AbortController();
      await pause(systemClock, RETRY, changed.signal);
    }
  }
  return null;
}

async function beat(engine: Engine, { session, queues, ttl }: KeeperOrder): Promise<void> {
  if (session === null) return;
  try {
    const { alive, revoked } = await engine.heartbeat({ session, queues, ttl });
    tell({ session, alive, revoked });
  } catch (error) {
    tell({ session, error: String(error) });
  }
}

function tell(answer: KeeperAnswer): void {
  port?.postMessage(answer);
}
