/**
 * Failure groups: what an engine keeps of the failed runs of a queue, by fingerprint. A run is counted in the step in which its failure
 * is stored, so exactly once however often that is sent; a stale settlement is not. Jobs that fail with their worker or with a
 * dependency are counted too. Nothing is written for a run that does not fail.
 * A group is kept as long as jobs are filed under it, else for `FAILURE_GROUP_AGE` after its last failure; a sweep
 * removes it within an hour.
 */
import { InvalidInput } from "../../model/errors/errors.js";
import type { FailureGroup, FailureGroupState, GivenGroupState } from "../../model/failure/group.js";
import type { Awaitable } from "./awaitable.js";

/** The most groups of one page. */
export const MOST_GROUPS_LISTED = 100;

/** Which groups are listed. */
export interface FailureGroupQuery {
  readonly queue: string;
  /** Only groups in one of these states. Default: all. */
  readonly states?: readonly FailureGroupState[];
  /** Where the page begins: `next` of the page before. Default: at the group seen last. */
  readonly after?: string | null;
  /** 1 to `MOST_GROUPS_LISTED`. */
  readonly limit: number;
}

export interface FailureGroupPage {
  /** Those seen last come first. One that fails again meanwhile moves to the front; no other is missed or repeated. */
  readonly groups: readonly FailureGroup[];
  /** Where the next page begins; `null` at the end. */
  readonly next: string | null;
  /** How many groups were dropped since the queue exists, because it had too many. */
  readonly dropped: number;
}

export interface FailureGroupRef {
  readonly queue: string;
  readonly fingerprint: string;
}

export interface FailureGroupChange extends FailureGroupRef {
  readonly state: GivenGroupState;
  /** Who changes it, cut to 100 characters; `null`: unknown. */
  readonly by: string | null;
}

/** The commands on failure groups. */
export interface FailureGroupCommands {
  /** The groups of a queue; none when there is no such queue. */
  failureGroups(params: FailureGroupQuery): Awaitable<FailureGroupPage>;
  /** One group; `null` when there is none. */
  failureGroup(params: FailureGroupRef): Awaitable<FailureGroup | null>;
  /**
   * Gives a group a state, and answers it as it is then; `null` when there is none. One that has the state already stays as it is, so
   * a command sent again changes nothing.
   */
  changeFailureGroup(params: FailureGroupChange): Awaitable<FailureGroup | null>;
}

/** The place of a group in the list, by which the next page is asked for. */
export interface GroupPlace {
  readonly lastAt: number;
  readonly fingerprint: string;
}

export function encodePlace({ lastAt, fingerprint }: GroupPlace): string {
  return `${lastAt} ${fingerprint}`;
}

/** @throws InvalidInput */
export function decodePlace(after: string | null | undefined): GroupPlace | null {
  if (after === undefined || after === null) return null;
  const [, lastAt, fingerprint] = /^(\d{1,15}) (\S+)$/.exec(after) ?? [];
  if (lastAt === undefined || fingerprint === undefined)
    throw new InvalidInput("after", after, "`next` of another page");
  return { lastAt: Number(lastAt), fingerprint };
}
