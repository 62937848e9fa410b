/**
 * The orphan guard's program: kills the children of a worker that died. Its arguments are those that live when it
 * starts (`pid mark`); standard input says what changes, line by line (`+ pid mark`, `- pid`). When standard input
 * closes, the worker is gone, and the children left are killed.
 */
import { createInterface } from "node:readline";
import { killGroup, killMarked } from "./process-marks.js";

const children = new Map<number, string>();
for (const child of process.argv.slice(2)) {
  const [pid, mark = ""] = child.split(" ");
  children.set(Number(pid), mark);
}

// It ends only when its input ends: it must outlive whatever signal stops the worker.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const [sign, pid = "", mark = ""] = line.split(" ");
  if (sign === "+") children.set(Number(pid), mark);
  else children.delete(Number(pid));
}
for (const pid of children.keys()) killGroup(pid);
await Promise.all([...children.values()].map((mark) => killMarked(mark)));
