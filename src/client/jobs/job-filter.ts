/** Filters as users write them, checked: a misspelt condition must not match every job. */
import { InvalidInput } from "../../model/errors/errors.js";
import type { JobFilter } from "../../model/job/filter.js";
import { parseName } from "../../model/value/name.js";
import { isState, STATES, type JobState } from "../../model/job/state.js";

/** Which jobs. All conditions must hold; an empty filter matches every job. */
export interface JobQuery {
  queue?: string;
  /** One state, or several. */
  states?: JobState | readonly JobState[];
  task?: string;
  tag?: string;
  /** The fingerprint of the last error. */
  fingerprint?: string;
  /** Text that the id contains. */
  idContains?: string;
  /** Created at or after: a `Date`, or epoch milliseconds. */
  createdFrom?: Date | number;
  /** Created before: a `Date`, or epoch milliseconds. */
  createdBefore?: Date | number;
}

const KEYS = ["queue", "states", "task", "tag", "fingerprint", "idContains", "createdFrom", "createdBefore"];

/** Checks a filter. @throws InvalidInput */
export function parseQuery(query: JobQuery): JobFilter {
  if (typeof query !== "object" || query === null) throw new InvalidInput("filter", query, "an object of conditions");
  for (const [key, value] of Object.entries(query)) {
    if (!KEYS.includes(key)) throw new InvalidInput(key, value, `no such condition; known: ${KEYS.join(", ")}`);
  }
  const { queue, states, task, tag, fingerprint, idContains, createdFrom, createdBefore } = query;
  return {
    ...(queue === undefined ? {} : { queue: parseName("queue", queue) }),
    ...(states === undefined ? {} : { states: parseStates(states) }),
    ...(task === undefined ? {} : { task: parseName("task", task) }),
    ...(tag === undefined ? {} : { tag: parseText("tag", tag) }),
    ...(fingerprint === undefined ? {} : { fingerprint: parseText("fingerprint", fingerprint) }),
    ...(idContains === undefined ? {} : { idContains: parseText("idContains", idContains) }),
    ...(createdFrom === undefined ? {} : { createdFrom: parseTime("createdFrom", createdFrom) }),
    ...(createdBefore === undefined ? {} : { createdBefore: parseTime("createdBefore", createdBefore) }),
  };
}

function parseStates(value: unknown): JobState[] {
  const states: unknown[] = Array.isArray(value) ? value : [value];
  if (states.length === 0) throw new InvalidInput("states", value, `one or more of ${STATES.join(", ")}`);
  return states.map((state, index) => {
    if (!isState(state)) throw new InvalidInput(`states[${index}]`, state, `one of ${STATES.join(", ")}`);
    return state;
  });
}

function parseText(field: string, value: unknown): string {
  if (typeof value !== "string" || value === "") throw new InvalidInput(field, value, "text");
  return value;
}

function parseTime(field: string, value: unknown): number {
  const time = value instanceof Date ? value.getTime() : value;
  if (typeof time !== "number" || !Number.isFinite(time)) {
    throw new InvalidInput(field, value, "a valid Date, or milliseconds since the epoch");
  }
  return time;
}
