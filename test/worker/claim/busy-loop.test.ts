// Handlers that block the event loop of their worker for longer than the lease. Time is real here: what is tested is a
// thread that goes on while this one cannot.
import { expect, it } from "vitest";
import { task, type JobContext } from "longshore";
import { onEveryEngine } from "../fixtures/on-engines.js";

const block = task("block", { attempts: 3, backoff: 0 }, ({ input }: JobContext<number>) => {
  // The event loop is kept all the same, and the CPU is left to others.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, input);
  return "done";
});

onEveryEngine("a handler that blocks the event loop", (storage) => {
  it("keeps its lease until it is done", async () => {
    const longshore = await storage.connect();
    const worker = longshore.worker([block], { lease: "1s" });
    const lost: string[] = [];
    worker.on("lost", ({ id }) => lost.push(id));
    const job = await longshore.enqueue(block, 2_600);

    expect(await job.result()).toBe("done");
    expect(await job.refresh()).toMatchObject({ crashes: 0, attempt: 1 });
    expect(lost).toEqual([]);
  });
});
