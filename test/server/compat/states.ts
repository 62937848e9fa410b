/** Jobs in every state there is, brought there by a real worker. */
import { once } from "node:events";
import { expect } from "vitest";
import { STATES, task, type Job, type JobState, type Longshore } from "longshore";

/** What every one of these jobs was made with. */
export const INPUT = { videoId: "v1", personaRole: "analyst" };
export const META = { company_url: "https://example.org/", user_id: "u1" };
export const RESULT = { files_created: 3, message: "done" };

const queue = "states";

/** A job in each state, by state, and how to let the active one go. */
export async function jobsInEveryState(
  longshore: Longshore,
): Promise<{ readonly jobs: Readonly<Record<JobState, Job>>; readonly release: () => void }> {
  const held = new AbortController();
  const released = once(held.signal, "abort");
  const work = task("work", { queue, attempts: 1 }, async ({ progress, job }) => {
    progress(50, "half");
    if (job.id === "active") await released;
    return RESULT;
  });
  const fail = task("break", { queue, attempts: 1 }, () => Promise.reject(new Error("the model is down")));
  const half = task("half", { queue, attempts: 1, steps: ["first"] }, async ({ step }) => {
    await step("first", () => Promise.reject(new Error("no picture")), { optional: true });
    return RESULT;
  });
  const expired = await longshore.enqueue("work", INPUT, { ...options("expired"), queue, ttl: 1 });
  const failed = await longshore.enqueue(fail, INPUT as never, options("failed"));
  const partial = await longshore.enqueue(half, INPUT as never, options("partial"));
  const completed = await longshore.enqueue(work, INPUT as never, options("completed"));
  const superseded = await longshore.enqueue(work, INPUT as never, { ...options("superseded"), supersedes: "s" });
  await longshore.enqueue(work, INPUT as never, { ...options("superseding"), supersedes: "s" });
  const cancelled = await longshore.enqueue(work, INPUT as never, { ...options("cancelled"), delay: "1h" });
  await cancelled.cancel();
  const active = await longshore.enqueue(work, INPUT as never, options("active"));
  longshore.worker([work, fail, half], { concurrency: 4 });
  const jobs = {
    ...{ active, completed, partial, failed, cancelled, superseded, expired },
    blocked: await longshore.enqueue(work, INPUT as never, { ...options("blocked"), hold: true }),
    delayed: await longshore.enqueue(work, INPUT as never, { ...options("delayed"), delay: "1h" }),
    queued: await longshore.enqueue("unserved", INPUT, { ...options("queued"), queue: "unserved" }),
  };
  for (const state of STATES) await expect.poll(async () => (await jobs[state].refresh()).state).toBe(state);
  await expect.poll(async () => (await active.progress())?.percent).toBe(50);
  return { jobs, release: () => held.abort() };
}

function options(id: string): { id: string; meta: typeof META } {
  return { id, meta: META };
}
