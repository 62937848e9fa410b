// Commands on documents as they are drawn: few kinds, ids and versions, so that they meet.
import * as fc from "fast-check";
import type { Params } from "../../src/engine/contract/commands.js";

/** One of each sort, unless the first command decides otherwise; and one that is written to as both. */
export const DOCUMENT_KINDS = ["records", "log", "both"] as const;

/** What a document may be drawn as; `version`: any, that of none, or the n-th latest of all. */
export interface DocumentDraft {
  readonly command: "putDocument" | "removeDocument" | "appendDocument" | "listDocuments";
  readonly of: (typeof DOCUMENT_KINDS)[number];
  readonly id: string;
  readonly value: string;
  readonly version: null | "none" | number;
  readonly cap: number;
  readonly limit: number;
  readonly reverse: boolean;
}

export const documentDraft: fc.Arbitrary<DocumentDraft> = fc.record(
  {
    command: fc.constantFrom("putDocument", "putDocument", "removeDocument", "appendDocument", "listDocuments"),
    of: fc.constantFrom(...DOCUMENT_KINDS),
    id: fc.constantFrom("a", "é", "a b"),
    value: fc.constantFrom("1", '{"é":"\\u0000 \u2028"}'),
    version: fc.oneof(fc.constantFrom(null, "none" as const), fc.nat({ max: 3 })),
    cap: fc.integer({ min: 1, max: 3 }),
    limit: fc.integer({ min: 1, max: 3 }),
    reverse: fc.boolean(),
  },
  { noNullPrototype: true },
);

/** A command and what it is given. */
export type DocumentCall = {
  [Name in DocumentDraft["command"]]: readonly [Name, Params<Name>];
}[DocumentDraft["command"]];

/** Makes commands of drafts, by the versions that were answered. */
export class DocumentDraws {
  readonly #versions: number[] = [];

  make({ command, of: kind, id, value, version, cap, limit, reverse }: DocumentDraft, op: string): DocumentCall {
    const known = typeof version === "number" ? (this.#versions.at(-1 - version) ?? 0) : version === "none" ? 0 : null;
    switch (command) {
      case "putDocument":
        return [command, { kind, id, value, version: known, op }];
      case "removeDocument":
        return [command, { kind, id: known === null ? id : this.#idOf(known, id), version: known, op }];
      case "appendDocument":
        return [command, { kind, value, cap, op }];
      case "listDocuments":
        return [command, { kind, cursor: version === null ? null : id, limit, reverse }];
    }
  }

  /** Remembers the version that was answered. */
  learn(answer: unknown): void {
    const version: unknown = answer instanceof Object ? Reflect.get(answer, "version") : null;
    if (typeof version === "number") this.#versions.push(version);
  }

  /** An entry of a log now and then, which has its version as id. */
  #idOf(version: number, id: string): string {
    return version % 2 === 0 ? String(version).padStart(16, "0") : id;
  }
}
