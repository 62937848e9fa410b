// The heartbeat thread and the SQLite file: the thread creates none and trusts only the one that its worker has open. A worker
// whose file is gone reports it.
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { attach, connect, task, type Engine, type Longshore, type Worker } from "longshore";
import { openEngine } from "../../../src/engine/open.js";
import { unknownWorker } from "../../../src/engine/shared/workers/worker-info.js";
import { SqliteEngine } from "../../../src/engine/sqlite/engine.js";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";
import {
  HeartbeatLink,
  type HeartbeatAnswer,
  type HeartbeatNotes,
} from "../../../src/worker/session/heartbeat-link.js";

const FILES = ["", "-wal", "-shm"];
const info = { ...unknownWorker("w"), queues: ["q"] };
const order = { session: "w/1", queues: ["q"], ttl: 60_000, every: 60_000 };

let folder: string;
let path: string;
let engine: Engine | null;
let link: HeartbeatLink | null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-heartbeat-`));
  path = join(folder, "jobs.db");
  [engine, link] = [null, null];
});

afterEach(async () => {
  await link?.close();
  await engine?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The first message of a thread that is to keep a session alive in a database of that identity. */
async function firstWord(identity: string | null, notes: HeartbeatNotes = {}): Promise<HeartbeatAnswer> {
  return new Promise((resolve, reject) => {
    link = new HeartbeatLink({ engine: "sqlite", path, durability: "normal", allowNetwork: false }, resolve, reject);
    link.note(notes);
    link.order({ ...order, identity });
  });
}

async function openWithSession(): Promise<Engine> {
  const opened = await openEngine({ engine: "sqlite", path });
  await opened.openSession({ session: order.session, worker: info, ttl: 60_000 });
  return opened;
}

describe("the heartbeat thread", () => {
  it("renews the session in the database that its worker has open", async () => {
    engine = await openWithSession();

    expect(await firstWord(engine.identity ?? null)).toEqual({ session: order.session, alive: true, revoked: [] });
  });

  it("carries the last status of its worker, and brings the command to it", async () => {
    engine = await openWithSession();
    const command = { command: "quiet", op: "op" } as const;
    await engine.commandWorker({ session: order.session, queue: "q", ...command });
    const status = {
      at: 7,
      clockAhead: null,
      rss: 1,
      heap: 1,
      cpu: null,
      loopDelay: 0,
      busy: 0,
      slots: [],
      suspended: [],
    };

    expect(await firstWord(engine.identity ?? null, { status })).toMatchObject({ alive: true, command });
    expect(await engine.workers()).toMatchObject([{ status }]);
  });

  it("makes no file where there is none", async () => {
    const word = await firstWord("some database");

    expect(word).toMatchObject({
      session: null,
      error: { class: "EngineUnavailable", message: expect.stringContaining("its file is gone") as string },
    });
    expect(existsSync(path)).toBe(false);
  });

  it("says of another database what it is, and not that the session is over", async () => {
    engine = await openEngine({ engine: "sqlite", path });

    expect(await firstWord("the one before")).toMatchObject({
      session: null,
      error: { class: "EngineRefused", message: `the heartbeat thread found another database at sqlite:${path}` },
    });
  });
});

describe("a worker with nothing to do", () => {
  const clock = new ManualClock();
  const errors: string[] = [];
  let longshore: Longshore;
  let ran: () => void;
  let worker: Worker;

  beforeEach(async () => {
    errors.length = 0;
    engine = new SqliteEngine({ engine: "sqlite", path, durability: "normal", allowNetwork: false }, { clock });
    await engine.open();
    longshore = attach(engine, { clock });
    worker = longshore.worker([task("work", {}, () => ran())]);
    worker.on("error", ({ message }) => errors.push(message));
    await once(worker, "idle");
  });

  afterEach(async () => {
    void worker.stop({ grace: 0 });
    await passUntil(() => worker.state === "stopped");
    await longshore.close();
  });

  /** Lets time pass, of which the worker's looks at the file are real, until it has happened. */
  async function passUntil(happened: () => boolean): Promise<void> {
    while (!happened()) {
      clock.advance(100);
      await sleep(5);
    }
  }

  it("says that its file was deleted", async () => {
    for (const end of FILES) rmSync(`${path}${end}`);
    await passUntil(() => errors.length > 0);

    expect(errors[0]).toContain("its file was deleted while it was open");
  });

  it("says that its file was replaced, and goes on with the jobs of the one that stands there", async () => {
    const elsewhere = join(folder, "backup.db");
    const backup = await connect({ engine: "sqlite", path: elsewhere });
    await backup.enqueue("work", null);
    await backup.close();
    let runs = 0;
    ran = () => void (runs += 1);

    for (const end of FILES) rmSync(`${path}${end}`);
    for (const end of FILES) if (existsSync(`${elsewhere}${end}`)) copyFileSync(`${elsewhere}${end}`, `${path}${end}`);
    await passUntil(() => runs > 0);

    expect(errors[0]).toContain("its file was replaced by another one while it was open");
    expect(runs).toBe(1);
  });
});
