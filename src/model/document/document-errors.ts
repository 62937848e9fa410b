/** Errors of documents. */
import { LongshoreError, show } from "../errors/errors.js";
import type { Document } from "./document.js";

/** The document has another version than the one that was asked for: another has changed, made or removed it meanwhile. */
export class DocumentConflict extends LongshoreError {
  /** The document as it was then; `null`: there was none. */
  readonly present: Document | null;

  constructor(kind: string, id: string, expected: number, present: Document | null) {
    const found = present === null ? "there is none" : `it has version ${present.version}`;
    const wanted = expected === 0 ? "none was to be there" : `version ${expected} was expected`;
    super("DOCUMENT_CONFLICT", `document ${show(id)} of ${kind}: ${wanted}, and ${found}`);
    this.present = present;
  }
}

/** The kind has as many documents as it may have, 10,000; or there are as many kinds as there may be, 1,000. */
export class TooManyDocuments extends LongshoreError {
  /** The kind of the document that was not stored. */
  readonly kind: string;

  constructor(kind: string, why: string) {
    super("TOO_MANY_DOCUMENTS", `documents of ${kind}: ${why}`);
    this.kind = kind;
  }
}
