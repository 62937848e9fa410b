/**
 * The connection for ordinary commands, to one server, a Sentinel group or a cluster. It answers or throws within the
 * command timeout, whatever the server does: until then, commands that meet a transient fault are sent again.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Cluster, Redis, type RedisOptions } from "ioredis";
import type { Clock } from "../../../model/value/clock.js";
import { EngineClosed, EngineRefused, EngineUnavailable, LongshoreError } from "../../../model/errors/errors.js";
import { describeTarget, type ParsedRedisTarget } from "../../target.js";
import { causeOf, diagnose, newerFormat, NO_ANSWER } from "./fault.js";
import { slotOf } from "./hash-slot.js";
import type { Keys } from "./keys.js";
import { Script, type ScriptName } from "./script.js";
import { FORMAT } from "./wire.js";

/** A Redis client of either kind. */
export type Client = Redis | Cluster;

/** An argument of a command. */
export type Argument = string | number;

const RETRY_FROM = 20;
const RETRY_UP_TO = 500;

/** Creates a client for a target. `blocking` clients have no command timeout: their commands are meant to wait. */
export function createClient(target: ParsedRedisTarget, blocking = false): Client {
  const node = {
    ...(target.username === undefined ? {} : { username: target.username }),
    ...(target.password === undefined ? {} : { password: target.password }),
    ...(target.tls === undefined || target.tls === false ? {} : { tls: target.tls === true ? {} : { ...target.tls } }),
    ...(blocking ? {} : { commandTimeout: target.commandTimeout }),
    db: target.db,
    connectTimeout: target.commandTimeout,
    lazyConnect: true,
    // An unanswered command may have run: the engine decides whether to send it again, not the client library.
    autoResendUnfulfilledCommands: false,
    // Unanswered commands fail when the connection closes, instead of staying open until they time out.
    maxRetriesPerRequest: 0,
    // A subscriber subscribes again by itself, and handles failures (channel.ts): an unhandled rejection would end the
    // process.
    autoResubscribe: false,
    retryStrategy: reconnectAfter,
  } satisfies RedisOptions;
  if (target.cluster !== undefined) {
    const cluster = new Cluster([...target.cluster], {
      redisOptions: node,
      lazyConnect: true,
      clusterRetryStrategy: reconnectAfter,
      // Enough for a slot that has moved. What takes longer is tried again in `send`, within the time of the command.
      maxRedirections: 4,
    });
    // Faults show as failed commands; the listener only keeps them from being printed.
    return cluster.on("error", () => undefined);
  }
  const client =
    target.sentinels === undefined
      ? new Redis({ ...node, host: target.host, port: target.port })
      : new Redis({ ...node, sentinels: [...target.sentinels], name: target.sentinelName ?? "" });
  // The library continues in database 0 if it cannot select another one: commands must never run there.
  return client.on("error", (error: unknown) => {
    if (isRefusedSelect(error)) client.disconnect(true);
  });
}

function isRefusedSelect(error: unknown): boolean {
  const command: unknown = error instanceof Error ? Reflect.get(error, "command") : undefined;
  return typeof command === "object" && command !== null && Reflect.get(command, "name") === "select";
}

/** Milliseconds before the nth attempt to connect again. */
function reconnectAfter(times: number): number {
  return Math.min(50 * 2 ** Math.min(times, 10), 2_000);
}

export class Link {
  readonly client: Client;
  readonly #target: ParsedRedisTarget;
  readonly #clock: Clock | null;
  readonly #scripts = new Map<ScriptName, Script>();
  /** The scripts sent to the server before. */
  readonly #sent = new Set<ScriptName>();
  readonly #keys: Keys;
  #allowOom = false;
  #lastError = NO_ANSWER;
  /** When each connection was replaced last. */
  readonly #reconnectedAt = new Map<string, number>();
  readonly #onReplaced: () => void;
  readonly #closing = new AbortController();

  /** @param clock when given, scripts use its time instead of the server's
   * @param replaced called when the connection did not answer and was replaced: other connections may be dead too */
  constructor(target: ParsedRedisTarget, keys: Keys, clock: Clock | null, replaced: () => void) {
    this.#onReplaced = replaced;
    this.#target = target;
    this.#keys = keys;
    this.#clock = clock;
    this.client = createClient(target);
    this.client.on("error", (error: Error) => {
      const cause = causeOf(error);
      this.#lastError = cause === "" ? "the connection was refused" : cause;
    });
  }

  /** Connects, within the command timeout. @throws EngineUnavailable */
  async connect(): Promise<void> {
    try {
      await this.client.connect();
      await this.client.ping();
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** Do scripts use an injected clock? */
  get hasOwnClock(): boolean {
    return this.#clock !== null;
  }

  /** Does the server support the script flag `allow-oom`? */
  set allowOom(allow: boolean) {
    this.#allowOom = allow;
    this.#scripts.clear();
  }

  close(): void {
    this.#closing.abort();
    this.client.disconnect();
  }

  /**
   * Runs a script on a queue. Strings in its reply come as text, or with `buffers` as bytes.
   * @throws EngineRefused for a queue that a newer Longshore has written to
   */
  async run(
    name: ScriptName,
    queue: string,
    args: readonly Argument[],
    strings: "text" | "buffers" = "text",
  ): Promise<unknown> {
    try {
      return await this.#run(name, queue, args, strings);
    } catch (error) {
      const found = newerFormat(error);
      if (found === null) throw error;
      const place = `queue "${queue}" in ${describeTarget(this.#target)}`;
      throw new EngineRefused(
        `${place} was written by a newer Longshore (format ${found}, this one knows ${FORMAT}): update longshore`,
      );
    }
  }

  async #run(
    name: ScriptName,
    queue: string,
    args: readonly Argument[],
    strings: "text" | "buffers",
  ): Promise<unknown> {
    const script = this.#script(name);
    const keys = script.keysOf(this.#keys, queue);
    const now = this.#clock === null ? "" : this.#clock.now();
    const call = strings === "text" ? "call" : "callBuffer";
    // The first call sends the script along, so that no later call overtakes it.
    if (!this.#sent.has(name)) {
      this.#sent.add(name);
      return this.send(() => this.client[call]("eval", script.source, keys.length, ...keys, now, ...args), keys[0]);
    }
    return this.send(async () => {
      try {
        return await this.client[call]("evalsha", script.digest, keys.length, ...keys, now, ...args);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
        return await this.client[call]("eval", script.source, keys.length, ...keys, now, ...args);
      }
    }, keys[0]);
  }

  /**
   * Sends a command that may be sent again; answers or throws within the command timeout.
   * @param key one of its keys, which says which node of a cluster it goes to
   */
  async send<T>(command: () => Promise<T>, key?: string): Promise<T> {
    const deadline = performance.now() + this.#target.commandTimeout;
    for (let wait = RETRY_FROM; ; wait = Math.min(wait * 2, RETRY_UP_TO)) {
      if (this.#closing.signal.aborted) throw new EngineClosed();
      try {
        return await command();
      } catch (error) {
        const fault = diagnose(error);
        if (this.#closing.signal.aborted) throw new EngineClosed();
        if (fault?.reaction === "reconnect") this.#reconnect(key);
        if (fault === null || fault.reaction === "throw" || performance.now() + wait >= deadline) {
          throw this.#explain(error);
        }
        await sleep(wait, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      }
    }
  }

  #script(name: ScriptName): Script {
    let script = this.#scripts.get(name);
    if (script === undefined) {
      script = Script.of(name, this.#allowOom, this.#keys.db);
      this.#scripts.set(name, script);
    }
    return script;
  }

  // A connection can die silently, and then nothing sent on it is ever answered. Commands that time out together replace it
  // once; of a cluster only that to the node of the command, so that those to other nodes are not disturbed.
  #reconnect(key: string | undefined): void {
    const node = key === undefined ? null : this.#nodeOf(key);
    const place = node === null ? "" : `${node.options.host}:${node.options.port}`;
    const now = performance.now();
    if (now - (this.#reconnectedAt.get(place) ?? Number.NEGATIVE_INFINITY) < this.#target.commandTimeout) return;
    this.#reconnectedAt.set(place, now);
    // A node without connection leaves the library's table of nodes, and is connected to again when a command needs it.
    if (node === null) this.client.disconnect(true);
    else node.disconnect();
    this.#onReplaced();
  }

  /** The node of a cluster that has a key, as far as is known. */
  #nodeOf(key: string): Redis | null {
    if (!(this.client instanceof Cluster)) return null;
    const [place] = this.client.slots[slotOf(key)] ?? [];
    return this.client.nodes("all").find(({ options }) => `${options.host}:${options.port}` === place) ?? null;
  }

  #explain(error: unknown): unknown {
    if (error instanceof LongshoreError) return error;
    let fault = diagnose(error);
    if (fault === null) return error;
    let message = causeOf(error);
    const last = diagnose(this.#lastError);
    // "Connection is closed" hides the cause; an earlier event had it, such as a wrong password.
    if (fault.meaning === NO_ANSWER && last?.reaction === "throw") {
      fault = last;
      message = this.#lastError;
    }
    if (/credentials|may not run/.test(fault.meaning)) {
      return new EngineRefused(`${describeTarget(this.#target)}: ${fault.meaning} (${message})`);
    }
    // For a closed connection the last error event has the cause.
    const why = fault.meaning === NO_ANSWER ? this.#lastError : `${fault.meaning} (${message})`;
    return new EngineUnavailable(describeTarget(this.#target), why, { cause: error });
  }
}
