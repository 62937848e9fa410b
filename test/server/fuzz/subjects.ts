/**
 * What requests are about: jobs in several states, a flow, a schedule, a worker, a failure group, a bulk job. Most of them have ids that
 * never change; what requests remove comes back.
 */
import { flow, task, type Longshore, type Worker } from "longshore";
import { IDS } from "./operations.js";

/** What a parameter mostly has, by its name; where it begins with a path, of parameters of that path. */
export type Usual = Readonly<Record<string, readonly string[]>>;

/** The tag of some of the jobs. */
export const TAG = "user:42";
/** Stands in what belongs to jobs without the tag, errors included. */
export const OTHERS = "what-others-have";
/** Stands in payloads of all jobs: inputs, meta, values of steps, lines of logs. */
export const PAYLOAD = "what-a-payload-has";

const meta = { note: PAYLOAD };
const input = { url: `${PAYLOAD} ${OTHERS}` };

const fail = task("fail", { queue: "busy", attempts: 1 }, async ({ step, log }) => {
  log(`${PAYLOAD} ${OTHERS}`);
  await step("first", () => Promise.resolve(`${PAYLOAD} ${OTHERS}`));
  throw new Error(`it always fails: ${OTHERS}`);
});
const pages = flow("pages", {}, ($) => {
  $("first", input, { name: "scan", queue: "one" });
});
const hour = { delay: "1h" } as const;

/** How many requests go by before what they removed or changed comes back. */
const AGAIN = 50;

export class Subjects {
  readonly #longshore: Longshore;
  #worker: Worker | null = null;
  #preparing: Promise<Usual> | null = null;
  #asked = 0;

  constructor(longshore: Longshore) {
    this.#longshore = longshore;
  }

  /** What there is for the next request. Every so many requests what is missing is brought back, once for all rows. */
  async next(): Promise<Usual> {
    this.#asked += 1;
    if (this.#asked % AGAIN === 1) this.#preparing = this.#prepare();
    return this.#preparing ?? {};
  }

  async #prepare(): Promise<Usual> {
    const longshore = this.#longshore;
    await this.#work();
    for (const id of [...IDS.filter((known) => known !== "job_7"), "flow_1"]) {
      for (const ref of await longshore.jobsWithId(id)) await this.#remove(ref.queue, id);
    }
    for (const queue of ["one", "two"]) {
      await longshore.enqueue("scan", { note: PAYLOAD }, { id: "job_1", queue, tags: [TAG], meta });
    }
    await longshore.enqueue("scan", input, { meta, id: "job_2", queue: "one", ...hour });
    await longshore.enqueue("scan", input, { meta, id: "job_3", queue: "two", hold: true });
    await longshore.enqueue("scan", input, { meta, id: "job_4", after: [{ queue: "one", id: "job_2" }] });
    const ended = await longshore.enqueue("scan", input, { meta, id: "job_5", ...hour });
    await ended.cancel().catch(() => {});
    await longshore.enqueue("scan", input, { meta, id: "job_6" });
    await longshore.enqueue(pages, null, { id: "flow_1", meta: { note: OTHERS } });
    await longshore.schedules.put({ name: "every", task: "scan", input, every: "1h" });
    await longshore.schedules.put({ name: "nightly", task: "scan", cron: "0 3 * * *", paused: true });
    const bulk = await longshore.bulk({ action: "promote", filter: { queue: "one", tag: "none" }, by: OTHERS });
    const failing = await longshore.enqueue(fail, undefined, { id: "job_7", meta });
    // It has logs and steps soon.
    await failing.result({ timeout: "5s" }).catch(() => {});
    const fingerprint = await this.#fingerprint();
    return {
      ...{ wait: ["1ms", "5ms", "10"], limit: ["1", "200", "7"], states: ["queued", "failed,queued"] },
      ...{
        id: [...IDS, "flow_1"],
        job_id: IDS,
        name: ["every", "nightly"],
        worker: ["worker-1"],
        fingerprint: [fingerprint],
      },
      ...{ queue: ["one", "two", "default"], topics: TOPICS, tag: [TAG] },
      ...{ "/api/bulk/": [bulk.id], "/api/flows/": ["flow_1"] },
    };
  }

  /** Removes all jobs and schedules, but for those of the queues that the worker is at. */
  async clear(): Promise<void> {
    this.#asked = 0;
    for (const { name } of await this.#longshore.schedules.list()) await this.#longshore.schedules.remove(name);
    for (const { name } of await this.#longshore.queues({ system: true })) {
      if (name !== fail.queue && !name.startsWith("longshore:"))
        await this.#longshore.queue(name).obliterate({ force: true });
    }
  }

  async close(): Promise<void> {
    await this.#worker?.stop();
  }

  async #work(): Promise<void> {
    if (this.#worker === null || this.#worker.state === "stopped" || this.#worker.state === "stopping") {
      await this.#worker?.finished;
      this.#worker = this.#longshore.worker([fail], { name: "worker-1" });
    }
    // It may have been bidden to rest.
    await this.#longshore
      .worker("worker-1")
      .resume()
      .catch(() => {});
  }

  /** A job that runs, or whose dependents need it, stays. */
  async #remove(queue: string, id: string): Promise<void> {
    await this.#longshore
      .queue(queue)
      .job(id)
      .remove()
      .catch(() => {});
  }

  async #fingerprint(): Promise<string> {
    const [group] = (await this.#longshore.failures({ queues: ["busy"] }).page({ limit: 1 })).groups;
    if (group !== undefined) return group.fingerprint;
    const failed = await this.#longshore.queue("busy").job("job_7").refresh();
    return failed.error?.fingerprint ?? "none";
  }
}

const TOPICS = [
  "overview",
  "failures",
  "queue:one",
  "job:job_2,flow:flow_1",
  "tag:user:42",
  "job:one/job_1",
  "worker:x",
];
