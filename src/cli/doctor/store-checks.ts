/** What is looked at of the store, server by server: can it be written to, what it keeps, who is let in, how full it is. */
import type { StoreNode } from "../../engine/contract/engine.js";
import type { StoreSnapshot } from "../../client/store/store.js";
import { formatSize } from "../../model/value/size.js";
import { relative } from "../terminal/time-text.js";
import { nodeInsights } from "../../model/insight/store-insights.js";
import { SKEW_FROM } from "../../model/insight/worker-insights.js";
import { checked, type Check } from "./check.js";

const LOOPBACK = /^(?:localhost|127\.|::1|\[::1\])/;
/** The oldest Redis that does all that Longshore can do when it is full. */
const WANTED_MAJOR = 7;

export function storeChecks({ kind, nodes }: StoreSnapshot, now: number): Check[] {
  return nodes.flatMap((node) => {
    const place = nodes.length > 1 ? ` (${node.name})` : "";
    const checks = kind === "redis" ? redisChecks(node, now) : fileChecks(node);
    return checks.map((check) => ({ ...check, name: check.name + place }));
  });
}

function redisChecks(node: StoreNode, now: number): Check[] {
  return [
    writable(node),
    version(node),
    persistence(node, now),
    eviction(node),
    memory(node),
    auth(node),
    rights(node),
    clock(node),
    checked(
      "backup",
      "unknown",
      "whether the files of Redis are backed up cannot be seen from here",
      backupAdvice(node),
    ),
  ];
}

function fileChecks(node: StoreNode): Check[] {
  const { name, persistence: kept, fileSize, diskFree } = node;
  const sync =
    kept.synced === true
      ? "a power cut loses nothing"
      : "a power cut may lose the last moments; durability=full does not";
  return [
    writable(node),
    checked("version", "ok", `${node.software} ${node.version ?? "of unknown version"}`),
    checked("persistence", "ok", `${kept.text}: ${sync}`),
    fileSize === null || diskFree === null
      ? checked("disk", "unknown", "how large the file may become cannot be seen")
      : (warned("disk", node, "store-nearly-full") ??
        checked("disk", "ok", `${formatSize(fileSize)} used, ${formatSize(diskFree)} free`)),
    checked(
      "backup",
      "unknown",
      "whether the file is backed up cannot be seen from here",
      `sqlite3 ${name} ".backup copy.db" in a timer of the system; copying the file itself breaks its locks`,
    ),
  ];
}

function writable({ refusal }: StoreNode): Check {
  return refusal === null
    ? checked("writable", "ok", "new jobs are accepted")
    : checked("writable", "error", refusal, "nothing that was accepted is lost; see what it says");
}

/** The insight of this code as a check; `null`: there is none. */
function warned(name: string, node: StoreNode, code: string): Check | null {
  const found = nodeInsights(node).find((insight) => insight.code === code);
  if (found === undefined) return null;
  return checked(name, found.severity === "error" ? "error" : "warning", found.text, found.advice);
}

function version({ software, version: found }: StoreNode): Check {
  if (found === null) return checked("version", "unknown", `${software} does not say its version`);
  const isOld = software === "redis" && Number.parseInt(found, 10) < WANTED_MAJOR;
  return isOld
    ? checked("version", "warning", `${software} ${found}`, "from Redis 7 on, a full Redis still lets jobs end")
    : checked("version", "ok", `${software} ${found}`);
}

function persistence(node: StoreNode, now: number): Check {
  const { text, kind, lastSaveAt } = node.persistence;
  const failed = warned("persistence", node, "store-save-failed") ?? warned("persistence", node, "store-volatile");
  if (failed !== null) return failed;
  if (kind === null)
    return checked(
      "persistence",
      "unknown",
      text,
      "allow config|get, or look at appendonly and save in its configuration",
    );
  const saved = lastSaveAt === null ? "" : `, last snapshot ${relative(lastSaveAt, now)}`;
  const loses =
    kind === "snapshots" ? "what came since the last snapshot is lost when Redis dies: consider appendonly yes" : null;
  return checked("persistence", kind === "snapshots" ? "warning" : "ok", `${text}${saved}`, loses);
}

function eviction(node: StoreNode): Check {
  if (node.evictionPolicy === null)
    return checked("eviction", "unknown", "the server does not say what it does when it is full");
  return (
    warned("eviction", node, "store-evicts") ?? checked("eviction", "ok", `maxmemory-policy ${node.evictionPolicy}`)
  );
}

function memory(node: StoreNode): Check {
  const { memoryUsed: used, memoryLimit: limit } = node;
  if (used === null) return checked("memory", "unknown", "the server does not say how much it uses");
  const of = limit === null ? "" : limit === 0 ? " without a limit (maxmemory)" : ` of ${formatSize(limit)}`;
  return warned("memory", node, "store-nearly-full") ?? checked("memory", "ok", `${formatSize(used)} used${of}`);
}

function auth({ auth: asks, tls, name, user }: StoreNode): Check {
  const isNear = LOOPBACK.test(name);
  const encrypted = tls === true ? ", encrypted" : isNear ? "" : ", not encrypted";
  if (asks === null)
    return checked(
      "auth",
      "unknown",
      `this user (${user ?? "?"}) may not see whether others need a password${encrypted}`,
    );
  if (!asks) {
    const advice = "set a password (requirepass, or ACL SETUSER default off and a user for Longshore)";
    return checked(
      "auth",
      isNear ? "warning" : "error",
      `everybody who reaches it may do everything${encrypted}`,
      advice,
    );
  }
  return tls === true || isNear
    ? checked("auth", "ok", `a password is needed, connected as ${user ?? "?"}${encrypted}`)
    : checked(
        "auth",
        "warning",
        `a password is needed, but it travels in the clear${encrypted}`,
        "use rediss:// (TLS)",
      );
}

function rights(node: StoreNode): Check {
  const { missingRights: missing } = node;
  if (missing === null)
    return checked("rights", "unknown", "the server does not say what its user may do (before Redis 7)");
  if (missing.length === 0) return checked("rights", "ok", "the user may do all that is needed");
  return (
    warned("rights", node, "store-rights") ??
    checked("rights", "warning", `without ${missing.join(", ")}: persistence cannot be seen`, null)
  );
}

function clock({ clockAhead, clockAccuracy }: StoreNode): Check {
  if (clockAhead === null) return checked("clock", "unknown", "the server did not say its time");
  const text = `${Math.abs(clockAhead)} ms ${clockAhead < 0 ? "behind" : "ahead of"} this machine, to within ${clockAccuracy ?? 0} ms`;
  return Math.abs(clockAhead) >= SKEW_FROM
    ? checked("clock", "warning", text, "set the clocks with NTP")
    : checked("clock", "ok", text);
}

function backupAdvice({ persistence: { kind } }: StoreNode): string {
  return kind === "none"
    ? "there is nothing on disk to back up"
    : "copy the dump.rdb after BGSAVE (and appendonlydir) to another machine, in a timer of the system";
}
