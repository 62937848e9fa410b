/**
 * Settles runs one by one after an engine refused a whole command. The cause is then usually one run: an outcome the
 * engine cannot store, or a record it cannot read. Settled alone, the other runs are not affected.
 * A run that is refused again fails with the refusal as its error; if even that is refused, the run is given up.
 */
import type { ExchangeAnswer, Settlement } from "../../engine/contract/engine.js";
import { describeFailure } from "../../model/failure/failure.js";
import type { Run } from "../run/run.js";

/** The answer to a call that settled and leased nothing; `more`, so that the loop claims again. */
const NOTHING = { alive: true, leases: [], more: true, nextDue: null } as const;

/**
 * Settles runs one by one.
 * @param send settles one; `null` when the session was lost. @throws the engine's refusal
 * @param refused called for each refusal
 */
export async function settleEach(
  runs: readonly Run[],
  send: (settlement: Settlement) => Promise<ExchangeAnswer | null>,
  refused: (error: unknown) => void,
): Promise<ExchangeAnswer | null> {
  const settled: ExchangeAnswer["settled"][number][] = [];
  let nextDue: number | null = null;
  for (const run of runs) {
    let answer: ExchangeAnswer | null = { ...NOTHING, settled: ["stale"] };
    try {
      answer = await send(settlementOf(run));
    } catch (error) {
      refused(error);
      run.outcome = { kind: "fail", error: describeFailure(error), retryIn: null };
      run.value = error;
      try {
        answer = await send(settlementOf(run));
      } catch (again) {
        refused(again);
      }
    }
    if (answer === null || !answer.alive) return answer;
    settled.push(answer.settled[0] ?? "stale");
    nextDue = answer.nextDue ?? nextDue;
  }
  return { ...NOTHING, settled, nextDue };
}

/** The outcome of a run, addressed to its lease. */
export function settlementOf(run: Run): Settlement {
  const { queue, id, epoch } = run.lease;
  return { queue, id, epoch, outcome: run.outcome ?? { kind: "return" } };
}
