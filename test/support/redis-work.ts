// What a script costs a Redis server, counted and not timed: the commands it calls, and the entries it asks for in ranges and
// scans. Read from MONITOR, so the server must be the test's own.
import { Redis } from "ioredis";
import { RedisMonitor } from "./redis-monitor.js";

/** What one script did. */
export interface ScriptWork {
  commands: number;
  entries: number;
  /** The length of all arguments: what it wrote is among them. */
  bytes: number;
}

const WHOLE = new Set(["hgetall", "hkeys", "hvals", "hlen"]);

export class WorkMeter {
  readonly #redis: Redis;
  #monitor: RedisMonitor | null = null;
  readonly #scripts: ScriptWork[] = [];
  /** How many fields the hashes had before. */
  readonly #sizes = new Map<string, number>();
  #marks = 0;
  #marked: () => void = () => {};

  private constructor(redis: Redis) {
    this.#redis = redis;
  }

  static async on(url: string): Promise<WorkMeter> {
    const meter = new WorkMeter(new Redis(url));
    meter.#monitor = await RedisMonitor.start(url, ({ args, source }) => meter.#hear(args, source));
    return meter;
  }

  /** The scripts that a call ran; `hashes`: keys of those that could be read whole. */
  async of<T>(hashes: readonly string[], call: () => Promise<T>): Promise<{ answer: T; scripts: ScriptWork[] }> {
    for (const key of hashes) this.#sizes.set(key, await this.#redis.hlen(key));
    await this.#mark();
    this.#scripts.length = 0;
    const answer = await call();
    await this.#mark();
    return { answer, scripts: [...this.#scripts] };
  }

  close(): void {
    this.#monitor?.close();
    this.#redis.disconnect();
  }

  /** Resolves when everything before it was received. */
  async #mark(): Promise<void> {
    this.#marks += 1;
    const heard = new Promise<void>((resolve) => {
      this.#marked = resolve;
    });
    await this.#redis.echo(`mark ${this.#marks}`);
    await heard;
  }

  #hear(args: readonly string[], source: string): void {
    const [name = "", ...rest] = args;
    const command = name.toLowerCase();
    if (command === "echo" && rest[0] === `mark ${this.#marks}`) this.#marked();
    if (command.startsWith("eval")) this.#scripts.push({ commands: 0, entries: 0, bytes: 0 });
    const script = this.#scripts.at(-1);
    if (source !== "lua" || script === undefined) return;
    script.commands += 1;
    for (const arg of args) script.bytes += arg.length;
    script.entries += this.#entriesOf(command, rest);
  }

  #entriesOf(command: string, [key = "", from = "", to = "", ...rest]: readonly string[]): number {
    if (WHOLE.has(command)) return command === "hlen" ? 0 : (this.#sizes.get(key) ?? 0);
    if (command === "hscan") return Number(rest[0]);
    if (command === "lrange" || command === "zrange") return span(from, to);
    if (!/^z(rev)?rangeby/.test(command)) return 0;
    const limit = rest.findIndex((word) => word === "LIMIT");
    if (limit === -1) return span(from, to);
    const most = Number(rest[limit + 2]);
    return most < 0 ? Number.POSITIVE_INFINITY : most;
  }
}

/** How many entries there are from one number to another at most. */
function span(from: string, to: string): number {
  const entries = Number(to) - Number(from) + 1;
  return entries > 0 ? entries : Number.POSITIVE_INFINITY;
}
