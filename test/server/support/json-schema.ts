// Checks a value against a schema of an OpenAPI document, as far as our documents use JSON Schema. Stricter than that: an object has no
// member that its schema does not name, so that an answer says nothing that the document does not.

/** A schema, or a part of one. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** What is wrong with a value: a line for each, with its path; empty when it is as its schema says. */
export function mistakesOf(document: unknown, schema: Schema, value: unknown): string[] {
  return new Checker(document).check(schema, value, "$", true);
}

const KNOWN = new Set([
  ...["$ref", "type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "oneOf", "allOf"],
  ...["pattern", "format", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"],
  ...["description", "example", "default", "propertyNames"],
]);

class Checker {
  readonly #document: unknown;

  constructor(document: unknown) {
    this.#document = document;
  }

  /** `closed`: look for members that no part of the schema names. */
  check(schema: Schema, value: unknown, path: string, closed: boolean): string[] {
    const unknown = Object.keys(schema).filter((keyword) => !KNOWN.has(keyword));
    if (unknown.length > 0) return [`${path}: the keyword ${unknown.join(", ")} is not looked at`];
    const mistakes = [
      ...this.#plain(schema, value, path),
      ...this.#members(schema, value, path),
      ...this.#items(schema, value, path),
      ...this.#parts(schema, value, path),
    ];
    if (!closed || !isObject(value)) return mistakes;
    const names = this.#namesIn(schema, value);
    if (names === null) return mistakes;
    const extra = Object.keys(value).filter((name) => !names.has(name));
    return [...mistakes, ...extra.map((name) => `${path}.${name}: is not in the document`)];
  }

  #plain(schema: Schema, value: unknown, path: string): string[] {
    const mistakes: string[] = [];
    const { type, enum: words, pattern, format, minimum, maximum } = schema;
    const types: readonly string[] | null = type === undefined ? null : [type].flat();
    if (types !== null && !types.some((one) => isOfType(value, one))) {
      mistakes.push(`${path}: ${JSON.stringify(value)} is no ${types.join(" or ")}`);
    }
    if (words !== undefined && !words.includes(value)) {
      mistakes.push(`${path}: ${JSON.stringify(value)} is none of ${JSON.stringify(words)}`);
    }
    if (typeof value === "string") {
      if (pattern !== undefined && !new RegExp(pattern).test(value)) {
        mistakes.push(`${path}: "${value}" does not match ${pattern}`);
      }
      if (format === "date-time" && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value)) {
        mistakes.push(`${path}: "${value}" is no time in UTC`);
      }
    }
    if (typeof value === "number") {
      if (minimum !== undefined && value < minimum) mistakes.push(`${path}: ${value} is below ${minimum}`);
      if (maximum !== undefined && value > maximum) mistakes.push(`${path}: ${value} is above ${maximum}`);
    }
    return mistakes;
  }

  #members(schema: Schema, value: unknown, path: string): string[] {
    if (!isObject(value)) return [];
    const { required = [], properties = {}, additionalProperties: rest } = schema;
    return [
      ...required.filter((name) => !Object.hasOwn(value, name)).map((name) => `${path}.${name}: is missing`),
      ...Object.entries(value).flatMap(([name, member]) => {
        const own = properties[name];
        if (own !== undefined) return this.check(own, member, `${path}.${name}`, true);
        return typeof rest === "object" ? this.check(rest, member, `${path}.${name}`, true) : [];
      }),
    ];
  }

  #items({ items }: Schema, value: unknown, path: string): string[] {
    if (!Array.isArray(value) || items === undefined) return [];
    return value.flatMap((item, index) => this.check(items, item, `${path}[${index}]`, true));
  }

  #parts({ $ref, allOf = [], anyOf, oneOf }: Schema, value: unknown, path: string): string[] {
    const all = [...allOf, ...($ref === undefined ? [] : [this.#resolve($ref)])];
    const mistakes = all.flatMap((part) => this.check(part, value, path, false));
    const some = anyOf ?? oneOf;
    if (some === undefined) return mistakes;
    const tries = some.map((part) => this.check(part, value, path, true));
    if (tries.some((found) => found.length === 0)) return mistakes;
    return [...mistakes, `${path}: matches none of its schemas: ${tries.flat().join("; ")}`];
  }

  /** The members that a schema names; `null`: any may be there. */
  #namesIn(schema: Schema, value: object): Set<string> | null {
    const { $ref, type, properties, additionalProperties = false, allOf = [], anyOf, oneOf } = schema;
    if (additionalProperties !== false) return null;
    const parts = [
      ...allOf,
      ...($ref === undefined ? [] : [this.#resolve($ref)]),
      ...(anyOf ?? oneOf ?? []).filter((part) => this.check(part, value, "$", false).length === 0),
    ];
    const names = new Set(Object.keys(properties ?? {}));
    if (properties === undefined && parts.length === 0 && type === undefined) return null;
    for (const part of parts) {
      const more = this.#namesIn(part, value);
      if (more === null) return null;
      for (const name of more) names.add(name);
    }
    return names;
  }

  #resolve(ref: string): Schema {
    const found = ref
      .replace(/^#\//, "")
      .split("/")
      .reduce<unknown>((place, name) => (isObject(place) ? place[name] : undefined), this.#document);
    if (!isObject(found)) throw new Error(`the document has no ${ref}`);
    return found;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}
