/**
 * A Lua script: read from `scripts/`, composed (compose.ts) and called by its digest. The head of each file names its keys,
 * so that Lua code uses names (`K.wait`) and not positions.
 */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { compose } from "./compose.js";
import type { Keys } from "./keys.js";
import { scriptFiles, type ScriptFiles } from "./script-files.js";

// NOW in milliseconds: the time of the server, or of an injected clock.
const CLOCK = `
local NOW = tonumber(ARGV[1])
if not NOW then
  local t = redis.call('TIME')
  NOW = t[1] * 1000 + math.floor(t[2] / 1000)
end
`;

/** The names of the scripts. */
export type ScriptName =
  | "aside"
  | "commit"
  | "control"
  | "counts"
  | "document-put"
  | "document-read"
  | "document-remove"
  | "enqueue"
  | "enqueue-usual"
  | "exchange"
  | "exchange-usual"
  | "ended"
  | "fire"
  | "group"
  | "groups"
  | "inbox"
  | "links"
  | "list"
  | "locate"
  | "logs"
  | "obliterate"
  | "outbox"
  | "pause"
  | "position"
  | "read"
  | "removal-messages"
  | "report"
  | "schedule"
  | "schedule-put"
  | "schedules"
  | "session"
  | "series"
  | "sweep"
  | "watch"
  | "watched"
  | "worker-command"
  | "workers";

// Scripts that free memory, only move what is stored, must run before a job can end (a report), or store a few bytes for who
// looks after a full queue: they run even when Redis is out of memory, so that a full queue drains.
const FREES_MEMORY: ReadonlySet<ScriptName> = new Set([
  "commit",
  "control",
  "document-remove",
  "exchange",
  "exchange-usual",
  "group",
  "inbox",
  "obliterate",
  "outbox",
  "pause",
  "report",
  "schedule",
  "session",
  "ended",
  "series",
  "sweep",
  "watch",
  "watched",
  "worker-command",
]);

/** What a script has to know of the server it runs on, and could not find out. */
export interface ScriptServer {
  /** Does it know the script flag `allow-oom` (Redis 7)? */
  readonly allowOom: boolean;
  /** The number of the database. */
  readonly db: number;
  readonly cluster: boolean;
}

let files: ScriptFiles | null = null;
const ready = new Map<string, Script>();

/** One script, ready to be called. */
export class Script {
  /** The script for a server and database; the connections of a process share it, for composing takes milliseconds. */
  static of(name: ScriptName, server: ScriptServer): Script {
    const key = `${name} ${server.allowOom} ${server.db} ${server.cluster}`;
    const script = ready.get(key) ?? new Script(name, server);
    ready.set(key, script);
    return script;
  }

  readonly source: string;
  readonly digest: string;
  readonly #keyNames: readonly string[];

  private constructor(name: ScriptName, { allowOom, db, cluster }: ScriptServer) {
    files ??= scriptFiles(fileURLToPath(new URL("../scripts", import.meta.url)));
    const { keys: names, body } = compose(name, files.read);
    this.#keyNames = names;
    // `KEYS` is a global variable, and each look at one costs.
    const keys = this.#keyNames.map((key, index) => `${key} = k[${index + 1}]`).join(", ");
    const flags = allowOom && FREES_MEMORY.has(name) ? "#!lua flags=allow-oom\n" : "";
    this.source = `${flags}local K do local k = KEYS K = { ${keys}, db = '${db}', cluster = ${cluster} } end${CLOCK}${body}`;
    this.digest = createHash("sha1").update(this.source).digest("hex");
  }

  /** The keys this script touches in a queue, in the expected order. */
  keysOf(keys: Keys, queue: string): string[] {
    const base = keys.base(queue);
    return this.#keyNames.map((name) => base + name);
  }
}
