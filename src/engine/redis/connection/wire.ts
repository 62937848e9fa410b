/**
 * The letters and numbers of the protocol between the scripts and TypeScript. The scripts take them from here
 * (script-constants.ts), so none is written twice.
 */
import type { LongField } from "../../../model/job/query/fields.js";
import { STATES } from "../../../model/job/state.js";

/** The outcome of a run. */
export const OUTCOME_LETTERS = {
  complete: "c",
  partial: "p",
  fail: "f",
  snooze: "s",
  return: "r",
  decline: "d",
  wait: "w",
} as const;

/** The answer to a fenced write. */
export const FENCED_LETTERS = { applied: "a", stale: "s" } as const;

/** The answer to one job of an enqueue. */
export const ENQUEUED_LETTERS = { created: "c", existing: "e", joined: "j", rejected: "r", replaced: "p" } as const;

/** The answer to a command on a job. */
export const CONTROL_LETTERS = { applied: "a", missing: "m", "wrong-state": "w", conflict: "c" } as const;

/** The answer to the start of a flow. */
export const COMMIT_LETTERS = { committed: "c", incomplete: "i", missing: "m", ended: "e" } as const;

/** Until when a unique key is owned, unless that is a time. */
export const UNTIL_LETTERS = { finished: "f", started: "s" } as const;

/** The outcome for a job whose unique key is owned by another. */
export const CONFLICT_LETTERS = {
  join: ENQUEUED_LETTERS.joined,
  reject: ENQUEUED_LETTERS.rejected,
  replace: ENQUEUED_LETTERS.replaced,
} as const;

/** Why a lease was revoked. */
export const CAUSE_LETTERS = { cancel: "c", supersede: "s" } as const;

/** The messages between jobs. */
export const MESSAGE_LETTERS = {
  end: "e",
  unlink: "u",
  link: "l",
  go: "g",
  join: "j",
  cancel: "x",
  drop: "d",
} as const;

/** What is published on the channel of a queue: new events, a revoked lease, a command to a worker, on a cluster that a worker is to wake. */
export const CHANNEL_LETTERS = { events: "e", revoked: "r", commanded: "c", wake: "w" } as const;

/**
 * Marks between fingerprint and id in the index of failures: of jobs that stand failed or partial, of others, and a character that sorts
 * behind both.
 */
export const FILING = { FILED: "}", NOT_FILED: "|", BEHIND_FILED: "~" } as const;

/** How many values a script answers per message. */
export const MESSAGE_WIDTH = 5;

/** Stands for a removed job: the number after those of the states. */
export const REMOVED = STATES.length + 1;

/** The weight of a dependency policy in the value of a link; the state in which the dependency ended is added. */
export const POLICY_STEP = 16;
/** … and the round in which it did, so many times. */
export const ROUND_STEP = POLICY_STEP * 16;

/** The answer to an enqueue that did nothing: removed jobs of the same ids have many messages to deliver before. */
export const LINKS_LEFT = -2;

/** The bits of the first value of the answer to an enqueue: the queue is listed; messages wait in the outbox. */
export const LISTED = 1;
export const MESSAGES_PENDING = 2;

/** The first value of the answer to an exchange of a live session when messages wait in the outbox. */
export const ALIVE_WITH_MESSAGES = 3;

/** The answer, alone, of a fast-path script to a call that it does not serve: nothing was done. */
export const DECLINED = -1;

/** The answer of an obliteration while the messages of an earlier one are not delivered. */
export const STILL_NOTIFYING = 2;

/** The receipt of an outbox that is empty, when an obliterated queue of this name has messages left. Ids have no blank. */
export const REMOVED_QUEUE = "removed queue";

/** The answer of a sweep, in place of the number of promoted jobs, when it ran too late. */
export const TOO_LATE = -1;

/** How many values the read script answers for a job. */
export const RECORD_WIDTH = 20;

/** The bits of the long fields that the read script is asked for. */
export const FIELD_BITS: Readonly<Record<LongField, number>> = {
  input: 1,
  references: 2,
  result: 4,
  meta: 8,
  history: 16,
  failures: 32,
};

/** Marks the error of a job that failed without a run. */
export const WITHOUT_RUN = "!";

/** The length of a birth record in bytes (see scripts/lib/store/record.lua). */
export const BIRTH_SIZE = 21;

/** The version of the stored format of a queue (`format` among its numbers). A newer one is refused. */
export const FORMAT = 2;

/** The error of a script that refuses a queue for that, followed by the version found. */
export const NEWER_FORMAT = "LONGSHORE_NEWER_FORMAT";

/** The name of a letter; `undefined` for an unknown one. */
export function meaningOf<Word extends string>(
  letters: Readonly<Record<Word, string>>,
  letter: string,
): Word | undefined {
  for (const word in letters) if (letters[word] === letter) return word;
  return undefined;
}
