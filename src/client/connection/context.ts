/** The connection context: engine, time, ids, reading and watching, shared by everything of one connection. */
import { createIdSource } from "../../model/value/id.js";
import { pause, type Clock } from "../../model/value/clock.js";
import { EngineUnavailable } from "../../model/errors/errors.js";
import type { Engine } from "../../engine/contract/engine.js";
import { JobReader } from "./job-reader.js";
import { QueueWatches } from "./queue-watch.js";

/** The back-off (ms) before a command without an answer is sent again, and the time limit of all tries. */
const WAITS = [50, 200];
const PATIENCE = 2_000;

export class ConnectionContext {
  readonly engine: Engine;
  readonly clock: Clock;
  /** Bytes of JSON an input may have. */
  readonly payloadCap: number;
  readonly reader: JobReader;
  readonly watches: QueueWatches;
  readonly #ids = createIdSource();

  constructor(engine: Engine, clock: Clock, payloadCap: number) {
    this.engine = engine;
    this.clock = clock;
    this.payloadCap = payloadCap;
    this.reader = new JobReader(engine);
    this.watches = new QueueWatches(engine, clock);
  }

  /** A new job id. */
  nextId(queue: string): string {
    return this.#ids.next(queue, this.clock.now());
  }

  /** A new operation id, or nonce. */
  nextOp(): string {
    return this.#ids.next("", this.clock.now());
  }

  /** Sends an idempotent command: at most twice more, and not after 2 s, when the engine does not answer. */
  async send<T>(command: () => T | Promise<T>): Promise<T> {
    const from = this.clock.monotonic();
    for (const wait of WAITS) {
      try {
        return await command();
      } catch (error) {
        if (!(error instanceof EngineUnavailable) || this.clock.monotonic() - from >= PATIENCE) throw error;
        await pause(this.clock, wait);
      }
    }
    return command();
  }
}
