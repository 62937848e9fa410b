/** Documents in memory, by kind: their ids in order, and what was answered to the last commands that wrote. */
import type { DocumentKind, DocumentRecord, DocumentSort } from "../../contract/documents.js";
import { MOST_TRACES, RESEND_WINDOW } from "../../contract/engine.js";
import { versionAfter } from "../../contract/document-version.js";

/** What a command that had an effect was answered. */
interface Remembered<Written> {
  readonly at: number;
  readonly answer: Written;
}

/** The documents of one kind. */
export class MemoryKind {
  readonly sort: DocumentSort;
  readonly documents = new Map<string, DocumentRecord>();
  /** In the order of their bytes. */
  readonly ids: string[] = [];
  revision = 0;

  constructor(sort: DocumentSort) {
    this.sort = sort;
  }

  set(document: DocumentRecord): void {
    if (!this.documents.has(document.id)) this.ids.splice(this.rank(document.id), 0, document.id);
    this.documents.set(document.id, document);
    this.revision = document.version;
  }

  delete(id: string): void {
    if (this.documents.delete(id)) this.ids.splice(this.rank(id), 1);
  }

  /** How many ids come before this one. */
  rank(id: string): number {
    const bytes = Buffer.from(id);
    let [from, to] = [0, this.ids.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (Buffer.from(this.ids[middle] ?? "").compare(bytes) < 0) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/** All kinds. `Written`: the answers to commands that write. */
export class MemoryDocuments<Written> {
  readonly kinds = new Map<string, MemoryKind>();
  readonly #operations = new Map<string, Remembered<Written>>();
  #last = 0;

  /** What the command was answered before. */
  answered(op: string, now: number): Written | null {
    this.#forget(now);
    return this.#operations.get(op)?.answer ?? null;
  }

  remember(op: string, answer: Written, now: number): Written {
    this.#operations.set(op, { at: now, answer });
    return answer;
  }

  /** The version of the next write. */
  nextVersion(now: number): number {
    this.#last = versionAfter(this.#last, now);
    return this.#last;
  }

  /** Removes a document; its kind goes with the last. */
  remove(kind: string, id: string, now: number): void {
    const found = this.kinds.get(kind);
    if (found === undefined) return;
    found.delete(id);
    found.revision = this.nextVersion(now);
    if (found.ids.length === 0) this.kinds.delete(kind);
  }

  /** The kinds by name. */
  list(): DocumentKind[] {
    return [...this.kinds]
      .map(([kind, { sort, ids, revision }]) => ({ kind, sort, documents: ids.length, revision }))
      .toSorted((a, b) => (a.kind < b.kind ? -1 : 1));
  }

  #forget(now: number): void {
    for (const [op, { at }] of this.#operations) {
      if (at > now - RESEND_WINDOW && this.#operations.size <= MOST_TRACES) break;
      this.#operations.delete(op);
    }
  }
}
