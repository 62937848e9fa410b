// The heartbeat thread and the SQLite file: it makes none, and believes none but the one that its worker has open. And a
// worker whose file is gone says so.
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { attach, task, type Engine } from "longshore";
import { openEngine } from "../../src/engine/open.js";
import { SqliteEngine } from "../../src/engine/sqlite/engine.js";
import { ManualClock } from "../../src/engine/testkit/manual-clock.js";
import { KeeperLink, type KeeperAnswer } from "../../src/worker/keeper-link.js";

const info = { name: "w", host: "h", pid: 1, queues: ["q"], tasks: [], concurrency: 1, startedAt: 0 };
const order = { session: "w/1", queues: ["q"], ttl: 60_000, every: 60_000 };

let folder: string;
let path: string;
let engine: Engine | null;
let link: KeeperLink | null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-keeper-`));
  path = join(folder, "jobs.db");
  [engine, link] = [null, null];
});

afterEach(async () => {
  await link?.close();
  await engine?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What a thread says first that is told to keep a session alive in a database of that identity. */
async function firstWord(identity: string | null): Promise<KeeperAnswer> {
  return new Promise((resolve, reject) => {
    link = new KeeperLink({ engine: "sqlite", path, durability: "normal" }, resolve, reject);
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

  it("makes no file where there is none", async () => {
    const word = await firstWord("some database");

    expect(word).toMatchObject({ session: null, error: expect.stringContaining("its file is gone") as string });
    expect(existsSync(path)).toBe(false);
  });

  it("says of another database what it is, and not that the session is over", async () => {
    engine = await openEngine({ engine: "sqlite", path });

    expect(await firstWord("the one before")).toEqual({
      session: null,
      error: `the heartbeat thread found another database at sqlite:${path}`,
    });
  });
});

it("a worker with nothing to do says that its file was deleted", async () => {
  const clock = new ManualClock();
  engine = new SqliteEngine({ engine: "sqlite", path, durability: "normal" }, { clock });
  await engine.open();
  const longshore = attach(engine, { clock });
  const worker = longshore.worker([task("work", {}, () => null)]);
  await once(worker, "idle");

  for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`);
  const told = new Promise<Error>((resolve) => worker.on("error", resolve));
  clock.advance(1_000);

  expect((await told).message).toContain("was deleted while it was open");
  await worker.stop();
  await longshore.close();
});
