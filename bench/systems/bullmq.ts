/** BullMQ as its documentation says is fastest: addBulk, one worker with concurrency, no event stream consumers. */
import { createRequire } from "node:module";
import { Queue, Worker } from "bullmq";
import { RESULT, type System } from "../system.js";

const manifest = createRequire(import.meta.url)("bullmq/package.json") as { version: string };

export const bullmq: System = {
  name: "bullmq",
  version: manifest.version,
  settings: "addBulk of 1,000, attempts 3, results kept, autorun worker",
  async start(redisUrl, name) {
    const { hostname, port } = new URL(redisUrl);
    const connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null };
    const queue = new Queue(name, { connection, defaultJobOptions: { attempts: 3 } });
    await queue.waitUntilReady();
    return {
      async add(payloads) {
        const ids: string[] = [];
        for (let from = 0; from < payloads.length; from += 1_000) {
          const part = payloads.slice(from, from + 1_000).map((data) => ({ name: "work", data }));
          for (const job of await queue.addBulk(part)) ids.push(job.id ?? "");
        }
        return ids;
      },
      async run(concurrency, total) {
        const done = new Set<string>();
        const worker = new Worker(name, () => Promise.resolve(RESULT), { connection, concurrency });
        await new Promise<void>((resolve) => {
          worker.on("completed", ({ id }) => {
            done.add(id ?? "");
            if (done.size === total) resolve();
          });
        });
        return { done, stop: () => worker.close() };
      },
      completed: () => queue.getCompletedCount(),
      async close() {
        await queue.obliterate({ force: true });
        await queue.close();
      },
    };
  },
};
