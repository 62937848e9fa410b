/**
 * The letters and numbers in which the scripts and this side of the connection speak to each other. The scripts take them
 * from here (script-constants.ts), so that none is written twice.
 */
import { STATES } from "../../../model/job/state.js";

/** How a run ended. */
export const OUTCOME_LETTERS = {
  complete: "c",
  partial: "p",
  fail: "f",
  snooze: "s",
  return: "r",
  decline: "d",
  wait: "w",
} as const;

/** What became of something that a session wrote under its leases. */
export const FENCED_LETTERS = { applied: "a", stale: "s" } as const;

/** What became of a job that was enqueued. */
export const ENQUEUED_LETTERS = { created: "c", existing: "e", joined: "j", rejected: "r", replaced: "p" } as const;

/** What became of a command on a job. */
export const CONTROL_LETTERS = { applied: "a", missing: "m", "wrong-state": "w", conflict: "c" } as const;

/** What became of a flow that was to begin. */
export const COMMIT_LETTERS = { committed: "c", incomplete: "i", missing: "m", ended: "e" } as const;

/** Until when a unique key is held, unless that is a time. */
export const UNTIL_LETTERS = { finished: "f", started: "s" } as const;

/** What a job meets whose unique key is held: the letters of what becomes of it. */
export const CONFLICT_LETTERS = {
  join: ENQUEUED_LETTERS.joined,
  reject: ENQUEUED_LETTERS.rejected,
  replace: ENQUEUED_LETTERS.replaced,
} as const;

/** Why a lease was taken away. */
export const CAUSE_LETTERS = { cancel: "c", supersede: "s" } as const;

/** What jobs tell those they are tied to. */
export const MESSAGE_LETTERS = {
  end: "e",
  unlink: "u",
  link: "l",
  go: "g",
  join: "j",
  cancel: "x",
  drop: "d",
} as const;

/** What is published on the channel of a queue: that there are events, that a lease was taken away. */
export const CHANNEL_LETTERS = { events: "e", revoked: "r" } as const;

/** How many values a script answers per message. */
export const MESSAGE_WIDTH = 5;

/** What stands for a job that is gone: the number after those of the states. */
export const REMOVED = STATES.length + 1;

/** What a dependency policy is worth in what is said of a tie; the state it ended in is added. */
export const POLICY_STEP = 16;

/** The bits of the first value that is answered to an enqueue: the queue is on the list; jobs have news. */
export const LISTED = 1;
export const NEWS = 2;

/** What is answered first to an exchange of a session that lives when jobs have news. */
export const ALIVE_WITH_MESSAGES = 3;

/** What a script for usual calls answers, alone, to one that is not: nothing was done. */
export const DECLINED = -1;

/** What a sweep answers in place of the number of promoted jobs when it ran too late. */
export const TOO_LATE = -1;

/** How many values the read script answers for a job. */
export const RECORD_WIDTH = 20;

/** Marks the error of a job that failed without a run. */
export const WITHOUT_RUN = "!";

/** How long a birth record is, in bytes (see scripts/lib/record.lua). */
export const BIRTH_SIZE = 21;

/** The version of what is stored for a queue (`format` in its settings). One that is newer is refused. */
export const FORMAT = 1;

/** What a script says, followed by the version it found, when it refuses a queue for that. */
export const NEWER_FORMAT = "LONGSHORE_NEWER_FORMAT";

/** The word for a letter; `undefined` for one that has none. */
export function meaningOf<Word extends string>(
  letters: Readonly<Record<Word, string>>,
  letter: string,
): Word | undefined {
  for (const word in letters) if (letters[word] === letter) return word;
  return undefined;
}
