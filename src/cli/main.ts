#!/usr/bin/env node
/** The `longshore` command: runs it, and turns whatever happens into an exit code. */
import { report } from "./terminal/exit.js";
import { createProgram } from "./program.js";

// The reader of our output may close it early (`longshore jobs | head`), or go with its terminal. A command that runs jobs, or serves, then
// stops as it does on a signal.
let isRead = true;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (!isClosed(error)) throw error;
  // Node before 24 crashes at its end when its terminal is closed.
  if (isRead && error.code === "EIO") process.once("exit", () => process.kill(process.pid, "SIGKILL"));
  if (isRead && !process.emit("SIGTERM", "SIGTERM")) process.exit();
  isRead = false;
});

// Notes beside the result go to standard error: a reader that closes it does not end the work.
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (!isClosed(error)) throw error;
});

function isClosed({ code }: NodeJS.ErrnoException): boolean {
  return code === "EPIPE" || code === "EIO";
}

try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
