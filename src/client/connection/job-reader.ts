/** Reads jobs: all reads of one turn of the event loop share one command. */
import { MAX_JOBS_PER_COMMAND, type Engine } from "../../engine/contract/engine.js";
import type { JobRecord, JobRef } from "../../model/job/job.js";

interface Asked {
  readonly ref: JobRef;
  readonly resolve: (record: JobRecord | null) => void;
  readonly reject: (error: unknown) => void;
}

export class JobReader {
  readonly #engine: Engine;
  #asked: Asked[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The job as it is now; `null` when there is none. */
  get(ref: JobRef): Promise<JobRecord | null> {
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

  async #read(asked: readonly Asked[]): Promise<void> {
    try {
      const records = await this.#engine.getJobs({ refs: asked.map(({ ref }) => ref) });
      for (const [index, { resolve }] of asked.entries()) resolve(records[index] ?? null);
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
}
