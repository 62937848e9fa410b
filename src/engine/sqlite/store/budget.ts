/**
 * How much one transaction does. It keeps its process and every other one from the file, so what a command causes beyond this
 * (messages to thousands of jobs, the rows of an obliterated queue, the jobs of a session that closes) is left to transactions after it (leftovers.ts).
 */
import { MOST_CLAIMED_BYTES } from "../../contract/engine.js";

export interface Budget {
  /** How many messages between jobs are delivered. */
  readonly messages: number;
  /** How many links of jobs are read for messages. */
  readonly links: number;
  /** How many rows of obliterated queues, of removed jobs and of runs before a job began anew are removed. */
  readonly rows: number;
  /** How many jobs of sessions that close are handed back. */
  readonly jobs: number;
  /** How many jobs whose ttl is over a claim expires, in all its queues: it answers then that there are more. */
  readonly expired: number;
  /** How many characters of input a claim gives, in all its queues: once they are exceeded it answers that there are more. */
  readonly claimed: number;
}

/** Each part takes some 10 milliseconds. */
export const USUAL_BUDGET: Budget = {
  messages: 250,
  links: 2_500,
  rows: 2_000,
  jobs: 250,
  expired: 200,
  claimed: MOST_CLAIMED_BYTES,
};
