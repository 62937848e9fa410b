/** One live job per unique key: how long a job owns its key, and what a second job with that key meets. */
import assert from "node:assert/strict";
import { created, offer } from "../../context/unique-helpers.js";
import type { ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

/** The ways in which a job can end, each of which frees its key. */
const ENDINGS: readonly (readonly [
  slug: string,
  title: string,
  end: (context: ScenarioContext, id: string) => Promise<unknown>,
])[] = [
  [
    "completion",
    "completed",
    async (context) => {
      const session = await context.session();
      await session.complete(await session.next());
    },
  ],
  [
    "failure",
    "failed",
    async (context) => {
      const session = await context.session();
      await session.fail(await session.next(), null);
    },
  ],
  ["cancel", "was cancelled", (context, id) => context.control("cancel", id)],
  ["removal", "was removed", (context, id) => context.control("remove", id)],
  [
    "workers-death",
    "died with its workers",
    async (context) => {
      for (let death = 1; death <= 3; death += 1) {
        await (await context.session({ ttl: 1_000 })).next();
        context.advance(1_000);
        await context.sweep();
      }
    },
  ],
];

export const unique = scenarios("unique", [
  [
    "second-joins-first",
    "a second job with the key joins the first, which does not change",
    async (context) => {
      const id = await created(context);
      const before = await context.job(id);
      assert.deepEqual(await offer(context), { id, outcome: "joined", state: "queued" });
      assert.deepEqual(await context.job(id), before);
      assert.deepEqual(await context.list(), [id]);
    },
  ],
  [
    "second-is-rejected",
    "a second job that asks for it is rejected, and the answer names the first",
    async (context) => {
      const id = await created(context);
      assert.deepEqual(await offer(context, { onConflict: "reject" }), { id, outcome: "rejected", state: "queued" });
      assert.deepEqual(await context.list(), [id]);
    },
  ],
  [
    "same-key-twice-in-call",
    "two jobs of one call with the same key are one job",
    async (context) => {
      const key = { key: "k", until: "finished", onConflict: "join" } as const;
      const jobs = [context.spec({ unique: key }), context.spec({ unique: key }), context.spec()];
      const answers = await context.engine.enqueue({ jobs });
      assert.deepEqual(
        answers.map(({ id, outcome }) => [id, outcome]),
        [
          [jobs[0]?.id, "created"],
          [jobs[0]?.id, "joined"],
          [jobs[2]?.id, "created"],
        ],
      );
    },
  ],
  [
    "same-key-in-another-queue",
    "the same key in another queue is another key",
    async (context) => {
      await created(context);
      assert.equal((await offer(context, {}, "other")).outcome, "created");
    },
  ],
  [
    "finished-held-until-then",
    "a key held until the job has finished is held while it waits, runs and waits again",
    async (context) => {
      const id = await created(context);
      const session = await context.session({ ttl: 100_000 });
      const lease = await session.next();
      assert.deepEqual(await offer(context), { id, outcome: "joined", state: "active" });
      await session.fail(lease, 5_000);
      assert.deepEqual(await offer(context), { id, outcome: "joined", state: "delayed" });
    },
  ],
  ...ENDINGS.map(
    ([slug, title, end]) =>
      [
        `finished-free-after-${slug}`,
        `a key held until the job has finished is free once it ${title}`,
        async (context: ScenarioContext) => {
          const id = await created(context);
          await end(context, id);
          assert.equal((await offer(context)).outcome, "created");
          assert.equal((await offer(context)).outcome, "joined");
        },
      ] as const,
  ),
  [
    "free-after-expiry",
    "a key is free once its job has expired",
    async (context) => {
      const spec = context.spec({ ttl: 1_000, unique: { key: "k", until: "finished", onConflict: "join" } });
      await context.engine.enqueue({ jobs: [spec] });
      context.advance(1_000);
      await context.sweep();
      assert.equal((await offer(context)).outcome, "created");
    },
  ],
  [
    "free-after-retention",
    "a key is free once retention has removed its job",
    async (context) => {
      const keep = { age: 0, count: null };
      const retention = { completed: keep, failed: keep };
      const key = { key: "k", until: 3_600_000, onConflict: "join" } as const;
      await context.engine.enqueue({ jobs: [context.spec({ unique: key, retention })] });
      const session = await context.session();
      await session.complete(await session.next());
      assert.equal((await offer(context)).outcome, "joined");
      await context.sweep();
      assert.equal((await offer(context)).outcome, "created");
    },
  ],
  [
    "started-held-until-then",
    "a key held until the job has started is held while it is blocked, delayed or queued",
    async (context) => {
      const spec = context.spec({
        hold: true,
        due: { in: 1_000 },
        unique: { key: "k", until: "started", onConflict: "join" },
      });
      await context.engine.enqueue({ jobs: [spec] });
      assert.equal((await offer(context)).state, "blocked");
      await context.control("release", spec.id);
      assert.equal((await offer(context)).state, "delayed");
      await context.control("promote", spec.id);
      assert.equal((await offer(context)).state, "queued");
    },
  ],
  [
    "started-free-from-first-lease",
    "a key held until the job has started is free from its first lease on, even when the job waits again",
    async (context) => {
      const id = await created(context, { until: "started" });
      const session = await context.session();
      const lease = await session.next();
      await session.settle(lease, { kind: "return" });
      const second = await created(context, { until: "started" });
      assert.equal((await offer(context, { until: "started" })).id, second);
      assert.equal(await context.state(id), "queued");
    },
  ],
  [
    "for-a-time-is-held",
    "a key held for a time is held for that time, though the job has finished",
    async (context) => {
      const id = await created(context, { until: 10_000 });
      const session = await context.session();
      await session.complete(await session.next());
      context.advance(9_999);
      assert.deepEqual(await offer(context), { id, outcome: "joined", state: "completed" });
      context.advance(1);
      assert.equal((await offer(context)).outcome, "created");
    },
  ],
  [
    "for-a-time-is-free-after",
    "a key held for a time is free after it, though the job still waits",
    async (context) => {
      const id = await created(context, { until: 10_000 });
      context.advance(10_000);
      const second = await created(context, { until: 10_000 });
      assert.deepEqual(await context.list(), [id, second]);
    },
  ],
  [
    "removal-leaves-key-of-another",
    "removing a job does not free a key that another job holds by now",
    async (context) => {
      const first = await created(context);
      await context.control("cancel", first);
      const second = await created(context);
      await context.control("remove", first);
      assert.deepEqual(await offer(context), { id: second, outcome: "joined", state: "queued" });
    },
  ],
  [
    "retry-refused-while-key-held",
    "a job whose key another holds by now cannot be tried again",
    async (context) => {
      const first = await created(context);
      await context.control("cancel", first);
      const before = await context.job(first);
      const owner = await created(context);
      assert.deepEqual(await context.control("retry", first), { outcome: "conflict", state: "cancelled", owner });
      assert.deepEqual(await context.job(first), before);
    },
  ],
  [
    "retry-holds-key-again",
    "a job that is tried again holds its key again",
    async (context) => {
      const first = await created(context);
      await context.control("cancel", first);
      const second = await created(context);
      await context.control("cancel", second);
      assert.equal((await context.control("retry", first)).outcome, "applied");
      assert.deepEqual(await offer(context), { id: first, outcome: "joined", state: "queued" });
      assert.equal((await context.control("retry", second)).outcome, "conflict");
    },
  ],
  [
    "free-after-obliteration",
    "a key is free once its queue was obliterated",
    async (context) => {
      await created(context);
      await context.engine.obliterate({ queue: "main", force: false });
      assert.equal((await offer(context)).outcome, "created");
    },
  ],
  [
    "free-after-removal-with-id-reused",
    "a key is free once its job was removed, though another job has taken its id",
    async (context) => {
      await context.add({ id: "same", nonce: "n1", unique: { key: "k", until: "finished", onConflict: "join" } });
      await context.control("remove", "same");
      await context.add({ id: "same", nonce: "n2" });
      assert.equal((await offer(context)).outcome, "created");
    },
  ],
]);
