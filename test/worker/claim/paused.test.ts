// A queue is paused while a worker has leased jobs of it ahead: it hands those back.
import { expect, it } from "vitest";
import { task } from "longshore";
import { makeGate } from "../fixtures/gate.js";
import { onEveryEngine } from "../fixtures/on-engines.js";

onEveryEngine("a worker that has leased ahead of its slot", (storage) => {
  it("hands back what has not begun once the queue is paused, and runs it in its order after that", async () => {
    const longshore = await storage.connect();
    const paused = longshore.queue("paused");
    const resumed = makeGate();
    const begun: number[] = [];
    const work = task("work", async ({ input }: { input: number }) => {
      begun.push(input);
      if (input === 0) await paused.pause();
      else await resumed.opened;
    });
    const inputs = [0, 1, 2, 3, 4, 5];
    const jobs = await longshore.enqueueMany(work, inputs, { queue: "paused" });
    longshore.worker([work], { queues: ["paused"], concurrency: 1, prefetch: 10 });

    await expect
      .poll(async () => {
        const { completed, queued } = await paused.counts();
        return completed >= 1 && queued >= 4;
      })
      .toBe(true);
    // At most the next job has had the slot before the worker was notified of the pause.
    expect([[0], [0, 1]]).toContainEqual(begun);
    resumed.open();
    await expect.poll(async () => (await paused.counts()).active).toBe(0);
    expect(await paused.counts()).toMatchObject({ queued: 6 - begun.length, completed: begun.length });
    await paused.resume();
    await Promise.all(jobs.map((job) => job.result()));
    expect(begun).toEqual(inputs);
    expect((await Promise.all(jobs.map((job) => job.refresh()))).map(({ attempt }) => attempt)).toEqual(
      inputs.map(() => 1),
    );
  });
});
