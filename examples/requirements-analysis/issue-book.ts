// The example's own records, as an application keeps them beside its queue: the analyses that were made and the issues
// they found. An issue is open until a newer analysis of its requirement supersedes the one that found it.

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

import { DatabaseSync } from "@photostructure/sqlite";

import type { Finding } from "./finding.js";

const schema = `
  CREATE TABLE IF NOT EXISTS analysis (
    job TEXT PRIMARY KEY,
    requirement TEXT,
    status TEXT NOT NULL CHECK (status IN ('open', 'superseded'))
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS issue (
    job TEXT NOT NULL,
    number INTEGER NOT NULL,
    analyser TEXT NOT NULL,
    severity TEXT NOT NULL,
    quote TEXT NOT NULL,
    position INTEGER NOT NULL,
    explanation TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'superseded')),
    PRIMARY KEY (job, number)
  ) WITHOUT ROWID;
`;

/** An analysis as the book knows it: the job that makes it, and of what. */
export interface Analysis {
  job: string;
  requirementId: string;
}

export interface IssueCounts {
  open: number;
  superseded: number;
}

export class IssueBook {
  readonly #database: InstanceType<typeof DatabaseSync>;

  /**
   * A book kept in the SQLite file at `path`, which is made when it is needed; `":memory:"` lasts as long as the process.
   * `timeout` is how long it waits for another process that writes, in milliseconds.
   */
  constructor(path: string, { timeout = 5000 }: { timeout?: number } = {}) {
    if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
    this.#database = new DatabaseSync(path, { timeout });
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${schema}`);
  }

  /**
   * Writes down what an analysis found. A job may run twice, so what it wrote before is replaced; and it may be superseded
   * between its last step and this, so its issues are then superseded from the start.
   */
  record({ job, requirementId }: Analysis, findings: readonly Finding[]): void {
    this.#together(() => {
      this.#run(
        `INSERT INTO analysis VALUES (?, ?, 'open')
         ON CONFLICT (job) DO UPDATE SET requirement = excluded.requirement`,
        job,
        requirementId,
      );
      this.#run("DELETE FROM issue WHERE job = ?", job);
      for (const [number, { analyser, severity, quote, offset, explanation }] of findings.entries()) {
        this.#run(
          `INSERT INTO issue (job, number, analyser, severity, quote, position, explanation, status)
           SELECT job, ?, ?, ?, ?, ?, ?, status FROM analysis WHERE job = ?`,
          ...[number, analyser, severity, quote, offset, explanation, job],
        );
      }
    });
  }

  /** Marks what a job found as superseded, and what it may still find; once more changes nothing. */
  supersede(job: string): void {
    this.#together(() => {
      this.#run(
        `INSERT INTO analysis VALUES (?, NULL, 'superseded')
         ON CONFLICT (job) DO UPDATE SET status = 'superseded'`,
        job,
      );
      this.#run("UPDATE issue SET status = 'superseded' WHERE job = ? AND status = 'open'", job);
    });
  }

  /** How many issues there are of the jobs whose ids begin with `prefix`. */
  count(prefix: string): IssueCounts {
    const rows = this.#database
      .prepare("SELECT status, count(*) AS issues FROM issue WHERE substr(job, 1, length(?1)) = ?1 GROUP BY status")
      .all(prefix) as { status: keyof IssueCounts; issues: number }[];
    const counts: IssueCounts = { open: 0, superseded: 0 };
    for (const { status, issues } of rows) counts[status] = issues;
    return counts;
  }

  close(): void {
    this.#database.close();
  }

  #run(sql: string, ...values: (string | number)[]): void {
    this.#database.prepare(sql).run(...values);
  }

  #together(write: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      write();
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}
