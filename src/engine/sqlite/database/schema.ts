/**
 * The schema of a new file, in one piece: running every migration would take longer than all the rest of opening it. Existing
 * files come to the same schema by the steps of migrations.ts.
 */
export const SCHEMA = `
  CREATE TABLE queues (
    queue INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    paused INTEGER NOT NULL DEFAULT 0,
    -- How many jobs have each state code: a JSON array, see state-codes.ts.
    counts TEXT NOT NULL DEFAULT '[]',
    -- The latest count that retention was asked for, and how many finished jobs ask for one.
    keep_completed INTEGER, keep_failed INTEGER,
    kept_completed INTEGER NOT NULL DEFAULT 0, kept_failed INTEGER NOT NULL DEFAULT 0,
    -- The next positions at both ends: of the default priority, and of all others.
    default_tail INTEGER NOT NULL DEFAULT 0,
    other_tail INTEGER NOT NULL DEFAULT 0, other_head INTEGER NOT NULL DEFAULT -1,
    finished INTEGER NOT NULL DEFAULT 0,
    sequence INTEGER NOT NULL DEFAULT 0,
    -- Events up to this sequence were dropped; events are recorded until the time in interest.
    dropped INTEGER NOT NULL DEFAULT 0,
    interest INTEGER NOT NULL DEFAULT 0,
    -- The number of the last exchange that leased anything.
    epoch INTEGER NOT NULL DEFAULT 0,
    -- How many schedules it has.
    schedules INTEGER NOT NULL DEFAULT 0,
    -- Until when there are traces of removed jobs.
    traced INTEGER NOT NULL DEFAULT 0,
    -- When to look for failure groups that are not kept any more; 0: there are none.
    grouped INTEGER NOT NULL DEFAULT 0
  );

  CREATE TABLE jobs (
    job INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL,
    id TEXT NOT NULL,
    -- A code of its state (state-codes.ts), its position among the jobs of that code, and a tiebreak between equal positions,
    -- null where positions are unique.
    state_code INTEGER NOT NULL,
    position NUMERIC NOT NULL,
    tiebreak TEXT,
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
    -- Has it checkpoints? Is it linked to others? A job that is not has no rows in those tables.
    checkpointed INTEGER NOT NULL DEFAULT 0,
    linked INTEGER NOT NULL DEFAULT 0,
    -- Since when a queued or running job has been declined by workers without the code of its task.
    declined_at INTEGER,
    -- The position it had when it was leased last.
    last_position NUMERIC,
    -- The session of the latest run, also after it ended.
    session TEXT,
    -- The lease under which the last error happened, and how many lines were ever logged.
    error_epoch INTEGER,
    logged INTEGER NOT NULL DEFAULT 0,
    -- Null: the default.
    retention TEXT,
    -- Of ended jobs: their number when retention asks for a count, negative for those under the rule of failed jobs; and the
    -- time of removal when it does not follow from the default age.
    kept INTEGER,
    remove_at INTEGER,
    unique_key TEXT, unique_until ANY, unique_on_conflict TEXT,
    debounce_wait INTEGER, debounce_most INTEGER,
    -- The key under which it supersedes the job before it.
    supersedes TEXT,
    -- The last commands on it, one a line.
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
    result TEXT,
    -- The failures of a job that ended as partial.
    failures TEXT,
    -- The last numbered report with log lines: its lease and number.
    logged_epoch INTEGER, logged_report INTEGER,
    -- Its checkpoints are numbered from here on; those up to it are of runs before it began anew, and are removed.
    checkpoints_from INTEGER NOT NULL DEFAULT 0,
    -- The fingerprint of its error, while the job stands failed or partial.
    filed TEXT
  );
  CREATE UNIQUE INDEX jobs_id ON jobs (queue, id);
  CREATE INDEX jobs_position ON jobs (queue, state_code, position, tiebreak);
  CREATE INDEX jobs_expire ON jobs (queue, expire_at, id) WHERE expire_at IS NOT NULL;
  CREATE INDEX jobs_remove ON jobs (queue, remove_at, id) WHERE remove_at IS NOT NULL;
  CREATE INDEX jobs_kept ON jobs (queue, kept) WHERE kept IS NOT NULL;
  -- Codes 22 and 32, see state-codes.ts.
  CREATE INDEX jobs_aside ON jobs (queue, state_code, task, position, tiebreak) WHERE state_code IN (22, 32);
  -- The active jobs by session.
  CREATE INDEX jobs_held ON jobs (queue, session, position) WHERE state_code = 3;
  CREATE INDEX jobs_filed ON jobs (queue, filed) WHERE filed IS NOT NULL;

  -- Long inputs have a table of their own, so that moving a job does not copy them.
  CREATE TABLE inputs (job INTEGER PRIMARY KEY, input TEXT NOT NULL);

  CREATE TABLE unique_keys (
    queue INTEGER NOT NULL,
    key TEXT NOT NULL,
    job INTEGER NOT NULL,
    -- Owned until then; or, when null, until the job has started or finished.
    expires_at INTEGER,
    until_started INTEGER NOT NULL,
    PRIMARY KEY (queue, key)
  ) WITHOUT ROWID;

  -- The latest job of each supersede key.
  CREATE TABLE latest (
    queue INTEGER NOT NULL,
    key TEXT NOT NULL,
    job INTEGER NOT NULL,
    PRIMARY KEY (queue, key)
  ) WITHOUT ROWID;

  -- Jobs that ended without a run, of which the application has not been notified, and when they may be claimed.
  CREATE TABLE ended (
    job INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL,
    task TEXT NOT NULL,
    id TEXT NOT NULL,
    due INTEGER NOT NULL
  );
  CREATE INDEX ended_task ON ended (queue, task, id);

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

  -- How runs ended, one row per lease. The last run of a job that ended well is not here: the row of the job says how.
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
    -- The code of the build that ran it.
    build TEXT,
    PRIMARY KEY (job, epoch)
  ) WITHOUT ROWID;
  CREATE INDEX attempts_fingerprint ON attempts (fingerprint, job) WHERE fingerprint IS NOT NULL;

  CREATE TABLE logs (
    job INTEGER NOT NULL,
    number INTEGER NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (job, number)
  ) WITHOUT ROWID;

  -- The checkpoints of a job.
  CREATE TABLE checkpoints (
    job INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (job, seq)
  ) WITHOUT ROWID;

  -- The jobs that have checkpoints left of runs before they began anew.
  CREATE TABLE stale_checkpoints (job INTEGER PRIMARY KEY);

  -- The links of a job to others.
  CREATE TABLE links (
    job INTEGER PRIMARY KEY,
    -- Of a flow: open while it is being created, then begun.
    flow TEXT,
    held INTEGER NOT NULL,
    -- How many dependencies it has, how many of them have not ended, and how often it began to wait for them again.
    depends INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    round INTEGER NOT NULL,
    -- How many dependencies have ended otherwise than well since it last began to wait.
    unsuccessful INTEGER NOT NULL DEFAULT 0
  );

  -- The links that a job was enqueued with, as JSON: it can be long, and is kept apart from what changes often.
  CREATE TABLE link_bodies (job INTEGER PRIMARY KEY, body TEXT NOT NULL);

  -- The dependencies of a job; state is null until they have ended. Those that ended otherwise than well in a round before the
  -- present one of the job are waited for again.
  CREATE TABLE dependencies (
    job INTEGER NOT NULL,
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    policy TEXT NOT NULL,
    state TEXT,
    round INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (job, queue, id)
  ) WITHOUT ROWID;

  -- The dependents of a job, and the round in which each waits for it.
  CREATE TABLE dependents (
    job INTEGER NOT NULL,
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    round INTEGER NOT NULL,
    PRIMARY KEY (job, queue, id)
  ) WITHOUT ROWID;

  -- Empty positions amid the line of the default priority, and how many each block of 1,024 positions has.
  CREATE TABLE gaps (queue INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (queue, position)) WITHOUT ROWID;
  CREATE TABLE gap_blocks (
    queue INTEGER NOT NULL,
    block INTEGER NOT NULL,
    gaps INTEGER NOT NULL,
    PRIMARY KEY (queue, block)
  ) WITHOUT ROWID;

  -- Until when queues that do not exist are watched, by name.
  CREATE TABLE interests (name TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX interests_until ON interests (until);

  CREATE TABLE sessions (session TEXT PRIMARY KEY, worker TEXT NOT NULL) WITHOUT ROWID;

  -- How the workers of sessions are, and the latest commands to them (engine/shared/workers/worker-status.ts).
  CREATE TABLE statuses (session TEXT PRIMARY KEY, status TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE commands (session TEXT PRIMARY KEY, command TEXT NOT NULL) WITHOUT ROWID;

  -- The queues in which a session has not ended, each with a deadline of its own: a queue may be obliterated under it.
  CREATE TABLE lives (
    session TEXT NOT NULL,
    queue INTEGER NOT NULL,
    deadline INTEGER NOT NULL,
    ttl INTEGER NOT NULL DEFAULT 0,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (session, queue)
  ) WITHOUT ROWID;
  CREATE INDEX lives_deadline ON lives (queue, deadline);

  -- The builds of the sessions of a queue by code, each as JSON, and when the last session of each was opened.
  CREATE TABLE builds (
    queue INTEGER NOT NULL,
    code TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    build TEXT NOT NULL,
    PRIMARY KEY (queue, code)
  ) WITHOUT ROWID;

  -- Sessions that have ended in a queue and whose jobs there are not all handed back yet.
  CREATE TABLE closing (queue INTEGER NOT NULL, session TEXT NOT NULL, PRIMARY KEY (queue, session)) WITHOUT ROWID;

  -- Per queue and lane: the last exchange and its leases, as JSON.
  CREATE TABLE calls (
    session TEXT NOT NULL,
    queue INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    call INTEGER NOT NULL,
    leases TEXT NOT NULL,
    PRIMARY KEY (session, queue, lane)
  ) WITHOUT ROWID;

  -- Leases taken from sessions, until they settle them. Numbers only rise: listeners remember the last one they read.
  CREATE TABLE revoked (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    session TEXT NOT NULL,
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    cause TEXT NOT NULL DEFAULT 'cancel'
  );
  CREATE INDEX revoked_session ON revoked (session);

  CREATE TABLE events (
    queue INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (queue, sequence)
  ) WITHOUT ROWID;

  CREATE TABLE schedules (
    queue INTEGER NOT NULL,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    -- The part of the definition that determines its ticks.
    times TEXT NOT NULL,
    status TEXT NOT NULL,
    -- The command that gave it this definition, and the answer.
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

  -- How jobs ended, as lists of numbers: the sums of each command on their way; by minute and by hour, the width of a slot being
  -- in milliseconds, where samples of the queue have neither task nor outcome; and altogether.
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

  -- Failures by fingerprint: the last one, the letter of the state, and the whole as JSON (engine/shared/failure-groups.ts); and of each
  -- queue how many groups were dropped because there were too many.
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

  -- Identifies this database: a process opens the file more than once, and compares. And the version of the last write of a
  -- document.
  CREATE TABLE identity (identity TEXT NOT NULL, document_version INTEGER NOT NULL DEFAULT 0);
  INSERT INTO identity (identity) VALUES (lower(hex(randomblob(16))));
`;

/**
 * Every table, by what its rows belong to. There are no foreign keys: these lists say which rows are removed with a job, a
 * queue or a session, and by which key, where that is done some rows at a time. A test compares them with the file.
 */
export const TABLES = {
  /** What belongs to a job alone, by its number in the column `job`. */
  ofJobs: {
    inputs: "job",
    attempts: "job, epoch",
    logs: "job, number",
    checkpoints: "job, seq",
    stale_checkpoints: "job",
  },
  /** How a job is linked, by its number in the column `job`: one row each. */
  ofLinks: ["links", "link_bodies"],
  /** Its links to others, likewise: they stay until the messages of a removed job are sent. */
  ofLinksToOthers: ["dependencies", "dependents"],
  /** The jobs of a queue, and the queue itself, by its number in the column `queue`. */
  ofNames: ["jobs", "queues", "obliterated"],
  /** What else belongs to a queue, likewise. */
  ofQueues: {
    unique_keys: "queue, key",
    latest: "queue, key",
    ended: "job",
    tags: "queue, tag, job",
    tag_totals: "queue, tag, state",
    calls: "session, queue, lane",
    closing: "queue, session",
    traces: "queue, id",
    builds: "queue, code",
    gaps: "queue, position",
    gap_blocks: "queue, block",
    events: "queue, sequence",
    schedules: "queue, name",
    tallies: "queue, number",
    series: "queue, width, slot, task, outcome",
    totals: "queue, task, outcome",
    failure_groups: "queue, fingerprint",
    dropped_groups: "queue",
  },
  /** What belongs to a session, by its id in the column `session`. */
  ofSessions: ["sessions", "lives", "calls", "revoked", "statuses", "commands"],
  /** What is on its way between jobs. It goes once it is delivered. */
  ofMessages: ["outbox", "messages"],
  /** Documents, which belong to no queue. */
  ofDocuments: ["documents", "document_kinds", "document_operations"],
  /** The database itself. */
  ofFile: ["identity"],
  /** What is noted of queues that do not exist. It goes by its time. */
  ofNoQueue: ["interests"],
} as const satisfies Record<string, readonly string[] | Readonly<Record<string, string>>>;
