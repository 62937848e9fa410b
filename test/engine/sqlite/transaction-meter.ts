// Counts the rows that each transaction changes: what keeps a process, and all others from the file.
import { Sql } from "../../../src/engine/sqlite/database/sql.js";

export class TransactionMeter {
  // oxlint-disable-next-line typescript/unbound-method -- called with the object it is of
  readonly #run = Sql.prototype.run;
  readonly #rows: number[] = [];

  /** Counts from now on. */
  static begin(): TransactionMeter {
    const meter = new TransactionMeter();
    const [run, rows] = [meter.#run, meter.#rows];
    let before = 0;
    Sql.prototype.run = function (text, ...values) {
      if (text.startsWith("BEGIN")) before = this.changes;
      const changed = run.call(this, text, ...values);
      if (text === "COMMIT") rows.push(this.changes - before);
      return changed;
    };
    return meter;
  }

  /** The rows that each transaction so far has changed; the count begins anew. */
  take(): readonly number[] {
    return this.#rows.splice(0).filter((rows) => rows > 0);
  }

  end(): void {
    Sql.prototype.run = this.#run;
  }
}
