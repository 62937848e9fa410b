/**
 * Waiting for the end of a job: woken by events, and made sure by reading the job after a gap and every few seconds.
 */
import { JobNotFound, LongshoreError } from "../../model/errors/errors.js";
import type { JobRecord, JobRef } from "../../model/job/job.js";
import { isTerminal } from "../../model/job/state.js";
import type { ConnectionContext } from "../connection/context.js";
import type { WatchEvent } from "../connection/watch-event.js";

/** How often (milliseconds) a job is read although no event came. */
const POLL_EVERY = 5_000;

/** The wait for a result took longer than the caller allowed. The job goes on. */
export class ResultTimeout extends LongshoreError {
  constructor(id: string, ms: number) {
    super("RESULT_TIMEOUT", `job ${id} did not end within ${ms} ms; it goes on`);
  }
}

/** How long to wait. */
export interface WaitLimits {
  /** Milliseconds; `null`: for as long as it takes. */
  readonly timeout: number | null;
  readonly signal: AbortSignal | null;
}

/**
 * The job once it has ended.
 * @throws JobNotFound when it is not there, or is removed meanwhile; ResultTimeout; the signal's reason; EngineClosed
 */
export async function waitForEnd(
  context: ConnectionContext,
  ref: JobRef,
  { timeout, signal }: WaitLimits,
): Promise<JobRecord> {
  signal?.throwIfAborted();
  const wait = new JobWait(context, ref);
  const aborted = (): void => wait.reject(signal?.reason);
  const cancelTimeout =
    timeout === null ? null : context.clock.after(timeout, () => wait.reject(new ResultTimeout(ref.id, timeout)));
  signal?.addEventListener("abort", aborted, { once: true });
  try {
    void wait.begin();
    return await wait.ended;
  } finally {
    wait.stop();
    cancelTimeout?.();
    signal?.removeEventListener("abort", aborted);
  }
}

class JobWait {
  readonly id: string;
  readonly ended: Promise<JobRecord>;
  reject: (error: unknown) => void = () => {};
  #resolve: (record: JobRecord) => void = () => {};
  readonly #context: ConnectionContext;
  readonly #ref: JobRef;
  #cancelPoll: () => void = () => {};
  #stopWatching: () => void = () => {};
  #stopped = false;

  constructor(context: ConnectionContext, ref: JobRef) {
    this.#context = context;
    this.#ref = ref;
    this.id = ref.id;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.reject = reject;
    });
  }

  async begin(): Promise<void> {
    try {
      this.#stopWatching = await this.#context.watches.add(this.#ref.queue, this);
    } catch (error) {
      this.reject(error);
    }
    if (this.#stopped) this.#stopWatching();
    else await this.#poll();
  }

  event(event: WatchEvent): void {
    if (event.kind === "gap" || event.kind === "removed" || (event.kind === "state" && isTerminal(event.state))) {
      void this.#poll();
    }
  }

  closed(error: Error): void {
    this.reject(error);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelPoll();
    this.#stopWatching();
  }

  async #poll(): Promise<void> {
    this.#cancelPoll();
    if (this.#stopped) return;
    this.#cancelPoll = this.#context.clock.after(POLL_EVERY, () => void this.#poll());
    let record: JobRecord | null;
    try {
      record = await this.#context.reader.get(this.#ref);
    } catch {
      // The engine did not answer; it is asked again.
      return;
    }
    if (record === null) this.reject(new JobNotFound(this.id));
    else if (isTerminal(record.state)) this.#resolve(record);
  }
}
