/** The audit of leases: what an engine says that a session holds, queue by queue and page by page. */
import assert from "node:assert/strict";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import type { TestSession } from "../../context/test-session.js";

/** All leases of a session, as `id epoch`, in order. */
async function heldBy(context: ScenarioContext, { id }: TestSession, queue = MAIN): Promise<string[]> {
  const held: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await context.engine.held({ session: id, queue, cursor });
    held.push(...page.leases.map((lease) => `${lease.id} ${lease.epoch}`));
    ({ cursor } = page);
  } while (cursor !== null);
  return held.toSorted();
}

export const heldLeases = scenarios("lateness", [
  [
    "held-leases-are-told",
    "an audit answers the leases of a session: of every kind, and none of other sessions",
    async (context) => {
      await context.addMany(3);
      await context.addMany(2, { priority: 5, tags: ["a"] });
      const session = await context.session();
      const other = await context.session();
      const leases = [...(await session.claim(4))];
      await other.claim(1);
      await session.complete(leases.pop() ?? assert.fail("it holds four"));
      const held = await heldBy(context, session);
      assert.deepEqual(held, leases.map(({ id, epoch }) => `${id} ${epoch}`).toSorted());
      await session.close();
      assert.deepEqual(await heldBy(context, session), []);
    },
  ],
  [
    "1200-leases-page-by-page",
    "an audit answers 1,200 leases page by page, each once",
    async (context) => {
      await context.addMany(1_000);
      await context.addMany(600, { priority: 1 });
      const session = await context.session();
      const other = await context.session();
      const leases = [...(await session.claim(500)), ...(await session.claim(500))];
      await other.claim(300);
      leases.push(...(await session.claim(200)));
      assert.deepEqual(await heldBy(context, session), leases.map(({ id, epoch }) => `${id} ${epoch}`).toSorted());
    },
  ],
  [
    "missing-queue-tells-nobody",
    "an audit of a queue that does not exist answers nothing",
    async (context) => {
      const session = await context.session();
      assert.deepEqual(await heldBy(context, session, "nowhere"), []);
      assert.ok(!(await context.engine.queues()).some(({ name }) => name === "nowhere"));
    },
  ],
]);
