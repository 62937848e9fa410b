/**
 * Wake-ups on a cluster. One pop cannot block on the queues of several slots, and a connection for each queue would be many.
 * So scripts also send a message when they set a marker (`wake` in scripts/lib/store/queue.lua), and a cluster hands it on to
 * all its nodes: one connection hears of every queue. Each process that waits tries to take the marker; one of them gets it.
 */
import { Waiters, type Wakeup } from "./wakeup.js";

/** What it needs of the engine. */
export interface BellCommands {
  /** Hears of markers from now on: calls the listener given to `onBell`, also when messages may have been missed. */
  listen(queue: string): Promise<void>;
  onBell(listener: (queue: string) => void): void;
  /** Takes the marker of a queue, if it has one. */
  take(queue: string): Promise<boolean>;
  /** Puts it back. */
  putBack(queue: string): void;
}

export class BellWakeup implements Wakeup {
  readonly #commands: BellCommands;
  readonly #waiters = new Waiters();
  /** Queues that may have a marker. */
  readonly #rung = new Set<string>();
  /** Queues whose marker is being taken. */
  readonly #taking = new Set<string>();

  constructor(commands: BellCommands) {
    this.#commands = commands;
    commands.onBell((queue) => {
      this.#rung.add(queue);
      void this.#take(queue);
    });
  }

  wait(queues: readonly string[], timeout: number, signal: AbortSignal): Promise<string | null> {
    return this.#waiters.add(queues, timeout, signal, () => {
      for (const queue of queues) {
        void this.#commands.listen(queue);
        void this.#take(queue);
      }
    });
  }

  // Markers are looked for when the messages are subscribed to again.
  renew(): void {}

  close(): void {
    this.#waiters.close();
  }

  async #take(queue: string): Promise<void> {
    if (this.#taking.has(queue)) return;
    this.#taking.add(queue);
    while (this.#rung.has(queue) && this.#waiters.has(queue)) {
      this.#rung.delete(queue);
      let taken = false;
      try {
        taken = await this.#commands.take(queue);
      } catch {
        // The next wait tries again.
        this.#rung.add(queue);
        break;
      }
      if (taken && !this.#waiters.wake(queue)) this.#commands.putBack(queue);
    }
    this.#taking.delete(queue);
  }
}
