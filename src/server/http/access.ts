/**
 * Who asks, and what they may: the answer of authentication, which every route asks before it does anything. A scope is a
 * right of a kind; a tag narrows all rights to the jobs that carry it.
 */

import type { TaskSecrets } from "../../model/redaction/task-secrets.js";
import type { Scope } from "../../model/access/scope.js";

export { SCOPES, type Scope } from "../../model/access/scope.js";

/** Who asks, and what they may. */
export interface Access {
  /** Whose request it is, for the audit log: the name of a token, or what `authorize` says. */
  readonly subject: string;
  /** Only jobs with this tag are seen and touched; `null`: all are. */
  readonly tag: string | null;
  /** Has it this right? With a queue: in this queue. Without one: in any queue at least. */
  allows(scope: Scope, queue?: string): boolean;
  /** What of a task's jobs is secret, also to who may read payloads. Default: what stands under keys like `password`. */
  secretsOf?(task: string): TaskSecrets;
  /** Is it still so? Answers that go on for long ask now and then; absent: it is. */
  readonly holds?: () => Promise<boolean>;
}

/** What a request is about, as far as it says it. */
export interface Resource {
  /** The kind, as actions begin with it: `jobs`, `queues`. */
  readonly kind: string;
  readonly id?: string;
  /** Of jobs that are created or chosen: the only queue they are in. */
  readonly queue?: string;
  /** Of a job or a schedule that is created. */
  readonly task?: string;
  /** What a bulk job does: `"cancel"`. */
  readonly command?: string;
  /** Which jobs a bulk job is for, as the body of the request says it. */
  readonly filter?: Readonly<Record<string, unknown>>;
  /** What a stream of events is about, each as it was asked for: `"queue:mail"`. */
  readonly topics?: readonly string[];
}

/** The access of a server that is open: everything, as `open`. */
export const OPEN_ACCESS: Access = { subject: "open", tag: null, allows: () => true };

/** Whose it is that is counted. An open server, and a sign-in that names none, know only that who asks may do everything. */
export function countedSubject(access: Access): string | null {
  return access.allows === OPEN_ACCESS.allows ? null : access.subject;
}
