/** The events of a queue, recorded only while it is watched. */
import { MOST_EVENT_TEXT, RENEW_INTEREST_BELOW, WATCH_INTEREST, type QueueEvent } from "../../../model/job/event.js";
import type { Answer, Params } from "../../contract/commands.js";
import type { Signals } from "../../shared/wake-signals.js";
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
  const events = fitting(queue.events.slice(from, from + max));
  const first = events[0]?.seq ?? queue.sequence + 1;
  return { events, cursor: events.at(-1)?.seq ?? Math.max(cursor, first - 1), gap: lapsed || first > cursor + 1 };
}

/** The first events, until they are long enough. */
function fitting(events: readonly QueueEvent[]): QueueEvent[] {
  let length = 0;
  const end = events.findIndex((event) => {
    length += JSON.stringify(event).length;
    return length > MOST_EVENT_TEXT;
  });
  return events.slice(0, end === -1 ? undefined : Math.max(1, end));
}

/** Waits until any of the queues has events after its cursor, or records none any more. Answers which. */
export async function awaitEvents(
  store: MemoryStore,
  signals: Signals,
  { queues, timeout, signal }: Params<"awaitEvents">,
  now: () => number,
): Promise<string[]> {
  if (signal.aborted) return [];
  renewInterests(store, queues, now());
  let ready: string[] = [];
  const look = (): boolean => {
    const at = now();
    const found = queues.filter(({ queue, cursor }) => {
      return (store.find(queue)?.sequence ?? 0) !== cursor || store.interestIn(queue) <= at;
    });
    ready = found.map(({ queue }) => queue);
    return ready.length > 0;
  };
  const names = queues.map(({ queue }) => queue);
  await signals.wait(names, timeout, signal, look);
  return ready;
}

function renewInterests(store: MemoryStore, queues: Params<"awaitEvents">["queues"], now: number): void {
  for (const { queue } of queues) {
    const left = store.interestIn(queue) - now;
    if (left > 0 && left < RENEW_INTEREST_BELOW) store.setInterest(queue, now + WATCH_INTEREST, now);
  }
}
