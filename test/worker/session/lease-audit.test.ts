// A lease that was lost on the way: the engine thinks that a living worker holds it, and the worker never got it.
import { expect, it } from "vitest";
import { task, type Engine, type JobContext } from "longshore";
import { makeGate } from "../fixtures/gate.js";
import { FakeTimeFixture, withCommands } from "../fixtures/fake-time-fixture.js";

const LEASE = 30_000;

it("is found and run within a lease, uncounted, though its worker is idle", async () => {
  const ran: number[] = [];
  let failing = false;
  const fixture = new FakeTimeFixture((memory) =>
    withCommands(memory, {
      exchange: (params) => {
        if (failing && params.claim !== null) {
          failing = false;
          throw new Error("the answer is lost");
        }
        return memory.exchange(params);
      },
    }),
  );
  const work = task("work", {}, ({ input }: JobContext<number>) => void ran.push(input));
  const worker = fixture.longshore.worker([work], { lease: LEASE });
  await fixture.enqueue(work, 1);
  await fixture.pass(120_000, 1_000);
  failing = true;
  await fixture.enqueue(work, 2);
  await fixture.pass(1_000);
  expect(ran).toEqual([1, 2]);

  const job = await fixture.enqueue(work, 3);
  leaseToNobody(fixture);
  expect((await job.refresh()).state).toBe("active");
  await fixture.pass(LEASE);

  expect(ran).toEqual([1, 2, 3]);
  expect(await job.refresh()).toMatchObject({ state: "completed", attempt: 1, crashes: 0 });
  await worker.stop();
});

it("is found beside jobs that run, and those are left alone", async () => {
  const gate = makeGate();
  const fixture = new FakeTimeFixture();
  const starts: number[] = [];
  const work = task("work", {}, async ({ input }: JobContext<number>) => {
    starts.push(input);
    if (input === 1) await gate.opened;
  });
  const worker = fixture.longshore.worker([work], { lease: LEASE, concurrency: 2, prefetch: 0 });
  const running = await fixture.enqueue(work, 1);
  await fixture.pass(1_000);
  await fixture.enqueue(work, 2);
  leaseToNobody(fixture);
  await fixture.pass(LEASE);

  expect(starts).toEqual([1, 2]);
  expect((await running.refresh()).state).toBe("active");
  gate.open();
  await fixture.pass(1_000);
  expect(await running.refresh()).toMatchObject({ state: "completed", attempt: 1 });
  await worker.stop();
});

it("is not taken for one when its answer is merely slow", async () => {
  const slow = makeGate();
  let hold = false;
  const fixture = new FakeTimeFixture((memory: Engine) =>
    withCommands(memory, {
      exchange: async (params) => {
        const answer = await memory.exchange(params);
        if (hold && answer.leases.length > 0) await slow.opened;
        return answer;
      },
    }),
  );
  let ran = 0;
  const work = task("work", {}, () => void (ran += 1));
  const worker = fixture.longshore.worker([work], { lease: LEASE });
  await fixture.pass(1_000);
  hold = true;
  const job = await fixture.enqueue(work);
  await fixture.pass(3 * LEASE, 1_000);
  slow.open();
  await fixture.pass(1_000);

  expect(ran).toBe(1);
  expect(await job.refresh()).toMatchObject({ state: "completed", history: [{ outcome: "completed" }] });
  await worker.stop();
});

/** Leases the next job to the only worker there is, without its knowing. */
function leaseToNobody({ memory }: FakeTimeFixture): void {
  const session = memory.workers()[0]?.session ?? "";
  const claim = { queues: ["default"], max: 1, suspect: false };
  const { leases } = memory.exchange({ session, lane: 1, call: 1, settle: [], claim });
  expect(leases).toHaveLength(1);
}
