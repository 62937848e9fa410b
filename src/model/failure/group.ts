/**
 * A failure group: the failed runs of a queue with one fingerprint, as one thing for a person to look after. It is open until it is
 * acknowledged or resolved by hand; a resolved one has regressed once a run fails that began later.
 */
import { cutText } from "../text.js";
import type { Failure } from "./failure.js";

/** What has become of a group. */
export type FailureGroupState =
  /** It is new, or was opened again by hand. */
  | "open"
  /** It is known; new failures change nothing. */
  | "acknowledged"
  /** It is said to be over. */
  | "resolved"
  /** It was resolved, and a run failed that began after that. */
  | "regressed";

/** The states, in the order in which they are listed. */
export const FAILURE_GROUP_STATES = ["open", "regressed", "acknowledged", "resolved"] as const;

/** The states that are given by hand. */
export type GivenGroupState = Exclude<FailureGroupState, "regressed">;

/** How many groups a queue has at most. Of more those under which no job is filed go first, then the ones seen last the longest ago. */
export const MOST_FAILURE_GROUPS = 1_000;
/** How long (milliseconds) a group is kept after its last failure, unless jobs are filed under it: 30 days. */
export const FAILURE_GROUP_AGE = 30 * 24 * 60 * 60_000;
/** How many tasks, versions and samples a group tells: the latest ones. */
export const MOST_IN_GROUP = 10;
/** For how many hours a group tells how many runs failed. */
export const GROUP_HOURS = 48;
/** How many characters of a message a group has. */
export const LONGEST_GROUP_MESSAGE = 200;
/** Jobs filed under a group are counted up to this number, in lists up to the second. */
export const MOST_FILED = 10_000;
export const MOST_FILED_IN_LISTS = 1_000;

/** A version of the code whose runs failed. */
export interface FailedVersion {
  readonly task: string;
  /** `connect({ appVersion })`; `null` when unknown. */
  readonly appVersion: string | null;
  /** `connect({ environment })`; `null` when unknown. */
  readonly environment: string | null;
  /** `task(name, { version })`; `null` when unknown. */
  readonly version: string | null;
}

/** How many runs failed in one hour. */
export interface FailedHour {
  /** When it begins, epoch milliseconds. */
  readonly at: number;
  readonly count: number;
}

/** What an error says, without its particulars and its stack. */
export interface FailureSummary {
  /** The error's class. */
  readonly name: string;
  /** At most `LONGEST_GROUP_MESSAGE` characters. */
  readonly message: string;
  readonly code: string | null;
}

/** The failures of a queue with one fingerprint. Name, message and code are those of the latest one. Times are epoch milliseconds. */
export interface FailureGroup extends FailureSummary {
  readonly queue: string;
  readonly fingerprint: string;
  /**
   * How many runs failed, those that were tried again included, and how many jobs failed without a run. Each counts once, however often
   * it is reported.
   */
  readonly runs: number;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly state: FailureGroupState;
  /** When it got this state; `null`: it has been open from the beginning. */
  readonly changedAt: number | null;
  /** Who gave it this state; `null`: no person, or it is not known who. */
  readonly changedBy: string | null;
  /** The tasks that failed, the latest first, at most `MOST_IN_GROUP`; so are versions and samples. */
  readonly tasks: readonly string[];
  /** The code that failed, as far as its workers said and the queue remembers it. */
  readonly versions: readonly FailedVersion[];
  /** Ids of jobs that failed. Some may have been removed since. */
  readonly samples: readonly string[];
  /** How many failed in each of the last `GROUP_HOURS` hours in which any did, the oldest first. */
  readonly hours: readonly FailedHour[];
  /** How many jobs stand `failed` or `partial` with this error now: up to `MOST_FILED`, in lists up to `MOST_FILED_IN_LISTS`. */
  readonly filed: number;
}

/** What a group says of a failure. */
export function summaryOf({ name, message, code }: Failure): FailureSummary {
  return {
    name: short(name),
    message: short(message, LONGEST_GROUP_MESSAGE),
    code: code === null ? null : short(code),
  };
}

function short(text: string, longest = 100): string {
  return cutText(text, longest).toWellFormed();
}
