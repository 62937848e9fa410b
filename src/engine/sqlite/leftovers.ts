/**
 * Work that is accepted but not done, because it would have kept a transaction for too long: messages between jobs, and the
 * rows of obliterated queues. It is in the file, so that a sweep of any process finds it when the one that left it dies.
 */
import { deliverStored } from "./messages/mailbox.js";
import { hasStored } from "./messages/stored-messages.js";
import { hasObliterated, isCancelling, removeObliterated } from "./removal/obliterate.js";
import type { Transaction } from "./store/transaction.js";

/** Does a part of it. */
export function continueLeftovers(transaction: Transaction): void {
  if (!isCancelling(transaction.sql)) deliverStored(transaction);
  removeObliterated(transaction);
}

/** Finds out whether there is any; the writer then goes on with it. */
export function findLeftovers(transaction: Transaction): void {
  if (hasStored(transaction.sql) || hasObliterated(transaction.sql)) transaction.leave();
}
