/** A handle on a flow: a handle on a job whose commands apply to the whole flow. */
import { MAX_JOBS_PER_COMMAND } from "../../engine/contract/engine.js";
import { isSuccess } from "../../model/job/dependency.js";
import { InvalidInput, JobNotFound, SupersededSince, UniqueConflict, WrongState } from "../../model/errors/errors.js";
import { graphOf, inOrder, toRetry, waitsAmong, type FlowGraph } from "../../model/flow/graph.js";
import { FlowTree, type FlowTreeRow } from "../../model/flow/tree.js";
import { flowProgress, type FlowRecords } from "../../model/flow/flow-progress.js";
import { MOST_MEMBERS } from "../../model/job/membership.js";
import type { SlimRecord } from "../../model/job/query/fields.js";
import { keyOf, type JobRef } from "../../model/job/job-ref.js";
import type { Progress } from "../../model/job/progress.js";
import { snapshotWith, type SlimSnapshot } from "../../model/job/query/snapshot.js";
import { isTerminal, sources, type JobState } from "../../model/job/state.js";
import type { ConnectionContext } from "../connection/context.js";
import { dependenciesOf } from "./dependencies.js";
import { inCommands } from "./retry-commands.js";
import { flowEvents, type FlowEvent } from "./flow-events.js";
import { checkOptions } from "../../model/value/call-options.js";
import { parseKey } from "../../model/value/name.js";
import { parseFlag } from "../../model/value/scalar.js";
import { Job, type EnqueueOutcome, type JobChange, type JobRetryOptions } from "./job.js";

/** Which jobs of a flow are looked at. */
export interface FlowView {
  /** Only those that carry this tag. Default: all. */
  readonly tag?: string;
}

/**
 * A handle on a flow. `result()` gives the return value of the flow's function, references resolved; `cancel()` ends
 * the flow with all its jobs, active ones too; `remove()` removes it once it has ended, and its jobs are then kept as
 * long as each one's own retention.
 * @example
 * const job = await longshore.enqueue(scrape, { url: "https://example.org/" });
 * console.log((await job.progress()).percent);
 * console.log(await job.result());
 */
export class FlowJob<Result = unknown, Input = unknown> extends Job<Result, Input> {
  readonly #context: ConnectionContext;
  /** The highest percent reported so far. */
  #reached = 0;

  /** @internal Handles come from `enqueue`, `job` and `flow`. */
  constructor(context: ConnectionContext, ref: JobRef, outcome: EnqueueOutcome) {
    super(context, ref, outcome, null);
    this.#context = context;
  }

  /**
   * Its jobs as they are now, each after its dependencies; without their long fields (input, references, result, meta, history,
   * failures): they are up to 10,000. One of them has these: `await longshore.queue(queue).job(id).refresh()`.
   * @throws JobNotFound
   */
  async members(): Promise<SlimSnapshot[]> {
    const { members } = await this.#read(null);
    return inOrder(members).map((record) => snapshotWith(record, []));
  }

  /**
   * Its jobs, their states, and their dependencies; survives JSON.
   * @param options.tag only those of its jobs that carry it, as if there were no others. Default: all
   * @throws JobNotFound
   */
  async graph(options: FlowView = {}): Promise<FlowGraph> {
    const records = await this.#read(parseView(options));
    return { ...graphOf(records), progress: this.#progress(records) };
  }

  /**
   * Its jobs as a tree, in the order in which it is read: each job under the one that added it, else under the last of those it waits
   * for, and mentioned under the others.
   * @throws JobNotFound
   * @example for (const { depth, node, isReference } of await flow.tree()) console.log(" ".repeat(depth), node.node, isReference);
   */
  async tree(): Promise<FlowTreeRow[]> {
    return new FlowTree(graphOf(await this.#read(null))).rows();
  }

  /**
   * Its progress: the weighted mean of its jobs, 0 before anything ran and 100 only once it has ended well; never lower
   * than this handle has reported before. `done` counts its jobs that have ended, `step` is the latest started node
   * among those that run, `counters` are those of all its jobs, added up.
   * @param options.tag only of those of its jobs that carry it. Default: of all
   * @throws JobNotFound
   */
  override async progress(options: FlowView = {}): Promise<Progress> {
    return this.#progress(await this.#read(parseView(options)));
  }

  /**
   * The events of the flow and of all its jobs, in whatever queues, each with `queue` and `id`; they begin with the present states and
   * end with the flow. Jobs that are added while it runs are among them. `{ kind: "gap", queue }` stands where events of a queue were
   * missed, or the loop fell behind by more than 10,000; what has changed meanwhile is read and delivered. A job may have events that
   * are older than the state with which it began, in their order. What the jobs of a flow do after its end (those of a cancelled one are
   * cancelled then) is not delivered.
   * @throws JobNotFound, EngineClosed
   * @example
   * for await (const event of flow.events()) {
   *   if (event.kind === "state") console.log(event.queue, event.id, event.state);
   * }
   */
  override events(): AsyncIterable<FlowEvent> {
    return flowEvents(this.#context, { queue: this.queue, id: this.id });
  }

  /**
   * Queues again those of its jobs that did not succeed, spawned ones included, and then the flow, which waits for
   * them. Jobs that succeeded are not run again, nor those that were `partial` (`retry()` of their own handles runs
   * their failed parts). When it fails half-way, call it again.
   * @throws JobNotFound; WrongState unless it has ended, and when it succeeded with all its jobs; UniqueConflict; InvalidInput for
   * another input: its jobs were made from the one that it has
   */
  override async retry(options: JobRetryOptions<Input> = {}): Promise<JobState> {
    checkOptions(options, ["fromStart", "input"]);
    const { input } = options;
    if (input !== undefined)
      throw new InvalidInput("input", input, "a flow keeps its input: enqueue it anew, or retry one of its jobs");
    const fromStart = parseFlag("fromStart", options.fromStart ?? false);
    const records = await this.#read(null);
    const { flow, known, members } = records;
    if (!sources("retry").includes(flow.state)) throw new WrongState("retry", this.id, flow.state);
    const there = new Set(members.map(({ queue, id }) => `${queue}/${id}`));
    const gone = known.find(
      ({ queue, id, ifFailed: on, state }) =>
        !there.has(`${queue}/${id}`) && on !== "continue" && (state === null || !isSuccess(state)),
    );
    if (gone !== undefined) {
      throw new WrongState("retry", this.id, flow.state, `its job ${gone.queue}/${gone.id} was removed`);
    }
    const retried = await this.#retryMembers([...members, ...(await this.#strays(records))], fromStart);
    this.#reached = 0;
    try {
      return await super.retry({ fromStart });
    } catch (error) {
      // Another flow has its key: its jobs may not run either.
      if (error instanceof UniqueConflict || error instanceof SupersededSince) await this.#cancelAll(retried);
      throw error;
    }
  }

  /**
   * Changes its tags; those of its jobs stay.
   * @throws InvalidInput for any other change: a flow is fixed once it is enqueued
   */
  override async update(change: JobChange<Input>): Promise<JobState> {
    for (const [key, value] of Object.entries(change)) {
      if (key !== "tags") throw new InvalidInput(key, value, "of a flow only tags can be changed");
    }
    return super.update(change);
  }

  /**
   * Jobs that its failed members spawned and waited for, but that are no members: they ended before the flow listed
   * them.
   */
  async #strays({ known, members }: FlowRecords): Promise<SlimRecord[]> {
    // A full flow refused them as members, so they may not run either.
    if (known.length >= MOST_MEMBERS) return [];
    const strays: SlimRecord[] = [];
    const seen = new Set(known.map(({ queue, id }) => `${queue}/${id}`));
    for (let makers = members; makers.length > 0;) {
      const found: JobRef[] = [];
      const made = await dependenciesOf(this.#context.engine, makers.filter(mayHaveMade));
      for (const ref of [...made.values()].flat()) {
        const name = `${ref.queue}/${ref.id}`;
        if (!seen.has(name)) found.push(ref);
        seen.add(name);
      }
      const records = await Promise.all(found.map((ref) => this.#context.reader.getSlim(ref)));
      makers = records.filter((record) => record !== null).filter(({ flow }) => flow?.id === this.id);
      strays.push(...makers);
    }
    return strays;
  }

  /** Queues those that did not succeed again. One that moved meanwhile needs no retry. */
  async #retryMembers(members: readonly SlimRecord[], fromStart: boolean): Promise<JobRef[]> {
    const lost = toRetry(members).flat();
    const waitsFor = waitsAmong(lost);
    const commands = inCommands(lost.map((member) => ({ ref: refOf(member), waitsFor: waitsFor(member).map(refOf) })));
    for (const refs of commands) {
      const op = this.#context.nextOp();
      await this.#context.send(() => this.#context.engine.retry({ refs, op, fromStart }));
    }
    return commands.flat();
  }

  async #cancelAll(refs: readonly JobRef[]): Promise<void> {
    for (let from = 0; from < refs.length; from += MAX_JOBS_PER_COMMAND) {
      const params = { refs: refs.slice(from, from + MAX_JOBS_PER_COMMAND), op: this.#context.nextOp() };
      await this.#context.send(() => this.#context.engine.cancel(params));
    }
  }

  #progress(records: FlowRecords): Progress {
    const progress = flowProgress(records);
    if (isSuccess(records.flow.state)) return progress;
    this.#reached = Math.max(this.#reached, progress.percent);
    return { ...progress, percent: this.#reached };
  }

  async #read(tag: string | null): Promise<FlowRecords> {
    const ref: JobRef = { queue: this.queue, id: this.id };
    const flow = await this.#context.reader.getSlim(ref);
    if (flow === null) throw new JobNotFound(this.id);
    const known = await this.#context.engine.dependencies(ref);
    const records = await Promise.all(known.map((member) => this.#context.reader.getSlim(member)));
    const members = records.filter((record) => record !== null);
    return tag === null ? { flow, known, members } : withTag(tag, { flow, known, members });
  }
}

function parseView(options: FlowView): string | null {
  checkOptions(options, ["tag"]);
  return options.tag === undefined ? null : parseKey("tag", options.tag, 128);
}

/** A flow as if it had no jobs but those with the tag. Of one that was removed it is not known. */
function withTag(tag: string, { flow, known, members }: FlowRecords): FlowRecords {
  const carrying = members.filter(({ tags }) => tags.includes(tag));
  const there = new Set(carrying.map(keyOf));
  return {
    flow,
    known: known.filter((ref) => there.has(keyOf(ref))),
    members: carrying.map((member) => ({ ...member, after: member.after.filter((ref) => there.has(keyOf(ref))) })),
  };
}

function refOf({ queue, id }: SlimRecord): JobRef {
  return { queue, id };
}

/**
 * Did the job spawn others that may be missing? Only a job that ran spawns, and those of one that succeeded are not
 * needed.
 */
function mayHaveMade({ state, lastWorker }: SlimRecord): boolean {
  return isTerminal(state) && !isSuccess(state) && lastWorker !== null;
}
