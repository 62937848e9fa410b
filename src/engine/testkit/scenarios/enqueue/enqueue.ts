/** Accepting jobs: one or thousands, under ids of ours or of the caller, with everything they were given. */
import assert from "node:assert/strict";
import { plainFailure } from "../../../../model/failure/failure.js";
import { MAIN, said } from "../../kit/kit.js";
import { scenarios } from "../../kit/scenario.js";

export const enqueue = scenarios("enqueue", [
  [
    "keeps-everything-given",
    "a job is kept with everything it was given",
    async (kit) => {
      const spec = kit.spec({
        task: "scan",
        input: '{"url":"https://example.org","deep":true}',
        backoff: { type: "exponential", delay: 5_000, factor: 1.5, max: 60_000, jitter: 0.25 },
        timeout: 12_345,
        due: { in: 9_000 },
        priority: -3,
        attempts: 7,
        ttl: 90_000,
        tags: ["user:42", "app:7"],
        meta: '{"from":"test"}',
        unique: { key: "example.org", until: "started", onConflict: "reject" },
        retention: { completed: { age: 5_000, count: 3 }, failed: { age: 7_000, count: null } },
      });
      const now = kit.clock.now();
      await kit.engine.enqueue({ jobs: [spec] });
      kit.advance(1);
      const { due: _due, hold: _hold, nonce: _nonce, ...kept } = spec;
      assert.deepEqual(await kit.job(spec.id), {
        ...kept,
        state: "delayed",
        result: null,
        attempt: 0,
        crashes: 0,
        progress: null,
        failures: [],
        error: null,
        history: [],
        createdAt: now,
        runAt: now + 9_000,
        startedAt: null,
        finishedAt: null,
        worker: null,
        problem: null,
      });
    },
  ],
  [
    "queued-at-once",
    "a job that asks for nothing special is queued at once",
    async (kit) => {
      const spec = kit.spec();
      const answers = await kit.engine.enqueue({ jobs: [spec] });
      assert.deepEqual(answers, [{ id: spec.id, outcome: "created", state: "queued" }]);
      assert.equal((await kit.job(spec.id)).runAt, kit.clock.now());
    },
  ],
  [
    "answers-in-order-given",
    "jobs of one call are answered one by one, in the order given, whatever their queues",
    async (kit) => {
      const jobs = ["b", "a", "b", "c", "a"].map((queue) => kit.spec({ queue }));
      const answers = await kit.engine.enqueue({ jobs });
      assert.deepEqual(
        answers.map((answer) => answer.id),
        jobs.map((job) => job.id),
      );
      assert.deepEqual(await kit.list({ queue: "b" }), [jobs[0]?.id, jobs[2]?.id]);
    },
  ],
  [
    "1200-in-one-call",
    "1,200 jobs are accepted in one call and run in the order given",
    async (kit) => {
      const ids = await kit.addMany(1_200);
      assert.equal((await kit.counts()).queued, 1_200);
      const session = await kit.session();
      const leased: string[] = [];
      while (leased.length < 1_200) leased.push(...(await session.claimIds(400)));
      assert.deepEqual(leased, ids);
    },
  ],
  [
    "no-jobs",
    "no jobs are no trouble",
    async (kit) => {
      assert.deepEqual(await kit.engine.enqueue({ jobs: [] }), []);
    },
  ],
  [
    "delayed-until-delay-is-over",
    "a job with a delay is delayed until then",
    async (kit) => {
      const id = await kit.add({ due: { in: 5_000 } });
      const session = await kit.session();
      kit.advance(4_999);
      assert.deepEqual(await session.claimIds(1), []);
      assert.equal(await kit.state(id), "delayed");
      kit.advance(1);
      assert.deepEqual(await session.claimIds(1), [id]);
    },
  ],
  [
    "delayed-until-given-time",
    "a job with a time of its own is delayed until then",
    async (kit) => {
      const at = kit.clock.now() + 60_000;
      const job = await kit.job(await kit.add({ due: { at } }));
      assert.equal(job.state, "delayed");
      assert.equal(job.runAt, at);
    },
  ],
  [
    "past-time-is-now",
    "a time in the past is now",
    async (kit) => {
      const job = await kit.job(await kit.add({ due: { at: kit.clock.now() - 60_000 } }));
      assert.equal(job.state, "queued");
      assert.equal(job.runAt, kit.clock.now());
    },
  ],
  [
    "held-is-blocked",
    "a held job is blocked and is not leased",
    async (kit) => {
      const id = await kit.add({ hold: true });
      assert.equal(await kit.state(id), "blocked");
      assert.deepEqual(await (await kit.session()).claimIds(1), []);
    },
  ],
  [
    "held-keeps-its-delay",
    "a held job remembers the delay it was given",
    async (kit) => {
      const id = await kit.add({ hold: true, due: { in: 5_000 } });
      const job = await kit.job(id);
      assert.equal(job.state, "blocked");
      assert.equal(job.runAt, kit.clock.now() + 5_000);
    },
  ],
  [
    "same-id-again",
    "the same id again answers the job that is there, with the state it is in, and changes nothing",
    async (kit) => {
      const id = await kit.add({ id: "job_abc123", nonce: "first", input: '"first"' });
      const session = await kit.session();
      await session.next();
      const before = await kit.job(id);
      const answers = await kit.engine.enqueue({
        jobs: [kit.spec({ id, nonce: "second", input: '"second"', priority: 9, tags: ["late"] })],
      });
      assert.deepEqual(answers, [{ id, outcome: "existing", state: "active" }]);
      assert.deepEqual(await kit.job(id), before);
    },
  ],
  [
    "same-id-twice-in-call",
    "the same id twice in one call is one job",
    async (kit) => {
      const jobs = [kit.spec({ id: "once", nonce: "n1" }), kit.spec({ id: "once", nonce: "n2" })];
      const answers = await kit.engine.enqueue({ jobs });
      assert.deepEqual(
        answers.map((answer) => answer.outcome),
        ["created", "existing"],
      );
      assert.deepEqual(await kit.list(), ["once"]);
    },
  ],
  [
    "same-id-in-another-queue",
    "the same id in another queue is another job",
    async (kit) => {
      await kit.add({ id: "same", queue: "a", nonce: "n1", input: "1" });
      await kit.add({ id: "same", queue: "b", nonce: "n2", input: "2" });
      assert.equal((await kit.job("same", "a")).input, "1");
      assert.equal((await kit.job("same", "b")).input, "2");
    },
  ],
  [
    "id-free-after-removal",
    "an id is free again once its job was removed",
    async (kit) => {
      await kit.add({ id: "again", nonce: "n1", input: "1", tags: ["old"] });
      await kit.control("remove", "again");
      await kit.add({ id: "again", nonce: "n2", input: "2" });
      const job = await kit.job("again");
      assert.equal(job.input, "2");
      assert.deepEqual(job.tags, []);
    },
  ],
  [
    "removed-leaves-nothing-to-next",
    "a job that was removed leaves nothing to the next one with its id",
    async (kit) => {
      await kit.add({ id: "again", nonce: "n1", meta: '{"old":1}' });
      const session = await kit.session();
      const lease = await session.next();
      await session.report(lease, {
        progress: said(50, "half"),
        lines: [{ at: 1, level: "info", message: "old" }],
      });
      await session.fail(lease, null, plainFailure("Old", "old", "OLD"));
      await kit.control("remove", "again");
      await kit.add({ id: "again", nonce: "n2" });
      const job = await kit.job("again");
      assert.deepEqual(
        [job.meta, job.progress, job.error, job.history, job.attempt, job.startedAt, job.finishedAt],
        [null, null, null, [], 0, null, null],
      );
      assert.deepEqual(await kit.engine.logs({ queue: MAIN, id: "again" }), { lines: [], dropped: 0 });
    },
  ],
  [
    "queue-exists-with-first-job",
    "a queue is there as soon as it has a job",
    async (kit) => {
      await kit.add({ queue: "new" });
      const queue = (await kit.engine.queues()).find(({ name }) => name === "new");
      assert.equal(queue?.paused, false);
      assert.equal(queue?.counts.queued, 1);
    },
  ],
]);
