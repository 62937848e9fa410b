/** Commands on jobs by id: release, cancel, retry, promote, remove. */
import assert from "node:assert/strict";
import { STATES } from "../../../../model/job/state.js";
import { MAIN } from "../../context/scenario-context.js";
import { RETRYABLE_STATES, reach, refusedElsewhere } from "../../context/reach.js";
import { scenarios } from "../../context/scenario.js";

export const control = scenarios("control", [
  [
    "named-twice",
    "a command that names a job twice acts on it once, and answers for both",
    async (context) => {
      const made = { cancel: {}, promote: { due: { in: 5_000 } }, release: { hold: true } } as const;
      for (const command of ["cancel", "promote", "release"] as const) {
        const [a = "", b = ""] = await context.addMany(2, made[command]);
        const refs = [a, b, a].map((id) => ({ queue: MAIN, id }));
        const answers = await context.engine[command]({ refs, op: context.fresh("op") });
        const state = command === "cancel" ? "cancelled" : "queued";
        assert.deepEqual(
          answers,
          Array.from(refs, () => ({ outcome: "applied", state })),
        );
      }
      const before = await context.counts();
      const [a = "", b = ""] = await context.addMany(2);
      const refs = [a, b, a].map((id) => ({ queue: MAIN, id }));
      const answers = await context.engine.remove({ refs, op: context.fresh("op") });
      const removed = { outcome: "applied", state: null };
      assert.deepEqual(answers, [removed, removed, removed]);
      assert.deepEqual(await context.counts(), before);
    },
  ],
  [
    "release-makes-queued",
    "a released job is queued",
    async (context) => {
      const id = await context.add({ hold: true });
      context.advance(70);
      assert.deepEqual(await context.control("release", id), { outcome: "applied", state: "queued" });
      assert.equal((await context.job(id)).runAt, context.clock.now());
    },
  ],
  [
    "release-before-due",
    "a released job whose time has not come is delayed until then",
    async (context) => {
      const id = await context.add({ hold: true, due: { in: 5_000 } });
      context.advance(2_000);
      assert.deepEqual(await context.control("release", id), { outcome: "applied", state: "delayed" });
      assert.equal((await context.job(id)).runAt, context.clock.now() + 3_000);
    },
  ],
  [
    "release-only-blocked",
    "only blocked jobs can be released",
    (context) => refusedElsewhere(context, "release", ["blocked"]),
  ],
  [
    "cancel-waiting",
    "a waiting job that is cancelled never runs",
    async (context) => {
      const ids = [await context.add({ hold: true }), await context.add({ due: { in: 10 } }), await context.add()];
      for (const id of ids) {
        assert.deepEqual(await context.control("cancel", id), { outcome: "applied", state: "cancelled" });
        assert.equal((await context.job(id)).finishedAt, context.clock.now());
      }
      context.advance(100);
      await context.sweep();
      assert.deepEqual(await (await context.session()).claimIds(5), []);
    },
  ],
  [
    "cancel-running",
    "a running job that is cancelled is cancelled at once",
    async (context) => {
      const id = await context.add();
      const session = await context.session({ engine: await context.open() });
      await session.next();
      context.advance(40);
      assert.deepEqual(await context.control("cancel", id), { outcome: "applied", state: "cancelled" });
      const job = await context.job(id);
      assert.deepEqual([job.attempt, job.worker, job.finishedAt], [0, null, context.clock.now()]);
      assert.equal((await context.engine.workers())[0]?.running, 0);
    },
  ],
  [
    "cancel-only-unended",
    "only jobs that have not ended can be cancelled",
    (context) => refusedElsewhere(context, "cancel", ["blocked", "delayed", "queued", "active"]),
  ],
  [
    "retry-gives-all-attempts",
    "a job that has ended is queued again, with all its attempts before it",
    async (context) => {
      for (const state of RETRYABLE_STATES) {
        const { ref } = await reach(context, state, { attempts: 2 });
        context.advance(500);
        assert.deepEqual(await context.control("retry", ref), { outcome: "applied", state: "queued" }, state);
        const job = await context.job(ref.id, ref.queue);
        assert.deepEqual(
          [job.attempt, job.crashes, job.result, job.startedAt, job.finishedAt, job.runAt],
          [0, 0, null, null, null, context.clock.now()],
        );
        const session = await context.session({ queues: [ref.queue] });
        await session.fail(await session.next(), 0);
        await session.fail(await session.next(), 0);
        assert.equal(await context.state(ref.id, ref.queue), "failed");
      }
    },
  ],
  [
    "retry-keeps-what-it-had",
    "a job that is queued again keeps its input, meta, tags, log, error and history",
    async (context) => {
      const id = await context.add({ input: '"in"', tags: ["t"], attempts: 1 });
      const session = await context.session();
      const lease = await session.next();
      await session.report(lease, { meta: '{"m":1}', lines: [{ at: 5, level: "info", message: "line" }] });
      await session.fail(lease, null);
      const before = await context.job(id);
      await context.control("retry", id);
      const job = await context.job(id);
      assert.deepEqual(
        [job.input, job.meta, job.tags, job.error, job.history],
        ['"in"', '{"m":1}', ["t"], before.error, before.history],
      );
      assert.equal((await context.engine.logs({ queue: MAIN, id })).lines.length, 1);
    },
  ],
  [
    "retry-only-ended",
    "only jobs that have ended can be tried again",
    (context) => refusedElsewhere(context, "retry", RETRYABLE_STATES),
  ],
  [
    "promote-delayed",
    "a delayed job that is promoted is ready now",
    async (context) => {
      const id = await context.add({ due: { in: 60_000 } });
      context.advance(1_000);
      assert.deepEqual(await context.control("promote", id), { outcome: "applied", state: "queued" });
      assert.equal((await context.job(id)).runAt, context.clock.now());
      assert.deepEqual(await (await context.session()).claimIds(1), [id]);
    },
  ],
  [
    "promote-waiting-for-attempt",
    "a job that waits for its next attempt can be promoted",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      await session.fail(await session.next(), 60_000);
      await context.control("promote", id);
      assert.equal((await session.next()).attempt, 2);
    },
  ],
  [
    "promote-only-delayed",
    "only delayed jobs can be promoted",
    (context) => refusedElsewhere(context, "promote", ["delayed"]),
  ],
  [
    "remove-takes-log-and-counts",
    "a removed job is gone, with its log and from every count",
    async (context) => {
      for (const state of STATES) {
        if (state === "active") continue;
        const { ref } = await reach(context, state, { tags: ["gone"] });
        assert.deepEqual(await context.control("remove", ref), { outcome: "applied", state: null }, state);
        assert.equal(await context.find(ref.id, ref.queue), null);
        assert.deepEqual(await context.list({ queue: ref.queue }), []);
      }
      assert.deepEqual(new Set(Object.values(await context.engine.tagTotals({ tag: "gone" }))), new Set([0]));
    },
  ],
  [
    "remove-refuses-running",
    "a running job cannot be removed",
    (context) =>
      refusedElsewhere(
        context,
        "remove",
        STATES.filter((state) => state !== "active"),
      ),
  ],
  [
    "missing-job",
    "a job that does not exist is missing, whatever the command",
    async (context) => {
      await context.add();
      const refs = [
        { queue: MAIN, id: "nowhere" },
        { queue: "nowhere", id: "nowhere" },
      ];
      const missing = { outcome: "missing", state: null };
      for (const command of ["release", "cancel", "retry", "promote", "remove"] as const) {
        const params = { refs, op: context.fresh("op"), fromStart: false };
        assert.deepEqual(await context.engine[command](params), [missing, missing], command);
      }
      assert.deepEqual(await context.engine.update({ refs, op: "op", patch: { input: "1" } }), [missing, missing]);
    },
  ],
  [
    "many-jobs-of-several-queues",
    "a command on many jobs of several queues answers for each, in the order given",
    async (context) => {
      const a = await context.add({ queue: "a" });
      const b = await context.add({ queue: "b" });
      const held = await context.add({ queue: "a", hold: true });
      const refs = [
        { queue: "b", id: b },
        { queue: "a", id: "nowhere" },
        { queue: "a", id: held },
        { queue: "a", id: a },
      ];
      const answers = await context.engine.release({ refs, op: "op" });
      assert.deepEqual(
        answers.map(({ outcome }) => outcome),
        ["wrong-state", "missing", "applied", "wrong-state"],
      );
    },
  ],
  [
    "1200-cancelled",
    "1,200 jobs are cancelled in one command",
    async (context) => {
      const ids = await context.addMany(1_200);
      const answers = await context.engine.cancel({ refs: ids.map((id) => ({ queue: MAIN, id })), op: "op" });
      assert.equal(answers.filter(({ outcome }) => outcome === "applied").length, 1_200);
      const counts = await context.counts();
      assert.deepEqual([counts.queued, counts.cancelled], [0, 1_200]);
    },
  ],
]);
