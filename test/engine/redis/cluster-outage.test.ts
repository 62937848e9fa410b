// A cluster one of whose nodes is down: its queues wait, all others go on.
import { describe, expect, inject, it } from "vitest";
import { EngineUnavailable, task, type Job } from "longshore";
import { makeGate } from "../../worker/fixtures/gate.js";
import { ClusterFixture } from "./cluster-fixture.js";

const JOBS = 20;

describe.skipIf(!inject("canStartRedis"))("a worker on queues of several nodes", () => {
  it.each([
    ["another node than the list of queues", false],
    ["the node with the list of queues", true],
  ])("goes on with the others while one is down, %s", async (_what, list) => {
    const fixture = await ClusterFixture.start();
    const lost = list ? fixture.listNode : (fixture.listNode + 1) % 3;
    const queueLost = fixture.queues[lost] ?? "";
    const runs = new Map<string, number>();
    const gate = makeGate();
    const work = task("work", async ({ job, input }: { job: { id: string }; input: "wait" | null }) => {
      runs.set(job.id, (runs.get(job.id) ?? 0) + 1);
      if (input === "wait") await gate.opened;
      return "done";
    });
    const longshore = await fixture.connect();
    const worker = longshore.worker([work], { queues: [queueLost, ...fixture.queues], concurrency: 4, lease: "5s" });
    worker.on("error", () => undefined);
    await worker.ready();
    // One job runs when the node goes down, and ends while it is down.
    const running = await longshore.enqueue(work, "wait", { queue: queueLost });
    await expect.poll(() => runs.get(running.id)).toBe(1);
    await fixture.node(lost).kill();
    gate.open();

    const healthy: Job[] = [];
    for (const queue of fixture.queues.filter((name) => name !== queueLost)) {
      healthy.push(
        ...(await longshore.enqueueMany(
          work,
          Array.from({ length: JOBS }, () => null),
          { queue },
        )),
      );
    }
    // A worker that begins meanwhile works too.
    const other = await fixture.connect();
    const second = other.worker([work], { queues: [queueLost, ...fixture.queues], lease: "5s" });
    second.on("error", () => undefined);
    await second.ready();
    expect(await Promise.all(healthy.map((job) => job.result()))).toEqual(healthy.map(() => "done"));
    await expect(longshore.enqueue(work, null, { queue: queueLost })).rejects.toThrow(EngineUnavailable);

    await fixture.node(lost).start();
    expect(await running.result()).toBe("done");
    const late = await longshore.enqueueMany(
      work,
      Array.from({ length: JOBS }, () => null),
      { queue: queueLost },
    );
    expect(await Promise.all(late.map((job) => job.result()))).toEqual(late.map(() => "done"));
    expect(new Set(runs.values())).toEqual(new Set([1]));
    expect((await longshore.queues()).map(({ name }) => name).toSorted()).toEqual(fixture.queues.toSorted());
    await Promise.all([worker.stop(), second.stop()]);
  });
});
