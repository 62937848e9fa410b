/** `longshore jobs`: the jobs that match a filter, page by page, or how many there are. */
import type { Command } from "commander";
import type { JobQuery } from "../../client/jobs/job-filter.js";
import type { JobList, SnapshotPage } from "../../client/jobs/job-list.js";
import type { Longshore } from "../../client/longshore.js";
import { isLongField, LONG_FIELDS, type FieldChoice, type LongField } from "../../model/job/fields.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { STATES } from "../../model/job/state.js";
import { connected } from "../flags/connection.js";
import { listed, parseWhole } from "../flags/arguments.js";
import { addFilterOptions, queryOf, type FilterFlags } from "../flags/filters.js";
import { printJobs, type ListedJob } from "../views/job-table.js";

interface JobsFlags extends FilterFlags {
  limit?: string;
  cursor?: string;
  count?: boolean;
  fields?: string[];
}

/** The most jobs that one request asks for. */
const PAGE = 500;

export function addJobsCommand(program: Command): void {
  addFilterOptions(program.command("jobs").description("list jobs, or count them"))
    .option("--limit <n>", "at most this many (default: 50)")
    .option("--cursor <cursor>", "go on where an earlier list ended")
    .option("--count", "print only how many there are")
    .option("--fields <list>", `with --json: also these of each: ${LONG_FIELDS.join(", ")}; or all`, listed)
    .action(async (_flags: unknown, command: Command) => {
      const flags = command.opts<JobsFlags>();
      const now = Date.now();
      const query = queryOf(flags, now);
      const limit = parseLimit(flags.limit ?? "50");
      const fields = fieldsOf(flags);
      await connected(command, async ({ longshore, out }) => {
        if (flags.count) {
          const count = await countJobs(longshore, query);
          if (out.json) out.document({ count });
          else out.line(String(count));
          return;
        }
        const { jobs, cursor } = await read(longshore.jobs(query, { fields }), limit, flags.cursor ?? null);
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

/** The long fields to read: `failures`, which the table counts, and those that the flag names. @throws InvalidInput */
function fieldsOf({ fields = [] }: JobsFlags): FieldChoice {
  if (fields.length === 1 && fields[0] === "all") return "all";
  const asked = fields.map((field) => {
    if (isLongField(field)) return field;
    throw new InvalidInput("--fields", field, `all, or some of ${LONG_FIELDS.join(", ")}`);
  });
  return ["failures", ...asked];
}

async function read(
  list: JobList<LongField>,
  limit: number,
  from: string | null,
): Promise<{ jobs: ListedJob[]; cursor: string | null }> {
  const jobs: ListedJob[] = [];
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
