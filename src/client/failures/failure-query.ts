/** Which failure groups, as users write it, checked; and places in their list. */
import { InvalidInput } from "../../model/errors/errors.js";
import { FAILURE_GROUP_STATES, type FailureGroupState } from "../../model/failure/group.js";
import type { FailureGroupSnapshot, MergedPlace } from "../../model/failure/groups/merged-group.js";
import { parseName } from "../../model/value/name.js";

/** Which failure groups; an omitted condition stands for all. */
export interface FailureQuery {
  /** One queue, or several: what other queues have of a group is left out. Default: all but those of the platform. */
  queues?: string | readonly string[];
  /** Groups in one of these states. */
  states?: FailureGroupState | readonly FailureGroupState[];
  /** Groups with failures of one of these tasks, among the latest 10 of each queue. */
  tasks?: string | readonly string[];
}

/** A query, checked. */
export interface ParsedFailureQuery {
  readonly queues: readonly string[] | null;
  readonly states: readonly FailureGroupState[] | null;
  readonly tasks: readonly string[] | null;
}

const CONDITIONS = ["queues", "states", "tasks"];

/** @throws InvalidInput */
export function parseFailureQuery(query: FailureQuery): ParsedFailureQuery {
  if (typeof query !== "object" || query === null) throw new InvalidInput("query", query, "an object of conditions");
  for (const [key, value] of Object.entries(query)) {
    if (!CONDITIONS.includes(key))
      throw new InvalidInput(key, value, `no such condition; known: ${CONDITIONS.join(", ")}`);
  }
  const { queues, states, tasks } = query;
  return {
    queues: queues === undefined ? null : [...new Set(listOf("queues", queues, parseName))],
    states: states === undefined ? null : listOf("states", states, parseState),
    tasks: tasks === undefined ? null : listOf("tasks", tasks, parseName),
  };
}

/** Does a group match? Its queues have been chosen before. */
export function matchesQuery({ state, tasks }: FailureGroupSnapshot, query: ParsedFailureQuery): boolean {
  return (query.states?.includes(state) ?? true) && (query.tasks?.some((task) => tasks.includes(task)) ?? true);
}

function listOf<T>(field: string, value: unknown, parse: (field: string, one: unknown) => T): T[] {
  if (!Array.isArray(value)) return [parse(field, value)];
  return value.map((one: unknown, index) => parse(`${field}[${index}]`, one));
}

function parseState(field: string, value: unknown): FailureGroupState {
  const state = FAILURE_GROUP_STATES.find((one) => one === value);
  if (state === undefined) throw new InvalidInput(field, value, `one of ${FAILURE_GROUP_STATES.join(", ")}`);
  return state;
}

/** The place of a group, as a cursor. */
export function cursorAt({ lastAt, fingerprint }: MergedPlace): string {
  return `${lastAt} ${fingerprint}`;
}

/** @throws InvalidInput */
export function parseCursor(cursor: unknown): MergedPlace {
  const [, lastAt, fingerprint] = (typeof cursor === "string" && /^(\d{1,15}) (\S+)$/.exec(cursor)) || [];
  if (lastAt === undefined || fingerprint === undefined) {
    throw new InvalidInput("cursor", cursor, "the cursor of another page");
  }
  return { lastAt: Number(lastAt), fingerprint };
}
