// A job that takes its worker down each time it runs, among jobs that do nothing wrong.
import { expect, it } from "vitest";
import { onBothEngines } from "./storage-fixture.js";
import { WorkerPool } from "./worker-pool.js";

const NEIGHBOURS = 50;

onBothEngines("a job that kills its worker", (open) => {
  it.each(["abort", "kill"] as const)(
    "fails as lost after three deaths (%s), and its neighbours complete",
    async (how) => {
      const storage = await open();
      const longshore = await storage.connect();
      const inputs = Array.from({ length: NEIGHBOURS }, () => ({ ms: 20 }));
      const before = await longshore.enqueueMany("work", inputs.slice(0, 10), { queue: "work" });
      const poison = await longshore.enqueue("poison", { how }, { queue: "work" });
      const neighbours = [...before, ...(await longshore.enqueueMany("work", inputs.slice(10), { queue: "work" }))];
      const pool = new WorkerPool({ target: storage.target, options: { lease: "1s", concurrency: 5 } }, 1);

      await expect(poison.result()).rejects.toThrow("failed");
      await Promise.all(neighbours.map((job) => job.result()));
      await pool.close();
      expect(pool.deaths).toBe(3);
      const lost = await poison.refresh();
      expect(lost).toMatchObject({ state: "failed", crashes: 3, error: { code: "WORKER_LOST" } });
      expect(lost.history.map(({ outcome }) => outcome)).toEqual(["crashed", "crashed", "crashed"]);
      for (const job of neighbours) {
        const { state, crashes, attempt } = await job.refresh();
        expect({ state, attempt }).toEqual({ state: "completed", attempt: 1 });
        expect(crashes).toBeLessThan(3);
      }
    },
  );
});
