// What a run knows so far, learnt from the reference engine's answers, and what each step means there: one command of the
// contract, which is then given to both engines word for word.
import type {
  Claim,
  ControlParams,
  Engine,
  ExchangeAnswer,
  JobPatch,
  LeaseRef,
  Settlement,
  WatchAnswer,
} from "../../src/engine/contract.js";
import { ManualClock } from "../../src/engine/testkit/index.js";
import { createIdSource } from "../../src/model/id.js";
import type { JobRef, JobSpec } from "../../src/model/job.js";
import { QUEUES, type Draft, type Step } from "./steps.js";

/** A command, ready to be given to any engine. */
export interface Call {
  readonly title: string;
  run(engine: Engine): unknown;
  /** Takes note of what the reference answered. */
  learn?(answer: unknown): void;
}

interface Session {
  readonly id: string;
  readonly queues: readonly string[];
  /** One of its queues was obliterated. */
  torn: boolean;
  readonly calls: [number, number];
  readonly last: (Parameters<Engine["exchange"]>[0] | null)[];
}

interface Held {
  readonly session: string;
  readonly lease: LeaseRef;
}

export class World {
  readonly clock = new ManualClock();
  readonly jobs: JobRef[] = [];
  readonly leases: Held[] = [];
  readonly cursors = new Map<string, number>();
  readonly #ids = createIdSource((n) => new Uint8Array(n).fill(7));
  #sessions: Session[] = [];
  #drawn = 0;
  #lastEnqueue: Call | null = null;
  #lastControl: Call | null = null;

  /** The command a step stands for; `null` when there is nothing to command. */
  call(step: Step): Call | null {
    switch (step.kind) {
      case "nothing":
        return null;
      case "advance":
        this.clock.advance(step.ms);
        return null;
      case "enqueue":
        return (this.#lastEnqueue = this.#enqueue(step.jobs.map((draft) => this.#spec(draft))));
      case "enqueueAgain":
        return this.#lastEnqueue;
      case "controlAgain":
        return this.#lastControl;
      case "open":
        return this.#open(step.queues, step.ttl);
      case "crash":
        this.#sessions = this.#sessions.filter((session) => session !== this.#session(step.session));
        return null;
      case "control":
      case "update":
        return (this.#lastControl = this.#control(step));
      case "pause":
      case "resume": {
        const queue = queueOf(step.queue);
        return { title: `${step.kind} ${queue}`, run: (engine) => engine[step.kind]({ queue }) };
      }
      case "obliterate": {
        const params = { queue: queueOf(step.queue), force: step.force };
        return {
          title: `obliterate ${params.queue}`,
          run: (engine) => engine.obliterate(params),
          learn: (done) => {
            if (done !== true) return;
            for (const session of this.#sessions) session.torn ||= session.queues.includes(params.queue);
          },
        };
      }
      case "sweep": {
        const { queues, limit } = step;
        return { title: `sweep ${queues.join()} ${limit}`, run: (engine) => engine.sweep({ queues, limit }) };
      }
      case "watch":
        return this.#watch(queueOf(step.queue), step.fromNow, step.max);
      default:
        return this.#ofSession(step);
    }
  }

  #ofSession(
    step: Extract<Step, { kind: "exchange" | "exchangeAgain" | "heartbeat" | "close" | "report" }>,
  ): Call | null {
    const session = this.#session(step.session);
    if (session === undefined) return null;
    const { id, queues } = session;
    switch (step.kind) {
      case "exchange":
        return this.#exchange(session, step);
      case "exchangeAgain": {
        const params = session.last[step.lane];
        return params == null ? null : this.#exchangeCall("exchange again", params);
      }
      case "heartbeat":
        // How long the rest of a session lives on that was told that it is dead is open.
        if (session.torn && queues.length > 1) return null;
        return { title: `heartbeat ${id}`, run: (engine) => engine.heartbeat({ session: id, queues, ttl: step.ttl }) };
      case "close":
        this.#sessions = this.#sessions.filter((other) => other !== session);
        return { title: `close ${id}`, run: (engine) => engine.closeSession({ session: id, queues }) };
      case "report":
        return this.#report(session, step);
    }
  }

  #spec(draft: Draft): JobSpec {
    const { queue: which, naming, known, ...options } = draft;
    const queue = queueOf(which);
    const again = naming === "known" ? latest(this.jobs, known) : undefined;
    this.#drawn += 1;
    const chosen = again?.id ?? (naming === "generated" ? null : `job_${this.#drawn}`);
    return {
      ...options,
      queue: again?.queue ?? queue,
      id: chosen ?? this.#ids.next(queue, this.clock.now()),
      nonce: chosen === null ? null : `n${this.#drawn}`,
      task: this.#drawn % 3 === 0 ? "scan" : "work",
      input: `{"n":${this.#drawn}}`,
      backoff: { type: "list", delays: [1_000] },
      timeout: 60_000,
    };
  }

  #enqueue(jobs: readonly JobSpec[]): Call {
    return {
      title: `enqueue ${jobs.map(({ queue, id }) => `${queue}/${id}`).join()}`,
      run: (engine) => engine.enqueue({ jobs }),
      learn: () => {
        for (const { queue, id } of jobs) {
          if (!this.jobs.some((job) => job.queue === queue && job.id === id)) this.jobs.push({ queue, id });
        }
      },
    };
  }

  #open(queues: readonly string[], ttl: number): Call {
    this.#drawn += 1;
    const session = `w${this.#drawn % 3}/s${this.#drawn}`;
    this.#sessions.push({ id: session, queues, torn: false, calls: [0, 0], last: [null, null] });
    const worker = { name: `w${this.#drawn % 3}`, host: "host", pid: 1, queues, concurrency: 5, startedAt: this.clock.now() };
    return { title: `open ${session}`, run: (engine) => engine.openSession({ session, worker, ttl }) };
  }

  #exchange(session: Session, step: Extract<Step, { kind: "exchange" }>): Call {
    const settle: Settlement[] = step.settle.flatMap(({ lease, own, outcome }) => {
      const found = this.#lease(session, lease, own);
      return found === undefined ? [] : [{ ...found, outcome }];
    });
    const claim: Claim | null = step.claim === null ? null : { ...step.claim, queues: session.queues };
    const lane = step.lane === 0 ? 0 : 1;
    session.calls[lane] += 1;
    const params = { session: session.id, lane, call: session.calls[lane], settle, claim };
    session.last[lane] = params;
    return this.#exchangeCall("exchange", params);
  }

  #exchangeCall(what: string, params: Parameters<Engine["exchange"]>[0]): Call {
    const settled = params.settle.map(({ id, epoch, outcome }) => `${id}@${epoch} ${outcome.kind}`).join();
    return {
      title: `${what} ${params.session} settle [${settled}] claim ${params.claim?.max ?? "nothing"}`,
      run: (engine) => engine.exchange(params),
      learn: (answer) => {
        for (const { queue, id, epoch } of (answer as ExchangeAnswer).leases) {
          this.leases.push({ session: params.session, lease: { queue, id, epoch } });
        }
      },
    };
  }

  #report(session: Session, step: Extract<Step, { kind: "report" }>): Call | null {
    const lease = this.#lease(session, step.lease, step.own);
    if (lease === undefined) return null;
    const lines = Array.from({ length: step.lines }, (_value, line) => ({
      at: this.clock.now(),
      level: "info" as const,
      message: `line ${line}`,
    }));
    const update = {
      ...lease,
      ...(step.percent === null ? {} : { progress: { percent: step.percent, message: null } }),
      ...(step.meta === null ? {} : { meta: step.meta }),
      ...(lines.length === 0 ? {} : { lines }),
    };
    const params = { session: session.id, updates: [update] };
    return { title: `report ${session.id} ${lease.id}@${lease.epoch}`, run: (engine) => engine.report(params) };
  }

  #control(step: Extract<Step, { kind: "control" | "update" }>): Call | null {
    const refs = step.jobs.flatMap((job) => latest(this.jobs, job) ?? []);
    if (refs.length === 0) return null;
    this.#drawn += 1;
    const params: ControlParams = { refs, op: `op${this.#drawn}` };
    const names = refs.map(({ queue, id }) => `${queue}/${id}`).join();
    if (step.kind === "control") {
      return { title: `${step.command} ${names}`, run: (engine) => engine[step.command](params) };
    }
    const patch: JobPatch = {
      ...(step.input === null ? {} : { input: step.input }),
      ...(step.priority === null ? {} : { priority: step.priority }),
      ...(step.due === null ? {} : { due: step.due }),
      ...(step.tags === null ? {} : { tags: step.tags }),
    };
    return { title: `update ${names}`, run: (engine) => engine.update({ ...params, patch }) };
  }

  #watch(queue: string, fromNow: boolean, max: number): Call {
    const cursor = fromNow ? null : (this.cursors.get(queue) ?? null);
    return {
      title: `watch ${queue} from ${cursor ?? "now"}`,
      run: (engine) => engine.watch({ queue, cursor, max }),
      learn: (answer) => this.cursors.set(queue, (answer as WatchAnswer).cursor),
    };
  }

  #session(n: number): Session | undefined {
    return latest(this.#sessions, n);
  }

  /** A lease in one of the session's queues: a worker never speaks of others. */
  #lease(session: Session, n: number, own: boolean): LeaseRef | undefined {
    const fitting = this.leases.filter(
      (held) => session.queues.includes(held.lease.queue) && (!own || held.session === session.id),
    );
    return latest(fitting, n)?.lease;
  }
}

function latest<T>(items: readonly T[], n: number): T | undefined {
  return items.length === 0 ? undefined : items[items.length - 1 - (n % items.length)];
}

function queueOf(n: number): string {
  return QUEUES[n % QUEUES.length] ?? QUEUES[0];
}
