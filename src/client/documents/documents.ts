/** The documents of one kind: put and removed by compare-and-set, read, listed; or the entries of a log. */
import type { Awaitable, Engine } from "../../engine/contract/engine.js";
import { entryId } from "../../engine/contract/document-version.js";
import type { DocumentRecord, DocumentRefusal } from "../../engine/contract/documents.js";
import {
  DEFAULT_DOCUMENT_PAGE,
  LARGEST_DOCUMENT,
  LARGEST_DOCUMENT_PAGE,
  MOST_DOCUMENTS,
  MOST_KINDS,
  parseDocumentId,
  parseVersion,
  type Document,
} from "../../model/document/document.js";
import { DocumentConflict, TooManyDocuments } from "../../model/document/document-errors.js";
import { EngineClosed, InvalidInput, LongshoreError } from "../../model/errors/errors.js";
import { decodePayload, encodePayload } from "../../model/value/codec.js";
import type { ConnectionContext } from "../connection/context.js";

/** Which version a document must have, so that no change of another is lost. */
export interface DocumentVersion {
  /** The version that was read, or 0: there must be no document. Default: whatever there is. */
  version?: number;
}

/** A document after it was put, and the effect of the call. */
export interface PutDocument {
  readonly outcome: "created" | "updated";
  readonly version: number;
}

/** Which page of a listing. */
export interface DocumentQuery {
  /** From the page before; default: the first page. */
  cursor?: string | null;
  /** The most documents on it, 1 to 500; default: 100. */
  limit?: number;
  /** From the last id to the first: of a log, the newest entry first. Default: false. */
  reverse?: boolean;
}

/** A page of a listing. */
export interface DocumentList<Value> {
  readonly documents: readonly Document<Value>[];
  /** Hand it back for the next page; `null` at the end. A page of long documents ends before its limit, after about 1 MB. */
  readonly cursor: string | null;
  /** That of `revision()` when the page was read. */
  readonly revision: number;
}

/**
 * The documents of a kind: `longshore.documents(kind)`. Small JSON records that all processes of the engine share, such as
 * settings: at most 64 KB each, 10,000 of a kind. A kind holds records (`put`) or is a log (`append`), as its first document
 * decides.
 * @example
 * const settings = longshore.documents<{ limit: number }>("settings");
 * await settings.put("imports", { limit: 5 });
 * const { value, version } = (await settings.get("imports"))!;
 * await settings.put("imports", { limit: value.limit + 1 }, { version });
 */
export class Documents<Value = unknown> implements AsyncIterable<Document<Value>> {
  /** The kind. */
  readonly kind: string;
  readonly #context: ConnectionContext;
  readonly #isClosed: () => boolean;

  /** @internal Applications get them from `longshore.documents`, which refuses kinds of the platform. */
  constructor(context: ConnectionContext, kind: string, isClosed: () => boolean) {
    this.#context = context;
    this.kind = kind;
    this.#isClosed = isClosed;
  }

  /** A document; `null` when there is none. @throws InvalidInput, EngineUnavailable */
  async get(id: string): Promise<Document<Value> | null> {
    const [document = null] = await this.getMany([parseDocumentId("id", id)]);
    return document;
  }

  /** Documents by id, in order, `null` where there is none: at most 500. @throws InvalidInput, EngineUnavailable */
  async getMany(ids: readonly string[]): Promise<(Document<Value> | null)[]> {
    if (!Array.isArray(ids) || ids.length > LARGEST_DOCUMENT_PAGE) {
      throw new InvalidInput("ids", ids, `a list of at most ${LARGEST_DOCUMENT_PAGE} ids`);
    }
    const checked = ids.map((id, index) => parseDocumentId(`ids[${index}]`, id));
    if (checked.length === 0) return [];
    const found = await this.#read((engine) => engine.getDocuments({ kind: this.kind, ids: checked }));
    return found.map((record) => (record === null ? null : this.#decode(record)));
  }

  /**
   * Stores a document. With `version`, only if it has that version now.
   * @param value any JSON value, at most 64 KB
   * @throws InvalidInput, PayloadTooLarge before anything is stored; DocumentConflict when another has changed it, TooManyDocuments;
   * EngineUnavailable
   * @example await documents.put("imports", { limit: 5 }, { version: 0 }); // only if there is none
   */
  async put(id: string, value: Value, options: DocumentVersion = {}): Promise<PutDocument> {
    const { kind } = this;
    const version = expected(options);
    const put = { kind, id: parseDocumentId("id", id), value: encode(value), version, op: this.#context.nextOp() };
    const answer = await this.#send((engine) => engine.putDocument(put));
    if ("version" in answer) return answer;
    if (answer.outcome === "conflict") throw this.#conflict(id, version, answer.present);
    throw this.#refusal(answer.outcome, "records, or none yet; this one is a log: append to it");
  }

  /**
   * Removes a document, or an entry of a log; answers `false` when there was none. With `version`, only if it has that version.
   * @throws InvalidInput, DocumentConflict, EngineUnavailable
   */
  async remove(id: string, options: DocumentVersion = {}): Promise<boolean> {
    const version = expected(options);
    const removal = { kind: this.kind, id: parseDocumentId("id", id), version, op: this.#context.nextOp() };
    const answer = await this.#send((engine) => engine.removeDocument(removal));
    if (answer.outcome === "conflict") throw this.#conflict(id, version, answer.present);
    return answer.outcome === "removed";
  }

  /**
   * Appends an entry to a log. What is beyond the cap goes, the oldest first.
   * @param options.cap how many entries are kept, 1 to 10,000; default: 10,000
   * @throws InvalidInput, PayloadTooLarge before anything is stored; TooManyDocuments; EngineUnavailable
   * @example await longshore.documents("changes").append({ user, what }, { cap: 1_000 });
   */
  async append(
    value: Value,
    options: { cap?: number } = {},
  ): Promise<{ readonly id: string; readonly version: number }> {
    refuseOthers(options, ["cap"]);
    const { cap = MOST_DOCUMENTS } = options;
    if (!Number.isInteger(cap) || cap < 1 || cap > MOST_DOCUMENTS) {
      throw new InvalidInput("cap", cap, `a whole number from 1 to ${MOST_DOCUMENTS}`);
    }
    const entry = { kind: this.kind, value: encode(value), cap, op: this.#context.nextOp() };
    const answer = await this.#send((engine) => engine.appendDocument(entry));
    if (!("version" in answer)) throw this.#refusal(answer.outcome, "a log, or none yet; this one has records");
    return { id: entryId(answer.version), version: answer.version };
  }

  /**
   * One page, by id; entries of a log by age. What is not removed meanwhile is neither missed nor repeated by the pages.
   * @throws InvalidInput, EngineUnavailable
   * @example const { documents } = await longshore.documents("changes").list({ reverse: true, limit: 20 });
   */
  async list(query: DocumentQuery = {}): Promise<DocumentList<Value>> {
    refuseOthers(query, ["cursor", "limit", "reverse"]);
    const { cursor = null, limit = DEFAULT_DOCUMENT_PAGE, reverse = false } = query;
    if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_DOCUMENT_PAGE) {
      throw new InvalidInput("limit", limit, `a whole number from 1 to ${LARGEST_DOCUMENT_PAGE}`);
    }
    const from = cursor === null ? null : parseDocumentId("cursor", cursor);
    if (typeof reverse !== "boolean") throw new InvalidInput("reverse", reverse, "true or false");
    const page = await this.#read((engine) => engine.listDocuments({ kind: this.kind, cursor: from, limit, reverse }));
    return { ...page, documents: page.documents.map((record) => this.#decode(record)) };
  }

  /** All documents, by id; entries of a log from the oldest on. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Document<Value>, void, undefined> {
    let cursor: string | null = null;
    do {
      const page: DocumentList<Value> = await this.list({ cursor });
      yield* page.documents;
      ({ cursor } = page);
    } while (cursor !== null);
  }

  /**
   * A number that is another one after any change of these documents, by whatever process, and the same as long as there is
   * none; 0 when there are none. It costs one short command: a process that keeps documents in memory looks at it now and then.
   * @throws EngineUnavailable
   */
  async revision(): Promise<number> {
    const [kind] = await this.#read((engine) => engine.documentKinds({ kinds: [this.kind] }));
    return kind?.revision ?? 0;
  }

  /** Removes all documents that are there; those put or changed meanwhile stay. Answers how many. @throws EngineUnavailable */
  async clear(): Promise<number> {
    let removed = 0;
    let cursor: string | null = null;
    do {
      const page: DocumentList<Value> = await this.list({ cursor });
      const answers = page.documents.map(({ id, version }) => {
        const removal = { kind: this.kind, id, version, op: this.#context.nextOp() };
        return this.#send((engine) => engine.removeDocument(removal));
      });
      removed += (await Promise.all(answers)).filter(({ outcome }) => outcome === "removed").length;
      ({ cursor } = page);
    } while (cursor !== null);
    return removed;
  }

  async #read<T>(query: (engine: Engine) => Awaitable<T>): Promise<T> {
    if (this.#isClosed()) throw new EngineClosed();
    return query(this.#context.engine);
  }

  async #send<T>(command: (engine: Engine) => Awaitable<T>): Promise<T> {
    if (this.#isClosed()) throw new EngineClosed();
    return this.#context.send(() => command(this.#context.engine));
  }

  #decode({ value, ...record }: DocumentRecord): Document<Value> {
    try {
      return { ...record, value: decodePayload(value) as Value };
    } catch (error) {
      const what = `document ${record.id} of ${this.kind}: what is stored cannot be decoded`;
      throw new LongshoreError("UNDECODABLE", what, { cause: error });
    }
  }

  #conflict(id: string, version: number | null, present: DocumentRecord | null): DocumentConflict {
    return new DocumentConflict(this.kind, id, version ?? 0, present === null ? null : this.#decode(present));
  }

  #refusal(refusal: DocumentRefusal, rule: string): LongshoreError {
    if (refusal === "other-sort") return new InvalidInput("kind", this.kind, `a kind that has ${rule}`);
    const most =
      refusal === "full" ? `there are ${MOST_DOCUMENTS}, the most of a kind` : `there are ${MOST_KINDS} kinds`;
    return new TooManyDocuments(this.kind, most);
  }
}

function encode(value: unknown): string {
  return encodePayload("value", value, LARGEST_DOCUMENT);
}

/** The version that is asked for; `null`: any. A misspelt option must not overwrite what another has put. */
function expected(options: DocumentVersion): number | null {
  refuseOthers(options, ["version"]);
  return options.version === undefined ? null : parseVersion("version", options.version);
}

function refuseOthers(options: unknown, names: readonly string[]): void {
  if (typeof options !== "object" || options === null) throw new InvalidInput("options", options, "an object");
  const other = Object.keys(options).find((name) => !names.includes(name));
  if (other === undefined) return;
  throw new InvalidInput(other, Reflect.get(options, other), `one of these options: ${names.join(", ")}`);
}
