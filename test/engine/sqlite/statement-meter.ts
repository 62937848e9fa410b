// Records the statements that read: their texts, and how many rows each handed over.
import type { Database } from "../../../src/engine/sqlite/database/driver.js";
import { Sql } from "../../../src/engine/sqlite/database/sql.js";

export class StatementMeter {
  // oxlint-disable-next-line typescript/unbound-method -- called with the object it is of
  readonly #all = Sql.prototype.all;
  readonly #texts = new Set<string>();
  #rows = 0;

  /** Records from now on. */
  static begin(): StatementMeter {
    const meter = new StatementMeter();
    Sql.prototype.all = function (text, ...values) {
      const rows = meter.#all.call(this, text, ...values);
      meter.#texts.add(text);
      meter.#rows += rows.length;
      return rows as never;
    };
    return meter;
  }

  /** What was recorded; the record begins anew. */
  take(): { readonly texts: readonly string[]; readonly rows: number } {
    const taken = { texts: [...this.#texts], rows: this.#rows };
    this.#texts.clear();
    this.#rows = 0;
    return taken;
  }

  end(): void {
    Sql.prototype.all = this.#all;
  }
}

/** How SQLite carries out a statement, step by step. */
export function planOf(database: Database, text: string): string[] {
  const parameters = text.split("?").length - 1;
  const steps = database.prepare(`EXPLAIN QUERY PLAN ${text}`).all(...Array.from({ length: parameters }, () => 1));
  return (steps as { detail: string }[]).map(({ detail }) => detail);
}
