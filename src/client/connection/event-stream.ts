/** From callbacks to an async iterable: a bounded buffer of events for the loop that reads them. */

/** The most events that wait to be read; beyond it they are dropped and gaps take their place. */
const MOST_WAITING = 10_000;

export class EventStream<Event> {
  readonly #gapsFor: (dropped: readonly Event[]) => readonly Event[];
  #waiting: Event[] = [];
  #wake: () => void = () => {};
  #ended = false;
  #failure: Error | null = null;

  /** @param gapsFor makes the events that stand for dropped ones */
  constructor(gapsFor: (dropped: readonly Event[]) => readonly Event[]) {
    this.#gapsFor = gapsFor;
  }

  push(event: Event): void {
    if (this.#waiting.length >= MOST_WAITING) this.#waiting = [...this.#gapsFor(this.#waiting)];
    this.#waiting.push(event);
    this.#wake();
  }

  /** No more events come; an error is thrown to the reader. */
  end(failure: Error | null = null): void {
    this.#ended = true;
    this.#failure = failure;
    this.#wake();
  }

  /**
   * Makes `return()` of what reads this stream end a wait for the next event, too. Of a generator alone it would be held up
   * by a `next()` that waits.
   */
  endedBy<Read>(reader: AsyncGenerator<Read, void, undefined>): AsyncGenerator<Read, void, undefined> {
    const end = reader.return.bind(reader);
    reader.return = (value) => {
      this.end();
      return end(value);
    };
    return reader;
  }

  /** The events as they come, until the end. */
  async *read(): AsyncGenerator<Event, void, undefined> {
    for (;;) {
      const events = this.#waiting;
      this.#waiting = [];
      yield* events;
      if (this.#waiting.length > 0) continue;
      if (this.#failure !== null) throw this.#failure;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
