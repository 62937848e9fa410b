/**
 * The orphan guard's program: kills the children of a worker that died. It reads them from standard input, line by line
 * (`+ pid mark`, `- pid`). When standard input closes, the worker is gone, and the children left are killed.
 */
import { createInterface } from "node:readline";
import { killGroup, killMarked } from "./process-marks.js";

const children = new Map<number, string>();

// It ends only when its input ends: it must outlive whatever signal stops the worker.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const [sign, pid = "", mark = ""] = line.split(" ");
  if (sign === "+") children.set(Number(pid), mark);
  else children.delete(Number(pid));
}
for (const pid of children.keys()) killGroup(pid);
await Promise.all([...children.values()].map((mark) => killMarked(mark)));
