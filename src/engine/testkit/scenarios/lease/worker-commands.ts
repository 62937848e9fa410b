/** What workers say of themselves while they live, and commands to them. */
import assert from "node:assert/strict";
import type { WorkerCommandName, WorkerRecord, WorkerStatus } from "../../../contract/engine.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import type { TestSession } from "../../context/test-session.js";

const STATUS: WorkerStatus = {
  at: 1_700_000_000_000,
  rss: 90_000_000,
  heap: 40_000_000.5,
  cpu: 0.25,
  clockAhead: -1_500,
  loopDelay: 12.5,
  busy: 2,
  slots: [
    { queue: MAIN, id: "a", task: "work", since: 1_699_999_999_000 },
    { queue: MAIN, id: "b", task: "wörk", since: 1_699_999_999_500 },
  ],
  suspended: ["quiet", "outage"],
};

async function workerOf(context: ScenarioContext, { id }: TestSession): Promise<WorkerRecord> {
  const found = (await context.engine.workers()).find(({ session }) => session === id);
  assert.ok(found, `the worker of ${id} is listed`);
  return found;
}

export const workerCommands = scenarios("worker-commands", [
  [
    "status-is-kept",
    "a heartbeat carries the status of its worker, which stays until another does",
    async (context) => {
      const session = await context.session({ queues: ["a", "b"] });
      const other = await context.session({ queues: ["b"] });
      assert.equal((await workerOf(context, session)).status, null);
      await session.heartbeat(30_000, { status: STATUS });
      assert.deepEqual((await workerOf(context, session)).status, STATUS);
      await session.heartbeat();
      assert.deepEqual((await workerOf(context, session)).status, STATUS);
      const later = { ...STATUS, at: STATUS.at + 1, cpu: null, busy: 0, slots: [], suspended: [] };
      await session.heartbeat(30_000, { status: later });
      assert.deepEqual((await workerOf(context, session)).status, later);
      assert.equal((await workerOf(context, other)).status, null);
    },
  ],
  [
    "status-is-bounded",
    "a status that would be long loses its last slots",
    async (context) => {
      const session = await context.session();
      const slots = Array.from({ length: 50 }, (_none, n) => {
        return { queue: MAIN, id: `${n}-${"ü".repeat(126)}`, task: "t".repeat(100), since: n };
      });
      await session.heartbeat(30_000, { status: { ...STATUS, busy: 50, slots } });
      const { status } = await workerOf(context, session);
      assert.equal(status?.busy, 50);
      assert.ok(status.slots.length > 3 && status.slots.length <= 10, `${status.slots.length} slots`);
      assert.deepEqual(status.slots, slots.slice(0, status.slots.length));
    },
  ],
  [
    "status-of-ended-session",
    "the heartbeat of a session that has ended stores no status and gives no command",
    async (context) => {
      const session = await context.session();
      await session.command("quiet", "op");
      await session.close();
      assert.deepEqual(await session.heartbeat(30_000, { status: STATUS }), { alive: false, revoked: [] });
      assert.deepEqual(await context.engine.workers(), []);
      assert.equal(await session.command("stop", "op2"), false);
    },
  ],
  [
    "command-until-acknowledged",
    "heartbeats give a command until it is acknowledged, and the worker's record tells when that was",
    async (context) => {
      const session = await context.session({ queues: ["a", "b"] });
      const at = context.clock.now();
      assert.equal(await session.command("quiet", "op1"), true);
      assert.deepEqual((await workerOf(context, session)).command, {
        ...{ command: "quiet", op: "op1", at },
        acknowledgedAt: null,
      });
      const command = { command: "quiet", op: "op1" };
      assert.deepEqual(await session.heartbeat(), { alive: true, revoked: [], command });
      assert.deepEqual((await session.heartbeat(30_000, { acknowledges: "another" })).command, command);
      context.advance(500);
      assert.deepEqual(await session.heartbeat(30_000, { acknowledges: "op1" }), { alive: true, revoked: [] });
      context.advance(500);
      assert.deepEqual(await session.heartbeat(30_000, { acknowledges: "op1" }), { alive: true, revoked: [] });
      assert.deepEqual((await workerOf(context, session)).command, { ...command, at, acknowledgedAt: at + 500 });
    },
  ],
  [
    "latest-command-counts",
    "a command takes the place of the one before, acknowledged or not",
    async (context) => {
      const session = await context.session();
      const given: unknown[] = [];
      for (const [index, command] of (["quiet", "resume", "stop"] as const).entries()) {
        await session.command(command, `op${index}`);
        given.push((await session.heartbeat(30_000, { acknowledges: index === 1 ? "op0" : `op${index}` })).command);
      }
      assert.deepEqual(given, [undefined, { command: "resume", op: "op1" }, undefined]);
    },
  ],
  [
    "sent-again",
    "a command that is sent again, also behind later ones, has no second effect",
    async (context) => {
      const session = await context.session();
      await session.command("quiet", "op1");
      await session.heartbeat(30_000, { acknowledges: "op1" });
      assert.equal(await session.command("quiet", "op1"), true);
      assert.equal((await session.heartbeat()).command, undefined);
      await session.command("resume", "op2");
      await session.command("quiet", "op1");
      assert.deepEqual((await session.heartbeat()).command, { command: "resume", op: "op2" });
      // As often as is remembered.
      for (let n = 0; n < 13; n += 1) await session.command("stop", `more${n}`);
      await session.command("quiet", "op1");
      assert.equal((await session.heartbeat()).command?.op, "more12");
    },
  ],
  [
    "of-one-session",
    "a command is for one session; of one that is not in that queue, or is declared dead, there is none",
    async (context) => {
      const one = await context.session({ worker: { name: "twin" }, ttl: 1_000 });
      const two = await context.session({ worker: { name: "twin" }, queues: ["other"], ttl: 60_000 });
      assert.equal(await one.command("quiet", "op"), true);
      assert.equal((await two.heartbeat()).command, undefined);
      const params = { session: two.id, command: "quiet", op: "op" } as const;
      assert.equal(await context.engine.commandWorker({ ...params, queue: MAIN }), false);
      assert.equal(await context.engine.commandWorker({ ...params, queue: "nowhere" }), false);
      await context.add();
      await one.next();
      await context.add();
      await one.next();
      context.advance(1_000);
      assert.equal(await one.command("resume", "late"), true, "a late session has not ended");
      await context.sweep(1);
      assert.equal(await one.command("resume", "op2"), false);
      assert.deepEqual(await context.engine.queues({ names: ["nowhere"] }), []);
    },
  ],
  [
    "end-with-the-first-queue",
    "status and command end with the session in the first queue of its worker, and stay when it ends in another",
    async (context) => {
      const session = await context.session({ queues: ["a", "b", "c"] });
      await session.heartbeat(30_000, { status: STATUS });
      await session.command("quiet", "op1");
      await context.engine.obliterate({ queue: "b", force: true });
      const { status, command } = await workerOf(context, session);
      assert.deepEqual([status, command?.op], [STATUS, "op1"]);
      await context.engine.obliterate({ queue: "a", force: true });
      const after = await workerOf(context, session);
      assert.deepEqual([after.status, after.command], [null, null]);
      assert.equal(await session.command("quiet", "op2"), false);
      await context.add({ queue: "a" });
      assert.deepEqual(await session.heartbeat(30_000, { status: STATUS }), { alive: false, revoked: [] });
      assert.equal((await workerOf(context, session)).status, null);
    },
  ],
  [
    "reaches-the-listener",
    "who listens for a session is called soon after a command to its worker, through any connection",
    async (context) => {
      const session = await context.session({ queues: ["a", "b"] });
      const other = await context.open();
      for (const [index, engine] of [context.engine, other].entries()) {
        let calls = 0;
        const stop = await context.engine.onRevoked({
          session: session.id,
          queues: session.worker.queues,
          listener: () => assert.fail("no lease was taken"),
          commanded: () => (calls += 1),
        });
        const command: WorkerCommandName = index === 0 ? "quiet" : "resume";
        await engine.commandWorker({ session: session.id, queue: "a", command, op: `op${index}` });
        await context.eventually("the listener is called", () => calls > 0);
        stop();
      }
    },
  ],
]);
