/**
 * The reaction to each way in which Redis refuses or fails to answer, in one table, so that failovers and full servers are
 * handled the same everywhere. Every command may be sent again, because every mutation is idempotent.
 */
import { NEWER_FORMAT } from "./wire.js";

/** The reaction to a failed command. */
export type Reaction =
  /** Wait a little and send it again, until the command times out. */
  | "again"
  /** The same on a new connection: this one leads to the wrong server, or nowhere any more. */
  | "reconnect"
  /** Waiting does not help: throw to the caller. */
  | "throw";

/** What is known of a failed command. */
export interface Fault {
  readonly reaction: Reaction;
  readonly meaning: string;
  readonly advice: string | undefined;
}

/** The meaning of faults that do not show their cause. */
export const NO_ANSWER = "no answer";

/** What to do about some, in place of looking whether the server runs. */
const TRUST =
  " Give the authority that signed it (tls: { ca }), or the name that it is made out to (tls: { servername }).";
const OWN_CERTIFICATE = " Give a certificate and its key that the server trusts (tls: { cert, key }).";

const TABLE: readonly (readonly [RegExp, Reaction, meaning: string, advice?: string])[] = [
  [/^READONLY|^UNBLOCKED/, "reconnect", "the server is a replica now (failover)"],
  [/^LOADING/, "again", "the server is still loading its data"],
  [/^MASTERDOWN/, "again", "the replica has lost its master"],
  [/^CLUSTERDOWN/, "again", "the cluster is down"],
  [/^TRYAGAIN|^MOVED|^ASK/, "again", "the cluster is moving the slot, or the node that has it is away"],
  [/^BUSY/, "again", "the server is busy with a script"],
  [/^OOM/, "throw", "the server is out of memory (maxmemory); nothing was stored. Free memory or raise maxmemory"],
  [/^MISCONF/, "throw", "the server cannot persist (disk full or not writable?) and refuses writes"],
  [/^NOREPLICAS/, "throw", "the server has fewer replicas than min-replicas-to-write"],
  [/^NOAUTH|^WRONGPASS|invalid password|without any password/, "throw", "the server wants other credentials"],
  [
    /alert (?:bad certificate|unsupported certificate|certificate|unknown ca|access denied)/,
    "throw",
    "the server wants another certificate of its client",
    OWN_CERTIFICATE,
  ],
  [/certificate|altnames/, "throw", "the server's certificate is not trusted", TRUST],
  [/alert handshake failure|alert protocol version|no protocols available/, "throw", "no common version of TLS"],
  [/^NOPERM/, "throw", "the user may not run a command Longshore needs"],
  [/^Command timed out/, "reconnect", NO_ANSWER],
  [
    /^Connection is closed|^Reached the max retries|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|All sentinels|Failed to refresh/,
    "again",
    NO_ANSWER,
  ],
  [/Stream isn't writeable|Socket closed|None of startup nodes|Cluster isn't ready/, "again", "no connection"],
];

/** What the client library puts before the answer of the last node it asked, once it has asked often enough. */
const REDIRECTIONS = /^Too many Cluster redirections\. Last error: (?:\w*Error: )?/;

/** What OpenSSL puts around the reason: an address in memory, a number, places in its sources. */
const OPENSSL = /(?:[\dA-F]+:)?error:[\dA-F]+:[\w ]*:\w*:([^:\n]+)(?::[^\n]*\n?)?/;

/**
 * What a server, or the network, said: the message of an error, without what the client library wrapped it in.
 */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner: unknown = Reflect.get(error, "lastNodeError");
  return inner instanceof Error ? causeOf(inner) : error.message.replace(REDIRECTIONS, "").replace(OPENSSL, "$1");
}

/** The reaction to an error and its meaning in words; `null` for an error that is not about the server's condition. */
export function diagnose(error: unknown): Fault | null {
  const message = causeOf(error);
  for (const [pattern, reaction, meaning, advice] of TABLE) {
    if (pattern.test(message)) return { reaction, meaning, advice };
  }
  return null;
}

/** The stored format version that a script refused because it is newer than its own; `null` for any other error. */
export function newerFormat(error: unknown): string | null {
  const found = error instanceof Error ? new RegExp(`${NEWER_FORMAT} (\\S+)`).exec(error.message) : null;
  return found?.[1] ?? null;
}
