// The postings of all companies in a SQLite database, as an application keeps them. A posting is known by its key: one that
// is scraped again changes its row or leaves it as it is, so that a job which runs twice does no harm.

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

import { DatabaseSync } from "@photostructure/sqlite";

import type { KeyedEnrichment } from "../enrich/enrichment.js";
import type { Posting } from "../parse/posting.js";

const schema = `
  CREATE TABLE IF NOT EXISTS posting (
    key TEXT PRIMARY KEY,
    company TEXT NOT NULL,
    title TEXT NOT NULL,
    reference TEXT,
    location TEXT,
    employment_type TEXT,
    pay TEXT,
    posted_on TEXT,
    description TEXT NOT NULL,
    skills TEXT,
    seniority TEXT,
    salary_min REAL,
    salary_max REAL,
    salary_currency TEXT,
    salary_period TEXT,
    summary TEXT,
    url TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    last_changed TEXT NOT NULL,
    last_seen TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS posting_company ON posting (company);
`;

/** The columns that do not differ from one scrape to the next, unless the posting did. */
const lasting = [
  ...["key", "company", "title", "reference", "location", "employment_type", "pay", "posted_on", "description"],
  ...["skills", "seniority", "salary_min", "salary_max", "salary_currency", "salary_period", "summary"],
];

/** A posting of a company, with what the enrichment added unless there was none. */
export interface FoundPosting {
  posting: Posting;
  enrichment: KeyedEnrichment | undefined;
}

/** What became of the postings of one scrape. */
export interface StoredPostings {
  inserted: number;
  updated: number;
  /** Were there, and say the same. */
  unchanged: number;
}

/** A row, or some of its columns. */
export type StoredPosting = Record<string, string | number | null>;

export class PostingStore {
  readonly #database: InstanceType<typeof DatabaseSync>;

  /**
   * A store in the SQLite file at `path`, which is made when it is needed; `":memory:"` lasts as long as the process.
   * `timeout` is how long it waits for another process that writes, in milliseconds.
   */
  constructor(path: string, { timeout = 5000 }: { timeout?: number } = {}) {
    if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
    this.#database = new DatabaseSync(path, { timeout });
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${schema}`);
  }

  /**
   * Writes down what was found at the company with the host name `company`, all or nothing. A posting that comes without
   * enrichment keeps the one it has.
   */
  record(company: string, found: readonly FoundPosting[], seenAt: Date): StoredPostings {
    const counts: StoredPostings = { inserted: 0, updated: 0, unchanged: 0 };
    this.#together(() => {
      for (const { posting, enrichment } of found) {
        const row = rowOf(company, posting, enrichment);
        counts[this.#put(row, seenAt.toISOString())] += 1;
      }
    });
    return counts;
  }

  /** How many postings there are of `companies`, by host name; of all, when none are named. */
  count(companies?: readonly string[]): number {
    const [{ rows }] = this.#database
      .prepare("SELECT count(*) AS rows FROM posting WHERE ?1 IS NULL OR company IN (SELECT value FROM json_each(?1))")
      .all(companies === undefined ? null : JSON.stringify(companies)) as [{ rows: number }];
    return rows;
  }

  /** The postings of `companies`, by host name, ordered by key, without times and addresses. */
  rows(companies: readonly string[]): StoredPosting[] {
    const sql = `SELECT ${lasting.join(", ")} FROM posting WHERE company IN (SELECT value FROM json_each(?)) ORDER BY key`;
    return this.#database.prepare(sql).all(JSON.stringify(companies)) as StoredPosting[];
  }

  /** The skills that most postings of `companies` ask for, at most `most` of them. */
  skills(companies: readonly string[], most: number): { skill: string; postings: number }[] {
    const sql = `
      SELECT skills.value AS skill, count(*) AS postings FROM posting, json_each(posting.skills) AS skills
      WHERE company IN (SELECT value FROM json_each(?)) GROUP BY skill ORDER BY postings DESC, skill LIMIT ?`;
    return this.#database.prepare(sql).all(JSON.stringify(companies), most) as { skill: string; postings: number }[];
  }

  close(): void {
    this.#database.close();
  }

  #put(row: StoredPosting, now: string): keyof StoredPostings {
    const { key = null, url = null, ...said } = row;
    const columns = Object.keys(said);
    const [known] = this.#database.prepare(`SELECT ${columns.join(", ")} FROM posting WHERE key = ?`).all(key);
    if (known === undefined) {
      const all = { ...row, first_seen: now, last_changed: now, last_seen: now };
      this.#run(
        `INSERT INTO posting (${Object.keys(all).join(", ")}) VALUES (${Object.keys(all).fill("?").join(", ")})`,
        Object.values(all),
      );
      return "inserted";
    }
    const isSame = columns.every((column) => (known as StoredPosting)[column] === said[column]);
    const changes = { url, last_seen: now, ...(!isSame && { ...said, last_changed: now }) };
    const assignments = Object.keys(changes).map((column) => `${column} = ?`);
    this.#run(`UPDATE posting SET ${assignments.join(", ")} WHERE key = ?`, [...Object.values(changes), key]);
    return isSame ? "unchanged" : "updated";
  }

  #run(sql: string, values: readonly (string | number | null)[]): void {
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

function rowOf(company: string, posting: Posting, enrichment: KeyedEnrichment | undefined): StoredPosting {
  const { key, title, reference, location, employmentType, pay, postedOn, description, url } = posting;
  return {
    ...{ key, company, title, reference, location, employment_type: employmentType, pay, posted_on: postedOn },
    ...{ description, url },
    ...(enrichment && {
      skills: JSON.stringify(enrichment.skills),
      seniority: enrichment.seniority,
      salary_min: enrichment.salary?.min ?? null,
      salary_max: enrichment.salary?.max ?? null,
      salary_currency: enrichment.salary?.currency ?? null,
      salary_period: enrichment.salary?.period ?? null,
      summary: enrichment.summary,
    }),
  };
}
