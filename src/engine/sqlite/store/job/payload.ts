/**
 * The payload of a job, decoded: body, policies, tags. A job with a column that cannot be decoded fails alone, with an error
 * that names the column.
 */
import { DEFAULT_BACKOFF, type Backoff } from "../../../../model/failure/backoff.js";
import { Undecodable } from "../../../../model/errors/errors.js";
import { UNLINKED, type JobBody, type JobLinks } from "../../../../model/job/job.js";
import { DEFAULT_RETENTION, type Retention } from "../../../../model/job/retention.js";
import {
  readBackoff as readStrictBackoff,
  readLinks as readStrictLinks,
  readTimeout,
} from "../../../../model/options/strict-job.js";
import { parseRetention, parseTags, type Job } from "./job.js";
import { columns, type RowOf } from "../../database/columns.js";
import type { SqlValue } from "../../database/driver.js";

/** An input longer than this (in characters) is stored apart from its job. */
export const LONG_INPUT = 1_000;

/** A backoff as it is stored. */
export function backoffText(backoff: Backoff): string | null {
  return backoff === DEFAULT_BACKOFF ? null : JSON.stringify(backoff);
}

/** A payload as it comes out of the file, where anything may have happened to it. */
export interface Payload {
  task: SqlValue;
  input: SqlValue;
  backoff: SqlValue;
  timeout: SqlValue;
  meta: string | null;
  links: SqlValue;
}

/** The columns of a payload. Where they are followed by others, their positions are the same. */
export const PAYLOAD_NAMES = ["task", "input", "backoff", "timeout", "meta", "links"] as const;

type PayloadRow = RowOf<typeof PAYLOAD_NAMES, Payload>;

/** What selects the columns that are not those of the table of jobs, `j`. */
export const PAYLOAD_EXPRESSIONS = {
  input: "coalesce(j.input, (SELECT i.input FROM inputs i WHERE i.job = j.job))",
  links: "CASE j.linked WHEN 1 THEN (SELECT b.body FROM link_bodies b WHERE b.job = j.job) END",
} as const;

const AT = columns(PAYLOAD_NAMES).at;

/** Decodes the body of a job. @throws Undecodable */
export function readBody(job: Pick<Job, "id" | "supersedes">, row: readonly [...PayloadRow, ...unknown[]]): JobBody {
  const task = row[AT.task];
  const input = row[AT.input];
  if (typeof task !== "string") throw new Undecodable(job.id, "task");
  if (typeof input !== "string") throw new Undecodable(job.id, "input");
  const { supersedes } = job;
  const { after, references, flow } = readLinks(job, row);
  return {
    task,
    input,
    backoff: decode(job.id, "backoff", row[AT.backoff], readBackoff, DEFAULT_BACKOFF),
    timeout: check(job.id, "timeout", () => readTimeout("timeout", row[AT.timeout])),
    supersedes,
    after,
    references,
    flow,
  };
}

/** Decodes the links that a job was enqueued with. @throws Undecodable */
export function readLinks({ id }: Pick<Job, "id">, row: readonly [...PayloadRow, ...unknown[]]): JobLinks {
  return decode(id, "links", row[AT.links], parseLinks, UNLINKED);
}

/** Links as they are stored. @throws when they cannot be decoded */
export function parseLinks(text: string): JobLinks {
  return readStrictLinks("links", JSON.parse(text));
}

/** Decodes the tags of a job. @throws Undecodable */
export function readTags({ id, tags }: Pick<Job, "id" | "tags">): readonly string[] {
  return decode(id, "tags", tags, parseTags, []);
}

/** Decodes the retention of a job. @throws Undecodable */
export function readRetention({ id, retention }: Pick<Job, "id" | "retention">): Retention {
  return decode(id, "retention", retention, parseRetention, DEFAULT_RETENTION);
}

/** Decodes one column. @throws Undecodable */
export function decode<T>(id: string, what: string, stored: SqlValue, read: (text: string) => T, otherwise: T): T {
  if (stored === null) return otherwise;
  return check(id, what, () => read(String(stored)));
}

/** @throws Undecodable in place of what `read` throws */
function check<T>(id: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new Undecodable(id, what, { cause });
  }
}

// Neighbouring jobs mostly share their backoff, so the last one decoded is kept.
let lastText = "";
let lastBackoff: Backoff = DEFAULT_BACKOFF;

function readBackoff(text: string): Backoff {
  if (text === lastText) return lastBackoff;
  const value = readStrictBackoff("backoff", JSON.parse(text));
  lastText = text;
  lastBackoff = value;
  return value;
}
