/** `longshore failed`: jobs that failed for good, grouped by cause; to list, to run again, or to remove. */
import type { Command } from "commander";
import type { JobQuery } from "../../../client/jobs/job-filter.js";
import type { Longshore } from "../../../client/longshore.js";
import type { SlimSnapshot } from "../../../model/job/query/snapshot.js";
import { parseDuration } from "../../../model/value/duration.js";
import { LongshoreError } from "../../../model/errors/errors.js";
import { confirm } from "../../terminal/confirm.js";
import { connected } from "../../flags/connection.js";
import { describeQuery, jobCount, queryOf } from "../../flags/filters.js";
import type { Output } from "../../terminal/output.js";
import { paint } from "../../terminal/table.js";
import { relative } from "../../terminal/time-text.js";

interface FailedFlags {
  queue?: string;
  task?: string;
  fingerprint?: string;
  olderThan?: string;
  yes?: boolean;
}

/** The selected failed jobs. */
interface Wanted {
  readonly query: JobQuery;
  /** Epoch milliseconds; `null`: at any time. */
  readonly failedBefore: number | null;
}

/** Failures that share a cause. */
interface Group {
  readonly fingerprint: string;
  /** The latest of them. */
  readonly error: string;
  readonly example: string;
  count: number;
  /** Epoch milliseconds. */
  firstAt: number;
  lastAt: number;
  readonly tasks: Set<string>;
  readonly queues: Set<string>;
}

/** The chunk size of commands on jobs that must be read one by one. */
const ABREAST = 50;

export function addFailedCommand(program: Command): void {
  const failed = program.command("failed").description("jobs that failed for good: list, retry or clear them");
  addFlags(failed.command("list", { isDefault: true }).description("count them by cause")).action(
    async (_flags: unknown, command: Command) => {
      const now = Date.now();
      const wanted = wantedBy(command.opts<FailedFlags>(), now);
      await connected(command, async ({ longshore, out }) => {
        const groups = await group(select(longshore, wanted));
        if (out.json) out.document({ total: totalOf(groups), groups: groups.map(groupDocument) });
        else show(out, groups, now);
      });
    },
  );
  addFlags(failed.command("retry").description("queue them again")).action(async (_flags: unknown, command: Command) =>
    apply(command, "retry"),
  );
  addFlags(failed.command("clear").description("remove them with their data"))
    .option("-y, --yes", "do not ask")
    .action(async (_flags: unknown, command: Command) => apply(command, "remove"));
}

function addFlags(command: Command): Command {
  return command
    .option("--queue <name>", "of this queue")
    .option("--task <name>", "of this task")
    .option("--fingerprint <fingerprint>", "with this cause")
    .option("--older-than <duration>", "that failed longer ago than this, such as 7d");
}

function wantedBy({ queue, task, fingerprint, olderThan }: FailedFlags, now: number): Wanted {
  const flags = {
    state: ["failed"],
    ...(queue === undefined ? {} : { queue }),
    ...(task === undefined ? {} : { task }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
  };
  const failedBefore = olderThan === undefined ? null : now - parseDuration("--older-than", olderThan);
  return { query: queryOf(flags, now), failedBefore };
}

/** The failed jobs that the flags select. Filters know when a job was created; the time of failure is checked here. */
async function* select(longshore: Longshore, { query, failedBefore }: Wanted): AsyncGenerator<SlimSnapshot, void> {
  if (failedBefore === null) {
    yield* longshore.jobs(query);
    return;
  }
  for await (const job of longshore.jobs({ ...query, createdBefore: failedBefore })) {
    if (job.finishedAt !== null && job.finishedAt < failedBefore) yield job;
  }
}

async function apply(command: Command, verb: "retry" | "remove"): Promise<void> {
  const flags = command.opts<FailedFlags>();
  const { olderThan, yes } = flags;
  const wanted = wantedBy(flags, Date.now());
  await connected(command, async ({ longshore, out }) => {
    const { query, failedBefore } = wanted;
    const age = olderThan === undefined ? "" : ` that failed more than ${olderThan} ago`;
    if (verb === "remove") await confirm(`remove ${describeQuery(query)}${age}, with their data`, yes);
    const applied = await (failedBefore === null ? all(longshore, query, verb) : older(longshore, wanted, verb));
    if (out.json) out.document({ applied });
    else out.line(`${jobCount(applied, "failed")} ${verb === "retry" ? "retried" : "removed"}`);
  });
}

async function all(longshore: Longshore, query: JobQuery, verb: "retry" | "remove"): Promise<number> {
  const { applied } = await (verb === "retry" ? longshore.retryAll(query) : longshore.removeAll(query));
  return applied;
}

async function older(longshore: Longshore, wanted: Wanted, verb: "retry" | "remove"): Promise<number> {
  let applied = 0;
  const one = async ({ queue, id }: SlimSnapshot): Promise<void> => {
    try {
      const job = longshore.queue(queue).job(id);
      await (verb === "retry" ? job.retry() : job.remove());
      applied += 1;
    } catch (error) {
      // Another process was faster.
      if (
        !(error instanceof LongshoreError) ||
        !["JOB_NOT_FOUND", "WRONG_STATE", "UNIQUE_CONFLICT"].includes(error.code)
      ) {
        throw error;
      }
    }
  };
  let batch: SlimSnapshot[] = [];
  for await (const job of select(longshore, wanted)) {
    batch.push(job);
    if (batch.length < ABREAST) continue;
    await Promise.all(batch.map(one));
    batch = [];
  }
  await Promise.all(batch.map(one));
  return applied;
}

async function group(jobs: AsyncIterable<SlimSnapshot>): Promise<Group[]> {
  const groups = new Map<string, Group>();
  for await (const { id, queue, task, error, finishedAt, createdAt } of jobs) {
    const fingerprint = error?.fingerprint ?? "";
    const at = finishedAt ?? createdAt;
    let found = groups.get(fingerprint);
    if (found === undefined || at > found.lastAt) {
      const message = error === null ? "no error was recorded" : `${error.name}: ${error.message}`;
      const empty = { count: 0, firstAt: at, tasks: new Set<string>(), queues: new Set<string>() };
      found = { ...(found ?? empty), fingerprint, error: message, example: id, lastAt: at };
      groups.set(fingerprint, found);
    }
    found.count += 1;
    found.firstAt = Math.min(found.firstAt, at);
    found.tasks.add(task);
    found.queues.add(queue);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

function totalOf(groups: readonly Group[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}

function groupDocument(one: Group): object {
  return { ...one, tasks: [...one.tasks], queues: [...one.queues] };
}

function show(out: Output, groups: readonly Group[], now: number): void {
  if (groups.length === 0) {
    out.note("No failed jobs.");
    return;
  }
  out.table(
    [
      { title: "FINGERPRINT" },
      { title: "COUNT", align: "right" },
      { title: "LAST" },
      { title: "QUEUES" },
      { title: "TASKS" },
      { title: "LATEST ERROR" },
    ],
    groups.map(({ fingerprint, count, lastAt, queues, tasks, error }) => [
      fingerprint,
      paint("red", String(count)),
      relative(lastAt, now),
      [...queues].join(","),
      [...tasks].join(","),
      error,
    ]),
  );
  out.note(`${jobCount(totalOf(groups), "failed")}. See them: longshore jobs --state failed --fingerprint FINGERPRINT`);
}
