/** The reports to one queue that does not answer while others do: sent in their order, again and again, until it does. */
import { pause, type Clock } from "../../model/value/clock.js";
import type { EngineOutage } from "../session/engine-outage.js";
import type { WorkSession } from "../session/session.js";
import { commandsOf, type Update } from "./report-batches.js";

/** Sends reports; answers those that are still unanswered. */
type Send = (session: WorkSession, updates: readonly Update[]) => Promise<readonly Update[]>;

/** Dependencies and callbacks. */
export interface HeldUpReportsOptions {
  readonly clock: Clock;
  readonly outage: EngineOutage;
  readonly send: Send;
  /** Nothing is held up any more. */
  readonly ended: () => void;
}

export class HeldUpReports {
  /** Resolves when all of them are stored, or their leases are lost. */
  readonly sent: Promise<void>;
  readonly #options: HeldUpReportsOptions;
  readonly #waiting: { readonly session: WorkSession; readonly updates: readonly Update[] }[] = [];

  constructor(options: HeldUpReportsOptions, session: WorkSession, updates: readonly Update[]) {
    this.#options = options;
    this.add(session, updates);
    this.sent = this.#outlast();
  }

  /** Puts reports behind the others. */
  add(session: WorkSession, updates: readonly Update[]): void {
    for (const command of commandsOf(updates)) this.#waiting.push({ session, updates: command });
  }

  async #outlast(): Promise<void> {
    const { clock, outage, send, ended } = this.#options;
    for (let failures = 0; ; failures += 1) {
      await pause(clock, outage.delay(failures), this.#waiting[0]?.session.signal);
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        const left = await send(next.session, next.updates);
        if (left.length === 0) continue;
        this.#waiting.unshift({ session: next.session, updates: left });
        break;
      }
      if (this.#waiting.length === 0) return ended();
    }
  }
}
