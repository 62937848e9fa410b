// Deliveries that break, on Redis: the command was applied, and its messages arrive twice, or not all of them, because the
// client that delivers them is gone. Engine, scripts and server are the real ones; only the delivery between them fails.
import type { DeliveryResult, Message, OutboxBatch, OutboxReceipt } from "../../../src/engine/shared/relay.js";
import { RedisMailbox } from "../../../src/engine/redis/commands/mailbox.js";
import { EngineUnavailable } from "../../../src/model/errors/errors.js";

/**
 * `twice`: every message arrives twice, and so does every answer; `dies`: the client is gone in the `at`-th command of the
 * delivery, from 0, after `nothing`, `half` or `all` of it had arrived. `lost`: and a server that takes over from one that
 * died has lost what was left; to be brought about by the caller.
 */
export type Breakage =
  | { readonly kind: "twice" }
  | {
      readonly kind: "dies";
      readonly at: number;
      readonly after: "nothing" | "half" | "all";
      readonly lost: boolean;
    };

// oxlint-disable-next-line typescript/unbound-method -- called with the mailbox they are of
const { takeOutbox, deliver } = RedisMailbox.prototype;

/** Breaks the deliveries of every Redis engine of this process. */
export class BreakableDelivery {
  #breakage: Breakage | null = null;
  #commands = 0;
  #broke = false;

  constructor() {
    const take = (mailbox: RedisMailbox, queue: string, receipt: OutboxReceipt | null): Promise<OutboxBatch> =>
      this.#command(
        () => takeOutbox.call(mailbox, queue, receipt),
        () => Promise.resolve(),
      );
    const deliverPart = (mailbox: RedisMailbox, messages: readonly Message[]): Promise<DeliveryResult> =>
      this.#command(
        () => this.#deliverBroken(mailbox, messages),
        () => deliver.call(mailbox, messages.slice(0, Math.floor(messages.length / 2))),
      );
    RedisMailbox.prototype.takeOutbox = function (queue, receipt) {
      return take(this, queue, receipt);
    };
    RedisMailbox.prototype.deliver = function (messages) {
      return deliverPart(this, messages);
    };
  }

  /** Breaks deliveries from now on; `null`: no more. */
  set breakage(breakage: Breakage | null) {
    this.#breakage = breakage;
    this.#commands = 0;
    this.#broke = false;
  }

  /** Has a delivery been broken since the last call? */
  get broke(): boolean {
    return this.#broke;
  }

  restore(): void {
    RedisMailbox.prototype.takeOutbox = takeOutbox;
    RedisMailbox.prototype.deliver = deliver;
  }

  async #command<T>(all: () => Promise<T>, half: () => Promise<unknown>): Promise<T> {
    const breakage = this.#breakage;
    if (breakage?.kind !== "dies" || this.#commands < breakage.at) {
      this.#commands += 1;
      return all();
    }
    this.#broke = true;
    const isFirst = this.#commands === breakage.at;
    this.#commands += 1;
    if (isFirst && breakage.after === "half") await half();
    if (isFirst && breakage.after === "all") await all();
    // The engine takes this for a server that does not answer, and leaves what is left to the next sweep.
    throw new EngineUnavailable("redis:", "the client is gone");
  }

  async #deliverBroken(mailbox: RedisMailbox, messages: readonly Message[]): Promise<DeliveryResult> {
    const first = await deliver.call(mailbox, messages);
    if (this.#breakage?.kind !== "twice") return first;
    this.#broke = true;
    const second = await deliver.call(mailbox, messages);
    return {
      replies: [...first.replies, ...second.replies],
      pendingQueues: [...new Set([...first.pendingQueues, ...second.pendingQueues])],
    };
  }
}
