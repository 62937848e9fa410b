// A flow from creation to end, simulated on an engine over two connections, in fake time. Its creator may die on the way; workers
// die, stop or end their runs in any way; commands cancel, remove, retry and replace jobs. After all events one worker is left
// and runs the rest.
import assert from "node:assert/strict";
import type { Engine, Lease, Outcome } from "../../src/engine/contract/engine.js";
import { ScenarioContext, settlement, type TestSession, type TestStorage } from "../../src/engine/testkit/index.js";
import { isSuccess, type Dependency } from "../../src/model/job/dependency.js";
import { toRetry } from "../../src/model/flow/graph.js";
import type { JobRef, JobSpec } from "../../src/model/job/job.js";
import { DEFAULT_RETENTION } from "../../src/model/job/retention.js";
import { sources } from "../../src/model/job/state.js";
import type { BreakableDelivery } from "../engine/redis/breakage.js";
import { QUEUES, type FlowCase, type FlowCommand, type FlowEvent, type NodeDraft, type Wait } from "./flow-events.js";
import { FlowLog, nameOf } from "./flow-log.js";

const HOME = "home";
const EVERYWHERE = [HOME, ...QUEUES];
const DAY = 86_400_000;
const FOREVER = 1_000 * DAY;
const WORKERS = 3;
/** Longer than any retention. */
const RETENTION = 8 * DAY;
/** Keys and rows that a queue has without jobs. */
const OF_QUEUES = /:(queue|queues|wake|series|totals|groups|group_order)$|^(queues|series|totals|failure_groups) /;
/** After this time engines that can lose messages send them again. Milliseconds. */
const AUDIT = 600_000;

interface Held {
  readonly session: TestSession;
  readonly lease: Lease;
}

/** What can go wrong between a command and the messages that follow from it. */
export interface Hazards {
  readonly delivery: BreakableDelivery;
  loseOutbox(): Promise<void>;
}

type Of<K extends FlowEvent["kind"]> = Extract<FlowEvent, { kind: K }>;

export class FlowSimulation {
  readonly #context: ScenarioContext;
  readonly #engines: readonly Engine[];
  readonly #hazards: Hazards | null;
  readonly #log = new FlowLog();
  readonly #flow: JobRef = { queue: HOME, id: "flow" };
  readonly #creation: (() => Promise<void>)[];
  readonly #sessions: TestSession[] = [];
  #held: Held[] = [];
  #again: (() => Promise<unknown>) | null = null;
  #engine: Engine;
  /** Are outboxes to be lost after this command; was one lost? */
  #loses = false;
  #hasLost = false;

  /** @param hazards on engines that deliver messages after the commands that cause them */
  static async play(storage: TestStorage, hazards: Hazards | null, drawn: FlowCase): Promise<void> {
    const context = await ScenarioContext.create(storage);
    try {
      await new FlowSimulation(context, [context.engine, await context.open()], hazards, drawn).#play(drawn);
    } finally {
      if (hazards !== null) hazards.delivery.breakage = null;
      await context.dispose();
    }
  }

  private constructor(context: ScenarioContext, engines: readonly Engine[], hazards: Hazards | null, drawn: FlowCase) {
    this.#context = context;
    this.#engines = engines;
    this.#engine = context.engine;
    this.#hazards = hazards;
    this.#creation = this.#create(drawn);
  }

  async #play({ breakages, slowly, events }: FlowCase): Promise<void> {
    for (let worker = 0; worker < WORKERS; worker += 1) await this.#hire();
    let created = 0;
    const create = async (): Promise<void> => {
      const next = this.#creation.shift();
      if (next === undefined) return;
      this.#break(breakages[created % breakages.length] ?? null);
      created += 1;
      await next();
      await this.#lose();
      await this.#log.look(this.#engine);
    };
    if (!slowly) while (this.#creation.length > 0) await create();
    for (const [index, event] of events.entries()) {
      if (event.kind === "nothing") continue;
      await create();
      this.#engine = this.#engines[event.connection % this.#engines.length] ?? this.#context.engine;
      this.#break(event.breakage);
      try {
        await this.#happen(event);
        await this.#lose();
        await this.#log.look(this.#engine);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(`event ${index}, ${event.kind}: ${why}`, { cause: error });
      }
    }
    while (this.#creation.length > 0) await create();
    await this.#calmDown();
    const apart = this.#hasLost ? "lost" : "apart";
    await this.#log.ended(this.#context.engine, this.#hazards === null ? "together" : apart);
    // With an outbox, the message that a job need not be retained any more may be lost.
    if (!this.#hasLost) await this.#forget();
  }

  #break(breakage: FlowEvent["breakage"]): void {
    if (this.#hazards !== null) this.#hazards.delivery.breakage = breakage;
    this.#loses = breakage?.kind === "dies" && breakage.lost;
  }

  async #lose(): Promise<void> {
    if (!this.#loses || this.#hazards === null) return;
    this.#loses = false;
    this.#hasLost = true;
    await this.#hazards.loseOutbox();
  }

  /** The commands of the creation, as far as its creator comes. */
  #create({ nodes, batch, diesBefore }: FlowCase): (() => Promise<void>)[] {
    const flow = this.#context.spec({ ...this.#flow, role: "flow", supersedes: "flow" });
    const members: JobSpec[] = [];
    for (const [index, draft] of nodes.entries()) {
      members.push({ ...this.#spec(`n${index}`, draft, members), ...this.#membership(`n${index}`, draft), hold: true });
    }
    const commands: (() => Promise<void>)[] = [() => this.#enqueue([flow])];
    for (let from = 0; from < members.length; from += batch) {
      commands.push(() => this.#enqueue(members.slice(from, from + batch)));
    }
    commands.push(() => this.#begin(members.length));
    return diesBefore === null ? commands : commands.slice(0, diesBefore);
  }

  async #begin(members: number): Promise<void> {
    const begin = async (): Promise<unknown> => this.#engine.commitFlow({ ...this.#flow, members });
    let answer = await begin();
    if (answer === "incomplete") {
      // The client waits for a while; a worker sweeps meanwhile.
      await this.#engine.sweep({ queues: EVERYWHERE, limit: 100 });
      answer = await begin();
    }
    if (answer === "committed") this.#log.begun(this.#flow);
    else if (answer === "incomplete") await this.#engine.cancel({ refs: [this.#flow], op: this.#context.fresh("op") });
    this.#again = begin;
  }

  async #happen(event: FlowEvent): Promise<void> {
    switch (event.kind) {
      case "nothing":
        return;
      case "work":
        return this.#work(latest(this.#sessions, event.session), event.max);
      case "settle": {
        const held = latest(this.#held, event.lease);
        return held === undefined ? undefined : this.#settle(held, event.outcome);
      }
      case "together":
        return this.#together(event.outcome);
      case "spawn":
        return this.#spawn(event);
      case "die":
        return this.#die(latest(this.#sessions, event.session));
      case "leave":
        return this.#leave(latest(this.#sessions, event.session));
      case "control":
        return this.#control(event.command, this.#pick(event.command, event.job));
      case "onFlow":
        return this.#control(event.command, this.#log.recordOf(this.#flow) === null ? undefined : this.#flow);
      case "retryFlow":
        return this.#retryFlow(event.levels);
      case "replace": {
        const old = latest(
          this.#members.filter(({ supersedes }) => supersedes !== null),
          event.job,
        );
        if (old === undefined) return;
        const { queue, supersedes } = old;
        return this.#enqueue([this.#context.spec({ queue, supersedes, id: this.#context.fresh("r") })]);
      }
      case "replaceFlow":
        return this.#replaceFlow();
      case "join":
        return this.#join(event.node);
      case "follow":
        return this.#enqueue([this.#spec(this.#context.fresh("follow"), event.node, this.#log.specs)]);
      case "again":
        await this.#again?.();
        return;
      case "advance":
        return this.#context.advance(event.ms);
      case "sweep": {
        const sweep = async (): Promise<unknown> => this.#engine.sweep({ queues: event.queues, limit: 100 });
        this.#again = sweep;
        await sweep();
      }
    }
  }

  async #work(session: TestSession | undefined, max: number): Promise<void> {
    if (session === undefined) return;
    this.#again = () => session.resend();
    await this.#note(session, await session.claim(max));
  }

  async #note(session: TestSession, leases: readonly Lease[]): Promise<void> {
    if (leases.length > 0) await this.#log.look(this.#engine);
    for (const lease of leases) {
      await this.#log.started(this.#engine, lease);
      this.#held.push({ session, lease });
    }
  }

  async #settle(held: Held, outcome: Outcome): Promise<void> {
    this.#held = this.#held.filter((other) => other !== held);
    this.#again = () => held.session.resend();
    this.#log.settled(held.lease, await held.session.settle(held.lease, outcome), outcome);
  }

  /** Every worker settles what it holds and takes more, and sweeps, all at the same time. */
  async #together(outcome: Outcome): Promise<void> {
    const held = this.#held;
    this.#held = [];
    const answers = await Promise.all([
      ...this.#sessions.map(async (session) => {
        const mine = held.filter((one) => one.session === session);
        const answer = await session.exchange(
          mine.map(({ lease }) => settlement(lease, outcome)),
          { max: 2 },
        );
        for (const [index, { lease }] of mine.entries()) {
          this.#log.settled(lease, answer.settled[index] ?? "stale", outcome);
        }
        return { session, leases: answer.leases };
      }),
      ...this.#engines.map(async (engine) => {
        await engine.sweep({ queues: EVERYWHERE, limit: 100 });
        return null;
      }),
    ]);
    this.#again = null;
    this.#held.push(...held.filter(({ session }) => !this.#sessions.includes(session)));
    for (const answer of answers) if (answer !== null) await this.#note(answer.session, answer.leases);
  }

  async #spawn({ lease: n, children, before }: Of<"spawn">): Promise<void> {
    const held = latest(this.#held, n);
    if (held === undefined || before === "enqueue") return;
    const { session, lease } = held;
    const specs: JobSpec[] = [];
    const flow = lease.body?.flow ?? null;
    for (const [index, draft] of children.entries()) {
      const id = `${lease.id}.c${index}`;
      const home = flow === null ? null : { ...flow, node: id, parent: flow.node, ifFailed: draft.ifFailed };
      // A job that runs again makes the same ones.
      const known = this.#log.specs.find((spec) => spec.id === id);
      specs.push(known ?? { ...this.#spec(id, draft, specs), flow: home });
    }
    await this.#enqueue(specs);
    if (before === "report") return;
    const after = specs.map(({ queue, id }) => ({ queue, id }));
    await session.report(lease, { after });
    if (before !== "wait") await this.#settle(held, { kind: "wait" });
  }

  /** A worker dies, unseen until a sweep; another one takes its place. */
  async #die(session: TestSession | undefined): Promise<void> {
    if (session === undefined) return;
    this.#sessions.splice(this.#sessions.indexOf(session), 1);
    await this.#kill(session);
    await this.#hire();
  }

  async #kill(session: TestSession): Promise<void> {
    await session.heartbeat(1);
    this.#context.advance(1);
    this.#isGone(session);
  }

  async #leave(session: TestSession | undefined): Promise<void> {
    if (session === undefined) return;
    this.#sessions.splice(this.#sessions.indexOf(session), 1);
    await session.close();
    this.#isGone(session);
    await this.#hire();
  }

  #isGone(session: TestSession): void {
    for (const held of this.#held) if (held.session === session) this.#log.givenBack(held.lease);
  }

  async #hire(): Promise<void> {
    const engine = this.#engines[this.#sessions.length % this.#engines.length] ?? this.#context.engine;
    this.#sessions.push(await this.#context.session({ engine, queues: EVERYWHERE, ttl: FOREVER }));
  }

  async #control(command: FlowCommand, ref: JobRef | undefined): Promise<void> {
    if (ref === undefined) return;
    const params = { refs: [{ queue: ref.queue, id: ref.id }], op: this.#context.fresh("op") };
    const run = async (): Promise<boolean> => {
      const answers = await (command === "retry"
        ? this.#engine.retry({ ...params, fromStart: false })
        : this.#engine[command](params));
      return answers[0]?.outcome === "applied";
    };
    this.#again = run;
    const applied = await run();
    if (applied && command === "retry") this.#log.retried(ref);
    if (applied && command === "remove") this.#log.removed(ref);
    if (applied && command === "cancel") this.#log.cancelled(ref);
  }

  /** As the client does it. */
  async #retryFlow(levels: number): Promise<void> {
    const flow = this.#log.recordOf(this.#flow);
    if (flow === null || !sources("retry").includes(flow.state)) return;
    const known = await this.#engine.dependencies(this.#flow);
    const records = await this.#engine.getJobs({ refs: known.map(({ queue, id }) => ({ queue, id })) });
    const isLost = known.some(
      ({ ifFailed, state }, index) =>
        records[index] === null && ifFailed !== "continue" && (state === null || !isSuccess(state)),
    );
    if (isLost) return;
    for (const level of toRetry(records.filter((record) => record !== null)).slice(0, levels)) {
      for (const ref of level) await this.#control("retry", ref);
    }
    if (levels === 100) await this.#control("retry", this.#flow);
  }

  /** Adds a job to a flow that has started. */
  async #join(draft: NodeDraft): Promise<void> {
    if (!this.#log.hasBegun(this.#flow)) return;
    const id = this.#context.fresh("late");
    await this.#enqueue([{ ...this.#spec(id, draft, this.#members), ...this.#membership(id, draft) }]);
  }

  async #replaceFlow(): Promise<void> {
    const flow = this.#context.spec({ queue: HOME, id: this.#context.fresh("flow"), role: "flow", supersedes: "flow" });
    await this.#enqueue([flow]);
    const answer = await this.#engine.commitFlow({ queue: HOME, id: flow.id, members: 0 });
    if (answer === "committed") this.#log.begun(flow);
  }

  async #enqueue(jobs: readonly JobSpec[]): Promise<void> {
    const enqueue = async (): Promise<void> => this.#log.enqueued(jobs, await this.#engine.enqueue({ jobs }));
    this.#again = enqueue;
    await enqueue();
  }

  #spec(id: string, draft: NodeDraft, others: readonly JobSpec[]): JobSpec {
    const { queue, attempts, ttl, delay, replaceable, shortLived } = draft;
    const short = { age: 0, count: null };
    return this.#context.spec({
      id,
      queue: QUEUES[queue] ?? QUEUES[0],
      attempts,
      ttl,
      due: { in: delay },
      supersedes: replaceable ? `instead of ${id}` : null,
      retention: shortLived ? { completed: short, failed: short } : DEFAULT_RETENTION,
      after: waitsFor(draft.after, others),
    });
  }

  #membership(node: string, { ifFailed }: NodeDraft): Pick<JobSpec, "flow"> {
    return { flow: { ...this.#flow, node, parent: null, weight: 1, ifFailed } };
  }

  /** The jobs that belong to the flow and could be waited for by others that do. */
  get #members(): JobSpec[] {
    return this.#log.specs.filter(({ flow }) => flow !== null && nameOf(flow) === nameOf(this.#flow));
  }

  /** Mostly a job in a state in which the command applies. */
  #pick(command: FlowCommand, n: number): JobRef | undefined {
    const jobs = this.#log.specs.filter(({ role }) => role === "job");
    const wanted = command === "remove" ? null : sources(command);
    const fitting = jobs.filter((job) => {
      const state = this.#log.recordOf(job)?.state;
      return state !== undefined && (wanted?.includes(state) ?? state !== "active");
    });
    return latest(n % 5 === 0 ? jobs : fitting, n);
  }

  /** Nothing more happens but what one worker does, and the passing of time. */
  async #calmDown(): Promise<void> {
    this.#break(null);
    for (const session of this.#sessions.splice(0)) await this.#kill(session);
    const last = await this.#context.session({ queues: EVERYWHERE, ttl: FOREVER });
    let idle = 0;
    for (let round = 0; round < 200 && !this.#log.hasEnded; round += 1) {
      const { nextDue } = await this.#context.sweep(1_000, EVERYWHERE);
      for (;;) {
        const leases = await last.claim(100);
        if (leases.length === 0) break;
        idle = 0;
        await this.#note(last, leases);
        const done: Outcome = { kind: "complete", result: '"done"' };
        await last.exchange(leases.map((lease) => settlement(lease, done)));
      }
      await this.#log.look(this.#context.engine);
      const due = nextDue === null ? FOREVER : nextDue - this.#context.clock.now();
      if (due > DAY) idle += 1;
      assert.ok(idle < 3 || this.#hasLost, "no job waits for an event of the past");
      const rest = this.#hasLost ? AUDIT : 1_000;
      this.#context.advance(due > DAY ? rest : Math.max(due, 1));
    }
    await last.close();
  }

  /** What has ended goes in its time, and leaves nothing behind. */
  async #forget(): Promise<void> {
    this.#context.advance(RETENTION);
    for (let sweeps = 0; sweeps < 30; sweeps += 1) await this.#context.sweep(1_000, EVERYWHERE);
    assert.deepEqual(await this.#context.list(), [], "everything goes in its time");
    const left = ((await this.#context.storage.leftovers?.()) ?? []).filter((one) => !OF_QUEUES.test(one));
    assert.deepEqual(left, [], "nothing is left behind");
  }
}

function waitsFor(drawn: readonly Wait[], others: readonly JobRef[]): Dependency[] {
  const byName = new Map<string, Dependency>();
  for (const { job, ifFailed } of drawn) {
    const other = latest(others, job);
    if (other !== undefined) byName.set(`${other.queue}\0${other.id}`, { queue: other.queue, id: other.id, ifFailed });
  }
  return [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, dependency]) => dependency);
}

function latest<T>(items: readonly T[], n: number): T | undefined {
  return items.length === 0 ? undefined : items[items.length - 1 - (n % items.length)];
}
