/** The operations of an OpenAPI document, and values that their schemas allow. */
import type { Chance } from "./random.js";
import { hostileText } from "./hostile.js";

/** As much of a JSON Schema as is looked at. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header" | "cookie";
  readonly required?: boolean;
  readonly schema?: Schema;
}

/** A method of a path. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | null;
  /** The example of its body. */
  readonly example: unknown;
  /** The statuses that its document has. */
  readonly statuses: readonly number[];
}

interface PathItem {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema?: Schema; readonly example?: unknown }>>;
  };
  readonly responses: Readonly<Record<string, unknown>>;
}

/** A document, as it is served. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, PathItem>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Every operation of a document. */
export function operationsOf({ paths }: ApiDocument): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody, responses }]) => {
      const content = requestBody?.content["application/json"];
      return {
        method: method.toUpperCase(),
        path,
        parameters,
        body: content?.schema ?? null,
        example: content?.example,
        statuses: Object.keys(responses).map(Number),
      };
    }),
  );
}

/** The ids of jobs that are there. */
export const IDS: readonly string[] = ["job_1", "job_2", "job_3", "job_4", "job_5", "job_6", "job_7"];

/** Texts that mean something to the server under test: ids, names, times. */
export const KNOWN: readonly string[] = [
  ...IDS,
  ...["job_abc123", "default", "one", "two", "scan", "work", "user:42"],
  ...[
    "1",
    "7",
    "2026-12-01T09:30:00Z",
    "2027-01-01T00:00:00+01:00",
    "5m",
    "20ms",
    "1..5",
    "failed",
    "queued,active",
    "true",
    "false",
    "newest",
  ],
  ...["https://example.org/", "* * * * *", "every", "a"],
];

/** A value that a schema allows, as far as it says what it allows. */
export function sample(chance: Chance, schema: Schema, document: ApiDocument, depth = 0): unknown {
  const within = (inner: Schema): unknown => sample(chance, inner, document, depth + 1);
  const { $ref, type, anyOf, oneOf, allOf } = schema;
  if ($ref !== undefined) return within(document.components.schemas[$ref.split("/").at(-1) ?? ""] ?? {});
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return chance.of(schema.enum);
  const choice = anyOf ?? oneOf;
  if (choice !== undefined) return within(chance.of(choice));
  if (allOf !== undefined) return Object.assign({}, ...allOf.map((part) => within(part)));
  const kind = typeof type === "string" ? type : chance.of(type ?? ["string", "number", "object", "null", "boolean"]);
  switch (kind) {
    case "object":
      return sampleObject(chance, schema, within, depth);
    case "array": {
      const { items = {}, minItems = 0, maxItems = 5 } = schema;
      const length = minItems + chance.below(Math.min(maxItems - minItems, 4) + 1);
      return Array.from({ length }, () => within(items));
    }
    case "integer":
    case "number": {
      const { minimum = -5, maximum = 1_000 } = schema;
      return Math.floor(minimum + chance.fraction() * (Math.min(maximum, minimum + 1_000) - minimum));
    }
    case "boolean":
      return chance.in(0.5);
    case "string":
      return sampleText(chance, schema);
    default:
      return null;
  }
}

function sampleObject(
  chance: Chance,
  { properties = {}, required = [] }: Schema,
  within: (inner: Schema) => unknown,
  depth: number,
): object {
  const share = depth > 6 ? 0 : 0.3;
  const fields = Object.entries(properties).filter(([name]) => required.includes(name) || chance.in(share));
  return Object.fromEntries(fields.map(([name, inner]) => [name, within(inner)]));
}

function sampleText(chance: Chance, { pattern, format, minLength = 0 }: Schema): string {
  if (format === "date-time") return chance.of(KNOWN.filter((text) => text.includes("T0")));
  const rule = pattern === undefined ? null : new RegExp(pattern, "u");
  const fitting = KNOWN.filter((text) => text.length >= minLength && (rule === null || rule.test(text)));
  return fitting.length === 0 ? hostileText(chance) : chance.of(fitting);
}
