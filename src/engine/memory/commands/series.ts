/** Samples of queues, and reading series and totals. */
import { PRIORITY_STEP } from "../../shared/listing-order.js";
import type { QueueSample } from "../../../model/series/sample.js";
import type { SeriesAnswer, SeriesQuery, TotalRow, TotalsQuery } from "../../contract/worker/series.js";
import { SeriesCollector, slotsOf, TotalsCollector } from "../../shared/series.js";
import type { MemoryQueue, MemorySession, MemoryStore } from "../store/store.js";
import { countStates } from "./read.js";
import { isReserved } from "../../../model/value/name.js";

/** How a queue looks now. */
export function sampleOf(queue: MemoryQueue, sessions: ReadonlyMap<string, MemorySession>, now: number): QueueSample {
  const { queued, active } = countStates(queue);
  const busy = [...sessions.values()]
    .map(({ held, worker }) => {
      return Math.min(worker.concurrency, [...held].filter((job) => job.queue === queue.name).length);
    })
    .reduce((sum, slots) => sum + slots, 0);
  return { depth: queued, oldest: oldestIn(queue, now), active, busy };
}

function oldestIn(queue: MemoryQueue, now: number): number {
  const line = queue.lines.queued;
  const last = line.at(line.size - 1);
  if (last === undefined) return 0;
  const firstOfLast = line.at(line.rank([(last.spec.priority - 0.5) * PRIORITY_STEP, ""]));
  return Math.max(0, ...[line.first(), firstOfLast].map((job) => now - (job?.runAt ?? now)));
}

export function readSeries(store: MemoryStore, query: SeriesQuery, now: number): SeriesAnswer {
  const range = slotsOf(query, now);
  const collector = new SeriesCollector(query, range);
  for (const { name, series } of queuesOf(store, query)) series.read(name, range, collector);
  return collector.answer();
}

export function readTotals(store: MemoryStore, query: TotalsQuery): TotalRow[] {
  const collector = new TotalsCollector(query);
  for (const { name, series } of queuesOf(store, query)) series.readTotals(name, collector);
  return collector.answer();
}

function queuesOf(store: MemoryStore, { queues }: TotalsQuery): MemoryQueue[] {
  return store.sorted().filter(({ name }) => queues?.includes(name) ?? !isReserved(name));
}
