/** `longshore smoke`: lets one job go through a worker, and says how long each part of its way took. */
import type { Command } from "commander";
import type { SmokeResult } from "../../../client/smoke/smoke.js";
import { parseDuration } from "../../../model/value/duration.js";
import { connected } from "../../flags/connection.js";
import { ExitCode } from "../../terminal/exit.js";
import type { Output } from "../../terminal/output.js";
import { paint } from "../../terminal/table.js";

interface SmokeFlags {
  queue?: string;
  timeout?: string;
}

export function defineSmoke(command: Command): void {
  command
    .option("--queue <name>", "a worker that serves this queue is to take it, ahead of all jobs that wait")
    .option("--timeout <duration>", "how long all of it may take (default: 30s)")
    .addHelpText(
      "after",
      `
With --queue it shows that a worker that is deployed takes jobs of the queue; every worker knows the task. Without, the job is
run by a worker of this command, on a queue that exists only meanwhile: that shows that the store works, and this package.
Exits with 1 when the job was not run in time, with 3 when there is no such queue.`,
    )
    .action(async (_flags: unknown, command: Command) => {
      const { queue, timeout } = command.opts<SmokeFlags>();
      const options = {
        ...(queue === undefined ? {} : { queue }),
        ...(timeout === undefined ? {} : { timeout: parseDuration("--timeout", timeout) }),
      };
      // With a queue of its own it may be the first that ever uses the file.
      await connected(
        command,
        async ({ longshore, out }) => {
          const result = await longshore.smoke(options);
          if (out.json) out.document(result);
          else show(out, result, queue !== undefined);
          if (!result.ok) process.exitCode = ExitCode.failed;
        },
        { creates: queue === undefined },
      );
    });
}

function show(out: Output, result: SmokeResult, isDeployed: boolean): void {
  const { ok, queue, jobId, worker, host, pid, enqueue, wait, run, total, problem } = result;
  if (!ok) {
    const what =
      jobId === null ? `nothing was enqueued in queue ${queue}` : `job ${jobId} of queue ${queue} was not run`;
    out.line(paint("red", "FAILED"), `  ${what}: ${problem}`);
    return;
  }
  const who = isDeployed ? `worker ${worker}, process ${pid} on ${host}` : "a worker of this command";
  out.line(paint("green", "OK"), `  ${who} ran a job of queue ${queue} in ${total} ms`);
  const steps: readonly (readonly [string, number | null])[] = [
    ["enqueued", enqueue],
    ["leased", wait],
    ["completed", run],
  ];
  for (const [step, ms] of steps) out.line(`    ${step.padEnd(10)}`, paint("dim", ms === null ? "?" : `${ms} ms`));
  if (!isDeployed) out.note("To see a worker that is deployed take it: longshore smoke --queue NAME");
}
