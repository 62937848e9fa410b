/**
 * Members that have ended before their flow knows of them: here those that are superseded in the command that makes them. On
 * engines that deliver messages apart from commands it may happen to any.
 */
import assert from "node:assert/strict";
import { FLOW_CREATION } from "../../../model/flow.js";
import type { JobRef, JobSpec } from "../../../model/job.js";
import { DAY, OTHER } from "../dependency-words.js";
import { begin, child, HOME, member, workerOfAll } from "../flow-words.js";
import { MAIN, type Kit } from "../kit.js";
import { scenarios } from "../scenario.js";
import type { TestSession } from "../test-session.js";

/** A job that joins the flow and is superseded in the same command. */
async function ended(kit: Kit, flow: JobRef, change: Partial<JobSpec> = {}): Promise<JobRef> {
  const supersedes = kit.fresh("key");
  const spec = child(kit, flow, { supersedes, ...change });
  await kit.engine.enqueue({ jobs: [spec, kit.spec({ queue: OTHER, supersedes })] });
  assert.equal(await kit.state(spec.id, OTHER), "superseded");
  return { queue: OTHER, id: spec.id };
}

const endOf = async (kit: Kit, flow: JobRef, { id }: JobRef): Promise<unknown> =>
  (await kit.engine.dependencies(flow)).find((one) => one.id === id)?.state;

export const endedMembers = scenarios("ended-members", [
  [
    "a job that ended before its flow knew of it ends the flow as any member does",
    async (kit) => {
      for (const [on, end] of [
        ["fail", "failed"],
        ["continue", "partial"],
      ] as const) {
        const { flow } = await begin(kit);
        const session = await workerOfAll(kit);
        const parent = await session.next();
        const one = await ended(kit, flow, { flow: member(flow.id, { node: "child", on }) });
        assert.equal(await endOf(kit, flow, one), "superseded");
        assert.equal(await kit.state(flow.id, HOME), "blocked");
        await session.complete(parent);
        assert.equal(await kit.state(flow.id, HOME), end);
        await session.close();
      }
    },
  ],
  [
    "a job that ended before its flow knew of it, which has ended, is a member; the flow stays as it ended",
    async (kit) => {
      const endings: Record<string, (flow: JobRef, session: TestSession) => Promise<unknown>> = {
        cancelled: (flow) => kit.control("cancel", flow),
        superseded: () => kit.add({ queue: HOME, role: "flow", supersedes: "key" }),
        completed: async (_, session) => session.complete(await session.next()),
        failed: async (_, session) => session.fail(await session.next(), null),
      };
      for (const [state, end] of Object.entries(endings)) {
        const { flow } = await begin(kit, { supersedes: "key" });
        const session = await kit.session({ queues: [MAIN], ttl: 100 * DAY });
        await end(flow, session);
        const one = await ended(kit, flow);
        assert.equal(await endOf(kit, flow, one), "superseded", `of a flow that is ${state}`);
        assert.deepEqual(await kit.engine.dependents(one), [flow]);
        assert.equal(await kit.state(flow.id, HOME), state);
        await session.close();
      }
    },
  ],
  [
    "a job that ended before its flow knew of it is kept as long as the flow, and goes after it",
    async (kit) => {
      const keep = { completed: { age: 5 * DAY, count: null }, failed: { age: 5 * DAY, count: null } };
      const { flow } = await begin(kit, { retention: keep });
      const none = { completed: { age: 0, count: 0 }, failed: { age: 0, count: 0 } };
      const one = await ended(kit, flow, { retention: none });
      await kit.control("cancel", flow);
      kit.advance(4 * DAY);
      await kit.sweep(100, [HOME, OTHER]);
      assert.equal(await kit.state(one.id, OTHER), "superseded");
      kit.advance(4 * DAY);
      for (let sweeps = 5; sweeps > 0; sweeps -= 1) await kit.sweep(100, [HOME, OTHER]);
      assert.equal(await kit.find(one.id, OTHER), null);
    },
  ],
  [
    "a job that ended before its flow knew of it goes with a flow that was never complete",
    async (kit) => {
      const id = await kit.add({ queue: HOME, role: "flow" });
      const one = await ended(kit, { queue: HOME, id });
      kit.advance(FLOW_CREATION);
      await kit.sweep(100, [HOME, OTHER]);
      assert.equal(await kit.find(one.id, OTHER), null);
    },
  ],
  [
    "a job that ended before its flow knew of it, which is gone, is kept by nothing",
    async (kit) => {
      const one = await ended(kit, { queue: HOME, id: "nobody" });
      assert.deepEqual(await kit.engine.dependents(one), []);
    },
  ],
]);
