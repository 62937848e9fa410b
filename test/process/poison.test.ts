// A job that takes its worker down each time it runs, among jobs that do nothing wrong.
import { expect, it, onTestFinished } from "vitest";
import { onBothEngines, type Harbour } from "./harbour.js";
import { WorkerProcess } from "./worker-process.js";

const NEIGHBOURS = 50;

/** Keeps one worker process running, whatever happens to it, until the test is over. */
class Watchman {
  deaths = 0;
  readonly #harbour: Harbour;
  #current: WorkerProcess | null = null;
  #off = false;

  constructor(harbour: Harbour) {
    this.#harbour = harbour;
    onTestFinished(() => this.leave());
    this.#watch();
  }

  async leave(): Promise<void> {
    this.#off = true;
    await this.#current?.kill();
  }

  #watch(): void {
    const current = new WorkerProcess({ target: this.#harbour.target, options: { lease: "1s", concurrency: 5 } });
    this.#current = current;
    void current.exited.then(() => {
      if (this.#off) return;
      this.deaths += 1;
      this.#watch();
    });
  }
}

onBothEngines("a job that kills its worker", (open) => {
  it.each(["abort", "kill"] as const)(
    "fails as lost after three deaths (%s), and its neighbours complete",
    async (how) => {
      const harbour = await open();
      const longshore = await harbour.connect();
      const inputs = Array.from({ length: NEIGHBOURS }, () => ({ ms: 20 }));
      const before = await longshore.enqueueMany("work", inputs.slice(0, 10), { queue: "work" });
      const poison = await longshore.enqueue("poison", { how }, { queue: "work" });
      const neighbours = [...before, ...(await longshore.enqueueMany("work", inputs.slice(10), { queue: "work" }))];
      const watchman = new Watchman(harbour);

      await expect(poison.result()).rejects.toThrow("failed");
      await Promise.all(neighbours.map((job) => job.result()));
      await watchman.leave();
      expect(watchman.deaths).toBe(3);
      const lost = await poison.refresh();
      expect(lost).toMatchObject({ state: "failed", crashes: 3, error: { code: "WORKER_LOST" } });
      expect(lost.history.map(({ outcome }) => outcome)).toEqual(["crashed", "crashed", "crashed"]);
      for (const job of neighbours) {
        const { state, crashes, attempt } = await job.refresh();
        expect({ state, attempt }).toEqual({ state: "completed", attempt: 1 });
        expect(crashes).toBeLessThan(3);
      }
    },
    60_000,
  );
});
