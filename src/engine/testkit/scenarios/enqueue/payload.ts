/** Stored values come back unchanged, however odd, and no two legal names collide. */
import assert from "node:assert/strict";
import { MAIN, progressOf } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

const ODD_TEXT = 'é e\u0301 日本語 🚢 \u2028\u2029 "quoted" back\\slash {braces} %s $1 \u0000 \u007f';
const ODD_NAMES = [
  "__proto__",
  "constructor",
  "toString",
  "..",
  ":",
  "a:b",
  "a",
  "b",
  "0",
  "-1",
  "1e3",
  "007",
  "7",
  "A",
];

export const payload = scenarios("payload", [
  [
    "odd-text-in-input",
    "any text in an input comes back unchanged, in the record and in the lease",
    async (context) => {
      const input = JSON.stringify({ [ODD_TEXT]: ODD_TEXT });
      const id = await context.add({ input });
      assert.equal((await context.job(id)).input, input);
      assert.equal((await (await context.session()).next()).body?.input, input);
    },
  ],
  [
    "odd-text-elsewhere",
    "any text in a result, meta, progress, log line or error comes back unchanged",
    async (context) => {
      const json = JSON.stringify({ odd: ODD_TEXT });
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      const line = { at: context.clock.now(), level: "warn", message: ODD_TEXT } as const;
      await session.report(lease, { progress: progressOf(1, ODD_TEXT), meta: json, lines: [line] });
      const error = {
        name: "Odd",
        message: ODD_TEXT,
        code: null,
        stack: ODD_TEXT,
        cause: { name: "Inner", message: ODD_TEXT, code: "7", stack: null, cause: null, fingerprint: "0123456789ab" },
        fingerprint: "ba9876543210",
      };
      await session.fail(lease, 0, error);
      await session.complete(await session.next(), json);
      const job = await context.job(id);
      assert.deepEqual(job.progress, null, "progress belongs to a run");
      assert.equal(job.result, json);
      assert.equal(job.meta, json);
      assert.deepEqual(job.error, error);
      assert.deepEqual(job.history[0]?.error, error);
      assert.deepEqual((await context.engine.logs({ queue: MAIN, id })).lines, [line]);
    },
  ],
  [
    "100-kb-input-and-result",
    "100 KB of input and of result come back unchanged",
    async (context) => {
      const large = JSON.stringify("ü🚢x".repeat(12_000));
      const id = await context.add({ input: large });
      const session = await context.session();
      const lease = await session.next();
      assert.equal(lease.body?.input, large);
      await session.complete(lease, large);
      assert.equal((await context.job(id)).result, large);
    },
  ],
  [
    "empty-and-bare-json",
    "empty and bare JSON values stay what they are",
    async (context) => {
      const session = await context.session();
      for (const json of ["{}", "[]", '""', "null", "0", "false", "[[],{}]", '{"a":[],"b":{}}', "-0.5e-7"]) {
        const id = await context.add({ input: json, meta: "{}" });
        await session.complete(await session.next(), json);
        const job = await context.job(id);
        assert.deepEqual([job.input, job.result, job.meta], [json, json, "{}"]);
      }
    },
  ],
  [
    "digits-of-numbers",
    "numbers in a payload keep all their digits",
    async (context) => {
      const input = '{"big":12345678901234567890,"exact":9007199254740993,"small":1.10000000000000000000001}';
      assert.equal((await context.job(await context.add({ input }))).input, input);
    },
  ],
  [
    "no-result-or-null",
    "no result and the result null are told apart",
    async (context) => {
      const ids = await context.addMany(2);
      const session = await context.session();
      await session.complete(await session.next(), null);
      await session.complete(await session.next(), "null");
      const results = await Promise.all(ids.map(async (id) => (await context.job(id)).result));
      assert.deepEqual(results, [null, "null"]);
    },
  ],
  [
    "odd-queue-names",
    "queues with odd names do not collide",
    async (context) => {
      for (const queue of ODD_NAMES) await context.add({ queue, input: JSON.stringify(queue) });
      for (const queue of ODD_NAMES) {
        const session = await context.session({ queues: [queue] });
        const leases = await session.claim(10);
        assert.deepEqual(
          leases.map((lease) => [lease.queue, lease.body?.input]),
          [[queue, JSON.stringify(queue)]],
        );
      }
    },
  ],
  [
    "odd-job-ids",
    "jobs with odd ids do not collide",
    async (context) => {
      const ids = [...ODD_NAMES, "x".repeat(128)];
      for (const id of ids) await context.add({ id, nonce: "n", input: JSON.stringify(id), tags: [id] });
      for (const id of ids) assert.equal((await context.job(id)).input, JSON.stringify(id));
      const session = await context.session();
      assert.deepEqual(await session.claimIds(100), ids);
      for (const id of ids) assert.equal((await context.engine.tagTotals({ tag: id })).active, 1);
    },
  ],
  [
    "longest-queue-and-task-names",
    "the longest queue and task names are kept whole",
    async (context) => {
      const name = "q".repeat(100);
      const id = await context.add({ queue: name, task: name });
      const job = await context.job(id, name);
      assert.deepEqual([job.queue, job.task], [name, name]);
    },
  ],
  [
    "tags-told-apart",
    "tags are told apart to the letter, whatever they are made of",
    async (context) => {
      const tags = [
        "user:4",
        "user:42",
        "User:42",
        "{user:42}",
        "a b",
        "a  b",
        "é",
        "e\u0301",
        "🚢",
        "'\"`",
        "*",
        "%",
        "__proto__",
      ];
      for (const tag of tags) await context.add({ tags: [tag] });
      for (const tag of tags) {
        assert.equal((await context.engine.tagTotals({ tag })).queued, 1, tag);
        assert.equal((await context.list({ tag })).length, 1, tag);
      }
      assert.equal((await context.engine.tagTotals({ tag: "user:" })).queued, 0);
    },
  ],
  [
    "unique-keys-told-apart",
    "unique keys are told apart to the letter, whatever they are made of",
    async (context) => {
      const keys = ["k", "K", "{k}", "k:1", "k: 1", "é", "e\u0301", "🚢", "__proto__", "%", "*"];
      for (const key of keys) await context.add({ unique: { key, until: "finished", onConflict: "join" } });
      assert.equal((await context.counts()).queued, keys.length);
    },
  ],
  [
    "sixteen-tags-in-order",
    "sixteen tags of 128 bytes are kept in their order",
    async (context) => {
      const tags = Array.from({ length: 16 }, (_value, index) => String.fromCharCode(112 - index).repeat(128));
      const id = await context.add({ tags });
      assert.deepEqual((await context.job(id)).tags, tags);
      assert.deepEqual((await (await context.session()).next()).tags, tags);
    },
  ],
]);
