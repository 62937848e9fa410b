/**
 * The schema, as numbered steps. `user_version` of a file says how many were taken; a file from a newer Longshore is
 * refused, so that an older one never writes what it does not understand.
 */
import { EngineRefused } from "../../../model/errors/errors.js";
import type { Sql } from "./sql.js";

const FIRST = `
  CREATE TABLE queues (
    queue INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    paused INTEGER NOT NULL DEFAULT 0,
    -- How many jobs stand in each line: a JSON array, see lines.ts.
    lines TEXT NOT NULL DEFAULT '[]',
    -- The latest count that retention was asked for, and how many finished jobs ask for one.
    keep_completed INTEGER, keep_failed INTEGER,
    kept_completed INTEGER NOT NULL DEFAULT 0, kept_failed INTEGER NOT NULL DEFAULT 0,
    -- The next positions at the ends of the line: of the default priority, and of all others.
    default_tail INTEGER NOT NULL DEFAULT 0,
    other_tail INTEGER NOT NULL DEFAULT 0, other_head INTEGER NOT NULL DEFAULT -1,
    finished INTEGER NOT NULL DEFAULT 0,
    sequence INTEGER NOT NULL DEFAULT 0,
    -- Events up to this sequence were dropped; events are recorded until the time in interest.
    dropped INTEGER NOT NULL DEFAULT 0,
    interest INTEGER NOT NULL DEFAULT 0
  );

  CREATE TABLE jobs (
    job INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL,
    id TEXT NOT NULL,
    -- Where it stands: the line says the state, the key its place; tie breaks equal keys and is null where keys are unique.
    line INTEGER NOT NULL,
    key NUMERIC NOT NULL,
    tie TEXT,
    priority INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    run_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    expire_at INTEGER,
    counted INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 0,
    settled INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    suspect INTEGER NOT NULL DEFAULT 0,
    -- The session of the latest run, also after it ended.
    session TEXT,
    -- The lease under which the last error happened, and how many lines were ever logged.
    error_epoch INTEGER,
    logged INTEGER NOT NULL DEFAULT 0,
    -- Null: the default.
    retention TEXT,
    -- Of finished jobs: their number when retention asks for a count, negative for those that did not end well; and the
    -- time of removal when it is not the usual one.
    kept INTEGER,
    remove_at INTEGER,
    unique_key TEXT, unique_until ANY, unique_then TEXT,
    op TEXT,
    nonce TEXT,
    tags TEXT,
    timeout INTEGER NOT NULL,
    ttl INTEGER,
    task TEXT NOT NULL,
    -- Null: the default.
    backoff TEXT,
    progress TEXT,
    meta TEXT,
    -- Null: in the table inputs, because it is long.
    input TEXT,
    result TEXT
  );
  CREATE UNIQUE INDEX jobs_id ON jobs (queue, id);
  CREATE INDEX jobs_line ON jobs (queue, line, key, tie);
  CREATE INDEX jobs_expire ON jobs (queue, expire_at, id) WHERE expire_at IS NOT NULL;
  CREATE INDEX jobs_remove ON jobs (queue, remove_at, id) WHERE remove_at IS NOT NULL;
  CREATE INDEX jobs_kept ON jobs (queue, kept) WHERE kept IS NOT NULL;

  -- Long inputs live apart, so that moving a job does not copy them.
  CREATE TABLE inputs (job INTEGER PRIMARY KEY, input TEXT NOT NULL);

  CREATE TABLE unique_keys (
    queue INTEGER NOT NULL,
    key TEXT NOT NULL,
    job INTEGER NOT NULL,
    -- Held until then; or, when null, until the job started or finished.
    expires_at INTEGER,
    until_started INTEGER NOT NULL,
    PRIMARY KEY (queue, key)
  ) WITHOUT ROWID;

  CREATE TABLE tags (
    queue INTEGER NOT NULL,
    tag TEXT NOT NULL,
    job INTEGER NOT NULL,
    PRIMARY KEY (queue, tag, job)
  ) WITHOUT ROWID;

  CREATE TABLE tag_totals (
    queue INTEGER NOT NULL,
    tag TEXT NOT NULL,
    state TEXT NOT NULL,
    jobs INTEGER NOT NULL,
    PRIMARY KEY (queue, tag, state)
  ) WITHOUT ROWID;

  -- How runs ended, but for the last one of jobs that ended well, which their own row tells. One row per lease.
  CREATE TABLE attempts (
    job INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    worker TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    fingerprint TEXT,
    error TEXT,
    PRIMARY KEY (job, epoch)
  ) WITHOUT ROWID;

  CREATE TABLE logs (
    job INTEGER NOT NULL,
    number INTEGER NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (job, number)
  ) WITHOUT ROWID;

  CREATE TABLE sessions (session TEXT PRIMARY KEY, worker TEXT NOT NULL) WITHOUT ROWID;

  -- The queues in which a session has not ended, each with its own end: a queue may be obliterated under it.
  CREATE TABLE lives (
    session TEXT NOT NULL,
    queue INTEGER NOT NULL,
    deadline INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (session, queue)
  ) WITHOUT ROWID;
  CREATE INDEX lives_deadline ON lives (queue, deadline);

  -- Per queue and lane: the last exchange and what it leased, as JSON.
  CREATE TABLE calls (
    session TEXT NOT NULL,
    queue INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    call INTEGER NOT NULL,
    leases TEXT NOT NULL,
    PRIMARY KEY (session, queue, lane)
  ) WITHOUT ROWID;

  -- Leases taken from sessions, until they settle them. The number only rises: listeners remember how far they have read.
  CREATE TABLE revoked (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    session TEXT NOT NULL,
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    epoch INTEGER NOT NULL
  );
  CREATE INDEX revoked_session ON revoked (session);

  CREATE TABLE events (
    queue INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (queue, sequence)
  ) WITHOUT ROWID;
`;

const SECOND = `
  -- The number of the last exchange that leased anything.
  ALTER TABLE queues ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
  UPDATE queues SET epoch = coalesce((SELECT max(j.epoch) FROM jobs j WHERE j.queue = queues.queue), 0);
`;

const THIRD = `
  -- What the runs of a job left for those after them; checkpointed says whether there is any.
  CREATE TABLE checkpoints (
    job INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (job, seq)
  ) WITHOUT ROWID;
  ALTER TABLE jobs ADD COLUMN checkpointed INTEGER NOT NULL DEFAULT 0;
  -- What failed in a job that half succeeded.
  ALTER TABLE jobs ADD COLUMN failures TEXT;

  -- The key under which a job replaces the one before it, and the latest job of each key.
  ALTER TABLE jobs ADD COLUMN supersedes TEXT;
  CREATE TABLE latest (
    queue INTEGER NOT NULL,
    key TEXT NOT NULL,
    job INTEGER NOT NULL,
    PRIMARY KEY (queue, key)
  ) WITHOUT ROWID;

  -- Superseded jobs whose application has not been told, and from when on they may be handed out.
  CREATE TABLE owed (
    job INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL,
    task TEXT NOT NULL,
    id TEXT NOT NULL,
    due INTEGER NOT NULL
  );
  CREATE INDEX owed_task ON owed (queue, task, id);

  ALTER TABLE jobs ADD COLUMN debounce_wait INTEGER;
  ALTER TABLE jobs ADD COLUMN debounce_most INTEGER;

  -- Until now a lease was taken by cancelling only.
  ALTER TABLE revoked ADD COLUMN cause TEXT NOT NULL DEFAULT 'cancel';
`;

const FOURTH = `
  -- Is the job tied to others? One that is not has no row in the tables below.
  ALTER TABLE jobs ADD COLUMN tied INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE ties (
    job INTEGER PRIMARY KEY,
    -- Of a flow: open while it is being created, begun from then on.
    flow TEXT,
    held INTEGER NOT NULL,
    -- How many dependencies there are, how many of them have not ended, and how often it waited anew for them.
    depends INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    round INTEGER NOT NULL
  );

  -- What a job was enqueued with of this, as JSON: it can be long, and lives apart from what changes often.
  CREATE TABLE tied_bodies (job INTEGER PRIMARY KEY, body TEXT NOT NULL);

  -- What a job depends on: with state null while it is waited for.
  CREATE TABLE dependencies (
    job INTEGER NOT NULL,
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    policy TEXT NOT NULL,
    state TEXT,
    PRIMARY KEY (job, queue, id)
  ) WITHOUT ROWID;

  -- The jobs that depend on a job, and the round in which each waits for it.
  CREATE TABLE dependents (
    job INTEGER NOT NULL,
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    round INTEGER NOT NULL,
    PRIMARY KEY (job, queue, id)
  ) WITHOUT ROWID;

  CREATE TABLE schedules (
    queue INTEGER NOT NULL,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    -- The part of the definition that its ticks follow from.
    times TEXT NOT NULL,
    status TEXT NOT NULL,
    -- The command that gave it this definition, and what it was answered.
    revision TEXT NOT NULL,
    answer TEXT NOT NULL,
    last_due INTEGER NOT NULL,
    next_due INTEGER,
    last_job TEXT,
    -- The command that fired it last.
    fired TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (queue, name)
  ) WITHOUT ROWID;
  CREATE INDEX schedules_due ON schedules (queue, next_due, name) WHERE next_due IS NOT NULL;
`;

/** The end of a session is told by the clock that never jumps; one that ended by the date before gives a sign of life or not. */
const FIFTH = `
  ALTER TABLE lives ADD COLUMN ttl INTEGER NOT NULL DEFAULT 0;
  UPDATE lives SET deadline = 0;

  -- Names this database. A process opens the file more than once, and must know that it has the same one each time.
  CREATE TABLE identity (identity TEXT NOT NULL);
  INSERT INTO identity VALUES (lower(hex(randomblob(16))));
`;

const SIXTH = `
  -- Since when a queued or running job has been declined by workers that have not the code of its task.
  ALTER TABLE jobs ADD COLUMN declined_at INTEGER;
  -- The key a job had in line when it was leased last.
  ALTER TABLE jobs ADD COLUMN place NUMERIC;
  -- Lines 22 and 32, see lines.ts.
  CREATE INDEX jobs_aside ON jobs (queue, line, task, key, tie) WHERE line IN (22, 32);
`;

const MIGRATIONS: readonly string[] = [FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH];

/** Takes the steps a file has not taken; inside a transaction. @throws EngineRefused for a file from the future */
export function migrate(sql: Sql, path: string): void {
  const version = schemaOf(sql);
  if (version > MIGRATIONS.length) {
    throw new EngineRefused(
      `${path} was written by a newer Longshore (schema ${version}, this one knows ${MIGRATIONS.length}): update longshore`,
    );
  }
  for (const step of MIGRATIONS.slice(version)) sql.exec(step);
  if (version < MIGRATIONS.length) sql.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
}

/** How many steps a file has taken; 0: none, so it has no schema. */
export function schemaOf(sql: Sql): number {
  return sql.all<[version: number]>("PRAGMA user_version")[0]?.[0] ?? 0;
}

/** What names this database; a copy of the file has the same. */
export function identityOf(sql: Sql): string {
  return sql.all<[identity: string]>("SELECT identity FROM identity")[0]?.[0] ?? "";
}
