// A kind with as many documents as it may have, among others: a command on documents looks at a bounded number of entries and
// answers a bounded number of bytes.
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { MOST_TRACES, RESEND_WINDOW } from "../../../src/engine/contract/engine.js";
import {
  append,
  listed,
  LOG,
  putDocument,
  SETTINGS,
  stored,
} from "../../../src/engine/testkit/context/document-helpers.js";
import { entryId } from "../../../src/engine/contract/document-version.js";
import type { ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import {
  DOCUMENT_PAGE_BYTES,
  LARGEST_DOCUMENT,
  LARGEST_DOCUMENT_PAGE,
  MOST_DOCUMENTS,
  MOST_TRIMMED,
} from "../../../src/model/document/document.js";
import { WorkMeter, type ScriptWork } from "../../support/redis-work.js";
import { openOwnRedis, type OwnRedis } from "./redis-fixture.js";

/** A page has 500 of three commands each, and looks at one more; a log that is trimmed loses 500 by three commands each. */
const MOST_COMMANDS = 3 * LARGEST_DOCUMENT_PAGE + 40;
const MOST_ENTRIES = LARGEST_DOCUMENT_PAGE + 40;

let own: OwnRedis;
let context: ScenarioContext;
let meter: WorkMeter;

describe.skipIf(!inject("canStartRedis"))(`of ${MOST_DOCUMENTS} documents, a command looks at few`, () => {
  beforeEach(async () => {
    own = await openOwnRedis();
    ({ context } = own);
    meter = await WorkMeter.on(own.server.url);
  });

  afterEach(async () => {
    meter.close();
    await own.close();
  });

  it("as it puts, reads, lists and removes one", async () => {
    await fill(MOST_DOCUMENTS, (n) => stored(context, { id: String(n).padStart(5, "0") }));
    await fill(MOST_DOCUMENTS, (n) => stored(context, { kind: "zone", id: String(n) }));
    const { engine } = context;

    await workOf(() => putDocument(context, { id: "more" }));
    await workOf(() => putDocument(context, { id: "00007" }));
    await workOf(async () => engine.getDocuments({ kind: SETTINGS, ids: ["00007", "none"] }));
    for (const reverse of [false, true]) {
      for (const cursor of [null, "05000"]) {
        const page = { kind: SETTINGS, cursor, limit: LARGEST_DOCUMENT_PAGE, reverse };
        await workOf(async () => expect((await engine.listDocuments(page)).documents).toHaveLength(500));
      }
    }
    await workOf(async () => engine.removeDocument({ kind: SETTINGS, id: "00007", version: null, op: "remove" }));
    expect((await workOf(async () => engine.documentKinds())).commands).toBeLessThan(10);
  });

  it("as it appends to a log whose cap is far below what it has", async () => {
    await fill(2_000, () => append(context, { cap: MOST_DOCUMENTS }));

    await workOf(() => append(context, { cap: 1 }));

    expect(await listed(context, { kind: LOG, limit: 500 })).toHaveLength(2_001 - MOST_TRIMMED);
  });

  it("as it answers long ones, whose page or part ends early", async () => {
    const value = `"${"x".repeat(LARGEST_DOCUMENT - 2)}"`;
    const ids = Array.from({ length: 60 }, (_none, n) => `d${n}`);
    for (const id of ids) await stored(context, { id, value });

    const page = { kind: SETTINGS, cursor: null, limit: LARGEST_DOCUMENT_PAGE, reverse: false };
    await workOf(async () => {
      const { documents } = await context.engine.listDocuments(page);
      expect(documents).toHaveLength(DOCUMENT_PAGE_BYTES / LARGEST_DOCUMENT);
    });
    const { answer, scripts } = await meter.of([], async () => context.engine.getDocuments({ kind: SETTINGS, ids }));
    expect(answer).toHaveLength(60);
    expect(scripts).toHaveLength(Math.ceil((60 * LARGEST_DOCUMENT) / DOCUMENT_PAGE_BYTES));
  });

  it("and forgets the answers to old commands, or to more than it keeps, a few at a time", async () => {
    await fill(MOST_TRACES + 500, (n) => stored(context, { id: String(n % 100) }));
    expect(await remembered()).toBeLessThanOrEqual(MOST_TRACES + 1);
    context.advance(RESEND_WINDOW);

    await workOf(() => putDocument(context));
    expect(await remembered()).toBe(MOST_TRACES + 1 - 20 + 1);
    await fill(600, () => putDocument(context));
    expect(await remembered()).toBe(600 + 1);
  });

  it("keeps nothing once all are removed but the last version and answers, which go by themselves", async () => {
    const versions = [await stored(context), await append(context), await append(context)];
    await context.engine.removeDocument({ kind: SETTINGS, id: "a", version: null, op: "r1" });
    for (const version of versions.slice(1)) {
      await context.engine.removeDocument({ kind: LOG, id: entryId(version), version, op: `r${version}` });
    }
    const left = await keys();

    expect(left.map((key) => key.slice(key.lastIndexOf(":") + 1)).toSorted()).toEqual([
      "documents",
      "operation",
      "operations",
    ]);
    for (const key of left) {
      const lives = await own.redis.pttl(key);
      expect(lives).toBeGreaterThan(0);
      expect(lives).toBeLessThanOrEqual(RESEND_WINDOW);
    }
    await stored(context);
    expect(await own.redis.pttl((await keys()).find((key) => key.endsWith(":documents")) ?? "")).toBe(-1);
  });
});

async function fill(count: number, one: (n: number) => Promise<unknown>): Promise<void> {
  for (let n = 0; n < count; n += 500) {
    await Promise.all(Array.from({ length: Math.min(500, count - n) }, (_none, more) => one(n + more)));
  }
}

async function workOf(call: () => Promise<unknown>): Promise<ScriptWork> {
  const { scripts } = await meter.of([], call);
  expect(scripts).toHaveLength(1);
  const [work] = scripts;
  if (work === undefined) throw new TypeError("no script ran");
  expect(work.commands).toBeLessThanOrEqual(MOST_COMMANDS);
  expect(work.entries).toBeLessThanOrEqual(MOST_ENTRIES);
  return work;
}

async function keys(): Promise<readonly string[]> {
  return (await context.storage.leftovers?.()) ?? [];
}

async function remembered(): Promise<number> {
  const all = await keys();
  const [hash, list] = [":operation", ":operations"].map((end) => all.find((key) => key.endsWith(end)) ?? "");
  const [answers, order] = [await own.redis.hlen(hash ?? ""), await own.redis.llen(list ?? "")];
  expect(answers).toBe(order);
  return answers;
}
