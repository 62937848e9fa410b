/** The waits and listeners of one engine. It shares its connection with others, whose waits go on when it is closed. */
export class Waits {
  readonly #ends = new Set<() => void>();
  #closed = false;

  /** Waits, with a signal that is aborted with the caller's, and when the engine is closed. */
  async run(signal: AbortSignal, wait: (ended: AbortSignal) => Promise<void>): Promise<void> {
    if (this.#closed || signal.aborted) return;
    const controller = new AbortController();
    const end = this.add(() => controller.abort());
    signal.addEventListener("abort", end, { once: true });
    try {
      await wait(controller.signal);
    } finally {
      signal.removeEventListener("abort", end);
      end();
    }
  }

  /** Ends something when the engine is closed, unless it is ended before by what this returns. */
  add(end: () => void): () => void {
    const once = (): void => {
      if (this.#ends.delete(once)) end();
    };
    this.#ends.add(once);
    return once;
  }

  /** Ends all. */
  close(): void {
    this.#closed = true;
    for (const end of [...this.#ends]) end();
  }
}
