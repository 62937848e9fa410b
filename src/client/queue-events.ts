/** The events of a queue, for a loop that reads them. */
import type { ConnectionContext } from "./connection/context.js";
import { EventStream } from "./connection/event-stream.js";
import type { WatchEvent } from "./connection/queue-watch.js";

/** The events of a queue until the signal aborts. @throws EngineClosed */
export function watchQueue(
  context: ConnectionContext,
  queue: string,
  signal: AbortSignal | null,
): AsyncGenerator<WatchEvent, void, undefined> {
  const stream = new EventStream<WatchEvent>(() => ({ kind: "gap", at: context.clock.now() }));
  return stream.endedBy(eventsOf(context, queue, signal, stream));
}

async function* eventsOf(
  context: ConnectionContext,
  queue: string,
  signal: AbortSignal | null,
  stream: EventStream<WatchEvent>,
): AsyncGenerator<WatchEvent, void, undefined> {
  const remove = await context.watches.add(queue, {
    id: null,
    event: (event) => stream.push(event),
    closed: (error) => stream.end(error),
  });
  const aborted = (): void => stream.end();
  signal?.addEventListener("abort", aborted, { once: true });
  if (signal?.aborted) stream.end();
  try {
    yield* stream.read();
  } finally {
    signal?.removeEventListener("abort", aborted);
    remove();
  }
}
