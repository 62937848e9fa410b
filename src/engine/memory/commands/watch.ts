/** The events of a queue, recorded only while it is watched. */
import { WATCH_INTEREST } from "../../../model/job/event.js";
import type { Answer, Params } from "../../contract/commands.js";
import type { MemoryStore } from "../store/store.js";

/** The events after a cursor; `null` starts at the present. */
export function watch(store: MemoryStore, { queue: name, cursor, max }: Params<"watch">, now: number): Answer<"watch"> {
  const until = now + WATCH_INTEREST;
  const queue = store.find(name);
  if (queue === undefined) {
    const lapsed = store.noteInterest(name, until, now);
    // There are no events yet, or they went with the queue when it was obliterated.
    return { events: [], cursor: 0, gap: cursor !== null && (cursor > 0 || lapsed) };
  }
  const lapsed = queue.interest <= now;
  queue.interest = until;
  if (cursor === null) return { events: [], cursor: queue.sequence, gap: false };
  // The queue was obliterated since: its sequence starts over.
  if (cursor > queue.sequence) return { events: [], cursor: queue.sequence, gap: true };
  // Sequences have no gaps, so the index follows from them.
  const from = Math.max(0, cursor + 1 - (queue.events[0]?.seq ?? 0));
  const events = queue.events.slice(from, from + max);
  const first = events[0]?.seq ?? queue.sequence + 1;
  return { events, cursor: events.at(-1)?.seq ?? Math.max(cursor, first - 1), gap: lapsed || first > cursor + 1 };
}
