/** `onConflict: "replace"`: a second job gives its input to the first, with debouncing or without, and what that does to its times. */
import assert from "node:assert/strict";
import type { JobSpec } from "../../../../model/job/job.js";
import { created, debouncing, offer } from "../../context/unique-helpers.js";
import { progressOf } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

export const uniqueReplace = scenarios("unique", [
  [
    "replace-gives-input",
    "a second job that replaces gives the first its input while it waits, and changes nothing else",
    async (context) => {
      const replace = { until: "started", onConflict: "replace" } as const;
      const spec = (change: Partial<JobSpec>): JobSpec => context.spec({ unique: { key: "k", ...replace }, ...change });
      const first = spec({ input: '"one"', tags: ["a"], priority: 3 });
      await context.engine.enqueue({ jobs: [first] });
      const before = await context.job(first.id);
      const answers = await context.engine.enqueue({
        jobs: [spec({ input: '"two"' }), spec({ input: '"ä\\n"', tags: ["b"] })],
      });
      const replaced = { id: first.id, outcome: "replaced", state: "queued" };
      assert.deepEqual(answers, [replaced, replaced]);
      assert.deepEqual(await context.job(first.id), { ...before, input: '"ä\\n"' });
      const session = await context.session();
      assert.equal((await session.next()).body?.input, '"ä\\n"');
      assert.equal((await offer(context, replace)).outcome, "created", "it has started");
    },
  ],
  [
    "replace-joins-running",
    "a job that runs is joined by one that would replace it",
    async (context) => {
      const id = await created(context, { onConflict: "replace" });
      await (await context.session()).next();
      assert.deepEqual(await offer(context, { onConflict: "replace" }), { id, outcome: "joined", state: "active" });
    },
  ],
  [
    "replace-held-and-retrying",
    "a job that is held, or waits for its next attempt, is replaced as well",
    async (context) => {
      const unique = { key: "k", until: "finished", onConflict: "replace" } as const;
      const id = await context.add({ unique, hold: true });
      await context.engine.enqueue({ jobs: [context.spec({ unique, input: "1" })] });
      assert.deepEqual([(await context.job(id)).input, await context.state(id)], ["1", "blocked"]);
      await context.control("release", id);
      const session = await context.session();
      await session.fail(await session.next(), 5_000);
      const answer = await offer(context, { onConflict: "replace" });
      assert.deepEqual(answer, { id, outcome: "replaced", state: "delayed" });
      assert.equal((await context.job(id)).runAt, context.clock.now() + 5_000);
      context.advance(5_000);
      assert.equal((await session.next()).body?.input, "{}");
    },
  ],
  [
    "debounce-waits-for-quiet",
    "a debounced job waits until no other came for a while",
    async (context) => {
      const debounced = debouncing(context, 1_000, null);
      const first = await debounced('"1"');
      assert.equal(first.outcome, "created");
      for (const input of ['"2"', '"3"', '"4"']) {
        context.advance(900);
        assert.deepEqual(await debounced(input), { id: first.id, outcome: "replaced", state: "delayed" });
        assert.equal((await context.job(first.id)).runAt, context.clock.now() + 1_000);
      }
      const session = await context.session();
      context.advance(999);
      assert.deepEqual(await session.claimIds(1), []);
      context.advance(1);
      const lease = await session.next();
      assert.deepEqual([lease.id, lease.body?.input], [first.id, '"4"']);
      assert.equal((await debounced('"5"')).outcome, "created");
    },
  ],
  [
    "debounce-longest-wait",
    "a debounced job waits no longer than its longest wait",
    async (context) => {
      const debounced = debouncing(context, 1_000, 2_500);
      const { id } = await debounced("1");
      const begin = context.clock.now();
      for (let sent = 0; sent < 3; sent += 1) {
        context.advance(800);
        await debounced(String(sent));
      }
      assert.equal((await context.job(id)).runAt, begin + 2_500);
      context.advance(100);
      assert.deepEqual(await debounced("9"), { id, outcome: "replaced", state: "queued" });
      assert.equal((await (await context.session()).next()).body?.input, "9");
    },
  ],
  [
    "replace-sent-again",
    "a command that names the job it replaced again is answered with the state that it left it in",
    async (context) => {
      const unique = {
        key: "k",
        until: "started",
        onConflict: "replace",
        debounce: { wait: 1_000, most: 2_500 },
      } as const;
      const first = context.spec({ unique, due: { in: 5_000 } });
      await context.engine.enqueue({ jobs: [first] });
      context.advance(2_500);
      assert.deepEqual(await context.engine.enqueue({ jobs: [first, context.spec({ unique }), first] }), [
        { id: first.id, outcome: "created", state: "delayed" },
        { id: first.id, outcome: "replaced", state: "queued" },
        { id: first.id, outcome: "created", state: "queued" },
      ]);
    },
  ],
  [
    "debounce-due-keeps-place",
    "a debounced job that is due takes the input of another and its place stays",
    async (context) => {
      const debounced = debouncing(context, 1_000, null);
      const { id } = await debounced("1");
      context.advance(1_000);
      await context.sweep();
      await context.add();
      assert.deepEqual(await debounced("2"), { id, outcome: "replaced", state: "queued" });
      const lease = await (await context.session()).next();
      assert.deepEqual([lease.id, lease.body?.input], [id, "2"]);
    },
  ],
  [
    "replaced-input-takes-nothing-over",
    "a replaced input takes nothing over from the runs of the one before",
    async (context) => {
      const unique = { key: "k", until: "finished", onConflict: "replace" } as const;
      const id = await context.add({ unique, input: '"old"' });
      const session = await context.session();
      const lease = await session.next();
      const checkpoint = { seq: 1, kind: "step", name: "fetch", key: null, value: '"of old"', at: 1, took: 1 } as const;
      await session.report(lease, { checkpoints: [{ ...checkpoint, counters: null }], progress: progressOf(50, null) });
      await session.fail(lease, 1_000);
      assert.equal((await offer(context, { onConflict: "replace" })).outcome, "replaced");
      const job = await context.job(id);
      assert.deepEqual([job.progress, await context.engine.checkpoints({ queue: "main", id })], [null, []]);
      context.advance(1_000);
      const next = await session.next();
      assert.deepEqual([next.checkpoints, next.body?.input, next.attempt], [false, "{}", 2]);
    },
  ],
  [
    "ttl-over-frees-key",
    "a job that has not started within its ttl holds its key no longer, swept or not",
    async (context) => {
      const old = await context.add({ unique: { key: "k", until: "finished", onConflict: "join" }, ttl: 1_000 });
      context.advance(1_000);
      assert.equal((await offer(context)).outcome, "created");
      assert.equal(await context.state(old), "expired");
      assert.equal((await context.sweep()).expired, 0);
      assert.equal((await offer(context)).outcome, "joined", "the newer one holds it");
    },
  ],
  [
    "replacing-renews-ttl",
    "each that replaces renews the ttl: a debounced job does not expire while others come",
    async (context) => {
      const debounced = debouncing(context, 5_000, null, 8_000);
      const { id } = await debounced("0");
      for (let sent = 1; sent <= 5; sent += 1) {
        context.advance(3_000);
        assert.equal((await debounced(String(sent))).outcome, "replaced");
        await context.sweep();
      }
      context.advance(5_000);
      await context.sweep();
      const lease = await (await context.session()).next();
      assert.deepEqual([lease.id, lease.body?.input], [id, "5"]);
    },
  ],
]);
