// Tasks for the worker that the tests of the command start.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { task } from "longshore";

export const scan = task("scan", { queue: "scans", attempts: 1 }, async ({ input, progress, log }) => {
  progress(50, "half way");
  log(`looking at ${input.url}`);
  if (input.broken) throw new TypeError(`the page is broken \u001b]0;title\u0007\u009b31m`);
  return { length: input.url.length };
});

/** Waits for as long as its input says, or until a file exists. */
export const hold = task("hold", { queue: "holds" }, async ({ input, signal }) => {
  if (input.until !== undefined) while (!existsSync(input.until)) await sleep(10, undefined, { signal });
  else await sleep(input.ms, undefined, { signal });
});

/**
 * Says in a file when it runs, and in which process. Ends no sooner than so many others have begun, and not before a file
 * exists, if its input names one.
 */
export const record = task("record", { queue: "records" }, async ({ input, job }) => {
  const write = (event) => appendFileSync(input.file, `${JSON.stringify({ event, id: job.id, pid: process.pid })}\n`);
  write("start");
  while (readFileSync(input.file, "utf8").split("start").length <= (input.begun ?? 0)) await sleep(10);
  if (input.until !== undefined) while (!existsSync(input.until)) await sleep(10);
  await sleep(input.ms);
  write("end");
});
