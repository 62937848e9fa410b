/** Schemas that an application gives for the document: shown there as they are, and never checked. */
import { z } from "@hono/zod-openapi";

/** A JSON Schema as it is given. */
export type GivenSchema = Readonly<Record<string, unknown>>;

/** The schema of an object; of any where none is given. */
export function givenObject(schema: GivenSchema | null | undefined): z.ZodType<object> {
  return z.looseObject({}).openapi({ ...schema });
}

/** The schema of any JSON. */
export function givenJson(schema: GivenSchema | undefined): z.ZodType {
  return z.unknown().openapi({ ...schema });
}
