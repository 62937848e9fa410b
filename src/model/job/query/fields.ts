/**
 * The parts of a job that may be long: its payloads, and what its runs left behind. Who lists, counts or follows jobs does
 * not need them, so reads can leave them out, and engines do not touch them then. What is left out is absent, not empty.
 */
import { InvalidInput } from "../../errors/errors.js";
import type { JobRecord } from "../job.js";

/** The parts of a job that a read may leave out. */
export const LONG_FIELDS = ["input", "references", "result", "meta", "history", "failures"] as const;

/** A part of a job that a read may leave out. */
export type LongField = (typeof LONG_FIELDS)[number];

/** A job as it is read back without its long fields. */
export type SlimRecord = Omit<JobRecord, LongField>;

/** A job as it is read back with these of its long fields. */
export type RecordWith<Field extends LongField> = SlimRecord & Pick<JobRecord, Field>;

/** Is this the name of a long field? */
export function isLongField(value: unknown): value is LongField {
  return LONG_FIELDS.some((field) => field === value);
}

/** Is a field asked for? Without a list all are. */
export function asksFor(fields: readonly LongField[] | undefined, field: LongField): boolean {
  return fields === undefined || fields.includes(field);
}

/** A record, or a snapshot, without the long fields that were not asked for; without a list itself. */
export function withFields<Whole extends Readonly<Record<LongField, unknown>>, Field extends LongField>(
  whole: Whole,
  fields: readonly Field[] | undefined,
): Omit<Whole, LongField> & Pick<Whole, Field> {
  if (fields === undefined) return whole;
  const { input, references, result, meta, history, failures, ...slim } = whole;
  const long = { input, references, result, meta, history, failures };
  const asked = Object.fromEntries(fields.map((field) => [field, long[field]]));
  return { ...slim, ...asked } as Omit<Whole, LongField> & Pick<Whole, Field>;
}

/** Which long fields a caller asks for. */
export type FieldChoice = "all" | readonly LongField[];

/** The fields of a choice. */
export type ChosenField<Choice extends FieldChoice> = Choice extends readonly (infer Field extends LongField)[]
  ? Field
  : LongField;

/** The long fields that a caller asks for; none without a choice. @throws InvalidInput */
export function parseFields<Choice extends FieldChoice>(choice: Choice | undefined): readonly ChosenField<Choice>[] {
  return fieldsOf(choice) as readonly ChosenField<Choice>[];
}

function fieldsOf(choice: unknown): readonly LongField[] {
  if (choice === undefined) return [];
  if (choice === "all") return LONG_FIELDS;
  if (!Array.isArray(choice)) throw new InvalidInput("fields", choice, `"all", or a list of ${LONG_FIELDS.join(", ")}`);
  const fields = choice.map((field: unknown, index) => {
    if (isLongField(field)) return field;
    throw new InvalidInput(`fields[${index}]`, field, `one of ${LONG_FIELDS.join(", ")}`);
  });
  return [...new Set(fields)];
}

/** About how many bytes there are to read of a record, whatever of it was read. */
export function sizeOf(record: SlimRecord & Partial<JobRecord>): number {
  const { input, result, meta, history, failures, error, after, references } = record;
  const texts = (input?.length ?? 0) + (result?.length ?? 0) + (meta?.length ?? 0);
  const failed = (failures ?? []).reduce(
    (sum, one) => sum + one.error.message.length + (one.error.stack?.length ?? 0),
    0,
  );
  const runs = (history ?? []).reduce((sum, run) => sum + SOME + failureSize(run.error), 0);
  return SOME + texts + failed + runs + failureSize(error) + (after.length + (references?.length ?? 0)) * LINK;
}

/** A record, and a run, has some bytes more than its texts. */
const SOME = 500;
const LINK = 100;

function failureSize(error: JobRecord["error"]): number {
  if (error === null) return 0;
  return error.message.length + (error.stack?.length ?? 0) + failureSize(error.cause);
}
