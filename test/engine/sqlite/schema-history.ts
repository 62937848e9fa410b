// How the schema of a SQLite file came about, backwards: every migration has its step back here.

/** Statements that take a file back by one schema, by the schema that it has then. */
export const BACK: Readonly<Record<number, string>> = {
  1: "ALTER TABLE queues DROP COLUMN epoch",
  2: `DROP TABLE checkpoints; DROP TABLE latest; DROP TABLE owed;
    ALTER TABLE jobs DROP COLUMN checkpointed; ALTER TABLE jobs DROP COLUMN failures;
    ALTER TABLE jobs DROP COLUMN supersedes; ALTER TABLE jobs DROP COLUMN debounce_wait;
    ALTER TABLE jobs DROP COLUMN debounce_most; ALTER TABLE revoked DROP COLUMN cause`,
  3: `DROP TABLE ties; DROP TABLE tied_bodies; DROP TABLE dependencies; DROP TABLE dependents; DROP TABLE schedules;
    ALTER TABLE jobs DROP COLUMN tied`,
  4: "DROP TABLE identity; ALTER TABLE lives DROP COLUMN ttl",
  5: `DROP INDEX jobs_aside; ALTER TABLE jobs DROP COLUMN declined_at; ALTER TABLE jobs DROP COLUMN place`,
  6: `ALTER TABLE queues RENAME COLUMN counts TO lines;
    DROP INDEX jobs_position; ALTER TABLE jobs RENAME COLUMN state_code TO line;
    ALTER TABLE jobs RENAME COLUMN position TO key; ALTER TABLE jobs RENAME COLUMN tiebreak TO tie;
    ALTER TABLE jobs RENAME COLUMN linked TO tied; ALTER TABLE jobs RENAME COLUMN last_position TO place;
    ALTER TABLE jobs RENAME COLUMN unique_on_conflict TO unique_then;
    CREATE INDEX jobs_line ON jobs (queue, line, key, tie);
    DROP INDEX superseded_task; ALTER TABLE superseded RENAME TO owed; CREATE INDEX owed_task ON owed (queue, task, id);
    ALTER TABLE links RENAME COLUMN pending TO waiting;
    ALTER TABLE links RENAME TO ties; ALTER TABLE link_bodies RENAME TO tied_bodies`,
  7: `DROP INDEX ended_task; ALTER TABLE ended RENAME TO superseded;
    CREATE INDEX superseded_task ON superseded (queue, task, id);
    DROP TABLE obliterated; DROP TABLE outbox; DROP TABLE messages`,
  8: "ALTER TABLE queues DROP COLUMN schedules",
  9: `DROP INDEX jobs_held; ALTER TABLE jobs DROP COLUMN logged_epoch; ALTER TABLE jobs DROP COLUMN logged_report`,
  10: "DROP TABLE traces; ALTER TABLE queues DROP COLUMN traced",
  11: "ALTER TABLE links DROP COLUMN unsuccessful; ALTER TABLE dependencies DROP COLUMN round",
  12: "DROP TABLE interests",
  13: "DROP TABLE gaps; DROP TABLE gap_blocks",
  14: "DROP TABLE closing",
  15: "DROP TABLE stale_checkpoints; ALTER TABLE jobs DROP COLUMN checkpoints_from",
  16: "DROP TABLE builds; ALTER TABLE attempts DROP COLUMN build",
  17: `DROP TABLE documents; DROP TABLE document_kinds; DROP TABLE document_operations;
    ALTER TABLE identity DROP COLUMN document_version`,
  18: "DROP TABLE statuses; DROP TABLE commands",
  19: "DROP TABLE tallies; DROP TABLE series; DROP TABLE totals",
  20: "DROP INDEX attempts_fingerprint",
  21: `DROP TABLE failure_groups; DROP TABLE dropped_groups; DROP INDEX jobs_filed; ALTER TABLE jobs DROP COLUMN filed;
    ALTER TABLE queues DROP COLUMN grouped`,
};

/** Statements that make of a file of today what a Longshore with this schema would have left. */
export function backTo(schema: number): string {
  const steps: string[] = [];
  for (let one = Object.keys(BACK).length; one >= schema; one -= 1) steps.push(BACK[one] ?? "");
  return [...steps, `PRAGMA user_version = ${schema}`].join(";");
}
