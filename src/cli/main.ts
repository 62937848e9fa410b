#!/usr/bin/env node
/** The `longshore` command: runs it, and turns whatever happens into an exit code. */
import { report } from "./terminal/exit.js";
import { createProgram } from "./program.js";

// The reader of our output may close it early (`longshore jobs | head`).
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

// Notes beside the result go to standard error: a reader that closes it does not end the work.
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
