/**
 * What a command costs who serves all others: of a Redis server the longest script, of SQLite the longest time in which the
 * main thread does nothing else. In milliseconds of CPU time at most: other programs of the machine make it last longer, not
 * cost more.
 */
import { Redis } from "ioredis";
import type { Store } from "../../system.js";

export interface Gauge {
  /** Does a call; answers what it answered, and the longest piece of it. */
  of<T>(call: () => T | Promise<T>): Promise<{ answer: T; longest: number }>;
  close(): void;
}

/** The gauge of a store. */
export function gaugeOf({ kind, url }: Store): Promise<Gauge> {
  return kind === "redis" ? ScriptGauge.open(url) : Promise.resolve(new BlockGauge());
}

/** Sends the scripts of a call one at a time, and asks the server before and after each how much CPU time it has had. */
class ScriptGauge implements Gauge {
  readonly #redis: Redis;
  #turn: Promise<void> = Promise.resolve();
  #longest = 0;

  private constructor(redis: Redis) {
    this.#redis = redis;
  }

  static async open(url: string): Promise<ScriptGauge> {
    const redis = new Redis(url);
    await redis.ping();
    return new ScriptGauge(redis);
  }

  async of<T>(call: () => T | Promise<T>): Promise<{ answer: T; longest: number }> {
    this.#longest = 0;
    // The client of the engine is its own: every client of this process is one of these.
    const clients = Redis.prototype as { sendCommand: Send };
    const { sendCommand } = clients;
    const watch = this.#watched.bind(this);
    clients.sendCommand = function (...args) {
      return watch(args[0], () => sendCommand.apply(this, args));
    };
    try {
      const answer = await call();
      await this.#turn;
      return { answer, longest: this.#longest };
    } finally {
      clients.sendCommand = sendCommand;
    }
  }

  close(): void {
    this.#redis.disconnect();
  }

  #watched(command: SendArguments[0], send: () => unknown): unknown {
    if (!/^eval/i.test(command.name)) return send();
    this.#turn = this.#measure(this.#turn, command, send);
    return command.promise;
  }

  async #measure(before: Promise<void>, command: SendArguments[0], send: () => unknown): Promise<void> {
    await before;
    const start = await this.#cpu();
    send();
    await command.promise.catch(() => undefined);
    this.#longest = Math.max(this.#longest, (await this.#cpu()) - start);
  }

  /** Milliseconds of CPU time of the server's main thread so far. */
  async #cpu(): Promise<number> {
    const info = await this.#redis.info("cpu");
    const seconds = [...info.matchAll(/^used_cpu_(?:sys|user)_main_thread:([\d.]+)/gm)].map(([, value]) =>
      Number(value),
    );
    return seconds.reduce((sum, value) => sum + value, 0) * 1_000;
  }
}

type SendArguments = Parameters<Redis["sendCommand"]>;
type Send = (this: Redis, ...args: SendArguments) => unknown;

/** Looks at the clock at every turn of the event loop. */
class BlockGauge implements Gauge {
  async of<T>(call: () => T | Promise<T>): Promise<{ answer: T; longest: number }> {
    let longest = 0;
    let last = moment();
    let over = false;
    const look = (): void => {
      const now = moment();
      longest = Math.max(longest, Math.min(now.wall - last.wall, now.cpu - last.cpu));
      last = now;
    };
    const turn = (): void => {
      if (over) return;
      look();
      setImmediate(turn);
    };
    setImmediate(turn);
    try {
      const answer = await call();
      look();
      return { answer, longest };
    } finally {
      over = true;
    }
  }

  close(): void {
    // It holds nothing.
  }
}

function moment(): { readonly wall: number; readonly cpu: number } {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now(), cpu: (user + system) / 1_000 };
}
