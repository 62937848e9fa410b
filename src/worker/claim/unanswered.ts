/**
 * What an exchange left open because a queue did not answer, as when its node of a cluster is down: runs to be settled again,
 * and a queue to be asked for work again. Both are tried after a back-off, while the other queues go on.
 */
import type { ExchangeAnswer, FencedAnswer } from "../../engine/contract/engine.js";
import { pause, type Clock } from "../../model/value/clock.js";
import type { Run } from "../run/run.js";
import type { EngineOutage } from "../session/engine-outage.js";
import type { WorkSession } from "../session/session.js";

/** Dependencies and callbacks. */
export interface UnansweredOptions {
  readonly clock: Clock;
  readonly outage: EngineOutage;
  /** A command got no answer; it may be carried out late. */
  readonly unanswered: () => void;
  /** Settle these runs again, and ask all queues for work. */
  readonly again: (runs: readonly Run[]) => void;
}

export class Unanswered {
  readonly #options: UnansweredOptions;
  #runs: Run[] = [];
  #armed = false;
  /** How many tries in a row lacked a queue. */
  #failures = 0;

  constructor(options: UnansweredOptions) {
    this.#options = options;
  }

  /** The runs to be settled again. */
  get runs(): readonly Run[] {
    return this.#runs;
  }

  /** Did a queue not answer, and is to be asked again? */
  get waiting(): boolean {
    return this.#armed;
  }

  /** Takes them out: the session is over. */
  take(): readonly Run[] {
    const runs = this.#runs;
    this.#runs = [];
    return runs;
  }

  /** Keeps the runs whose queue did not answer; returns the answers to the others. */
  sort(session: WorkSession, runs: readonly Run[], answer: ExchangeAnswer): Map<Run, FencedAnswer> {
    const settled = new Map<Run, FencedAnswer>();
    for (const [index, run] of runs.entries()) {
      const word = answer.settled[index] ?? "stale";
      if (word === "unanswered") this.#runs.push(run);
      else settled.set(run, word);
    }
    if (answer.unavailable === undefined) this.#failures = 0;
    else this.#wait(session, answer.unavailable);
    return settled;
  }

  #wait(session: WorkSession, unavailable: NonNullable<ExchangeAnswer["unavailable"]>): void {
    for (const { error } of unavailable) this.#options.outage.report(error);
    if (this.#armed) return;
    this.#armed = true;
    this.#options.unanswered();
    void this.#tryAgain(session);
  }

  async #tryAgain(session: WorkSession): Promise<void> {
    const { clock, outage, again } = this.#options;
    await pause(clock, outage.delay(this.#failures), session.signal);
    this.#failures += 1;
    this.#armed = false;
    if (!session.over) again(this.take());
  }
}
