// Runs jobs that use every feature, as one worker does for months, and prints as a line of JSON how much memory its process has at
// points on the way: the heap in use, and what is resident. The first argument is where, the next how many jobs in how many points.
// Needs `node --expose-gc`: what is garbage is not in use.
import { connect, flow, Snooze, task, type FlowBuilder, type Job, type JobContext, type Target } from "longshore";

const [, , target = "", jobs = "", points = ""] = process.argv;
/** How many jobs a round has, those that others make included. */
const A_ROUND = 100;
const SHORT = { keep: { completed: 50, failed: 50 }, backoff: 0 } as const;

const plain = task("plain", { queue: "work", ...SHORT }, ({ input }: JobContext<number>) => ({ input }));
const steps = task(
  "steps",
  { queue: "work", steps: { load: 1, parts: 3 }, milestones: ["SEEN"], ...SHORT },
  async ({
    input,
    step,
    emit,
    progress,
    log,
    count,
  }: JobContext<number, "load" | "parts", Record<"SEEN", unknown>>) => {
    const loaded = await step("load", () => "x".repeat(1_000 + input));
    await emit("SEEN", { size: loaded.length });
    log(`at work on ${input}`);
    progress(50, "half of it");
    const { values } = await step.all("parts", ["a", "b", "c"], (part) => {
      count("parts", 1);
      if (part === "b" && input % 2 === 0) throw new Error("no such part");
      return part;
    });
    return values;
  },
);
const fails = task("fails", { queue: "work", attempts: 2, ...SHORT }, ({ input, job }: JobContext<number>) => {
  if (input % 2 === 0 || job.attempt === 1) throw new Error(`${input} is no good`);
  return input;
});
const slept = new Set<string>();
const sleeps = task("sleeps", { queue: "work", ...SHORT }, ({ job }: JobContext<number>) => {
  if (slept.delete(job.id)) return 1;
  slept.add(job.id);
  throw new Snooze(1);
});
const child = task("child", { queue: "children", ...SHORT }, ({ input }: JobContext<number>) => input);
const parent = task("parent", { queue: "work", ...SHORT }, async ({ input, spawn }: JobContext<number>) => {
  return (await spawn.all("parts", child, [input, input + 1, input + 2])).values;
});
const chain = flow("chain", { queue: "work", keep: SHORT.keep }, ($: FlowBuilder<number>) => {
  const first = $(plain, $.input);
  return $(child, first.input);
});
let superseded = 0;
const replaced = task(
  "replaced",
  { queue: "work", ...SHORT, onSuperseded: () => void (superseded += 1) },
  ({ input }: JobContext<number>) => input,
);

const longshore = await connect(JSON.parse(target) as Target);
const worker = longshore.worker([plain, steps, fails, sleeps, child, parent, replaced], { concurrency: 10 });
for (const event of ["completed", "partial", "failed", "cancelled", "superseded", "expired"] as const) {
  worker.on(event, () => {});
}
await longshore.schedules.put({ name: "poll", task: plain, input: 0, every: "1s", overlap: "skip" });
let seen = 0;
const stop = new AbortController();
const watching = (async () => {
  for await (const event of longshore.watch("work", { signal: stop.signal })) if (event.kind === "state") seen += 1;
})();

/** Enqueues a round, and waits until all of it has ended. */
async function round(number: number): Promise<void> {
  const many = (count: number): number[] => Array.from({ length: count }, (_none, n) => number * 100 + n);
  const key = `round ${number}`;
  const lost = await longshore.enqueueMany(fails, many(8));
  const made: Job[] = [
    ...(await longshore.enqueueMany(plain, many(20), { tags: ["user:42", `round:${number % 7}`], meta: { number } })),
    ...(await longshore.enqueueMany(plain, many(5), { priority: -3, delay: 5 })),
    ...(await longshore.enqueueMany(steps, many(10))),
    ...lost,
    ...(await longshore.enqueueMany(sleeps, many(5))),
    ...(await longshore.enqueueMany(parent, many(5))),
    ...(await longshore.enqueueMany(replaced, many(5), { each: () => ({ supersedes: `key ${number % 3}` }) })),
    ...(await longshore.enqueueMany(plain, many(3), { each: () => ({ unique: { key } }) })),
  ];
  const flows = [await longshore.enqueue(chain, number), await longshore.enqueue(chain, number + 1)];
  const after = await longshore.enqueue(plain, 0, { after: made.slice(0, 3), ifFailed: "continue" });
  await longshore.enqueueMany(plain, many(3), { hold: true, ttl: "1s" });
  const held = await longshore.enqueueMany(plain, many(3), { hold: true });
  for (const job of held) await job.cancel();
  await held[0]?.remove();
  await Promise.allSettled([...made, ...flows, after].map((job) => job.result()));
  await lost[0]?.retry().catch(() => {});
}

const inUse: { heap: number; resident: number }[] = [];
const rounds = Math.ceil(Number(jobs) / A_ROUND / Number(points));
for (let point = 0; point < Number(points); point += 1) {
  for (let n = 0; n < rounds; n += 1) await round(point * rounds + n);
  // Twice: the first lets go of what has a finalizer.
  for (let times = 0; times < 2; times += 1) await globalThis.gc?.({ execution: "async" });
  const { heapUsed, rss } = process.memoryUsage();
  inUse.push({ heap: heapUsed, resident: rss });
}
stop.abort();
await watching;
await longshore.close();
console.log(JSON.stringify({ inUse, superseded, seen }));
