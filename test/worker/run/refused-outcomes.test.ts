// An outcome that a healthy engine refuses fails its own run alone.
import { expect, it } from "vitest";
import { EngineUnavailable, task, type Engine, type Job } from "longshore";
import { FakeTimeFixture, withCommands } from "../fixtures/fake-time-fixture.js";

type Refuses = (settlement: Parameters<Engine["exchange"]>[0]["settle"][number]) => boolean;

/** A fixture whose engine refuses every exchange in which there is such an outcome, as one that rolls back does. */
function refusing(refuses: Refuses): { fixture: FakeTimeFixture; calls: number[] } {
  const calls: number[] = [];
  const fixture = new FakeTimeFixture((engine) =>
    withCommands(engine, {
      exchange: (params) => {
        calls.push(params.settle.length);
        if (params.settle.some(refuses)) throw new TypeError("constraint failed");
        return engine.exchange(params);
      },
    }),
  );
  return { fixture, calls };
}

const work = task("work", { attempts: 1 }, ({ input }) => input);

async function runTen(
  fixture: FakeTimeFixture,
): Promise<{ bad: Job; good: Job[]; told: string[]; stop: () => Promise<void> }> {
  const told: string[] = [];
  const worker = fixture.longshore.worker([work], { concurrency: 20 });
  worker.on("error", (error) => told.push(error.message));
  const bad = await fixture.enqueue(work, "bad");
  const good = await fixture.longshore.enqueueMany(
    work,
    Array.from({ length: 9 }, (_, n) => n),
  );
  await fixture.pass(10_000);
  return { bad, good, told, stop: () => worker.stop() };
}

const isBad: Refuses = ({ outcome }) => outcome.kind === "complete" && outcome.result === '"bad"';

it("fails that run, with what the engine said; its neighbours are settled", async () => {
  const { fixture, calls } = refusing(isBad);
  const { bad, good, told } = await runTen(fixture);

  expect(await bad.refresh()).toMatchObject({
    state: "failed",
    error: { name: "TypeError", message: "constraint failed" },
  });
  for (const job of good) expect((await job.refresh()).state).toBe("completed");
  expect(told).toEqual(["constraint failed"]);
  // Twice as they were, then one by one, and the one that was refused once more as a failure.
  expect(calls.filter((settled) => settled > 0)).toEqual([10, 10, ...Array.from({ length: 11 }, () => 1)]);
  await fixture.longshore.close();
});

it("gives up one of which nothing can be settled, and the worker stops", async () => {
  const { fixture } = refusing(
    (settlement) =>
      isBad(settlement) ||
      (settlement.outcome.kind === "fail" && settlement.outcome.error.message === "constraint failed"),
  );
  const { bad, good, stop } = await runTen(fixture);

  for (const job of good) expect((await job.refresh()).state).toBe("completed");
  expect((await bad.refresh()).state).toBe("active");
  const stopping = stop();
  await fixture.pass(1_000);
  await stopping;
  await fixture.longshore.close();
});

it("leaves an engine that is away alone: everything is sent again as it was", async () => {
  let away = 2;
  const sizes: number[] = [];
  const fixture = new FakeTimeFixture((engine) =>
    withCommands(engine, {
      exchange: (params) => {
        sizes.push(params.settle.length);
        if (params.settle.length > 0 && away > 0) {
          away -= 1;
          throw new EngineUnavailable("memory:", "away");
        }
        return engine.exchange(params);
      },
    }),
  );
  const { good } = await runTen(fixture);

  for (const job of good) expect((await job.refresh()).state).toBe("completed");
  expect(sizes.filter((size) => size > 0)).toEqual([10, 10, 10]);
  await fixture.longshore.close();
});
