/** How queues are doing at this moment: what waits for how long, how many of their jobs end in a minute, and how many workers serve them. */
import type { QueueRecord } from "../engine/contract/engine.js";
import { InvalidInput } from "../model/errors/errors.js";
import { parseName } from "../model/value/name.js";
import { serving } from "../model/worker/serving.js";
import type { ConnectionContext } from "./connection/context.js";
import { eachOf } from "./failures/group-reader.js";

/** How many jobs of a queue ended, a minute, on the average of the last five minutes. */
export interface QueueRates {
  /** However they ended. */
  readonly ended: number;
  /** Those that failed for good. */
  readonly failed: number;
  /** Runs that failed and are tried again. */
  readonly retried: number;
}

/** A queue as it is now. Times are epoch milliseconds. */
export interface QueueFigures extends QueueRecord {
  /** How many workers take its jobs and are not lost. */
  readonly workers: number;
  /**
   * The job at the head of the line, and since when it has been ready: of jobs with one priority the one that has waited longest.
   * `null`: none waits.
   */
  readonly head: { readonly id: string; readonly readyAt: number; readonly age: number } | null;
  readonly rates: QueueRates;
}

/** How many queues are looked at in one call. */
const MOST_QUEUES = 200;
const MINUTE = 60_000;
const RATE_MINUTES = 5;

/** The figures of those of these queues that exist, by name. @throws InvalidInput */
export async function queueFigures(context: ConnectionContext, queues: readonly string[]): Promise<QueueFigures[]> {
  if (!Array.isArray(queues) || queues.length > MOST_QUEUES) {
    throw new InvalidInput("queues", queues, `a list of at most ${MOST_QUEUES} names`);
  }
  const names = [...new Set(queues.map((queue, index) => parseName(`queues[${index}]`, queue)))];
  if (names.length === 0) return [];
  const { engine } = context;
  const [records, workers, now] = await Promise.all([engine.queues({ names }), engine.workers(), engine.now()]);
  const rates = await ratesOf(context, names, now);
  const heads = await eachOf(records, ({ name, counts }) => (counts.queued === 0 ? null : headOf(context, name)));
  return records.map((record, index) => {
    const head = heads[index] ?? null;
    return {
      ...record,
      workers: serving(workers, record.name).length,
      head: head === null ? null : { ...head, age: Math.max(0, now - head.readyAt) },
      rates: rates(record.name),
    };
  });
}

async function headOf({ engine }: ConnectionContext, queue: string): Promise<{ id: string; readyAt: number } | null> {
  const page = await engine.listJobs<never>({
    filter: { queue, states: ["queued"] },
    cursor: null,
    limit: 1,
    fields: [],
  });
  const [job] = page.jobs;
  return job === undefined ? null : { id: job.id, readyAt: job.runAt };
}

/** The minute that runs counts with the part of it that is over. */
async function ratesOf(
  { engine }: ConnectionContext,
  queues: readonly string[],
  now: number,
): Promise<(queue: string) => QueueRates> {
  const from = Math.floor(now / MINUTE) * MINUTE - (RATE_MINUTES - 1) * MINUTE;
  const minutes = Math.max(now - from, (RATE_MINUTES - 1) * MINUTE) / MINUTE;
  const { rows } = await engine.series({ queues, from, to: now, step: MINUTE, by: ["queue", "outcome"] });
  return (queue) => {
    const counted = rows.filter((row) => row.queue === queue);
    const sum = (counts: (outcome: string | null) => boolean): number => {
      const total = counted.reduce((all, { outcome, figures }) => all + (counts(outcome) ? figures.count : 0), 0);
      return Math.round((total / minutes) * 100) / 100;
    };
    return {
      ended: sum((outcome) => outcome !== "retried" && outcome !== "lost"),
      failed: sum((outcome) => outcome === "failed"),
      retried: sum((outcome) => outcome === "retried"),
    };
  };
}
