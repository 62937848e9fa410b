/**
 * Work that is accepted but not done, because it would have kept a transaction for too long: messages between jobs, the rows of
 * obliterated queues, the jobs of sessions that closed, and the checkpoints of jobs that began anew. It is in the file, so that a sweep of any process finds it when the
 * one that left it dies.
 */
import { continueClosing, hasClosing } from "./commands/closing.js";
import { deliverStored } from "./messages/mailbox.js";
import { hasStored } from "./messages/stored-messages.js";
import { hasObliterated, isCancelling, removeObliterated } from "./removal/obliterate.js";
import { dropStaleCheckpoints, hasStaleCheckpoints } from "./store/checkpoint.js";
import type { Transaction } from "./store/transaction.js";

/** Does a part of it. */
export function continueLeftovers(transaction: Transaction): void {
  continueClosing(transaction);
  if (!isCancelling(transaction.sql)) deliverStored(transaction);
  removeObliterated(transaction);
  dropStaleCheckpoints(transaction);
}

/** Finds out whether there is any; the writer then goes on with it. */
export function findLeftovers(transaction: Transaction): void {
  const { sql } = transaction;
  if (hasStored(sql) || hasObliterated(sql) || hasClosing(sql) || hasStaleCheckpoints(sql)) transaction.leave();
}
