/**
 * A command on all jobs that match a filter: page by page, 500 at a time, so that the engine stays free however many
 * there are. Jobs created after it began are left alone. It can be stopped anywhere and continued with the cursor it
 * returns.
 */
import { InvalidInput } from "../../model/errors/errors.js";
import { inRetryOrder } from "./retry-order.js";
import type { JobFilter } from "../../model/job/query/filter.js";
import { sources, STATES, type Cause, type JobState } from "../../model/job/state.js";
import {
  MAX_JOBS_PER_COMMAND,
  type ControlAnswer,
  type ControlParams,
  type Engine,
  type JobPage,
} from "../../engine/contract/engine.js";

/** The commands for many jobs. */
export type BulkCommand = "release" | "cancel" | "retry" | "promote" | "remove";

/** The result of a command on many jobs. */
export interface BulkAnswer {
  /** How many jobs matched. */
  readonly matched: number;
  /** How many of them the command changed. */
  readonly applied: number;
  /** How many it could not change: they moved meanwhile, or their unique key has another owner. */
  readonly skipped: number;
  /** Where to continue; `null` at the end. */
  readonly cursor: string | null;
}

/** The bounds of a command on many jobs. */
export interface BulkParams {
  readonly command: BulkCommand;
  readonly filter: JobFilter;
  /** From an earlier answer. */
  readonly cursor?: string | null;
  /** Stop after this many jobs; a retry takes along those of the filter that they wait for, and stops after these. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
  /** `retry` only: forget the checkpoints of earlier runs. */
  readonly fromStart?: boolean;
  /** Gives a new operation id for each chunk. */
  readonly nextOp: () => string;
}

/** Runs a command on all jobs that match. @throws InvalidInput when it can never apply to a state of the filter */
export async function controlMany(engine: Engine, params: BulkParams): Promise<BulkAnswer> {
  const { command, filter, signal, nextOp, fromStart = false } = params;
  const limit = params.limit ?? Number.POSITIVE_INFINITY;
  const begin = (await engine.now()) + 1;
  const bounded: JobFilter = {
    ...filter,
    states: statesFor(command, filter.states),
    createdBefore: Math.min(filter.createdBefore ?? begin, begin),
  };
  const total = { matched: 0, applied: 0, skipped: 0 };
  let cursor = params.cursor ?? null;
  do {
    if (signal?.aborted) return { ...total, cursor };
    const page: JobPage<never> = await engine.listJobs({
      filter: bounded,
      cursor,
      limit: Math.min(MAX_JOBS_PER_COMMAND, limit - total.matched),
      fields: [],
    });
    const commands =
      command === "retry"
        ? await inRetryOrder(engine, page.jobs, bounded)
        : [page.jobs.map(({ queue, id }) => ({ queue, id }))];
    for (const refs of commands) {
      if (refs.length === 0) continue;
      // What is left of this page is listed again.
      if (signal?.aborted) return { ...total, cursor };
      const answers = await run(engine, command, { refs, op: nextOp() }, fromStart);
      const applied = answers.filter(({ outcome }) => outcome === "applied").length;
      total.matched += refs.length;
      total.applied += applied;
      total.skipped += refs.length - applied;
    }
    cursor = page.cursor;
  } while (cursor !== null && total.matched < limit);
  return { ...total, cursor };
}

/** Sends one command on some jobs. */
export function run(
  engine: Engine,
  command: BulkCommand,
  params: ControlParams,
  fromStart: boolean,
): Promise<ControlAnswer[]> | ControlAnswer[] {
  return command === "retry" ? engine.retry({ ...params, fromStart }) : engine[command](params);
}

const causes: Record<Exclude<BulkCommand, "remove">, Cause> = {
  release: "release",
  cancel: "cancel",
  retry: "retry",
  promote: "promote",
};

/** The states to list: the states of the filter from which the command can start. @throws InvalidInput */
export function statesFor(command: BulkCommand, asked: readonly JobState[] | undefined): readonly JobState[] {
  const possible = command === "remove" ? STATES.filter((state) => state !== "active") : sources(causes[command]);
  if (asked === undefined) return possible;
  const wanted = asked.filter((state) => possible.includes(state));
  if (wanted.length === 0) throw new InvalidInput("states", asked, `${command} starts from ${possible.join(", ")}`);
  return wanted;
}
