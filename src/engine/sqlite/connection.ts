/** One open file, with its writer and watchers. Once another file is at its path, the connection fails as a whole. */
import type { Clock } from "../../model/value/clock.js";
import type { SqliteTarget } from "../target.js";
import { isFull } from "./database/driver.js";
import { openFile, synchronous, type OpenOptions } from "./database/file/file.js";
import { FilePlace } from "./database/file/file-place.js";
import { identityOf } from "./database/migrations.js";
import type { Budget } from "./store/budget.js";
import type { Sql } from "./database/sql.js";
import { realPath } from "./database/file/real-path.js";
import { Reserve } from "./database/file/reserve.js";
import { WriteAheadLog } from "./database/wal.js";
import { Watchers } from "./store/watching/watchers.js";
import { Writer } from "./writer.js";

export interface ConnectionOptions {
  readonly target: Required<SqliteTarget>;
  readonly clock: Clock;
  /** How much one transaction does. */
  readonly budget: Budget;
}

export class Connection {
  readonly sql: Sql;
  readonly writer: Writer;
  readonly watchers: Watchers;
  /** Identifies this database in this file; a copy of the file has another identity. */
  readonly identity: string;
  /** Room on the disk for jobs that end. */
  readonly reserve: Reserve;
  readonly #place: FilePlace;
  readonly #log: WriteAheadLog;
  #ended = false;

  /** @throws EngineUnavailable, EngineRefused */
  static async open(options: ConnectionOptions, how: OpenOptions): Promise<Connection> {
    const reserve = new Reserve(`${realPath(options.target.path)}-reserve`);
    try {
      return new Connection(await openFile(options.target, how), reserve, options);
    } catch (error) {
      // On a full disk there is no room for the index of the log either, which the first connection makes.
      if (!(error instanceof Error) || !isFull(error.cause)) throw error;
      reserve.giveUp();
      return new Connection(await openFile(options.target, how), reserve, options);
    }
  }

  private constructor(sql: Sql, reserve: Reserve, { target, clock, budget }: ConnectionOptions) {
    this.sql = sql;
    this.reserve = reserve;
    this.#place = new FilePlace(target, clock, () => this.#end());
    this.identity = `${identityOf(sql)} in ${this.#place.key}`;
    const path = `${realPath(target.path)}-wal`;
    this.watchers = new Watchers(sql, clock, this.#place, path);
    this.#log = new WriteAheadLog(sql, path);
    this.writer = new Writer({
      sql,
      clock,
      target,
      budget,
      log: this.#log,
      watchers: this.watchers,
      place: this.#place,
      reserve,
    });
  }

  /** Device and inode number of the open file; `null` once it is closed. */
  get file(): string | null {
    return this.#ended ? null : this.#place.key;
  }

  /** Does every commit wait for the disk from now on, or not? */
  waitForDisk(waits: boolean): void {
    if (!this.#ended) this.sql.exec(synchronous(waits ? "full" : "normal"));
  }

  /** Commits the waiting commands, if they can be at the moment. */
  commit(): void {
    this.writer.commitNow();
  }

  /** Was the file deleted or replaced, and has a command failed for it? The engine then opens another connection. */
  get isLeft(): boolean {
    return this.#place.isReported;
  }

  /** @throws EngineUnavailable when the file was deleted or replaced */
  verify(): void {
    this.#place.verify();
  }

  /** Commits the waiting commands and closes the file. */
  close(): void {
    this.writer.close();
    // Once another file is at the path, the log there belongs to that one.
    if (!this.#ended && this.#place.holds(0)) {
      this.watchers.close();
      this.#log.end();
    }
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.watchers.close();
    this.sql.close();
  }
}
