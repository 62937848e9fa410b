// Runs jobs round after round, as a worker does for months, and prints as a line of JSON how much memory is in use after each.
// The first argument is where, the next how many rounds of how many jobs. Needs `node --expose-gc`: what is garbage is not in
// use.
import { connect, task, type JobContext, type Target } from "longshore";

const [, , target = "", rounds = "", jobs = ""] = process.argv;
const longshore = await connect(JSON.parse(target) as Target);
let ended = (): void => {};
const work = task(
  "work",
  { queue: "work", keep: { completed: 10, failed: 10 }, attempts: 2, backoff: 0 },
  ({ input, job, progress, log }: JobContext<number>) => {
    progress(50, `half of ${input}`);
    log(`at work on ${input}`);
    if (input % 10 === 0 && job.attempt === 1) throw new Error(`${input} is a round number`);
    return { input };
  },
);
const worker = longshore.worker([work]);
worker.on("completed", () => ended());
const inUse: number[] = [];
for (let round = 0; round < Number(rounds); round += 1) {
  let left = Number(jobs);
  const all = new Promise<void>((resolve) => {
    ended = () => {
      left -= 1;
      if (left === 0) resolve();
    };
  });
  await longshore.enqueueMany(
    work,
    Array.from({ length: left }, (_, n) => n),
  );
  await all;
  // Twice: the first lets go of what has a finalizer.
  for (let times = 0; times < 2; times += 1) await globalThis.gc?.({ execution: "async" });
  inUse.push(process.memoryUsage().heapUsed);
}
await longshore.close();
console.log(JSON.stringify(inUse));
