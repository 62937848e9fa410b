/**
 * `longshore retry`, `cancel`, `promote`, `release` and `remove`: commands on jobs, named by id or chosen by a filter.
 * Ids are handled one by one, and an error for one does not stop the others; a flow's id stands for the whole flow.
 */
import type { Command } from "commander";
import type { JobQuery } from "../../client/jobs/job-filter.js";
import type { Job, JobRetryOptions, RetryOptions } from "../../client/jobs/job.js";
import type { Longshore } from "../../client/longshore.js";
import type { BulkAnswer } from "../../client/bulk/bulk.js";
import { LongshoreError } from "../../model/errors/errors.js";
import { confirm } from "../terminal/confirm.js";
import { connected } from "../flags/connection.js";
import { exitCodeOf, messageOf, UsageError } from "../terminal/exit.js";
import { findJob, parseJson } from "../flags/arguments.js";
import { addFilterOptions, describeQuery, jobCount, queryOf, type FilterFlags } from "../flags/filters.js";
import type { Output } from "../terminal/output.js";
import { paint } from "../terminal/table.js";

interface ControlFlags extends FilterFlags {
  fromStart?: boolean;
  /** JSON text. */
  input?: string;
  all?: boolean;
  yes?: boolean;
}

interface Control {
  readonly name: string;
  readonly done: string;
  /** Does it destroy work? Then it needs a confirmation for many jobs, or for data. */
  readonly confirm: "never" | "many" | "always";
  one(job: Job, options: JobRetryOptions): Promise<unknown>;
  /** The filter flags; `null`: it takes ids only. */
  readonly many: ((longshore: Longshore, query: JobQuery, options: RetryOptions) => Promise<BulkAnswer>) | null;
}

const controls: readonly Control[] = [
  {
    name: "retry",
    done: "retried",
    confirm: "never",
    one: (job, options) => job.retry(options),
    many: (longshore, query, options) => longshore.retryAll(query, options),
  },
  {
    name: "cancel",
    done: "cancelled",
    confirm: "many",
    one: (job) => job.cancel(),
    many: (longshore, query) => longshore.cancelAll(query),
  },
  {
    name: "promote",
    done: "made ready",
    confirm: "never",
    one: (job) => job.promote(),
    many: (longshore, query) => longshore.promoteAll(query),
  },
  {
    name: "release",
    done: "released",
    confirm: "never",
    one: (job) => job.release(),
    many: null,
  },
  {
    name: "remove",
    done: "removed",
    confirm: "always",
    one: (job) => job.remove(),
    many: (longshore, query) => longshore.removeAll(query),
  },
];

/** Defines that of these commands whose name it has. */
export function defineControl(command: Command): void {
  const control = controls.find(({ name }) => name === command.name());
  if (control === undefined) return;
  command.argument("[ids...]", "the jobs");
  if (control.many === null) command.option("--queue <name>", "where the jobs are");
  else addFilterOptions(command).option("--all", "every job this can be done to");
  if (control.name === "retry") {
    command
      .option("--from-start", "run also the steps that ended well")
      .option("--input <json>", "with another input, from the start; for one job");
  }
  if (control.confirm !== "never") command.option("-y, --yes", "do not ask");
  command.action(async (ids: string[]) => run(command, control, ids));
}

async function run(command: Command, control: Control, ids: readonly string[]): Promise<void> {
  const query = queryOf(command.opts<FilterFlags>(), Date.now());
  const { all = false } = command.opts<ControlFlags>();
  const filters = Object.keys(query);
  if (ids.length > 0 && (all || filters.some((key) => key !== "queue"))) {
    throw new UsageError("give job ids (with --queue at most), or a filter, not both");
  }
  const { many } = control;
  if (ids.length === 0 && (many === null || (filters.length === 0 && !all))) {
    throw new UsageError(`which jobs? Give ids${many === null ? "" : ", a filter such as --queue or --tag, or --all"}`);
  }
  const { input } = command.opts<ControlFlags>();
  if (input !== undefined && ids.length !== 1) throw new UsageError("--input is for one job: give its id");
  const change = input === undefined ? {} : { input: parseJson("--input", input) };
  await connected<ControlFlags>(command, async ({ longshore, out, flags }) => {
    const options = flags.fromStart === undefined ? {} : { fromStart: flags.fromStart };
    if (ids.length > 0 || many === null) {
      if (control.confirm === "always") await confirm(`${control.name} ${jobCount(ids.length)}`, flags.yes);
      await byIds({ longshore, out, control, options: { ...options, ...change } }, ids, query.queue);
      return;
    }
    if (control.confirm !== "never") await confirm(`${control.name} ${describeQuery(query)}`, flags.yes);
    const { matched, applied, skipped } = await many(longshore, query, options);
    if (out.json) out.document({ matched, applied, skipped });
    else out.line(`${jobCount(applied)} ${control.done}`);
    if (skipped > 0) out.note(`${jobCount(skipped)} skipped: moved meanwhile, or the unique key is held`);
  });
}

interface Errand {
  readonly longshore: Longshore;
  readonly out: Output;
  readonly control: Control;
  readonly options: JobRetryOptions;
}

async function byIds(
  { longshore, out, control, options }: Errand,
  ids: readonly string[],
  queue: string | undefined,
): Promise<void> {
  const answers = [];
  for (const id of ids) {
    try {
      await control.one(await findJob(longshore, id, queue), options);
      answers.push({ id, ok: true });
      if (!out.json) out.line(`${id} ${control.done}`);
    } catch (error) {
      const code = error instanceof LongshoreError ? error.code : "UNKNOWN";
      if (!isAboutOneJob(code)) throw error;
      process.exitCode ??= exitCodeOf(error);
      answers.push({ id, ok: false, error: { code, message: messageOf(error) } });
      if (!out.json) out.note(paint("red", "error: "), messageOf(error));
    }
  }
  if (out.json) out.document(answers);
}

function isAboutOneJob(code: string): boolean {
  return ["JOB_NOT_FOUND", "WRONG_STATE", "UNIQUE_CONFLICT", "INVALID_INPUT"].includes(code);
}
