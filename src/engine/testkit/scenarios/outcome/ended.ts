/**
 * Jobs that end without a run: no worker knows of their end, so the engine hands each out to one, until that acknowledges
 * that the application was notified.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { JobSpec } from "../../../../model/job/job.js";
import { after } from "../../context/dependency-helpers.js";
import { member } from "../../context/flow-helpers.js";
import { crash } from "../../context/lease-helpers.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

const TASKS = ["work"];

/** The ids of all that a claim answers, sorted. */
async function claimed(context: ScenarioContext, queues: readonly string[] = [MAIN]): Promise<string[]> {
  const refs = await context.engine.claimEnded({ queues, tasks: TASKS, limit: 100 });
  return refs.map(({ id }) => id).toSorted();
}

type End = (context: ScenarioContext) => Promise<string>;

const cancels =
  (change: Partial<JobSpec>): End =>
  async (context) => {
    const id = await context.add(change);
    await context.control("cancel", id);
    return id;
  };

/** A job that depends on one that fails in a run, which its worker reports. */
const endsWithDependency =
  (policy: "fail" | "cancel"): End =>
  async (context) => {
    const first = await context.add();
    const id = await context.add({ after: after([first], policy) });
    const session = await context.session();
    await session.fail(await session.next(), null);
    return id;
  };

const WITHOUT_RUN: readonly (readonly [slug: string, title: string, end: End])[] = [
  ["cancelled-queued", "is cancelled while it is queued", cancels({})],
  ["cancelled-delayed", "is cancelled while it is delayed", cancels({ due: { in: 60_000 } })],
  ["cancelled-held", "is cancelled while it is held", cancels({ hold: true })],
  ["failed-dependency", "fails with its dependency", endsWithDependency("fail")],
  ["cancelled-dependency", "is cancelled with its dependency", endsWithDependency("cancel")],
  [
    "expired",
    "expires",
    async (context) => {
      const id = await context.add({ ttl: 1_000 });
      context.advance(1_000);
      await context.sweep();
      return id;
    },
  ],
  [
    "expired-at-claim",
    "is found to have expired when it would be leased",
    async (context) => {
      const id = await context.add({ ttl: 1_000 });
      context.advance(1_000);
      await (await context.session()).claim(1);
      return id;
    },
  ],
  [
    "workers-lost",
    "fails because three workers died under it",
    async (context) => {
      const id = await context.add();
      for (let death = 0; death < 3; death += 1) await crash(context);
      return id;
    },
  ],
  [
    "superseded-running",
    "is superseded while it runs",
    async (context) => {
      const id = await context.add({ supersedes: "key" });
      await (await context.session()).next();
      await context.add({ supersedes: "key", hold: true });
      return id;
    },
  ],
];

export const ended = scenarios("ended", [
  ...WITHOUT_RUN.map(
    ([slug, title, end]) =>
      [
        `handed-out-${slug}`,
        `a job that ${title} is handed out until it is acknowledged`,
        async (context: ScenarioContext) => {
          const id = await end(context);
          assert.deepEqual(await claimed(context), [id]);
          assert.deepEqual(await claimed(context), [], "it is claimed");
          context.advance(30_000);
          assert.deepEqual(await claimed(context), [id]);
          await context.engine.acknowledgeEnded({ refs: [{ queue: MAIN, id }] });
          context.advance(30_000);
          assert.deepEqual(await claimed(context), []);
        },
      ] as const,
  ),
  [
    "reported-by-their-runs",
    "jobs that end in a run, or are cancelled during one, are not handed out: their worker reports them",
    async (context) => {
      const ids = await context.addMany(4);
      const session = await context.session();
      const leases = await session.claim(4);
      const [completed, partial, failed] = leases;
      assert.ok(completed && partial && failed);
      await session.complete(completed);
      await session.settle(partial, { kind: "partial", result: null });
      await session.fail(failed, null);
      await context.control("cancel", leases[3]?.id ?? "");
      const states = await Promise.all(ids.map((id) => context.state(id)));
      assert.deepEqual(states.toSorted(), ["cancelled", "completed", "failed", "partial"]);
      assert.deepEqual(await claimed(context), []);
    },
  ],
  [
    "members-but-not-flows",
    "the members that a cancelled flow takes along are handed out, the flow is not",
    async (context) => {
      const flow = await context.add({ role: "flow" });
      const id = await context.add({ hold: true, flow: member(flow, { queue: MAIN }) });
      await context.engine.commitFlow({ queue: MAIN, id: flow, members: 1 });
      await context.control("cancel", flow);
      assert.equal(await context.state(id), "cancelled");
      assert.deepEqual(await claimed(context), [id]);
    },
  ],
  [
    "not-once-retried",
    "a job that is retried is not handed out any more, and again when it ends again",
    async (context) => {
      const id = await cancels({})(context);
      await context.control("retry", id);
      assert.deepEqual(await claimed(context), []);
      await context.control("cancel", id);
      assert.deepEqual(await claimed(context), [id]);
      await context.control("retry", id);
      await context.control("cancel", id);
      assert.deepEqual(await claimed(context), [id], "the claim was of the end before");
    },
  ],
  [
    "not-once-removed",
    "a job that is removed is not handed out any more",
    async (context) => {
      const [claimedOne, other] = [await cancels({})(context), await cancels({ due: { in: 1 } })(context)];
      await context.engine.claimEnded({ queues: [MAIN], tasks: TASKS, limit: 1 });
      await context.control("remove", claimedOne);
      await context.control("remove", other);
      context.advance(30_000);
      assert.deepEqual(await claimed(context), []);
    },
  ],
  [
    "ends-a-wait",
    "a wait for work ends when a job of the tasks named ended without a run",
    async (context) => {
      const idle = await context.open();
      const id = await context.add({ due: { in: 3_600_000 } });
      for (let left = true; left;) {
        const enough = new AbortController();
        void sleep(100).then(() => enough.abort());
        left = (await idle.awaitWork({ queues: [MAIN], timeout: 20, signal: enough.signal })) !== null;
      }
      const { signal } = new AbortController();
      const waiting = idle.awaitWork({ queues: [MAIN], ends: TASKS, timeout: 3_000_000, signal });
      await context.control("cancel", id);
      await context.resolves("the wait ends", waiting);
    },
  ],
]);
