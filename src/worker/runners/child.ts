/** A thread or process of a pool: runs one job at a time, counts its jobs, and is closed at the end. */
import type { Clock } from "../../model/value/clock.js";
import type { ChildLink, Death, ChildMessages } from "./channel/child-link.js";
import type { ToChild } from "./channel/protocol.js";

/** How long (milliseconds) a child may take after the message to close before it is killed. */
const PATIENCE = 500;

export class Child {
  /** Resolves when the child and everything it started are gone. */
  readonly gone: Promise<Death>;
  /** How many jobs it was given. */
  jobs = 0;
  /** Set when it is gone. */
  death: Death | null = null;
  /** Cancels the timer that closes it when it has been idle for too long. */
  cancelIdle: () => void = () => {};
  readonly #link: ChildLink;
  readonly #clock: Clock;
  #closing = false;

  constructor(link: ChildLink, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
    this.gone = link.gone.then((death) => (this.death = death));
  }

  /** Is it being ended, or gone? */
  get ending(): boolean {
    return this.#closing || this.death !== null;
  }

  /** Receives its messages from now on. */
  listen(onMessage: (message: ChildMessages) => void): void {
    this.#link.onMessage = onMessage;
  }

  /** @throws DOMException for a value that cannot be copied */
  send(message: ToChild): void {
    if (this.death === null) this.#link.send(message);
  }

  /** The memory it uses, in bytes; `null` when that cannot be measured from outside. */
  memory(): Promise<number | null> {
    return this.#link.memory();
  }

  /** Kills it at once, and everything it started. */
  kill(): void {
    this.#closing = true;
    if (this.death === null) this.#link.kill();
  }

  /**
   * Closes it: it has a moment to exit by itself, so that the exit handlers of its modules run, and is killed after
   * that.
   */
  close(): void {
    if (this.ending) return;
    this.#closing = true;
    this.#link.send({ kind: "close" });
    const cancel = this.#clock.after(PATIENCE, () => this.#link.kill());
    void this.gone.then(cancel);
  }
}
