/**
 * Documents as engines store them: small JSON records of a kind, each changed by compare-and-set on its version. All kinds
 * are in one place (on Redis in one hash slot, which no queue has), so one command answers which of them have changed.
 * A kind comes into being with its first document, which decides whether it holds records or is a log, and goes with its last.
 * Callers check kinds, ids and values first (`model/document`).
 */
import type { Awaitable } from "./awaitable.js";

/** What a kind holds: documents by ids of their writers, or the entries of a log. */
export type DocumentSort = "records" | "log";

/** A stored document. */
export interface DocumentRecord {
  readonly id: string;
  /**
   * The number of the write that gave it this value. Of two writes, of whatever kind and also after a removal, the later one
   * has the higher number: the time in epoch milliseconds, or one more than the last number.
   */
  readonly version: number;
  /** JSON, at most `LARGEST_DOCUMENT` bytes. */
  readonly value: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A document to be stored. */
export interface DocumentPut {
  readonly kind: string;
  readonly id: string;
  readonly value: string;
  /** The version that it must have now; 0: there must be none; `null`: whatever there is. */
  readonly version: number | null;
  /** Drawn by the client: a command sent again is recognized by it. */
  readonly op: string;
}

/** Why nothing is stored: the kind has `MOST_DOCUMENTS`; there are `MOST_KINDS`; the kind holds what the command is not for. */
export type DocumentRefusal = "full" | "too-many-kinds" | "other-sort";

/** The answer to `putDocument`. */
export type DocumentPutAnswer =
  | { readonly outcome: "created" | "updated"; readonly version: number }
  /** It has another version; `present`: as it is, `null` when there is none. */
  | { readonly outcome: "conflict"; readonly present: DocumentRecord | null }
  | { readonly outcome: DocumentRefusal };

/** A document to be removed. */
export interface DocumentRemoval {
  readonly kind: string;
  readonly id: string;
  /** The version that it must have now; `null`: whatever it has. */
  readonly version: number | null;
  readonly op: string;
}

/** The answer to `removeDocument`. */
export type DocumentRemovalAnswer =
  | { readonly outcome: "removed" | "missing" }
  | { readonly outcome: "conflict"; readonly present: DocumentRecord };

/** An entry for the log of a kind. */
export interface DocumentAppend {
  readonly kind: string;
  readonly value: string;
  /** How many entries the log keeps, 1 to `MOST_DOCUMENTS`. */
  readonly cap: number;
  readonly op: string;
}

/** The answer to `appendDocument`. */
export type DocumentAppendAnswer =
  | { readonly outcome: "appended"; readonly version: number }
  | { readonly outcome: Exclude<DocumentRefusal, "full"> };

/** A page of the documents of a kind. */
export interface DocumentPage {
  readonly documents: readonly DocumentRecord[];
  /** Where the next page begins; `null` at the end. */
  readonly cursor: string | null;
  /** The revision of the kind, 0 when there is none. */
  readonly revision: number;
}

/** A kind that has documents. */
export interface DocumentKind {
  readonly kind: string;
  readonly sort: DocumentSort;
  /** How many there are. */
  readonly documents: number;
  /** The number of the last write, a removal included: as long as it is the same, nothing has changed. */
  readonly revision: number;
}

/** The commands on documents. Those that write have an effect once, for `RESEND_WINDOW` and the last `MOST_TRACES` of them. */
export interface DocumentCommands {
  /** Stores a document if it has the version that is asked for. */
  putDocument(params: DocumentPut): Awaitable<DocumentPutAnswer>;
  /** Removes a document or an entry of a log if it has the version that is asked for. Works although Redis is full. */
  removeDocument(params: DocumentRemoval): Awaitable<DocumentRemovalAnswer>;
  /**
   * Appends an entry to a log; its id is its version, with leading zeros (`entryId`). Of what is beyond the cap, the oldest
   * entries are removed, up to `MOST_TRIMMED` of them.
   */
  appendDocument(params: DocumentAppend): Awaitable<DocumentAppendAnswer>;
  /** Documents by id, at most 500; `null` where there is none. */
  getDocuments(params: {
    readonly kind: string;
    readonly ids: readonly string[];
  }): Awaitable<(DocumentRecord | null)[]>;
  /**
   * The documents of a kind by id, in the order of its bytes, or in `reverse`: the entries of a log from the newest on. A page
   * ends after `limit` documents, or once its values have `DOCUMENT_PAGE_BYTES`. What is not removed is neither missed nor
   * repeated.
   */
  listDocuments(params: {
    readonly kind: string;
    readonly cursor: string | null;
    readonly limit: number;
    readonly reverse: boolean;
  }): Awaitable<DocumentPage>;
  /** The kinds that have documents, by name: all, or those of these at most 500 names. */
  documentKinds(params?: { readonly kinds: readonly string[] }): Awaitable<DocumentKind[]>;
}
