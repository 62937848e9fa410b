/** Commands on documents that arrive twice, or late: one effect, and the same answer. */
import assert from "node:assert/strict";
import { RESEND_WINDOW } from "../../../contract/engine.js";
import {
  append,
  documentOf,
  listed,
  LOG,
  putDocument,
  removeDocument,
  stored,
} from "../../context/document-helpers.js";
import { scenarios } from "../../context/scenario.js";

export const resentDocuments = scenarios("documents", [
  [
    "put-sent-again",
    "a put that arrives again behind another's is answered as before and changes nothing",
    async (context) => {
      const version = await stored(context);
      const put = { value: "2", version, op: "put" };
      const first = await putDocument(context, put);
      await stored(context, { value: "3" });
      const present = await documentOf(context);
      assert.deepEqual(await putDocument(context, put), first);
      assert.deepEqual(await documentOf(context), present);
    },
  ],
  [
    "blind-put-sent-again",
    "a put without a version does not come back behind a removal",
    async (context) => {
      const first = await putDocument(context, { op: "put" });
      await removeDocument(context);
      assert.deepEqual(await putDocument(context, { op: "put" }), first);
      assert.equal(await documentOf(context), null);
    },
  ],
  [
    "removal-sent-again",
    "a removal that arrives again spares the document that another has made since",
    async (context) => {
      await stored(context);
      assert.deepEqual(await removeDocument(context, { op: "remove" }), { outcome: "removed" });
      assert.deepEqual(await removeDocument(context, { op: "remove" }), { outcome: "removed" });
      await stored(context, { value: "2" });
      assert.deepEqual(await removeDocument(context, { op: "remove" }), { outcome: "removed" });
      assert.equal((await documentOf(context))?.value, "2");
    },
  ],
  [
    "append-sent-again",
    "an entry that arrives again is one entry, also when the cap has removed it",
    async (context) => {
      const version = await append(context, { op: "entry" });
      assert.equal(await append(context, { op: "entry" }), version);
      assert.equal((await listed(context, { kind: LOG })).length, 1);
      await append(context, { value: "2", cap: 1 });
      assert.equal(await append(context, { op: "entry" }), version);
      assert.deepEqual(
        (await listed(context, { kind: LOG })).map(({ value }) => value),
        ["2"],
      );
    },
  ],
  [
    "conflict-sent-again",
    "a put that met a conflict meets it again",
    async (context) => {
      const version = await stored(context);
      await stored(context, { value: "2" });
      const put = { version, op: "put" };
      const first = await putDocument(context, put);
      await removeDocument(context);
      assert.equal(first.outcome, "conflict");
      assert.deepEqual(await putDocument(context, put), { outcome: "conflict", present: null });
    },
  ],
  [
    "remembered-for-a-while",
    "what a command was answered is remembered to the end of its time, and no longer",
    async (context) => {
      await putDocument(context, { op: "put" });
      await removeDocument(context);
      context.advance(RESEND_WINDOW - 1);
      assert.equal((await putDocument(context, { op: "put" })).outcome, "created");
      assert.equal(await documentOf(context), null);
      context.advance(1);
      await putDocument(context, { op: "put" });
      assert.equal((await documentOf(context))?.value, "1");
    },
  ],
]);
