/** Helpers for scenarios about series and totals. */
import { countOf } from "../../../model/series/durations.js";
import type {
  Engine,
  Lease,
  Outcome,
  SeriesAnswer,
  SeriesQuery,
  Settlement,
  TotalsQuery,
} from "../../contract/engine.js";
import type { ScenarioContext } from "./scenario-context.js";
import { settlement } from "./test-session.js";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** An outcome of a run that waited 30 ms and took 700 ms, unless `times` say otherwise. */
export function measured(
  lease: Lease,
  outcome: Outcome,
  { task = lease.body?.task ?? "", wait = 30, run = 700 }: { task?: string; wait?: number; run?: number } = {},
): Settlement {
  return { ...settlement(lease, outcome), measured: { task, wait, run } };
}

export const COMPLETE: Outcome = { kind: "complete", result: null };

/** The totals as `queue task outcome count/timed`: how many of them have times. */
export async function totalsOf(engine: Engine, query: TotalsQuery = {}): Promise<string[]> {
  return (await engine.totals(query)).map(({ queue, task, outcome, figures: { count, wait } }) => {
    return `${queue} ${task} ${outcome} ${count}/${countOf(wait)}`;
  });
}

/** A series of the last hour, by minute and outcome unless `query` says otherwise. */
export async function seriesOf(
  context: ScenarioContext,
  query: Partial<SeriesQuery> = {},
  engine = context.engine,
): Promise<SeriesAnswer> {
  const now = context.clock.now();
  return engine.series({ from: now - HOUR, to: now, step: MINUTE, by: ["outcome"], ...query });
}

/** Its rows as `steps-ago queue task outcome count`, without what is not told apart. */
export async function rowsOf(
  context: ScenarioContext,
  query: Partial<SeriesQuery> = {},
  engine = context.engine,
): Promise<string[]> {
  const { step = MINUTE } = query;
  const current = Math.floor(context.clock.now() / step);
  return (await seriesOf(context, query, engine)).rows.map(({ at, queue, task, outcome, figures }) => {
    return [current - at / step, queue, task, outcome, figures.count].filter((part) => part !== null).join(" ");
  });
}
