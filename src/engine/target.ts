/**
 * Where to connect: a URL or an options object, checked and brought into one form. The form is plain data, so that it can
 * be handed to another thread, which then opens an engine of its own; so it names a file wherever the process goes.
 */
import { resolve } from "node:path";
import { parsePositiveDuration, type Duration } from "../model/value/duration.js";
import { InvalidInput } from "../model/errors/errors.js";
import { parseName } from "../model/value/name.js";

/** One SQLite file, shared by any number of processes on one machine. */
export interface SqliteTarget {
  engine: "sqlite";
  /** The file; its folder is created when missing. A relative path starts at the working directory of this moment. */
  path: string;
  /**
   * `"normal"` (default): nothing is lost when a process dies; a power cut may lose what was written since the last
   * checkpoint. `"full"`: a power cut loses nothing, and every command waits for the disk.
   */
  durability?: "normal" | "full";
}

/** A Redis server, a Sentinel group or a Redis Cluster. */
export interface RedisTarget {
  engine: "redis";
  /** `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. What is given beside it wins over its parts. */
  url?: string;
  /** Default: localhost. */
  host?: string;
  /** Default: 6379. */
  port?: number;
  username?: string;
  password?: string;
  /** The number of the database. Default: 0. */
  db?: number;
  /** `true`, or options such as `{ca, cert, key, servername}`. */
  tls?: boolean | { [option: string]: string | boolean };
  /** Sentinels to ask for the master called `sentinelName`. */
  sentinels?: readonly { host: string; port: number }[];
  sentinelName?: string;
  /** Some nodes of a cluster; the others are found from them. */
  cluster?: readonly { host: string; port: number }[];
  /** What every key starts with, so that several systems can share a server. Default: `"longshore"`. */
  prefix?: string;
  /** Connect although the server may evict keys, and so lose jobs, when its memory is full. Default: false. */
  allowEviction?: boolean;
  /** How long a command may take before it counts as unanswered. Default: 5 s. */
  commandTimeout?: Duration;
}

/** A new, empty engine in this process. */
export interface MemoryTarget {
  engine: "memory";
}

/** Where to connect. */
export type Target = MemoryTarget | SqliteTarget | RedisTarget;

/** A Redis target with everything filled in. */
export interface ParsedRedisTarget extends Omit<RedisTarget, "url" | "commandTimeout"> {
  host: string;
  port: number;
  db: number;
  prefix: string;
  allowEviction: boolean;
  /** Milliseconds. */
  commandTimeout: number;
}

/** A target in its one form. */
export type ParsedTarget = MemoryTarget | Required<SqliteTarget> | ParsedRedisTarget;

const URL_RULE = 'a URL such as "sqlite:jobs.db", "redis://localhost:6379/0", "rediss://…" or "memory:"';
const DEFAULT_PORT = 6379;
const DEFAULT_COMMAND_TIMEOUT = 5_000;

/** Checks a URL or options object. @throws InvalidInput; no message repeats a password */
export function parseTarget(target: string | Target): ParsedTarget {
  if (typeof target === "string") return parseUrl(target);
  switch (target.engine) {
    case "memory":
      return { engine: "memory" };
    case "sqlite":
      return parseSqlite(target);
    case "redis":
      return parseRedis(target);
    default:
      throw new InvalidInput("engine", Reflect.get(target, "engine"), '"memory", "sqlite" or "redis"');
  }
}

function parseUrl(url: string): ParsedTarget {
  if (url === "memory:" || url === "memory://") return { engine: "memory" };
  if (url.startsWith("sqlite:")) {
    return parseSqlite({ engine: "sqlite", path: url.slice("sqlite:".length).replace(/^\/\/(?=\/|[^/])/, "") });
  }
  if (/^rediss?:\/\//.test(url)) return parseRedis({ engine: "redis", url });
  throw new InvalidInput("url", redact(url), URL_RULE);
}

function parseSqlite({ path, durability = "normal" }: SqliteTarget): Required<SqliteTarget> {
  if (typeof path !== "string" || path === "") throw new InvalidInput("path", path, "the path of a file");
  if (path.startsWith(":")) throw new InvalidInput("path", path, 'a file; use "memory:" for jobs that live in memory');
  if (durability !== "normal" && durability !== "full") {
    throw new InvalidInput("durability", durability, '"normal" or "full"');
  }
  return { engine: "sqlite", path: resolve(path), durability };
}

function parseRedis(target: RedisTarget): ParsedRedisTarget {
  const { url, ...given } = target;
  const parts = url === undefined ? {} : splitUrl(url);
  const merged = { ...parts, ...given };
  const port = merged.port ?? DEFAULT_PORT;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new InvalidInput("port", port, "1 to 65535");
  const db = merged.db ?? 0;
  if (!Number.isInteger(db) || db < 0) throw new InvalidInput("db", db, "a whole number from 0");
  if (merged.sentinels !== undefined && merged.sentinelName === undefined) {
    throw new InvalidInput("sentinelName", undefined, "the name of the master the sentinels watch");
  }
  if (merged.cluster !== undefined && db !== 0) throw new InvalidInput("db", db, "0: a cluster has no other database");
  return {
    ...merged,
    host: merged.host ?? "localhost",
    port,
    db,
    prefix: parseName("prefix", merged.prefix ?? "longshore"),
    allowEviction: merged.allowEviction ?? false,
    commandTimeout: parsePositiveDuration("commandTimeout", merged.commandTimeout ?? DEFAULT_COMMAND_TIMEOUT),
  };
}

function splitUrl(text: string): Partial<RedisTarget> {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new InvalidInput("url", redact(text), URL_RULE);
  }
  const path = url.pathname.replace(/^\//, "");
  if (path !== "" && !/^\d+$/.test(path))
    throw new InvalidInput("url", redact(text), "a database number after the host");
  return {
    host: url.hostname.replace(/^\[|\]$/g, "") || "localhost",
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    ...(url.username === "" ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
    ...(path === "" ? {} : { db: Number(path) }),
    ...(url.protocol === "rediss:" ? { tls: true } : {}),
  };
}

/** A URL without its password, for messages and logs. */
function redact(url: string): string {
  return url.replace(/\/\/([^@/]*)@/, "//***@");
}

/** A target as a URL for people, without secrets. */
export function describeTarget(target: ParsedTarget): string {
  switch (target.engine) {
    case "memory":
      return "memory:";
    case "sqlite":
      return `sqlite:${target.path}`;
    case "redis": {
      if (target.cluster !== undefined) {
        return `redis cluster ${target.cluster.map(({ host, port }) => `${host}:${port}`).join(",")}`;
      }
      if (target.sentinels !== undefined) {
        const sentinels = target.sentinels.map(({ host, port }) => `${host}:${port}`).join(",");
        return `redis ${target.sentinelName ?? ""} by sentinels ${sentinels}`;
      }
      return `${target.tls ? "rediss" : "redis"}://${target.host}:${target.port}/${target.db}`;
    }
  }
}
