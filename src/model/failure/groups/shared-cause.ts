/**
 * Shared causes: when most of what fails lately fails for one reason, or one reason fails several tasks, that is worth more than a line
 * among others: it is rarely the jobs. A missing key, a service that is down.
 */
import { DEPENDENCY_FAILED } from "../../job/dependency.js";
import type { FailureGroupSnapshot } from "./merged-group.js";

/** A group shared by so many tasks is a shared cause. */
export const SHARED_BY_TASKS = 3;
/** A group that has such a part of the failed runs is one, too, if so many failed. */
export const SHARED_PART = 0.6;
export const LEAST_FAILURES = 5;

const HOUR = 3_600_000;

/** A failure group that many failures have in common. */
export interface SharedCause {
  readonly fingerprint: string;
  /** The tasks that failed with it. */
  readonly tasks: readonly string[];
  /** How many runs failed with it lately. */
  readonly runs: number;
  /** How many runs failed lately, with whatever error. */
  readonly of: number;
  /** What to look at, in one sentence. */
  readonly hint: string;
}

/**
 * The shared causes among groups, the one with the most runs first. One that is said to be resolved is none; jobs that failed with
 * those that they waited for are left out, as they say nothing of their own.
 * @param since epoch milliseconds; runs are counted by hour, from the hour that contains it
 */
export function sharedCauses(groups: readonly FailureGroupSnapshot[], since: number): SharedCause[] {
  const recent = groups
    .filter(({ code }) => code !== DEPENDENCY_FAILED)
    .map((group) => ({ group, runs: runsSince(group, since) }))
    .filter(({ runs }) => runs > 0)
    .toSorted((a, b) => b.runs - a.runs);
  const of = recent.reduce((sum, { runs }) => sum + runs, 0);
  return recent
    .filter(({ group, runs }) => group.state !== "resolved" && isShared(group, runs, of))
    .map(({ group, runs }) => {
      const { fingerprint, tasks } = group;
      return { fingerprint, tasks, runs, of, hint: hintOf(group, runs, of) };
    });
}

/** The runs of a group that failed since then, and in the same hour before. */
export function runsSince({ hours }: Pick<FailureGroupSnapshot, "hours">, since: number): number {
  return hours.reduce((sum, { at, count }) => (at + HOUR > since ? sum + count : sum), 0);
}

function isShared({ tasks }: FailureGroupSnapshot, runs: number, of: number): boolean {
  return tasks.length >= SHARED_BY_TASKS || (of >= LEAST_FAILURES && runs >= of * SHARED_PART);
}

function hintOf({ name, message, code, tasks }: FailureGroupSnapshot, runs: number, of: number): string {
  const whose = tasks.length > 1 ? `, of ${tasks.length} tasks,` : "";
  const advice = ADVICE.find(
    ({ codes, text }) => (code !== null && codes.test(code)) || text.test(`${name} ${message}`),
  );
  return `${runs} of the last ${of} failed runs${whose} ended with "${name}: ${message}": ${advice?.hint ?? LOOK}.`;
}

const LOOK = "look for what their jobs have in common";

/** What codes and texts of errors mostly mean, the first that fits. */
const ADVICE: readonly { readonly codes: RegExp; readonly text: RegExp; readonly hint: string }[] = [
  {
    codes: /^(?:402|429|insufficient_quota|quota_exceeded|billing_hard_limit_reached|rate_limit_exceeded)$/,
    text: /\bquota\b|\brate.?limit|too many requests/i,
    hint: "a quota may be used up, or calls be too frequent",
  },
  {
    codes: /^(?:401|403|invalid_api_key|EAUTH)$/,
    text: /api.?key|unauthori[sz]ed|authenticat|credential|(?:access|invalid|expired|bearer).?token|forbidden/i,
    hint: "a key or token may be missing, wrong or expired",
  },
  {
    codes: /^model_not_found$/,
    text: /\bmodel\b.*(?:not found|not exist|not available|unavailable|unknown|deprecated)/i,
    hint: "a model may not exist, or not be open to this account",
  },
  {
    codes:
      /^(?:502|503|504|ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|UND_ERR_\w+)$/,
    text: /fetch failed|socket hang up|unreachable|connection (?:refused|reset|closed)|service unavailable|bad gateway/i,
    hint: "a service may be down, or not be reachable from here",
  },
  {
    codes: /^TIMEOUT$/,
    text: /\btimed? ?out\b|timeout/i,
    hint: "something they wait for may have become slow",
  },
  {
    codes: /^(?:ENOSPC|EDQUOT)$/,
    text: /no space left/i,
    hint: "a disk may be full",
  },
  {
    codes: /^(?:OUT_OF_MEMORY|ENOMEM)$/,
    text: /out of memory|heap limit/i,
    hint: "jobs may need more memory than their process has",
  },
  {
    codes: /^(?:ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND|ENOENT)$/,
    text: /cannot find (?:module|package)|no such file/i,
    hint: "a file or package may be missing where the workers run",
  },
];
