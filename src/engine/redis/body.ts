/**
 * The body of a job as Redis keeps it: a header (JSON of what is out of the ordinary), a line break, the input. Headers of
 * one task are the same text over and over, so decoded ones are remembered.
 */
import { DEFAULT_BACKOFF, type Backoff } from "../../model/backoff.js";
import { UNTIED, type JobBody, type JobSpec } from "../../model/job.js";
import { DEFAULT_TIMEOUT } from "../../model/options.js";
import { DEFAULT_RETENTION, type Retention } from "../../model/retention.js";
import type { Unique } from "../../model/unique.js";

/** Everything a header says, defaults filled in. */
export interface Header {
  readonly task: string;
  readonly backoff: Backoff;
  readonly timeout: number;
  readonly ttl: number | null;
  readonly unique: Unique | null;
  readonly supersedes: string | null;
  readonly retention: Retention;
}

/** The body of a job. */
export function encodeBody(spec: JobSpec): string {
  const usual =
    spec.backoff === DEFAULT_BACKOFF &&
    spec.timeout === DEFAULT_TIMEOUT &&
    spec.ttl === null &&
    spec.unique === null &&
    spec.supersedes === null &&
    spec.retention === DEFAULT_RETENTION;
  if (usual) return `"${spec.task}"\n${spec.input}`;
  const { task, backoff, timeout, ttl, unique, supersedes, retention } = spec;
  const header = JSON.stringify({
    task,
    ...(backoff === DEFAULT_BACKOFF ? {} : { backoff }),
    ...(timeout === DEFAULT_TIMEOUT ? {} : { timeout }),
    ...(ttl === null ? {} : { ttl }),
    ...(unique === null ? {} : { unique }),
    ...(supersedes === null ? {} : { supersedes }),
    ...(retention === DEFAULT_RETENTION ? {} : { retention }),
  });
  return `${header}\n${spec.input}`;
}

const MOST_REMEMBERED = 1_000;
const remembered = new Map<string, Header>();

/** Takes a body apart. @throws SyntaxError or TypeError when it is not one */
export function decodeBody(body: string): { header: Header; input: string } {
  const end = body.indexOf("\n");
  if (end === -1) throw new SyntaxError("no header");
  const text = body.slice(0, end);
  let header = remembered.get(text);
  if (header === undefined) {
    header = parseHeader(text);
    if (remembered.size >= MOST_REMEMBERED) remembered.clear();
    remembered.set(text, header);
  }
  return { header, input: body.slice(end + 1) };
}

function parseHeader(text: string): Header {
  const parsed: unknown = JSON.parse(text);
  const said = typeof parsed === "string" ? { task: parsed } : parsed;
  if (typeof said !== "object" || said === null || !("task" in said) || typeof said.task !== "string") {
    throw new TypeError("the header names no task");
  }
  const defaults = {
    backoff: DEFAULT_BACKOFF,
    timeout: DEFAULT_TIMEOUT,
    ttl: null,
    unique: null,
    supersedes: null,
    retention: DEFAULT_RETENTION,
  };
  return { ...defaults, ...said, task: said.task };
}

/** A job as it is stored: its birth record (see scripts/lib/record.lua), then its body. */
export interface StoredJob {
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly body: string;
}

const BIRTH_SIZE = 20;
const ATTEMPTS_AT = 2;
const CREATED_AT = 8;

/** Takes the stored job apart that stands at these bytes. @throws TypeError when there is none */
export function decodeStored(bytes: Buffer, from: number, to: number): StoredJob {
  if (to - from < BIRTH_SIZE) throw new TypeError("no birth record");
  return {
    attempts: bytes.readUInt16LE(from + ATTEMPTS_AT),
    createdAt: bytes.readUIntLE(from + CREATED_AT, 6),
    body: bytes.toString("utf8", from + BIRTH_SIZE, to),
  };
}

/** What a worker needs of a body. */
export function bodyFor(body: string): JobBody {
  const { header, input } = decodeBody(body);
  return {
    task: header.task,
    input,
    backoff: header.backoff,
    timeout: header.timeout,
    supersedes: header.supersedes,
    ...UNTIED,
  };
}

/** What the enqueue script must know of a job: its attempts, and as JSON when anything is out of the ordinary. */
export function encodeOptions(spec: JobSpec): string | number {
  const at = "at" in spec.due ? spec.due.at : null;
  const delay = "in" in spec.due ? spec.due.in : 0;
  const { attempts, priority, ttl, tags, meta, hold, unique, supersedes, retention, nonce } = spec;
  const late = at !== null || delay !== 0 || hold || ttl !== null;
  const indexed = tags.length > 0 || unique !== null || supersedes !== null || retention !== DEFAULT_RETENTION;
  if (!late && !indexed && priority === 0 && meta === null && nonce === null) return attempts;
  return JSON.stringify({
    attempts,
    ...(at === null ? {} : { at }),
    ...(delay === 0 ? {} : { delay }),
    ...(priority === 0 ? {} : { priority }),
    ...(ttl === null ? {} : { ttl }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(meta === null ? {} : { meta }),
    ...(hold ? { hold } : {}),
    ...(unique === null ? {} : { unique: encodeUnique(unique) }),
    ...(supersedes === null ? {} : { supersedes }),
    ...(retention === DEFAULT_RETENTION ? {} : { keep: retention }),
    ...(nonce === null ? {} : { nonce }),
  });
}

function encodeUnique({ key, until, then, debounce }: Unique): object {
  const till = typeof until === "number" ? until : until === "finished" ? "f" : "s";
  const said = { key, till, then: then === "join" ? "j" : then === "reject" ? "r" : "p" };
  if (debounce === undefined) return said;
  const { wait, most } = debounce;
  return { ...said, wait, ...(most === null ? {} : { most }) };
}
