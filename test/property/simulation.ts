// A simulation turns each step into one command of the contract, by what the reference engine has answered so far. The same
// command then goes to both engines.
import type {
  Claim,
  ControlParams,
  Engine,
  ExchangeAnswer,
  JobPatch,
  LeaseRef,
  Measured,
  ScheduleFire,
  Settlement,
  WatchAnswer,
} from "../../src/engine/contract/engine.js";
import { codeOfBuild, encodeBuild } from "../../src/engine/contract/worker/builds.js";
import { sessionId } from "../../src/engine/contract/worker/session-id.js";
import { unknownWorker } from "../../src/engine/shared/workers/worker-info.js";
import { ManualClock } from "../../src/engine/testkit/index.js";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import type { Dependency } from "../../src/model/job/dependency.js";
import { createIdSource } from "../../src/model/value/id.js";
import type { JobRef, JobSpec } from "../../src/model/job/job.js";
import { parseSchedule } from "../../src/model/schedule/schedule.js";
import { dueTicks } from "../../src/model/schedule/tick-job.js";
import { nextDue } from "../../src/model/schedule/ticks.js";
import { NO_PROGRESS } from "../../src/model/job/progress.js";
import { sources, STATES, WAITING_STATES } from "../../src/model/job/state.js";
import { DocumentDraws, type DocumentDraft } from "./document-steps.js";
import { LONGEST_LIFE, QUEUES, TAGS, TASKS, type Draft, type ScheduleDraft, type Step } from "./steps.js";

/** The commands that steps stand for. */
export type Command =
  | "enqueue"
  | "openSession"
  | "closeSession"
  | "heartbeat"
  | "commandWorker"
  | "exchange"
  | "report"
  | "release"
  | "cancel"
  | "retry"
  | "promote"
  | "remove"
  | "update"
  | "pause"
  | "resume"
  | "obliterate"
  | "sweep"
  | "commitFlow"
  | "claimEnded"
  | "acknowledgeEnded"
  | "putSchedule"
  | "pauseSchedule"
  | "resumeSchedule"
  | "removeSchedule"
  | "fireSchedules"
  | "putDocument"
  | "removeDocument"
  | "appendDocument"
  | "listDocuments"
  | "changeFailureGroup"
  | "watch";

/** A command, ready to be given to any engine. */
export interface Call {
  readonly title: string;
  /** The method, and what it is given. */
  readonly command: Command;
  readonly params: unknown;
  run(engine: Engine): unknown;
  /** Records what the reference answered. */
  learn?(answer: unknown): void;
}

function call<C extends Command>(
  title: string,
  command: C,
  params: Parameters<Engine[C]>[0],
  learn?: Call["learn"],
): Call {
  // One generic command at a time: the compiler cannot see that the method and its parameters belong together.
  const run = (engine: Engine): unknown => (engine[command] as (params: unknown) => unknown).call(engine, params);
  return { title: `${command} ${title}`, command, params, run, ...(learn === undefined ? {} : { learn }) };
}

const STATUS = { at: 0, clockAhead: null, rss: 1, heap: 1, cpu: null, loopDelay: 0, busy: 0, slots: [], suspended: [] };

interface Session {
  readonly id: string;
  readonly queues: readonly string[];
  readonly calls: [number, number];
  readonly last: (Parameters<Engine["exchange"]>[0] | null)[];
  /** Everything it ever sent. */
  readonly sent: Parameters<Engine["exchange"]>[0][];
}

interface Held {
  readonly session: string;
  readonly lease: LeaseRef;
}

/** The states in which each command applies. Jobs in other states are tried now and then, too. */
const FITTING: Readonly<Record<string, readonly string[]>> = {
  release: sources("release"),
  cancel: sources("cancel"),
  retry: sources("retry"),
  promote: sources("promote"),
  update: WAITING_STATES,
  remove: STATES.filter((state) => state !== "active"),
  acknowledge: ["superseded"],
};

export class Simulation {
  readonly clock = new ManualClock();
  /** The engine whose answers count. Steps look at it, so that most of them find a job in a fitting state. */
  readonly reference = new MemoryEngine({ clock: this.clock });
  readonly jobs: JobRef[] = [];
  readonly #flows: JobRef[] = [];
  readonly #leases: Held[] = [];
  /** The tasks of the leased jobs, by lease: a worker says with its figures whose they are. */
  readonly #tasks = new Map<string, string>();
  readonly cursors = new Map<string, number>();
  readonly #ids = createIdSource((n) => new Uint8Array(n).fill(7));
  readonly #sessions: Session[] = [];
  readonly #documents = new DocumentDraws();
  #drawn = 0;
  #reports = 0;
  /** Everything that was sent, but exchanges. */
  readonly #sent: Call[] = [];
  #lastEnqueue: Call | null = null;
  #lastControl: Call | null = null;
  #lastPut: Call | null = null;
  #lastFire: Call | null = null;

  /** The command of a step; `null` when there is nothing that it could be about. */
  call(step: Step): Call | null {
    switch (step.kind) {
      case "nothing":
        return null;
      case "advance":
        this.clock.advance(step.ms);
        return null;
      case "enqueue":
        return (this.#lastEnqueue = this.#sends(this.#enqueue(step.jobs.map((draft) => this.#spec(draft)))));
      case "enqueueAgain":
        return this.#lastEnqueue;
      case "controlAgain":
        return this.#lastControl;
      case "late":
        return this.#sent.at(-1 - step.back) ?? null;
      case "open":
        return this.#open(step.queues, step.ttl);
      case "outage":
        this.clock.advance(LONGEST_LIFE);
        return call("after an outage", "sweep", { queues: QUEUES, limit: 100 });
      case "control":
      case "update":
        return (this.#lastControl = this.#sends(this.#control(step)));
      case "pause":
      case "resume": {
        const queue = queueOf(step.queue);
        return call(queue, step.kind, { queue });
      }
      case "obliterate": {
        const params = { queue: queueOf(step.queue), force: step.force };
        return call(params.queue, "obliterate", params);
      }
      case "sweep": {
        const { queues, limit, patient } = step;
        const title = `${queues.join()} ${limit}${patient ? " taking no session for dead" : ""}`;
        return call(title, "sweep", { queues, limit, ...(patient ? { dead: [] } : {}) });
      }
      case "commit": {
        const flow = latest(this.#flows, step.flow);
        if (flow === undefined) return null;
        const members = this.reference.dependencies(flow).length + (step.short ? 1 : 0);
        return call(`${namesOf([flow])} of ${members}`, "commitFlow", { ...flow, members });
      }
      case "claimEnded": {
        const { tasks, limit } = step;
        return call(`of ${tasks.join()}`, "claimEnded", { queues: QUEUES, tasks, limit });
      }
      case "acknowledge": {
        const refs = this.#pick(step.kind, step);
        return refs.length === 0 ? null : call(namesOf(refs), "acknowledgeEnded", { refs });
      }
      case "putSchedule":
        return (this.#lastPut = this.#putSchedule(queueOf(step.queue), step.schedule));
      case "putScheduleAgain":
        return step.isAnother ? this.#putAnother() : this.#lastPut;
      case "onSchedule":
        return this.#onSchedule(step);
      case "fire":
        return (this.#lastFire = this.#fire(step));
      case "fireAgain":
        return this.#lastFire;
      case "document":
        return this.#document(step.draft);
      case "group": {
        const [queue, { fingerprint }] = [queueOf(step.queue), step.of];
        const params = { queue, fingerprint, state: step.state, by: step.connection === 0 ? null : "ada" };
        return this.#sends(call(`${queue} ${step.state}`, "changeFailureGroup", params));
      }
      case "watch":
        return this.#watch(queueOf(step.queue), step.fromNow, step.max);
      default:
        return this.#ofSession(step);
    }
  }

  #ofSession(
    step: Extract<
      Step,
      { kind: "exchange" | "exchangeAgain" | "exchangeLate" | "heartbeat" | "commandWorker" | "close" | "report" }
    >,
  ): Call | null {
    const session = this.#session(step.session);
    if (session === undefined) return this.#open(QUEUES, LONGEST_LIFE);
    const { id, queues } = session;
    switch (step.kind) {
      case "exchange":
        return this.#exchange(session, step);
      case "exchangeAgain": {
        const params = session.last[step.lane];
        return params == null ? null : this.#exchangeCall("again", params);
      }
      case "exchangeLate": {
        // Only an exchange with one queue is sent late: one with several reaches each of them at another time.
        const params = queues.length > 1 ? undefined : session.sent.at(-1 - step.back);
        return params === undefined ? null : this.#exchangeCall("late", params);
      }
      case "heartbeat": {
        const acknowledges = step.op === null ? {} : { acknowledges: `op${step.op}` };
        const status = { ...STATUS, at: this.clock.now() };
        return call(id, "heartbeat", { session: id, queues, ttl: step.ttl, status, ...acknowledges });
      }
      case "commandWorker": {
        const { command, op } = step;
        return call(id, "commandWorker", { session: id, queue: queues[0] ?? "", command, op: `op${op}` });
      }
      case "close":
        return call(id, "closeSession", { session: id, queues });
      case "report":
        return this.#sends(this.#report(session, step));
    }
  }

  /** Remembers a command, of which a copy may arrive late. */
  #sends<C extends Call | null>(sent: C): C {
    if (sent !== null) this.#sent.push(sent);
    return sent;
  }

  #spec(draft: Draft): JobSpec {
    const { queue: which, naming, known, after, flow, ...options } = draft;
    const debounce = options.unique?.debounce;
    const queue = queueOf(which);
    const again = naming === "known" ? latest(this.jobs, known) : undefined;
    this.#drawn += 1;
    const chosen = again?.id ?? (naming === "generated" ? null : `job_${this.#drawn}`);
    const isFlow = draft.role === "flow";
    const home = isFlow || flow === null ? undefined : latest(this.#flows, flow.flow);
    return {
      ...options,
      ...(isFlow ? { hold: false, ttl: null } : {}),
      // No job waits for the flow it belongs to: both would wait for ever.
      after: isFlow ? [] : this.#after(after).filter((ref) => ref.queue !== home?.queue || ref.id !== home.id),
      references: [],
      flow:
        home === undefined || flow === null
          ? null
          : { ...home, node: "n", parent: null, weight: 1, ifFailed: flow.ifFailed },
      due: debounce === undefined ? options.due : { in: debounce.wait },
      queue: again?.queue ?? queue,
      id: chosen ?? this.#ids.next(queue, this.clock.now()),
      nonce: chosen === null ? null : `n${this.#drawn}`,
      task: TASKS[this.#drawn % 3 === 0 ? 1 : 0],
      input: `{"n":${this.#drawn}}`,
      backoff: { type: "list", delays: [1_000] },
      timeout: 60_000,
    };
  }

  /** The dependencies of a job, in order, without duplicates. */
  #after(drawn: Draft["after"]): JobSpec["after"] {
    const byName = new Map<string, Dependency>();
    for (const { job, ifFailed } of drawn) {
      const ref = latest(this.jobs, job) ?? { queue: "nowhere", id: "nobody" };
      byName.set(`${ref.queue}\0${ref.id}`, { ...ref, ifFailed });
    }
    return [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, dependency]) => dependency);
  }

  #enqueue(jobs: readonly JobSpec[]): Call {
    return call(namesOf(jobs), "enqueue", { jobs }, () => {
      for (const { queue, id, role } of jobs) if (role === "flow") this.#flows.push({ queue, id });
      this.#note(jobs);
    });
  }

  #open(queues: readonly string[], ttl: number): Call {
    this.#drawn += 1;
    // Some say nothing of their code, others one of two versions.
    const version = [null, "1", "2"][this.#drawn % 3] ?? null;
    const worker = {
      ...unknownWorker(`w${this.#drawn % 3}`),
      queues,
      tasks: TASKS.map((name) => ({ name, version, label: null, resultUrl: null })),
      appVersion: version,
      startedAt: this.clock.now(),
    };
    const build = encodeBuild(worker);
    const session = sessionId(worker.name, `s${this.#drawn}`, build === null ? null : codeOfBuild(build));
    this.#sessions.push({ id: session, queues, calls: [0, 0], last: [null, null], sent: [] });
    return call(session, "openSession", { session, worker, ttl });
  }

  #exchange(session: Session, step: Extract<Step, { kind: "exchange" }>): Call {
    const settle: Settlement[] = step.settle.flatMap(({ lease, own, outcome }) => {
      const found = this.#lease(session, lease, own);
      return found === undefined
        ? []
        : [{ ...found, outcome, measured: measuredOf(found, this.#tasks.get(leaseName(found)) ?? "") }];
    });
    const claim: Claim | null = step.claim === null ? null : { ...step.claim, queues: session.queues };
    const lane = step.lane === 0 ? 0 : 1;
    session.calls[lane] += 1;
    const params = { session: session.id, lane, call: session.calls[lane], settle, claim };
    session.last[lane] = params;
    session.sent.push(params);
    return this.#exchangeCall("by", params);
  }

  #exchangeCall(what: string, params: Parameters<Engine["exchange"]>[0]): Call {
    const settled = params.settle.map(({ id, epoch, outcome }) => `${id}@${epoch} ${outcome.kind}`).join();
    const title = `${what} ${params.session} settling [${settled}] claiming ${params.claim?.max ?? "nothing"}`;
    return call(title, "exchange", params, (answer) => {
      for (const { queue, id, epoch, body } of (answer as ExchangeAnswer).leases) {
        this.#tasks.set(leaseName({ queue, id, epoch }), body?.task ?? "");
        this.#leases.push({ session: params.session, lease: { queue, id, epoch } });
      }
    });
  }

  #report(session: Session, step: Extract<Step, { kind: "report" }>): Call | null {
    const lease = this.#lease(session, step.lease, step.own);
    if (lease === undefined) return null;
    const lines = Array.from({ length: step.lines }, (_value, line) => ({
      at: this.clock.now(),
      level: "info" as const,
      message: `line ${line}`,
    }));
    const checkpoints = step.checkpoints.map((checkpoint) => ({
      ...checkpoint,
      name: checkpoint.kind,
      value: `"${this.#drawn}"`,
      at: this.clock.now(),
      took: 5,
    }));
    const update = {
      ...lease,
      ...(step.percent === null ? {} : { progress: { ...NO_PROGRESS, percent: step.percent } }),
      ...(checkpoints.length === 0 ? {} : { checkpoints }),
      ...(step.meta === null ? {} : { meta: step.meta }),
      ...(lines.length === 0 ? {} : { lines, number: (this.#reports += 1) }),
      ...(step.after.length === 0 ? {} : { after: step.after.flatMap((job) => latest(this.jobs, job) ?? []) }),
    };
    const params = { session: session.id, updates: step.twice ? [update, update] : [update] };
    return call(`${session.id} ${lease.id}@${lease.epoch}`, "report", params);
  }

  #control(step: Extract<Step, { kind: "control" | "update" }>): Call | null {
    const refs = this.#pick(step.kind === "control" ? step.command : step.kind, step);
    if (refs.length === 0) return null;
    this.#drawn += 1;
    const params: ControlParams = { refs, op: `op${this.#drawn}` };
    const names = namesOf(refs);
    if (step.kind === "control" && step.command === "retry") {
      const { fromStart, input } = step;
      return call(`${names}${fromStart ? " from the start" : ""}${input === null ? "" : ` with ${input}`}`, "retry", {
        ...params,
        fromStart,
        ...(input === null ? {} : { input }),
      });
    }
    if (step.kind === "control") return call(names, step.command, params);
    const patch: JobPatch = {
      ...(step.input === null ? {} : { input: step.input }),
      ...(step.priority === null ? {} : { priority: step.priority }),
      ...(step.due === null ? {} : { due: step.due }),
      ...(step.tags === null ? {} : { tags: step.tags }),
    };
    return call(names, "update", { ...params, patch });
  }

  /** The jobs of a command, mostly in states in which it applies. */
  #pick(command: string, { fitting, jobs }: { readonly fitting: boolean; readonly jobs: readonly number[] }): JobRef[] {
    const wanted = FITTING[command] ?? STATES;
    const states = this.reference.getJobs({ refs: this.jobs }).map((job) => job?.state ?? "");
    const there = fitting ? this.jobs.filter((_job, index) => wanted.includes(states[index] ?? "")) : this.jobs;
    return jobs.flatMap((job) => latest(there, job) ?? []);
  }

  #putSchedule(queue: string, draft: ScheduleDraft): Call {
    this.#drawn += 1;
    const { name, times, overlap, jitter, status, past } = draft;
    const schedule = parseSchedule("schedule", {
      name,
      task: "work",
      input: this.#drawn % 2,
      ...times,
      overlap,
      jitter,
      options: { queue, tags: [TAGS[0]], ...(draft.unique ? { unique: { key: "k1" } } : {}) },
    });
    const lastDue = this.clock.now() - past;
    const params = { queue, schedule, status, lastDue, nextDue: nextDue(schedule, lastDue), op: `op${this.#drawn}` };
    return call(`${queue}/${name}`, "putSchedule", params);
  }

  #putAnother(): Call | null {
    if (this.#lastPut === null) return null;
    this.#drawn += 1;
    const params = this.#lastPut.params as Parameters<Engine["putSchedule"]>[0];
    return call(`${params.queue}/${params.schedule.name} again`, "putSchedule", { ...params, op: `op${this.#drawn}` });
  }

  #onSchedule({ command, schedule: n }: Extract<Step, { kind: "onSchedule" }>): Call | null {
    const record = latest(this.reference.schedules({}), n);
    if (record === undefined) return null;
    const { queue, name, schedule, status, revision } = record;
    if (command === "pause") return call(`${queue}/${name}`, "pauseSchedule", { queue, name });
    if (command === "remove") return call(`${queue}/${name}`, "removeSchedule", { queue, name });
    const lastDue = this.clock.now();
    const next = schedule === null ? null : nextDue(schedule, lastDue);
    const from = status === "moving" ? "moving" : "paused";
    return call(`${queue}/${name}`, "resumeSchedule", { queue, name, from, revision, lastDue, nextDue: next });
  }

  #fire({ schedules, stale }: Extract<Step, { kind: "fire" }>): Call | null {
    const records = [...new Set(schedules.flatMap((n) => latest(this.reference.schedules({}), n) ?? []))];
    const fires = records.flatMap(({ queue, name, schedule, revision, lastDue }): ScheduleFire[] => {
      if (schedule === null) return [];
      this.#drawn += 1;
      const from = stale ? lastDue - 1 : lastDue;
      const due = dueTicks(schedule, from, this.clock.now());
      const skipOverlap = schedule.overlap === "skip";
      const to = { to: due.lastDue, nextDue: due.nextDue };
      return [{ queue, name, revision, from, ...to, jobs: due.jobs, skipOverlap, op: `op${this.#drawn}` }];
    });
    if (fires.length === 0) return null;
    const jobs = fires.flatMap((fire) => fire.jobs);
    const names = records.map(({ queue, name }) => `${queue}/${name}`).join();
    return call(`${names}${stale ? " late" : ""}: ${jobs.length}`, "fireSchedules", { fires }, () => this.#note(jobs));
  }

  #document(draft: DocumentDraft): Call {
    this.#drawn += 1;
    const [command, params] = this.#documents.make(draft, `op${this.#drawn}`);
    const learn = (answer: unknown): void => this.#documents.learn(answer);
    return this.#sends(call(`of ${draft.of}`, command, params, learn));
  }

  /** Records that these jobs may exist now. */
  #note(jobs: readonly JobRef[]): void {
    for (const { queue, id } of jobs) {
      if (!this.jobs.some((job) => job.queue === queue && job.id === id)) this.jobs.push({ queue, id });
    }
  }

  #watch(queue: string, fromNow: boolean, max: number): Call {
    const cursor = fromNow ? null : (this.cursors.get(queue) ?? null);
    return call(`${queue} from ${cursor ?? "now"}`, "watch", { queue, cursor, max }, (answer) => {
      this.cursors.set(queue, (answer as WatchAnswer).cursor);
    });
  }

  /** All sessions there were. */
  get sessions(): readonly { readonly id: string; readonly queues: readonly string[] }[] {
    return this.#sessions;
  }

  /** Mostly a session that is alive. */
  #session(n: number): Session | undefined {
    const living = this.reference.workers().filter(({ liveness }) => liveness !== "lost");
    const alive = new Set(living.map((worker) => worker.session));
    return latest(n === 0 ? this.#sessions : this.#sessions.filter(({ id }) => alive.has(id)), n);
  }

  /** A lease in one of the session's queues: a worker sends commands for no other. */
  #lease(session: Session, n: number, own: boolean): LeaseRef | undefined {
    const fitting = this.#leases.filter(
      (held) => session.queues.includes(held.lease.queue) && (!own || held.session === session.id),
    );
    return latest(fitting, n)?.lease;
  }
}

function latest<T>(items: readonly T[], n: number): T | undefined {
  return items.length === 0 ? undefined : items[items.length - 1 - (n % items.length)];
}

function leaseName({ queue, id, epoch }: LeaseRef): string {
  return `${queue}/${id}@${epoch}`;
}

function namesOf(refs: readonly JobRef[]): string {
  return refs.map(({ queue, id }) => `${queue}/${id}`).join();
}

function queueOf(n: number): string {
  return QUEUES[n % QUEUES.length] ?? QUEUES[0];
}

/** What a worker might have measured of a run: always the same of one lease, as a settlement may be sent again. */
function measuredOf({ id, epoch }: LeaseRef, task: string): Measured {
  const drawn = Buffer.from(id).reduce((sum, byte) => sum + byte, epoch);
  return { task, wait: (drawn * 37) % 4_000, run: (drawn * 7_919) % 90_000 };
}
