/** Enqueueing: one job or thousands, with generated ids or ids of the caller, and all their options. */
import assert from "node:assert/strict";
import { plainFailure } from "../../../../model/failure/failure.js";
import { RAN_BY_UNKNOWN } from "../../../contract/worker/builds.js";
import { MAIN, progressOf } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

export const enqueue = scenarios("enqueue", [
  [
    "keeps-everything-given",
    "a job is kept with everything it was given",
    async (context) => {
      const spec = context.spec({
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
      const now = context.clock.now();
      await context.engine.enqueue({ jobs: [spec] });
      context.advance(1);
      const { due: _due, hold: _hold, nonce: _nonce, ...kept } = spec;
      assert.deepEqual(await context.job(spec.id), {
        ...kept,
        state: "delayed",
        result: null,
        attempt: 0,
        crashes: 0,
        progress: null,
        failures: [],
        error: null,
        history: [],
        ...RAN_BY_UNKNOWN,
        createdAt: now,
        runAt: now + 9_000,
        startedAt: null,
        finishedAt: null,
        lastWorker: null,
        worker: null,
        problem: null,
      });
    },
  ],
  [
    "queued-at-once",
    "a job that asks for nothing special is queued at once",
    async (context) => {
      const spec = context.spec();
      const answers = await context.engine.enqueue({ jobs: [spec] });
      assert.deepEqual(answers, [{ id: spec.id, outcome: "created", state: "queued" }]);
      assert.equal((await context.job(spec.id)).runAt, context.clock.now());
    },
  ],
  [
    "answers-in-order-given",
    "jobs of one call are answered one by one, in the order given, whatever their queues",
    async (context) => {
      const jobs = ["b", "a", "b", "c", "a"].map((queue) => context.spec({ queue }));
      const answers = await context.engine.enqueue({ jobs });
      assert.deepEqual(
        answers.map((answer) => answer.id),
        jobs.map((job) => job.id),
      );
      assert.deepEqual(await context.list({ queue: "b" }), [jobs[0]?.id, jobs[2]?.id]);
    },
  ],
  [
    "1200-in-one-call",
    "1,200 jobs are accepted in one call and run in the order given",
    async (context) => {
      const ids = await context.addMany(1_200);
      assert.equal((await context.counts()).queued, 1_200);
      const session = await context.session();
      const leased: string[] = [];
      while (leased.length < 1_200) leased.push(...(await session.claimIds(400)));
      assert.deepEqual(leased, ids);
    },
  ],
  [
    "no-jobs",
    "an enqueue without jobs is accepted",
    async (context) => {
      assert.deepEqual(await context.engine.enqueue({ jobs: [] }), []);
    },
  ],
  [
    "delayed-until-delay-is-over",
    "a job with a delay is delayed until then",
    async (context) => {
      const id = await context.add({ due: { in: 5_000 } });
      const session = await context.session();
      context.advance(4_999);
      assert.deepEqual(await session.claimIds(1), []);
      assert.equal(await context.state(id), "delayed");
      context.advance(1);
      assert.deepEqual(await session.claimIds(1), [id]);
    },
  ],
  [
    "delayed-until-given-time",
    "a job with a time of its own is delayed until then",
    async (context) => {
      const at = context.clock.now() + 60_000;
      const job = await context.job(await context.add({ due: { at } }));
      assert.equal(job.state, "delayed");
      assert.equal(job.runAt, at);
    },
  ],
  [
    "past-time-is-now",
    "a time in the past is now",
    async (context) => {
      const job = await context.job(await context.add({ due: { at: context.clock.now() - 60_000 } }));
      assert.equal(job.state, "queued");
      assert.equal(job.runAt, context.clock.now());
    },
  ],
  [
    "held-is-blocked",
    "a held job is blocked and is not leased",
    async (context) => {
      const id = await context.add({ hold: true });
      assert.equal(await context.state(id), "blocked");
      assert.deepEqual(await (await context.session()).claimIds(1), []);
    },
  ],
  [
    "held-keeps-its-delay",
    "a held job remembers the delay it was given",
    async (context) => {
      const id = await context.add({ hold: true, due: { in: 5_000 } });
      const job = await context.job(id);
      assert.equal(job.state, "blocked");
      assert.equal(job.runAt, context.clock.now() + 5_000);
    },
  ],
  [
    "same-id-again",
    "the same id again answers the job that is there, with the state it is in, and changes nothing",
    async (context) => {
      const id = await context.add({ id: "job_abc123", nonce: "first", input: '"first"' });
      const session = await context.session();
      await session.next();
      const before = await context.job(id);
      const answers = await context.engine.enqueue({
        jobs: [context.spec({ id, nonce: "second", input: '"second"', priority: 9, tags: ["late"] })],
      });
      assert.deepEqual(answers, [{ id, outcome: "existing", state: "active" }]);
      assert.deepEqual(await context.job(id), before);
    },
  ],
  [
    "same-id-twice-in-call",
    "the same id twice in one call is one job",
    async (context) => {
      const jobs = [context.spec({ id: "once", nonce: "n1" }), context.spec({ id: "once", nonce: "n2" })];
      const answers = await context.engine.enqueue({ jobs });
      assert.deepEqual(
        answers.map((answer) => answer.outcome),
        ["created", "existing"],
      );
      assert.deepEqual(await context.list(), ["once"]);
    },
  ],
  [
    "same-id-in-another-queue",
    "the same id in another queue is another job",
    async (context) => {
      await context.add({ id: "same", queue: "a", nonce: "n1", input: "1" });
      await context.add({ id: "same", queue: "b", nonce: "n2", input: "2" });
      assert.equal((await context.job("same", "a")).input, "1");
      assert.equal((await context.job("same", "b")).input, "2");
    },
  ],
  [
    "id-free-after-removal",
    "an id is free again once its job was removed",
    async (context) => {
      await context.add({ id: "again", nonce: "n1", input: "1", tags: ["old"] });
      await context.control("remove", "again");
      await context.add({ id: "again", nonce: "n2", input: "2" });
      const job = await context.job("again");
      assert.equal(job.input, "2");
      assert.deepEqual(job.tags, []);
    },
  ],
  [
    "removed-leaves-nothing-to-next",
    "a job that was removed leaves nothing to the next one with its id",
    async (context) => {
      await context.add({ id: "again", nonce: "n1", meta: '{"old":1}' });
      const session = await context.session();
      const lease = await session.next();
      await session.report(lease, {
        progress: progressOf(50, "half"),
        lines: [{ at: 1, level: "info", message: "old" }],
      });
      await session.fail(lease, null, plainFailure("Old", "old", "OLD"));
      await context.control("remove", "again");
      await context.add({ id: "again", nonce: "n2" });
      const job = await context.job("again");
      assert.deepEqual(
        [job.meta, job.progress, job.error, job.history, job.attempt, job.startedAt, job.finishedAt],
        [null, null, null, [], 0, null, null],
      );
      assert.deepEqual(await context.engine.logs({ queue: MAIN, id: "again" }), { lines: [], dropped: 0 });
    },
  ],
  [
    "queue-exists-with-first-job",
    "a queue is there as soon as it has a job",
    async (context) => {
      await context.add({ queue: "new" });
      const queue = (await context.engine.queues()).find(({ name }) => name === "new");
      assert.equal(queue?.paused, false);
      assert.equal(queue?.counts.queued, 1);
    },
  ],
]);
