/**
 * Where to connect: a URL or an options object, checked and brought into one form. The form is plain data, so that it can
 * be handed to another thread, which then opens an engine of its own; so it names a file wherever the process goes.
 */
import { resolve } from "node:path";
import { InvalidInput } from "../model/errors/errors.js";
import {
  describeRedis,
  parseRedis,
  redact,
  URL_RULE,
  type ParsedRedisTarget,
  type RedisTarget,
} from "./redis-target.js";

export type { ParsedRedisTarget, RedisAddress, RedisTarget } from "./redis-target.js";

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

/** A new, empty engine in this process. */
export interface MemoryTarget {
  engine: "memory";
}

/** Where to connect. */
export type Target = MemoryTarget | SqliteTarget | RedisTarget;

/** A target in its one form. */
export type ParsedTarget = MemoryTarget | Required<SqliteTarget> | ParsedRedisTarget;

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

/** A target as a URL for people, without secrets. */
export function describeTarget(target: ParsedTarget): string {
  switch (target.engine) {
    case "memory":
      return "memory:";
    case "sqlite":
      return `sqlite:${target.path}`;
    case "redis":
      return describeRedis(target);
  }
}
