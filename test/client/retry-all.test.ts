// Many jobs are retried by a filter: each after those that it waits for, in whatever order they are listed.
import { expect, it } from "vitest";
import { task, type Job, type Longshore } from "longshore";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";

const QUEUES = ["a", "b", "c"];

/** Fails while `broken` holds, and records what ran in the end. */
function makeWork(): { work: ReturnType<typeof task<number>>; mend: () => void; ran: number[] } {
  const state = { broken: true };
  const ran: number[] = [];
  const work = task<number>("work", { attempts: 1 }, ({ input }) => {
    if (state.broken) throw new Error("broken");
    ran.push(input);
  });
  return { work, mend: () => void (state.broken = false), ran };
}

async function drain(longshore: Longshore, work: ReturnType<typeof task<number>>): Promise<void> {
  await longshore.worker([work], { queues: QUEUES, burst: true }).finished;
}

onEveryEngine("retryAll", (storage) => {
  it.each([
    { how: "from the first queue to the last", order: ["a", "b", "c"] },
    { how: "from the last queue to the first", order: ["c", "b", "a"] },
    { how: "within one queue", order: ["a", "a", "a"] },
  ])("queues a chain again in its order, $how", async ({ order }) => {
    const longshore = await storage.connect();
    const { work, mend, ran } = makeWork();
    const chain: Job[] = [];
    for (const [index, queue] of order.entries()) {
      chain.push(await longshore.enqueue(work, index, { queue, after: chain.slice(-1) }));
    }
    await drain(longshore, work);
    mend();

    expect(await longshore.retryAll({ task: "work" })).toEqual({ matched: 3, applied: 3, skipped: 0, cursor: null });
    expect(await Promise.all(chain.map(async (job) => (await job.refresh()).state))).toEqual([
      "queued",
      "blocked",
      "blocked",
    ]);
    await drain(longshore, work);
    expect(ran).toEqual([0, 1, 2]);
  });

  it("takes what a job waits for along from later pages, once", async () => {
    const longshore = await storage.connect();
    const { work, mend, ran } = makeWork();
    const first = await longshore.enqueue(work, 0, { queue: "c" });
    await longshore.enqueueMany(work, [1, 2, 3, 4, 5], { queue: "a", after: [first] });
    await drain(longshore, work);
    mend();

    const some = await longshore.retryAll({ task: "work" }, { limit: 2 });
    expect(some).toMatchObject({ matched: 3, applied: 3 });
    expect((await first.refresh()).state).toBe("queued");
    const rest = await longshore.retryAll({ task: "work" }, { cursor: some.cursor });
    expect(rest).toEqual({ matched: 3, applied: 3, skipped: 0, cursor: null });
    await drain(longshore, work);
    expect(ran.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("queues a job again after those that it spawned", async () => {
    const longshore = await storage.connect();
    const { work, mend, ran } = makeWork();
    const maker = task("maker", { queue: "a", attempts: 1 }, async ({ spawn }) => {
      await spawn.all("works", work, [7], { queue: "c" });
    });
    const run = async (): Promise<void> => {
      await longshore.worker([work, maker], { queues: QUEUES, burst: true }).finished;
    };
    const job = await longshore.enqueue(maker, null);
    await run();
    expect((await job.refresh()).state).toBe("failed");
    mend();

    expect(await longshore.retryAll({}, { limit: 1 })).toMatchObject({ matched: 2, applied: 2 });
    expect((await job.refresh()).state).toBe("blocked");
    await run();
    expect([ran, (await job.refresh()).state]).toEqual([[7], "completed"]);
  });

  it("leaves what does not match as it is", async () => {
    const longshore = await storage.connect();
    const { work } = makeWork();
    const first = await longshore.enqueue(work, 0, { queue: "c" });
    const second = await longshore.enqueue(work, 1, { queue: "a", after: [first] });
    await drain(longshore, work);

    expect(await longshore.retryAll({ queue: "a" })).toMatchObject({ matched: 1, applied: 1 });
    expect((await first.refresh()).state).toBe("failed");
    expect((await second.refresh()).error?.code).toBe("DEPENDENCY_FAILED");
  });
});
