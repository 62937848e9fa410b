/** One open file, with what reads, writes and watches it. When the file is no longer the one at its path, all of it ends. */
import type { Clock } from "../../model/value/clock.js";
import type { SqliteTarget } from "../target.js";
import { openFile, type OpenOptions } from "./database/file.js";
import { FilePlace } from "./database/file-place.js";
import { identityOf } from "./database/migrations.js";
import type { Sql } from "./database/sql.js";
import { Watchers } from "./store/watchers.js";
import { Writer } from "./writer.js";

export class Connection {
  readonly sql: Sql;
  readonly writer: Writer;
  readonly watchers: Watchers;
  /** Names this database, in this file: a copy of it is another one. */
  readonly identity: string;
  readonly #place: FilePlace;
  #ended = false;

  /** @throws EngineUnavailable, EngineRefused */
  static async open(target: Required<SqliteTarget>, clock: Clock, options: OpenOptions): Promise<Connection> {
    return new Connection(await openFile(target, options), target, clock);
  }

  private constructor(sql: Sql, target: Required<SqliteTarget>, clock: Clock) {
    this.sql = sql;
    this.#place = new FilePlace(target, clock, () => this.#end());
    this.identity = `${identityOf(sql)} in ${this.#place.key}`;
    this.watchers = new Watchers(sql, clock, this.#place);
    this.writer = new Writer({ sql, clock, target, watchers: this.watchers, place: this.#place });
  }

  /** Was the file deleted or replaced, and a command refused for it? Then another connection is due. */
  get isLeft(): boolean {
    return this.#place.isTold;
  }

  /** Refuses to go on with a file that is gone. @throws EngineUnavailable */
  verify(): void {
    this.#place.verify();
  }

  /** Commits what waits and lets go of the file. */
  close(): void {
    this.writer.close();
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.watchers.close();
    this.sql.close();
  }
}
