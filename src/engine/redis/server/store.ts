/** What the servers of a Redis say of themselves, and the writes by which they are tried out. */
import type { ParsedRedisTarget } from "../../target.js";
import { NODE_UNKNOWN, type StoreNode, type StorePersistence } from "../../contract/store.js";
import { refusalOf } from "../../shared/refusal.js";
import { systemClock } from "../../../model/value/clock.js";
import type { Link } from "../connection/connection.js";
import { DOCUMENTS, type Keys } from "../connection/keys.js";
import { nodesOf, parseInfo, persistenceOf, type Node } from "./info.js";
import { missingRights } from "./rights.js";

const SECOND = 1_000;
/**
 * A script that does nothing, but says that it may write: the server decides before it runs whether it would let it. Without keys it can be
 * sent to any node, and leaves nothing behind.
 */
const MAY_WRITE = "#!lua\nreturn 1";
/** What is sent instead to servers that do not know the flags of scripts. */
const WRITE = "redis.call('rpush', KEYS[1], 1) return redis.call('pexpire', KEYS[1], 1)";

/** Tries to write to every node that has jobs. @throws EngineUnavailable, EngineRefused: what the first of them says that would not */
export async function probeNodes(link: Link, keys: Keys): Promise<void> {
  await Promise.all(nodesOf(link.client).map((node) => probeNode(link, keys, node)));
}

async function probeNode(link: Link, keys: Keys, node: Node): Promise<void> {
  if (link.allowOom) await link.ask(() => node.eval(MAY_WRITE, 0));
  else await link.ask(() => link.client.eval(WRITE, 1, keys.of(DOCUMENTS, "probe")));
}

/** What each node says. One of a cluster that does not answer says why not. @throws EngineUnavailable when none answers */
export async function describeNodes(link: Link, keys: Keys, target: ParsedRedisTarget): Promise<StoreNode[]> {
  const nodes = nodesOf(link.client);
  const described = await Promise.allSettled(nodes.map((node) => describeNode(link, keys, target, node)));
  const failed = described.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  if (failed.length === nodes.length) throw failed[0];
  return described.map((one, index) => {
    if (one.status === "fulfilled") return one.value;
    const reason: unknown = one.reason;
    const refusal = reason instanceof Error ? reason.message : String(reason);
    return { ...NODE_UNKNOWN, name: nameOf(nodes[index]), software: "redis", writable: false, refusal };
  });
}

async function describeNode(link: Link, keys: Keys, target: ParsedRedisTarget, node: Node): Promise<StoreNode> {
  const info = parseInfo(await link.send(() => node.info()));
  const number = (field: string): number | null => {
    const value = Number(info.get(field) ?? Number.NaN);
    return Number.isFinite(value) ? value : null;
  };
  const software = info.get("server_name") ?? "redis";
  const [refusal, persistence, clock, access, missing] = await Promise.all([
    refusalOf(() => probeNode(link, keys, node)),
    describePersistence(node, info),
    measureClock(link, node),
    describeAccess(node, target),
    missingRights(node, keys),
  ]);
  return {
    ...NODE_UNKNOWN,
    name: nameOf(node),
    software,
    version: info.get(`${software}_version`) ?? info.get("redis_version") ?? null,
    writable: refusal === null,
    refusal,
    persistence,
    evictionPolicy: info.get("maxmemory_policy") ?? null,
    evicted: number("evicted_keys"),
    memoryUsed: number("used_memory"),
    memoryLimit: number("maxmemory"),
    tls: target.tls !== undefined && target.tls !== false,
    ...access,
    missingRights: missing,
    ...clock,
  };
}

function nameOf(node: Node | undefined): string {
  const { host = "localhost", port = 6379 } = node?.options ?? {};
  return `${host}:${port}`;
}

async function describePersistence(node: Node, info: ReadonlyMap<string, string>): Promise<StorePersistence> {
  const text = await persistenceOf(node, info);
  const kind = text.startsWith("aof") ? "log" : text === "none" ? "none" : text.startsWith("rdb") ? "snapshots" : null;
  const outcomes = [
    "rdb_last_bgsave_status",
    ...(kind === "log" ? ["aof_last_write_status", "aof_last_bgrewrite_status"] : []),
  ]
    .map((field) => info.get(field))
    .filter((status) => status !== undefined);
  const savedAt = Number(info.get("rdb_last_save_time") ?? 0) * SECOND;
  return {
    text,
    kind,
    synced: kind === null ? null : text === "aof always",
    lastSaveOk: kind === "none" || outcomes.length === 0 ? null : outcomes.every((status) => status === "ok"),
    // A server that has never saved says when it began.
    lastSaveAt: kind === "none" || savedAt === 0 ? null : savedAt,
  };
}

/** The time of the server against ours, in the middle of the question. */
async function measureClock(link: Link, node: Node): Promise<Pick<StoreNode, "clockAhead" | "clockAccuracy">> {
  const before = systemClock.now();
  const from = systemClock.monotonic();
  const [seconds = 0, micros = 0] = await link.send(() => node.time());
  const half = (systemClock.monotonic() - from) / 2;
  const ahead = seconds * SECOND + micros / SECOND - (before + half);
  return { clockAhead: Math.round(ahead), clockAccuracy: Math.ceil(half) };
}

/** Who is let in. Asking for another user is a right that few have; nothing is asked that would be refused, as that is logged. */
async function describeAccess(node: Node, target: ParsedRedisTarget): Promise<Pick<StoreNode, "auth" | "user">> {
  const { username, password } = target;
  const user = username ?? "default";
  // A server without a password refuses one.
  if (password === undefined) return { auth: false, user };
  if (username === undefined) return { auth: true, user };
  return { auth: await asksEverybody(node), user };
}

/** Has the user that everybody is at first a password, or is it off? */
async function asksEverybody(node: Node): Promise<boolean | null> {
  try {
    const allowed = await node.eval("return redis.acl_check_cmd('ACL', 'GETUSER', 'default') and 1 or 0", 0);
    if (allowed !== 1) return null;
    const found: unknown = await node.call("ACL", "GETUSER", "default");
    const flags = flagsOf(found);
    return flags === null ? null : flags.includes("off") || !flags.includes("nopass");
  } catch {
    return null;
  }
}

/** The flags in the answer to `ACL GETUSER`: a list of names and values, or a map. */
function flagsOf(answer: unknown): readonly unknown[] | null {
  const flags: unknown = Array.isArray(answer)
    ? answer[answer.indexOf("flags") + 1]
    : answer instanceof Map
      ? answer.get("flags")
      : typeof answer === "object" && answer !== null
        ? Reflect.get(answer, "flags")
        : null;
  return Array.isArray(flags) ? (flags as readonly unknown[]) : null;
}
