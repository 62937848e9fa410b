/** A list of failure groups over queues, read as a stream or page by page, and the causes that many of them share. */
import { compareMerged, mergeGroups, type FailureGroupSnapshot } from "../../model/failure/groups/merged-group.js";
import { sharedCauses, type SharedCause } from "../../model/failure/groups/shared-cause.js";
import { checkOptions } from "../../model/value/call-options.js";
import { parseTime, parseWhole } from "../../model/value/scalar.js";
import type { ConnectionContext } from "../connection/context.js";
import { cursorAt, matchesQuery, parseCursor, type ParsedFailureQuery } from "./failure-query.js";
import { ownQueues, readGroups } from "./group-reader.js";

/** A page of failure groups. */
export interface FailurePage {
  readonly groups: readonly FailureGroupSnapshot[];
  /** Hand it back for the next page; `null` at the end. */
  readonly cursor: string | null;
  /** `false`: there are more groups than the 10,000 that are read, and the ones seen last the longest ago are missing. */
  readonly exact: boolean;
  /** How many groups the queues have dropped so far, as each keeps 1,000 at most. */
  readonly dropped: number;
}

const LARGEST_PAGE = 500;
const DEFAULT_PAGE = 100;
const HOUR = 3_600_000;

/**
 * A list of failure groups: those seen last come first.
 * @example
 * for await (const { fingerprint, state, runs, message } of longshore.failures({ states: ["open", "regressed"] })) {
 *   console.log(fingerprint, state, runs, message);
 * }
 */
export class FailureList implements AsyncIterable<FailureGroupSnapshot> {
  readonly #context: ConnectionContext;
  readonly #query: ParsedFailureQuery;

  /** @internal Lists come from `longshore.failures`. */
  constructor(context: ConnectionContext, query: ParsedFailureQuery) {
    this.#context = context;
    this.#query = query;
  }

  /**
   * One page. A group that fails again meanwhile moves to the front; no other is missed or repeated.
   * @param options.cursor from the page before; default: the first page
   * @param options.limit the most groups on it, 1 to 500; default: 100
   * @throws InvalidInput; EngineUnavailable
   */
  async page(options: { cursor?: string | null; limit?: number } = {}): Promise<FailurePage> {
    checkOptions(options, ["cursor", "limit"]);
    const { cursor = null, limit = DEFAULT_PAGE } = options;
    const most = parseWhole("limit", limit, 1, LARGEST_PAGE);
    const place = cursor === null ? null : parseCursor(cursor);
    const { groups, exact, dropped } = await this.#read();
    const rest = place === null ? groups : groups.filter((group) => compareMerged(group, place) > 0);
    const page = rest.slice(0, most);
    const last = page.at(-1);
    return { groups: page, cursor: rest.length > most && last !== undefined ? cursorAt(last) : null, exact, dropped };
  }

  /**
   * What many of the latest failures have in common: groups that fail three tasks or more, and those that have three fifths of the
   * failed runs, if there are five or more. One that is resolved is none.
   * @param options.since a `Date` or epoch milliseconds, at most 48 hours ago; hours are counted whole. Default: an hour ago
   * @returns the one with the most runs first; each with a sentence that says where to look
   * @throws InvalidInput; EngineUnavailable
   * @example for (const { hint } of await longshore.failures().sharedCauses()) console.log(hint);
   */
  async sharedCauses(options: { since?: Date | number } = {}): Promise<SharedCause[]> {
    checkOptions(options, ["since"]);
    const since =
      options.since === undefined ? (await this.#context.engine.now()) - HOUR : parseTime("since", options.since);
    return sharedCauses((await this.#read(since - HOUR)).groups, since);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FailureGroupSnapshot, void, undefined> {
    yield* (await this.#read()).groups;
  }

  /** @param since groups seen last before that need not be read */
  async #read(since?: number): Promise<Pick<FailurePage, "groups" | "exact" | "dropped">> {
    const { engine } = this.#context;
    const { groups, exact, dropped } = await readGroups(engine, this.#query.queues ?? (await ownQueues(engine)), since);
    return { groups: mergeGroups(groups).filter((group) => matchesQuery(group, this.#query)), exact, dropped };
  }
}
