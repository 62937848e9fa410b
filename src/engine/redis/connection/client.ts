/** Makes clients of the library: for one server, a Sentinel group or a cluster, with its own ways of trying again turned off. */
import { Cluster, Redis, type RedisOptions } from "ioredis";
import { systemRandom } from "../../../model/value/clock.js";
import type { ParsedRedisTarget, RedisAddress, RedisTls } from "../../redis-target.js";

/** A Redis client of either kind. */
export type Client = Redis | Cluster;

/** Creates a client for a target. `blocking` clients have no command timeout: their commands are meant to wait. */
export function createClient(target: ParsedRedisTarget, blocking = false): Client {
  const node = {
    ...(target.username === undefined ? {} : { username: target.username }),
    ...(target.password === undefined ? {} : { password: target.password }),
    ...(target.tls === undefined || target.tls === false ? {} : { tls: tlsOptions(target.tls) }),
    ...(blocking ? {} : { commandTimeout: target.commandTimeout }),
    ...(target.protocol === undefined ? {} : { protocol: target.protocol }),
    ...target.clientOptions?.node,
    db: target.db,
    connectTimeout: target.commandTimeout,
    lazyConnect: true,
    // An unanswered command may have run: the engine decides whether to send it again, not the client library.
    autoResendUnfulfilledCommands: false,
    // Unanswered commands fail when the connection closes, instead of staying open until they time out.
    maxRetriesPerRequest: 0,
    // A subscriber subscribes again by itself, and handles failures (channel.ts): an unhandled rejection would end the
    // process.
    autoResubscribe: false,
    retryStrategy: reconnectAfter,
  } satisfies RedisOptions;
  if (target.cluster !== undefined) {
    const cluster = new Cluster([...target.cluster], {
      redisOptions: node,
      lazyConnect: true,
      clusterRetryStrategy: reconnectAfter,
      // Enough for a slot that has moved. What takes longer is tried again in `send`, within the time of the command.
      maxRedirections: 4,
      ...(target.natMap === undefined ? {} : { natMap: { ...target.natMap } }),
      ...(target.dnsLookup === false ? { dnsLookup: (name, found) => found(null, name) } : {}),
      ...target.clientOptions?.cluster,
    });
    // Faults show as failed commands; the listener only keeps them from being printed.
    return cluster.on("error", () => undefined);
  }
  const client =
    target.sentinels === undefined
      ? new Redis({ ...node, host: target.host, port: target.port })
      : new Redis({ ...node, ...sentinelOptions(target, target.sentinels) });
  // The library continues in database 0 if it cannot select another one: commands must never run there.
  return client.on("error", (error: unknown) => {
    if (isRefusedSelect(error)) client.disconnect(true);
  });
}

function tlsOptions(tls: NonNullable<ParsedRedisTarget["tls"]>): RedisTls {
  return typeof tls === "boolean" ? {} : { ...tls };
}

function sentinelOptions(
  { sentinelName, sentinelUsername, sentinelPassword, sentinelTls, natMap, commandTimeout, tls }: ParsedRedisTarget,
  sentinels: readonly RedisAddress[],
) {
  return {
    sentinels: [...sentinels],
    name: sentinelName ?? "",
    sentinelCommandTimeout: commandTimeout,
    sentinelRetryStrategy: reconnectAfter,
    enableTLSForSentinelMode: tls !== undefined && tls !== false,
    ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(sentinelTls === undefined || sentinelTls === false ? {} : { sentinelTLS: tlsOptions(sentinelTls) }),
    ...(natMap === undefined ? {} : { natMap: { ...natMap } }),
  } satisfies RedisOptions;
}

function isRefusedSelect(error: unknown): boolean {
  const command: unknown = error instanceof Error ? Reflect.get(error, "command") : undefined;
  return typeof command === "object" && command !== null && Reflect.get(command, "name") === "select";
}

/** Milliseconds before the nth attempt to connect again: half of it is random, so that a fleet does not come back in step. */
export function reconnectAfter(times: number): number {
  return jitter(Math.min(50 * 2 ** Math.min(times, 10), 2_000));
}

/** A wait with a random part, so that many do not end at once. */
export function jitter(ms: number): number {
  return ms * (0.5 + 0.5 * systemRandom());
}
