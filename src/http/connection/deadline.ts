/**
 * How long a request may take: until its time is up, or the caller's signal aborts. (`AbortSignal.any` would keep a reference at a signal
 * that lives for long.) A timer is bounded to what timers can count.
 */
import { HttpError, HttpTimeout, HttpUnreachable } from "./errors.js";

const LONGEST_TIMER = 2_147_483_647;

export class Deadline {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | null;
  readonly #abort = (): void => this.#controller.abort(this.#outer?.reason);
  #ms = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Begins at once. @throws the reason of a signal that is aborted already */
  constructor(ms: number, outer: AbortSignal | null | undefined) {
    outer?.throwIfAborted();
    this.#outer = outer ?? null;
    outer?.addEventListener("abort", this.#abort);
    this.renew(ms);
  }

  /** Aborts when the time is up, or the outer signal does. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The time begins anew. */
  renew(ms: number): void {
    this.rest();
    this.#ms = Math.min(ms, LONGEST_TIMER);
    this.#timer = setTimeout(() => this.#controller.abort(), this.#ms);
  }

  /** The time stands still until it begins anew. */
  rest(): void {
    clearTimeout(this.#timer);
  }

  end(): void {
    this.rest();
    this.#outer?.removeEventListener("abort", this.#abort);
  }

  /** What to throw for an error of a request that had this time. */
  errorOf(error: unknown): unknown {
    if (this.#outer?.aborted === true) return this.#outer.reason;
    if (error instanceof HttpError) return error;
    if (this.signal.aborted) return new HttpTimeout(`no answer within ${this.#ms} ms`);
    return new HttpUnreachable(`the server was not reached: ${String(error)}`, { cause: error });
  }
}

/** Waits. @throws the signal's reason */
export async function pause(ms: number, signal: AbortSignal | null | undefined): Promise<void> {
  const deadline = new Deadline(ms, signal);
  try {
    await new Promise<void>((resolve) => {
      deadline.signal.addEventListener("abort", () => resolve());
    });
    signal?.throwIfAborted();
  } finally {
    deadline.end();
  }
}
