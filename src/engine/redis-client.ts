/**
 * An application's own Redis client, taken as a description of where to connect. Longshore opens connections of its own the
 * same way and leaves that client alone: on a shared one a transaction, a blocking command, `SELECT` or `SUBSCRIBE` of the
 * application would hold up heartbeats or lead jobs elsewhere, and its ways of trying again are not the engine's.
 */
import { lookup, resolveSrv } from "node:dns";
import { InvalidInput } from "../model/errors/errors.js";
import type { RedisAddress } from "./redis-address.js";

/** A `Redis` or `Cluster` of ioredis (5 or 6) or iovalkey. */
export interface RedisClient {
  readonly options: object;
  readonly status: string;
  readonly isCluster: boolean;
}

/** Options of the library as a client has them, functions too. */
export interface ClientOptions {
  /** Those of a connection to one server. */
  readonly node: Options;
  /** Those of a cluster. */
  readonly cluster: Options;
}

/** A client's part of a target. */
export interface ClientDescription {
  host?: string;
  port?: number;
  db?: number;
  username?: string;
  password?: string;
  /** Is TLS spoken? Its options are in `clientOptions`. */
  tls?: true;
  sentinels?: RedisAddress[];
  sentinelName?: string;
  cluster?: RedisAddress[];
  dnsLookup?: false;
  protocol: 2 | 3;
  clientOptions: ClientOptions;
}

type Options = Readonly<Record<string, unknown>>;

/** What is taken as it is of the options of one server, and of a cluster. The others are about how commands are sent. */
const OF_NODE = [
  ...["path", "family", "keepAlive", "noDelay", "disconnectTimeout", "connectionName", "disableClientInfo"],
  ...["clientInfoTag", "enableReadyCheck", "Connector", "tls"],
];
const OF_SENTINELS = [
  ...["sentinelUsername", "sentinelPassword", "sentinelTLS", "sentinelMaxConnections", "updateSentinels", "natMap"],
];
const OF_CLUSTER = ["natMap", "useSRVRecords", "slotsRefreshTimeout", "slotsRefreshInterval"];

/** Where a client connects, and as whom. @throws InvalidInput; no message repeats a secret of the client */
export function describeClient(client: RedisClient): ClientDescription {
  if (!isClient(client)) throw new InvalidInput("client", typeof client, "a Redis or Cluster of ioredis or iovalkey");
  if (client.status === "end") throw new InvalidInput("client", "one that was closed", "a client that is open");
  const options: Options = { ...client.options };
  refuseKeyPrefix(options);
  return client.isCluster ? describeCluster(options, startupNodes(client)) : describeServer(options);
}

function isClient(client: unknown): client is RedisClient {
  if (typeof client !== "object" || client === null) return false;
  const { options, status, isCluster } = client as Partial<RedisClient>;
  return typeof options === "object" && typeof status === "string" && typeof isCluster === "boolean";
}

function describeServer(options: Options): ClientDescription {
  const { sentinels, name } = options;
  const db = Number(options["db"] ?? 0);
  if (!Array.isArray(sentinels) || sentinels.length === 0) {
    return { ...describeNode(options, OF_NODE), ...addressOf(options), db };
  }
  // To the master that sentinels name, the library speaks TLS only when it is set.
  const tls = options["enableTLSForSentinelMode"] === true ? options["tls"] : undefined;
  return {
    ...describeNode({ ...options, tls }, [...OF_NODE, ...OF_SENTINELS]),
    sentinels: sentinels.map(addressOf),
    sentinelName: textOf(name) ?? "",
    db,
  };
}

function describeCluster(options: Options, nodes: readonly unknown[]): ClientDescription {
  const ofNodes: Options = { ...objectOf(options["redisOptions"]) };
  refuseKeyPrefix(ofNodes);
  const cluster = nodes.map(addressOf);
  const [first] = cluster;
  if (first === undefined) throw new InvalidInput("client", "a cluster without nodes", "one that has some");
  // The URL of a node may say what the options do not.
  const { clientOptions, ...described } = describeNode({ ...credentialsOf(nodes), ...present(ofNodes) }, OF_NODE);
  const { dnsLookup, resolveSrv: resolver } = options;
  const asTheyAre = keepsNames(dnsLookup, first.host);
  return {
    ...described,
    cluster,
    ...(asTheyAre ? { dnsLookup: false } : {}),
    clientOptions: {
      ...clientOptions,
      cluster: {
        ...pick(options, OF_CLUSTER),
        // The library's defaults are no choice of the application.
        ...(asTheyAre || dnsLookup === lookup ? {} : present({ dnsLookup })),
        ...(resolver === resolveSrv ? {} : present({ resolveSrv: resolver })),
      },
    },
  };
}

/** As whom, and how, a server is spoken to. */
function describeNode(options: Options, taken: readonly string[]): ClientDescription {
  const [username, password] = [textOf(options["username"]), textOf(options["password"])];
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(options["tls"] ? { tls: true } : {}),
    // A library that does not say speaks the older one; what knows only that may stand behind it.
    protocol: options["protocol"] === 3 ? 3 : 2,
    clientOptions: { node: pick(options, taken), cluster: {} },
  };
}

function refuseKeyPrefix({ keyPrefix }: Options): void {
  if (keyPrefix === undefined || keyPrefix === null || keyPrefix === "") return;
  throw new InvalidInput("client.keyPrefix", keyPrefix, "none: Longshore names its keys itself; give `prefix` instead");
}

/** Does a function leave the names of nodes as they are, as is usual on hosted clusters? It answers at once then. */
function keepsNames(dnsLookup: unknown, name: string): boolean {
  if (typeof dnsLookup !== "function" || dnsLookup === lookup) return false;
  let kept = false;
  const answer = (_error: unknown, found: unknown): void => {
    kept = found === name;
  };
  try {
    Reflect.apply(dnsLookup, undefined, [name, answer]);
  } catch {
    return false;
  }
  return kept;
}

function startupNodes(client: RedisClient): readonly unknown[] {
  const nodes: unknown = Reflect.get(client, "startupNodes");
  return Array.isArray(nodes) ? nodes : [];
}

/** Where a server is: a client may be given it as a port, a URL, or host and port. */
function addressOf(server: unknown): RedisAddress {
  if (typeof server === "number") return { host: "127.0.0.1", port: server };
  if (typeof server === "string") {
    const { hostname, port } = urlOf(server);
    return { host: hostname.replace(/^\[|\]$/g, "") || "127.0.0.1", port: Number(port || 6379) };
  }
  const { host, port }: Options = { ...objectOf(server) };
  return { host: textOf(host) ?? "127.0.0.1", port: Number(port ?? 6379) };
}

function credentialsOf(nodes: readonly unknown[]): Options {
  for (const node of nodes) {
    if (typeof node !== "string") {
      const own = pick(objectOf(node), ["username", "password", "tls"]);
      if (Object.keys(own).length > 0) return own;
      continue;
    }
    const { username, password, protocol } = urlOf(node);
    return {
      ...(username === "" ? {} : { username: decodeURIComponent(username) }),
      ...(password === "" ? {} : { password: decodeURIComponent(password) }),
      ...(protocol === "rediss:" ? { tls: {} } : {}),
    };
  }
  return {};
}

function urlOf(text: string): URL {
  try {
    return new URL(text.includes("//") ? text : `redis://${text}`);
  } catch {
    throw new InvalidInput("client", "a cluster", "one whose nodes are given by host and port");
  }
}

function pick(options: object, names: readonly string[]): Options {
  return present(Object.fromEntries(names.map((name) => [name, Reflect.get(options, name)])));
}

function present(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== null));
}

function objectOf(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Can another thread be given this? Functions cannot be sent, and of objects with methods only the fields arrive. */
export function isData(value: unknown): boolean {
  if (typeof value === "function" || typeof value === "symbol") return false;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return false;
  return Object.values(value).every(isData);
}
