/**
 * The process that ends the children of a worker that died. Told of them on standard input, line by line; when that
 * closes, the worker is gone, and so must they be.
 */
import { createInterface } from "node:readline";
import { killGroup, killMarked } from "./process-marks.js";

const children = new Map<number, string>();

// Its end is its input's end: it has to outlive whatever stops the worker.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const [sign, pid = "", mark = ""] = line.split(" ");
  if (sign === "+") children.set(Number(pid), mark);
  else children.delete(Number(pid));
}
for (const pid of children.keys()) killGroup(pid);
await Promise.all([...children.values()].map((mark) => killMarked(mark)));
