/** Milestones: their declaration, the value of each, and how a handler emits one. */
import { MILESTONE_CAP } from "../model/job/report/checkpoint.js";
import { encodePayload } from "../model/value/codec.js";
import { InvalidInput } from "../model/errors/errors.js";
import { parseStepName } from "../model/job/report/step-plan.js";
import { isThenable } from "../model/value/thenable.js";
import { checkValue } from "./check-input.js";
import type { SchemaInput, StandardSchema } from "./schema.js";

/** The milestones of a task: a list of names, or a schema for each value. Schemas must validate synchronously. */
export type MilestonesOption = readonly string[] | { readonly [name: string]: StandardSchema };

/** The values of a task's milestones, by name. */
export type MilestonesOf<Option> = Option extends readonly (infer Name extends string)[]
  ? Record<Name, unknown>
  : { [Name in keyof Option]: Option[Name] extends StandardSchema ? SchemaInput<Option[Name]> : never };

/** The milestones of a task, checked: a schema by name; `null` where anything may be shown. */
export type Milestones = ReadonlyMap<string, StandardSchema | null>;

/**
 * Emits a value before the job ends: stored at once, readable by `job.milestones()`, and delivered to watchers. Of
 * those emitted under one name the latest counts. Kept over retries.
 * @param value any JSON value of at most 16 KiB
 * @returns resolves once it is stored; need not be awaited: it is stored before the job ends. Await it to learn of a
 * refusal by the engine: the job goes on without it
 * @throws InvalidInput at once for a name that is not declared or a value its schema refuses; PayloadTooLarge
 * @example await emit("TEASER_READY", { title, score });
 */
export type Emit<Values = Record<string, unknown>> = <Name extends keyof Values & string>(
  name: Name,
  value: Values[Name],
) => Promise<void>;

/** Checks declared milestones. @throws InvalidInput */
export function parseMilestones(field: string, value: unknown): Milestones {
  if (typeof value !== "object" || value === null) {
    throw new InvalidInput(field, value, "a list of names, or a Standard Schema by name");
  }
  const milestones = new Map<string, StandardSchema | null>();
  if (Array.isArray(value)) {
    for (const [index, name] of value.entries()) {
      const known = parseStepName(`${field}[${index}]`, name);
      if (milestones.has(known)) throw new InvalidInput(`${field}[${index}]`, name, "each milestone once");
      milestones.set(known, null);
    }
  } else {
    for (const [name, schema] of Object.entries(value) as [string, unknown][]) {
      milestones.set(parseStepName(`${field}, the name of a milestone`, name), parseSchema(`${field}.${name}`, schema));
    }
  }
  if (milestones.size === 0) throw new InvalidInput(field, value, "at least one milestone");
  return milestones;
}

/** The JSON text of a milestone's value. @throws InvalidInput, PayloadTooLarge */
export function encodeMilestone(declared: Milestones | null, name: string, value: unknown): string {
  parseStepName("milestone", name);
  const schema = declared?.get(name);
  if (declared !== null && schema === undefined) {
    throw new InvalidInput("milestone", name, `one of the task's milestones: ${[...declared.keys()].join(", ")}`);
  }
  const field = `milestone.${name}`;
  const shown = schema ? checkValue(field, schema, value) : value;
  if (isThenable(shown)) {
    // Without this a rejection would be unhandled.
    shown.then(undefined, () => undefined);
    throw new InvalidInput(
      field,
      value,
      "nothing that takes time to check: the schema of a milestone must answer at once",
    );
  }
  return encodePayload(field, shown, MILESTONE_CAP);
}

function parseSchema(field: string, value: unknown): StandardSchema {
  const schema = value as StandardSchema | null;
  if (typeof schema?.["~standard"]?.validate !== "function") {
    throw new InvalidInput(field, value, "a Standard Schema, e.g. of zod, valibot or arktype");
  }
  return schema;
}
