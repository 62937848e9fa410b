/** Where a Redis is: one server, a Sentinel group or a cluster, checked and brought into one form. */
import { createSecureContext } from "node:tls";
import { InvalidInput } from "../model/errors/errors.js";
import { parsePositiveDuration, type Duration } from "../model/value/duration.js";
import { parseName } from "../model/value/name.js";
import { checkAddress, isPort, type RedisAddress } from "./redis-address.js";
import { describeClient, type ClientOptions, type RedisClient } from "./redis-client.js";

export type { RedisAddress } from "./redis-address.js";
export type { RedisClient } from "./redis-client.js";

/** Options of TLS: texts, bytes such as the contents of a file, and lists of them. */
export interface RedisTls {
  [option: string]: string | boolean | number | Uint8Array | readonly (string | Uint8Array)[];
}

/** A Redis server, a Sentinel group or a Redis Cluster. */
export interface RedisTarget {
  engine: "redis";
  /** `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. What is given beside it wins over its parts. */
  url?: string;
  /**
   * A `Redis` or `Cluster` of ioredis (5 or 6) or iovalkey that the application has: Longshore connects where that does, as the
   * same user, in its database, over connections of its own. The client itself is neither used nor closed. It must have no
   * `keyPrefix` (give `prefix`); nothing of what it says is given beside it.
   * @example
   * const longshore = await connect({ engine: "redis", client: redis, prefix: "billing" });
   */
  client?: RedisClient;
  /** Default: localhost. */
  host?: string;
  /** Default: 6379. */
  port?: number;
  username?: string;
  password?: string;
  /** The number of the database. Default: 0. */
  db?: number;
  /** `true`, or options such as `{ca, cert, key, servername}`: those of `tls.connect` of Node that are data. */
  tls?: boolean | RedisTls;
  /** Sentinels to ask for the master called `sentinelName`. */
  sentinels?: readonly RedisAddress[];
  sentinelName?: string;
  /** The user and the password of the sentinels; those above are the server's. Default: none. */
  sentinelUsername?: string;
  sentinelPassword?: string;
  /** TLS to the sentinels, as `tls`. Default: none. */
  sentinelTls?: boolean | RedisTls;
  /** Some nodes of a cluster; the others are found from them. */
  cluster?: readonly RedisAddress[];
  /**
   * Where to connect instead of the addresses that a cluster, or sentinels, give for their nodes, as behind a NAT or in
   * containers: `{ "10.0.0.5:6379": { host: "redis.example", port: 7001 } }`. Default: they are used as they are.
   */
  natMap?: { readonly [address: string]: RedisAddress };
  /**
   * `false`: the names of a cluster's nodes are not looked up but given on as they are, where certificates are for names, as
   * on hosted clusters. Default: true.
   */
  dnsLookup?: boolean;
  /** The version of the Redis protocol: 2 for servers that do not know `HELLO`. Default: 3. */
  protocol?: 2 | 3;
  /** What every key starts with, so that several systems can share a server. Default: `"longshore"`. */
  prefix?: string;
  /** Connect although the server may evict keys, and so lose jobs, when its memory is full. Default: false. */
  allowEviction?: boolean;
  /** How long a command may take before it counts as unanswered. Default: 5 s. */
  commandTimeout?: Duration;
  /**
   * How long `connect` tries until Redis answers, so that it may start a little later than its clients. What waiting does not
   * help, such as a wrong password, is thrown at once. Default: 5 s.
   */
  connectTimeout?: Duration;
}

/** A Redis target with everything filled in. */
export interface ParsedRedisTarget extends Omit<RedisTarget, "url" | "client" | "commandTimeout" | "connectTimeout"> {
  host: string;
  port: number;
  db: number;
  prefix: string;
  allowEviction: boolean;
  /** Milliseconds. */
  commandTimeout: number;
  /** Milliseconds. */
  connectTimeout: number;
  /** What a client of the application says beside the rest. */
  clientOptions?: ClientOptions;
}

type ParsedBefore = Pick<ParsedRedisTarget, "clientOptions">;

/** What may be given beside a client, since it does not say it. */
const BESIDE_CLIENT = new Set(["engine", "prefix", "allowEviction", "commandTimeout", "connectTimeout"]);

export const URL_RULE = 'a URL such as "sqlite:jobs.db", "redis://localhost:6379/0", "rediss://…" or "memory:"';
const DEFAULT_PORT = 6379;
const DEFAULT_COMMAND_TIMEOUT = 5_000;
const DEFAULT_CONNECT_TIMEOUT = 5_000;

/** Checks a target. @throws InvalidInput; no message repeats a password */
export function parseRedis(target: RedisTarget): ParsedRedisTarget {
  // What was parsed before may be parsed again.
  const { url, client, ...given }: RedisTarget & ParsedBefore = target;
  if (client !== undefined) checkBesideClient({ url, ...given });
  const parts: Partial<RedisTarget> & ParsedBefore =
    client !== undefined ? describeClient(client) : url !== undefined ? splitUrl(url) : {};
  const merged = { ...parts, ...given };
  const port = merged.port ?? DEFAULT_PORT;
  if (!isPort(port)) throw new InvalidInput("port", port, "1 to 65535");
  const db = merged.db ?? 0;
  if (!Number.isInteger(db) || db < 0) throw new InvalidInput("db", db, "a whole number from 0");
  if (![undefined, 2, 3].includes(merged.protocol)) throw new InvalidInput("protocol", merged.protocol, "2 or 3");
  checkNodes(merged);
  for (const field of ["tls", "sentinelTls"] as const) checkTls(field, merged[field]);
  for (const field of ["tls", "sentinelTLS"]) checkTls(`client.${field}`, merged.clientOptions?.node[field]);
  if (merged.cluster !== undefined && db !== 0) throw new InvalidInput("db", db, "0: a cluster has no other database");
  return {
    ...merged,
    host: merged.host ?? "localhost",
    port,
    db,
    prefix: parseName("prefix", merged.prefix ?? "longshore"),
    allowEviction: merged.allowEviction ?? false,
    commandTimeout: parsePositiveDuration("commandTimeout", merged.commandTimeout ?? DEFAULT_COMMAND_TIMEOUT),
    connectTimeout: parsePositiveDuration("connectTimeout", merged.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT),
  };
}

function checkBesideClient(given: object): void {
  for (const [field, value] of Object.entries(given)) {
    if (value === undefined || BESIDE_CLIENT.has(field)) continue;
    throw new InvalidInput(field, "a value", "not given together with a client, which says it");
  }
}

/** @throws InvalidInput, which repeats nothing of a key */
function checkTls(field: string, tls: unknown): void {
  if (tls === undefined || typeof tls === "boolean") return;
  if (typeof tls !== "object" || tls === null) throw new InvalidInput(field, typeof tls, "true, or options of TLS");
  try {
    createSecureContext({ ...tls });
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    const what = typeof code === "string" ? code : "what was given";
    throw new InvalidInput(field, what, "options of tls.connect of Node; ca, cert and key in PEM");
  }
}

/** Checks what is about several servers. @throws InvalidInput */
function checkNodes({ sentinels, sentinelName, cluster, natMap, dnsLookup, ...rest }: RedisTarget): void {
  if (sentinels !== undefined && cluster !== undefined) {
    throw new InvalidInput("sentinels", sentinels, "not given together with a cluster");
  }
  for (const [field, list] of [["sentinels", sentinels] as const, ["cluster", cluster] as const]) {
    if (list === undefined) continue;
    if (!Array.isArray(list) || list.length === 0) throw new InvalidInput(field, list, "a list of { host, port }");
    for (const [index, address] of list.entries()) checkAddress(`${field}[${index}]`, address);
  }
  if (sentinels !== undefined && (typeof sentinelName !== "string" || sentinelName === "")) {
    throw new InvalidInput("sentinelName", sentinelName, "the name of the master the sentinels watch");
  }
  for (const field of ["sentinelUsername", "sentinelPassword", "sentinelTls"] as const) {
    if (rest[field] !== undefined && sentinels === undefined) {
      throw new InvalidInput(field, "given", "given with sentinels only");
    }
  }
  if (natMap !== undefined) {
    if (typeof natMap !== "object" || natMap === null || (sentinels ?? cluster) === undefined) {
      throw new InvalidInput("natMap", natMap, "an object, given with a cluster or sentinels");
    }
    for (const [from, to] of Object.entries(natMap)) {
      if (!/^.+:\d+$/.test(from)) throw new InvalidInput("natMap", from, 'addresses such as "10.0.0.5:6379"');
      checkAddress(`natMap["${from}"]`, to);
    }
  }
  if (dnsLookup !== undefined && (typeof dnsLookup !== "boolean" || cluster === undefined)) {
    throw new InvalidInput("dnsLookup", dnsLookup, "true or false, given with a cluster");
  }
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
export function redact(url: string): string {
  return url.replace(/\/\/([^@/]*)@/, "//***@");
}

/** A target as a URL for people, without secrets. */
export function describeRedis(target: ParsedRedisTarget): string {
  if (target.cluster !== undefined) return `redis cluster ${namesOf(target.cluster)}`;
  if (target.sentinels !== undefined) {
    return `redis ${target.sentinelName ?? ""} by sentinels ${namesOf(target.sentinels)}`;
  }
  const path = target.clientOptions?.node["path"];
  if (typeof path === "string") return `redis ${path} (database ${target.db})`;
  return `${target.tls ? "rediss" : "redis"}://${target.host}:${target.port}/${target.db}`;
}

function namesOf(addresses: readonly RedisAddress[]): string {
  return addresses.map(({ host, port }) => `${host}:${port}`).join(",");
}
