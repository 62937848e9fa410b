/** `longshore jobs`: the jobs that match a filter, page by page, or how many there are. */
import type { Command } from "commander";
import type { ListOrder } from "../../../engine/contract/engine.js";
import type { JobFacets } from "../../../client/jobs/job-counts.js";
import type { JobList } from "../../../client/jobs/job-list.js";
import { isLongField, LONG_FIELDS, type FieldChoice, type LongField } from "../../../model/job/query/fields.js";
import { InvalidInput } from "../../../model/errors/errors.js";
import { connected } from "../../flags/connection.js";
import { listed, parseWhole } from "../../flags/arguments.js";
import { addFilterOptions, jobCount, queryOf, type FilterFlags } from "../../flags/filters.js";
import type { Output } from "../../terminal/output.js";
import { printJobs, type ListedJob } from "../../views/job-table.js";

interface JobsFlags extends FilterFlags {
  limit?: string;
  cursor?: string;
  count?: boolean;
  facets?: boolean;
  order?: string;
  fields?: string[];
}

/** The most jobs that one request asks for. */
const PAGE = 500;

export function defineJobs(command: Command): void {
  addFilterOptions(command)
    .option("--limit <n>", "at most this many (default: 50)")
    .option("--cursor <cursor>", "go on where an earlier list ended")
    .option("--order <order>", "newest or oldest: which of a queue and state come first")
    .option("--count", "print only how many there are: exact up to 10,000")
    .option("--facets", "print how many there are by state, task, queue, key of tags and error, of the first 10,000")
    .option("--fields <list>", `with --json: also these of each: ${LONG_FIELDS.join(", ")}; or all`, listed)
    .action(async (_flags: unknown, command: Command) => {
      const flags = command.opts<JobsFlags>();
      const now = Date.now();
      const query = queryOf(flags, now);
      const limit = parseLimit(flags.limit ?? "50");
      const fields = fieldsOf(flags);
      const order = flags.order === undefined ? {} : { order: parseOrder(flags.order) };
      await connected(command, async ({ longshore, out }) => {
        if (flags.count) {
          const { count, atLeast } = await longshore.jobs(query).count();
          if (out.json) out.document({ count, atLeast });
          else out.line(atLeast ? `${count} or more` : String(count));
          return;
        }
        if (flags.facets) {
          const facets = await longshore.jobs(query).facets();
          if (out.json) out.document(facets);
          else printFacets(out, facets);
          return;
        }
        const { jobs, cursor } = await read(longshore.jobs(query, { fields, ...order }), limit, flags.cursor ?? null);
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

function parseOrder(text: string): ListOrder {
  if (text === "newest" || text === "oldest") return text;
  throw new InvalidInput("--order", text, "newest or oldest");
}

/** Prints what jobs have in common, a line each. */
function printFacets(out: Output, facets: JobFacets): void {
  const { count, atLeast, states, tasks, queues, tagKeys, errors } = facets;
  const rows = [
    ...states.map(({ value, count: jobs }) => ["state", value, jobs] as const),
    ...queues.map(({ value, count: jobs }) => ["queue", value, jobs] as const),
    ...tasks.map(({ value, count: jobs }) => ["task", value, jobs] as const),
    ...tagKeys.map(({ value, count: jobs }) => ["tag", value, jobs] as const),
    ...errors.map(({ value, count: jobs, name, message }) => ["error", `${value}  ${name}: ${message}`, jobs] as const),
  ];
  out.table(
    [{ title: "OF" }, { title: "JOBS", align: "right" }, { title: "" }],
    rows.map(([of, value, jobs]) => [of, String(jobs), value]),
  );
  out.note(`${jobCount(count)}${atLeast ? " looked at; there are more" : ""}.`);
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
