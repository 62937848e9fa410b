/**
 * Where to connect: a URL or an options object, checked and brought into one form. The form is plain data (`isPortable` tells
 * when it is not), so that it can be handed to another thread, which then opens an engine of its own; so it names a file
 * wherever the process goes.
 */
import { resolve } from "node:path";
import { InvalidInput } from "../model/errors/errors.js";
import { isData } from "./redis-client.js";
import {
  describeRedis,
  parseRedis,
  redact,
  URL_RULE,
  type ParsedRedisTarget,
  type RedisTarget,
} from "./redis-target.js";

export type { ParsedRedisTarget, RedisAddress, RedisClient, RedisTarget, RedisTls } from "./redis-target.js";

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
  /**
   * Open the file although it is on a network file system (NFS, SMB, FUSE …), where SQLite's locks may not hold. Only where
   * one machine alone ever opens it. Default: false.
   */
  allowNetwork?: boolean;
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
    return parseSqlite(splitSqliteUrl(url));
  }
  if (/^rediss?:\/\//.test(url)) return parseRedis({ engine: "redis", url });
  throw new InvalidInput("url", redact(url), URL_RULE);
}

/** `sqlite:path`, with options of the file behind a `?`. */
function splitSqliteUrl(url: string): SqliteTarget {
  const [path = "", ...rest] = url
    .slice("sqlite:".length)
    .replace(/^\/\/(?=\/|[^/])/, "")
    .split("?");
  const target: SqliteTarget = { engine: "sqlite", path };
  for (const [name, value] of new URLSearchParams(rest.join("?"))) {
    if (name === "durability" && (value === "normal" || value === "full")) target.durability = value;
    else if (name === "allowNetwork" && (value === "true" || value === "false")) target.allowNetwork = value === "true";
    else throw new InvalidInput("url", url, SQLITE_URL_RULE);
  }
  if (rest.length > 0 && rest.join("?") === "") throw new InvalidInput("url", url, SQLITE_URL_RULE);
  return target;
}

const SQLITE_URL_RULE =
  'behind "?" only durability=normal, durability=full or allowNetwork=true; a path with a "?" in it is given as {engine: "sqlite", path}';

function parseSqlite({ path, durability = "normal", allowNetwork = false }: SqliteTarget): Required<SqliteTarget> {
  if (typeof path !== "string" || path === "") throw new InvalidInput("path", path, "the path of a file");
  if (path.startsWith(":")) throw new InvalidInput("path", path, 'a file; use "memory:" for jobs that live in memory');
  if (durability !== "normal" && durability !== "full") {
    throw new InvalidInput("durability", durability, '"normal" or "full"');
  }
  if (typeof allowNetwork !== "boolean") throw new InvalidInput("allowNetwork", allowNetwork, "true or false");
  return { engine: "sqlite", path: resolve(path), durability, allowNetwork };
}

/** Can a target be handed to another thread? Not one of a client whose options have functions. */
export function isPortable(target: ParsedTarget): boolean {
  return isData(target);
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
