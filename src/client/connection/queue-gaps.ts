/** The gaps that stand in a stream of several queues for events that its reader was too slow for. */
import type { Clock } from "../../model/value/clock.js";
import type { WatchEvent } from "./watch-event.js";

/** Makes a gap for each queue of which events are dropped. */
export function queueGaps(clock: Clock): (dropped: readonly WatchEvent[]) => WatchEvent[] {
  return (dropped) => {
    const names = new Set(dropped.map(({ queue }) => queue));
    return [...names].map((queue) => ({ kind: "gap", queue, at: clock.now() }));
  };
}
