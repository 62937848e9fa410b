/** The commands on documents on SQLite: what writes is one function on an open transaction. */
import { setImmediate as turn } from "node:timers/promises";
import { DOCUMENT_PAGE_BYTES, MOST_DOCUMENTS, MOST_KINDS, MOST_TRIMMED } from "../../../model/document/document.js";
import type { Answer, Params } from "../../contract/commands.js";
import type {
  DocumentAppend,
  DocumentAppendAnswer,
  DocumentCommands,
  DocumentKind,
  DocumentPut,
  DocumentPutAnswer,
  DocumentRecord,
  DocumentRefusal,
  DocumentRemoval,
  DocumentRemovalAnswer,
  DocumentSort,
} from "../../contract/documents.js";
import { entryId } from "../../contract/document-version.js";
import type { Sql } from "../database/sql.js";
import { answered, nextVersion, remember } from "../store/document-operations.js";
import type { Transaction } from "../store/transaction.js";

/** How the engine runs what is about its file. */
interface Access {
  readonly write: <T>(command: (transaction: Transaction) => T, options?: { readonly addsJobs: boolean }) => Promise<T>;
  readonly read: <T>(query: (sql: Sql) => T) => Promise<T>;
}

export class SqliteDocumentCommands implements DocumentCommands {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  putDocument(params: Params<"putDocument">): Promise<Answer<"putDocument">> {
    return this.#access.write((transaction) => put(transaction, params), { addsJobs: true });
  }

  removeDocument(params: Params<"removeDocument">): Promise<Answer<"removeDocument">> {
    return this.#access.write((transaction) => remove(transaction, params));
  }

  appendDocument(params: Params<"appendDocument">): Promise<Answer<"appendDocument">> {
    return this.#access.write((transaction) => append(transaction, params), { addsJobs: true });
  }

  async getDocuments({ kind, ids }: Params<"getDocuments">): Promise<Answer<"getDocuments">> {
    const found = new Map<string, DocumentRecord>();
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      if (from > 0) await turn();
      const part = JSON.stringify(ids.slice(from, from + AT_ONCE));
      for (const row of await this.#access.read((sql) => sql.all<Row>(SOME, part, kind))) {
        found.set(row[0], recordOf(row));
      }
    }
    return ids.map((id) => found.get(id) ?? null);
  }

  listDocuments(params: Params<"listDocuments">): Promise<Answer<"listDocuments">> {
    return this.#access.read((sql) => list(sql, params));
  }

  documentKinds(params?: Params<"documentKinds">): Promise<Answer<"documentKinds">> {
    const names = params === undefined ? null : JSON.stringify(params.kinds);
    return this.#access.read((sql) =>
      (names === null ? sql.all<KindRow>(KINDS) : sql.all<KindRow>(NAMED, names)).map(kindOf),
    );
  }
}

type Row = [id: string, version: number, createdAt: number, updatedAt: number, value: string];
type KindRow = [kind: string, sort: DocumentSort, documents: number, revision: number];

/** How many documents are read at a time: as many of the longest are a page. */
const AT_ONCE = 16;

const COLUMNS = "d.id, d.version, d.created_at, d.updated_at, d.value";
const SOME = `SELECT ${COLUMNS} FROM json_each(?) e CROSS JOIN documents d ON d.kind = ? AND d.id = e.value`;
const ONE = `SELECT ${COLUMNS} FROM documents d WHERE d.kind = ? AND d.id = ?`;
const KINDS = "SELECT kind, sort, documents, revision FROM document_kinds ORDER BY kind";
const NAMED = `SELECT kind, sort, documents, revision FROM document_kinds
  WHERE kind IN (SELECT value FROM json_each(?)) ORDER BY kind`;
const KIND = "SELECT kind, sort, documents, revision FROM document_kinds WHERE kind = ?";

const INSERT = "INSERT INTO documents (kind, id, version, created_at, updated_at, value) VALUES (?, ?, ?, ?, ?, ?)";
const UPDATE = "UPDATE documents SET version = ?, updated_at = ?, value = ? WHERE kind = ? AND id = ?";
const REMOVE = "DELETE FROM documents WHERE kind = ? AND id = ?";
const TRIM =
  "DELETE FROM documents WHERE number IN (SELECT number FROM documents WHERE kind = ? ORDER BY id LIMIT ? + 0)";
const SET_KIND = "INSERT OR REPLACE INTO document_kinds (kind, sort, documents, revision) VALUES (?, ?, ?, ?)";
const DROP_KIND = "DELETE FROM document_kinds WHERE kind = ?";

function put(transaction: Transaction, { kind, id, value, version: expected, op }: DocumentPut): DocumentPutAnswer {
  const { sql, now } = transaction;
  const before = answered(transaction, op);
  if (before !== null) return JSON.parse(before) as DocumentPutAnswer;
  const found = findKind(sql, kind);
  const refusal = refusalOf(sql, found, "records");
  if (refusal !== null) return { outcome: refusal };
  const present = find(sql, kind, id);
  if (expected !== null && expected !== (present?.version ?? 0)) return { outcome: "conflict", present };
  const documents = found?.documents ?? 0;
  if (present === null && documents >= MOST_DOCUMENTS) return { outcome: "full" };
  const version = nextVersion(transaction);
  if (present === null) sql.run(INSERT, kind, id, version, now, now, value);
  else sql.run(UPDATE, version, now, value, kind, id);
  sql.run(SET_KIND, kind, "records", present === null ? documents + 1 : documents, version);
  const answer = { outcome: present === null ? "created" : "updated", version } as const;
  remember(transaction, op, JSON.stringify(answer));
  return answer;
}

function remove(transaction: Transaction, { kind, id, version, op }: DocumentRemoval): DocumentRemovalAnswer {
  const { sql } = transaction;
  const before = answered(transaction, op);
  if (before !== null) return JSON.parse(before) as DocumentRemovalAnswer;
  const [found, present] = [findKind(sql, kind), find(sql, kind, id)];
  if (present === null) return { outcome: "missing" };
  if (version !== null && version !== present.version) return { outcome: "conflict", present };
  sql.run(REMOVE, kind, id);
  const revision = nextVersion(transaction);
  if (found === null || found.documents <= 1) sql.run(DROP_KIND, kind);
  else sql.run(SET_KIND, kind, found.sort, found.documents - 1, revision);
  const answer = { outcome: "removed" } as const;
  remember(transaction, op, JSON.stringify(answer));
  return answer;
}

function append(transaction: Transaction, { kind, value, cap, op }: DocumentAppend): DocumentAppendAnswer {
  const { sql, now } = transaction;
  const before = answered(transaction, op);
  if (before !== null) return JSON.parse(before) as DocumentAppendAnswer;
  const found = findKind(sql, kind);
  const refusal = refusalOf(sql, found, "log");
  if (refusal !== null) return { outcome: refusal };
  const version = nextVersion(transaction);
  sql.run(INSERT, kind, entryId(version), version, now, now, value);
  const entries = (found?.documents ?? 0) + 1;
  const trimmed = entries > cap ? sql.run(TRIM, kind, Math.min(entries - cap, MOST_TRIMMED)) : 0;
  sql.run(SET_KIND, kind, "log", entries - trimmed, version);
  const answer = { outcome: "appended", version } as const;
  remember(transaction, op, JSON.stringify(answer));
  return answer;
}

function list(sql: Sql, { kind, cursor, limit, reverse }: Params<"listDocuments">): Answer<"listDocuments"> {
  const documents: DocumentRecord[] = [];
  const rest = (after: string | null, most: number): Row[] =>
    after === null
      ? sql.all<Row>(reverse ? BACKWARDS : FORWARDS, kind, most)
      : sql.all<Row>(reverse ? BEFORE : AFTER, kind, after, most);
  let after = cursor;
  let hasMore = true;
  for (let bytes = 0; hasMore && bytes < DOCUMENT_PAGE_BYTES && documents.length < limit;) {
    // One more than fits says whether there is another page.
    const most = Math.min(AT_ONCE, limit - documents.length);
    const rows = rest(after, most + 1);
    for (const row of rows.slice(0, most)) {
      if (bytes >= DOCUMENT_PAGE_BYTES) break;
      documents.push(recordOf(row));
      bytes += Buffer.byteLength(row[4]);
      after = row[0];
    }
    hasMore = rows.at(-1) !== undefined && rows.at(-1)?.[0] !== after;
  }
  return { documents, cursor: hasMore ? after : null, revision: findKind(sql, kind)?.revision ?? 0 };
}

const OF_KIND = `SELECT ${COLUMNS} FROM documents d WHERE d.kind = ?`;
const FORWARDS = `${OF_KIND} ORDER BY d.id LIMIT ? + 0`;
const BACKWARDS = `${OF_KIND} ORDER BY d.id DESC LIMIT ? + 0`;
const AFTER = `${OF_KIND} AND d.id > ? ORDER BY d.id LIMIT ? + 0`;
const BEFORE = `${OF_KIND} AND d.id < ? ORDER BY d.id DESC LIMIT ? + 0`;

function find(sql: Sql, kind: string, id: string): DocumentRecord | null {
  const [row] = sql.all<Row>(ONE, kind, id);
  return row === undefined ? null : recordOf(row);
}

function findKind(sql: Sql, kind: string): DocumentKind | null {
  const [row] = sql.all<KindRow>(KIND, kind);
  return row === undefined ? null : kindOf(row);
}

function refusalOf(sql: Sql, found: DocumentKind | null, sort: DocumentSort): Exclude<DocumentRefusal, "full"> | null {
  if (found !== null) return found.sort === sort ? null : "other-sort";
  const [kinds = 0] = sql.all<[kinds: number]>("SELECT count(*) FROM document_kinds")[0] ?? [];
  return kinds >= MOST_KINDS ? "too-many-kinds" : null;
}

function recordOf([id, version, createdAt, updatedAt, value]: Row): DocumentRecord {
  return { id, version, value, createdAt, updatedAt };
}

function kindOf([kind, sort, documents, revision]: KindRow): DocumentKind {
  return { kind, sort, documents, revision };
}
