// A kind with as many documents as it may have, among others: a command on documents reads and changes a bounded number of rows,
// each found by an index.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MOST_TRACES, RESEND_WINDOW } from "../../../src/engine/contract/engine.js";
import { loadDriver, type Database } from "../../../src/engine/sqlite/database/driver.js";
import {
  append,
  documentOf,
  listed,
  LOG,
  putDocument,
  removeDocument,
  SETTINGS,
  stored,
} from "../../../src/engine/testkit/context/document-helpers.js";
import { ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import {
  DOCUMENT_PAGE_BYTES,
  LARGEST_DOCUMENT,
  LARGEST_DOCUMENT_PAGE,
  MOST_DOCUMENTS,
  MOST_TRIMMED,
} from "../../../src/model/document/document.js";
import { sqliteStorage } from "./sqlite-storage.js";
import { planOf, StatementMeter } from "./statement-meter.js";
import { TransactionMeter } from "./transaction-meter.js";

/** Rows of the document, its kind, the last version and what was answered, with up to 20 old answers that go. */
const FEW_ROWS = 30;

let context: ScenarioContext;
let beside: Database;
let reads: StatementMeter;
let writes: TransactionMeter;

beforeEach(async () => {
  const storage = sqliteStorage();
  context = await ScenarioContext.create(storage);
  beside = (await loadDriver())(storage.path, { timeout: 5_000 });
  reads = StatementMeter.begin();
  writes = TransactionMeter.begin();
});

afterEach(async () => {
  writes.end();
  reads.end();
  beside.close();
  await context.dispose();
});

async function fill(count: number, one: (n: number) => Promise<unknown>): Promise<void> {
  for (let n = 0; n < count; n += 500) {
    await Promise.all(Array.from({ length: Math.min(500, count - n) }, (_none, more) => one(n + more)));
  }
}

/** Runs one command: it changes and reads no more rows than these, and goes through an index. */
async function expectBounded(call: () => unknown, { changed, read }: { changed: number; read: number }): Promise<void> {
  writes.take();
  reads.take();
  await call();
  expect(Math.max(0, ...writes.take())).toBeLessThanOrEqual(changed);
  const { texts, rows } = reads.take();
  expect(rows).toBeLessThanOrEqual(read);
  for (const text of texts.filter((one) => one.includes(" documents "))) {
    const scans = planOf(beside, text).filter((step) => /^SCAN (?!e\b)|TEMP B-TREE/.test(step));
    expect([text, scans]).toEqual([text, []]);
  }
}

function answers(): number {
  const [row] = beside.prepare("SELECT count(*) AS answers FROM document_operations").all() as { answers: number }[];
  return row?.answers ?? 0;
}

describe(`of ${MOST_DOCUMENTS} documents, a command reads and changes few`, () => {
  it("as it puts, reads, lists and removes one", async () => {
    await fill(MOST_DOCUMENTS, (n) => stored(context, { id: String(n).padStart(5, "0") }));
    await fill(MOST_DOCUMENTS, (n) => stored(context, { kind: "zone", id: String(n) }));
    const { engine } = context;

    await expectBounded(() => putDocument(context, { id: "more" }), { changed: FEW_ROWS, read: 20 });
    await expectBounded(() => putDocument(context, { id: "00007" }), { changed: FEW_ROWS, read: 20 });
    await expectBounded(() => documentOf(context, "00007"), { changed: 0, read: 5 });
    for (const reverse of [false, true]) {
      for (const cursor of [null, "05000"]) {
        const page = { kind: SETTINGS, cursor, limit: LARGEST_DOCUMENT_PAGE, reverse };
        // Of every 16 one more is read, to see whether there is another.
        const read = LARGEST_DOCUMENT_PAGE * (1 + 1 / 15) + 5;
        await expectBounded(() => engine.listDocuments(page), { changed: 0, read });
      }
    }
    await expectBounded(() => removeDocument(context, { id: "00007" }), { changed: FEW_ROWS, read: 20 });
    await expectBounded(() => engine.documentKinds(), { changed: 0, read: 5 });
    expect(await documentOf(context, "00007")).toBeNull();
  });

  it("as it appends to a log whose cap is far below what it has", async () => {
    await fill(2_000, () => append(context, { cap: MOST_DOCUMENTS }));

    await expectBounded(() => append(context, { cap: 1 }), { changed: MOST_TRIMMED + FEW_ROWS, read: 20 });

    expect(await listed(context, { kind: LOG, limit: 500 })).toHaveLength(2_001 - MOST_TRIMMED);
  });

  it("as it lists long ones, whose page ends early", async () => {
    const value = `"${"x".repeat(LARGEST_DOCUMENT - 2)}"`;
    for (let n = 0; n < 60; n += 1) await stored(context, { id: `d${n}`, value });
    const page = { kind: SETTINGS, cursor: null, limit: LARGEST_DOCUMENT_PAGE, reverse: false };

    const fits = DOCUMENT_PAGE_BYTES / LARGEST_DOCUMENT;
    await expectBounded(() => context.engine.listDocuments(page), { changed: 0, read: fits + 5 });
    expect((await context.engine.listDocuments(page)).documents).toHaveLength(fits);
  });

  it("and forgets the answers to old commands, or to more than it keeps, a few at a time", async () => {
    await fill(MOST_TRACES + 500, (n) => stored(context, { id: String(n % 100) }));
    expect(answers()).toBeLessThanOrEqual(MOST_TRACES + 1);
    context.advance(RESEND_WINDOW);

    await expectBounded(() => putDocument(context), { changed: FEW_ROWS, read: 20 });
    expect(answers()).toBeGreaterThan(MOST_TRACES - 20);
    context.advance(RESEND_WINDOW);
    const sweep = (): unknown => context.engine.sweep({ queues: [], limit: 10 });
    await expectBounded(sweep, { changed: 500 + FEW_ROWS, read: 30 });
    for (let more = true; more;) ({ more } = await context.engine.sweep({ queues: [], limit: 10 }));
    expect(answers()).toBe(0);
  });
});
