/**
 * Batched enqueueing: calls made at the same time, and calls made while a batch is in flight, share a command. Each
 * caller gets its own answer, or the error of its batch.
 */
import type { EnqueueAnswer } from "../../engine/contract/engine.js";
import { EnqueueSize, JOBS_PER_ENQUEUE } from "../../engine/contract/enqueue-size.js";
import type { JobSpec } from "../../model/job/job.js";
import type { ConnectionContext } from "../connection/context.js";

/** The most commands of a bulk call in flight. */
const ABREAST = 4;
/** The most commands of single calls in flight, and the fewest jobs in one that is sent beside another. */
const LANES = 2;
const SECOND_LANE = 16;

interface Waiting {
  readonly spec: JobSpec;
  readonly resolve: (answer: EnqueueAnswer) => void;
  readonly reject: (error: unknown) => void;
}

export class EnqueueBatch {
  readonly #context: ConnectionContext;
  #waiting: Waiting[] = [];
  #scheduled = false;
  #inFlight = 0;
  /** How many bulk calls, and other work of many commands, have not ended. */
  #bulks = 0;
  /** Was a command answered since the last was sent? */
  #answered = false;
  #idle: (() => void)[] = [];

  constructor(context: ConnectionContext) {
    this.#context = context;
  }

  /** Enqueues one job, batched with other calls. */
  add(spec: JobSpec): Promise<EnqueueAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ spec, resolve, reject });
      this.#schedule();
    });
  }

  /**
   * Enqueues many jobs, in order, with several chunks in flight: a chunk is encoded while the engine stores those
   * before. Returns the results of `handle`.
   */
  async addMany<T>(
    total: number,
    specOf: (index: number) => JobSpec,
    handle: (spec: JobSpec, answer: EnqueueAnswer) => T,
  ): Promise<T[]> {
    const handles: T[][] = [];
    let next = 0;
    let beyond: JobSpec | null = null;
    // The next jobs that have room in one command. One that has not is kept for the command after it.
    const takeChunk = (): JobSpec[] => {
      const size = new EnqueueSize();
      const specs: JobSpec[] = [];
      while (next < total) {
        const spec = beyond ?? specOf(next);
        beyond = spec;
        if (!size.take(spec)) break;
        specs.push(spec);
        beyond = null;
        next += 1;
      }
      return specs;
    };
    const sendChunk = async (specs: readonly JobSpec[]): Promise<T[]> => {
      const answers = await this.#enqueue(specs);
      return specs.map((spec, index) => {
        const answer = answers[index];
        if (answer === undefined) throw new Error("the engine answered fewer jobs than it was given");
        return handle(spec, answer);
      });
    };
    let chunks = 0;
    const send = async (): Promise<void> => {
      while (next < total) {
        try {
          const specs = takeChunk();
          const chunk = chunks;
          chunks += 1;
          handles[chunk] = await sendChunk(specs);
        } catch (error) {
          // Start no more chunks; those in flight are waited for.
          next = total;
          throw error;
        }
      }
    };
    const ends = await this.during(() => Promise.allSettled(Array.from({ length: ABREAST }, send)));
    const failure = ends.find((end) => end.status === "rejected");
    if (failure !== undefined) throw failure.reason;
    return handles.flat();
  }

  /** Counts work as in flight until it has ended. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#bulks += 1;
    try {
      return await work();
    } finally {
      this.#bulks -= 1;
      this.#reportIdle();
    }
  }

  /** Resolves when nothing is in flight. */
  settled(): Promise<void> {
    return this.#isIdle ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  get #isIdle(): boolean {
    return this.#waiting.length === 0 && this.#inFlight === 0 && this.#bulks === 0;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // After the promises that are settled by now: callers released by one batch call again within this turn.
    process.nextTick(() => {
      this.#scheduled = false;
      this.#send();
    });
  }

  #send(): void {
    // Callers released by one answer call again together. Splitting that burst in two lets encoding overlap with the
    // engine's work.
    const halves = this.#answered && this.#inFlight === 0 && this.#waiting.length >= 2 * SECOND_LANE;
    const most = halves ? Math.ceil(this.#waiting.length / 2) : JOBS_PER_ENQUEUE;
    this.#answered = false;
    while (this.#waiting.length >= (this.#inFlight === 0 ? 1 : SECOND_LANE) && this.#inFlight < LANES) {
      void this.#sendBatch(this.#waiting.splice(0, this.#countThatFit(Math.min(most, JOBS_PER_ENQUEUE))));
    }
  }

  /** How many of those that wait, up to `most`, have room in one command. */
  #countThatFit(most: number): number {
    const size = new EnqueueSize(most);
    const first = this.#waiting.findIndex(({ spec }) => !size.take(spec));
    return first === -1 ? this.#waiting.length : first;
  }

  async #sendBatch(batch: readonly Waiting[]): Promise<void> {
    this.#inFlight += 1;
    try {
      const answers = await this.#enqueue(batch.map(({ spec }) => spec));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const answer = answers[index];
        if (answer === undefined) reject(new Error("the engine answered fewer jobs than it was given"));
        else resolve(answer);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    this.#inFlight -= 1;
    this.#answered = true;
    if (this.#waiting.length > 0) this.#schedule();
    this.#reportIdle();
  }

  #reportIdle(): void {
    if (this.#isIdle) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #enqueue(jobs: readonly JobSpec[]): Promise<EnqueueAnswer[]> {
    return this.#context.send(() => this.#context.engine.enqueue({ jobs }));
  }
}
