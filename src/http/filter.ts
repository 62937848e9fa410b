/** Which jobs, as the client takes it, and as the query of a list has it. */
import type { JobState, Operations } from "./types.js";

/** From a time on, and before another. */
export interface HttpWindow {
  readonly from?: Date | string | undefined;
  readonly before?: Date | string | undefined;
}

/** One number, or a range of them. */
export type HttpNumbers = number | { readonly min?: number | undefined; readonly max?: number | undefined };

/** Conditions on jobs. */
export interface HttpJobConditions {
  readonly queue?: string | undefined;
  readonly queues?: readonly string[] | undefined;
  readonly states?: JobState | readonly JobState[] | undefined;
  readonly task?: string | undefined;
  readonly tasks?: readonly string[] | undefined;
  readonly tag?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly priority?: HttpNumbers | undefined;
  readonly attempt?: HttpNumbers | undefined;
  readonly created?: HttpWindow | undefined;
  readonly started?: HttpWindow | undefined;
  readonly finished?: HttpWindow | undefined;
  readonly worker?: string | undefined;
  readonly flow?: string | undefined;
  readonly schedule?: string | undefined;
  readonly fingerprint?: string | undefined;
  readonly errorText?: string | undefined;
  readonly idPrefix?: string | undefined;
  readonly idContains?: string | undefined;
  readonly noWorker?: boolean | undefined;
}

/** Which jobs: all conditions must hold, and none of those in `not`. */
export interface HttpJobFilter extends HttpJobConditions {
  readonly not?: HttpJobConditions | undefined;
}

/** What of a list is read, and in which order. */
export interface HttpListOptions {
  /** Payloads to read, too. Default: none. */
  readonly fields?: readonly ("input" | "result" | "meta")[] | undefined;
  /** Default: those that wait as they will run, those that have ended the latest first. */
  readonly order?: "newest" | "oldest" | undefined;
}

type ListQuery = NonNullable<Operations["GET /api/jobs"]["query"]>;

/** The filter as the query of a list: `created.from` is `createdFrom`, ranges are `1..5`, `not.` stands before what must not hold. */
export function queryOfFilter(filter: HttpJobFilter): ListQuery {
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
  const { min, max, from, before } = value as HttpWindow & Exclude<HttpNumbers, number>;
  if (min !== undefined || max !== undefined) return [[name, `${min ?? ""}..${max ?? ""}`]];
  return [
    [`${name}From`, from],
    [`${name}Before`, before],
  ];
}
