/**
 * What to do about each way in which Redis refuses or fails to answer: one table, so that the reaction to a failover or a
 * full server is decided once. Every command may be sent again, because every mutation is idempotent.
 */
import { NEWER_FORMAT } from "./wire.js";

/** The reaction to a failed command. */
export type Reaction =
  /** Wait a little and send it again, until the command's time is up. */
  | "again"
  /** The same, on a new connection: this one leads to the wrong server, or nowhere any more. */
  | "reconnect"
  /** Waiting does not help: tell the caller. */
  | "tell";

/** The meaning of faults that say nothing about their cause. */
export const NO_ANSWER = "no answer";

const TABLE: readonly (readonly [RegExp, Reaction, string])[] = [
  [/^READONLY|^UNBLOCKED/, "reconnect", "the server is a replica now (failover)"],
  [/^LOADING/, "again", "the server is still loading its data"],
  [/^MASTERDOWN/, "again", "the replica has lost its master"],
  [/^CLUSTERDOWN/, "again", "the cluster is down"],
  [/^TRYAGAIN|^MOVED|^ASK/, "again", "the cluster is moving the slot"],
  [/^BUSY/, "again", "the server is busy with a script"],
  [/^OOM/, "tell", "the server is out of memory (maxmemory); nothing was stored. Free memory or raise maxmemory"],
  [/^MISCONF/, "tell", "the server cannot persist (disk full or not writable?) and refuses writes"],
  [/^NOREPLICAS/, "tell", "the server has fewer replicas than min-replicas-to-write"],
  [/^NOAUTH|^WRONGPASS|invalid password|without any password/, "tell", "the server wants other credentials"],
  [/^NOPERM/, "tell", "the user may not run a command Longshore needs"],
  [/^Command timed out/, "reconnect", NO_ANSWER],
  [
    /^Connection is closed|^Reached the max retries|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|All sentinels|Failed to refresh/,
    "again",
    NO_ANSWER,
  ],
  [/Stream isn't writeable|Socket closed|None of startup nodes|Cluster isn't ready/, "again", "no connection"],
];

/** The reaction to an error and what it means in words; `null` for an error that is not about the server's condition. */
export function diagnose(error: unknown): { reaction: Reaction; meaning: string } | null {
  const message = error instanceof Error ? error.message : String(error);
  for (const [pattern, reaction, meaning] of TABLE) {
    if (pattern.test(message)) return { reaction, meaning };
  }
  return null;
}

/** The version of what is stored that a script refused to touch, being newer than it knows; `null` for any other error. */
export function newerFormat(error: unknown): string | null {
  const said = error instanceof Error ? new RegExp(`${NEWER_FORMAT} (\\S+)`).exec(error.message) : null;
  return said?.[1] ?? null;
}
