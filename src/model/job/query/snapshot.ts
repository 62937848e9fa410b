/**
 * A job as it was at one moment, its payloads decoded. A payload that cannot be decoded is `null`, and `problem` names
 * it.
 */
import { decodePayload } from "../../value/codec.js";
import { isFlowInput } from "../membership.js";
import { slimOf, withFields, type LongField, type RecordWith, type SlimRecord } from "./fields.js";
import type { JobRecord } from "../job.js";

/**
 * A job as it was at one moment. Times are epoch milliseconds; `new Date(snapshot.createdAt).toISOString()` for
 * people.
 */
export interface JobSnapshot<Result = unknown, Input = unknown> extends Omit<JobRecord, "input" | "result" | "meta"> {
  readonly input: Input;
  /** `null` while there is none, or when the handler returned nothing. */
  readonly result: Result | null;
  /** Empty when none was set. */
  readonly meta: { readonly [key: string]: unknown };
}

/** A job as it was at one moment, without its long fields: input, references, result, meta, history, failures. */
export type SlimSnapshot = Omit<JobSnapshot, LongField>;

/** The same with these of its long fields. What was not asked for is absent. */
export type SnapshotWith<Field extends LongField> = SlimSnapshot & Pick<JobSnapshot, Field>;

/** Decodes a record that was read with these of its long fields. Never throws. */
export function snapshotWith<Field extends LongField>(
  record: RecordWith<Field>,
  fields: readonly Field[],
): SnapshotWith<Field> {
  // Slim records and slim snapshots are the same: there is nothing to decode.
  if (fields.length === 0) return record as SlimSnapshot as SnapshotWith<Field>;
  const given: SlimRecord & Partial<JobRecord> = record;
  const { input = "", references = [], result = null, meta = null, history = [], failures = [] } = given;
  const whole: JobRecord = { ...slimOf(record), input, references, result, meta, history, failures };
  return withFields(snapshotOf<unknown, unknown>(whole), fields);
}

/** Decodes a record. Never throws. */
export function snapshotOf<Result, Input>(record: JobRecord): JobSnapshot<Result, Input> {
  const problems = record.problem === null ? [] : [record.problem];
  const decode = (what: string, text: string | null): unknown => {
    if (text === null || text === "") return null;
    try {
      return decodePayload(text);
    } catch {
      problems.push(`its stored ${what} cannot be decoded`);
      return null;
    }
  };
  // The task's definition promises the types of its payloads, and its own jobs stored them.
  const stored = decode("input", record.input);
  const input = (record.role === "flow" && isFlowInput(stored) ? stored.input : stored) as Input;
  const result = decode("result", record.result) as Result | null;
  const meta = (decode("meta", record.meta) ?? {}) as { readonly [key: string]: unknown };
  return { ...record, input, result, meta, problem: problems.length === 0 ? null : problems.join("; ") };
}
