/** `longshore bulk`: something done to all jobs that match, as a job that workers run; and the list of such jobs. */
import type { Command } from "commander";
import type { BulkPreview } from "../../../client/bulk/bulk-count.js";
import type { BulkAction, BulkRequest } from "../../../client/bulk/bulk-request.js";
import type { BulkResult } from "../../../client/bulk/bulk-result.js";
import { BULK_QUEUE } from "../../../model/bulk/bulk.js";
import { connected } from "../../flags/connection.js";
import { addFilterOptions, describeQuery, jobCount, queryOf, type FilterFlags } from "../../flags/filters.js";
import { confirm } from "../../terminal/confirm.js";
import { UsageError } from "../../terminal/exit.js";
import type { Output } from "../../terminal/output.js";
import { printJobs } from "../../views/job-table.js";

interface BulkFlags extends FilterFlags {
  all?: boolean;
  yes?: boolean;
  wait?: boolean;
  fromStart?: boolean;
  by?: string;
}

/** What each does, and whether it destroys work: then it asks first. */
const actions: readonly { readonly name: BulkAction; readonly description: string; readonly asks: boolean }[] = [
  { name: "cancel", description: "end jobs that have not ended; running ones are aborted", asks: true },
  { name: "retry", description: "queue jobs that have ended again; without --state, those that failed", asks: false },
  { name: "promote", description: "make delayed jobs ready now", asks: false },
  { name: "release", description: "let go jobs that were enqueued with --hold", asks: false },
  { name: "remove", description: "remove jobs that do not run, with all that is stored about them", asks: true },
];

/** How many bulk jobs are listed. */
const LISTED = 100;

export function defineBulk(bulk: Command): void {
  for (const { name, description, asks } of actions) {
    const command = addFilterOptions(bulk.command(name).description(description))
      .option("--all", "every job this can be done to")
      .option("--by <who>", "who asks for it, kept as a tag")
      .option("--wait", "wait for its end, and say what came of it");
    if (name === "retry") command.option("--from-start", "run also the steps that ended well");
    if (asks) command.option("-y, --yes", "do not ask");
    command.action(async (_flags: unknown, self: Command) => start(self, name, asks));
  }
  bulk
    .command("list")
    .description("list the bulk jobs of the last 7 days")
    .action(async (_flags: unknown, self: Command) => list(self));
}

async function start(command: Command, action: BulkAction, asks: boolean): Promise<void> {
  const filter = queryOf(command.opts<FilterFlags>(), Date.now());
  await connected<BulkFlags>(command, async ({ longshore, out, flags }) => {
    const { all = false, yes, wait = false, by, fromStart } = flags;
    if (Object.keys(filter).length === 0 && !all) {
      throw new UsageError("which jobs? Give a filter such as --queue or --tag, or --all");
    }
    const request: BulkRequest = {
      action,
      filter,
      all,
      ...(by === undefined ? {} : { by }),
      ...(fromStart === undefined ? {} : { fromStart }),
    };
    const preview = await longshore.bulkPreview(request);
    if (asks) await confirm(`${action} ${counted(preview)}: ${describeQuery(filter)}`, yes);
    const job = await longshore.bulk(request);
    if (!out.json) out.line(`${job.id} will ${action} ${counted(preview)}`);
    if (wait) show(out, job.id, await job.result());
    else if (out.json) out.document({ id: job.id, ...preview });
    else out.note(`See how far it is: longshore job ${job.id}`);
  });
}

function counted({ matched, exact }: BulkPreview): string {
  return `${exact ? "" : "at least "}${jobCount(matched)}`;
}

function show(out: Output, id: string, result: BulkResult): void {
  if (out.json) {
    out.document({ id, ...result });
    return;
  }
  const { matched, applied, refused, firstRefusals } = result;
  out.line(`done to ${applied} of ${jobCount(matched)}`);
  for (const [outcome, count] of Object.entries(refused)) out.note(`${jobCount(count)} not: ${outcome}`);
  for (const { queue, id: job, outcome } of firstRefusals) out.note(`  ${job}  ${queue}  ${outcome}`);
}

async function list(command: Command): Promise<void> {
  const now = Date.now();
  await connected(command, async ({ longshore, out }) => {
    const { jobs } = await longshore
      .jobs({ queue: BULK_QUEUE }, { fields: ["input", "result", "failures"] })
      .page({ limit: LISTED });
    if (out.json) out.document({ jobs });
    else if (jobs.length > 0) printJobs(out, jobs, now);
    else out.note("No bulk jobs.");
  });
}
