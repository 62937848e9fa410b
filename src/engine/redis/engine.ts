/**
 * The Redis engine: each command is one script per queue, so it is atomic where needed and one round trip. It opens one
 * server, a Sentinel group or a cluster. Waiting uses connections of its own, so that a blocked pop never holds up a
 * command.
 */
import type { Checkpoint } from "../../model/job/checkpoint.js";
import type { Clock } from "../../model/value/clock.js";
import type { DependencyRecord } from "../../model/job/dependency.js";
import { EngineClosed, EngineRefused, EngineUnavailable } from "../../model/errors/errors.js";
import { WATCH_INTEREST, type QueueEvent } from "../../model/job/event.js";
import { SUPERSEDED_AGAIN, type JobRecord, type JobRef, type JobSpec } from "../../model/job/job.js";
import type { JobLog } from "../../model/job/log.js";
import type {
  AsideRecord,
  CommitAnswer,
  ControlAnswer,
  ControlParams,
  Engine,
  EngineInfo,
  EnqueueAnswer,
  ExchangeAnswer,
  FencedAnswer,
  HeldPage,
  JobPage,
  Revocation,
  QueueRecord,
  StateCounts,
  SweepAnswer,
  WatchAnswer,
  WorkerRecord,
} from "../contract/engine.js";
import { deliverSoon, type Message } from "../shared/relay.js";
import type {
  SchedulePut,
  SchedulePutAnswer,
  ScheduleRecord,
  ScheduleRef,
  ScheduleResume,
  ScheduleResumeAnswer,
} from "../contract/schedules.js";
import { describeTarget, type ParsedRedisTarget } from "../target.js";
import { batchesOf } from "./format/batches.js";
import { Channel } from "./waiting/channel.js";
import { control, type Command } from "./commands/control.js";
import { exchange, held, heartbeat, report } from "./commands/exchange.js";
import { FastPath } from "./commands/fast-path.js";
import { Keys } from "./connection/keys.js";
import { Link } from "./connection/connection.js";
import { RedisMailbox } from "./commands/mailbox.js";
import { enqueue } from "./commands/enqueue.js";
import { Reader } from "./commands/read.js";
import { Registry } from "./connection/queue-registry.js";
import { list, number, text } from "./connection/reply.js";
import { Schedules } from "./commands/schedules.js";
import { inspectServer } from "./connection/server.js";
import { commitFlow, readDependencies, readDependents } from "./commands/dependencies.js";
import { Upkeep } from "./commands/sweep.js";
import { Wakeup } from "./waiting/wakeup.js";

export class RedisEngine implements Engine {
  readonly #target: ParsedRedisTarget;
  readonly #keys: Keys;
  readonly #clock: Clock | null;
  readonly #link: Link;
  readonly #fastPath = new FastPath();
  readonly #reader: Reader;
  readonly #wakeup: Wakeup;
  readonly #channel: Channel;
  readonly #registry: Registry;
  readonly #upkeep: Upkeep;
  readonly #mailbox: RedisMailbox;
  readonly #schedules: Schedules;
  #info: EngineInfo;
  #closed = false;

  /** @param options.clock the clock of the scripts; default: the server's own */
  constructor(target: ParsedRedisTarget, options: { clock?: Clock } = {}) {
    this.#target = target;
    this.#keys = new Keys(target.prefix, target.db);
    this.#clock = options.clock ?? null;
    this.#link = new Link(target, this.#keys, this.#clock, () => {
      this.#wakeup.renew();
      this.#channel.renew();
    });
    this.#registry = new Registry(this.#link, this.#keys, () => this.#clock?.now() ?? performance.now());
    this.#upkeep = new Upkeep(this.#link, describeTarget(target), () => this.now());
    this.#mailbox = new RedisMailbox(this.#link);
    this.#reader = new Reader(this.#link, this.#keys);
    this.#schedules = new Schedules(this.#link, this.#keys, this.#registry, this.#reader);
    this.#wakeup = new Wakeup(target, this.#keys, (key) => this.#putBack(key));
    this.#channel = new Channel(target, this.#keys);
    this.#info = { kind: "redis", url: describeTarget(target), shared: true, persistence: "unknown" };
  }

  get info(): EngineInfo {
    return this.#info;
  }

  async open(): Promise<void> {
    await this.#link.connect();
    const facts = await inspectServer(this.#link, this.#target);
    this.#link.allowOom = facts.scriptFlags;
    this.#info = { ...this.#info, persistence: facts.persistence };
  }

  close(): void {
    this.#closed = true;
    this.#wakeup.close();
    this.#channel.close();
    this.#link.close();
  }

  async now(): Promise<number> {
    this.#guard();
    if (this.#clock !== null) return this.#clock.now();
    const [seconds = 0, micros = 0] = await this.#link.send(() => this.#link.client.time());
    return seconds * 1_000 + Math.floor(micros / 1_000);
  }

  async enqueue({ jobs }: { jobs: readonly JobSpec[] }): Promise<EnqueueAnswer[]> {
    this.#guard();
    const { answers, pending } = await enqueue(this.#link, this.#registry, jobs);
    await this.#deliver(pending);
    return answers;
  }

  async commitFlow({ members, ...ref }: Parameters<Engine["commitFlow"]>[0]): Promise<CommitAnswer> {
    this.#guard();
    const answer = await commitFlow(this.#link, ref, members);
    if (answer === "committed") await this.#deliver([ref.queue]);
    return answer;
  }

  async openSession({ session, worker, ttl }: Parameters<Engine["openSession"]>[0]): Promise<void> {
    this.#guard();
    const info = JSON.stringify(worker);
    await Promise.all(
      worker.queues.map(async (queue) => {
        await this.#registry.add(queue);
        await this.#link.run("session", queue, [session, "open", ttl, info]);
      }),
    );
  }

  async closeSession({ session, queues }: Parameters<Engine["closeSession"]>[0]): Promise<void> {
    this.#guard();
    await Promise.all(queues.map((queue) => this.#link.run("session", queue, [session, "close", 0])));
  }

  heartbeat(params: Parameters<Engine["heartbeat"]>[0]): Promise<{ alive: boolean; revoked: readonly Revocation[] }> {
    this.#guard();
    return heartbeat(this.#link, params);
  }

  async exchange(params: Parameters<Engine["exchange"]>[0]): Promise<ExchangeAnswer> {
    this.#guard();
    const { answer, pending } = await exchange(this.#link, this.#fastPath, params);
    if (pending.length > 0) await this.#deliver(pending);
    return answer;
  }

  held(params: Parameters<Engine["held"]>[0]): Promise<HeldPage> {
    this.#guard();
    return held(this.#link, params);
  }

  async awaitWork({ queues, timeout, signal }: Parameters<Engine["awaitWork"]>[0]): Promise<boolean> {
    return !this.#closed && (await this.#wakeup.wait(queues, timeout, signal));
  }

  passOn({ queues }: Parameters<Engine["passOn"]>[0]): void {
    for (const queue of queues) this.#putBack(this.#keys.of(queue, "wake"));
  }

  async onRevoked({ session, queues, listener }: Parameters<Engine["onRevoked"]>[0]): Promise<() => void> {
    this.#guard();
    const stop = this.#channel.onRevoked(session, listener);
    await Promise.all(queues.map((queue) => this.#channel.listen(queue)));
    return stop;
  }

  async report(params: Parameters<Engine["report"]>[0]): Promise<FencedAnswer[]> {
    this.#guard();
    const answers = await report(this.#link, params);
    const asking = params.updates.filter(({ after }) => after !== undefined && after.length > 0);
    await this.#deliver(asking.map(({ queue }) => queue));
    return answers;
  }

  release(params: ControlParams): Promise<ControlAnswer[]> {
    return this.#control("release", params);
  }

  cancel(params: ControlParams): Promise<ControlAnswer[]> {
    return this.#control("cancel", params);
  }

  retry({ fromStart, ...params }: Parameters<Engine["retry"]>[0]): Promise<ControlAnswer[]> {
    return this.#control("retry", params, JSON.stringify({ fromStart }));
  }

  promote(params: ControlParams): Promise<ControlAnswer[]> {
    return this.#control("promote", params);
  }

  update({ patch, ...params }: Parameters<Engine["update"]>[0]): Promise<ControlAnswer[]> {
    const due = patch.due === undefined ? {} : "at" in patch.due ? { at: patch.due.at } : { delay: patch.due.in };
    const { input, priority, tags } = patch;
    return this.#control("update", params, JSON.stringify({ input, priority, tags, ...due }));
  }

  remove(params: ControlParams): Promise<ControlAnswer[]> {
    return this.#control("remove", params);
  }

  async #control(command: Command, params: ControlParams, patch = ""): Promise<ControlAnswer[]> {
    this.#guard();
    const { answers, pending } = await control(this.#link, command, params, patch);
    await this.#deliver(pending);
    return answers;
  }

  /**
   * Delivers pending messages until the outboxes are empty. On failure the next sweep retries: the command that caused them
   * has been applied.
   */
  async #deliver(queues: Iterable<string>, first: readonly Message[] = []): Promise<void> {
    try {
      await deliverSoon(this.#mailbox, new Set(queues), first);
    } catch (error) {
      if (!(error instanceof EngineUnavailable)) throw error;
    }
  }

  async pause({ queue }: { queue: string }): Promise<void> {
    this.#guard();
    await this.#pause(queue, 1);
  }

  async resume({ queue }: { queue: string }): Promise<void> {
    this.#guard();
    await this.#pause(queue, 0);
  }

  async #pause(queue: string, paused: 0 | 1): Promise<void> {
    await this.#registry.add(queue);
    await this.#link.run("pause", queue, [paused]);
    // Again: another client may have obliterated the queue just before.
    await this.#registry.add(queue);
  }

  async obliterate({ queue, force }: { queue: string; force: boolean }): Promise<boolean> {
    this.#guard();
    const removalMessages = await this.#mailbox.removalMessages(queue);
    const done = (await this.#link.run("obliterate", queue, [force ? 1 : 0])) === 1;
    if (!done) return false;
    await this.#registry.remove(queue);
    await this.#deliver([], removalMessages);
    return true;
  }

  async sweep(params: Parameters<Engine["sweep"]>[0]): Promise<SweepAnswer> {
    this.#guard();
    const { answer, pending } = await this.#upkeep.sweep(params);
    await this.#deliver(pending);
    await this.#restore(params.queues);
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

  putSchedule(params: SchedulePut): Promise<SchedulePutAnswer> {
    this.#guard();
    return this.#schedules.put(params);
  }

  removeSchedule(ref: ScheduleRef): Promise<ScheduleRecord | null> {
    this.#guard();
    return this.#schedules.remove(ref);
  }

  pauseSchedule(ref: ScheduleRef): Promise<boolean> {
    this.#guard();
    return this.#schedules.pause(ref);
  }

  resumeSchedule(params: ScheduleResume): Promise<ScheduleResumeAnswer> {
    this.#guard();
    return this.#schedules.resume(params);
  }

  schedules(params: Parameters<Engine["schedules"]>[0]): Promise<ScheduleRecord[]> {
    this.#guard();
    return this.#schedules.list(params);
  }

  async fireSchedules({ fires }: Parameters<Engine["fireSchedules"]>[0]): Promise<FencedAnswer[]> {
    this.#guard();
    const { answers, pending } = await this.#schedules.fire(fires);
    await this.#deliver(pending);
    return answers;
  }

  async claimSuperseded({ queues, tasks, limit }: Parameters<Engine["claimSuperseded"]>[0]): Promise<JobRef[]> {
    this.#guard();
    const claimed: JobRef[] = [];
    for (const queue of queues) {
      if (claimed.length >= limit || tasks.length === 0) break;
      const args = ["claim", limit - claimed.length, SUPERSEDED_AGAIN, ...tasks];
      const ids = list(await this.#link.run("superseded", queue, args)).map(text);
      claimed.push(...ids.map((id) => ({ queue, id })));
    }
    return claimed;
  }

  async acknowledgeSuperseded({ refs }: { refs: readonly JobRef[] }): Promise<void> {
    this.#guard();
    await Promise.all(
      batchesOf(refs).flatMap((batches) =>
        batches.map(({ queue, places }) =>
          this.#link.run("superseded", queue, ["acknowledge", ...places.map((place) => refs[place]?.id ?? "")]),
        ),
      ),
    );
  }

  getJobs({ refs }: { refs: readonly JobRef[] }): Promise<(JobRecord | null)[]> {
    this.#guard();
    return this.#reader.getJobs(refs);
  }

  findJobs({ ids }: { ids: readonly string[] }): Promise<(JobRecord | null)[]> {
    this.#guard();
    return this.#reader.findJobs(ids);
  }

  listJobs({ filter, cursor, limit }: Parameters<Engine["listJobs"]>[0]): Promise<JobPage> {
    this.#guard();
    return this.#reader.listJobs(filter, cursor, limit);
  }

  tagTotals({ tag, queue }: { tag: string; queue?: string }): Promise<StateCounts> {
    this.#guard();
    return this.#reader.tagTotals(tag, queue);
  }

  queues(): Promise<QueueRecord[]> {
    this.#guard();
    return this.#reader.queues();
  }

  aside({ queues }: Parameters<Engine["aside"]>[0]): Promise<AsideRecord[]> {
    this.#guard();
    return this.#reader.aside(queues);
  }

  workers(): Promise<WorkerRecord[]> {
    this.#guard();
    return this.#reader.workers();
  }

  dependencies(ref: JobRef): Promise<DependencyRecord[]> {
    this.#guard();
    return readDependencies(this.#link, ref);
  }

  dependents(ref: JobRef): Promise<JobRef[]> {
    this.#guard();
    return readDependents(this.#link, ref);
  }

  checkpoints(params: JobRef): Promise<Checkpoint[]> {
    this.#guard();
    return this.#reader.checkpoints(params);
  }

  logs(params: JobRef): Promise<JobLog> {
    this.#guard();
    return this.#reader.logs(params);
  }

  position(params: JobRef): Promise<number | null> {
    this.#guard();
    return this.#reader.position(params);
  }

  async watch({ queue, cursor, max }: Parameters<Engine["watch"]>[0]): Promise<WatchAnswer> {
    this.#guard();
    const [, answer] = await Promise.all([
      this.#registry.add(queue),
      this.#link.run("watch", queue, [cursor ?? "", max, WATCH_INTEREST]),
    ]);
    const reply = list(answer);
    const seen = number(reply[0]);
    const events: QueueEvent[] = [];
    for (let at = 2; at < reply.length; at += 3) {
      for (const [place, json] of text(reply[at + 2])
        .split("\n")
        .entries()) {
        const event: QueueEvent = { ...JSON.parse(json), seq: number(reply[at]) + place, at: number(reply[at + 1]) };
        if (event.seq > seen && events.length < max) events.push(event);
      }
    }
    return { events, cursor: events.at(-1)?.seq ?? seen, gap: reply[1] === 1 };
  }

  async awaitEvents({ queue, cursor, timeout, signal }: Parameters<Engine["awaitEvents"]>[0]): Promise<void> {
    if (this.#closed) return;
    await this.#channel.listen(queue);
    const seen = new AbortController();
    const receipt = this.#channel.wait(queue, cursor, timeout, AbortSignal.any([signal, seen.signal]));
    try {
      // Messages published before the wait began are missed: compare the sequence.
      const sequence = await this.#link.send(() => this.#link.client.hget(this.#keys.of(queue, "queue"), "seq"));
      if (Number(sequence ?? 0) <= cursor) await receipt;
    } finally {
      seen.abort();
    }
  }

  #putBack(key: string): void {
    // If this fails, a worker that misses the marker looks by itself when its wait is over.
    if (!this.#closed) this.#link.client.rpush(key, 1).catch(() => undefined);
  }

  #guard(): void {
    if (this.#closed) throw new EngineClosed();
  }
}
