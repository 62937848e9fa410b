/** What is counted of settlements in the series, as the exchange scripts read it. */
import { bucketOf } from "../../../model/series/durations.js";
import type { Settlement } from "../../contract/worker/exchange.js";
import { countedTask, Ends } from "../../shared/series.js";

/** For the fast path, whose settlements all complete their jobs: a line for each task, without its minute. */
export function encodeSums(settlements: readonly Settlement[]): string {
  const ends = new Ends();
  for (const { measured } of settlements) if (measured !== undefined) ends.add(measured.task, "completed", measured);
  return ends.size === 0
    ? ""
    : ends
        .lines()
        .map((line) => JSON.stringify(line).slice(1))
        .join("\n");
}

/** For the full script, which may apply only some: five values for each settlement. */
export function encodeEach(settlements: readonly Settlement[]): string {
  if (settlements.every(({ measured }) => measured === undefined)) return "";
  const values = settlements.flatMap(({ measured }) => {
    if (measured === undefined) return ["", 0, 0, 0, 0];
    const { task, wait, run } = measured;
    return [countedTask(task), wait, bucketOf(wait), run, bucketOf(run)];
  });
  return JSON.stringify(values);
}
