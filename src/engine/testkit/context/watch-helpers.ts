/** Helpers for scenarios about events: a watcher of a queue, and events as short texts. */
import type { QueueEvent } from "../../../model/job/event.js";
import { MAIN, type ScenarioContext } from "./scenario-context.js";

/** Starts watching and answers a function that reads what happened since. */
export async function watching(
  context: ScenarioContext,
  queue = MAIN,
): Promise<(max?: number) => Promise<{ events: readonly QueueEvent[]; gap: boolean }>> {
  let { cursor } = await context.engine.watch({ queue, cursor: null, max: 1 });
  return async (max = 1_000) => {
    const answer = await context.engine.watch({ queue, cursor, max });
    ({ cursor } = answer);
    return answer;
  };
}

/** Events as texts: `"queued a"`, `"removed a"`, `"paused"`. */
export function words(events: readonly QueueEvent[]): string[] {
  return events.map((event) => {
    switch (event.kind) {
      case "state":
        return `${event.state} ${event.id}`;
      case "progress":
        return `progress ${event.id} ${event.progress.percent}`;
      case "member":
        return `member ${event.member.id} of ${event.id}`;
      case "removed":
        return `removed ${event.id}`;
      default:
        return event.kind;
    }
  });
}
