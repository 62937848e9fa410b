/**
 * Strict readers for job data from outside this process: stored policies and links, and jobs that a child asks for. The
 * bounds are those of options at enqueueing; fields added by a later version are left out.
 */
import { DEFAULT_BACKOFF, type Backoff } from "../failure/backoff.js";
import { POLICIES, type Dependency } from "../job/dependency.js";
import { LONGEST_DURATION } from "../value/duration.js";
import { MOST_MEMBERS, type InputReference, type Membership } from "../job/membership.js";
import type { JobRef, JobSpec, JobLinks } from "../job/job.js";
import { META_CAP, MOST_ATTEMPTS, PRIORITY_BOUND } from "./options.js";
import type { Path } from "../value/path.js";
import type { Keep, Retention } from "../job/retention.js";
import {
  Malformed,
  readBytes,
  readFlag,
  readList,
  readNumber,
  readObject,
  readOptional,
  readText,
  readWhole,
  readWord,
} from "../value/strict.js";
import type { Unique } from "../job/unique.js";

const NAME = /^[A-Za-z0-9_.:-]{1,128}$/;
const LONGEST_KEY = 256;
const LONGEST_NODE = 1_000;
const MOST_DELAYS = 50;
const DEEPEST_PATH = 1_000;
const MOST_TAGS = 100;
const MOST_KEPT = 1_000_000;

/** A queue, a task or an id. @throws Malformed */
export function readName(what: string, value: unknown): string {
  if (typeof value !== "string" || !NAME.test(value)) throw new Malformed(what);
  return value;
}

/** @throws Malformed */
export function readRef(what: string, value: unknown): JobRef {
  const { queue, id } = readObject(what, value);
  return { queue: readName(`${what}.queue`, queue), id: readName(`${what}.id`, id) };
}

/** Milliseconds from 0 to the longest duration. @throws Malformed */
export function readDuration(what: string, value: unknown): number {
  return readWhole(what, value, 0, LONGEST_DURATION);
}

/** The milliseconds that an attempt may take. @throws Malformed */
export function readTimeout(what: string, value: unknown): number {
  return readWhole(what, value, 1, LONGEST_DURATION);
}

/** @throws Malformed */
export function readBackoff(what: string, value: unknown): Backoff {
  const { type, delays, delay, factor, max, jitter } = readObject(what, value);
  if (type === "list") {
    const list = readList(`${what}.delays`, delays, MOST_DELAYS, readDuration);
    if (list.length === 0) throw new Malformed(`${what}.delays`);
    return { type, delays: list };
  }
  if (type !== "exponential") throw new Malformed(`${what}.type`);
  return {
    type,
    delay: readDuration(`${what}.delay`, delay),
    factor: readNumber(`${what}.factor`, factor, 1, 100),
    max: readDuration(`${what}.max`, max),
    jitter: readNumber(`${what}.jitter`, jitter, 0, 1),
  };
}

/** @throws Malformed */
export function readRetention(what: string, value: unknown): Retention {
  const { completed, failed } = readObject(what, value);
  return { completed: readKeep(`${what}.completed`, completed), failed: readKeep(`${what}.failed`, failed) };
}

function readKeep(what: string, value: unknown): Keep {
  const { age, count } = readObject(what, value);
  return {
    age: readDuration(`${what}.age`, age),
    count: readOptional(`${what}.count`, count, (place, number) => readWhole(place, number, 0, MOST_KEPT)),
  };
}

/** @throws Malformed */
export function readUnique(what: string, value: unknown): Unique {
  const { key, until, onConflict, debounce } = readObject(what, value);
  const held =
    typeof until === "number"
      ? readDuration(`${what}.until`, until)
      : readWord(`${what}.until`, until, ["started", "finished"]);
  const read = {
    key: readBytes(`${what}.key`, key, LONGEST_KEY),
    until: held,
    onConflict: readWord(`${what}.onConflict`, onConflict, ["join", "reject", "replace"]),
  };
  if (debounce === undefined) return read;
  const { wait, most } = readObject(`${what}.debounce`, debounce);
  return {
    ...read,
    debounce: {
      wait: readDuration(`${what}.debounce.wait`, wait),
      most: readOptional(`${what}.debounce.most`, most, readDuration),
    },
  };
}

/** @throws Malformed */
export function readSupersedes(what: string, value: unknown): string | null {
  return readOptional(what, value, (place, key) => readBytes(place, key, LONGEST_KEY));
}

/** @throws Malformed */
export function readAfter(what: string, value: unknown): readonly Dependency[] {
  return readList(what, value, MOST_MEMBERS, (place, one) => ({
    ...readRef(place, one),
    ifFailed: readWord(`${place}.ifFailed`, readObject(place, one)["ifFailed"], POLICIES),
  }));
}

/** @throws Malformed */
export function readMembership(what: string, value: unknown): Membership {
  const { node, parent, weight, ifFailed } = readObject(what, value);
  return {
    ...readRef(what, value),
    node: readText(`${what}.node`, node, LONGEST_NODE),
    parent: readOptional(`${what}.parent`, parent, (place, name) => readText(place, name, LONGEST_NODE)),
    weight: readNumber(`${what}.weight`, weight, 0, Number.MAX_VALUE),
    ifFailed: readWord(`${what}.ifFailed`, ifFailed, ["fail", "continue"]),
  };
}

/** @throws Malformed */
export function readReferences(what: string, value: unknown): readonly InputReference[] {
  return readList(what, value, MOST_MEMBERS, (place, one) => {
    const { at, from, take } = readObject(place, one);
    return {
      at: readPath(`${place}.at`, at),
      from: readRef(`${place}.from`, from),
      take: readPath(`${place}.take`, take),
    };
  });
}

function readPath(what: string, value: unknown): Path {
  return readList(what, value, DEEPEST_PATH, (place, key) =>
    typeof key === "number" ? readWhole(place, key, 0, Number.MAX_SAFE_INTEGER) : readText(place, key, 100_000),
  );
}

/** @throws Malformed */
export function readRole(what: string, value: unknown): JobSpec["role"] {
  return readWord(what, value, ["job", "flow"]);
}

/** @throws Malformed */
export function readLinks(what: string, value: unknown): JobLinks {
  const { after, references, flow, role } = readObject(what, value);
  return {
    after: readAfter(`${what}.after`, after),
    references: readReferences(`${what}.references`, references),
    flow: readOptional(`${what}.flow`, flow, readMembership),
    role: readRole(`${what}.role`, role),
  };
}

/** A job as it is handed to an engine. @param payloadCap bytes of JSON its input may have @throws Malformed */
export function readSpec(what: string, value: unknown, payloadCap: number): JobSpec {
  const spec = readObject(what, value);
  const at = (field: string): [string, unknown] => [`${what}.${field}`, spec[field]];
  return {
    ...readRef(what, value),
    ...readLinks(what, value),
    task: readName(...at("task")),
    input: readBytes(...at("input"), payloadCap),
    backoff: isDefault(spec["backoff"]) ? DEFAULT_BACKOFF : readBackoff(...at("backoff")),
    timeout: readTimeout(...at("timeout")),
    supersedes: readSupersedes(...at("supersedes")),
    due: readDue(...at("due")),
    priority: readWhole(...at("priority"), -PRIORITY_BOUND, PRIORITY_BOUND),
    attempts: readWhole(...at("attempts"), 1, MOST_ATTEMPTS),
    ttl: readOptional(...at("ttl"), readDuration),
    tags: readList(...at("tags"), MOST_TAGS, (place, tag) => readBytes(place, tag, LONGEST_KEY)),
    meta: readOptional(...at("meta"), (place, meta) => readBytes(place, meta, META_CAP)),
    hold: readFlag(...at("hold")),
    unique: readOptional(...at("unique"), readUnique),
    retention: readRetention(...at("retention")),
    nonce: readOptional(...at("nonce"), (place, nonce) => readText(place, nonce, LONGEST_KEY)),
  };
}

// Engines store a default as nothing and recognise it by identity, which no message preserves.
function isDefault(backoff: unknown): boolean {
  return JSON.stringify(backoff) === JSON.stringify(DEFAULT_BACKOFF);
}

function readDue(what: string, value: unknown): JobSpec["due"] {
  const due = readObject(what, value);
  if ("at" in due) return { at: readNumber(`${what}.at`, due["at"], 0, Number.MAX_SAFE_INTEGER) };
  return { in: readDuration(`${what}.in`, due["in"]) };
}
