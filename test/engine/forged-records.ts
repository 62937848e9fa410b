// A worker on a queue in which records were forged, beside innocent jobs: whatever becomes of the forged ones, the others
// are run, listings answer, and the worker stops.
import { expect } from "vitest";
import { connect, task, type Job, type Target } from "longshore";
import { makeGate } from "../worker/fixtures/gate.js";

/** Options that leave something in every place where a job can. */
const EVERYWHERE = {
  attempts: 3,
  backoff: { type: "exponential", delay: 10, max: 20, jitter: 0 },
  timeout: "1m",
  ttl: "1h",
  keep: { completed: { age: "1h", count: 100 }, failed: { age: "1h", count: 100 } },
  tags: ["forged"],
} as const;

/** When a record is forged: while its job waits, or while it runs. */
export type Moment = "waiting" | "running";

/** Forges a record of each of some jobs, runs them and their neighbours. @param how the handlers of the forged ones end */
export async function runBeside(
  target: Target,
  moment: Moment,
  how: "completes" | "fails",
  forgeries: readonly ((id: string) => Promise<unknown>)[],
): Promise<void> {
  const longshore = await connect(target);
  const gate = makeGate();
  const begun = makeGate();
  let running = 0;
  const suspect = task("suspect", EVERYWHERE, async ({ log, count, step }) => {
    await step("a", () => 1);
    log("here");
    count("n");
    running += 1;
    if (running === forgeries.length) begun.open();
    if (moment === "running") await gate.opened;
    if (how === "fails") throw new Error("as told");
    return 1;
  });
  const innocent = task("innocent", { keep: EVERYWHERE.keep }, ({ input }) => input);
  const jobs: Job[] = [];
  for (const [index] of forgeries.entries()) {
    jobs.push(await longshore.enqueue(suspect, null, { meta: { a: 1 }, unique: { key: `forged-${index}` } }));
  }
  const forge = async (): Promise<void> => {
    for (const [index, one] of forgeries.entries()) await one(jobs[index]?.id ?? "");
  };
  if (moment === "waiting") await forge();
  const worker = longshore.worker([suspect, innocent], { concurrency: forgeries.length + 4 });
  worker.on("error", () => {});
  if (moment === "running") {
    await begun.opened;
    await forge();
  }
  const before = await longshore.enqueueMany(innocent, [1, 2, 3] as never[]);
  gate.open();
  const after = await longshore.enqueueMany(innocent, [4, 5, 6] as never[]);
  const results = await Promise.all([...before, ...after].map((one) => one.result()));
  expect(results).toEqual([1, 2, 3, 4, 5, 6]);

  expect((await longshore.queues()).map(({ name }) => name)).toContain("default");
  expect(await longshore.workers()).toHaveLength(1);
  expect((await longshore.jobs().page()).jobs.length).toBeGreaterThanOrEqual(6);
  for (const job of jobs) {
    for (const look of [() => job.refresh(), () => job.steps(), () => job.logs()]) await look().catch(() => {});
  }
  await worker.stop({ grace: 0 });
  await longshore.close();
}
