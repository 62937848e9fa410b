/** The OpenAPI document of a server, as tests read it: its operations, and its schemas as validators that take nothing undocumented. */
import { connect } from "longshore";
import { createServer } from "longshore/server";
import { z } from "zod";

/** Of JSON Schema what the document uses. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly allOf?: readonly JsonSchema[];
  readonly description?: string;
  readonly example?: unknown;
}

/** A parameter. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly schema: JsonSchema;
  readonly example?: unknown;
}

type Content = Readonly<Record<string, { readonly schema?: JsonSchema; readonly example?: unknown }>>;

/** An operation, with its method and path. */
export interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly "x-scope"?: string | null;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Omit<Operation, "name" | "method" | "path">>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

/** The document. */
export class ApiDocument {
  readonly operations: readonly Operation[];
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  readonly #validators = new Map<string, z.ZodType>();

  constructor({ paths, components }: OpenApi) {
    this.schemas = components.schemas;
    this.operations = Object.entries(paths).flatMap(([path, methods]) => {
      return Object.entries(methods).map(([verb, operation]): Operation => {
        const method = verb.toUpperCase();
        return { ...operation, method, path, name: `${method} ${path}` };
      });
    });
  }

  /** What is wrong with the answer of an operation: nothing is `[]`. */
  complaints({ name, responses }: Operation, status: number, type: string, body: unknown): readonly string[] {
    const response = responses[String(status)];
    if (response === undefined) return [`${status} is not documented`];
    if (response.content === undefined) return body === "" ? [] : [`${status} is documented without a body`];
    const content = response.content[type];
    if (content === undefined) return [`${status} is not documented as ${type}`];
    if (content.schema === undefined || !type.includes("json")) return [];
    const { error } = this.#validator(`${name} ${status} ${type}`, content.schema).safeParse(body);
    return (error?.issues ?? []).map(({ path, message }) => `${path.map(String).join(".")}: ${message}`);
  }

  #validator(key: string, schema: JsonSchema): z.ZodType {
    const known = this.#validators.get(key);
    if (known !== undefined) return known;
    const $defs = Object.fromEntries(Object.entries(this.schemas).map(([name, one]) => [name, this.#strict(one)]));
    const made = z.fromJSONSchema({ ...this.#strict(schema), $defs } as Parameters<typeof z.fromJSONSchema>[0]);
    this.#validators.set(key, made);
    return made;
  }

  /** The schema so that an object has no field but those that it names; a problem says more where it helps. */
  #strict(schema: JsonSchema): JsonSchema {
    const whole = this.#merged(schema);
    const isClosed = whole.properties !== undefined && whole["additionalProperties"] === undefined;
    const isProblem = whole.required?.includes("detail") === true && whole.required.includes("code");
    return mapped({ ...whole, ...(isClosed ? { additionalProperties: isProblem } : {}) }, (inner) =>
      this.#strict(inner),
    );
  }

  /** Objects that extend another as one object, so that it can be closed. */
  #merged(schema: JsonSchema): JsonSchema {
    const { allOf, ...rest } = schema;
    if (allOf === undefined) return schema;
    const parts = allOf.map((part) => this.#merged(this.#resolved(part)));
    if (parts.every((part) => part.properties === undefined)) return parts.length === 0 ? rest : { ...rest, allOf };
    return {
      ...rest,
      type: "object",
      properties: Object.assign({}, ...parts.map((part) => part.properties)) as Record<string, JsonSchema>,
      required: parts.flatMap((part) => part.required ?? []),
    };
  }

  #resolved(schema: JsonSchema): JsonSchema {
    const name = schema.$ref?.split("/").at(-1);
    return name === undefined ? schema : (this.schemas[name] ?? {});
  }
}

/** The keywords under which schemas stand, and how; what is there for people is left out, as are references to where they stood. */
function mapped(schema: JsonSchema, change: (inner: JsonSchema) => JsonSchema): JsonSchema {
  const entries = Object.entries(schema).flatMap(([keyword, value]): [string, unknown][] => {
    switch (keyword) {
      case "example":
      case "description":
        return [];
      case "$ref":
        return [[keyword, String(value).replace("#/components/schemas/", "#/$defs/")]];
      case "properties":
        return [[keyword, mappedValues(value as Record<string, JsonSchema>, change)]];
      case "items":
      case "additionalProperties":
        return [[keyword, typeof value === "object" && value !== null ? change(value as JsonSchema) : value]];
      case "anyOf":
      case "oneOf":
      case "allOf":
        return [[keyword, (value as JsonSchema[]).map(change)]];
      default:
        return [[keyword, value]];
    }
  });
  return Object.fromEntries(entries);
}

function mappedValues(
  schemas: Readonly<Record<string, JsonSchema>>,
  change: (inner: JsonSchema) => JsonSchema,
): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, change(schema)]));
}

/** The document of a server as it is with these options. */
export async function readDocument(options: Parameters<typeof createServer>[1]): Promise<ApiDocument> {
  const longshore = await connect("memory:");
  try {
    const { fetch } = createServer(longshore, options);
    const response = await fetch(new Request("http://localhost/api/openapi.json"));
    return new ApiDocument((await response.json()) as OpenApi);
  } finally {
    await longshore.close();
  }
}
