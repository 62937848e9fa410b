/**
 * The constants of the scripts: every name in capitals in a Lua file is replaced by its value when a script is composed
 * (compose.ts). Values that the model or TypeScript code also uses are imported; the others only concern how the scripts
 * store things. A constant uses up none of the 200 local variables that Lua allows.
 */
import { MOST_CHECKPOINTS } from "../../../model/job/report/checkpoint.js";
import { MOST_EVENT_TEXT, MOST_EVENTS, WATCH_INTEREST } from "../../../model/job/event.js";
import { POLICIES } from "../../../model/job/dependency.js";
import { LONGEST_DURATION } from "../../../model/value/duration.js";
import { MOST_MEMBERS } from "../../../model/job/membership.js";
import { CRASH_LIMIT, MOST_ATTEMPT_RECORDS, SUSPECT_FROM } from "../../../model/job/job.js";
import { MOST_LOG_LINES } from "../../../model/job/report/log.js";
import { DEFAULT_RETENTION, MOST_KEPT, WATCHED_AGE } from "../../../model/job/retention.js";
import { DOCUMENT_PAGE_BYTES, MOST_DOCUMENTS, MOST_KINDS, MOST_TRIMMED } from "../../../model/document/document.js";
import { MOST_BUILDS } from "../../contract/worker/builds.js";
import { ENTRY_DIGITS } from "../../contract/document-version.js";
import { MOST_CLAIMED_BYTES, MOST_PROMOTED, MOST_TRACES, RESEND_WINDOW } from "../../contract/engine.js";
import { STATES, TERMINAL_STATES } from "../../../model/job/state.js";
import { RUN_BUCKETS_FROM, SERIES_LETTERS } from "../../../model/series/figures.js";
import { FAILURE_GROUP_AGE, GROUP_HOURS, MOST_FAILURE_GROUPS, MOST_IN_GROUP } from "../../../model/failure/group.js";
import { HOURS_KEPT, MINUTES_KEPT, MOST_SERIES_TASKS, OTHER_TASKS } from "../../contract/worker/series.js";
import { GROUP_LETTERS } from "../../shared/failure-groups.js";
import { PRIORITY_STEP } from "../../shared/listing-order.js";
import { MOST_OPERATIONS } from "../../shared/operations.js";
import { MOST_SENDERS } from "../../shared/relay.js";
import { HOUR, MOST_FOLDED, MOST_SAMPLED } from "../../shared/series.js";
import { LATE, MOST_OVERDUE } from "../../shared/sweep.js";
import {
  ALIVE_WITH_MESSAGES,
  BIRTH_SIZE,
  CAUSE_LETTERS,
  CHANNEL_LETTERS,
  COMMIT_LETTERS,
  CONFLICT_LETTERS,
  CONTROL_LETTERS,
  DECLINED,
  ENQUEUED_LETTERS,
  FIELD_BITS,
  FENCED_LETTERS,
  FILING,
  FORMAT,
  LINKS_LEFT,
  MESSAGE_LETTERS,
  MESSAGE_WIDTH,
  NEWER_FORMAT,
  MESSAGES_PENDING,
  OUTCOME_LETTERS,
  POLICY_STEP,
  ROUND_STEP,
  RECORD_WIDTH,
  REMOVED,
  REMOVED_QUEUE,
  STILL_NOTIFYING,
  TOO_LATE,
  UNTIL_LETTERS,
  WITHOUT_RUN,
} from "./wire.js";

/** A constant's value. A list becomes a new table at each use. */
export type Constant = number | string | readonly string[];

const STATE_NUMBERS = numbered(1, STATES);

/** A record is an array: the index of each of its parts. */
const RECORD_PARTS = numbered(1, [
  ...["state", "flags", "counted", "attempts", "crashes", "epoch", "settled"],
  ...["priority", "position", "created", "run_at", "started", "finished", "holder"],
]);

/** The flags of a record: features that only some jobs use, so that only they pay for them. */
const FLAGS = {
  /** So many of its workers died that it runs apart from others of that kind. */
  SUSPECT: 2 ** 0,
  TAGGED: 2 ** 1,
  UNIQUE: 2 ** 2,
  TTL: 2 ** 3,
  /** It has a retention of its own. */
  KEEP: 2 ** 4,
  META: 2 ** 5,
  /** Its runs left checkpoints. */
  CHECKPOINTED: 2 ** 6,
  SUPERSEDES: 2 ** 7,
  /** Retained: other jobs depend on it. */
  RETAINED: 2 ** 8,
  /** It depends on others. */
  AFTER: 2 ** 9,
  FLOW: 2 ** 10,
  /** A flow that is still being created. */
  OPEN: 2 ** 11,
  HELD: 2 ** 12,
  /** It belongs to a flow. */
  MEMBER: 2 ** 13,
  /** Other jobs depended on it until after it had ended; or its place in the list of completed jobs was given up. */
  WAS_RETAINED: 2 ** 14,
  /** It was declined (lib/claims/aside.lua): while queued it is set aside. */
  DECLINED: 2 ** 15,
};

/** How records are packed (lib/store/record.lua), for `struct`, and their sizes in bytes without text. */
const FORMATS = {
  BIRTH_FORMAT: "<BHHi4I6I6",
  BIRTH_SIZE,
  /** A birth record without its last field. */
  BIRTH_HEAD_FORMAT: "<BHHi4I6",
  RUN_FORMAT: "<BHHHBI6I6i4dI6I6I6I6",
  RUN_SIZE: 56,
  /** State + SHORT, length of the session, epoch, position, started, finished; then the session and the result. */
  SHORT_FORMAT: "<BBI6I6I6I6",
  SHORT_SIZE: 26,
  SHORT: 128,
};

/** The commands of the write buffer (lib/store/batch.lua), in the order in which they are sent. */
const COMMANDS = ["HDEL", "ZREM", "HSET", "ZADD", "LPUSH", "RPUSH"];

export const CONSTANTS: Readonly<Record<string, Constant>> = {
  ...STATE_NUMBERS,
  STATE_NAMES: STATES,
  ...RECORD_PARTS,
  ...FLAGS,
  ...FORMATS,
  ...numbered(1, COMMANDS),
  COMMANDS,

  ...named("OUTCOME", OUTCOME_LETTERS),
  ...named("FENCED", FENCED_LETTERS),
  ...named("ENQUEUED", ENQUEUED_LETTERS),
  ...named("CONTROL", CONTROL_LETTERS),
  ...named("COMMIT", COMMIT_LETTERS),
  ...named("UNTIL", UNTIL_LETTERS),
  UNTIL_TIME: "t",
  ...named("CONFLICT", CONFLICT_LETTERS),
  ...named("CAUSE", CAUSE_LETTERS),
  ...named("MESSAGE", MESSAGE_LETTERS),
  ...named("CHANNEL", CHANNEL_LETTERS),
  MESSAGE_WIDTH,
  /** An incoming message also has the failure of its end. */
  DELIVERY_WIDTH: MESSAGE_WIDTH + 1,
  ALIVE_WITH_MESSAGES,
  MESSAGES_PENDING,
  NOT_USUAL: DECLINED,
  REMOVED_QUEUE,
  STILL_NOTIFYING,
  TOO_LATE,
  RECORD_WIDTH,
  ...named("FIELD", FIELD_BITS),
  WITHOUT_RUN,
  FORMAT,
  LINKS_LEFT,
  NEWER_FORMAT,

  // A link's value is the state in which a dependency ended, and a policy.
  REMOVED,
  POLICY_STEP,
  ROUND_STEP,
  ...named("POLICY", numbered(0, POLICIES)),

  PRIORITY_STEP,
  CRASH_LIMIT,
  SUSPECT_FROM,
  MOST_HISTORY: MOST_ATTEMPT_RECORDS,
  MOST_MEMBERS,
  MOST_OPERATIONS,
  MOST_LOG_LINES,
  /** How many lines of a log are one field: what one more line writes again. */
  LOG_CHUNK: 50,
  /** No job logs as many lines: a number that another hand wrote. */
  MOST_LOGGED: 1e12,
  COMPLETED_AGE: DEFAULT_RETENTION.completed.age,
  FAILED_AGE: DEFAULT_RETENTION.failed.age,
  LONGEST_DURATION,
  MOST_KEPT,
  WATCHED_AGE,
  LATE,
  MOST_OVERDUE,

  ...named("GROUP", GROUP_LETTERS),
  MOST_FAILURE_GROUPS,
  FAILURE_GROUP_AGE,
  MOST_IN_GROUP,
  GROUP_HOURS,
  ...FILING,

  HOURS_KEPT,
  MINUTES_KEPT,
  MOST_FOLDED,
  MOST_SAMPLED,
  MOST_SERIES_TASKS,
  OTHER_TASKS,
  RUN_BUCKETS_FROM,
  /** The letters of the terminal states, in their order. */
  ENDED_LETTERS: TERMINAL_STATES.map((state) => SERIES_LETTERS[state]).join(""),
  ...named("SERIES", SERIES_LETTERS),
  /** Into how many minutes one call adds. */
  MOST_MINUTES: 10,
  /** How long (milliseconds) a series is kept after it was written last: a little longer than its hours. */
  SERIES_AGE: (HOURS_KEPT + 1) * HOUR,

  /** How many checkpoints one call removes before it leaves the rest to the next: as many as one job may have. */
  MOST_CHECKPOINTS,
  /** Lua's `unpack` has a limit of about 8,000 values. */
  MAX_ARGS: 4_000,
  /**
   * How many entries one call looks at in a loop as long as the data: the server does nothing else meanwhile. The rest is
   * left to the next call.
   */
  MOST_LOOKED_AT: 2_000,
  /**
   * How many entries an exchange writes, or a little more, for jobs out of the ordinary. The rest is left to the next call, or
   * sent again.
   */
  MOST_WRITTEN: 1_200,
  /** How many stored jobs are read at once where their bytes are counted, at first and later. */
  FEW_READ_AT_ONCE: 32,
  MOST_READ_AT_ONCE: 64,
  MOST_CLAIMED_BYTES,
  MOST_PROMOTED,
  MOST_TRACES,
  MOST_BUILDS,
  RESEND_WINDOW,
  MOST_DOCUMENTS,
  MOST_KINDS,
  MOST_TRIMMED,
  ENTRY_DIGITS,
  DOCUMENT_PAGE_BYTES,
  /** How many bytes of jobs one call reads, or a little more: the rest is left to the next call. */
  MOST_REPLIED: 1024 * 1024,
  /** So many bytes that are only passed over, to come to what stands beside them, take about as long as one that is replied. */
  BYTES_PASSED: 16,
  /**
   * Up to this many tombstones stay in the waiting list as they are (of more, this many entries at a time are moved), and up
   * to this many stale entries in the list of completed jobs.
   */
  FEW_TOMBSTONES: 1_000,
  MOST_MOVED: 500,
  /**
   * Marks entries of the waiting list whose job has moved before, and so has a record in `run`. Ids never begin with it.
   */
  MOVED: "~",
  /** The most bytes of a result that are kept behind a short record. */
  MOST_INLINE: 2_048,
  MOST_EVENTS,
  MOST_EVENT_TEXT,
  /** How many bytes of events there are in an entry of their stream, or those of one event. */
  TEXT_PER_ENTRY: 64 * 1024,
  WATCH_INTEREST,
  /**
   * A job's messages to pending dependencies are sent again after this (milliseconds), in case one was lost with its
   * server.
   */
  AUDIT: 600_000,
  /** The score of a dead session is the time at which it was declared dead, plus this. */
  DEAD: -1e15,
  /** How many sessions are declared dead, or ended, in one call. */
  MOST_SESSIONS: 200,
  MOST_SENDERS,
  /** How many messages jobs send in one call. */
  MOST_MESSAGES: 500,
  /** After how many jobs of a session that is closed a call leaves the rest to the next. */
  MOST_HANDED_BACK: 100,
  /** How many jobs one call changes that are changed one after the other; the rest is left to the next. */
  MOST_CHANGED: 100,
  /** How many jobs that ended without a run and were claimed become due again in one call. */
  MOST_RETURNED: 500,
};

/** Constants for words, numbered from `first` on. */
function numbered(first: number, words: readonly string[]): Record<string, number> {
  return Object.fromEntries(words.map((word, index) => [word.toUpperCase(), first + index]));
}

/** Constants for values, named after what they are about. */
function named<Value extends Constant>(about: string, values: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(values).map(([word, value]) => [`${about}_${word.toUpperCase().replaceAll("-", "_")}`, value]),
  );
}
