/** `longshore jobs`: the jobs that match a filter, page by page, or how many there are. */
import type { Command } from "commander";
import type { JobQuery } from "../../client/jobs/job-filter.js";
import type { SnapshotPage } from "../../client/jobs/job-list.js";
import type { Longshore } from "../../client/longshore.js";
import type { JobSnapshot } from "../../model/job/snapshot.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { STATES } from "../../model/job/state.js";
import { connected } from "../flags/connection.js";
import { parseWhole } from "../flags/arguments.js";
import { addFilterOptions, queryOf, type FilterFlags } from "../flags/filters.js";
import { printJobs } from "../views/job-table.js";

interface JobsFlags extends FilterFlags {
  limit?: string;
  cursor?: string;
  count?: boolean;
}

/** The most jobs that one request asks for. */
const PAGE = 500;

export function addJobsCommand(program: Command): void {
  addFilterOptions(program.command("jobs").description("list jobs, or count them"))
    .option("--limit <n>", "at most this many (default: 50)")
    .option("--cursor <cursor>", "go on where an earlier list ended")
    .option("--count", "print only how many there are")
    .action(async (_flags: unknown, command: Command) => {
      const flags = command.opts<JobsFlags>();
      const now = Date.now();
      const query = queryOf(flags, now);
      const limit = parseLimit(flags.limit ?? "50");
      await connected(command, async ({ longshore, out }) => {
        if (flags.count) {
          const count = await countJobs(longshore, query);
          if (out.json) out.document({ count });
          else out.line(String(count));
          return;
        }
        const { jobs, cursor } = await read(longshore, query, limit, flags.cursor ?? null);
        if (out.json) {
          out.document({ jobs, cursor });
          return;
        }
        if (jobs.length > 0) printJobs(out, jobs, now);
        else out.note("No jobs match.");
        if (cursor !== null) out.note(`There are more: --cursor ${cursor}`);
      });
    });
}

function parseLimit(text: string): number {
  const limit = parseWhole("--limit", text);
  if (limit < 1) throw new InvalidInput("--limit", text, "1 or more");
  return limit;
}

async function read(
  longshore: Longshore,
  query: JobQuery,
  limit: number,
  from: string | null,
): Promise<{ jobs: JobSnapshot[]; cursor: string | null }> {
  const list = longshore.jobs(query);
  const jobs: JobSnapshot[] = [];
  let cursor = from;
  do {
    const page = await list.page({ cursor, limit: Math.min(PAGE, limit - jobs.length) });
    jobs.push(...page.jobs);
    ({ cursor } = page);
  } while (cursor !== null && jobs.length < limit);
  return { jobs, cursor };
}

/** How many jobs match: from the counts of queues and states if the filter has nothing else, else by reading each. */
async function countJobs(longshore: Longshore, query: JobQuery): Promise<number> {
  const { queue, states = STATES, ...others } = query;
  if (Object.keys(others).length === 0) {
    const wanted = new Set([states].flat());
    const queues = (await longshore.queues()).filter(({ name }) => queue === undefined || name === queue);
    const counts = queues.flatMap(({ counts }) =>
      STATES.filter((state) => wanted.has(state)).map((state) => counts[state]),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }
  const list = longshore.jobs(query);
  let count = 0;
  let cursor: string | null = null;
  do {
    const page: SnapshotPage = await list.page({ cursor, limit: PAGE });
    count += page.jobs.length;
    ({ cursor } = page);
  } while (cursor !== null);
  return count;
}
