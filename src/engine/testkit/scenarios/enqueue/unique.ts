/** One live job per key: how long a key is held, and what a second job meets. */
import assert from "node:assert/strict";
import type { JobSpec } from "../../../../model/job/job.js";
import type { Unique } from "../../../../model/job/unique.js";
import type { EnqueueAnswer } from "../../../contract/engine.js";
import { said, type Kit } from "../../kit/kit.js";
import { scenarios } from "../../kit/scenario.js";

async function offer(kit: Kit, unique: Partial<Unique> = {}, queue = "main"): Promise<EnqueueAnswer> {
  const spec = kit.spec({ queue, unique: { key: "k", until: "finished", onConflict: "join", ...unique } });
  const [answer] = await kit.engine.enqueue({ jobs: [spec] });
  assert.ok(answer);
  if (answer.outcome === "created") assert.equal(answer.id, spec.id);
  return answer;
}

async function created(kit: Kit, unique: Partial<Unique> = {}): Promise<string> {
  const answer = await offer(kit, unique);
  assert.equal(answer.outcome, "created");
  return answer.id;
}

/** Until when a key is held: driven through every way a job can end. */
const ENDINGS: readonly (readonly [slug: string, title: string, end: (kit: Kit, id: string) => Promise<unknown>])[] = [
  [
    "completion",
    "completed",
    async (kit) => {
      const session = await kit.session();
      await session.complete(await session.next());
    },
  ],
  [
    "failure",
    "failed",
    async (kit) => {
      const session = await kit.session();
      await session.fail(await session.next(), null);
    },
  ],
  ["cancel", "was cancelled", (kit, id) => kit.control("cancel", id)],
  ["removal", "was removed", (kit, id) => kit.control("remove", id)],
  [
    "workers-death",
    "died with its workers",
    async (kit) => {
      for (let death = 1; death <= 3; death += 1) {
        await (await kit.session({ ttl: 1_000 })).next();
        kit.advance(1_000);
        await kit.sweep();
      }
    },
  ],
];

export const unique = scenarios("unique", [
  [
    "second-joins-first",
    "a second job with the key joins the first, which does not change",
    async (kit) => {
      const id = await created(kit);
      const before = await kit.job(id);
      assert.deepEqual(await offer(kit), { id, outcome: "joined", state: "queued" });
      assert.deepEqual(await kit.job(id), before);
      assert.deepEqual(await kit.list(), [id]);
    },
  ],
  [
    "second-is-rejected",
    "a second job that asks for it is rejected, and told of the first",
    async (kit) => {
      const id = await created(kit);
      assert.deepEqual(await offer(kit, { onConflict: "reject" }), { id, outcome: "rejected", state: "queued" });
      assert.deepEqual(await kit.list(), [id]);
    },
  ],
  [
    "same-key-twice-in-call",
    "two jobs of one call with the same key are one job",
    async (kit) => {
      const key = { key: "k", until: "finished", onConflict: "join" } as const;
      const jobs = [kit.spec({ unique: key }), kit.spec({ unique: key }), kit.spec()];
      const answers = await kit.engine.enqueue({ jobs });
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
    async (kit) => {
      await created(kit);
      assert.equal((await offer(kit, {}, "other")).outcome, "created");
    },
  ],
  [
    "finished-held-until-then",
    "a key held until the job has finished is held while it waits, runs and waits again",
    async (kit) => {
      const id = await created(kit);
      const session = await kit.session({ ttl: 100_000 });
      const lease = await session.next();
      assert.deepEqual(await offer(kit), { id, outcome: "joined", state: "active" });
      await session.fail(lease, 5_000);
      assert.deepEqual(await offer(kit), { id, outcome: "joined", state: "delayed" });
    },
  ],
  ...ENDINGS.map(
    ([slug, title, end]) =>
      [
        `finished-free-after-${slug}`,
        `a key held until the job has finished is free once it ${title}`,
        async (kit: Kit) => {
          const id = await created(kit);
          await end(kit, id);
          assert.equal((await offer(kit)).outcome, "created");
          assert.equal((await offer(kit)).outcome, "joined");
        },
      ] as const,
  ),
  [
    "free-after-expiry",
    "a key is free once its job has expired",
    async (kit) => {
      const spec = kit.spec({ ttl: 1_000, unique: { key: "k", until: "finished", onConflict: "join" } });
      await kit.engine.enqueue({ jobs: [spec] });
      kit.advance(1_000);
      await kit.sweep();
      assert.equal((await offer(kit)).outcome, "created");
    },
  ],
  [
    "free-after-retention",
    "a key is free once retention has removed its job",
    async (kit) => {
      const keep = { age: 0, count: null };
      const retention = { completed: keep, failed: keep };
      const key = { key: "k", until: 3_600_000, onConflict: "join" } as const;
      await kit.engine.enqueue({ jobs: [kit.spec({ unique: key, retention })] });
      const session = await kit.session();
      await session.complete(await session.next());
      assert.equal((await offer(kit)).outcome, "joined");
      await kit.sweep();
      assert.equal((await offer(kit)).outcome, "created");
    },
  ],
  [
    "started-held-until-then",
    "a key held until the job has started is held while it is blocked, delayed or queued",
    async (kit) => {
      const spec = kit.spec({
        hold: true,
        due: { in: 1_000 },
        unique: { key: "k", until: "started", onConflict: "join" },
      });
      await kit.engine.enqueue({ jobs: [spec] });
      assert.equal((await offer(kit)).state, "blocked");
      await kit.control("release", spec.id);
      assert.equal((await offer(kit)).state, "delayed");
      await kit.control("promote", spec.id);
      assert.equal((await offer(kit)).state, "queued");
    },
  ],
  [
    "started-free-from-first-lease",
    "a key held until the job has started is free from its first lease on, even when the job waits again",
    async (kit) => {
      const id = await created(kit, { until: "started" });
      const session = await kit.session();
      const lease = await session.next();
      await session.settle(lease, { kind: "return" });
      const second = await created(kit, { until: "started" });
      assert.equal((await offer(kit, { until: "started" })).id, second);
      assert.equal(await kit.state(id), "queued");
    },
  ],
  [
    "for-a-time-is-held",
    "a key held for a time is held for that time, though the job has finished",
    async (kit) => {
      const id = await created(kit, { until: 10_000 });
      const session = await kit.session();
      await session.complete(await session.next());
      kit.advance(9_999);
      assert.deepEqual(await offer(kit), { id, outcome: "joined", state: "completed" });
      kit.advance(1);
      assert.equal((await offer(kit)).outcome, "created");
    },
  ],
  [
    "for-a-time-is-free-after",
    "a key held for a time is free after it, though the job still waits",
    async (kit) => {
      const id = await created(kit, { until: 10_000 });
      kit.advance(10_000);
      const second = await created(kit, { until: 10_000 });
      assert.deepEqual(await kit.list(), [id, second]);
    },
  ],
  [
    "removal-leaves-key-of-another",
    "removing a job does not free a key that another job holds by now",
    async (kit) => {
      const first = await created(kit);
      await kit.control("cancel", first);
      const second = await created(kit);
      await kit.control("remove", first);
      assert.deepEqual(await offer(kit), { id: second, outcome: "joined", state: "queued" });
    },
  ],
  [
    "retry-refused-while-key-held",
    "a job whose key another holds by now cannot be tried again",
    async (kit) => {
      const first = await created(kit);
      await kit.control("cancel", first);
      const before = await kit.job(first);
      await created(kit);
      assert.deepEqual(await kit.control("retry", first), { outcome: "conflict", state: "cancelled" });
      assert.deepEqual(await kit.job(first), before);
    },
  ],
  [
    "retry-holds-key-again",
    "a job that is tried again holds its key again",
    async (kit) => {
      const first = await created(kit);
      await kit.control("cancel", first);
      const second = await created(kit);
      await kit.control("cancel", second);
      assert.equal((await kit.control("retry", first)).outcome, "applied");
      assert.deepEqual(await offer(kit), { id: first, outcome: "joined", state: "queued" });
      assert.equal((await kit.control("retry", second)).outcome, "conflict");
    },
  ],
  [
    "free-after-obliteration",
    "a key is free once its queue was obliterated",
    async (kit) => {
      await created(kit);
      await kit.engine.obliterate({ queue: "main", force: false });
      assert.equal((await offer(kit)).outcome, "created");
    },
  ],
  [
    "free-after-removal-with-id-reused",
    "a key is free once its job was removed, though another job has taken its id",
    async (kit) => {
      await kit.add({ id: "same", nonce: "n1", unique: { key: "k", until: "finished", onConflict: "join" } });
      await kit.control("remove", "same");
      await kit.add({ id: "same", nonce: "n2" });
      assert.equal((await offer(kit)).outcome, "created");
    },
  ],
  [
    "replace-gives-input",
    "a second job that replaces gives the first its input while it waits, and changes nothing else",
    async (kit) => {
      const replace = { until: "started", onConflict: "replace" } as const;
      const spec = (change: Partial<JobSpec>): JobSpec => kit.spec({ unique: { key: "k", ...replace }, ...change });
      const first = spec({ input: '"one"', tags: ["a"], priority: 3 });
      await kit.engine.enqueue({ jobs: [first] });
      const before = await kit.job(first.id);
      const answers = await kit.engine.enqueue({
        jobs: [spec({ input: '"two"' }), spec({ input: '"ä\\n"', tags: ["b"] })],
      });
      const replaced = { id: first.id, outcome: "replaced", state: "queued" };
      assert.deepEqual(answers, [replaced, replaced]);
      assert.deepEqual(await kit.job(first.id), { ...before, input: '"ä\\n"' });
      const session = await kit.session();
      assert.equal((await session.next()).body?.input, '"ä\\n"');
      assert.equal((await offer(kit, replace)).outcome, "created", "it has started");
    },
  ],
  [
    "replace-joins-running",
    "a job that runs is joined by one that would replace it",
    async (kit) => {
      const id = await created(kit, { onConflict: "replace" });
      await (await kit.session()).next();
      assert.deepEqual(await offer(kit, { onConflict: "replace" }), { id, outcome: "joined", state: "active" });
    },
  ],
  [
    "replace-held-and-retrying",
    "a job that is held, or waits for its next attempt, is replaced as well",
    async (kit) => {
      const unique = { key: "k", until: "finished", onConflict: "replace" } as const;
      const id = await kit.add({ unique, hold: true });
      await kit.engine.enqueue({ jobs: [kit.spec({ unique, input: "1" })] });
      assert.deepEqual([(await kit.job(id)).input, await kit.state(id)], ["1", "blocked"]);
      await kit.control("release", id);
      const session = await kit.session();
      await session.fail(await session.next(), 5_000);
      const answer = await offer(kit, { onConflict: "replace" });
      assert.deepEqual(answer, { id, outcome: "replaced", state: "delayed" });
      assert.equal((await kit.job(id)).runAt, kit.clock.now() + 5_000);
      kit.advance(5_000);
      assert.equal((await session.next()).body?.input, "{}");
    },
  ],
  [
    "debounce-waits-for-quiet",
    "a debounced job waits until no other came for a while",
    async (kit) => {
      const debounced = debouncing(kit, 1_000, null);
      const first = await debounced('"1"');
      assert.equal(first.outcome, "created");
      for (const input of ['"2"', '"3"', '"4"']) {
        kit.advance(900);
        assert.deepEqual(await debounced(input), { id: first.id, outcome: "replaced", state: "delayed" });
        assert.equal((await kit.job(first.id)).runAt, kit.clock.now() + 1_000);
      }
      const session = await kit.session();
      kit.advance(999);
      assert.deepEqual(await session.claimIds(1), []);
      kit.advance(1);
      const lease = await session.next();
      assert.deepEqual([lease.id, lease.body?.input], [first.id, '"4"']);
      assert.equal((await debounced('"5"')).outcome, "created");
    },
  ],
  [
    "debounce-longest-wait",
    "a debounced job waits no longer than its longest wait",
    async (kit) => {
      const debounced = debouncing(kit, 1_000, 2_500);
      const { id } = await debounced("1");
      const begin = kit.clock.now();
      for (let sent = 0; sent < 3; sent += 1) {
        kit.advance(800);
        await debounced(String(sent));
      }
      assert.equal((await kit.job(id)).runAt, begin + 2_500);
      kit.advance(100);
      assert.deepEqual(await debounced("9"), { id, outcome: "replaced", state: "queued" });
      assert.equal((await (await kit.session()).next()).body?.input, "9");
    },
  ],
  [
    "replace-sent-again",
    "a command that names the job it replaced again is answered with the state that it left it in",
    async (kit) => {
      const unique = {
        key: "k",
        until: "started",
        onConflict: "replace",
        debounce: { wait: 1_000, most: 2_500 },
      } as const;
      const first = kit.spec({ unique, due: { in: 5_000 } });
      await kit.engine.enqueue({ jobs: [first] });
      kit.advance(2_500);
      assert.deepEqual(await kit.engine.enqueue({ jobs: [first, kit.spec({ unique }), first] }), [
        { id: first.id, outcome: "created", state: "delayed" },
        { id: first.id, outcome: "replaced", state: "queued" },
        { id: first.id, outcome: "created", state: "queued" },
      ]);
    },
  ],
  [
    "debounce-due-keeps-place",
    "a debounced job that is due takes the input of another and its place stays",
    async (kit) => {
      const debounced = debouncing(kit, 1_000, null);
      const { id } = await debounced("1");
      kit.advance(1_000);
      await kit.sweep();
      await kit.add();
      assert.deepEqual(await debounced("2"), { id, outcome: "replaced", state: "queued" });
      const lease = await (await kit.session()).next();
      assert.deepEqual([lease.id, lease.body?.input], [id, "2"]);
    },
  ],
  [
    "replaced-input-takes-nothing-over",
    "a replaced input takes nothing over from the runs of the one before",
    async (kit) => {
      const unique = { key: "k", until: "finished", onConflict: "replace" } as const;
      const id = await kit.add({ unique, input: '"old"' });
      const session = await kit.session();
      const lease = await session.next();
      const checkpoint = { seq: 1, kind: "step", name: "fetch", key: null, value: '"of old"', at: 1, took: 1 } as const;
      await session.report(lease, { checkpoints: [{ ...checkpoint, counters: null }], progress: said(50, null) });
      await session.fail(lease, 1_000);
      assert.equal((await offer(kit, { onConflict: "replace" })).outcome, "replaced");
      const job = await kit.job(id);
      assert.deepEqual([job.progress, await kit.engine.checkpoints({ queue: "main", id })], [null, []]);
      kit.advance(1_000);
      const next = await session.next();
      assert.deepEqual([next.checkpoints, next.body?.input, next.attempt], [false, "{}", 2]);
    },
  ],
  [
    "ttl-over-frees-key",
    "a job that has not started within its ttl holds its key no longer, swept or not",
    async (kit) => {
      const old = await kit.add({ unique: { key: "k", until: "finished", onConflict: "join" }, ttl: 1_000 });
      kit.advance(1_000);
      assert.equal((await offer(kit)).outcome, "created");
      assert.equal(await kit.state(old), "expired");
      assert.equal((await kit.sweep()).expired, 0);
      assert.equal((await offer(kit)).outcome, "joined", "the newer one holds it");
    },
  ],
  [
    "replacing-renews-ttl",
    "each that replaces renews the ttl: a debounced job does not expire while others come",
    async (kit) => {
      const debounced = debouncing(kit, 5_000, null, 8_000);
      const { id } = await debounced("0");
      for (let sent = 1; sent <= 5; sent += 1) {
        kit.advance(3_000);
        assert.equal((await debounced(String(sent))).outcome, "replaced");
        await kit.sweep();
      }
      kit.advance(5_000);
      await kit.sweep();
      const lease = await (await kit.session()).next();
      assert.deepEqual([lease.id, lease.body?.input], [id, "5"]);
    },
  ],
]);

/** Enqueues debounced jobs. Milliseconds. */
function debouncing(
  kit: Kit,
  wait: number,
  most: number | null,
  ttl: number | null = null,
): (input: string) => Promise<EnqueueAnswer> {
  const unique: Unique = { key: "d", until: "started", onConflict: "replace", debounce: { wait, most } };
  return async (input) => {
    const [answer] = await kit.engine.enqueue({ jobs: [kit.spec({ input, unique, ttl, due: { in: wait } })] });
    assert.ok(answer);
    return answer;
  };
}
