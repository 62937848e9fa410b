/**
 * The ceiling on SQLite: a bare loop of prepared statements with no features, one transaction a batch. One table and the
 * index that any queue needs to find what waits in order; no queues, attempts, leases, fences, delays or events.
 */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { KILOBYTE_RESULT, RESULT, type Payload } from "../payload.js";
import type { Line, System, WorkOptions } from "../system.js";
import { CEILING_CANNOT } from "./ceiling-scenarios.js";

const BATCH = 500;
const IDLE_MS = 1;
const PACKAGE = "@photostructure/sqlite";

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA cache_size = -32000;
  PRAGMA wal_autocheckpoint = 4000;
  CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY, state INTEGER NOT NULL, input TEXT NOT NULL, result TEXT);
  CREATE INDEX IF NOT EXISTS jobs_waiting ON jobs (id) WHERE state = 0;`;

/** The part of `node:sqlite` that is used; the package for older versions of Node has the same. */
interface Statement {
  run(...values: (string | number)[]): { readonly lastInsertRowid: number | bigint };
  all(...values: (string | number)[]): unknown[];
}

interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

interface SqliteModule {
  readonly DatabaseSync: new (path: string) => Database;
}

interface Row {
  readonly id: number;
  readonly input: string;
}

/** Stores what was finished and takes up to `room` jobs. */
type Exchange = (finished: readonly number[], result: object, room: number) => Row[];

export const ceilingSqlite: System = {
  name: "ceiling-sqlite",
  store: "sqlite",
  settings: `prepared statements, WAL, synchronous normal, a transaction for ${BATCH} jobs; results and done rows kept`,
  cannot: CEILING_CANNOT,
  async probe() {
    try {
      await load();
      return { version: "-" };
    } catch (error) {
      return { missing: `no SQLite for this version of Node: ${String(error)}` };
    }
  },
  async open({ url }) {
    const { DatabaseSync } = await load();
    const database = new DatabaseSync(url.slice("sqlite:".length));
    database.exec(SCHEMA);
    return lineOf(database);
  },
};

async function load(): Promise<SqliteModule> {
  const builtIn: unknown = process.getBuiltinModule("node:sqlite");
  return (builtIn ?? (await import(PACKAGE))) as SqliteModule;
}

function lineOf(database: Database): Line {
  const insert = database.prepare("INSERT INTO jobs (state, input) VALUES (0, ?)");
  const finish = database.prepare("UPDATE jobs SET state = 2, result = ? WHERE id = ?");
  const take = database.prepare(
    "UPDATE jobs SET state = 1 WHERE id IN (SELECT id FROM jobs WHERE state = 0 ORDER BY id LIMIT ?) RETURNING id, input",
  );
  const transaction = <T>(work: () => T): T => {
    database.exec("BEGIN IMMEDIATE");
    const answer = work();
    database.exec("COMMIT");
    return answer;
  };
  const addBulk = (payloads: readonly Payload[]): string[] =>
    transaction(() => payloads.map((payload) => String(insert.run(JSON.stringify(payload)).lastInsertRowid)));
  const exchange: Exchange = (finished, result, room) =>
    transaction(() => {
      for (const id of finished) finish.run(JSON.stringify(result), id);
      return take.all(room) as Row[];
    });
  const count = (state: number): Promise<number> => {
    const [row] = database.prepare("SELECT count(*) AS jobs FROM jobs WHERE state = ?").all(state) as {
      jobs: number;
    }[];
    return Promise.resolve(row?.jobs ?? 0);
  };
  return {
    add: (payload) => Promise.resolve(addBulk([payload])[0] ?? ""),
    addBulk: (payloads) => Promise.resolve(addBulk(payloads)),
    work(options) {
      const life = { stopping: false };
      const running = runLoop(exchange, options, life);
      return Promise.resolve({
        async stop() {
          life.stopping = true;
          await running;
        },
      });
    },
    completed: () => count(2),
    waiting: () => count(0),
    close: () => Promise.resolve(database.close()),
  };
}

async function runLoop(
  exchange: Exchange,
  { behaviour, started, done }: WorkOptions,
  life: { readonly stopping: boolean },
): Promise<void> {
  const result = behaviour === "kilobyte" ? KILOBYTE_RESULT : RESULT;
  let finished: readonly number[] = [];
  while (!life.stopping || finished.length > 0) {
    const rows = exchange(finished, result, life.stopping ? 0 : BATCH);
    if (done !== undefined) finished.forEach((id) => done(String(id)));
    for (const { id, input } of rows) {
      JSON.parse(input);
      started?.(String(id));
    }
    await (rows.length === 0 && finished.length === 0 ? sleep(IDLE_MS) : turn());
    finished = rows.map(({ id }) => id);
  }
}
