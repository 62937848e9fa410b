/** What is asked of a bulk job, checked: before it is stored, and so before anything is done. */
import { statesFor, type BulkCommand } from "./bulk.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { namedQueues, type JobFilter } from "../../model/job/query/filter.js";
import { isReserved, parseKey } from "../../model/value/name.js";
import { parseFlag } from "../../model/value/scalar.js";
import { parseQuery, type JobQuery, type ParsedQuery } from "../jobs/job-filter.js";

/** What can be done to many jobs. */
export type BulkAction = BulkCommand;

const ACTIONS: readonly BulkAction[] = ["cancel", "retry", "promote", "release", "remove"];

/** Something to be done to all jobs that match a filter. */
export interface BulkRequest {
  /**
   * `cancel`: end those that have not ended; `retry`: queue those that have ended again, each after those of them that it waits
   * for, and without `states` those that failed; `promote`: make delayed ones ready; `release`: let held ones go; `remove`:
   * remove those that do not run.
   */
  action: BulkAction;
  /** Which jobs. Those in the state from which the action starts are meant. */
  filter: JobQuery;
  /** Allows a filter without conditions. Default: false. */
  all?: boolean;
  /** `retry` only: forget the checkpoints of earlier runs. Default: false. */
  fromStart?: boolean;
  /** Who asks for it, up to 120 bytes of text: the tag `by:…` of the bulk job. Default: no such tag. */
  by?: string;
}

/** The input of a bulk job. */
export interface BulkInput {
  readonly action: BulkAction;
  readonly filter: JobFilter;
  readonly fromStart: boolean;
}

const KEYS = ["action", "filter", "all", "fromStart", "by"];
const LONGEST_BY = 120;

/** A request, checked. Which tasks no worker knows is for the moment in which it is stored. */
export interface ParsedBulk extends Omit<BulkInput, "filter"> {
  readonly query: ParsedQuery;
  readonly tags: readonly string[];
}

/** Checks a request. @throws InvalidInput */
export function parseBulkRequest(request: BulkRequest): ParsedBulk {
  if (typeof request !== "object" || request === null) {
    throw new InvalidInput("request", request, "an object of action and filter");
  }
  for (const [key, value] of Object.entries(request)) {
    if (!KEYS.includes(key)) throw new InvalidInput(key, value, `no such option; known: ${KEYS.join(", ")}`);
  }
  const { action, filter, by } = request;
  const all = parseFlag("all", request.all ?? false);
  const fromStart = parseFlag("fromStart", request.fromStart ?? false);
  if (!ACTIONS.includes(action)) throw new InvalidInput("action", action, `one of ${ACTIONS.join(", ")}`);
  if (fromStart && action !== "retry") throw new InvalidInput("fromStart", fromStart, "only for the action retry");
  const { filter: conditions, noWorker } = parseQuery(filter);
  if (!all && Object.keys(conditions).length === 0 && noWorker === null) {
    throw new InvalidInput("filter", filter, "at least one condition, or all: true for every job");
  }
  const reserved = namedQueues(conditions)?.find((name) => isReserved(name));
  if (reserved !== undefined) throw new InvalidInput("filter.queue", reserved, "a queue of the application");
  // `retry` without states means those that failed: jobs that ended well are meant only when that is said.
  const meant: JobFilter = action === "retry" ? { states: ["failed"], ...conditions } : conditions;
  return {
    action,
    query: { filter: { ...meant, states: statesFor(action, meant.states) }, noWorker },
    fromStart,
    tags: [`action:${action}`, ...(by === undefined ? [] : [`by:${parseKey("by", by, LONGEST_BY)}`])],
  };
}
