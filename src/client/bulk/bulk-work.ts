/**
 * The work of a bulk job: page by page, 500 jobs in a command. Before a command is sent, the jobs it is for are kept with the bulk
 * job, in place of those of the command before. So a run that goes on where another was cut off sends the last command again, under
 * the same operation: it has its effect once, and its answers are counted once.
 * Jobs that were created after it began are left alone, and so are those that it queued and that have failed again since.
 */
import { run, type BulkCommand } from "./bulk.js";
import { inRetryOrder } from "./retry-order.js";
import { MAX_JOBS_PER_COMMAND, type ControlAnswer, type Engine, type JobPage } from "../../engine/contract/engine.js";
import type { SlimRecord } from "../../model/job/query/fields.js";
import type { JobRef } from "../../model/job/job.js";
import type { BulkInput } from "./bulk-request.js";
import { countMatching, type BulkPreview } from "./bulk-count.js";
import { NOTHING_DONE, withAnswers, type BulkResult } from "./bulk-result.js";

/** How far it is: everything that a later run needs to go on. */
export interface BulkState {
  /** When it began, epoch milliseconds. */
  readonly begun: number;
  /** How many jobs matched then. */
  readonly expected: BulkPreview;
  /** The page that is worked on. */
  readonly page: string | null;
  /** How many commands have been answered. */
  readonly commands: number;
  /** The command that may be under way: its jobs, by queue, in order; `null`: none. */
  readonly pending: PendingCommand | null;
  readonly result: BulkResult;
  readonly over: boolean;
}

interface PendingCommand {
  readonly jobs: readonly (readonly [queue: string, ids: readonly string[]])[];
  /** Is it the last of its page? Then the next page follows; `null`: there is none. */
  readonly last: boolean;
  readonly next: string | null;
}

/** What the work needs of its job. */
export interface BulkWorkOptions {
  readonly engine: Engine;
  /** The id of the bulk job. */
  readonly id: string;
  readonly input: BulkInput;
  readonly signal: AbortSignal;
  /** Sends an idempotent command, several times if need be. */
  readonly send: <T>(command: () => T | Promise<T>) => Promise<T>;
  /** Stores how far it is, for the run that goes on from there. */
  readonly keep: (state: BulkState) => Promise<void>;
  /** Tells how far it is. */
  readonly progress: (done: number, expected: BulkPreview) => void;
}

/** Does the work, from where an earlier run was cut off. */
export async function workThrough(options: BulkWorkOptions, earlier: BulkState | null): Promise<BulkResult> {
  const { signal } = options;
  let state = earlier ?? (await begin(options));
  while (!state.over) {
    signal.throwIfAborted();
    state = state.pending === null ? await takePage(options, state) : await sendPending(options, state, true);
    options.progress(state.result.matched, state.expected);
  }
  return state.result;
}

async function begin({ engine, input, signal, keep }: BulkWorkOptions): Promise<BulkState> {
  const state: BulkState = {
    begun: (await engine.now()) + 1,
    expected: await countMatching(engine, input.filter, signal),
    page: null,
    commands: 0,
    pending: null,
    result: NOTHING_DONE,
    over: false,
  };
  await keep(state);
  return state;
}

/** Works through one page. */
async function takePage(options: BulkWorkOptions, before: BulkState): Promise<BulkState> {
  const { engine, input, signal, keep } = options;
  const { begun, page: cursor } = before;
  const filter = { ...input.filter, createdBefore: Math.min(input.filter.createdBefore ?? begun, begun) };
  const page: JobPage<never> = await engine.listJobs({ filter, cursor, limit: MAX_JOBS_PER_COMMAND, fields: [] });
  const jobs = page.jobs.filter((job) => input.action !== "retry" || endedBefore(job, begun));
  const commands =
    input.action === "retry" ? await inRetryOrder(engine, jobs, filter, begun) : jobs.length === 0 ? [] : [jobs];
  let state: BulkState = commands.length > 0 ? before : { ...before, page: page.cursor, over: page.cursor === null };
  for (const [index, refs] of commands.entries()) {
    signal.throwIfAborted();
    const last = index === commands.length - 1;
    state = { ...state, pending: { jobs: byQueue(refs), last, next: page.cursor } };
    await keep(state);
    state = await sendPending(options, state, false);
  }
  return state;
}

/** @param again may it have been sent before? */
async function sendPending(
  { engine, id, input, send }: BulkWorkOptions,
  state: BulkState,
  again: boolean,
): Promise<BulkState> {
  const { pending, commands } = state;
  if (pending === null) return state;
  const refs = pending.jobs.flatMap(([queue, ids]) => ids.map((job): JobRef => ({ queue, id: job })));
  const params = { refs, op: `${id}:${commands}` };
  const answers = await send(() => run(engine, input.action, params, input.fromStart));
  return {
    ...state,
    commands: commands + 1,
    pending: null,
    page: pending.last ? pending.next : state.page,
    over: pending.last && pending.next === null,
    result: withAnswers(state.result, refs, again ? answers.map((one) => sentAgain(input.action, one)) : answers),
  };
}

/** The trace of a removed job does not last: that it is gone is what the command was for. */
function sentAgain(action: BulkCommand, answer: ControlAnswer): Pick<ControlAnswer, "outcome" | "state"> {
  return action === "remove" && answer.outcome === "missing" ? { outcome: "applied", state: null } : answer;
}

function endedBefore({ finishedAt }: SlimRecord, time: number): boolean {
  return finishedAt === null || finishedAt < time;
}

/** Jobs that follow one another in a queue, together: in order, and short. */
function byQueue(refs: readonly JobRef[]): PendingCommand["jobs"] {
  const jobs: [queue: string, ids: string[]][] = [];
  for (const { queue, id } of refs) {
    const before = jobs.at(-1);
    if (before?.[0] === queue) before[1].push(id);
    else jobs.push([queue, [id]]);
  }
  return jobs;
}
