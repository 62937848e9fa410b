/**
 * The events of a flow and of all its jobs, in whatever queues, from their present states to the end of the flow. Jobs that are added
 * while it runs are among them. After a gap in a queue its jobs are read, and what changed stands in for the missed events. What is kept
 * for a slow reader is bounded, and so is what is known of each job: its last state, and its milestones while it runs.
 */
import { MAX_JOBS_PER_COMMAND } from "../../engine/contract/engine.js";
import { JobNotFound } from "../../model/errors/errors.js";
import { keyOf, type JobRef } from "../../model/job/job-ref.js";
import type { SlimRecord } from "../../model/job/query/fields.js";
import { canMove, isTerminal, type JobState } from "../../model/job/state.js";
import type { ConnectionContext } from "../connection/context.js";
import { EventStream } from "../connection/event-stream.js";
import { queueGaps } from "../connection/queue-gaps.js";
import type { WatchEvent } from "../connection/watch-event.js";
import { jobEventOf, type JobEvent } from "./job-events.js";
import { milestonesOf } from "./step-records.js";

/** An event of a flow or of one of its jobs, which `queue` and `id` name; or a gap in the events of a queue. */
export type FlowEvent =
  | (Exclude<JobEvent, { readonly kind: "gap" }> & JobRef)
  | Extract<JobEvent, { readonly kind: "gap" }>;

/** What is known of a job of the flow. */
interface Known {
  readonly ref: JobRef;
  /** Its state in the last event; `null`: there was none yet. */
  state: JobState | "removed" | null;
  /** The JSON of each milestone that was emitted, by name; none once it has ended. */
  readonly milestones: Map<string, string>;
}

/** The events of a flow and its jobs until the flow has ended. @throws JobNotFound, EngineClosed */
export function flowEvents(context: ConnectionContext, flow: JobRef): AsyncGenerator<FlowEvent, void, undefined> {
  const watch = new FlowWatch(context, flow);
  return watch.stream.endedBy(watch.events());
}

class FlowWatch {
  readonly stream: EventStream<WatchEvent>;
  readonly #context: ConnectionContext;
  readonly #flow: JobRef;
  readonly #own: Known;
  readonly #members = new Map<string, Known>();
  readonly #watched = new Set<string>();
  readonly #ends: (() => void)[] = [];
  /** Were the present states emitted? */
  #begun = false;

  constructor(context: ConnectionContext, flow: JobRef) {
    this.#context = context;
    this.#flow = flow;
    this.#own = { ref: flow, state: null, milestones: new Map() };
    this.stream = new EventStream(queueGaps(context.clock));
  }

  async *events(): AsyncGenerator<FlowEvent, void, undefined> {
    try {
      yield* this.#readAll([this.#flow.queue]);
      if (this.#hasEnded) return;
      this.#begun = true;
      for await (const event of this.stream.read()) {
        if (event.kind === "gap") {
          yield { kind: "gap", queue: event.queue, at: event.at };
          yield* this.#readAll([event.queue]);
        } else if (event.kind === "member") {
          yield* this.#join(event.member);
        } else {
          yield* this.#emit(event);
        }
        if (this.#hasEnded) return;
      }
    } finally {
      for (const end of this.#ends) end();
    }
  }

  get #hasEnded(): boolean {
    const { state } = this.#own;
    return state === "removed" || (state !== null && isTerminal(state));
  }

  /** Reads the jobs of queues, those of the flow's own with its members; from now on their events are watched. */
  async *#readAll(queues: readonly string[]): AsyncGenerator<FlowEvent, void, undefined> {
    const wanted = new Set(queues);
    for (const queue of queues) await this.#watch(queue);
    if (!wanted.has(this.#flow.queue)) {
      yield* this.#read([...this.#members.values()].filter(({ ref }) => wanted.has(ref.queue)));
      return;
    }
    // The flow is read first: what it has of members then is no less than what it had when it ended.
    const flow = await this.#context.reader.getSlim(this.#flow);
    if (flow === null && this.#own.state === null) throw new JobNotFound(this.#flow.id);
    const fresh: Known[] = [];
    for (const { queue, id } of flow === null ? [] : await this.#context.engine.dependencies(this.#flow)) {
      if (!this.#members.has(keyOf({ queue, id }))) fresh.push(this.#add({ queue, id }));
    }
    for (const { ref } of fresh) await this.#watch(ref.queue);
    const ended = flow === null || isTerminal(flow.state);
    if (!ended) yield* this.#present(this.#own, flow);
    yield* this.#read(
      [...this.#members.values()].filter((known) => ended || fresh.includes(known) || wanted.has(known.ref.queue)),
    );
    if (ended) yield* this.#present(this.#own, flow);
  }

  /** A job became a member. */
  async *#join(ref: JobRef): AsyncGenerator<FlowEvent, void, undefined> {
    if (this.#members.has(keyOf(ref))) return;
    const known = this.#add(ref);
    await this.#watch(ref.queue);
    yield* this.#read([known]);
  }

  #add({ queue, id }: JobRef): Known {
    const known: Known = { ref: { queue, id }, state: null, milestones: new Map() };
    this.#members.set(keyOf(known.ref), known);
    return known;
  }

  async #watch(queue: string): Promise<void> {
    if (this.#watched.has(queue)) return;
    this.#watched.add(queue);
    const watcher = {
      id: null,
      event: (event: WatchEvent): void => {
        if (this.#concerns(event)) this.stream.push(event);
      },
      closed: (error: Error): void => this.stream.end(error),
    };
    this.#ends.push(await this.#context.watches.add(queue, watcher));
  }

  #concerns(event: WatchEvent): boolean {
    if (event.kind === "gap") return true;
    if (!("id" in event)) return false;
    if (this.#isFlow(event)) return true;
    if (this.#members.has(keyOf(event))) return true;
    // It joins the flow: the queue of the flow may report that later.
    return event.kind === "state" && event.flow !== null && this.#isFlow(event.flow);
  }

  #isFlow({ queue, id }: JobRef): boolean {
    return queue === this.#flow.queue && id === this.#flow.id;
  }

  /** The event, unless what was read before is newer. */
  async *#emit(event: Exclude<WatchEvent, { readonly kind: "gap" }>): AsyncGenerator<FlowEvent, void, undefined> {
    const found = jobEventOf(event);
    if (found === null || !("id" in event)) return;
    const ref: JobRef = { queue: event.queue, id: event.id };
    const known = this.#isFlow(ref) ? this.#own : (this.#members.get(keyOf(ref)) ?? this.#add(ref));
    const { state } = known;
    if (state === "removed") return;
    if (event.kind === "state") {
      if (state !== null && !canMove(state, event.state, event.cause)) return;
      // Its jobs have ended before it, but their queues may report that later.
      if (known === this.#own && isTerminal(event.state)) yield* this.#read(this.#unfinished());
      known.state = event.state;
      if (isTerminal(event.state)) known.milestones.clear();
    } else if (event.kind === "removed") {
      known.state = "removed";
    } else if (state !== null && isTerminal(state)) {
      return;
    } else if (event.kind === "milestone") {
      if (known.milestones.get(event.name) === event.value) return;
      known.milestones.set(event.name, event.value);
    }
    yield { ...found, ...ref };
  }

  #unfinished(): Known[] {
    return [...this.#members.values()].filter(({ state }) => {
      return state === null || (state !== "removed" && !isTerminal(state));
    });
  }

  /** Reads jobs, some at a time, and emits what has changed. */
  async *#read(all: readonly Known[]): AsyncGenerator<FlowEvent, void, undefined> {
    for (let from = 0; from < all.length; from += MAX_JOBS_PER_COMMAND) {
      const some = all.slice(from, from + MAX_JOBS_PER_COMMAND);
      const records = await Promise.all(some.map(({ ref }) => this.#context.reader.getSlim(ref)));
      for (const [index, known] of some.entries()) yield* this.#present(known, records[index] ?? null);
    }
  }

  async *#present(known: Known, record: SlimRecord | null): AsyncGenerator<FlowEvent, void, undefined> {
    const { ref, state: before } = known;
    const at = this.#context.clock.now();
    if (record === null) {
      // One that was removed before anything was known of it has no events.
      if (before !== null && before !== "removed") yield { ...ref, kind: "removed", at };
      known.state = "removed";
      return;
    }
    const { state, progress } = record;
    known.state = state;
    const moved = state !== before;
    const ended = isTerminal(state);
    if (moved && !ended) yield { ...ref, kind: "state", at, state };
    if (progress !== null && (moved || !ended)) {
      // Those from before the first event are not emitted, as of one job.
      if (this.#begun && progress.milestones.length > 0) yield* this.#milestones(known);
      yield { ...ref, kind: "progress", at, progress };
    }
    if (moved && ended) yield { ...ref, kind: "state", at, state };
    if (ended) known.milestones.clear();
  }

  /** The milestones that were not emitted yet. */
  async *#milestones({ ref, milestones }: Known): AsyncGenerator<FlowEvent, void, undefined> {
    for (const { name, value, at } of milestonesOf(await this.#context.engine.checkpoints(ref))) {
      const text = JSON.stringify(value);
      if (milestones.get(name) === text) continue;
      milestones.set(name, text);
      yield { ...ref, kind: "milestone", at, name, value };
    }
  }
}
