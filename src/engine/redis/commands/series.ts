/** Reading series and totals: each queue adds up what waits there first, some lines a call, then answers some megabyte at a time. */
import { unpackSamples } from "../../../model/series/sample.js";
import type { SeriesAnswer, SeriesQuery, TotalRow, TotalsQuery } from "../../contract/worker/series.js";
import { MINUTE, SeriesCollector, slotsOf, TotalsCollector } from "../../shared/series.js";
import type { Argument, Link } from "../connection/connection.js";
import { list, number, text } from "../connection/reply.js";
import type { Reader } from "./read.js";

/** How many queues are asked at once. */
const QUEUES_AT_ONCE = 20;

export async function readSeries(link: Link, reader: Reader, query: SeriesQuery, now: number): Promise<SeriesAnswer> {
  const range = slotsOf(query, now);
  const collector = new SeriesCollector(query, range);
  const width = range.width === MINUTE ? "m" : "h";
  await inQueues(reader, query, async (queue) => {
    for (let from = range.first; from !== -1 && from <= range.last;) {
      const [next, fields] = await ask(link, queue, [width, from, range.last]);
      for (const [slot, json] of fields) {
        for (const [task, stored] of entriesOf(json)) {
          if (task === "") collector.sample(queue, Number(slot), unpackSamples(stored));
          else
            for (const [letter, figures] of Object.entries(objectOf(stored)))
              collector.add(queue, Number(slot), task, letter, figures);
        }
      }
      from = next;
    }
  });
  return collector.answer();
}

export async function readTotals(link: Link, reader: Reader, query: TotalsQuery): Promise<TotalRow[]> {
  const collector = new TotalsCollector(query);
  await inQueues(reader, query, async (queue) => {
    const [, fields] = await ask(link, queue, ["t"]);
    for (const [task, json] of fields) {
      for (const [letter, figures] of entriesOf(json)) collector.add(queue, task, letter, figures);
    }
  });
  return collector.answer();
}

async function inQueues(
  reader: Reader,
  { queues }: TotalsQuery,
  read: (queue: string) => Promise<void>,
): Promise<void> {
  const names = queues === undefined ? await reader.ownNames() : [...new Set(queues)];
  for (let from = 0; from < names.length; from += QUEUES_AT_ONCE) {
    await Promise.all(names.slice(from, from + QUEUES_AT_ONCE).map(read));
  }
}

/** Calls the script until nothing waits to be added up; answers where to go on, and fields by name. */
async function ask(
  link: Link,
  queue: string,
  args: readonly Argument[],
): Promise<[next: number, fields: [name: string, json: string][]]> {
  for (;;) {
    const [left, next, ...values] = list(await link.run("series", queue, args));
    if (number(left) > 0) continue;
    const fields = new Map<string, string>();
    for (let at = 0; at + 1 < values.length; at += 2) fields.set(text(values[at]), text(values[at + 1]));
    return [number(next), [...fields]];
  }
}

/** The entries of an object in JSON; none when another hand has written it. */
function entriesOf(json: string): [string, unknown][] {
  try {
    return Object.entries(objectOf(JSON.parse(json)));
  } catch {
    return [];
  }
}

function objectOf(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
