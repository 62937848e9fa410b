/**
 * From the schema of an older file to that of today, in numbered steps. `user_version` of a file says how many were taken,
 * the first of which made it; a file from a newer Longshore is refused, so that an older one never writes what it does not
 * understand. A step is never changed, as files have taken it; what changes is a new step here, and schema.ts, which a new
 * file is given at once.
 */
import { EngineRefused } from "../../../model/errors/errors.js";
import { claim, isNew } from "./ownership.js";
import { SCHEMA } from "./schema.js";
import type { Sql } from "./sql.js";

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
  -- Is the job linked to others? One that is not has no row in the tables below.
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
  -- The position a job had when it was leased last.
  ALTER TABLE jobs ADD COLUMN place NUMERIC;
  -- Codes 22 and 32, see state-codes.ts.
  CREATE INDEX jobs_aside ON jobs (queue, line, task, key, tie) WHERE line IN (22, 32);
`;

/** Names in the words of the code. Nothing is written anew but the two indexes whose names change. */
const SEVENTH = `
  ALTER TABLE queues RENAME COLUMN lines TO counts;

  ALTER TABLE jobs RENAME COLUMN line TO state_code;
  ALTER TABLE jobs RENAME COLUMN key TO position;
  ALTER TABLE jobs RENAME COLUMN tie TO tiebreak;
  ALTER TABLE jobs RENAME COLUMN tied TO linked;
  ALTER TABLE jobs RENAME COLUMN place TO last_position;
  ALTER TABLE jobs RENAME COLUMN unique_then TO unique_on_conflict;
  DROP INDEX jobs_line;
  CREATE INDEX jobs_position ON jobs (queue, state_code, position, tiebreak);

  ALTER TABLE owed RENAME TO superseded;
  DROP INDEX owed_task;
  CREATE INDEX superseded_task ON superseded (queue, task, id);

  ALTER TABLE ties RENAME TO links;
  ALTER TABLE links RENAME COLUMN waiting TO pending;
  ALTER TABLE tied_bodies RENAME TO link_bodies;
`;

const EIGHTH = `
  -- Not only superseded jobs end without a run.
  ALTER TABLE superseded RENAME TO ended;
  DROP INDEX superseded_task;
  CREATE INDEX ended_task ON ended (queue, task, id);

  -- Queues that were obliterated, until their rows are removed; no command finds them. flows_after: unfinished flows with ids
  -- up to this have cancelled their members in other queues; null: all have.
  CREATE TABLE obliterated (
    queue INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    flows_after TEXT
  );

  -- Jobs with messages that the transaction that caused them left to later ones, and where to go on: JSON, null is the start.
  CREATE TABLE outbox (
    number INTEGER PRIMARY KEY,
    job INTEGER NOT NULL UNIQUE,
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    cursor TEXT
  );

  -- Messages likewise, as JSON, in the order in which they are delivered.
  CREATE TABLE messages (number INTEGER PRIMARY KEY, message TEXT NOT NULL);
`;

const NINTH = `
  -- How many schedules it has.
  ALTER TABLE queues ADD COLUMN schedules INTEGER NOT NULL DEFAULT 0;
  UPDATE queues SET schedules = (SELECT count(*) FROM schedules s WHERE s.queue = queues.queue);
`;

const TENTH = `
  -- The active jobs by session.
  CREATE INDEX jobs_held ON jobs (queue, session, position) WHERE state_code = 3;
  -- The last numbered report with log lines: its lease and number.
  ALTER TABLE jobs ADD COLUMN logged_epoch INTEGER;
  ALTER TABLE jobs ADD COLUMN logged_report INTEGER;
`;

const ELEVENTH = `
  -- Traces of removed jobs: when each was removed and in which state, and what recognizes commands about it.
  CREATE TABLE traces (
    queue INTEGER NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    state_code INTEGER NOT NULL,
    nonce TEXT,
    operations TEXT,
    PRIMARY KEY (queue, id)
  ) WITHOUT ROWID;
  CREATE INDEX traces_at ON traces (queue, at);

  -- Until when there are any.
  ALTER TABLE queues ADD COLUMN traced INTEGER NOT NULL DEFAULT 0;
`;

const TWELFTH = `
  -- A job waits again by its round alone.
  ALTER TABLE links ADD COLUMN unsuccessful INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE dependencies ADD COLUMN round INTEGER NOT NULL DEFAULT 0;
  UPDATE dependencies SET round = coalesce((SELECT l.round FROM links l WHERE l.job = dependencies.job), 0)
    WHERE state IS NOT NULL;
  UPDATE links SET unsuccessful = (SELECT count(*) FROM dependencies d
    WHERE d.job = links.job AND d.state NOT IN ('completed', 'partial'));
`;

const THIRTEENTH = `
  -- Until when queues that do not exist are watched, by name.
  CREATE TABLE interests (name TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX interests_until ON interests (until);
`;

const FOURTEENTH = `
  -- Empty positions amid the line of the default priority, and how many each block of 1,024 positions has.
  CREATE TABLE gaps (queue INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (queue, position)) WITHOUT ROWID;
  CREATE TABLE gap_blocks (
    queue INTEGER NOT NULL,
    block INTEGER NOT NULL,
    gaps INTEGER NOT NULL,
    PRIMARY KEY (queue, block)
  ) WITHOUT ROWID;
`;

const FIFTEENTH = `
  -- Sessions that have ended in a queue and whose jobs there are not all handed back yet.
  CREATE TABLE closing (queue INTEGER NOT NULL, session TEXT NOT NULL, PRIMARY KEY (queue, session)) WITHOUT ROWID;
`;

const SIXTEENTH = `
  -- The checkpoints of a job are numbered from here on; those up to it are of runs before it began anew.
  ALTER TABLE jobs ADD COLUMN checkpoints_from INTEGER NOT NULL DEFAULT 0;
  -- The jobs that have some of those left.
  CREATE TABLE stale_checkpoints (job INTEGER PRIMARY KEY);
`;

const SEVENTEENTH = `
  ALTER TABLE attempts ADD COLUMN build TEXT;

  -- The builds of the sessions of a queue by code, each as JSON, and when the last session of each was opened.
  CREATE TABLE builds (
    queue INTEGER NOT NULL,
    code TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    build TEXT NOT NULL,
    PRIMARY KEY (queue, code)
  ) WITHOUT ROWID;
`;

const EIGHTEENTH = `
  -- Documents: small JSON records. Values stand last, so that what is beside them is read without them.
  CREATE TABLE documents (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    value TEXT NOT NULL
  );
  CREATE UNIQUE INDEX documents_id ON documents (kind, id);
  -- The kinds that have any: what they hold, how much, and the version of the last write.
  CREATE TABLE document_kinds (
    kind TEXT PRIMARY KEY,
    sort TEXT NOT NULL,
    documents INTEGER NOT NULL,
    revision INTEGER NOT NULL
  ) WITHOUT ROWID;
  -- What the last commands that wrote were answered, as JSON.
  CREATE TABLE document_operations (
    number INTEGER PRIMARY KEY,
    op TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    answer TEXT NOT NULL
  );
  -- The version of the last write of a document.
  ALTER TABLE identity ADD COLUMN document_version INTEGER NOT NULL DEFAULT 0;
`;

const NINETEENTH = `
  -- How the workers of sessions are, and the latest commands to them (engine/shared/workers/worker-status.ts).
  CREATE TABLE statuses (session TEXT PRIMARY KEY, status TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE commands (session TEXT PRIMARY KEY, command TEXT NOT NULL) WITHOUT ROWID;
`;

const TWENTIETH = `
  -- How jobs ended, as lists of numbers: what waits to be added up, by minute and hour, and altogether.
  CREATE TABLE tallies (
    queue INTEGER NOT NULL,
    number INTEGER NOT NULL,
    minute INTEGER NOT NULL,
    ends TEXT NOT NULL,
    PRIMARY KEY (queue, number)
  ) WITHOUT ROWID;
  CREATE TABLE series (
    queue INTEGER NOT NULL,
    width INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    task TEXT NOT NULL,
    outcome TEXT NOT NULL,
    figures TEXT NOT NULL,
    PRIMARY KEY (queue, width, slot, task, outcome)
  ) WITHOUT ROWID;
  CREATE TABLE totals (
    queue INTEGER NOT NULL,
    task TEXT NOT NULL,
    outcome TEXT NOT NULL,
    figures TEXT NOT NULL,
    PRIMARY KEY (queue, task, outcome)
  ) WITHOUT ROWID;
`;

const TWENTY_FIRST = `
  -- Only runs that failed are in it: jobs by the cause of their failure.
  CREATE INDEX attempts_fingerprint ON attempts (fingerprint, job) WHERE fingerprint IS NOT NULL;
`;

const TWENTY_SECOND = `
  -- Of jobs that failed, also in part: the fingerprint of their error.
  ALTER TABLE jobs ADD COLUMN filed TEXT;
  UPDATE jobs SET filed = (SELECT fingerprint FROM attempts a WHERE a.job = jobs.job AND a.epoch = jobs.error_epoch)
    WHERE state_code IN (5, 15, 6, 16);
  CREATE INDEX jobs_filed ON jobs (queue, filed) WHERE filed IS NOT NULL;
  -- Failures by fingerprint, and of each queue how many of these were dropped because there were too many.
  CREATE TABLE failure_groups (
    queue INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    last_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (queue, fingerprint)
  ) WITHOUT ROWID;
  CREATE INDEX failure_groups_seen ON failure_groups (queue, last_at, fingerprint);
  CREATE TABLE dropped_groups (queue INTEGER PRIMARY KEY, dropped INTEGER NOT NULL);
  ALTER TABLE queues ADD COLUMN grouped INTEGER NOT NULL DEFAULT 0;
`;

/** The steps after the first. */
const STEPS: readonly string[] = [
  SECOND,
  THIRD,
  FOURTH,
  FIFTH,
  SIXTH,
  SEVENTH,
  EIGHTH,
  NINTH,
  TENTH,
  ELEVENTH,
  TWELFTH,
  THIRTEENTH,
  FOURTEENTH,
  FIFTEENTH,
  SIXTEENTH,
  SEVENTEENTH,
  EIGHTEENTH,
  NINETEENTH,
  TWENTIETH,
  TWENTY_FIRST,
  TWENTY_SECOND,
];
const LATEST = STEPS.length + 1;

/** Gives a file the schema of today; inside a transaction. @throws EngineRefused for a file from the future */
export function migrate(sql: Sql, path: string): void {
  // Another process may have made something else of the file since it was looked at.
  isNew(sql, path);
  const version = schemaOf(sql);
  if (version > LATEST) {
    throw new EngineRefused(
      `${path} was written by a newer Longshore (schema ${version}, this one knows ${LATEST}): update longshore`,
    );
  }
  claim(sql);
  if (version === LATEST) return;
  for (const step of version === 0 ? [SCHEMA] : STEPS.slice(version - 1)) sql.exec(step);
  sql.exec(`PRAGMA user_version = ${LATEST}`);
}

/** How many steps a file has taken; 0: none, so it has no schema. */
function schemaOf(sql: Sql): number {
  return sql.all<[version: number]>("PRAGMA user_version")[0]?.[0] ?? 0;
}

/** What names this database; a copy of the file has the same. */
export function identityOf(sql: Sql): string {
  return sql.all<[identity: string]>("SELECT identity FROM identity")[0]?.[0] ?? "";
}
