// Counts the characters of text that the statements of each transaction hand over: what reading makes of them.
import { Sql } from "../../../src/engine/sqlite/database/sql.js";

export class BytesMeter {
  // oxlint-disable-next-line typescript/unbound-method -- called with the object it is of
  readonly #all = Sql.prototype.all;
  // oxlint-disable-next-line typescript/unbound-method -- called with the object it is of
  readonly #run = Sql.prototype.run;
  readonly #bytes: number[] = [];

  /** Counts from now on. */
  static begin(): BytesMeter {
    const meter = new BytesMeter();
    const [all, run, bytes] = [meter.#all, meter.#run, meter.#bytes];
    let read = 0;
    Sql.prototype.all = function (text, ...values) {
      const rows = all.call(this, text, ...values);
      for (const value of rows.flat()) if (typeof value === "string") read += value.length;
      return rows as never;
    };
    Sql.prototype.run = function (text, ...values) {
      if (text.startsWith("BEGIN")) read = 0;
      const changed = run.call(this, text, ...values);
      if (text === "COMMIT") bytes.push(read);
      return changed;
    };
    return meter;
  }

  /** How many characters each transaction so far has read; the count begins anew. */
  take(): readonly number[] {
    return this.#bytes.splice(0).filter((bytes) => bytes > 0);
  }

  end(): void {
    Sql.prototype.all = this.#all;
    Sql.prototype.run = this.#run;
  }
}
