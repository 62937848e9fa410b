/**
 * The Redis engine: each command is one script per queue, so it is atomic where needed and one round trip. It opens one
 * server, a Sentinel group or a cluster. Waiting uses connections of its own, so that a blocked pop never holds up a
 * command.
 */
import { systemRandom, type Clock } from "../../model/value/clock.js";
import { EngineClosed, EngineRefused, EngineUnavailable } from "../../model/errors/errors.js";
import type { ControlAnswer, ControlParams, Engine, EngineInfo } from "../contract/engine.js";
import type { Answer, Params } from "../contract/commands.js";
import { encodeBuild } from "../contract/worker/builds.js";
import { FailureGroupEngine } from "../shared/failure-group-engine.js";
import { deliverSoon } from "../shared/relay.js";
import { buildOf } from "../contract/worker/session-id.js";
import { describeTarget, type ParsedRedisTarget } from "../target.js";
import { Channel } from "./waiting/channel.js";
import { control, type Command } from "./commands/control.js";
import { closeSession, exchange, heartbeat, held, report } from "./commands/exchange/exchange.js";
import { RedisFailureGroups } from "./commands/failure-groups.js";
import { RedisDocumentCommands } from "./commands/documents.js";
import { FastPath } from "./commands/exchange/fast-path.js";
import { LatestEpochs } from "./commands/exchange/latest-epochs.js";
import { UnansweredCalls } from "./commands/exchange/unanswered-calls.js";
import { Keys } from "./connection/keys.js";
import { CHANNEL_LETTERS } from "./connection/wire.js";
import { Link } from "./connection/connection.js";
import { RedisMailbox } from "./commands/mailbox.js";
import { enqueue } from "./commands/enqueue.js";
import { Lister } from "./commands/list.js";
import { Reader } from "./commands/read.js";
import { QueueOutages } from "./connection/queue-outages.js";
import { Registry } from "./connection/queue-registry.js";
import { RestingQueues } from "./commands/rest.js";
import { Schedules } from "./commands/schedules.js";
import { readSeries, readTotals } from "./commands/series.js";
import { inspectServer } from "./server/inspect.js";
import { describeNodes, probeNodes } from "./server/store.js";
import { commitFlow, pageOfDependencies, readDependencies, readDependents } from "./commands/dependencies.js";
import { acknowledgeEnded, claimEnded } from "./commands/ended.js";
import { abandonedQueues, Upkeep } from "./commands/sweep.js";
import { STILL_NOTIFYING } from "./connection/wire.js";
import { EventWaits } from "./waiting/event-waits.js";
import { lookAt, watch } from "./waiting/watch.js";
import { BellWakeup } from "./waiting/bell-wakeup.js";
import { PopWakeup } from "./waiting/pop-wakeup.js";
import type { Wakeup } from "./waiting/wakeup.js";

/** How long (milliseconds) a wake-up marker that was put back waits to be taken. */
const MARKER_KEPT = 60_000;

export class RedisEngine extends FailureGroupEngine implements Engine {
  readonly #target: ParsedRedisTarget;
  readonly #keys: Keys;
  readonly #clock: Clock | null;
  readonly #link: Link;
  readonly #fastPath = new FastPath();
  readonly #unanswered = new UnansweredCalls();
  readonly #epochs = new LatestEpochs();
  readonly #outages: QueueOutages;
  readonly #reader: Reader;
  readonly #lister: Lister;
  readonly #wakeup: Wakeup;
  readonly #channel: Channel;
  readonly #events: EventWaits;
  readonly #registry: Registry;
  readonly #rest: RestingQueues;
  readonly #upkeep: Upkeep;
  readonly #mailbox: RedisMailbox;
  readonly #schedules: Schedules;
  readonly #documents: RedisDocumentCommands;
  protected override readonly documents = (): RedisDocumentCommands => {
    this.#guard();
    return this.#documents;
  };
  readonly #groups: RedisFailureGroups;
  protected override readonly groups = (): RedisFailureGroups => {
    this.#guard();
    return this.#groups;
  };
  #info: EngineInfo;
  #closed = false;

  /** @param options.clock the clock of the scripts; default: the server's own */
  constructor(target: ParsedRedisTarget, options: { clock?: Clock } = {}) {
    super();
    this.#target = target;
    this.#keys = new Keys(target.prefix, target.db);
    this.#clock = options.clock ?? null;
    this.#link = new Link(target, this.#keys, this.#clock, () => {
      this.#wakeup.renew();
      this.#channel.renew();
    });
    this.#outages = new QueueOutages(this.#link, this.#keys, target.cluster !== undefined, systemRandom);
    this.#registry = new Registry(this.#link, this.#keys, this.#outages, () => {
      return this.#clock?.now() ?? performance.now();
    });
    this.#rest = new RestingQueues(this.#link, this.#keys, this.#outages, target.cluster === undefined);
    this.#upkeep = new Upkeep(this.#link, this.#outages, this.#rest, describeTarget(target), () => this.now());
    this.#mailbox = new RedisMailbox(this.#link);
    this.#reader = new Reader(this.#link, this.#keys);
    this.#lister = new Lister(this.#link, this.#keys, this.#reader);
    this.#schedules = new Schedules(this.#link, this.#keys, this.#registry, this.#reader);
    this.#documents = new RedisDocumentCommands(this.#link);
    this.#groups = new RedisFailureGroups(this.#link, this.#reader.builds);
    this.#channel = new Channel(target, this.#keys, target.cluster === undefined ? null : () => this.#link.nodes());
    const look = lookAt(this.#link, this.#outages, target.cluster === undefined);
    this.#events = new EventWaits(this.#channel, look, options.clock);
    this.#wakeup = this.#openWakeup();
    this.#info = { kind: "redis", url: describeTarget(target), shared: true, persistence: "unknown" };
  }

  get info(): EngineInfo {
    return this.#info;
  }

  async open(): Promise<Answer<"open">> {
    await this.#link.connect();
    const facts = await inspectServer(this.#link, this.#target);
    this.#link.allowOom = facts.scriptFlags;
    this.#info = { ...this.#info, persistence: facts.persistence };
  }

  close(): void {
    this.#closed = true;
    this.#outages.close();
    this.#wakeup.close();
    this.#events.close();
    this.#channel.close();
    this.#link.close();
  }

  async now(): Promise<Answer<"now">> {
    this.#guard();
    if (this.#clock !== null) return this.#clock.now();
    const [seconds = 0, micros = 0] = await this.#link.send(() => this.#link.client.time());
    return seconds * 1_000 + Math.floor(micros / 1_000);
  }

  store(): Promise<Answer<"store">> {
    this.#guard();
    return describeNodes(this.#link, this.#keys, this.#target);
  }

  probe(): Promise<void> {
    this.#guard();
    return probeNodes(this.#link, this.#keys);
  }

  async enqueue({ jobs }: Params<"enqueue">): Promise<Answer<"enqueue">> {
    this.#guard();
    const { answers, pending } = await enqueue(this.#link, this.#registry, (queue) => this.#deliver([queue]), jobs);
    await this.#deliver(pending);
    return answers;
  }

  async commitFlow({ members, ...ref }: Params<"commitFlow">): Promise<Answer<"commitFlow">> {
    this.#guard();
    const answer = await commitFlow(this.#link, ref, members);
    if (answer === "committed" || answer === "ended") await this.#deliver([ref.queue]);
    return answer;
  }

  async openSession({ session, worker, ttl }: Params<"openSession">): Promise<void> {
    this.#guard();
    const info = JSON.stringify(worker);
    const build = encodeBuild(worker);
    const ofBuild = build === null ? [""] : [buildOf(session) ?? "", build];
    await this.#outages.tell(worker.queues, `open ${session}`, async (queue) => {
      await this.#registry.mend(queue);
      await this.#link.run("session", queue, [session, "open", ttl, info, ...ofBuild]);
    });
  }

  async closeSession({ session, queues }: Params<"closeSession">): Promise<void> {
    this.#guard();
    this.#unanswered.forget(session);
    this.#epochs.forget(session);
    await closeSession(this.#link, this.#outages, { session, queues });
  }

  heartbeat(params: Params<"heartbeat">): Promise<Answer<"heartbeat">> {
    this.#guard();
    return heartbeat(this.#link, this.#outages, params);
  }

  async commandWorker({ session, queue, command, op }: Params<"commandWorker">): Promise<Answer<"commandWorker">> {
    this.#guard();
    return (await this.#link.run("worker-command", queue, [session, command, op])) === 1;
  }

  async exchange(params: Params<"exchange">): Promise<Answer<"exchange">> {
    this.#guard();
    const { answer, pending } = await exchange(
      this.#link,
      this.#fastPath,
      this.#outages,
      this.#unanswered,
      this.#epochs,
      params,
    );
    if (pending.length > 0) await this.#deliver(pending);
    return answer;
  }

  held(params: Params<"held">): Promise<Answer<"held">> {
    this.#guard();
    return held(this.#link, params);
  }

  async awaitWork({ queues, timeout, signal }: Params<"awaitWork">): Promise<Answer<"awaitWork">> {
    return this.#closed ? null : this.#wakeup.wait(queues, timeout, signal);
  }

  passOn({ queues }: Params<"passOn">): void {
    for (const queue of queues) this.#putBack(queue);
  }

  async onRevoked({ session, queues, listener, commanded }: Params<"onRevoked">): Promise<Answer<"onRevoked">> {
    this.#guard();
    const stops = [this.#channel.onRevoked(session, listener)];
    if (commanded !== undefined) stops.push(this.#channel.onCommanded(session, commanded));
    await Promise.all(queues.map((queue) => this.#channel.listen(queue)));
    return () => stops.forEach((stop) => stop());
  }

  async report(params: Params<"report">): Promise<Answer<"report">> {
    this.#guard();
    const answers = await report(this.#link, this.#outages, params);
    const asking = params.updates.filter(({ after }, index) => {
      return after !== undefined && after.length > 0 && answers[index] !== "unanswered";
    });
    await this.#deliver(asking.map(({ queue }) => queue));
    return answers;
  }

  release(params: Params<"release">): Promise<Answer<"release">> {
    return this.#control("release", params);
  }

  cancel(params: Params<"cancel">): Promise<Answer<"cancel">> {
    return this.#control("cancel", params);
  }

  retry({ fromStart, input, ...params }: Params<"retry">): Promise<Answer<"retry">> {
    return this.#control("retry", params, JSON.stringify({ fromStart, input }));
  }

  promote(params: Params<"promote">): Promise<Answer<"promote">> {
    return this.#control("promote", params);
  }

  update({ patch, ...params }: Params<"update">): Promise<Answer<"update">> {
    const due = patch.due === undefined ? {} : "at" in patch.due ? { at: patch.due.at } : { delay: patch.due.in };
    const { input, priority, tags } = patch;
    return this.#control("update", params, JSON.stringify({ input, priority, tags, ...due }));
  }

  remove(params: Params<"remove">): Promise<Answer<"remove">> {
    return this.#control("remove", params);
  }

  async #control(command: Command, params: ControlParams, patch = ""): Promise<ControlAnswer[]> {
    this.#guard();
    const { answers, pending } = await control(this.#link, command, params, patch);
    await this.#deliver(pending);
    return answers;
  }

  /**
   * Delivers pending messages until the outboxes are empty. It does not throw, since the command that caused them has been
   * applied, but answers what went wrong first: the next sweep delivers what was not. A queue that cannot be reached does not
   * hold up the messages of the others.
   */
  async #deliver(queues: Iterable<string>): Promise<unknown> {
    let fault: unknown = null;
    for (const queue of new Set(queues)) {
      try {
        await deliverSoon(this.#mailbox, [queue]);
      } catch (error) {
        fault ??= error;
      }
    }
    return fault;
  }

  async pause({ queue }: Params<"pause">): Promise<void> {
    this.#guard();
    await this.#registry.mend(queue);
    await this.#link.run("pause", queue, [1]);
    // Again: another client may have obliterated the queue just before.
    await this.#registry.mend(queue);
  }

  async resume({ queue }: Params<"resume">): Promise<void> {
    this.#guard();
    // One that does not exist is not listed for that.
    await this.#link.run("pause", queue, [0]);
  }

  async obliterate({ queue, force }: Params<"obliterate">): Promise<Answer<"obliterate">> {
    this.#guard();
    const remove = (): Promise<unknown> => this.#link.run("obliterate", queue, [force ? 1 : 0]);
    let answer = await remove();
    // A client that removed the queue before this one died while it notified others.
    while (answer === STILL_NOTIFYING) {
      await deliverSoon(this.#mailbox, [queue]);
      answer = await remove();
    }
    if (answer !== 1) return false;
    await this.#deliver([queue]);
    await this.#registry.remove(queue);
    return true;
  }

  abandoned(params: Params<"abandoned">): Promise<Answer<"abandoned">> {
    this.#guard();
    return abandonedQueues(this.#link, this.#keys, params, () => this.now());
  }

  async sweep(params: Params<"sweep">): Promise<Answer<"sweep">> {
    this.#guard();
    const { answer, pending } = await this.#upkeep.sweep(params);
    const fault = await this.#deliver(pending);
    await this.#restore(params.queues);
    // Here it is reported when messages cannot be delivered for another reason than an outage.
    if (fault !== null && !(fault instanceof EngineUnavailable)) throw fault;
    return answer;
  }

  // The sweep itself is done: if the list cannot be mended now, with memory full or a permission missing, a later sweep
  // mends it.
  async #restore(queues: readonly string[]): Promise<void> {
    try {
      await this.#registry.restore(queues);
    } catch (error) {
      if (!(error instanceof EngineUnavailable || error instanceof EngineRefused)) throw error;
    }
  }

  putSchedule(params: Params<"putSchedule">): Promise<Answer<"putSchedule">> {
    this.#guard();
    return this.#schedules.put(params);
  }

  removeSchedule(ref: Params<"removeSchedule">): Promise<Answer<"removeSchedule">> {
    this.#guard();
    return this.#schedules.remove(ref);
  }

  pauseSchedule(ref: Params<"pauseSchedule">): Promise<Answer<"pauseSchedule">> {
    this.#guard();
    return this.#schedules.pause(ref);
  }

  resumeSchedule(params: Params<"resumeSchedule">): Promise<Answer<"resumeSchedule">> {
    this.#guard();
    return this.#schedules.resume(params);
  }

  schedules(params: Params<"schedules">): Promise<Answer<"schedules">> {
    this.#guard();
    return this.#schedules.list(params);
  }

  async fireSchedules({ fires }: Params<"fireSchedules">): Promise<Answer<"fireSchedules">> {
    this.#guard();
    const { answers, pending } = await this.#schedules.fire(fires);
    await this.#deliver(pending);
    return answers;
  }

  async claimEnded(params: Params<"claimEnded">): Promise<Answer<"claimEnded">> {
    this.#guard();
    const queues = await this.#rest.having(params.queues, ["ended_due", "ended_claimed"]);
    return claimEnded(this.#link, this.#outages, { ...params, queues });
  }

  acknowledgeEnded(params: Params<"acknowledgeEnded">): Promise<void> {
    this.#guard();
    return acknowledgeEnded(this.#link, params);
  }

  getJobs({ refs, fields }: Params<"getJobs">): Promise<Answer<"getJobs">> {
    this.#guard();
    return this.#reader.getJobs(refs, fields);
  }

  findJobs({ ids, fields }: Params<"findJobs">): Promise<Answer<"findJobs">> {
    this.#guard();
    return this.#reader.findJobs(ids, fields);
  }

  listJobs(params: Params<"listJobs">): Promise<Answer<"listJobs">> {
    this.#guard();
    return this.#lister.page(params);
  }

  tagTotals({ tag, queue }: Params<"tagTotals">): Promise<Answer<"tagTotals">> {
    this.#guard();
    return this.#reader.tagTotals(tag, queue);
  }

  queues(params?: Params<"queues">): Promise<Answer<"queues">> {
    this.#guard();
    return this.#reader.queues(params?.names);
  }

  async aside({ queues }: Params<"aside">): Promise<Answer<"aside">> {
    this.#guard();
    return this.#reader.aside(await this.#rest.having(queues, ["aside"]));
  }

  workers(): Promise<Answer<"workers">> {
    this.#guard();
    return this.#reader.workers();
  }

  async series(query: Params<"series">): Promise<Answer<"series">> {
    this.#guard();
    return readSeries(this.#link, this.#reader, query, await this.now());
  }

  totals(query: Params<"totals">): Promise<Answer<"totals">> {
    this.#guard();
    return readTotals(this.#link, this.#reader, query);
  }

  dependencies(ref: Params<"dependencies">): Promise<Answer<"dependencies">> {
    this.#guard();
    return readDependencies(this.#link, ref);
  }

  dependenciesOf(query: Params<"dependenciesOf">): Promise<Answer<"dependenciesOf">> {
    this.#guard();
    return pageOfDependencies(this.#link, query);
  }

  dependents(ref: Params<"dependents">): Promise<Answer<"dependents">> {
    this.#guard();
    return readDependents(this.#link, ref);
  }

  checkpoints(params: Params<"checkpoints">): Promise<Answer<"checkpoints">> {
    this.#guard();
    return this.#reader.checkpoints(params);
  }

  logs(params: Params<"logs">): Promise<Answer<"logs">> {
    this.#guard();
    return this.#reader.logs(params);
  }

  position(params: Params<"position">): Promise<Answer<"position">> {
    this.#guard();
    return this.#reader.position(params);
  }

  watch(params: Params<"watch">): Promise<Answer<"watch">> {
    this.#guard();
    return watch(this.#link, params);
  }

  awaitEvents(params: Params<"awaitEvents">): Promise<Answer<"awaitEvents">> {
    return this.#events.wait(params);
  }

  #openWakeup(): Wakeup {
    const putBack = (queue: string): void => this.#putBack(queue);
    const { client } = this.#link;
    if (this.#target.cluster === undefined) {
      const unblock = async (id: number): Promise<boolean> => (await client.call("client", "unblock", id)) === 1;
      return new PopWakeup(this.#target, this.#keys, { putBack, unblock });
    }
    const key = (queue: string): string => this.#keys.of(queue, "wake");
    return new BellWakeup({
      listen: (queue) => this.#channel.listen(queue),
      onBell: (listener) => this.#channel.onBell(listener),
      take: async (queue) => {
        return (
          (await this.#outages.askOne(queue, () => this.#link.send(() => client.lpop(key(queue)), key(queue)))) !== null
        );
      },
      putBack,
    });
  }

  #putBack(queue: string): void {
    // If this fails, a worker that misses the marker looks by itself when its wait is over.
    if (!this.#closed) void this.#setMarker(queue).catch(() => undefined);
  }

  async #setMarker(queue: string): Promise<void> {
    const { client } = this.#link;
    const key = this.#keys.of(queue, "wake");
    // The queue may be removed by now, and no worker may come for the marker.
    await client.pipeline().rpush(key, 1).pexpire(key, MARKER_KEPT).exec();
    if (this.#target.cluster !== undefined) await client.publish(this.#keys.channel(queue), CHANNEL_LETTERS.wake);
  }

  #guard(): void {
    if (this.#closed) throw new EngineClosed();
  }
}
