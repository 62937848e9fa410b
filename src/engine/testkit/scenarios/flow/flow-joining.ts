/** Jobs that join a flow after its creation: the flow waits for them while it runs, and cancels them once it has ended. */
import assert from "node:assert/strict";
import { MOST_MEMBERS } from "../../../../model/job/membership.js";
import { after, OTHER } from "../../context/dependency-helpers.js";
import { all, chain, HOME, member, run } from "../../context/flow-helpers.js";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

export const flowJoining = scenarios("flows", [
  [
    "joining-is-waited-for",
    "a job joins a flow that runs, which waits for it too",
    async (context) => {
      const made = await chain(context);
      await made.begin();
      const session = await all(context);
      await run(session);
      const late = await context.add({
        queue: OTHER,
        flow: member(made.flow, { parent: "node", ifFailed: "continue" }),
      });
      for (let left = 3; left > 0; left -= 1) {
        assert.equal(await context.state(made.flow, HOME), "blocked");
        await run(session);
      }
      assert.equal(await context.state(made.flow, HOME), "completed");
      assert.equal((await context.engine.dependencies({ queue: HOME, id: made.flow })).length, 4);
      assert.equal(await context.state(late, OTHER), "completed");
    },
  ],
  [
    "joining-ended-is-cancelled",
    "a job that joins a flow which has ended, or is gone, is cancelled",
    async (context) => {
      const made = await chain(context);
      await made.begin();
      await context.control("cancel", { queue: HOME, id: made.flow });
      const late = await context.add({ flow: member(made.flow) });
      assert.equal(await context.state(late), "cancelled");
      const lost = await context.add({ flow: member("nobody") });
      assert.equal(await context.state(lost), "cancelled");
    },
  ],
  [
    "joining-fails-at-once",
    "a job that joins a flow and fails at once for a dependency has ended for the flow too",
    async (context) => {
      const made = await chain(context);
      await made.begin();
      const session = await all(context);
      const failed = await context.add({ queue: OTHER });
      await context.control("cancel", { queue: OTHER, id: failed });
      const late = await context.add({ flow: member(made.flow), after: after([failed], "fail", OTHER) });
      assert.equal(await context.state(late), "failed");
      for (let left = 3; left > 0; left -= 1) await run(session);
      assert.equal(await context.state(made.flow, HOME), "failed");
    },
  ],
  [
    "held-joiner-may-run",
    "a held job that joins a flow which has begun may run",
    async (context) => {
      const made = await chain(context);
      await made.begin();
      assert.equal(await context.state(await context.add({ hold: true, flow: member(made.flow) })), "queued");
    },
  ],
  [
    "at-most-10000-jobs",
    "a flow takes no more than 10,000 jobs: what joins beyond that is cancelled",
    async (context) => {
      const flow = await context.add({ queue: HOME, role: "flow" });
      const jobs = Array.from({ length: MOST_MEMBERS + 1 }, () => context.spec({ hold: true, flow: member(flow) }));
      for (let from = 0; from < jobs.length; from += 500) {
        await context.engine.enqueue({ jobs: jobs.slice(from, from + 500) });
      }
      assert.equal(await context.state(jobs.at(-1)?.id ?? ""), "cancelled");
      assert.equal((await context.counts()).blocked, MOST_MEMBERS);
      assert.equal(await context.engine.commitFlow({ queue: HOME, id: flow, members: MOST_MEMBERS + 1 }), "incomplete");
    },
  ],
  [
    "ended-before-known-not-kept",
    "a job that ended before its flow knew of it is not kept for the flow",
    async (context) => {
      const flow = await context.add({ queue: HOME, role: "flow" });
      const [first, second] = [
        context.spec({ flow: member(flow), supersedes: "key" }),
        context.spec({ supersedes: "key" }),
      ];
      await context.engine.enqueue({ jobs: [first, second] });
      assert.equal(await context.state(first.id), "superseded");
      assert.deepEqual(await context.engine.dependents({ queue: MAIN, id: first.id }), []);
    },
  ],
]);
