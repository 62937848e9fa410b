/**
 * The Redis engine: every command is a script per queue, so it is atomic where it matters and one round trip. Opened on one
 * server, a Sentinel group or a cluster; all its waiting is done on connections of their own, so that a blocked pop never
 * holds up a command.
 */
import type { Clock } from "../../model/clock.js";
import { EngineClosed } from "../../model/errors.js";
import { WATCH_INTEREST, type QueueEvent } from "../../model/event.js";
import { plainFailure } from "../../model/failure.js";
import { WORKER_LOST, type JobRecord, type JobRef, type JobSpec } from "../../model/job.js";
import type { JobLog } from "../../model/log.js";
import { isState, type JobState } from "../../model/state.js";
import type {
  ControlAnswer,
  ControlParams,
  Engine,
  EngineInfo,
  EnqueueAnswer,
  ExchangeAnswer,
  FencedAnswer,
  JobPage,
  LeaseRef,
  QueueRecord,
  StateCounts,
  SweepAnswer,
  WatchAnswer,
  WorkerRecord,
} from "../contract.js";
import { describeTarget, type ParsedRedisTarget } from "../target.js";
import { encodeBody, encodeOptions } from "./body.js";
import { Channel } from "./channel.js";
import { earlier, exchange, heartbeat, report } from "./consume.js";
import { Keys } from "./keys.js";
import { Link, type Argument } from "./link.js";
import { Reader } from "./read.js";
import { list, number, text } from "./reply.js";
import { inspectServer } from "./server.js";
import { Wakeup } from "./wakeup.js";

/** How many jobs one script call accepts or changes: it must stay short, for Redis does nothing else meanwhile. */
const BATCH = 500;

type Command = "release" | "cancel" | "retry" | "promote" | "update" | "remove";

export class RedisEngine implements Engine {
  readonly #target: ParsedRedisTarget;
  readonly #keys: Keys;
  readonly #clock: Clock | null;
  readonly #link: Link;
  readonly #reader: Reader;
  readonly #wakeup: Wakeup;
  readonly #channel: Channel;
  readonly #listed = new Set<string>();
  #info: EngineInfo;
  #closed = false;

  /** @param options.clock the time the scripts live in; default: the server's own */
  constructor(target: ParsedRedisTarget, options: { clock?: Clock } = {}) {
    this.#target = target;
    this.#keys = new Keys(target.prefix);
    this.#clock = options.clock ?? null;
    this.#link = new Link(target, this.#keys, this.#clock);
    this.#reader = new Reader(this.#link, this.#keys);
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
    const answers: EnqueueAnswer[] = [];
    await Promise.all(
      [...groupByQueue(jobs)].map(async ([queue, indexes]) => {
        if (!this.#listed.has(queue)) await this.#list(queue);
        for (let from = 0; from < indexes.length; from += BATCH) {
          await this.#enqueueBatch(queue, jobs, indexes.slice(from, from + BATCH), answers);
        }
      }),
    );
    return answers;
  }

  async #enqueueBatch(
    queue: string,
    jobs: readonly JobSpec[],
    indexes: readonly number[],
    answers: EnqueueAnswer[],
  ): Promise<void> {
    const args: Argument[] = [];
    for (const index of indexes) {
      const spec = jobs[index];
      if (spec !== undefined) args.push(spec.id, encodeOptions(spec), encodeBody(spec));
    }
    const reply = list(await this.#link.run("enqueue", queue, args));
    // Somebody obliterated the queue since this client put it on the list.
    if (reply[0] === 0) await this.#list(queue);
    for (const index of indexes) answers[index] = { id: jobs[index]?.id ?? "", outcome: "created", state: "queued" };
    for (let at = 1; at < reply.length; at += 4) {
      const index = indexes[number(reply[at]) - 1];
      if (index === undefined) continue;
      const outcome = enqueueOutcome(text(reply[at + 2]));
      answers[index] = { id: text(reply[at + 1]), outcome, state: stateOf(reply[at + 3]) };
    }
  }

  /** Puts a queue on the list of queues. */
  async #list(queue: string): Promise<void> {
    await this.#link.send(() => this.#link.client.sadd(this.#keys.registry, queue));
    this.#listed.add(queue);
  }

  async openSession({ session, worker, ttl }: Parameters<Engine["openSession"]>[0]): Promise<void> {
    this.#guard();
    const info = JSON.stringify(worker);
    await Promise.all(
      worker.queues.map(async (queue) => {
        await this.#list(queue);
        await this.#link.run("session", queue, [session, "open", ttl, info]);
      }),
    );
  }

  async closeSession({ session, queues }: Parameters<Engine["closeSession"]>[0]): Promise<void> {
    this.#guard();
    await Promise.all(queues.map((queue) => this.#link.run("session", queue, [session, "close", 0])));
  }

  heartbeat(params: Parameters<Engine["heartbeat"]>[0]): Promise<{ alive: boolean; revoked: readonly LeaseRef[] }> {
    this.#guard();
    return heartbeat(this.#link, params);
  }

  exchange(params: Parameters<Engine["exchange"]>[0]): Promise<ExchangeAnswer> {
    this.#guard();
    return exchange(this.#link, params);
  }

  awaitWork({ queues, timeout, signal }: Parameters<Engine["awaitWork"]>[0]): Promise<void> {
    return this.#closed ? Promise.resolve() : this.#wakeup.wait(queues, timeout, signal);
  }

  async onRevoked({ session, queues, listener }: Parameters<Engine["onRevoked"]>[0]): Promise<() => void> {
    this.#guard();
    const stop = this.#channel.onRevoked(session, listener);
    await Promise.all(queues.map((queue) => this.#channel.listen(queue)));
    return stop;
  }

  report(params: Parameters<Engine["report"]>[0]): Promise<FencedAnswer[]> {
    this.#guard();
    return report(this.#link, params);
  }

  release(params: ControlParams): Promise<ControlAnswer[]> {
    return this.#control("release", params);
  }

  cancel(params: ControlParams): Promise<ControlAnswer[]> {
    return this.#control("cancel", params);
  }

  retry(params: ControlParams): Promise<ControlAnswer[]> {
    return this.#control("retry", params);
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

  async #control(command: Command, { refs, op }: ControlParams, patch = ""): Promise<ControlAnswer[]> {
    this.#guard();
    const answers: ControlAnswer[] = [];
    await Promise.all(
      [...groupByQueue(refs)].map(async ([queue, indexes]) => {
        for (let from = 0; from < indexes.length; from += BATCH) {
          const part = indexes.slice(from, from + BATCH);
          const ids = part.map((index) => refs[index]?.id ?? "");
          const reply = list(await this.#link.run("control", queue, [op, command, patch, ...ids]));
          for (const [place, index] of part.entries()) {
            const state = reply[place * 2 + 1];
            answers[index] = {
              outcome: controlOutcome(text(reply[place * 2])),
              state: state === "" ? null : stateOf(state),
            };
          }
        }
      }),
    );
    return answers;
  }

  async pause({ queue }: { queue: string }): Promise<void> {
    this.#guard();
    await this.#list(queue);
    await this.#link.run("pause", queue, [1]);
  }

  async resume({ queue }: { queue: string }): Promise<void> {
    this.#guard();
    await this.#list(queue);
    await this.#link.run("pause", queue, [0]);
  }

  async obliterate({ queue, force }: { queue: string; force: boolean }): Promise<boolean> {
    this.#guard();
    const done = (await this.#link.run("obliterate", queue, [force ? 1 : 0])) === 1;
    if (done) {
      this.#listed.delete(queue);
      await this.#link.send(() => this.#link.client.srem(this.#keys.registry, queue));
    }
    return done;
  }

  async sweep({ queues, limit }: Parameters<Engine["sweep"]>[0]): Promise<SweepAnswer> {
    this.#guard();
    const rows = await Promise.all(
      queues.map(async (queue) => list(await this.#link.run("sweep", queue, [limit, LOST.text, LOST.fingerprint]))),
    );
    const sum = (column: number): number => rows.reduce((total, row) => total + number(row[column]), 0);
    return {
      promoted: sum(0),
      recovered: sum(1),
      expired: sum(2),
      removed: sum(3),
      more: sum(4) > 0,
      nextDue: rows.map((row) => number(row[5])).reduce<number | null>((a, b) => earlier(a, b < 0 ? null : b), null),
    };
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

  async workers(): Promise<WorkerRecord[]> {
    return this.#reader.workers(await this.now());
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
    await this.#list(queue);
    const reply = list(await this.#link.run("watch", queue, [cursor ?? "", max, WATCH_INTEREST]));
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
    // What was told before the channel was open is not heard on it.
    const sequence = await this.#link.send(() => this.#link.client.hget(this.#keys.of(queue, "conf"), "seq"));
    if (Number(sequence ?? 0) > cursor || signal.aborted) return;
    await this.#channel.wait(queue, cursor, timeout, signal);
  }

  #putBack(key: string): void {
    // Whoever misses the marker when this fails still looks by itself when its wait is over.
    if (!this.#closed) this.#link.client.rpush(key, 1).catch(() => undefined);
  }

  #guard(): void {
    if (this.#closed) throw new EngineClosed();
  }
}

// The script fills in how often the worker died; the number takes no part in the fingerprint.
const lost = plainFailure("WorkerLost", "the worker running it died 3 times", WORKER_LOST);
const LOST = { text: JSON.stringify(lost).replace("died 3 times", "died %d times"), fingerprint: lost.fingerprint };

function groupByQueue(items: readonly JobRef[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const [index, { queue }] of items.entries()) {
    const group = groups.get(queue);
    if (group === undefined) groups.set(queue, [index]);
    else group.push(index);
  }
  return groups;
}

function stateOf(value: unknown): JobState {
  if (!isState(value)) throw new TypeError(`Redis answered ${String(value)} where a state was due`);
  return value;
}

function enqueueOutcome(letter: string): EnqueueAnswer["outcome"] {
  if (letter === "c") return "created";
  if (letter === "e") return "existing";
  return letter === "j" ? "joined" : "rejected";
}

function controlOutcome(letter: string): ControlAnswer["outcome"] {
  if (letter === "a") return "applied";
  if (letter === "m") return "missing";
  return letter === "w" ? "wrong-state" : "conflict";
}
