/**
 * Prepared statements, each prepared once per connection. The text of a statement is beside its use; rows are arrays in the
 * order of its columns, because making an object of every row costs more than finding it.
 *
 * The first versions of `node:sqlite` bind no parameters with numbers (`?1`) and answer objects only. So no statement numbers
 * its parameters, and no two columns of a row have the same name.
 *
 * SQLite plans a statement by the values of its parameters where these may matter: a limit, and a column that the conditions of
 * indexes are about (`state_code`). It then compiles the statement anew whenever it runs, which takes ten times as long as to
 * find a row. So such a parameter is a sum, `? + 0`, of which SQLite asks no value.
 */
import type { Database, SqlValue, Statement } from "./driver.js";

/** A row: its columns in the order in which the statement names them. */
export type Row = readonly SqlValue[];

/** How many statements stay prepared. */
const MOST_STATEMENTS = 1_000;

export class Sql {
  readonly #db: Database;
  readonly #statements = new Map<string, Statement>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** How many rows its statements have changed since it was opened. */
  get changes(): number {
    return this.all<[changes: number]>("SELECT total_changes()")[0]?.[0] ?? 0;
  }

  /** All rows, of the shape that the statement selects. */
  all<T extends Row>(text: string, ...values: SqlValue[]): T[] {
    const statement = this.#prepare(text);
    const rows = statement.all(...values);
    if (statement.setReturnArrays !== undefined) return rows as T[];
    return rows.map((row) => Object.values(row as object) as unknown as T);
  }

  /** Runs a statement without result rows; returns how many rows it changed. */
  run(text: string, ...values: SqlValue[]): number {
    return Number(this.#prepare(text).run(...values).changes);
  }

  /** Inserts a row; returns its number, or `null` when a conflict kept it out. */
  insert(text: string, ...values: SqlValue[]): number | null {
    const { changes, lastInsertRowid } = this.#prepare(text).run(...values);
    return Number(changes) === 0 ? null : Number(lastInsertRowid);
  }

  /** Runs statements that are not worth preparing: schema, settings. */
  exec(text: string): void {
    this.#db.exec(text);
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }

  #prepare(text: string): Statement {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      // Filters make many texts; those that are in use come back at once.
      if (this.#statements.size >= MOST_STATEMENTS) this.#statements.clear();
      statement = this.#db.prepare(text);
      statement.setReturnArrays?.(true);
      this.#statements.set(text, statement);
    }
    return statement;
  }
}
