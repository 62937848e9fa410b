// A bulk job whose worker process is killed in the middle of it: the next worker goes on, and every job is touched and counted once.
import { expect, it, onTestFinished } from "vitest";
import { task } from "longshore";
import { onBothEngines } from "./storage-fixture.js";
import { WorkerProcess } from "./worker-process.js";

const JOBS = 2_000;
/** Every so many a job has a key that another job has by now: it cannot be queued again. */
const TAKEN = 20;
const REFUSED = JOBS / TAKEN;
const OPTIONS = { lease: "1s" } as const;
const heap = task<number>("heap", { queue: "heap" }, () => 1);
const each = (n: number): object => (n % TAKEN === 0 ? { unique: { key: `key-${n}` } } : {});

onBothEngines(`a bulk job over ${JOBS} jobs`, (open) => {
  it("is ended by the next worker when its own is killed between a command and its answer", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const numbers = Array.from({ length: JOBS }, (_none, n) => n);
    await longshore.enqueueMany(heap, numbers, { each });
    await longshore.cancelAll({ queue: "heap" });
    const owners = numbers.filter((n) => n % TAKEN === 0);
    await longshore.enqueueMany(heap, owners, { each, delay: "1d" });
    const counts = async (): Promise<number[]> => {
      const { queued, cancelled } = await longshore.queue("heap").counts();
      return [queued, cancelled];
    };
    const job = await longshore.bulk({ action: "retry", filter: { queue: "heap", states: "cancelled" } });
    const doomed = new WorkerProcess({ target: storage.target, options: OPTIONS }, "bulk-worker");
    onTestFinished(async () => void (await doomed.kill()));

    expect(await doomed.ends()).toEqual({ code: null, signal: "SIGKILL" });
    const [queued = 0] = await counts();
    expect([queued > 500, queued <= 1_000]).toEqual([true, true]);
    expect((await job.refresh()).state).toBe("active");

    await storage.start(OPTIONS);
    const { matched, applied, refused, firstRefusals } = await job.result();
    expect({ matched, applied, refused }).toEqual({
      matched: JOBS,
      applied: JOBS - REFUSED,
      refused: { conflict: REFUSED },
    });
    expect(new Set(firstRefusals.map(({ id }) => id)).size).toBe(20);
    expect(await counts()).toEqual([JOBS - REFUSED, REFUSED]);
    expect(await job.refresh()).toMatchObject({ attempt: 1, crashes: 1, progress: { percent: 100 } });
  });
});
