/** Documents: changed by compare-and-set, read by id and listed, on every connection. */
import assert from "node:assert/strict";
import { LARGEST_DOCUMENT, MOST_DOCUMENTS } from "../../../../model/document/document.js";
import { documentOf, listed, putDocument, removeDocument, SETTINGS, stored } from "../../context/document-helpers.js";
import { scenarios } from "../../context/scenario.js";

const ids = (documents: readonly { readonly id: string }[]): string[] => documents.map(({ id }) => id);

export const documents = scenarios("documents", [
  [
    "put-then-get",
    "a document is read as it was put, on any connection",
    async (context) => {
      const at = context.clock.now();
      const answer = await putDocument(context, { value: '{"a":[1,"é\\u0000"]}', version: 0 });
      assert.equal(answer.outcome, "created");
      const other = await context.open();
      const [document, none] = await other.getDocuments({ kind: SETTINGS, ids: ["a", "b"] });
      const version = "version" in answer ? answer.version : 0;
      assert.deepEqual(document, { id: "a", version, value: '{"a":[1,"é\\u0000"]}', createdAt: at, updatedAt: at });
      assert.equal(none, null);
    },
  ],
  [
    "update-raises-version",
    "an update gives a higher version and keeps the time of creation",
    async (context) => {
      const at = context.clock.now();
      const first = await stored(context);
      context.advance(1_000);
      const answer = await putDocument(context, { value: "2", version: first });
      assert.equal(answer.outcome, "updated");
      const document = await documentOf(context);
      assert.ok(document !== null && document.version > first);
      assert.deepEqual([document.value, document.createdAt, document.updatedAt], ["2", at, at + 1_000]);
    },
  ],
  [
    "versions-without-time",
    "versions rise though the clock stands or is set back",
    async (context) => {
      const versions = [await stored(context), await stored(context), await stored(context, { id: "b" })];
      context.advance(-3_600_000);
      versions.push(await stored(context), await stored(context, { kind: "other" }));
      assert.deepEqual(
        versions.toSorted((a, b) => a - b),
        versions,
      );
      assert.equal(new Set(versions).size, versions.length);
    },
  ],
  [
    "stale-version-conflicts",
    "a put or a removal with another version changes nothing and answers what is there",
    async (context) => {
      const first = await stored(context);
      await stored(context, { value: "2" });
      const present = await documentOf(context);
      assert.deepEqual(await putDocument(context, { value: "3", version: first }), { outcome: "conflict", present });
      assert.deepEqual(await putDocument(context, { value: "3", version: 0 }), { outcome: "conflict", present });
      assert.deepEqual(await removeDocument(context, { version: first }), { outcome: "conflict", present });
      assert.deepEqual(await documentOf(context), present);
    },
  ],
  [
    "missing-version-conflicts",
    "a put with the version of a document that is not there makes none",
    async (context) => {
      assert.deepEqual(await putDocument(context, { version: 1 }), { outcome: "conflict", present: null });
      assert.deepEqual(await context.engine.documentKinds(), []);
    },
  ],
  [
    "removed-version-is-spent",
    "a document that is made again does not get a version that the removed one had",
    async (context) => {
      const first = await stored(context);
      assert.deepEqual(await removeDocument(context, { version: first }), { outcome: "removed" });
      assert.equal(await documentOf(context), null);
      assert.deepEqual(await removeDocument(context), { outcome: "missing" });
      const second = await stored(context, { version: 0, value: "2" });
      assert.ok(second > first);
      assert.equal((await putDocument(context, { version: first })).outcome, "conflict");
    },
  ],
  [
    "one-of-many-wins",
    "of many puts with one version exactly one is stored",
    async (context) => {
      const version = await stored(context);
      const engines = [context.engine, await context.open()];
      const answers = await Promise.all(
        Array.from({ length: 20 }, async (_none, n) => {
          const put = { kind: SETTINGS, id: "a", value: String(n), version, op: `many${n}` };
          return (engines[n % 2] ?? context.engine).putDocument(put);
        }),
      );
      const winners = answers.flatMap(({ outcome }, n) => (outcome === "updated" ? [String(n)] : []));
      assert.equal(answers.filter(({ outcome }) => outcome === "conflict").length, 19);
      assert.deepEqual(winners, [(await documentOf(context))?.value]);
    },
  ],
  [
    "kinds-stand-apart",
    "kinds do not see each other, nor do queues of their names",
    async (context) => {
      await stored(context, { kind: "a", id: "b.c" });
      await stored(context, { kind: "a.b", id: "c" });
      await context.add({ queue: "a" });
      assert.deepEqual(ids(await listed(context, { kind: "a" })), ["b.c"]);
      assert.deepEqual(ids(await listed(context, { kind: "a.b" })), ["c"]);
      await context.engine.obliterate({ queue: "a", force: true });
      assert.deepEqual(ids(await listed(context, { kind: "a" })), ["b.c"]);
      assert.deepEqual(await context.engine.queues(), []);
    },
  ],
  [
    "listed-by-id",
    "documents are listed by the bytes of their ids, in pages, forwards and backwards",
    async (context) => {
      const sorted = ["!", "10", "9", "A", "a", "a b", "a/b", "é", "\uffee", "😀"];
      for (const id of sorted.toReversed()) await stored(context, { id });
      for (const limit of [1, 3, 9, 10, 11, 500]) {
        assert.deepEqual(ids(await listed(context, { limit })), sorted);
        assert.deepEqual(ids(await listed(context, { limit, reverse: true })), sorted.toReversed());
      }
      const page = { kind: SETTINGS, cursor: null, limit: 10, reverse: false };
      assert.equal((await context.engine.listDocuments(page)).cursor, null);
    },
  ],
  [
    "listing-survives-changes",
    "a listing goes on where it was, though the document that it ended with is removed",
    async (context) => {
      for (const id of ["a", "c", "e", "g"]) await stored(context, { id });
      for (const reverse of [false, true]) {
        const page = { kind: SETTINGS, limit: 2, reverse };
        const { documents: first, cursor } = await context.engine.listDocuments({ ...page, cursor: null });
        const last = first.at(-1)?.id ?? "";
        await removeDocument(context, { id: last });
        await stored(context, { id: "d" });
        const rest = await context.engine.listDocuments({ ...page, cursor, limit: 10 });
        assert.deepEqual(ids(rest.documents), reverse ? ["d", "c", "a"] : ["d", "e", "g"]);
        await stored(context, { id: last });
        await removeDocument(context, { id: "d" });
      }
    },
  ],
  [
    "long-values-end-pages",
    "a page of long documents ends early, and none is missed; 100 of them are read by id at once",
    async (context) => {
      const value = `"${"x".repeat(LARGEST_DOCUMENT - 2)}"`;
      const all = Array.from({ length: 40 }, (_none, n) => `d${String(n).padStart(2, "0")}`);
      for (const id of all) await stored(context, { id, value });
      const page = await context.engine.listDocuments({ kind: SETTINGS, cursor: null, limit: 500, reverse: false });
      assert.equal(page.documents.length, 16);
      assert.deepEqual(ids(await listed(context, { limit: 500 })), all);
      const found = await context.engine.getDocuments({ kind: SETTINGS, ids: [...all, "none", ...all] });
      assert.deepEqual(
        found.map((document) => document?.id ?? "none"),
        [...all, "none", ...all],
      );
      assert.ok(found.every((document) => document === null || document.value === value));
    },
  ],
  [
    "full-kind-refuses",
    "a kind that has the most documents takes no other, but changes and removes those it has",
    async (context) => {
      for (let n = 0; n < MOST_DOCUMENTS; n += 500) {
        await Promise.all(Array.from({ length: 500 }, (_none, more) => stored(context, { id: String(n + more) })));
      }
      const [kind] = await context.engine.documentKinds();
      assert.equal(kind?.documents, MOST_DOCUMENTS);
      assert.deepEqual(await putDocument(context, { id: "more" }), { outcome: "full" });
      assert.equal(await documentOf(context, "more"), null);
      assert.equal((await putDocument(context, { id: "7", value: "2" })).outcome, "updated");
      assert.equal((await putDocument(context, { kind: "other" })).outcome, "created");
      assert.equal((await removeDocument(context, { id: "7" })).outcome, "removed");
      assert.equal((await putDocument(context, { id: "more" })).outcome, "created");
    },
  ],
]);
