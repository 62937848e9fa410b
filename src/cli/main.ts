#!/usr/bin/env node
/** The `longshore` command: runs it, and turns whatever happens into an exit code. */
import { report } from "./terminal/exit.js";
import { createProgram } from "./program.js";

// The reader of our output may close it early (`longshore jobs | head`).
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

// What is said beside the result is for whoever listens: without them the work goes on.
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
