/**
 * `longshore failed`: what failed, by cause; what is said and done about a cause; and failed jobs to run again or to remove, however
 * they failed.
 */
import { Option, type Command } from "commander";
import type { FailureQuery } from "../../../client/failures/failure-query.js";
import type { FailureHandle } from "../../../client/failures/failure-handle.js";
import type { JobQuery } from "../../../client/jobs/job-filter.js";
import { FAILURE_GROUP_STATES, type FailureGroupState } from "../../../model/failure/group.js";
import { parseDuration } from "../../../model/value/duration.js";
import { confirm } from "../../terminal/confirm.js";
import { parseWhole, refuseUnknown } from "../../flags/arguments.js";
import { connected } from "../../flags/connection.js";
import { describeQuery, jobCount, queryOf } from "../../flags/filters.js";
import { UsageError } from "../../terminal/exit.js";
import { errorOf, filedJobs, printFailures } from "../../views/failure-table.js";

interface ListFlags {
  queue?: string;
  task?: string;
  state?: FailureGroupState;
  limit: number;
}

interface FailedFlags {
  queue?: string;
  task?: string;
  fingerprint?: string;
  olderThan?: string;
  yes?: boolean;
}

interface GroupFlags {
  by?: string;
  fromStart?: boolean;
  yes?: boolean;
}

/** What is said of a cause. */
const verdicts = [
  { name: "acknowledge", description: "say that a cause is known: more failures change nothing" },
  { name: "resolve", description: "say that a cause is over: it has regressed when a run fails that begins later" },
  { name: "reopen", description: "open a cause again" },
] as const;

export function defineFailed(failed: Command): void {
  addListCommand(failed);
  for (const { name, description } of verdicts) {
    addActor(failed.command(`${name} <fingerprint>`).description(description)).action(
      async (fingerprint: string, _flags: unknown, command: Command) => say(command, fingerprint, name),
    );
  }
  addFilters(
    addActor(failed.command("retry [fingerprint]"))
      .description(
        "resolve a cause and queue its failed jobs again, as a bulk job; or at once those that the flags choose",
      )
      .option("--from-start", "run also the steps that ended well"),
  ).action(async (fingerprint: string | undefined, _flags: unknown, command: Command) => {
    await (fingerprint === undefined ? onJobs(command, "retry") : retry(command, fingerprint));
  });
  addActor(failed.command("discard <fingerprint>").description("remove the failed jobs of a cause, as a bulk job"))
    .option("-y, --yes", "do not ask")
    .action(async (fingerprint: string, _flags: unknown, command: Command) => discard(command, fingerprint));
  addFilters(failed.command("clear").description("remove failed jobs with their data, at once"))
    .option("-y, --yes", "do not ask")
    .action(async (_flags: unknown, command: Command) => onJobs(command, "remove"));
}

function addListCommand(failed: Command): void {
  failed
    .command("list", { isDefault: true })
    .description("list the causes, the one seen last first")
    .option("--groups", "by cause, which is the default")
    .option("--queue <name>", "failures in this queue")
    .option("--task <name>", "causes that failed this task")
    .allowExcessArguments()
    .addOption(new Option("--state <state>", "causes in this state").choices(FAILURE_GROUP_STATES))
    .option("--limit <count>", "at most so many", (text) => parseWhole("--limit", text), 50)
    .action(async (_flags: unknown, command: Command) => {
      refuseUnknown(command);
      const { queue, task, state, limit } = command.opts<ListFlags>();
      const query: FailureQuery = {
        ...(queue === undefined ? {} : { queues: queue }),
        ...(task === undefined ? {} : { tasks: task }),
      };
      const listed = state === undefined ? query : { ...query, states: state };
      await connected(command, async ({ longshore, out }) => {
        const [page, causes] = await Promise.all([
          longshore.failures(listed).page({ limit }),
          longshore.failures(query).sharedCauses(),
        ]);
        if (out.json) out.document({ ...page, sharedCauses: causes });
        else printFailures(out, page, causes, Date.now());
      });
    });
}

function addActor(command: Command): Command {
  return command.option("--by <who>", "who says so, kept with the cause");
}

function addFilters(command: Command): Command {
  return command
    .option("--queue <name>", "of this queue")
    .option("--task <name>", "of this task")
    .option("--fingerprint <fingerprint>", "with this cause")
    .option("--older-than <duration>", "that failed longer ago than this, such as 7d");
}

async function say(command: Command, fingerprint: string, verdict: (typeof verdicts)[number]["name"]): Promise<void> {
  await connected<GroupFlags>(command, async ({ longshore, out, flags }) => {
    const group = await longshore.failure(fingerprint)[verdict](actorOf(flags));
    if (out.json) out.document(group);
    else out.line(`${fingerprint} is ${group.state}: ${errorOf(group)}`);
  });
}

async function retry(command: Command, fingerprint: string): Promise<void> {
  const filters = Object.keys(filtersOf(command.opts<FailedFlags>()));
  if (filters.length > 0) throw new UsageError("give the fingerprint of a cause, or flags that choose jobs, not both");
  await connected<GroupFlags>(command, async ({ longshore, out, flags }) => {
    const { fromStart = false } = flags;
    const handle = longshore.failure(fingerprint);
    const group = await handle.refresh();
    const { id } = await handle.retry({ ...actorOf(flags), fromStart });
    if (out.json) {
      out.document({ id, filed: group.filed });
      return;
    }
    out.line(`${id} will retry ${filedJobs(group)}; ${fingerprint} is resolved`);
    out.note(`See how far it is: longshore job ${id}`);
  });
}

async function discard(command: Command, fingerprint: string): Promise<void> {
  await connected<GroupFlags>(command, async ({ longshore, out, flags }) => {
    const handle: FailureHandle = longshore.failure(fingerprint);
    const group = await handle.refresh();
    await confirm(`remove ${filedJobs(group, "failed")}, with their data: ${errorOf(group)}`, flags.yes);
    const { id } = await handle.discard(actorOf(flags));
    if (out.json) {
      out.document({ id, filed: group.filed });
      return;
    }
    out.line(`${id} will remove ${filedJobs(group, "failed")}`);
    out.note(`See how far it is: longshore job ${id}`);
  });
}

function actorOf({ by }: GroupFlags): { by?: string } {
  return by === undefined ? {} : { by };
}

function filtersOf({ queue, task, fingerprint, olderThan }: FailedFlags): FailedFlags {
  return {
    ...(queue === undefined ? {} : { queue }),
    ...(task === undefined ? {} : { task }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(olderThan === undefined ? {} : { olderThan }),
  };
}

async function onJobs(command: Command, verb: "retry" | "remove"): Promise<void> {
  const now = Date.now();
  const { by, fromStart = false, yes, ...flags } = command.opts<FailedFlags & GroupFlags>();
  if (by !== undefined) throw new UsageError("--by is for a cause: give its fingerprint");
  const { olderThan, ...filters } = filtersOf(flags);
  const query: JobQuery = {
    ...queryOf({ state: ["failed"], ...filters }, now),
    ...(olderThan === undefined ? {} : { finished: { before: now - parseDuration("--older-than", olderThan) } }),
  };
  await connected(command, async ({ longshore, out }) => {
    if (verb === "remove") await confirm(`remove ${describeQuery(query)}, with their data`, yes);
    const { applied } = await (verb === "retry"
      ? longshore.retryAll(query, { fromStart })
      : longshore.removeAll(query));
    if (out.json) out.document({ applied });
    else out.line(`${jobCount(applied, "failed")} ${verb === "retry" ? "retried" : "removed"}`);
  });
}
