/** Waiting for the end of a job: told by events, sure by looking again after a gap and every few seconds. */
import { JobNotFound, LongshoreError } from "../model/errors.js";
import type { JobRecord, JobRef } from "../model/job.js";
import { isTerminal } from "../model/state.js";
import type { Core } from "./core.js";
import type { WatchEvent } from "./queue-watch.js";

/** How often (milliseconds) a job is looked at although no event came. */
const LOOK_EVERY = 5_000;

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
export async function waitForEnd(core: Core, ref: JobRef, { timeout, signal }: WaitLimits): Promise<JobRecord> {
  signal?.throwIfAborted();
  const end = new Ending(core, ref);
  const aborted = (): void => end.reject(signal?.reason);
  const cancelTimeout =
    timeout === null ? () => {} : core.clock.after(timeout, () => end.reject(new ResultTimeout(ref.id, timeout)));
  signal?.addEventListener("abort", aborted, { once: true });
  let stopWatching = (): void => {};
  try {
    const watching = core.watches.add(ref.queue, end);
    watching.then(
      () => end.look(),
      (error: unknown) => end.reject(error),
    );
    stopWatching = () => {
      watching.then(
        (remove) => remove(),
        () => {},
      );
    };
    return await end.promise;
  } finally {
    end.stop();
    stopWatching();
    cancelTimeout();
    signal?.removeEventListener("abort", aborted);
  }
}

class Ending {
  readonly id: string;
  readonly promise: Promise<JobRecord>;
  resolve: (record: JobRecord) => void = () => {};
  reject: (error: unknown) => void = () => {};
  readonly #core: Core;
  readonly #ref: JobRef;
  #cancel: () => void = () => {};
  #stopped = false;

  constructor(core: Core, ref: JobRef) {
    this.#core = core;
    this.#ref = ref;
    this.id = ref.id;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  event(event: WatchEvent): void {
    if (event.kind === "gap" || event.kind === "removed" || (event.kind === "state" && isTerminal(event.state))) {
      this.look();
    }
  }

  closed(error: Error): void {
    this.reject(error);
  }

  look(): void {
    this.#cancel();
    if (this.#stopped) return;
    this.#cancel = this.#core.clock.after(LOOK_EVERY, () => this.look());
    this.#core.reader.get(this.#ref).then(
      (record) => {
        if (record === null) this.reject(new JobNotFound(this.#ref.id));
        else if (isTerminal(record.state)) this.resolve(record);
      },
      // An engine that does not answer now is asked again.
      () => {},
    );
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }
}
