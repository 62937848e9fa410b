/**
 * `longshore search`: jobs by a text that is known of them: their id or a part of it, a tag, a task or its
 * label, the error they failed with.
 * What stands in an index comes first; the rest is looked for in a bounded number of jobs.
 */
import type { Command } from "commander";
import type { JobQuery } from "../../../client/jobs/job-filter.js";
import type { Longshore } from "../../../client/longshore.js";
import { InvalidInput } from "../../../model/errors/errors.js";
import { keyOf } from "../../../model/job/job.js";
import { parseWhole } from "../../flags/arguments.js";
import { connected } from "../../flags/connection.js";
import { printJobs, type ListedJob } from "../../views/job-table.js";

/** How many jobs are looked at for each kind of match. */
const MOST_LOOKED_AT = 100_000;

/** The kinds of matches, in the order in which they are shown. */
const KINDS: readonly ((text: string) => JobQuery)[] = [
  (tag) => ({ tag }),
  (fingerprint) => ({ fingerprint }),
  (errorText) => ({ not: { states: "completed" }, errorText }),
  (task) => ({ task }),
  (idPrefix) => ({ idPrefix }),
  (idContains) => ({ idContains }),
];

export function defineSearch(command: Command): void {
  command
    .argument("<text>", "what to look for")
    .option("--limit <n>", "at most this many (default: 20)")
    .action(async (text: string, _flags: unknown, command: Command) => {
      const limit = parseLimit(command.opts<{ limit?: string }>().limit ?? "20");
      if (text === "") throw new InvalidInput("text", text, "some text");
      await connected(command, async ({ longshore, out }) => {
        const { jobs, isCut } = await search(longshore, text, limit);
        if (out.json) out.document({ jobs, isCut });
        else if (jobs.length === 0) out.note("No jobs match.");
        else printJobs(out, jobs, Date.now());
        if (isCut && !out.json) out.note(`There may be more: it showed ${limit}, or looked at ${MOST_LOOKED_AT} jobs.`);
      });
    });
}

function parseLimit(text: string): number {
  const limit = parseWhole("--limit", text);
  if (limit < 1) throw new InvalidInput("--limit", text, "1 or more");
  return limit;
}

async function search(
  longshore: Longshore,
  text: string,
  limit: number,
): Promise<{ readonly jobs: readonly ListedJob[]; readonly isCut: boolean }> {
  const found = new Map<string, ListedJob>();
  let isCut = false;
  for (const query of await queriesFor(longshore, text)) {
    let looked = 0;
    let cursor: string | null = null;
    const list = longshore.jobs(query, { fields: ["failures"] });
    do {
      const page: Awaited<ReturnType<typeof list.page>> = await list.page({ cursor, limit: Math.min(500, limit) });
      for (const job of page.jobs) found.set(keyOf(job), job);
      looked += page.looked;
      ({ cursor } = page);
    } while (cursor !== null && found.size < limit && looked < MOST_LOOKED_AT);
    isCut ||= cursor !== null;
    if (found.size >= limit) break;
  }
  return { jobs: [...found.values()].slice(0, limit), isCut: isCut || found.size > limit };
}

/** The job with this id first, if there is one; then all kinds of matches that the text can be. */
async function queriesFor(longshore: Longshore, text: string): Promise<JobQuery[]> {
  const named = await longshore.job(text).catch(() => null);
  const exact: JobQuery[] = named === null ? [] : [{ queue: named.queue, idPrefix: named.id }];
  const others = KINDS.flatMap((query) => {
    try {
      longshore.jobs(query(text));
      return [query(text)];
    } catch (error) {
      // Such as a text that is the name of no task.
      if (error instanceof InvalidInput) return [];
      throw error;
    }
  });
  return [...exact, ...(await labelled(longshore, text)), ...others];
}

/** The tasks that people call so. */
async function labelled(longshore: Longshore, text: string): Promise<JobQuery[]> {
  const meant = text.toLowerCase();
  const tasks = (await longshore.tasks()).filter(({ label }) => label?.toLowerCase().includes(meant) === true);
  return tasks.length === 0 ? [] : [{ tasks: tasks.map(({ name }) => name) }];
}
