/**
 * The connection for ordinary commands, to one server, a Sentinel group or a cluster. It answers or throws within the
 * command timeout, whatever the server does: until then, commands that meet a transient fault are sent again.
 */
import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Cluster, type Redis } from "ioredis";
import type { Clock } from "../../../model/value/clock.js";
import { EngineClosed, EngineRefused, EngineUnavailable, LongshoreError } from "../../../model/errors/errors.js";
import type { RedisAddress } from "../../redis-target.js";
import { createClient, jitter, type Client } from "./client.js";
import { describeTarget, type ParsedRedisTarget } from "../../target.js";
import { causeOf, diagnose, newerFormat, NO_ANSWER } from "./fault.js";
import { handshakeFault } from "./handshake.js";
import { slotOf } from "./hash-slot.js";
import { DOCUMENTS, type Keys } from "./keys.js";
import { Script, type ScriptName } from "./script.js";
import { FORMAT } from "./wire.js";

/** An argument of a command. */
export type Argument = string | number;
/** The arguments of a script, or what answers them when it is sent. */
type Arguments = readonly Argument[] | (() => readonly Argument[]);

const REFUSED = "the connection was refused";
/** How much longer than asked (milliseconds) connecting may take before it is given up. */
const MARGIN = 100;
const RETRY_FROM = 20;
const RETRY_UP_TO = 500;

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
    // Each command that waits to be sent again listens: they may be thousands.
    setMaxListeners(0, this.#closing.signal);
    this.client = createClient(target);
    this.client.on("error", (error: Error) => {
      this.#lastError = causeOf(error) || REFUSED;
    });
  }

  /** Connects. Tries again for as long as the target says. @throws EngineUnavailable, EngineRefused */
  async connect(): Promise<void> {
    const { connectTimeout } = this.#target;
    const late = new AbortController();
    // The client tries by itself until it is connected; how its first attempt ended is known by the ping.
    this.client.connect().catch((error: unknown) => this.#note(error));
    const answered = this.#send(() => this.#firstPing(), undefined, connectTimeout);
    // A client that finds no server may not answer at all, as where no Sentinel answers.
    const deadline = sleep(connectTimeout + MARGIN, undefined, { signal: late.signal }).then(() => {
      throw this.#explain(new Error("Command timed out"));
    });
    const refused = this.#refusal(late.signal);
    try {
      await Promise.race([answered, deadline, refused]);
    } finally {
      late.abort();
      for (const left of [answered, deadline, refused]) left.catch(() => undefined);
    }
  }

  /** Rejects once a fault of TLS is found that the library does not tell. */
  #refusal(signal: AbortSignal): Promise<never> {
    return new Promise((_resolve, reject) => {
      const examine = (): void => void this.#shakeHands(signal).catch(reject);
      this.client.once("error", examine);
      signal.addEventListener("abort", () => this.client.off("error", examine), { once: true });
    });
  }

  async #shakeHands(signal: AbortSignal): Promise<void> {
    const fault = await handshakeFault(this.#target, signal);
    if (fault !== null && diagnose(fault)?.reaction === "throw") throw this.#explain(fault);
  }

  /** @throws what the server said, where the client only says that it is not connected */
  async #firstPing(): Promise<void> {
    try {
      await this.client.ping();
    } catch (error) {
      const said = diagnose(error)?.meaning === NO_ANSWER && diagnose(this.#lastError)?.reaction === "throw";
      throw said ? new Error(this.#lastError, { cause: error }) : error;
    }
  }

  #note(error: unknown): void {
    const cause = causeOf(error);
    // "Connection is closed" follows an error that says why.
    if (diagnose(error)?.meaning !== NO_ANSWER || this.#lastError === NO_ANSWER) this.#lastError = cause || REFUSED;
  }

  /** Do scripts use an injected clock? */
  get hasOwnClock(): boolean {
    return this.#clock !== null;
  }

  /** Does the server support the script flag `allow-oom`? */
  get allowOom(): boolean {
    return this.#allowOom;
  }

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
   * @param args a function is called each time they are sent
   * @throws EngineRefused for a queue that a newer Longshore has written to
   */
  async run(name: ScriptName, queue: string, args: Arguments, strings: "text" | "buffers" = "text"): Promise<unknown> {
    try {
      return await this.#run(name, queue, args, strings);
    } catch (error) {
      const found = newerFormat(error);
      if (found === null) throw error;
      const what = queue === DOCUMENTS ? "what is stored of documents" : `queue "${queue}"`;
      throw new EngineRefused(
        `${what} in ${describeTarget(this.#target)} was written by a newer Longshore (format ${found}, this one knows ${FORMAT}): update longshore`,
      );
    }
  }

  /** Runs a script that is about several queues of one server, with the key of its kind of each. */
  async runOnMany(name: ScriptName, queues: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return this.#call(name, (script) => queues.flatMap((queue) => script.keysOf(this.#keys, queue)), args, "text");
  }

  #run(name: ScriptName, queue: string, args: Arguments, strings: "text" | "buffers"): Promise<unknown> {
    return this.#call(name, (script) => script.keysOf(this.#keys, queue), args, strings);
  }

  async #call(
    name: ScriptName,
    keysOf: (script: Script) => readonly string[],
    args: Arguments,
    strings: "text" | "buffers",
  ): Promise<unknown> {
    const script = this.#script(name);
    const keys = keysOf(script);
    const now = this.#clock === null ? "" : this.#clock.now();
    const call = strings === "text" ? "call" : "callBuffer";
    const given = typeof args === "function" ? args : () => args;
    // The first call sends the script along, so that no later call overtakes it.
    if (!this.#sent.has(name)) {
      this.#sent.add(name);
      return this.send(() => this.client[call]("eval", script.source, keys.length, ...keys, now, ...given()), keys[0]);
    }
    return this.send(async () => {
      try {
        return await this.client[call]("evalsha", script.digest, keys.length, ...keys, now, ...given());
      } catch (error) {
        // The client library may have wrapped it, after it was sent to one node after the other.
        if (!causeOf(error).startsWith("NOSCRIPT")) throw error;
        return await this.client[call]("eval", script.source, keys.length, ...keys, now, ...given());
      }
    }, keys[0]);
  }

  /**
   * Sends a command that may be sent again; answers or throws within the command timeout.
   * @param key one of its keys, which says which node of a cluster it goes to
   */
  send<T>(command: () => Promise<T>, key?: string): Promise<T> {
    return this.#send(command, key, this.#target.commandTimeout);
  }

  /** Sends a command once, and throws at once what is wrong, in words. */
  async ask<T>(command: () => Promise<T>): Promise<T> {
    if (this.#closing.signal.aborted) throw new EngineClosed();
    try {
      return await command();
    } catch (error) {
      throw this.#closing.signal.aborted ? new EngineClosed() : this.#explain(error);
    }
  }

  async #send<T>(command: () => Promise<T>, key: string | undefined, timeout: number): Promise<T> {
    const deadline = performance.now() + timeout;
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
        await sleep(jitter(wait), undefined, { signal: this.#closing.signal }).catch(() => undefined);
      }
    }
  }

  #script(name: ScriptName): Script {
    let script = this.#scripts.get(name);
    if (script === undefined) {
      const cluster = this.#target.cluster !== undefined;
      script = Script.of(name, { allowOom: this.#allowOom, db: this.#keys.db, cluster });
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

  /** Where the nodes of a cluster are, as far as is known. */
  nodes(): readonly RedisAddress[] {
    const { cluster = [] } = this.#target;
    const known = this.client instanceof Cluster ? this.client.nodes("all") : [];
    if (known.length === 0) return cluster;
    return known.map(({ options: { host = "localhost", port = 6379 } }) => ({ host, port }));
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
    const advice = fault.advice === undefined ? {} : { advice: fault.advice };
    return new EngineUnavailable(describeTarget(this.#target), why, { cause: error, ...advice });
  }
}
