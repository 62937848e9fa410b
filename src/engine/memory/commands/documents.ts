/** The commands on documents in memory. */
import { DOCUMENT_PAGE_BYTES, MOST_DOCUMENTS, MOST_KINDS, MOST_TRIMMED } from "../../../model/document/document.js";
import type { Answer, Params } from "../../contract/commands.js";
import type {
  DocumentAppendAnswer,
  DocumentCommands,
  DocumentPutAnswer,
  DocumentRecord,
  DocumentRefusal,
  DocumentRemovalAnswer,
  DocumentSort,
} from "../../contract/documents.js";
import { entryId } from "../../contract/document-version.js";
import { MemoryDocuments, MemoryKind } from "../store/documents.js";

/** What writes; the answer to a command is of its own kind, since no two commands have one `op`. */
type Written = DocumentPutAnswer | DocumentRemovalAnswer | DocumentAppendAnswer;

export class MemoryDocumentCommands implements DocumentCommands {
  readonly #store = new MemoryDocuments<Written>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  putDocument({ kind, id, value, version, op }: Params<"putDocument">): Answer<"putDocument"> {
    const now = this.#now();
    const before = this.#store.answered(op, now);
    if (before !== null) return before as DocumentPutAnswer;
    const refusal = this.#refusal(kind, "records");
    if (refusal !== null) return { outcome: refusal };
    const found = this.#store.kinds.get(kind);
    const present = found?.documents.get(id) ?? null;
    if (version !== null && version !== (present?.version ?? 0)) return { outcome: "conflict", present };
    if (present === null && (found?.ids.length ?? 0) >= MOST_DOCUMENTS) return { outcome: "full" };
    const written = this.#set(kind, "records", { id, value, createdAt: present?.createdAt ?? now, updatedAt: now });
    const outcome = present === null ? "created" : "updated";
    return this.#store.remember(op, { outcome, version: written.version }, now) as DocumentPutAnswer;
  }

  removeDocument({ kind, id, version, op }: Params<"removeDocument">): Answer<"removeDocument"> {
    const now = this.#now();
    const before = this.#store.answered(op, now);
    if (before !== null) return before as DocumentRemovalAnswer;
    const present = this.#store.kinds.get(kind)?.documents.get(id);
    if (present === undefined) return { outcome: "missing" };
    if (version !== null && version !== present.version) return { outcome: "conflict", present };
    this.#store.remove(kind, id, now);
    return this.#store.remember(op, { outcome: "removed" }, now) as DocumentRemovalAnswer;
  }

  appendDocument({ kind, value, cap, op }: Params<"appendDocument">): Answer<"appendDocument"> {
    const now = this.#now();
    const before = this.#store.answered(op, now);
    if (before !== null) return before as DocumentAppendAnswer;
    const refusal = this.#refusal(kind, "log");
    if (refusal !== null) return { outcome: refusal };
    const { version } = this.#set(kind, "log", { id: null, value, createdAt: now, updatedAt: now });
    const log = this.#store.kinds.get(kind);
    const surplus = Math.min((log?.ids.length ?? 0) - cap, MOST_TRIMMED);
    if (surplus > 0) for (const id of log?.ids.slice(0, surplus) ?? []) log?.delete(id);
    return this.#store.remember(op, { outcome: "appended", version }, now) as DocumentAppendAnswer;
  }

  getDocuments({ kind, ids }: Params<"getDocuments">): Answer<"getDocuments"> {
    const found = this.#store.kinds.get(kind);
    return ids.map((id) => found?.documents.get(id) ?? null);
  }

  listDocuments({ kind, cursor, limit, reverse }: Params<"listDocuments">): Answer<"listDocuments"> {
    const found = this.#store.kinds.get(kind);
    if (found === undefined) return { documents: [], cursor: null, revision: 0 };
    const { ids, revision } = found;
    const documents: DocumentRecord[] = [];
    const step = reverse ? -1 : 1;
    const has = cursor !== null && found.documents.has(cursor);
    let at = reverse ? ids.length - 1 : 0;
    if (cursor !== null) at = found.rank(cursor) + (reverse ? -1 : has ? 1 : 0);
    for (let bytes = 0; bytes < DOCUMENT_PAGE_BYTES && documents.length < limit; at += step) {
      const document = found.documents.get(ids[at] ?? "");
      if (document === undefined) break;
      documents.push(document);
      bytes += Buffer.byteLength(document.value);
    }
    return { documents, cursor: ids[at] === undefined ? null : (documents.at(-1)?.id ?? null), revision };
  }

  documentKinds(params?: Params<"documentKinds">): Answer<"documentKinds"> {
    return this.#store.list().filter(({ kind }) => params?.kinds.includes(kind) ?? true);
  }

  #refusal(kind: string, sort: DocumentSort): Exclude<DocumentRefusal, "full"> | null {
    const found = this.#store.kinds.get(kind);
    if (found === undefined) return this.#store.kinds.size >= MOST_KINDS ? "too-many-kinds" : null;
    return found.sort === sort ? null : "other-sort";
  }

  /** Stores a document, as an entry of a log when it has no id yet. */
  #set(
    kind: string,
    sort: DocumentSort,
    { id, ...document }: Omit<DocumentRecord, "id" | "version"> & { readonly id: string | null },
  ): DocumentRecord {
    const version = this.#store.nextVersion(this.#now());
    const record = { ...document, id: id ?? entryId(version), version };
    const found = this.#store.kinds.get(kind) ?? new MemoryKind(sort);
    this.#store.kinds.set(kind, found);
    found.set(record);
    return record;
  }
}
