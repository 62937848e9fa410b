/**
 * The audit log of jobs that are created. While one entry is being written, those of other requests wait, and requests that differ in
 * nothing but their jobs share an entry: many small requests at once cost few writes. Each request waits for its own.
 */
import type { AuditEntry, AuditLog } from "../../client/access/audit-log.js";

/** The most ids of an entry: with them it stays within what a document may hold. */
const MOST_IDS = 400;

/** An entry, and the requests that wait for it. */
interface Group {
  entry: AuditEntry;
  readonly requests: { readonly written: () => void; readonly failed: (error: unknown) => void }[];
}

export class CreationLog {
  readonly #log: AuditLog;
  #waiting = new Map<string, Group>();
  #isWriting = false;

  constructor(log: AuditLog) {
    this.#log = log;
  }

  /** @throws EngineUnavailable, TooManyDocuments */
  async add(entry: AuditEntry): Promise<void> {
    const group = this.#groupFor(entry);
    const written = new Promise<void>((resolve, reject) => {
      group.requests.push({ written: resolve, failed: reject });
    });
    if (!this.#isWriting) void this.#write();
    await written;
  }

  /** The group of entries like this one, which is in it then. */
  #groupFor(entry: AuditEntry): Group {
    const { ids, count, ...same } = entry;
    const key = JSON.stringify(same);
    const like = this.#waiting.get(key);
    if (like !== undefined && like.entry.ids.length + ids.length <= MOST_IDS) {
      like.entry = { ...like.entry, ids: [...like.entry.ids, ...ids], count: sum(like.entry.count, count) };
      return like;
    }
    // One that is full keeps waiting under another key.
    if (like !== undefined) this.#waiting.set(`${key} ${this.#waiting.size}`, like);
    const group: Group = { entry, requests: [] };
    this.#waiting.set(key, group);
    return group;
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.size > 0) {
      const groups = [...this.#waiting.values()];
      this.#waiting = new Map();
      await Promise.all(groups.map((group) => this.#writeGroup(group)));
    }
    this.#isWriting = false;
  }

  async #writeGroup({ entry, requests }: Group): Promise<void> {
    try {
      await this.#log.append("jobs", entry);
      for (const { written } of requests) written();
    } catch (error) {
      for (const { failed } of requests) failed(error);
    }
  }
}

function sum(one: number | null, other: number | null): number | null {
  return one === null && other === null ? null : (one ?? 0) + (other ?? 0);
}
