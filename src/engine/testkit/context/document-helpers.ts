/** Short calls for scenarios about documents: of the kind `settings` unless they name another. */
import assert from "node:assert/strict";
import type {
  DocumentAppend,
  DocumentPut,
  DocumentPutAnswer,
  DocumentRecord,
  DocumentRemoval,
  DocumentRemovalAnswer,
} from "../../contract/documents.js";
import type { ScenarioContext } from "./scenario-context.js";

/** The kind of records, and that of a log. */
export const SETTINGS = "settings";
export const LOG = "log";

/** Puts the document `a`, whatever there is, as a new operation, unless `change` says otherwise. */
export async function putDocument(
  context: ScenarioContext,
  change: Partial<DocumentPut> = {},
): Promise<DocumentPutAnswer> {
  const usual = { kind: SETTINGS, id: "a", value: "1", version: null, op: context.fresh("op") };
  return context.engine.putDocument({ ...usual, ...change });
}

/** The version of a document that was put, which must have been stored. */
export async function stored(context: ScenarioContext, change: Partial<DocumentPut> = {}): Promise<number> {
  const answer = await putDocument(context, change);
  assert.ok("version" in answer, `stored, not ${answer.outcome}`);
  return answer.version;
}

export async function removeDocument(
  context: ScenarioContext,
  change: Partial<DocumentRemoval> = {},
): Promise<DocumentRemovalAnswer> {
  const usual = { kind: SETTINGS, id: "a", version: null, op: context.fresh("op") };
  return context.engine.removeDocument({ ...usual, ...change });
}

/** Appends to the log; answers the version. */
export async function append(context: ScenarioContext, change: Partial<DocumentAppend> = {}): Promise<number> {
  const usual = { kind: LOG, value: "1", cap: 100, op: context.fresh("op") };
  const answer = await context.engine.appendDocument({ ...usual, ...change });
  assert.ok("version" in answer, `appended, not ${answer.outcome}`);
  return answer.version;
}

/** A document, or `null`. */
export async function documentOf(context: ScenarioContext, id = "a", kind = SETTINGS): Promise<DocumentRecord | null> {
  const [document = null] = await context.engine.getDocuments({ kind, ids: [id] });
  return document;
}

/** All documents of a kind, page by page, each no longer than `limit`. */
export async function listed(
  context: ScenarioContext,
  { kind = SETTINGS, limit = 100, reverse = false }: { kind?: string; limit?: number; reverse?: boolean } = {},
): Promise<DocumentRecord[]> {
  const found: DocumentRecord[] = [];
  let cursor: string | null = null;
  do {
    const page = await context.engine.listDocuments({ kind, cursor, limit, reverse });
    assert.ok(page.documents.length <= limit, "no page is longer than its limit");
    found.push(...page.documents);
    ({ cursor } = page);
  } while (cursor !== null);
  return found;
}

/** The revision of a kind, 0 when there is none. */
export async function revision(context: ScenarioContext, kind = SETTINGS): Promise<number> {
  const [found] = await context.engine.documentKinds({ kinds: [kind] });
  return found?.revision ?? 0;
}
