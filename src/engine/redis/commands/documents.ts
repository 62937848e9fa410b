/**
 * The commands on documents on Redis. All kinds share one hash slot, which no queue has: they are few and small and written
 * seldom, and so one command tells which have changed, and there is no list of kinds elsewhere that could be wrong.
 */
import type { Answer, Params } from "../../contract/commands.js";
import type { DocumentCommands, DocumentKind, DocumentRecord } from "../../contract/documents.js";
import type { Argument, Link } from "../connection/connection.js";
import { DOCUMENTS } from "../connection/keys.js";
import { list, number, text } from "../connection/reply.js";
import type { ScriptName } from "../connection/script.js";

export class RedisDocumentCommands implements DocumentCommands {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  async putDocument({ kind, id, value, version, op }: Params<"putDocument">): Promise<Answer<"putDocument">> {
    const [outcome, ...rest] = await this.#run("document-put", [kind, op, "put", id, value, version ?? ""]);
    const [word, written] = text(outcome).split(" ");
    switch (word) {
      case "created":
      case "updated":
        return { outcome: word, version: Number(written) };
      case "conflict":
        return { outcome: word, present: recordOf(id, rest) };
      case "full":
      case "too-many-kinds":
      case "other-sort":
        return { outcome: word };
      default:
        throw unexpected(word);
    }
  }

  async removeDocument({ kind, id, version, op }: Params<"removeDocument">): Promise<Answer<"removeDocument">> {
    const [outcome, ...rest] = await this.#run("document-remove", [kind, op, id, version ?? ""]);
    const word = text(outcome);
    if (word === "removed" || word === "missing") return { outcome: word };
    const present = recordOf(id, rest);
    if (word !== "conflict" || present === null) throw unexpected(word);
    return { outcome: word, present };
  }

  async appendDocument({ kind, value, cap, op }: Params<"appendDocument">): Promise<Answer<"appendDocument">> {
    const [outcome] = await this.#run("document-put", [kind, op, "append", value, cap]);
    const [word, written] = text(outcome).split(" ");
    switch (word) {
      case "appended":
        return { outcome: word, version: Number(written) };
      case "too-many-kinds":
      case "other-sort":
        return { outcome: word };
      default:
        throw unexpected(word);
    }
  }

  async getDocuments({ kind, ids }: Params<"getDocuments">): Promise<Answer<"getDocuments">> {
    const found: (DocumentRecord | null)[] = [];
    while (found.length < ids.length) {
      const rest = ids.slice(found.length);
      const values = await this.#run("document-read", ["get", kind, ...rest]);
      for (let at = 0; at < values.length; at += 2) found.push(recordOf(rest[at / 2] ?? "", values.slice(at, at + 2)));
    }
    return found;
  }

  async listDocuments({ kind, cursor, limit, reverse }: Params<"listDocuments">): Promise<Answer<"listDocuments">> {
    const args = ["list", kind, cursor ?? "", limit, reverse ? 1 : ""];
    const [revision, more, ...values] = await this.#run("document-read", args);
    const documents: DocumentRecord[] = [];
    let last: string | null = null;
    for (let at = 0; at < values.length; at += 3) {
      last = text(values[at]);
      const document = recordOf(last, values.slice(at + 1, at + 3));
      if (document !== null) documents.push(document);
    }
    return { documents, cursor: more === 1 ? last : null, revision: number(revision) };
  }

  async documentKinds(params?: Params<"documentKinds">): Promise<Answer<"documentKinds">> {
    if (params?.kinds.length === 0) return [];
    const names = [...new Set(params?.kinds)];
    const values = (await this.#run("document-read", ["kinds", ...names])).map(text);
    const found: DocumentKind[] = [];
    for (let at = 0; at < values.length; at += 2) {
      const [revision, documents, sort] = (values[at + 1] ?? "").split(" ");
      if (sort !== "records" && sort !== "log") continue;
      found.push({ kind: values[at] ?? "", sort, documents: Number(documents), revision: Number(revision) });
    }
    return found.toSorted((a, b) => (a.kind < b.kind ? -1 : 1));
  }

  async #run(name: ScriptName, args: readonly Argument[]): Promise<unknown[]> {
    return list(await this.#link.run(name, DOCUMENTS, args));
  }
}

/** A document of what is beside its value, and the value; `null` when there is none. */
function recordOf(id: string, [beside, value]: readonly unknown[]): DocumentRecord | null {
  const [version, createdAt, updatedAt] = text(beside).split(" ").map(Number);
  if (version === undefined || createdAt === undefined || updatedAt === undefined) return null;
  return { id, version, value: text(value), createdAt, updatedAt };
}

function unexpected(word: string | undefined): TypeError {
  return new TypeError(`Redis answered ${word} to a command on documents`);
}
