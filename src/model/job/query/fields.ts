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
export function withFields<Whole extends SlimRecord & Readonly<Record<LongField, unknown>>, Field extends LongField>(
  whole: Whole,
  fields: readonly Field[] | undefined,
): Omit<Whole, LongField> & Pick<Whole, Field> {
  if (fields === undefined) return whole;
  const chosen: Record<string, unknown> = slimOf(whole);
  for (const field of fields) chosen[field] = whole[field];
  return chosen as Omit<Whole, LongField> & Pick<Whole, Field>;
}

/** Every field by its name: a rest pattern takes fifty times as long, and pages have hundreds of records. */
export function slimOf(whole: SlimRecord): { -readonly [Field in keyof SlimRecord]: SlimRecord[Field] } {
  return {
    queue: whole.queue,
    id: whole.id,
    task: whole.task,
    state: whole.state,
    role: whole.role,
    priority: whole.priority,
    attempt: whole.attempt,
    attempts: whole.attempts,
    crashes: whole.crashes,
    backoff: whole.backoff,
    timeout: whole.timeout,
    ttl: whole.ttl,
    tags: whole.tags,
    unique: whole.unique,
    supersedes: whole.supersedes,
    retention: whole.retention,
    after: whole.after,
    flow: whole.flow,
    progress: whole.progress,
    error: whole.error,
    createdAt: whole.createdAt,
    runAt: whole.runAt,
    startedAt: whole.startedAt,
    finishedAt: whole.finishedAt,
    worker: whole.worker,
    lastWorker: whole.lastWorker,
    appVersion: whole.appVersion,
    environment: whole.environment,
    version: whole.version,
    problem: whole.problem,
  };
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
