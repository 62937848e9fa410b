/** One live job per key: how long a key is held, and what a second job meets. */
import assert from "node:assert/strict";
import type { JobSpec } from "../../../../model/job/job.js";
import type { Unique } from "../../../../model/job/unique.js";
import type { EnqueueAnswer } from "../../../contract/engine.js";
import { progressOf, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

async function offer(context: ScenarioContext, unique: Partial<Unique> = {}, queue = "main"): Promise<EnqueueAnswer> {
  const spec = context.spec({ queue, unique: { key: "k", until: "finished", onConflict: "join", ...unique } });
  const [answer] = await context.engine.enqueue({ jobs: [spec] });
  assert.ok(answer);
  if (answer.outcome === "created") assert.equal(answer.id, spec.id);
  return answer;
}

async function created(context: ScenarioContext, unique: Partial<Unique> = {}): Promise<string> {
  const answer = await offer(context, unique);
  assert.equal(answer.outcome, "created");
  return answer.id;
}

/** Until when a key is held: driven through every way a job can end. */
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
    "a second job that asks for it is rejected, and told of the first",
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
      await created(context);
      assert.deepEqual(await context.control("retry", first), { outcome: "conflict", state: "cancelled" });
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

/** Enqueues debounced jobs. Milliseconds. */
function debouncing(
  context: ScenarioContext,
  wait: number,
  most: number | null,
  ttl: number | null = null,
): (input: string) => Promise<EnqueueAnswer> {
  const unique: Unique = { key: "d", until: "started", onConflict: "replace", debounce: { wait, most } };
  return async (input) => {
    const [answer] = await context.engine.enqueue({ jobs: [context.spec({ input, unique, ttl, due: { in: wait } })] });
    assert.ok(answer);
    return answer;
  };
}
