/**
 * Sends an exchange until it is answered: the same command again after a failure, since the first copy may have been
 * carried out, and then, if the engine refuses it, its runs one by one. The cause of a refusal is usually one run: an
 * outcome the engine cannot store, or a record it cannot read. Settled alone, the other runs are not affected.
 */
import type { Claim, Engine, ExchangeAnswer, Settlement } from "../../engine/contract/engine.js";
import { describeFailure } from "../../model/failure/failure.js";
import { pause, type Clock } from "../../model/value/clock.js";
import { measuredOf } from "../run/measured.js";
import type { Run } from "../run/run.js";
import type { EngineOutage } from "../session/engine-outage.js";
import type { WorkSession } from "../session/session.js";

/** The answer to a call that settled and leased nothing; `more`, so that the loop claims again. */
const NOTHING = { alive: true, leases: [], more: true, nextDue: null } as const;

/** Dependencies and callbacks. */
export interface ExchangeSenderOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly outage: EngineOutage;
  /** A command got no answer and is sent again; the first copy may still be carried out late. */
  readonly unanswered: () => void;
}

export class ExchangeSender {
  readonly #options: ExchangeSenderOptions;

  constructor(options: ExchangeSenderOptions) {
    this.#options = options;
  }

  /** The answer; `null` when the session was lost or the worker stopped before it arrived. */
  async send(
    session: WorkSession,
    lane: 0 | 1,
    runs: readonly Run[],
    claim: Claim | null,
  ): Promise<ExchangeAnswer | null> {
    const { clock, outage, unanswered } = this.#options;
    for (let failures = 0; ; failures += 1) {
      try {
        return await this.#exchange(session, lane, runs.map(settlementOf), claim);
      } catch (error) {
        if (session.over) return null;
        outage.report(error);
        unanswered();
        await pause(clock, outage.delay(failures), session.signal);
        // The first retry is the same command, in case the failure was temporary. If it fails again, the cause is one
        // of the runs or the claim: settle the runs one by one.
        if (failures > 0 && !outage.passes(error)) return this.#settleEach(session, lane, runs);
        if (session.over) return null;
      }
    }
  }

  /** A run that is refused again fails with the refusal as its error; if even that is refused, the run is given up. */
  async #settleEach(session: WorkSession, lane: 0 | 1, runs: readonly Run[]): Promise<ExchangeAnswer | null> {
    const { outage } = this.#options;
    const settled: ExchangeAnswer["settled"][number][] = [];
    let nextDue: number | null = null;
    for (const run of runs) {
      let answer: ExchangeAnswer | null = { ...NOTHING, settled: ["stale"] };
      try {
        answer = await this.#settle(session, lane, run);
      } catch (error) {
        outage.report(error);
        run.outcome = { kind: "fail", error: describeFailure(error), retryIn: null };
        run.value = error;
        try {
          answer = await this.#settle(session, lane, run);
        } catch (again) {
          outage.report(again);
        }
      }
      if (answer === null || !answer.alive) return answer;
      settled.push(answer.settled[0] ?? "stale");
      nextDue = answer.nextDue ?? nextDue;
    }
    return { ...NOTHING, settled, nextDue };
  }

  /** Settles one run; `null` when the session was lost. @throws the engine's refusal */
  async #settle(session: WorkSession, lane: 0 | 1, run: Run): Promise<ExchangeAnswer | null> {
    const { clock, outage } = this.#options;
    const settlement = settlementOf(run);
    session.calls[lane] += 1;
    for (let failures = 0; ; failures += 1) {
      try {
        return await this.#exchange(session, lane, [settlement], null);
      } catch (error) {
        if (session.over) return null;
        if (!outage.passes(error)) throw error;
        outage.report(error);
        await pause(clock, outage.delay(failures), session.signal);
        if (session.over) return null;
      }
    }
  }

  async #exchange(
    session: WorkSession,
    lane: 0 | 1,
    settle: readonly Settlement[],
    claim: Claim | null,
  ): Promise<ExchangeAnswer> {
    return this.#options.engine.exchange({ session: session.id, lane, call: session.calls[lane], settle, claim });
  }
}

/** The outcome of a run, addressed to its lease. */
function settlementOf(run: Run): Settlement {
  const { queue, id, epoch } = run.lease;
  const outcome = run.outcome ?? { kind: "return" };
  const measured = measuredOf(run);
  return measured === undefined ? { queue, id, epoch, outcome } : { queue, id, epoch, outcome, measured };
}
