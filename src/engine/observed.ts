/**
 * An engine that tells an observer of every command that it passes on: which one, how long it took, how much it carried, and
 * how it failed. It answers as the engine inside does, at once where that answers at once. Payloads never reach the observer,
 * and nothing that the observer does reaches a caller. Engines contain no telemetry themselves.
 */
import { systemClock, type Clock } from "../model/value/clock.js";
import { isThenable } from "../model/value/thenable.js";
import type { Awaitable, Engine } from "./contract/engine.js";
import type { CommandName, Params } from "./contract/commands.js";
import type { DocumentCommands } from "./contract/documents.js";
import type { FailureGroupCommands } from "./contract/failure-groups.js";
import { FailureGroupEngine } from "./shared/failure-group-engine.js";
import { beginObservation } from "./observation.js";
import type { Carried, EngineObserver } from "./observer.js";

/**
 * The same engine, observed. It is opened and closed through the answer, so that this is observed too.
 * @param clock what durations are measured with; the machine's counts whole milliseconds
 */
export function observe(
  engine: Engine,
  observer: EngineObserver,
  clock: Pick<Clock, "monotonic"> = systemClock,
): Engine {
  return new ObservedEngine(engine, observer, clock);
}

type Answer<Name extends CommandName> = ReturnType<Engine[Name]>;

const nothing = (): Carried => ({});

class ObservedEngine extends FailureGroupEngine implements Engine {
  readonly #engine: Engine;
  readonly #observer: EngineObserver;
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #documents: DocumentCommands = {
    putDocument: (params) => this.#run("putDocument", () => this.#engine.putDocument(params)),
    removeDocument: (params) => this.#run("removeDocument", () => this.#engine.removeDocument(params)),
    appendDocument: (params) => this.#run("appendDocument", () => this.#engine.appendDocument(params)),
    getDocuments: (params) => this.#run("getDocuments", () => this.#engine.getDocuments(params)),
    listDocuments: (params) => this.#run("listDocuments", () => this.#engine.listDocuments(params)),
    documentKinds: (params) => this.#run("documentKinds", () => this.#engine.documentKinds(params)),
  };
  readonly #groups: FailureGroupCommands = {
    failureGroups: (params) => this.#run("failureGroups", () => this.#engine.failureGroups(params)),
    failureGroup: (params) => this.#run("failureGroup", () => this.#engine.failureGroup(params)),
    changeFailureGroup: (params) => this.#run("changeFailureGroup", () => this.#engine.changeFailureGroup(params)),
  };
  protected override readonly groups = (): FailureGroupCommands => this.#groups;
  protected override readonly documents = (): DocumentCommands => this.#documents;

  constructor(engine: Engine, observer: EngineObserver, clock: Pick<Clock, "monotonic">) {
    super();
    this.#engine = engine;
    this.#observer = observer;
    this.#clock = clock;
  }

  get info(): Engine["info"] {
    return this.#engine.info;
  }

  get identity(): string | null {
    return this.#engine.identity ?? null;
  }

  open(): Answer<"open"> {
    return this.#run("open", () => this.#engine.open());
  }

  close(): Answer<"close"> {
    return this.#run("close", () => this.#engine.close());
  }

  now(): Answer<"now"> {
    return this.#run("now", () => this.#engine.now());
  }

  store(): Answer<"store"> {
    return this.#run("store", () => this.#engine.store());
  }

  probe(): Answer<"probe"> {
    return this.#run("probe", () => this.#engine.probe());
  }

  enqueue(params: Params<"enqueue">): Answer<"enqueue"> {
    const sent = (): Carried => ({ jobs: params.jobs.length });
    return this.#run("enqueue", () => this.#engine.enqueue(params), sent);
  }

  commitFlow(params: Params<"commitFlow">): Answer<"commitFlow"> {
    return this.#run("commitFlow", () => this.#engine.commitFlow(params));
  }

  openSession(params: Params<"openSession">): Answer<"openSession"> {
    return this.#run("openSession", () => this.#engine.openSession(params));
  }

  closeSession(params: Params<"closeSession">): Answer<"closeSession"> {
    return this.#run("closeSession", () => this.#engine.closeSession(params));
  }

  heartbeat(params: Params<"heartbeat">): Answer<"heartbeat"> {
    return this.#run("heartbeat", () => this.#engine.heartbeat(params));
  }

  commandWorker(params: Params<"commandWorker">): Answer<"commandWorker"> {
    return this.#run("commandWorker", () => this.#engine.commandWorker(params));
  }

  exchange(params: Params<"exchange">): Answer<"exchange"> {
    return this.#run(
      "exchange",
      () => this.#engine.exchange(params),
      () => ({ settlements: params.settle.length }),
      ({ leases }) => ({ leases: leases.length }),
    );
  }

  held(params: Params<"held">): Answer<"held"> {
    const got = ({ leases }: Awaited<Answer<"held">>): Carried => ({ leases: leases.length });
    return this.#run("held", () => this.#engine.held(params), nothing, got);
  }

  awaitWork(params: Params<"awaitWork">): Answer<"awaitWork"> {
    return this.#wait("awaitWork", () => this.#engine.awaitWork(params));
  }

  passOn(params: Params<"passOn">): Answer<"passOn"> {
    return this.#run("passOn", () => this.#engine.passOn(params));
  }

  onRevoked(params: Params<"onRevoked">): Answer<"onRevoked"> {
    return this.#run("onRevoked", () => this.#engine.onRevoked(params));
  }

  report(params: Params<"report">): Answer<"report"> {
    const sent = (): Carried => ({ reports: params.updates.length });
    return this.#run("report", () => this.#engine.report(params), sent);
  }

  release(params: Params<"release">): Answer<"release"> {
    return this.#run("release", () => this.#engine.release(params), refsOf(params));
  }

  cancel(params: Params<"cancel">): Answer<"cancel"> {
    return this.#run("cancel", () => this.#engine.cancel(params), refsOf(params));
  }

  retry(params: Params<"retry">): Answer<"retry"> {
    return this.#run("retry", () => this.#engine.retry(params), refsOf(params));
  }

  promote(params: Params<"promote">): Answer<"promote"> {
    return this.#run("promote", () => this.#engine.promote(params), refsOf(params));
  }

  update(params: Params<"update">): Answer<"update"> {
    return this.#run("update", () => this.#engine.update(params), refsOf(params));
  }

  remove(params: Params<"remove">): Answer<"remove"> {
    return this.#run("remove", () => this.#engine.remove(params), refsOf(params));
  }

  pause(params: Params<"pause">): Answer<"pause"> {
    return this.#run("pause", () => this.#engine.pause(params));
  }

  resume(params: Params<"resume">): Answer<"resume"> {
    return this.#run("resume", () => this.#engine.resume(params));
  }

  obliterate(params: Params<"obliterate">): Answer<"obliterate"> {
    return this.#run("obliterate", () => this.#engine.obliterate(params));
  }

  abandoned(params: Params<"abandoned">): Answer<"abandoned"> {
    return this.#run("abandoned", () => this.#engine.abandoned(params));
  }

  sweep(params: Params<"sweep">): Answer<"sweep"> {
    const got = ({ promoted, recovered, expired, removed, schedules }: Awaited<Answer<"sweep">>): Carried => ({
      jobs: promoted + recovered + expired + removed,
      schedules: schedules.length,
    });
    return this.#run("sweep", () => this.#engine.sweep(params), nothing, got);
  }

  putSchedule(params: Params<"putSchedule">): Answer<"putSchedule"> {
    return this.#run("putSchedule", () => this.#engine.putSchedule(params));
  }

  removeSchedule(params: Params<"removeSchedule">): Answer<"removeSchedule"> {
    return this.#run("removeSchedule", () => this.#engine.removeSchedule(params));
  }

  pauseSchedule(params: Params<"pauseSchedule">): Answer<"pauseSchedule"> {
    return this.#run("pauseSchedule", () => this.#engine.pauseSchedule(params));
  }

  resumeSchedule(params: Params<"resumeSchedule">): Answer<"resumeSchedule"> {
    return this.#run("resumeSchedule", () => this.#engine.resumeSchedule(params));
  }

  schedules(params: Params<"schedules">): Answer<"schedules"> {
    return this.#run("schedules", () => this.#engine.schedules(params), nothing, schedulesIn);
  }

  fireSchedules(params: Params<"fireSchedules">): Answer<"fireSchedules"> {
    const sent = (): Carried => ({ schedules: params.fires.length });
    return this.#run("fireSchedules", () => this.#engine.fireSchedules(params), sent);
  }

  claimEnded(params: Params<"claimEnded">): Answer<"claimEnded"> {
    return this.#run("claimEnded", () => this.#engine.claimEnded(params), nothing, jobsIn);
  }

  acknowledgeEnded(params: Params<"acknowledgeEnded">): Answer<"acknowledgeEnded"> {
    return this.#run("acknowledgeEnded", () => this.#engine.acknowledgeEnded(params), refsOf(params));
  }

  getJobs(params: Params<"getJobs">): Answer<"getJobs"> {
    return this.#run("getJobs", () => this.#engine.getJobs(params), refsOf(params));
  }

  findJobs(params: Params<"findJobs">): Answer<"findJobs"> {
    const sent = (): Carried => ({ jobs: params.ids.length });
    return this.#run("findJobs", () => this.#engine.findJobs(params), sent);
  }

  listJobs(params: Params<"listJobs">): Answer<"listJobs"> {
    const got = ({ jobs }: Awaited<Answer<"listJobs">>): Carried => ({ jobs: jobs.length });
    return this.#run("listJobs", () => this.#engine.listJobs(params), nothing, got);
  }

  tagTotals(params: Params<"tagTotals">): Answer<"tagTotals"> {
    return this.#run("tagTotals", () => this.#engine.tagTotals(params));
  }

  queues(params?: Params<"queues">): Answer<"queues"> {
    return this.#run("queues", () => this.#engine.queues(params));
  }

  aside(params: Params<"aside">): Answer<"aside"> {
    return this.#run("aside", () => this.#engine.aside(params));
  }

  workers(): Answer<"workers"> {
    return this.#run("workers", () => this.#engine.workers());
  }

  series(params: Params<"series">): Answer<"series"> {
    return this.#run("series", () => this.#engine.series(params));
  }

  totals(params: Params<"totals">): Answer<"totals"> {
    return this.#run("totals", () => this.#engine.totals(params));
  }

  checkpoints(params: Params<"checkpoints">): Answer<"checkpoints"> {
    return this.#run("checkpoints", () => this.#engine.checkpoints(params));
  }

  dependencies(params: Params<"dependencies">): Answer<"dependencies"> {
    return this.#run("dependencies", () => this.#engine.dependencies(params), nothing, jobsIn);
  }

  dependenciesOf(params: Params<"dependenciesOf">): Answer<"dependenciesOf"> {
    const got = ({ links }: Awaited<Answer<"dependenciesOf">>): Carried => ({ jobs: links.length });
    return this.#run("dependenciesOf", () => this.#engine.dependenciesOf(params), nothing, got);
  }

  dependents(params: Params<"dependents">): Answer<"dependents"> {
    return this.#run("dependents", () => this.#engine.dependents(params), nothing, jobsIn);
  }

  logs(params: Params<"logs">): Answer<"logs"> {
    return this.#run("logs", () => this.#engine.logs(params));
  }

  position(params: Params<"position">): Answer<"position"> {
    return this.#run("position", () => this.#engine.position(params));
  }

  watch(params: Params<"watch">): Answer<"watch"> {
    const got = ({ events }: Awaited<Answer<"watch">>): Carried => ({ events: events.length });
    return this.#run("watch", () => this.#engine.watch(params), nothing, got);
  }

  awaitEvents(params: Params<"awaitEvents">): Answer<"awaitEvents"> {
    return this.#wait("awaitEvents", () => this.#engine.awaitEvents(params));
  }

  #run<T>(
    command: CommandName,
    call: () => Awaitable<T>,
    sent: () => Carried = nothing,
    got: (answer: T) => Carried = nothing,
  ): Awaitable<T> {
    const observed = { command, waiting: false, sent, got };
    const { answered, failed } = beginObservation(this.#observer, this.#clock, observed);
    let answer: Awaitable<T>;
    try {
      answer = call();
    } catch (error) {
      return failed(error);
    }
    // Hooked in between, not aside: a rejection that the caller forgets stays unhandled.
    return isThenable(answer) ? Promise.resolve(answer).then(answered, failed) : answered(answer);
  }

  #wait<T>(command: CommandName, call: () => Promise<T>): Promise<T> {
    const observed = { command, waiting: true, sent: nothing, got: nothing };
    const { answered, failed } = beginObservation<T>(this.#observer, this.#clock, observed);
    let answer: Promise<T>;
    try {
      answer = call();
    } catch (error) {
      return failed(error);
    }
    return answer.then(answered, failed);
  }
}

function refsOf(params: { readonly refs: readonly unknown[] }): () => Carried {
  return () => ({ jobs: params.refs.length });
}

function jobsIn(answer: readonly unknown[]): Carried {
  return { jobs: answer.length };
}

function schedulesIn(answer: readonly unknown[]): Carried {
  return { schedules: answer.length };
}
