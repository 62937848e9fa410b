/** A thread or process in the hands of its pool: runs one job at a time, counts them, and is closed when it is done. */
import type { Clock } from "../../model/value/clock.js";
import type { ChildLink, Death, ChildMessages } from "./channel/child-link.js";
import type { ToChild } from "./channel/protocol.js";

/** How long (milliseconds) a child that is told to close may take. */
const PATIENCE = 500;

export class Child {
  /** Resolves when nothing of it lives any more. */
  readonly gone: Promise<Death>;
  /** How many jobs it was given. */
  jobs = 0;
  /** Set when it is gone. */
  death: Death | null = null;
  /** Lets go of it when it has been idle for too long. */
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

  /** Listens to what it says from now on. */
  listen(onMessage: (message: ChildMessages) => void): void {
    this.#link.onMessage = onMessage;
  }

  /** @throws DOMException for what cannot be copied */
  send(message: ToChild): void {
    if (this.death === null) this.#link.send(message);
  }

  /** The memory it uses, in bytes; `null` when that cannot be known from outside. */
  memory(): Promise<number | null> {
    return this.#link.memory();
  }

  /** Ends it at once, and everything it started. */
  kill(): void {
    this.#closing = true;
    if (this.death === null) this.#link.kill();
  }

  /** Ends it: gives it a moment to end by itself, so that what its modules do on exit is done. */
  close(): void {
    if (this.ending) return;
    this.#closing = true;
    this.#link.send({ kind: "close" });
    const cancel = this.#clock.after(PATIENCE, () => this.#link.kill());
    void this.gone.then(cancel);
  }
}
