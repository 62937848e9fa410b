/** The command `retry` with another input: the job begins anew with it, and stays the same job in all else. */
import assert from "node:assert/strict";
import { STATES } from "../../../../model/job/state.js";
import { after } from "../../context/dependency-helpers.js";
import { RETRYABLE_STATES, reach } from "../../context/reach.js";
import { MAIN, progressOf, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import type { ControlAnswer } from "../../../contract/engine.js";
import type { JobRef } from "../../../../model/job/job.js";

async function retryWith(
  context: ScenarioContext,
  ref: JobRef,
  input: string,
  op = context.fresh("op"),
): Promise<ControlAnswer | undefined> {
  return (await context.retry({ refs: [ref], op }, false, input))[0];
}

export const retryInput = scenarios("control", [
  [
    "retry-with-input",
    "a job that has ended and is queued again with another input runs with it, whatever it ended as",
    async (context) => {
      for (const state of RETRYABLE_STATES) {
        const { ref } = await reach(context, state, { input: '"old"', task: "work" });
        const answer = await retryWith(context, ref, '{"new":"é\\u0000\\n"}');
        assert.deepEqual(answer, { outcome: "applied", state: "queued" }, state);
        assert.equal((await context.job(ref.id, ref.queue)).input, '{"new":"é\\u0000\\n"}');
        const lease = await (await context.session({ queues: [ref.queue] })).next();
        assert.deepEqual([lease.body?.input, lease.body?.task], ['{"new":"é\\u0000\\n"}', "work"], state);
      }
    },
  ],
  [
    "retry-with-input-keeps-the-rest",
    "with another input a job keeps its priority, tags, meta, key, log, error and the history of its runs",
    async (context) => {
      const unique = { key: "k", until: "finished", onConflict: "join" } as const;
      const id = await context.add({ input: '"old"', tags: ["t"], attempts: 1, priority: 4, unique });
      const session = await context.session();
      const lease = await session.next();
      await session.report(lease, { meta: '{"m":1}', lines: [{ at: 5, level: "info", message: "line" }] });
      await session.fail(lease, null);
      const before = await context.job(id);
      await retryWith(context, { queue: MAIN, id }, '"new"');
      const job = await context.job(id);
      assert.deepEqual(
        [job.priority, job.tags, job.meta, job.unique, job.error, job.history],
        [4, ["t"], '{"m":1}', before.unique, before.error, before.history],
      );
      assert.equal(job.history.length, 1);
      assert.equal((await context.engine.logs({ queue: MAIN, id })).lines.length, 1);
      const [met] = await context.engine.enqueue({ jobs: [context.spec({ unique })] });
      assert.deepEqual([met?.id, met?.outcome], [id, "joined"], "it has its key again");
    },
  ],
  [
    "retry-with-input-keeps-last-run",
    "the run of a job that ended well is in its history when it is queued again with another input",
    async (context) => {
      const { ref } = await reach(context, "completed", { input: '"old"' });
      await retryWith(context, ref, '"new"');
      const job = await context.job(ref.id, ref.queue);
      assert.deepEqual([job.result, job.history.map(({ outcome }) => outcome)], [null, ["completed"]]);
    },
  ],
  [
    "retry-with-input-from-start",
    "checkpoints and progress belong to the former input, and are gone with it",
    async (context) => {
      const id = await context.add({ attempts: 1 });
      const session = await context.session();
      const lease = await session.next();
      const checkpoint = {
        seq: 1,
        kind: "step",
        name: "one",
        key: null,
        value: "1",
        at: 5,
        took: 1,
        counters: null,
      } as const;
      await session.report(lease, { checkpoints: [checkpoint], progress: progressOf(50, null) });
      await session.fail(lease, null);
      await retryWith(context, { queue: MAIN, id }, '"new"');
      const { progress } = await context.job(id);
      assert.deepEqual([await context.engine.checkpoints({ queue: MAIN, id }), progress], [[], null]);
    },
  ],
  [
    "retry-with-input-without-references",
    "references to results of other jobs go with the former input; the job still comes after them",
    async (context) => {
      const first = await context.add();
      const references = [{ at: ["page"], from: { queue: MAIN, id: first }, take: [] }];
      const id = await context.add({ after: after([first]), references, input: '{"page":null}' });
      const session = await context.session();
      await session.complete(await session.next(), '"html"');
      await session.fail(await session.next(), null);
      await retryWith(context, { queue: MAIN, id }, '{"page":"given"}');
      const job = await context.job(id);
      assert.deepEqual([job.input, job.references, job.after], ['{"page":"given"}', [], after([first])]);
      assert.equal((await session.next()).body?.input, '{"page":"given"}');
    },
  ],
  [
    "retry-with-input-refused",
    "a job that may not be queued again keeps its input",
    async (context) => {
      for (const state of STATES.filter((one) => !RETRYABLE_STATES.some((known) => known === one))) {
        const { ref } = await reach(context, state, { input: '"old"' });
        assert.deepEqual(await retryWith(context, ref, '"new"'), { outcome: "wrong-state", state });
        assert.equal((await context.job(ref.id, ref.queue)).input, '"old"', state);
      }
      const unique = { key: "k", until: "finished", onConflict: "join" } as const;
      const id = await context.add({ input: '"old"', unique });
      await context.control("cancel", id);
      await context.add({ unique });
      assert.equal((await retryWith(context, { queue: MAIN, id }, '"new"'))?.outcome, "conflict");
      assert.equal((await context.job(id)).input, '"old"');
    },
  ],
  [
    "retry-with-input-sent-again",
    "a command that is sent again does not put its input in place of a later one",
    async (context) => {
      const id = await context.add({ input: '"old"' });
      await context.control("cancel", id);
      await retryWith(context, { queue: MAIN, id }, '"second"', "op-2");
      await context.control("cancel", id);
      await retryWith(context, { queue: MAIN, id }, '"third"', "op-3");
      assert.deepEqual(await retryWith(context, { queue: MAIN, id }, '"second"', "op-2"), {
        outcome: "applied",
        state: "queued",
      });
      assert.equal((await context.job(id)).input, '"third"');
      await context.control("cancel", id);
      await context.control("retry", id);
      assert.equal((await context.job(id)).input, '"third"', "a retry without an input keeps the last one");
    },
  ],
  [
    "retry-with-long-input",
    "a short input may give way to a long one, and a long one to a short one",
    async (context) => {
      const long = JSON.stringify("x".repeat(100_000));
      const id = await context.add({ input: '"old"' });
      for (const input of [long, '"short"']) {
        await context.control("cancel", id);
        await retryWith(context, { queue: MAIN, id }, input);
        assert.equal((await context.job(id)).input, input);
      }
    },
  ],
]);
