/** What is stored comes back unchanged, however odd, and nothing that is legal collides with anything else. */
import assert from "node:assert/strict";
import { MAIN, said } from "../../kit/kit.js";
import { scenarios } from "../../kit/scenario.js";

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
    async (kit) => {
      const input = JSON.stringify({ [ODD_TEXT]: ODD_TEXT });
      const id = await kit.add({ input });
      assert.equal((await kit.job(id)).input, input);
      assert.equal((await (await kit.session()).next()).body?.input, input);
    },
  ],
  [
    "odd-text-elsewhere",
    "any text in a result, meta, progress, log line or error comes back unchanged",
    async (kit) => {
      const json = JSON.stringify({ odd: ODD_TEXT });
      const id = await kit.add();
      const session = await kit.session();
      const lease = await session.next();
      const line = { at: kit.clock.now(), level: "warn", message: ODD_TEXT } as const;
      await session.report(lease, { progress: said(1, ODD_TEXT), meta: json, lines: [line] });
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
      const job = await kit.job(id);
      assert.deepEqual(job.progress, null, "progress belongs to a run");
      assert.equal(job.result, json);
      assert.equal(job.meta, json);
      assert.deepEqual(job.error, error);
      assert.deepEqual(job.history[0]?.error, error);
      assert.deepEqual((await kit.engine.logs({ queue: MAIN, id })).lines, [line]);
    },
  ],
  [
    "100-kb-input-and-result",
    "100 KB of input and of result come back unchanged",
    async (kit) => {
      const large = JSON.stringify("ü🚢x".repeat(12_000));
      const id = await kit.add({ input: large });
      const session = await kit.session();
      const lease = await session.next();
      assert.equal(lease.body?.input, large);
      await session.complete(lease, large);
      assert.equal((await kit.job(id)).result, large);
    },
  ],
  [
    "empty-and-bare-json",
    "empty and bare JSON values stay what they are",
    async (kit) => {
      const session = await kit.session();
      for (const json of ["{}", "[]", '""', "null", "0", "false", "[[],{}]", '{"a":[],"b":{}}', "-0.5e-7"]) {
        const id = await kit.add({ input: json, meta: "{}" });
        await session.complete(await session.next(), json);
        const job = await kit.job(id);
        assert.deepEqual([job.input, job.result, job.meta], [json, json, "{}"]);
      }
    },
  ],
  [
    "digits-of-numbers",
    "numbers in a payload keep all their digits",
    async (kit) => {
      const input = '{"big":12345678901234567890,"exact":9007199254740993,"small":1.10000000000000000000001}';
      assert.equal((await kit.job(await kit.add({ input }))).input, input);
    },
  ],
  [
    "no-result-or-null",
    "no result and the result null are told apart",
    async (kit) => {
      const ids = await kit.addMany(2);
      const session = await kit.session();
      await session.complete(await session.next(), null);
      await session.complete(await session.next(), "null");
      const results = await Promise.all(ids.map(async (id) => (await kit.job(id)).result));
      assert.deepEqual(results, [null, "null"]);
    },
  ],
  [
    "odd-queue-names",
    "queues with odd names do not collide",
    async (kit) => {
      for (const queue of ODD_NAMES) await kit.add({ queue, input: JSON.stringify(queue) });
      for (const queue of ODD_NAMES) {
        const session = await kit.session({ queues: [queue] });
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
    async (kit) => {
      const ids = [...ODD_NAMES, "x".repeat(128)];
      for (const id of ids) await kit.add({ id, nonce: "n", input: JSON.stringify(id), tags: [id] });
      for (const id of ids) assert.equal((await kit.job(id)).input, JSON.stringify(id));
      const session = await kit.session();
      assert.deepEqual(await session.claimIds(100), ids);
      for (const id of ids) assert.equal((await kit.engine.tagTotals({ tag: id })).active, 1);
    },
  ],
  [
    "longest-queue-and-task-names",
    "the longest queue and task names are kept whole",
    async (kit) => {
      const name = "q".repeat(100);
      const id = await kit.add({ queue: name, task: name });
      const job = await kit.job(id, name);
      assert.deepEqual([job.queue, job.task], [name, name]);
    },
  ],
  [
    "tags-told-apart",
    "tags are told apart to the letter, whatever they are made of",
    async (kit) => {
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
      for (const tag of tags) await kit.add({ tags: [tag] });
      for (const tag of tags) {
        assert.equal((await kit.engine.tagTotals({ tag })).queued, 1, tag);
        assert.equal((await kit.list({ tag })).length, 1, tag);
      }
      assert.equal((await kit.engine.tagTotals({ tag: "user:" })).queued, 0);
    },
  ],
  [
    "unique-keys-told-apart",
    "unique keys are told apart to the letter, whatever they are made of",
    async (kit) => {
      const keys = ["k", "K", "{k}", "k:1", "k: 1", "é", "e\u0301", "🚢", "__proto__", "%", "*"];
      for (const key of keys) await kit.add({ unique: { key, until: "finished", onConflict: "join" } });
      assert.equal((await kit.counts()).queued, keys.length);
    },
  ],
  [
    "sixteen-tags-in-order",
    "sixteen tags of 128 bytes are kept in their order",
    async (kit) => {
      const tags = Array.from({ length: 16 }, (_value, index) => String.fromCharCode(112 - index).repeat(128));
      const id = await kit.add({ tags });
      assert.deepEqual((await kit.job(id)).tags, tags);
      assert.deepEqual((await (await kit.session()).next()).tags, tags);
    },
  ],
]);
