/**
 * The stored body of a job: a header (JSON of what is out of the ordinary), a line break, the input; and, if the input
 * refers to results of other jobs, a line break and the references. Headers of one task are mostly the same text, so
 * decoded ones are cached.
 */
import { DEFAULT_BACKOFF, type Backoff } from "../../../model/failure/backoff.js";
import { POLICIES, type Dependency } from "../../../model/job/dependency.js";
import { FLOW_CREATION, type InputReference, type Membership } from "../../../model/job/membership.js";
import {
  UNLINKED,
  type JobBody,
  type JobLinks,
  type JobRef,
  type JobSpec,
  type JobWith,
} from "../../../model/job/job.js";
import { DEFAULT_TIMEOUT } from "../../../model/options/options.js";
import { DEFAULT_RETENTION, type Retention } from "../../../model/job/retention.js";
import { readObject } from "../../../model/value/strict.js";
import {
  readAfter,
  readBackoff,
  readDuration,
  readMembership,
  readName,
  readReferences,
  readRetention,
  readRole,
  readSupersedes,
  readTimeout,
  readUnique,
} from "../../../model/options/strict-job.js";
import type { Unique } from "../../../model/job/unique.js";
import { BIRTH_SIZE, CONFLICT_LETTERS, UNTIL_LETTERS } from "../connection/wire.js";

/** The content of a header, defaults filled in. */
export interface Header {
  readonly task: string;
  readonly backoff: Backoff;
  readonly timeout: number;
  readonly ttl: number | null;
  readonly unique: Unique | null;
  readonly supersedes: string | null;
  readonly retention: Retention;
  readonly after: readonly Dependency[];
  readonly flow: Membership | null;
  readonly role: JobSpec["role"];
}

/** The fields of the body, and those of `encodeOptions`. */
type Encoded =
  | ("task" | "input" | "backoff" | "timeout" | "ttl" | "unique" | "supersedes" | "retention" | keyof JobLinks)
  | ("id" | "queue" | "due" | "attempts" | "priority" | "tags" | "meta" | "hold" | "nonce");

/** The body of a job. */
export function encodeBody(spec: JobWith<Encoded>): string {
  const usual =
    spec.backoff === DEFAULT_BACKOFF &&
    spec.timeout === DEFAULT_TIMEOUT &&
    spec.ttl === null &&
    spec.unique === null &&
    spec.supersedes === null &&
    spec.retention === DEFAULT_RETENTION &&
    !isLinked(spec);
  if (usual) return `"${spec.task}"\n${spec.input}`;
  const { task, backoff, timeout, ttl, unique, supersedes, retention, after, flow, role, references } = spec;
  const header = JSON.stringify({
    task,
    ...(backoff === DEFAULT_BACKOFF ? {} : { backoff }),
    ...(timeout === DEFAULT_TIMEOUT ? {} : { timeout }),
    ...(ttl === null ? {} : { ttl }),
    ...(unique === null ? {} : { unique }),
    ...(supersedes === null ? {} : { supersedes }),
    ...(retention === DEFAULT_RETENTION ? {} : { retention }),
    ...(after.length === 0 ? {} : { after }),
    ...(flow === null ? {} : { flow }),
    ...(role === "job" ? {} : { role }),
  });
  const links = references.length === 0 ? "" : `\n${JSON.stringify(references)}`;
  return `${header}\n${spec.input}${links}`;
}

function isLinked({ after, references, flow, role }: JobSpec): boolean {
  return after.length > 0 || references.length > 0 || flow !== null || role !== "job";
}

const NO_REFERENCES: readonly InputReference[] = [];
const MOST_REMEMBERED = 1_000;
/** In characters; a longer one, with a thousand dependencies, is not likely to occur again. */
const LONGEST_REMEMBERED = 1_000;
const remembered = new Map<string, Header>();

/** Decodes a body. @throws SyntaxError or TypeError when it is not one */
export function decodeBody(body: string): { header: Header; input: string; references: readonly InputReference[] } {
  const end = body.indexOf("\n");
  if (end === -1) throw new SyntaxError("no header");
  const text = body.slice(0, end);
  let header = remembered.get(text);
  if (header === undefined) {
    header = parseHeader(text);
    if (remembered.size >= MOST_REMEMBERED) remembered.clear();
    if (text.length <= LONGEST_REMEMBERED) remembered.set(text, header);
  }
  const inputEnd = body.indexOf("\n", end + 1);
  if (inputEnd === -1) return { header, input: body.slice(end + 1), references: NO_REFERENCES };
  const references = readReferences("references", JSON.parse(body.slice(inputEnd + 1)));
  return { header, input: body.slice(end + 1, inputEnd), references };
}

/** Decodes a header, checking each field: a job that another program or version wrote badly fails alone. */
function parseHeader(text: string): Header {
  const parsed: unknown = JSON.parse(text);
  const fields = typeof parsed === "string" ? { task: parsed } : readObject("header", parsed);
  const read = <T>(field: keyof Header, reader: (what: string, value: unknown) => T, otherwise: T): T =>
    field in fields ? reader(`header.${field}`, Reflect.get(fields, field)) : otherwise;
  return {
    task: readName("header.task", fields["task"]),
    backoff: read("backoff", readBackoff, DEFAULT_BACKOFF),
    timeout: read("timeout", readTimeout, DEFAULT_TIMEOUT),
    ttl: read<number | null>("ttl", readDuration, null),
    unique: read<Unique | null>("unique", readUnique, null),
    supersedes: read("supersedes", readSupersedes, null),
    retention: read("retention", readRetention, DEFAULT_RETENTION),
    after: read("after", readAfter, UNLINKED.after),
    flow: read<Membership | null>("flow", readMembership, null),
    role: read("role", readRole, UNLINKED.role),
  };
}

/** A stored job: its birth record (see scripts/lib/store/record.lua), then its body. */
export interface StoredJob {
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly body: string;
}

const ATTEMPTS_AT = 3;
const CREATED_AT = 9;

/** Decodes the stored job at these bytes. @throws TypeError when there is none */
export function decodeStored(bytes: Buffer, from: number, to: number): StoredJob {
  if (to - from < BIRTH_SIZE) throw new TypeError("no birth record");
  return {
    attempts: bytes.readUInt16LE(from + ATTEMPTS_AT),
    createdAt: bytes.readUIntLE(from + CREATED_AT, 6),
    body: bytes.toString("utf8", from + BIRTH_SIZE, to),
  };
}

/** The part of a body that a worker needs. */
export function bodyFor(body: string): JobBody {
  const { header, input, references } = decodeBody(body);
  const { task, backoff, timeout, supersedes, after, flow } = header;
  return { task, input, backoff, timeout, supersedes, after, references, flow };
}

/** The options of a job for the enqueue script: its attempts, or JSON when anything is out of the ordinary. */
export function encodeOptions(spec: JobSpec): string | number {
  const at = "at" in spec.due ? spec.due.at : null;
  const delay = "in" in spec.due ? spec.due.in : 0;
  const { attempts, priority, tags, meta, hold, unique, supersedes, retention, nonce, after, flow } = spec;
  const isFlow = spec.role === "flow";
  const ttl = isFlow ? FLOW_CREATION : spec.ttl;
  const late = at !== null || delay !== 0 || hold || ttl !== null;
  const indexed = tags.length > 0 || unique !== null || supersedes !== null || retention !== DEFAULT_RETENTION;
  if (!late && !indexed && !isLinked(spec) && priority === 0 && meta === null && nonce === null) return attempts;
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
    ...(after.length === 0 ? {} : { after: after.flatMap((one) => [refName(one), POLICIES.indexOf(one.ifFailed)]) }),
    ...(flow === null ? {} : { flow: refName(flow) }),
    ...(isFlow ? { isFlow } : {}),
  });
}

function refName({ queue, id }: JobRef): string {
  return `${queue}\0${id}`;
}

function encodeUnique({ key, until, onConflict, debounce }: Unique): object {
  const till = typeof until === "number" ? until : UNTIL_LETTERS[until];
  const encoded = { key, till, onConflict: CONFLICT_LETTERS[onConflict] };
  if (debounce === undefined) return encoded;
  const { wait, most } = debounce;
  return { ...encoded, wait, ...(most === null ? {} : { most }) };
}
