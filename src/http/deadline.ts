/**
 * How long a request may take: until its time is up, or the caller's signal aborts. (`AbortSignal.any` would keep a reference at a signal
 * that lives for long.) A timer is bounded to what timers can count.
 */
import { HttpError, HttpTimeout, HttpUnreachable } from "./errors.js";

const LONGEST_TIMER = 2_147_483_647;

export class Deadline {
  readonly #controller = new AbortController();
  readonly #ms: number;
  readonly #outer: AbortSignal | null;
  readonly #abort = (): void => this.#controller.abort(this.#outer?.reason);
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** Begins at once. @throws the reason of a signal that is aborted already */
  constructor(ms: number, outer: AbortSignal | null | undefined) {
    outer?.throwIfAborted();
    this.#ms = Math.min(ms, LONGEST_TIMER);
    this.#outer = outer ?? null;
    outer?.addEventListener("abort", this.#abort);
    this.extend();
  }

  /** Aborts when the time is up, or the outer signal does. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something came: the time begins anew. */
  extend(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), this.#ms);
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
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
