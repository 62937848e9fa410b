// Who waits for a job has its result, although nothing is kept of the job and a sweep comes right after its end.
import { expect, it } from "vitest";
import { task, type KeepOption } from "longshore";
import { withCommands } from "../worker/fixtures/fake-time-fixture.js";
import { makeGate } from "../worker/fixtures/gate.js";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";

const JOBS = 200;

onEveryEngine("the result of a job that is not kept", (storage) => {
  it.each<{ what: string; keep: KeepOption }>([
    { what: "an age of 0", keep: { completed: { age: 0 } } },
    { what: "an age of 1 ms", keep: { completed: "1ms" } },
    { what: "a count of 0", keep: { completed: 0 } },
  ])("reaches who waits: $what", async ({ keep }) => {
    const watched = makeGate();
    const longshore = await storage.attach((engine) =>
      withCommands(engine, {
        watch: async (params) => {
          const answer = await engine.watch(params);
          watched.open();
          return answer;
        },
        exchange: async (params) => {
          const answer = await engine.exchange(params);
          await engine.sweep({ queues: ["default"], limit: 1_000 });
          return answer;
        },
      }),
    );
    const double = task("double", { keep }, ({ input }: { input: number }) => input * 2);
    const inputs = Array.from({ length: JOBS }, (_, index) => index);
    const jobs = await longshore.enqueueMany(double, inputs);
    void watched.opened.then(() => longshore.worker([double], { concurrency: 10 }));

    expect(await Promise.all(jobs.map((job) => job.result()))).toEqual(inputs.map((input) => input * 2));
  });
});
