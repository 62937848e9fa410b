/**
 * Job ids made by the client: 20 characters of 0-9 A-Z a-z that sort by time of creation. Eight for the millisecond, two
 * for the queue (so that a bare id can be looked up where it lives, in one round trip), six drawn once per process and
 * four that count up. Two ids of one process never meet; two processes meet only if they drew the same 1 of 56 billion.
 */
import { randomBytes } from "node:crypto";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE = DIGITS.length;
const TIME_LENGTH = 8;
const QUEUE_LENGTH = 2;
const PROCESS_LENGTH = 6;
const COUNTER_LENGTH = 4;

/** The length of a generated id. */
export const ID_LENGTH = TIME_LENGTH + QUEUE_LENGTH + PROCESS_LENGTH + COUNTER_LENGTH;

/** Gives out ids. One per client. */
export interface IdSource {
  /** A new id for a job of `queue`, made at `now` (milliseconds since the epoch). */
  next(queue: string, now: number): string;
}

/**
 * Makes an id source.
 * @param bytes gives n random bytes; only tests pass another than the system's
 */
export function createIdSource(bytes: (n: number) => Uint8Array = randomBytes): IdSource {
  const seed = Buffer.from(bytes(8));
  const processPart = encode(seed.readUIntBE(0, 5) % BASE ** PROCESS_LENGTH, PROCESS_LENGTH);
  let counter = seed.readUIntBE(5, 3) % BASE ** COUNTER_LENGTH;
  let timePart = "";
  let timeOf = -1;
  return {
    next(queue, now) {
      // A clock that steps back must not make ids that sort before older ones, or repeat them.
      if (now > timeOf) {
        timeOf = now;
        timePart = encode(now, TIME_LENGTH);
      }
      counter += 1;
      if (counter === BASE ** COUNTER_LENGTH) {
        counter = 0;
        timeOf += 1;
        timePart = encode(timeOf, TIME_LENGTH);
      }
      return timePart + queueMark(queue) + processPart + encode(counter, COUNTER_LENGTH);
    },
  };
}

const marks = new Map<string, string>();

/** The two characters that stand for a queue in an id: a hash, so several queues may share them. */
export function queueMark(queue: string): string {
  let mark = marks.get(queue);
  if (mark === undefined) {
    let hash = 0x811c9dc5; // FNV-1a, 32 bits
    for (let i = 0; i < queue.length; i += 1) hash = Math.imul(hash ^ queue.charCodeAt(i), 0x01000193) >>> 0;
    mark = encode(hash % BASE ** QUEUE_LENGTH, QUEUE_LENGTH);
    if (marks.size > 10_000) marks.clear();
    marks.set(queue, mark);
  }
  return mark;
}

/**
 * Is `id` likely to be that of a job of `queue`? Certain for a generated id. An id of the caller's own that is as long
 * as a generated one may belong to any queue, even when the answer is no.
 */
export function mayBelongTo(id: string, queue: string): boolean {
  if (id.length !== ID_LENGTH) return true;
  return id.startsWith(queueMark(queue), TIME_LENGTH);
}

function encode(value: number, length: number): string {
  let text = "";
  let rest = value;
  for (let i = 0; i < length; i += 1) {
    text = DIGITS.charAt(rest % BASE) + text;
    rest = Math.floor(rest / BASE);
  }
  return text;
}
