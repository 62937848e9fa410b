// What a script costs a Redis server, counted and not timed: the commands it calls, and the entries it asks for in ranges and
// scans. Read from MONITOR, so the server must be the test's own.
import { Redis } from "ioredis";
import { RedisMonitor, type Carried } from "./redis-monitor.js";

/** What one script did. */
export interface ScriptWork {
  commands: number;
  entries: number;
  /** The length of all arguments, with quotes between them: what it wrote is among them. */
  bytes: number;
}

/** Commands that ask for a range of entries. */
const RANGES = /^(?:hscan|lrange|z(?:rev)?range)/;
const WHOLE = new Set(["hgetall", "hkeys", "hvals", "hlen"]);

export class WorkMeter {
  readonly #url: string;
  readonly #redis: Redis;
  #scripts: ScriptWork[] = [];
  /** How many fields the hashes had before. */
  readonly #sizes = new Map<string, number>();
  #marks = 0;
  #marked: () => void = () => {};

  private constructor(url: string) {
    this.#url = url;
    this.#redis = new Redis(url);
  }

  static async on(url: string): Promise<WorkMeter> {
    const meter = new WorkMeter(url);
    await meter.#redis.ping();
    return meter;
  }

  /** The scripts that a call ran; `hashes`: keys of those that could be read whole. */
  async of<T>(hashes: readonly string[], call: () => Promise<T>): Promise<{ answer: T; scripts: ScriptWork[] }> {
    for (const key of hashes) this.#sizes.set(key, await this.#redis.hlen(key));
    this.#scripts = [];
    // It monitors nothing else: a server that is monitored tells every command of every script, which takes long.
    const monitor = await RedisMonitor.start(this.#url, (heard) => this.#hear(heard));
    try {
      const answer = await call();
      await this.#mark();
      return { answer, scripts: this.#scripts };
    } finally {
      monitor.close();
    }
  }

  close(): void {
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

  #hear(heard: Carried): void {
    const command = /^"([^"]*)"/.exec(heard.text)?.[1]?.toLowerCase() ?? "";
    if (command === "echo" && heard.args[1] === `mark ${this.#marks}`) this.#marked();
    if (command.startsWith("eval")) this.#scripts.push({ commands: 0, entries: 0, bytes: 0 });
    const script = this.#scripts.at(-1);
    if (heard.source !== "lua" || script === undefined) return;
    script.commands += 1;
    script.bytes += heard.text.length;
    if (RANGES.test(command) || WHOLE.has(command)) script.entries += this.#entriesOf(command, heard.args.slice(1));
  }

  #entriesOf(command: string, [key = "", from = "", to = "", ...rest]: readonly string[]): number {
    if (WHOLE.has(command)) return command === "hlen" ? 0 : (this.#sizes.get(key) ?? 0);
    if (command === "hscan") return Number(rest[0]);
    if (command === "lrange") return span(from, to);
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
