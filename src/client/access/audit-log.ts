/**
 * The audit log: who did what to which jobs, queues and tokens, without payloads. The server writes it. Two logs, so that jobs that are
 * created, of which there may be many, do not push out the commands, of which there are few.
 */
import { InvalidInput } from "../../model/errors/errors.js";
import type { Documents } from "../documents/documents.js";

/** What was done. */
export interface AuditEntry {
  /** Who: the name of a token, or what `authorize` says. */
  readonly subject: string;
  /** Only jobs of this tag were within reach; `null`: all were. */
  readonly tag: string | null;
  /** What: `"jobs.cancel"`. */
  readonly action: string;
  /** To what, as far as the request named it. */
  readonly queue: string | null;
  readonly id: string | null;
  /**
   * The first twenty ids of what it made or touched besides, and how many in all. Requests for jobs that come at once from one client
   * share an entry, with the first twenty of each.
   */
  readonly ids: readonly string[];
  readonly count: number | null;
  /** How it was answered: the HTTP status. */
  readonly status: number;
  /** The code of the problem; `null`: it went well. */
  readonly code: string | null;
  /** The address of the client; `null`: not known. */
  readonly address: string | null;
}

/** An entry of the log. */
export interface AuditRecord extends AuditEntry {
  readonly entryId: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Which of the two logs: what operators and tokens commanded, or which jobs were created. */
export type AuditKind = "commands" | "jobs";

/** Which page of the log. */
export interface AuditQuery {
  /** Default: `"commands"`. */
  log?: AuditKind;
  /** From the page before; default: the newest. */
  cursor?: string | null;
  /** The most entries on it, 1 to 500. Default: 100. */
  limit?: number;
}

/** A page of the log, the newest first. */
export interface AuditPage {
  readonly entries: readonly AuditRecord[];
  /** Hand it back for the page after; `null` at the end. */
  readonly cursor: string | null;
}

/** How many entries each log keeps. */
const CAP = 10_000;

/**
 * The audit log of a connection: `longshore.audit`.
 * @example
 * const { entries } = await longshore.audit.list({ limit: 20 });
 * for (const { at, subject, action, id } of entries) console.log(new Date(at), subject, action, id);
 */
export class AuditLog {
  readonly #logs: Readonly<Record<AuditKind, Documents<AuditEntry>>>;

  /** @internal */
  constructor(documents: (kind: string) => Documents<AuditEntry>) {
    this.#logs = { commands: documents("longshore:audit"), jobs: documents("longshore:audit-jobs") };
  }

  /** @internal The server writes it. @throws EngineUnavailable, TooManyDocuments */
  async append(log: AuditKind, entry: AuditEntry): Promise<void> {
    await this.#logs[log].append(entry, { cap: CAP });
  }

  /** One page, the newest first; the last 10,000 of each log are kept. @throws InvalidInput, EngineUnavailable */
  async list({ log = "commands", ...page }: AuditQuery = {}): Promise<AuditPage> {
    if (!Object.hasOwn(this.#logs, log)) throw new InvalidInput("log", log, '"commands" or "jobs"');
    const { documents, cursor } = await this.#logs[log].list({ ...page, reverse: true });
    const entries = documents.map(({ id, value, createdAt }) => ({ ...value, entryId: id, at: createdAt }));
    return { entries, cursor };
  }
}
