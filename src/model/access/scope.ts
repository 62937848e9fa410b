/**
 * Scopes: what a token may do. A scope is a right of a kind; some hold others: `admin` all of them, `operate` and `read:payload`
 * hold `read`, and `enqueue` that of every queue.
 */
import { InvalidInput } from "../errors/errors.js";
import { parseName } from "../value/name.js";

/** The kinds of rights. `read` sees jobs without their payloads; `operate` commands what is there; `admin` may do everything. */
export const SCOPES = ["read", "read:payload", "enqueue", "operate", "admin"] as const;

/** A kind of right: `read`, `read:payload`, `enqueue`, `operate` or `admin`. */
export type Scope = (typeof SCOPES)[number];

/** A right that is granted: a kind of right, or `enqueue:QUEUE`, which is for one queue. */
export type Grant = Scope | `enqueue:${string}`;

/** The most rights of one token. */
export const MOST_GRANTS = 100;

const ONE_QUEUE = "enqueue:";
const RULE = `${SCOPES.join(", ")}, or enqueue:QUEUE`;

/** Checks a list of rights; duplicates are dropped. @throws InvalidInput */
export function parseGrants(field: string, value: unknown): readonly Grant[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_GRANTS) {
    throw new InvalidInput(field, value, `a list of 1 to ${MOST_GRANTS} of ${RULE}`);
  }
  return [...new Set(value.map((grant, index) => parseGrant(`${field}[${index}]`, grant)))];
}

function parseGrant(field: string, value: unknown): Grant {
  if (typeof value === "string" && value.startsWith(ONE_QUEUE)) {
    parseName(field, value.slice(ONE_QUEUE.length));
    return value as Grant;
  }
  const scope = SCOPES.find((known) => known === value);
  if (scope === undefined) throw new InvalidInput(field, value, RULE);
  return scope;
}

/** Do the rights hold this one? With a queue: in this queue. Without one: in any queue at least. */
export function grantsAllow(grants: readonly Grant[], scope: Scope, queue?: string): boolean {
  return grants.some((grant) => {
    if (grant === "admin" || grant === scope) return true;
    if (scope === "read") return grant === "operate" || grant === "read:payload";
    if (scope !== "enqueue" || !grant.startsWith(ONE_QUEUE)) return false;
    return queue === undefined || grant === ONE_QUEUE + queue;
  });
}
