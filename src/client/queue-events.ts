/** The events of queues, for a loop that reads them. */
import { InvalidInput } from "../model/errors/errors.js";
import { checkOptions, parseSignalOption } from "../model/value/call-options.js";
import { parseName } from "../model/value/name.js";
import type { ConnectionContext } from "./connection/context.js";
import { EventStream } from "./connection/event-stream.js";
import { queueGaps } from "./connection/queue-gaps.js";
import type { WatchEvent } from "./connection/watch-event.js";

/** How many queues one stream may be about. */
const MOST_QUEUES = 1_000;

/** The queues to watch: each once. @throws InvalidInput */
export function parseWatched(queues: unknown): string[] {
  if (!Array.isArray(queues)) return [parseName("queue", queues)];
  if (queues.length === 0 || queues.length > MOST_QUEUES) {
    throw new InvalidInput("queues", queues, `1 to ${MOST_QUEUES} names of queues`);
  }
  return [...new Set(queues.map((queue, index) => parseName(`queues[${index}]`, queue)))];
}

/** When a stream of events ends, and who hears of it that it has begun. */
export interface WatchOptions {
  readonly signal: AbortSignal | null;
  readonly begun: () => void;
}

/** Checks the options of a stream. @throws InvalidInput */
export function parseWatchOptions(options: { signal?: AbortSignal; begun?: () => void }): WatchOptions {
  checkOptions(options, ["signal", "begun"]);
  const { begun = () => {}, ...others } = options;
  if (typeof begun !== "function") throw new InvalidInput("begun", begun, "a function");
  return { signal: parseSignalOption(others) ?? null, begun };
}

/** The events of queues until the signal aborts. @throws EngineClosed */
export function watchQueues(
  context: ConnectionContext,
  queues: readonly string[],
  options: WatchOptions,
): AsyncGenerator<WatchEvent, void, undefined> {
  const stream = new EventStream<WatchEvent>(queueGaps(context.clock));
  return stream.endedBy(eventsOf(context, queues, options, stream));
}

async function* eventsOf(
  context: ConnectionContext,
  queues: readonly string[],
  { signal, begun }: WatchOptions,
  stream: EventStream<WatchEvent>,
): AsyncGenerator<WatchEvent, void, undefined> {
  const watcher = {
    id: null,
    event: (event: WatchEvent) => stream.push(event),
    closed: (error: Error) => stream.end(error),
  };
  const added = queues.map((queue) => context.watches.add(queue, watcher));
  const aborted = (): void => stream.end();
  signal?.addEventListener("abort", aborted, { once: true });
  if (signal?.aborted) stream.end();
  try {
    await Promise.all(added);
    begun();
    yield* stream.read();
  } finally {
    signal?.removeEventListener("abort", aborted);
    for (const one of await Promise.allSettled(added)) if (one.status === "fulfilled") one.value();
  }
}
