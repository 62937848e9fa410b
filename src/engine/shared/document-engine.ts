/** The commands on documents of an engine, which passes each on to what carries them out. */
import type { Answer, Params } from "../contract/commands.js";
import type { Awaitable } from "../contract/engine.js";
import type { DocumentCommands } from "../contract/documents.js";

export abstract class DocumentEngine implements DocumentCommands {
  /** What carries out the next command. @throws EngineClosed */
  protected abstract readonly documents: () => DocumentCommands;

  putDocument(params: Params<"putDocument">): Awaitable<Answer<"putDocument">> {
    return this.documents().putDocument(params);
  }

  removeDocument(params: Params<"removeDocument">): Awaitable<Answer<"removeDocument">> {
    return this.documents().removeDocument(params);
  }

  appendDocument(params: Params<"appendDocument">): Awaitable<Answer<"appendDocument">> {
    return this.documents().appendDocument(params);
  }

  getDocuments(params: Params<"getDocuments">): Awaitable<Answer<"getDocuments">> {
    return this.documents().getDocuments(params);
  }

  listDocuments(params: Params<"listDocuments">): Awaitable<Answer<"listDocuments">> {
    return this.documents().listDocuments(params);
  }

  documentKinds(params?: Params<"documentKinds">): Awaitable<Answer<"documentKinds">> {
    return this.documents().documentKinds(params);
  }
}
