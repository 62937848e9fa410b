/**
 * Documents: small JSON records beside the jobs, such as settings of an application, that all processes share. A document has a
 * kind and an id; a kind holds either records or a log. This file has their bounds and the rules for their names.
 */
import { InvalidInput } from "../errors/errors.js";
import { parseOwnName } from "../value/name.js";

/** A document as it is stored. */
export interface Document<Value = unknown> {
  readonly id: string;
  /** Rises with each write, also when the document is removed and made again: what was read is compared by it. */
  readonly version: number;
  readonly value: Value;
  /** Epoch milliseconds, by the clock of the engine. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The most bytes of JSON a document may have. */
export const LARGEST_DOCUMENT = 64 * 1024;

/** The most documents of a kind. */
export const MOST_DOCUMENTS = 10_000;

/** The most kinds there may be. */
export const MOST_KINDS = 1_000;

/** The most documents on a page, and that one command reads. */
export const LARGEST_DOCUMENT_PAGE = 500;

/** After how many bytes of values a page ends. */
export const DOCUMENT_PAGE_BYTES = 1024 * 1024;

/** How many entries one command trims a log by. */
export const MOST_TRIMMED = 500;

/** How many documents a page has when none says otherwise. */
export const DEFAULT_DOCUMENT_PAGE = 100;

/** Checks the kind of an application's documents. @throws InvalidInput */
export function parseKind(field: string, value: unknown): string {
  return parseOwnName(field, value);
}

const LONGEST_ID = 200;
// Control characters are refused because the engines use them as separators.
const ID = /^[^\p{Cc}\p{Cs}]+$/u;

/** Checks the id of a document. @throws InvalidInput */
export function parseDocumentId(field: string, value: unknown): string {
  if (typeof value !== "string" || value.length > LONGEST_ID || !ID.test(value)) {
    throw new InvalidInput(field, value, `1 to ${LONGEST_ID} characters of text without control characters`);
  }
  return value;
}

/** Checks a version to compare with: 0 for "there is none". @throws InvalidInput */
export function parseVersion(field: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidInput(field, value, "the version of a document, or 0 for one that does not exist");
  }
  return value;
}
