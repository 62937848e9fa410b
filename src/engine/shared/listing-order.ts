/**
 * The order of listings, the same on every engine, and the cursors that continue them. A cursor names the last job seen by
 * its place (queue, state, key) and not by a count, so jobs that move disturb no other job's place.
 */
import { InvalidInput } from "../../model/errors/errors.js";
import type { ListOrder } from "../contract/read.js";
import type { JobFilter } from "../../model/job/query/filter.js";
import { isState, isTerminal, STATES, type JobState } from "../../model/job/state.js";

/** The place of a job among those of its queue and state: compared by number, then by id. */
export type OrderKey = readonly [number, string];

/** A place in a listing. */
export interface Position {
  readonly queue: string;
  readonly state: JobState;
  readonly key: OrderKey;
}

/**
 * The weight of one step of priority in the key of a queued job: `priority × 2^35 + position`. 100000 × 2^35 is below 2^52,
 * so half positions are exact, and 17 billion jobs fit in one order.
 */
export const PRIORITY_STEP = 2 ** 35;

/** Negative when `a` comes before `b`. */
export function compareKeys(a: OrderKey, b: OrderKey): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  return a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;
}

/** The states a filter asks for, in listing order. */
export function listedStates(filter: JobFilter): readonly JobState[] {
  const { states: wanted, not: { states: unwanted = [] } = {} } = filter;
  return STATES.filter((state) => (wanted === undefined || wanted.includes(state)) && !unwanted.includes(state));
}

/** Are the jobs of a state listed the other way round? Without an order waiting ones come as they will run, ended ones the latest first. */
export function isReversed(state: JobState, order: ListOrder | undefined): boolean {
  return order !== undefined && (order === "oldest") === isTerminal(state);
}

/** Encodes a place as an opaque string. */
export function encodeCursor(place: Position): string {
  return Buffer.from(JSON.stringify([place.queue, place.state, place.key[0], place.key[1]])).toString("base64url");
}

/** Decodes a cursor. @throws InvalidInput when `encodeCursor` did not make it */
export function decodeCursor(cursor: string): Position {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    parts = null;
  }
  if (Array.isArray(parts)) {
    const [queue, state, position, id]: unknown[] = parts;
    if (typeof queue === "string" && isState(state) && typeof position === "number" && typeof id === "string") {
      return { queue, state, key: [position, id] };
    }
  }
  throw new InvalidInput("cursor", cursor, "a cursor from an earlier page");
}

/** The earliest of some times; `null` is never. */
export function earliest(...times: readonly (number | null)[]): number | null {
  return times.reduce((a, b) => (a === null ? b : b === null ? a : Math.min(a, b)), null);
}
