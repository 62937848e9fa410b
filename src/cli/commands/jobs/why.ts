/** `longshore why`: why a job does not run. */
import type { Command } from "commander";
import { connected } from "../../flags/connection.js";
import { findJob } from "../../flags/arguments.js";

export function defineWhy(command: Command): void {
  command
    .argument("<id>")
    .option("--queue <name>", "where it is, if several queues have a job with this id")
    .action(async (id: string, _flags: unknown, command: Command) => {
      await connected<{ queue?: string }>(command, async ({ longshore, out, flags }) => {
        const job = await findJob(longshore, id, flags.queue);
        const reasons = await job.why();
        if (out.json) out.document({ queue: job.queue, id: job.id, reasons });
        else for (const { text } of reasons) out.line(text);
      });
    });
}
