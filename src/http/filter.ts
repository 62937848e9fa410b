/** Which jobs, as the client takes it, and as the query of a list has it. */
import { checkObject } from "./connection/given.js";
import type { Filter, Operations } from "./connection/types.js";

/** What of a list is read, and in which order. */
export interface HttpListOptions {
  /** Payloads to read, too. Default: none. */
  readonly fields?: readonly ("input" | "result" | "meta")[] | undefined;
  /** Default: those that wait as they will run, those that have ended the latest first. */
  readonly order?: "newest" | "oldest" | undefined;
}

type ListQuery = NonNullable<Operations["GET /api/jobs"]["query"]>;

/** The filter as the query of a list: `created.from` is `createdFrom`, ranges are `1..5`, `not.` stands before what must not hold. */
export function queryOfFilter(filter: Filter): ListQuery {
  checkObject("filter", filter);
  return Object.fromEntries(
    Object.entries(filter).flatMap(([name, value]): [string, unknown][] => {
      if (name !== "not") return parameters(name, value);
      return Object.entries((value ?? {}) as object).flatMap(([inner, one]) => parameters(`not.${inner}`, one));
    }),
  );
}

function parameters(name: string, value: unknown): [string, unknown][] {
  // A text alone would be divided at its commas.
  if (Array.isArray(value))
    return [[name, value.length === 1 && String(value[0]).includes(",") ? [value[0], value[0]] : value]];
  if (typeof value !== "object" || value === null) return [[name, value]];
  const { min, max, from, before } = value as {
    readonly [Key in "min" | "max" | "from" | "before"]?: string | number | Date;
  };
  if (min !== undefined || max !== undefined) return [[name, `${textOf(min)}..${textOf(max)}`]];
  return [
    [`${name}From`, from],
    [`${name}Before`, before],
  ];
}

function textOf(end: string | number | Date | undefined): string {
  return end === undefined ? "" : String(end);
}
