/**
 * What Longshore checks of a Redis server before it trusts jobs to it: its version, whether it may evict, what it persists.
 */
import { EngineRefused, EngineUnavailable, LongshoreError } from "../../../model/errors/errors.js";
import { describeTarget, type ParsedRedisTarget } from "../../target.js";
import type { Link } from "../connection/connection.js";
import { nodesOf, parseInfo, persistenceOf, type Node } from "./info.js";

export interface ServerFacts {
  /** Does it support script flags, as Redis 7 and later do? */
  readonly scriptFlags: boolean;
  /** What survives a crash of the machine, in words. */
  readonly persistence: string;
}

const OLDEST: readonly [number, number] = [6, 2];

/** Inspects every master of the target. @throws EngineRefused for a server that is too old or may evict jobs */
export async function inspectServer(link: Link, target: ParsedRedisTarget): Promise<ServerFacts> {
  const answers = await Promise.allSettled(nodesOf(link.client).map((node) => inspectNode(link, node, target)));
  const facts = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  // Of a cluster one node may be away: its queues have to wait, the others need not.
  const fault = answers.find((answer) => answer.status === "rejected")?.reason as unknown;
  if (fault !== undefined && !(fault instanceof EngineUnavailable && facts.length > 0)) throw fault;
  return {
    scriptFlags: facts.every((fact) => fact.scriptFlags),
    persistence: [...new Set(facts.map((fact) => fact.persistence))].join(", "),
  };
}

async function inspectNode(link: Link, node: Node, target: ParsedRedisTarget): Promise<ServerFacts> {
  const info = parseInfo(await link.send(() => node.info()));
  // A compatible server may give no version, or that of a Redis which it is not.
  const [major = OLDEST[0], minor = OLDEST[1]] = (info.get("redis_version") ?? OLDEST.join(".")).split(".").map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new EngineRefused(
      `${describeTarget(target)} is Redis ${major}.${minor}; Longshore needs ${OLDEST.join(".")} or later, or Valkey`,
    );
  }
  const policy = info.get("maxmemory_policy") ?? "noeviction";
  if (policy !== "noeviction" && !target.allowEviction) {
    throw new EngineRefused(
      `${describeTarget(target)} has maxmemory-policy ${policy}, which deletes queued jobs when memory is full. ` +
        "Set it to noeviction (CONFIG SET maxmemory-policy noeviction), or connect with allowEviction: true",
    );
  }
  return { scriptFlags: await knowsFlags(link, node), persistence: await persistenceOf(node, info) };
}

/** Tries script flags: the version does not tell, since compatible servers give one too. */
async function knowsFlags(link: Link, node: Node): Promise<boolean> {
  try {
    return (await link.send(() => node.eval("#!lua flags=allow-oom\nreturn 1", 0))) === 1;
  } catch (error) {
    if (error instanceof LongshoreError) throw error;
    return false;
  }
}
