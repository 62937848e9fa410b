/** A store that refuses writes, may delete jobs, is nearly full, or would lose what it has. */
import { formatSize } from "../value/size.js";
import { listOf, type Insight } from "./insight.js";

/** What was seen of one server or file; `null`: unknown. Sizes are bytes. */
export interface ObservedNode {
  readonly name: string;
  readonly software: string;
  readonly refusal: string | null;
  readonly persistence: {
    readonly text: string;
    readonly kind: "log" | "snapshots" | "none" | null;
    readonly lastSaveOk: boolean | null;
  };
  readonly evictionPolicy: string | null;
  readonly evicted: number | null;
  readonly memoryUsed: number | null;
  /** 0: none. */
  readonly memoryLimit: number | null;
  readonly diskFree: number | null;
  readonly missingRights: readonly string[] | null;
}

const MEGABYTE = 1024 * 1024;
/** The part of its memory that a store may use before that is said, and from which it is about to refuse jobs. */
const MUCH = 0.8;
const NEARLY_ALL = 0.95;
/** The same of free room on a disk: a SQLite file refuses new jobs from 24 MB on. */
const LITTLE_ROOM = 512 * MEGABYTE;
const HARDLY_ANY = 64 * MEGABYTE;

/** What is to be said of one node; nothing, when all is well. */
export function nodeInsights(node: ObservedNode): Insight[] {
  return [
    refuses(node),
    evicts(node),
    memoryOf(node),
    diskOf(node),
    persistenceOf(node),
    savesNot(node),
    rightsOf(node),
  ].filter((insight) => insight !== null);
}

function make(
  { name }: ObservedNode,
  code: Insight["code"],
  severity: Insight["severity"],
  text: string,
  advice: string,
): Insight {
  return { code, severity, text: `the store ${name} ${text}`, subjects: { nodes: [name] }, since: null, advice };
}

function refuses(node: ObservedNode): Insight | null {
  if (node.refusal === null) return null;
  return make(
    node,
    "store-refuses",
    "error",
    `takes no new jobs: ${node.refusal}`,
    "nothing that was accepted is lost; see what it says",
  );
}

function evicts(node: ObservedNode): Insight | null {
  const { evictionPolicy: policy, evicted } = node;
  if (policy === null || policy === "noeviction") return null;
  const did = evicted !== null && evicted > 0;
  const text = did
    ? `has deleted ${evicted} keys for want of memory (maxmemory-policy ${policy}): jobs may be among them`
    : `deletes jobs when its memory is full (maxmemory-policy ${policy})`;
  return make(
    node,
    "store-evicts",
    did ? "error" : "warning",
    text,
    "CONFIG SET maxmemory-policy noeviction, and in its configuration file",
  );
}

function memoryOf(node: ObservedNode): Insight | null {
  const { memoryUsed: used, memoryLimit: limit } = node;
  if (used === null || limit === null || limit === 0 || used < limit * MUCH) return null;
  const text = `uses ${Math.floor((used / limit) * 100)} % of its memory (${formatSize(used)} of ${formatSize(limit)})`;
  const advice = "let jobs be kept for less long (keep), or raise maxmemory; a full one takes no new jobs";
  return make(node, "store-nearly-full", used >= limit * NEARLY_ALL ? "error" : "warning", text, advice);
}

function diskOf(node: ObservedNode): Insight | null {
  const { diskFree: free } = node;
  if (free === null || free > LITTLE_ROOM) return null;
  const text = `has ${formatSize(free)} of room left on its disk`;
  const advice = "make room, or let jobs be kept for less long (keep): a full disk takes no new jobs";
  return make(node, "store-nearly-full", free <= HARDLY_ANY ? "error" : "warning", text, advice);
}

function persistenceOf(node: ObservedNode): Insight | null {
  if (node.persistence.kind !== "none") return null;
  if (node.software === "memory") {
    return make(
      node,
      "store-volatile",
      "info",
      "lives and dies with this process",
      "for jobs that must outlive it: sqlite:FILE or Redis",
    );
  }
  return make(
    node,
    "store-volatile",
    "warning",
    "keeps nothing on disk: a restart of it loses every job",
    "turn its append-only file on: CONFIG SET appendonly yes, and in its configuration file",
  );
}

function savesNot(node: ObservedNode): Insight | null {
  if (node.persistence.lastSaveOk !== false) return null;
  return make(
    node,
    "store-save-failed",
    "error",
    `could not save the last time it tried to (${node.persistence.text})`,
    "look at its log and at the room on its disk; it refuses jobs sooner or later",
  );
}

function rightsOf(node: ObservedNode): Insight | null {
  // Without this one nothing is missing but the knowledge of what is persisted.
  const missing = (node.missingRights ?? []).filter((right) => right !== "config|get");
  if (missing.length === 0) return null;
  return make(
    node,
    "store-rights",
    "error",
    `does not let this user do all that is needed: ${listOf(missing)}`,
    "give it the rights of a Redis user that docs/engines.md lists",
  );
}
