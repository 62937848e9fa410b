/** What many documents of the API have in common: times, names, pages, failures. */
import { BUILT_IN } from "../../model/flow/each.js";
import { z } from "@hono/zod-openapi";
import type { Failure } from "../../model/failure/failure.js";
import { ID, ID_RULE, NAME, NAME_RULE } from "../../model/value/name.js";
import { perState, STATES } from "../../model/job/state.js";

/** A time of a document. */
export const Time = z.iso.datetime().openapi({ description: "ISO 8601, UTC", example: "2026-12-01T09:30:00.000Z" });

/** A time, or none yet. */
export const TimeOrNull = Time.nullable();

/** A schema that has a name of its own, or null: `nullable()` would make it null wherever the document names it. */
export function orNull<Schema extends z.ZodType>(schema: Schema): z.ZodUnion<[Schema, z.ZodNull]> {
  return z.union([schema, z.null()]);
}

/** A time that a request gives. */
export const GivenTime = z.iso
  .datetime({ offset: true, error: "a time in ISO 8601 with a zone, such as 2026-12-01T09:30:00Z" })
  .openapi({ description: "ISO 8601, with a zone" });

export const State = z.enum(STATES).openapi("JobState");

/** How many jobs are in each state. */
export const StateCounts = z.object(perState(() => z.number().int())).openapi("StateCounts");

/** A payload of an application. */
export const Payload = z.unknown().openapi({ description: "Any JSON" });

/** A name of a queue, a task, a schedule. */
export const Name = z.string().regex(NAME, NAME_RULE);

/** The name of a task whose jobs a client may create. What the tasks of the package's own do goes beyond what a client may. */
export const TaskName = Name.refine((name) => !name.startsWith(BUILT_IN), `no name that begins with "${BUILT_IN}"`);

/** The id of a job. */
export const JobId = z.string().regex(ID, ID_RULE);

/** A free text: a tag, the name of a worker. */
export const Text = z.string().min(1, "1 to 256 characters").max(256, "1 to 256 characters");

/** A time span that a request gives. */
export const GivenDuration = z
  .union([z.number(), z.string().max(30)], { error: 'milliseconds, or text such as "30s" or "5m"' })
  .openapi({ description: 'Milliseconds, or text such as "30s", "5m", "2h"' });

/** The most entries on a page, and how many there are without a limit. */
const LARGEST_PAGE = 200;
const DEFAULT_PAGE = 50;

/** The part of a query that asks for a page. */
export const pageQuery = {
  cursor: z.string().max(2_000).optional().openapi({ description: "From the page before" }),
  limit: z.coerce
    .number({ error: `a whole number from 1 to ${LARGEST_PAGE}` })
    .int(`a whole number from 1 to ${LARGEST_PAGE}`)
    .min(1, `a whole number from 1 to ${LARGEST_PAGE}`)
    .max(LARGEST_PAGE, `a whole number from 1 to ${LARGEST_PAGE}`)
    .default(DEFAULT_PAGE)
    .openapi({ description: "The most entries on the page" }),
};

const COMMAS = "several with commas between them, or the parameter several times";

/** Several values of a query. */
export const Commas = z
  .union([z.string().max(4_000), z.array(Text).max(100)], { error: COMMAS })
  .openapi({ description: COMMAS });

/** The values of such a parameter. One that has a comma is given by the parameter several times. */
export function listOf(given: string | readonly string[]): readonly string[] {
  return typeof given === "string" ? given.split(",").filter((part) => part !== "") : given;
}

/** A flag of a query. */
export const Flag = z
  .enum(["true", "false"], { error: "true or false" })
  .transform((text) => text === "true")
  .openapi({ type: "boolean" });

/** Which queue a job is in, where several have its id. */
export const refQuery = z.strictObject({
  queue: Name.optional().openapi({ description: "Chooses among queues that have jobs with the same id" }),
});

/** The id of a job in a path. */
export const jobParams = z.object({ id: JobId.openapi({ param: { name: "id", in: "path" } }) });

/** An error of a job. The stack is there for those who may read payloads. */
export const ErrorDocument = z
  .object({
    name: z.string(),
    message: z.string(),
    code: z.string().nullable(),
    fingerprint: z.string(),
    stack: z.string().nullable(),
    cause: z.unknown().openapi({ description: "The same of its cause, or null" }),
  })
  .openapi("JobError");

export type ErrorDocument = z.infer<typeof ErrorDocument>;

/** The document of a failure; texts pass through `clean`, which takes secrets out of them. */
export function errorDocument(
  failure: Failure | null,
  clean: (text: string) => string,
  stacks: boolean,
): ErrorDocument | null {
  if (failure === null) return null;
  const { name, message, code, fingerprint, stack, cause } = failure;
  return {
    name: clean(name),
    message: clean(message),
    code: code === null ? null : clean(code),
    fingerprint,
    stack: stacks && stack !== null ? clean(stack) : null,
    cause: errorDocument(cause, clean, stacks),
  };
}

/** A time as documents write it. */
export function iso(at: number): string {
  return new Date(at).toISOString();
}

/** A time as documents write it, or none. */
export function isoOrNull(at: number | null): string | null {
  return at === null ? null : iso(at);
}
