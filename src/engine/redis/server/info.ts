/** What `INFO` and `CONFIG GET` of one server say. */
import { Cluster, type Redis } from "ioredis";
import type { Client } from "../connection/client.js";

/** One server, of a cluster or not. */
export type Node = Redis;

/** The servers that have what is stored: all masters of a cluster, or the one server. */
export function nodesOf(client: Client): Node[] {
  return client instanceof Cluster ? client.nodes("master") : [client];
}

/** The fields of `INFO`. */
export function parseInfo(text: string): Map<string, string> {
  const entries = text.split("\r\n").flatMap((line): [string, string][] => {
    const colon = line.indexOf(":");
    return colon === -1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
  });
  return new Map(entries);
}

/** A configuration setting; `null` where CONFIG is not allowed, as on many hosted servers. */
export async function setting(node: Node, name: string): Promise<string | null> {
  try {
    const answer: unknown = await node.config("GET", name);
    return Array.isArray(answer) && typeof answer[1] === "string" ? answer[1] : null;
  } catch {
    return null;
  }
}

/** What survives a crash of the machine, in words. */
export async function persistenceOf(node: Node, info: ReadonlyMap<string, string>): Promise<string> {
  if (info.get("aof_enabled") === "1") return `aof ${(await setting(node, "appendfsync")) ?? "on"}`;
  const save = await setting(node, "save");
  if (save === null) return "unknown (CONFIG is not allowed)";
  return save === "" ? "none" : "rdb snapshots";
}
