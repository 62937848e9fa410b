/** Documents in a log: appended, numbered, capped. And the revisions by which another process sees that a kind has changed. */
import assert from "node:assert/strict";
import { MOST_KINDS, MOST_TRIMMED } from "../../../../model/document/document.js";
import { entryId } from "../../../contract/document-version.js";
import {
  append,
  documentOf,
  listed,
  LOG,
  putDocument,
  removeDocument,
  revision,
  SETTINGS,
  stored,
} from "../../context/document-helpers.js";
import { scenarios } from "../../context/scenario.js";
import type { ScenarioContext } from "../../context/scenario-context.js";

const newest = async (context: ScenarioContext, limit = 100): Promise<string[]> =>
  (await listed(context, { kind: LOG, reverse: true, limit })).map(({ value }) => value);

export const documentLogs = scenarios("documents", [
  [
    "appended-newest-first",
    "the entries of a log are numbered and listed the newest first",
    async (context) => {
      const versions: number[] = [];
      for (const value of ["1", "2", "3"]) versions.push(await append(context, { value }));
      assert.deepEqual(await newest(context, 2), ["3", "2", "1"]);
      assert.deepEqual(
        (await listed(context, { kind: LOG })).map(({ id, version }) => [id, version]),
        versions.map((version) => [entryId(version), version]),
      );
      assert.ok(versions.every((version, n) => n === 0 || version > (versions[n - 1] ?? 0)));
    },
  ],
  [
    "appended-beyond-cap",
    "of a log beyond its cap the oldest entries go, a part at a time when the cap is lowered by much",
    async (context) => {
      for (let n = 0; n < 5; n += 1) await append(context, { value: String(n), cap: 3 });
      assert.deepEqual(await newest(context), ["4", "3", "2"]);
      for (let n = 0; n < MOST_TRIMMED + 200; n += 1) await append(context, { cap: 10_000 });
      await append(context, { cap: 1 });
      assert.equal((await newest(context, 500)).length, 204);
      await append(context, { value: "last", cap: 1 });
      assert.deepEqual(await newest(context), ["last"]);
    },
  ],
  [
    "appended-twice-by-two",
    "entries that two connections append at once are all kept, each under a number of its own",
    async (context) => {
      const engines = [context.engine, await context.open()];
      const answers = await Promise.all(
        Array.from({ length: 40 }, async (_none, n) =>
          (engines[n % 2] ?? context.engine).appendDocument({ kind: LOG, value: String(n), cap: 100, op: `both${n}` }),
        ),
      );
      assert.equal(new Set(answers.map((answer) => ("version" in answer ? answer.version : 0))).size, 40);
      assert.equal((await newest(context)).length, 40);
    },
  ],
  [
    "log-or-records",
    "a kind holds records or a log, as its first document decided, until its last one is removed",
    async (context) => {
      await stored(context);
      const version = await append(context);
      assert.deepEqual(await putDocument(context, { kind: LOG }), { outcome: "other-sort" });
      const entry = { kind: SETTINGS, value: "2", cap: 1, op: "entry" };
      assert.deepEqual(await context.engine.appendDocument(entry), { outcome: "other-sort" });
      assert.equal((await documentOf(context))?.value, "1");
      assert.deepEqual(await removeDocument(context, { kind: LOG, id: entryId(version) }), { outcome: "removed" });
      assert.equal((await putDocument(context, { kind: LOG })).outcome, "created");
    },
  ],
  [
    "revision-tells-changes",
    "the revision of a kind changes with each of its documents, and with nothing else",
    async (context) => {
      const other = await context.open();
      const seen = [await revision(context)];
      const look = async (): Promise<void> => void seen.push(await revision(context));
      await stored(context);
      await look();
      await stored(context, { id: "b" });
      await look();
      await stored(context, { id: "b" });
      await look();
      await removeDocument(context, { id: "b" });
      await look();
      await append(context);
      await putDocument(context, { version: 0 });
      await removeDocument(context, { id: "none" });
      await documentOf(context);
      assert.equal(await revision(context), seen.at(-1));
      const { revision: ofPage } = await other.listDocuments({
        kind: SETTINGS,
        cursor: null,
        limit: 1,
        reverse: false,
      });
      assert.equal(ofPage, seen.at(-1));
      await removeDocument(context);
      assert.equal(await revision(context), 0);
      await stored(context);
      await look();
      assert.deepEqual(
        seen.toSorted((a, b) => a - b),
        seen,
      );
      assert.equal(new Set(seen).size, seen.length);
    },
  ],
  [
    "kinds-by-name",
    "the kinds are listed by name, all or some, with what they hold",
    async (context) => {
      const log = await append(context);
      await stored(context, { kind: "a" });
      const a = await stored(context, { kind: "a", id: "b" });
      const last = await stored(context, { kind: "z" });
      const kinds = [
        { kind: "a", sort: "records", documents: 2, revision: a },
        { kind: LOG, sort: "log", documents: 1, revision: log },
        { kind: "z", sort: "records", documents: 1, revision: last },
      ];
      assert.deepEqual(await (await context.open()).documentKinds(), kinds);
      assert.deepEqual(await context.engine.documentKinds({ kinds: ["z", "none", "a"] }), [kinds[0], kinds[2]]);
      assert.deepEqual(await context.engine.documentKinds({ kinds: [] }), []);
    },
  ],
  [
    "too-many-kinds",
    "where there are as many kinds as there may be no other is made",
    async (context) => {
      const names = Array.from({ length: MOST_KINDS }, (_none, n) => `kind${n}`);
      await Promise.all(names.map((kind) => stored(context, { kind })));
      assert.deepEqual(await putDocument(context, { kind: "more" }), { outcome: "too-many-kinds" });
      const entry = { kind: LOG, value: "1", cap: 1, op: "entry" };
      assert.deepEqual(await context.engine.appendDocument(entry), { outcome: "too-many-kinds" });
      assert.equal((await context.engine.documentKinds()).length, MOST_KINDS);
      await removeDocument(context, { kind: "kind7" });
      assert.equal((await putDocument(context, { kind: "more" })).outcome, "created");
    },
  ],
]);
