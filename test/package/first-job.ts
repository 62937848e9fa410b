// A first program, against the packed package in an empty folder: `npm run check:package` compiles
// it with the types that the package ships and runs it on SQLite.
import { connect, task } from "longshore";

interface Page {
  url: string;
}

const measure = task("measure", { attempts: 2, timeout: "10s" }, async ({ input }: { input: Page }) => {
  return { length: input.url.length };
});

const longshore = await connect("sqlite:jobs.db");
const worker = longshore.worker([measure], { concurrency: 2 });
const jobs = await longshore.enqueueMany(
  measure,
  ["https://a.example", "https://bb.example"].map((url) => ({ url })),
);
const results = await Promise.all(jobs.map((job) => job.result()));
console.log(results.map(({ length }) => length).join(" "));
await worker.stop();
await longshore.close();
