// Handlers that block the event loop of their worker for longer than the lease. Time is real here: what is tested is a
// thread that goes on while this one cannot.
import { expect, it } from "vitest";
import { task, type JobContext } from "longshore";
import { onEveryEngine } from "./on-engines.js";

const block = task("block", { attempts: 3, backoff: 0 }, ({ input }: JobContext<number>) => {
  const until = performance.now() + input;
  while (performance.now() < until);
  return "done";
});

onEveryEngine("a handler that blocks the event loop", (harbour) => {
  it("keeps its lease until it is done", async () => {
    const longshore = await harbour.connect();
    const worker = longshore.worker([block], { lease: "1s" });
    const lost: string[] = [];
    worker.on("lost", ({ id }) => lost.push(id));
    const job = await longshore.enqueue(block, 2_600);

    expect(await job.result()).toBe("done");
    expect(await job.refresh()).toMatchObject({ crashes: 0, attempt: 1 });
    expect(lost).toEqual([]);
  });
});

onEveryEngine("a handler that hangs", (harbour) => {
  it("loses its lease some time after its timeout", async () => {
    const longshore = await harbour.connect();
    // Where nobody else can take the job over there is no lease to lose.
    if (!longshore.info.shared) return;
    const worker = longshore.worker([block], { lease: "1s", grace: 0, name: "hanging" });
    worker.on("error", () => {});
    const lost = new Promise((resolve) => worker.once("lost", ({ id }) => resolve(id)));
    const { id } = await longshore.enqueue(block, 4_000, { timeout: 500 });

    expect(await lost).toBe(id);
    await worker.stop({ grace: 0 });
  });
});
