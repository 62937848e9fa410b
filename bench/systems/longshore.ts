/** Longshore on Redis, with its defaults. */
import { readFileSync } from "node:fs";
import { connect, task } from "longshore";
import { RESULT, type Payload, type System } from "../system.js";

const manifest: { version: string } = JSON.parse(readFileSync("package.json", "utf8"));

export const longshore: System = {
  name: "longshore",
  version: manifest.version,
  settings: "defaults, results kept",
  async start(redisUrl, queue) {
    const client = await connect(redisUrl);
    const work = task<Payload, typeof RESULT>("work", { queue });
    return {
      async add(payloads) {
        const ids: string[] = [];
        for (let from = 0; from < payloads.length; from += 1_000) {
          const jobs = await client.enqueueMany(work, payloads.slice(from, from + 1_000));
          for (const job of jobs) ids.push(job.id);
        }
        return ids;
      },
      async run(concurrency, total) {
        const done = new Set<string>();
        const worker = client.worker([work], { concurrency }).handle(work, () => RESULT);
        await new Promise<void>((resolve) => {
          worker.on("completed", ({ id }) => {
            done.add(id);
            if (done.size === total) resolve();
          });
        });
        // Stopping is not part of what is measured.
        return { done, stop: () => worker.stop() };
      },
      completed: () => client.queue(queue).getCompletedCount(),
      async close() {
        await client.queue(queue).obliterate({ force: true });
        await client.close();
      },
    };
  },
};
