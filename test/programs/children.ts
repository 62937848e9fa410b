// A worker whose jobs run in processes of their own, for tests that kill it. Runs the jobs that its first argument lists
// (JSON: pairs of a task's name and an input), and reports those processes as JSON lines on standard output.
import { setTimeout as sleep } from "node:timers/promises";
import { connect, module, task } from "longshore";

const [, , root = "", jobs = "[]"] = process.argv;
const longshore = await connect("memory:");
const tasks = ["spin", "breed", "deaf"].map((name) =>
  task(name, { runner: "process" }, module(`./handlers.mjs#${name}`)),
);
longshore.worker(tasks, { tasksRoots: [root] });
for (const [name, input] of JSON.parse(jobs) as [string, unknown][]) {
  const job = await longshore.enqueue(name, input);
  for (;;) {
    const { meta } = await job.refresh();
    if (meta !== null && "pid" in meta) {
      console.log(JSON.stringify(meta));
      break;
    }
    await sleep(10);
  }
}
console.log("ready");
process.stdin.resume().once("end", () => process.exit(1));
