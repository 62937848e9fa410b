/**
 * An engine that refuses a command, although nothing is wrong with the engine, refuses it for one of the runs in it: an outcome
 * it cannot store, a record it cannot make sense of. Then each run is settled alone, so that its neighbours are; one that
 * is refused once more fails with the refusal, and is given up when even that is refused.
 */
import type { ExchangeAnswer, Settlement } from "../../engine/contract/engine.js";
import { describeFailure } from "../../model/failure/failure.js";
import type { Run } from "../run/run.js";

/** An answer to a call that settled nothing and leased nothing: look again. */
const NOTHING = { alive: true, leases: [], more: true, nextDue: null } as const;

/**
 * Settles runs one by one.
 * @param send settles one; `null` when the session is gone. @throws what the engine refused it with
 * @param refused is told of each refusal
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

/** What a run ended with, and the lease it ends. */
export function settlementOf(run: Run): Settlement {
  const { queue, id, epoch } = run.lease;
  return { queue, id, epoch, outcome: run.outcome ?? { kind: "return" } };
}
