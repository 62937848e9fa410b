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

/** What a request is about, as far as its path and query say it; of a job that is created also its task. */
export interface Resource {
  /** The kind, as actions begin with it: `jobs`, `queues`. */
  readonly kind: string;
  readonly id?: string;
  readonly queue?: string;
  readonly task?: string;
}

/** The access of a server that is open: everything, as `open`. */
export const OPEN_ACCESS: Access = { subject: "open", tag: null, allows: () => true };

/** Whose it is that is counted. An open server, and a sign-in that names none, know only that who asks may do everything. */
export function countedSubject(access: Access): string | null {
  return access.allows === OPEN_ACCESS.allows ? null : access.subject;
}
