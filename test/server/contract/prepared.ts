/** What requests of the contract test meet: tasks that the server knows, and jobs in every state that a command may need. */
import { flow, task, type Job, type Longshore } from "longshore";
import { z } from "zod";

/** The task of the examples. */
export const scan = task(
  "scan",
  { queue: "scans", attempts: 1, input: z.object({ url: z.string() }) },
  async ({ input, step, emit, log }) => {
    const pages = await step("crawl", () => Promise.resolve(3));
    await emit("teaser", { title: "T" });
    log(`crawled ${input.url}`);
    if (input.url === "bad") throw new Error("no such site");
    return { pages };
  },
);

const rest = task("rest", { queue: "elsewhere" }, () => null);

const site = flow("site", { queue: "scans" }, ($) => {
  $(scan, { url: "first" }, { name: "first" });
  $(scan, { url: "second" }, { name: "second" });
});

/** The names of what is there, by what it is. */
export interface Prepared {
  readonly completed: string;
  readonly failed: string;
  readonly queued: string;
  readonly delayed: string;
  readonly held: string;
  readonly flow: string;
  readonly bulk: string;
  readonly queue: string;
  readonly worker: string;
  readonly schedule: string;
  readonly fingerprint: string;
  readonly tag: string;
}

/** What a command may use up. */
type Renewed = Pick<Prepared, "queued" | "delayed" | "held" | "bulk" | "schedule">;

const OPTIONS = { tags: ["user:42"], meta: { from: "test" } };

/** Fills a connection. */
export async function prepare(longshore: Longshore): Promise<Prepared> {
  const completed = await longshore.enqueue(scan, { url: "good" }, OPTIONS);
  // The id of an example.
  const failed = await longshore.enqueue(scan, { url: "bad" }, { ...OPTIONS, id: "abc-123" });
  const whole = await longshore.enqueue(site);
  await longshore.worker([scan], { burst: true }).finished;
  // One that is there, and runs nothing: bulk jobs stay as they are.
  await longshore.worker([rest], { name: "scanner" }).ready();
  await longshore.worker("scanner").quiet();
  const [group] = (await longshore.failures().page()).groups;
  return {
    completed: completed.id,
    failed: failed.id,
    flow: whole.id,
    queue: "scans",
    worker: "scanner",
    fingerprint: group?.fingerprint ?? "",
    tag: "user:42",
    ...(await renew(longshore)),
  };
}

/** Makes anew what commands use up. */
export async function renew(longshore: Longshore): Promise<Renewed> {
  const waiting = (more: object): Promise<Job> => longshore.enqueue(scan, { url: "good" }, { ...OPTIONS, ...more });
  const [queued, delayed, held, bulk] = await Promise.all([
    waiting({}),
    waiting({ delay: "1h" }),
    waiting({ hold: true }),
    longshore.bulk({ action: "promote", filter: { states: "delayed" } }),
    longshore.schedules.put({ name: "nightly", task: "scan", input: { url: "good" }, cron: "0 3 * * *" }),
  ]);
  return { queued: queued.id, delayed: delayed.id, held: held.id, bulk: bulk.id, schedule: "nightly" };
}

/** The commands after which there is not what others need: they come last, in this order. */
export const LAST = [
  "POST /api/workers/{worker}/resume",
  "POST /api/workers/{worker}/stop",
  "POST /api/queues/{queue}/obliterate",
];

/** What stands for a parameter of a path: by operation and name, or by name alone. */
export const PARAMETERS: Readonly<Record<string, keyof Prepared>> = {
  id: "completed",
  queue: "queue",
  worker: "worker",
  name: "schedule",
  fingerprint: "fingerprint",
  tag: "tag",
  "flows.get id": "flow",
  "flows.graph id": "flow",
  "bulk.get id": "bulk",
  "bulk.cancel id": "bulk",
  "jobs.cancel id": "queued",
  "jobs.promote id": "delayed",
  "jobs.release id": "held",
  "jobs.remove id": "held",
  "jobs.update id": "queued",
};
