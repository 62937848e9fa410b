/** Reads jobs: all reads of one turn of the event loop that ask for the same fields share one command. */
import { MAX_JOBS_PER_COMMAND, type Engine } from "../../engine/contract/engine.js";
import type { LongField, RecordWith, SlimRecord } from "../../model/job/query/fields.js";
import type { JobRecord, JobRef } from "../../model/job/job.js";

interface Asked<Answer> {
  readonly ref: JobRef;
  readonly resolve: (record: Answer | null) => void;
  readonly reject: (error: unknown) => void;
}

export class JobReader {
  readonly #whole: Batch<LongField>;
  readonly #slim: Batch<never>;
  readonly #results: Batch<"result">;

  constructor(engine: Engine) {
    this.#whole = new Batch(engine, undefined);
    this.#slim = new Batch(engine, []);
    this.#results = new Batch(engine, ["result"]);
  }

  /** The job as it is now; `null` when there is none. */
  get(ref: JobRef): Promise<JobRecord | null> {
    return this.#whole.get(ref);
  }

  /** The same without its long fields. */
  getSlim(ref: JobRef): Promise<SlimRecord | null> {
    return this.#slim.get(ref);
  }

  /** The same with its result. */
  getResult(ref: JobRef): Promise<RecordWith<"result"> | null> {
    return this.#results.get(ref);
  }
}

/** Reads that ask for the same fields. */
class Batch<Field extends LongField> {
  readonly #engine: Engine;
  readonly #fields: readonly Field[] | undefined;
  #asked: Asked<RecordWith<Field>>[] = [];

  constructor(engine: Engine, fields: readonly Field[] | undefined) {
    this.#engine = engine;
    this.#fields = fields;
  }

  get(ref: JobRef): Promise<RecordWith<Field> | null> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ ref, resolve, reject });
      if (this.#asked.length === 1) setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    const asked = this.#asked;
    this.#asked = [];
    for (let from = 0; from < asked.length; from += MAX_JOBS_PER_COMMAND)
      void this.#read(asked.slice(from, from + MAX_JOBS_PER_COMMAND));
  }

  async #read(asked: readonly Asked<RecordWith<Field>>[]): Promise<void> {
    try {
      const refs = asked.map(({ ref }) => ref);
      const fields = this.#fields;
      const records = await this.#engine.getJobs<Field>(fields === undefined ? { refs } : { refs, fields });
      for (const [index, { resolve }] of asked.entries()) resolve(records[index] ?? null);
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
}
